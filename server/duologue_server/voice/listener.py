"""What the voice process asks of a recogniser."""

import re
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


class Listener(Protocol):
    """Turns audio of one utterance into words, on one thread; never called from two threads at once.

    Audio is `[N]` float32 mono at 16 kHz, trimmed to the speech with a little around it. Text is written English;
    empty means that no words were found.
    """

    @property
    def name(self) -> str:
        """Name and version for reports."""

    def partial(self, audio: Samples) -> str:
        """The words so far of an utterance that is still going on; quick."""

    def final(self, audio: Samples) -> str:
        """The words of a complete utterance; as good as it can."""

    def texts(self, audio: Samples) -> tuple[str, ...]:
        """What a complete utterance may be: first what `final` gives, then what else, the likeliest first."""

    def bias(self, words: tuple[str, ...], phrases: tuple[str, ...] = ()) -> None:
        """Names that are likely to be said, such as identifiers of the open buffers, and phrases that may be said: they
        bear on what else an utterance may be."""


def bare(text: str) -> str:
    """A text without its signs and capitals."""
    return re.sub(r"[^\w' ]", "", text).lower()
