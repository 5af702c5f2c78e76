"""What the network has to beat, each behind the same door: timers, energy, and rules over the recognised words.

None of them learns anything. Each has one dial that makes it quicker and more often wrong, so that it has a curve.
"""

import re
from dataclasses import dataclass, replace

import numpy as np

from duologue_model.baseline import BaselineEngine, BaselineState, FrameDetector, Timers
from duologue_model.engine import Decision
from duologue_model.slices import Samples, Slice

TIMER_MS = (240, 400, 560, 720, 1040, 1520)
"""Silences after which a timer takes the turn for finished. 0.4, 0.7 and 1.0 s are what products use."""
HEURISTIC_SCALES = (0.4, 0.7, 1.0, 1.4, 2.0)


class EnergyDetector:
    """Speech is what is 9 dB louder than the quietest of late: no model at all."""

    ABOVE_DB = 9.0
    RISE_DB_PER_S = 2.0
    """So fast the floor follows a room that has become louder."""
    LOWEST_DB = -70.0

    def __init__(self) -> None:
        self._floor_db = -50.0

    def predict_f32(self, frame: Samples) -> float:
        level_db = 10 * float(np.log10(np.mean(frame.astype(np.float64) ** 2) + 1e-12))
        rise_db = self.RISE_DB_PER_S * len(frame) / 16_000
        self._floor_db = max(self.LOWEST_DB, min(level_db, self._floor_db + rise_db))
        return float(level_db > self._floor_db + self.ABOVE_DB)


class Named:
    """An engine under another name."""

    def __init__(self, engine: BaselineEngine, name: str) -> None:
        self._engine, self._name = engine, name

    @property
    def name(self) -> str:
        return self._name

    def start(self) -> BaselineState:
        return self._engine.start()

    def step(self, state: BaselineState, heard: Slice) -> tuple[BaselineState, Decision]:
        return self._engine.step(state, heard)


def timer(silence_ms: int, detector: type[FrameDetector], voice: str = "VAD") -> Named:
    """A detector and a timer. `voice` says what detects."""
    timers = replace(Timers(), end_of_turn_ms=silence_ms)
    return Named(BaselineEngine(detector, timers), f"{voice} + {silence_ms / 1000:.2f} s timer")


@dataclass(frozen=True, slots=True)
class Waits:
    """After how much silence words are taken to be all, milliseconds."""

    clause_ms: int = 320
    """The words end a clause."""
    usual_ms: int = 720
    """Nothing can be said, or there are no words."""
    open_ms: int = 1440
    """The words cannot be the end: a conjunction, an article, a filler."""

    def times(self, scale: float) -> "Waits":
        return Waits(*(max(80, round(scale * one)) for one in (self.clause_ms, self.usual_ms, self.open_ms)))


_OPEN = re.compile(
    r"\b(and|or|but|so|because|if|when|while|that|which|who|then|than|as|the|a|an|this|my|our|your|to|of|in|on|at|by|"
    r"for|from|with|into|before|after|until|is|are|was|were|be|should|could|would|can|will|must|do|does|did|not|we|i|"
    r"you|they|he|she|it is|um|uh|er|hmm|like|well|i mean|equals|underscore|dot|slash|comma|bracket)$"
)
_ASKS = re.compile(
    r"^(why|what|which|where|who|how|when|is|are|does|do|did|can|could|should|would|will|show|rename|move)\b"
)


class HeuristicEngine:
    """The baseline's rules with a timer that depends on the recognised words. No model.

    Punctuation is not read: a recogniser ends every partial result with a full stop, and in simulated sessions the
    marks come from the written text, so that they would tell the end of the turn.
    """

    def __init__(self, detector: type[FrameDetector], scale: float = 1.0) -> None:
        waits = Waits().times(scale)
        self._name = f"words and rules × {scale:.2g}"
        self._clause, self._usual, self._open = (
            BaselineEngine(detector, replace(Timers(), end_of_turn_ms=ms))
            for ms in (waits.clause_ms, waits.usual_ms, waits.open_ms)
        )

    @property
    def name(self) -> str:
        return self._name

    def start(self) -> BaselineState:
        return self._usual.start()

    def step(self, state: BaselineState, heard: Slice) -> tuple[BaselineState, Decision]:
        return {"clause": self._clause, "open": self._open}.get(ending(heard.words), self._usual).step(state, heard)


def ending(words: str) -> str:
    """How recognised words end: `clause` (could be all), `open` (cannot be), or `unknown`."""
    text = re.sub(r"[^\w' ]+", " ", words.lower()).strip()
    if not text:
        return "unknown"
    if _OPEN.search(text):
        return "open"
    return "clause" if len(text.split()) >= 4 and _ASKS.match(text) else "unknown"
