"""What the voice process asks of a synthesiser."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of a clause and where it lies in the clause's audio."""

    text: str
    start_sample: int
    end_sample: int


@dataclass(frozen=True, slots=True)
class SpokenClause:
    """A clause as audio: `samples` `[N]` float32 mono at the speaker's rate, and its words in order.

    The words' texts joined by spaces are the text of the clause as it was given: what was heard is told in the
    writer's words.
    """

    text: str
    samples: Samples
    words: tuple[SpokenWord, ...]


class SpeakerUnavailable(Exception):
    """A voice cannot be used: which, why, and what to do next."""

    def __init__(self, voice: str, what: str, remedy: str) -> None:
        super().__init__(f"{what}. {remedy}.")
        self.voice = voice
        self.what = what
        self.remedy = remedy


class Speaker(Protocol):
    """Turns clauses into audio, one at a time, on one thread; never called from two threads at once."""

    speed: float
    """Pace, 0.5 to 2. May be set on any thread; it holds from the next clause on."""

    @property
    def name(self) -> str:
        """Name and version for reports."""

    @property
    def rate_hz(self) -> int:
        """Rate of the audio it makes."""

    def speak(self, clause: str) -> SpokenClause:
        """Synthesises one clause. Deterministic: the same clause gives the same samples. Raises SpeakerUnavailable."""
