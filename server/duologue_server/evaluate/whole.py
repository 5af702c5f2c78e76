"""Sessions through the whole product on the virtual clock: engine, floor, ear, mouth, player, room and canceller."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from duologue_model.evaluation.metrics import Played
from duologue_server.audio.echo import DoubleTalkEchoCanceller, EchoCanceller, NoEchoCanceller
from duologue_server.evaluate.folders import read_truth
from duologue_server.evaluate.judged import judged, waiting
from duologue_server.evaluate.outcome import outcome, words_by_slice
from duologue_server.options import read_options
from duologue_server.replay.report import write_partner, write_summary, write_trace
from duologue_server.replay.run import session_options
from duologue_server.replay.virtual import replay_virtual
from duologue_server.trace.facts import Turn
from duologue_server.trace.folder import read_session
from duologue_server.voice.assembly import load_voice


@dataclass(frozen=True, slots=True)
class Outcome:
    """One replayed session."""

    played: Played
    compute_ms: tuple[float, ...]
    """What each decision took."""
    summary: dict[str, Any]


class Replayer:
    """The product with one engine. Its voice and its ear are loaded once; all that has a state is new in every session.

    Raises ValueError for an engine that there is not.
    """

    def __init__(self, engine: str, free_compute: bool) -> None:
        options, problems = read_options({"engine": engine})
        if problems:
            raise ValueError(problems[0])
        self.engine = engine
        self._free_compute = free_compute
        self._voice = load_voice(options, lambda percent, text: None)
        if self._voice.troubles:
            trouble = self._voice.troubles[0]
            raise ValueError(f"not the product would be measured: {trouble.what}. {trouble.remedy.rstrip('.')}.")

    @property
    def parts(self) -> dict[str, str]:
        """Name of every part in use."""
        return self._voice.names()

    def replay(self, folder: Path, keep: bool) -> Outcome:
        """Replays a session of the evaluation. With `keep`, what `duologue replay` leaves comes to lie in a folder
        inside it that is named after the engine. Raises BadSession, OSError."""
        session = read_session(folder)
        truth = read_truth(folder)
        options = session_options(session, self.engine)
        canceller: EchoCanceller = DoubleTalkEchoCanceller() if options.echo_canceller else NoEchoCanceller()
        voice = replace(self._voice, canceller=canceller)
        replayed = replay_virtual(session, voice, options, self._free_compute)
        if keep:
            out = folder / self.engine
            out.mkdir(exist_ok=True)
            write_partner(out, replayed.partner, replayed.rate_hz)
            write_trace(out, replayed.facts)
            write_summary(out, replayed.summary)
        log = outcome(truth, replayed.facts)
        log = replace(log, perceived=judged(log, waiting(session.events, log)))
        words = words_by_slice(replayed.facts, log.slices)
        compute_ms = tuple(fact.compute_ms for fact in replayed.facts if isinstance(fact, Turn))
        return Outcome(Played(log, words, options.echo_canceller), compute_ms, replayed.summary)
