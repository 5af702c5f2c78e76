"""One door to both clocks: reads a session, runs it, writes what it gave."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from duologue_server.options import Options, read_options
from duologue_server.replay.real import replay_real
from duologue_server.replay.report import write_partner, write_summary, write_trace
from duologue_server.replay.virtual import replay_virtual
from duologue_server.trace.facts import Fact
from duologue_server.trace.folder import BadSession, SessionFolder, read_session
from duologue_server.voice.assembly import load_voice

Watch = Callable[[float, Fact | None], None]


def replay(
    session: Path,
    out: Path,
    clock: Literal["virtual", "real"],
    *,
    free_compute: bool = False,
    engine: str | None = None,
    watch: Watch = lambda t, fact: None,
) -> dict[str, Any]:
    """Replays `session` into the folder `out` and gives the summary. Raises BadSession before anything is run."""
    folder = read_session(session)
    options = session_options(folder, engine)
    out.mkdir(parents=True, exist_ok=True)
    if clock == "real":
        facts, summary = replay_real(folder, options, out, watch)
    else:
        replayed = replay_virtual(folder, load_voice(options, lambda percent, text: None), options, free_compute, watch)
        write_partner(out, replayed.partner, replayed.rate_hz)
        facts, summary = list(replayed.facts), replayed.summary
    write_trace(out, facts)
    write_summary(out, summary)
    return summary


def session_options(folder: SessionFolder, engine: str | None = None) -> Options:
    """The product's defaults with the session's options over them. Raises BadSession for one that cannot be read."""
    wanted = dict(folder.options)
    if engine is not None:
        wanted["engine"] = engine
    options, problems = read_options(wanted)
    if problems:
        raise BadSession(f"meta.json: {problems[0]}")
    return options
