"""The demo from start to end: replays a session while one watches, and leaves sound, picture and trace."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.live import Live

from duologue_server.demo.picture import PictureMissing, draw
from duologue_server.demo.sound import write_mix
from duologue_server.demo.story import Story
from duologue_server.demo.terminal import PlainLog, Timeline, closing_table
from duologue_server.replay.run import replay
from duologue_server.trace.folder import BadSession, SessionFolder, read_session

FRAMES_PER_S = 8
SMALLEST_CELLS = (72, 23)
"""Width and height below which the timeline gives way to plain lines."""
_PLACES = (Path(__file__).parent / "session", Path(__file__).parents[3] / "examples" / "demo")
"""Where the shipped session is: inside an installed package, and beside the source."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo has given."""

    story: Story
    files: tuple[Path, ...]
    problem: str
    """Why there is no picture; empty when there is one or none was wanted."""


def shipped_session() -> Path:
    """The session that comes with the project. Raises BadSession when this installation has none."""
    found = next((place for place in _PLACES if (place / "meta.json").is_file()), None)
    if found is None:
        raise BadSession(
            "this installation has no demo session; name one:  duologue demo SESSION  (examples/demo of the sources)"
        )
    return found


def show(
    path: Path,
    out: Path,
    clock: Literal["real", "virtual"],
    console: Console,
    with_picture: bool = True,
    engine: str | None = None,
) -> Shown:
    """`engine` instead of the session's.

    Raises BadSession before anything is run, and OSError when the voice fails or `out` cannot be written.
    """
    session = read_session(path)
    story = Story(session)
    out.mkdir(parents=True, exist_ok=True)
    run = partial(replay, path, out, clock, engine=engine)
    engine = _watch(run, session, story, clock, console)
    files = [out / name for name in ("partner.flac", "mix.flac", "trace.jsonl", "summary.json")]
    write_mix(session.microphone, files[0], files[1])
    problem = ""
    if with_picture:
        try:
            draw(story, session, files[0], engine, clock, out / "timeline.png")
            files.insert(2, out / "timeline.png")
        except PictureMissing as error:
            problem = str(error)
    console.print(closing_table(story, engine))
    for file in files:
        console.print(str(file), markup=False, highlight=False, soft_wrap=True)
    if problem:
        console.print(problem, markup=False, highlight=False)
    return Shown(story, tuple(files), problem)


def _watch(
    run: Callable[..., dict[str, Any]],
    session: SessionFolder,
    story: Story,
    clock: Literal["real", "virtual"],
    console: Console,
) -> str:
    """Replays with the timeline, or with plain lines; gives the name of the engine."""
    if not console.is_terminal or console.width < SMALLEST_CELLS[0] or console.height < SMALLEST_CELLS[1]:
        console.print(f"duologue demo: {session.duration_s:g} s on the {clock} clock", markup=False, highlight=False)
        return str(run(watch=PlainLog(console, story).tell)["engine"])
    timeline = Timeline(session, story, clock)
    with Live(timeline, console=console, refresh_per_second=FRAMES_PER_S, vertical_overflow="crop") as live:
        engine = str(run(watch=timeline.tell)["engine"])
        timeline.engine = engine
        timeline.catch_up()
        live.refresh()
    return engine
