"""Words said by themselves, told by their sound: a recogniser of sentences hears "up" as "oh" and "off" as "earth".

A linear classifier on what the recogniser's encoder makes of the utterance, averaged in six stretches of equal length.
It was fitted to recordings of 159 people (`duologue_server.evaluate.short_words`, which also measures it on 80 others),
and says nothing when it is not sure.
"""

from dataclasses import dataclass
from importlib import resources
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

FILE = "short_words.npz"
STRETCHES = 6
LONGEST_S = 2.0
"""Of a prepared utterance, with the silence around it: longer ones hold more than a word."""
SURE = 0.5
"""From this probability on it is one of ours; of other words said by themselves, one in twenty passes for one then."""
_BEFORE_S, _AFTER_S = 0.05, 0.2
"""Left out at the two ends of a prepared utterance, which are silent."""


@dataclass(frozen=True, slots=True)
class ShortWords:
    """Weights `[STRETCHES · D, K + 1]` for K words and for everything else, which comes last."""

    words: tuple[str, ...]
    weight: Array
    bias: Array

    def probabilities(self, features: Array) -> Array:
        """`[K + 1]` of features `[STRETCHES · D]`."""
        scores = features @ self.weight + self.bias
        likely = np.exp(scores - scores.max())
        probabilities: Array = likely / likely.sum()
        return probabilities

    def word(self, states: Array, seconds: float) -> str:
        """The word that is said in an utterance `[T, D]` of so many seconds; empty when it may be something else."""
        if seconds > LONGEST_S or states.shape[1] * STRETCHES != len(self.weight):
            return ""
        likely = self.probabilities(features_of(states, seconds))
        best = int(likely.argmax())
        return self.words[best] if best < len(self.words) and likely[best] >= SURE else ""


def features_of(states: Array, seconds: float) -> Array:
    """`[STRETCHES · D]` of an utterance `[T, D]`."""
    per_s = len(states) / seconds
    first = int(_BEFORE_S * per_s)
    core = states[first : max(first + STRETCHES, len(states) - int(_AFTER_S * per_s))]
    if len(core) < STRETCHES:
        core = np.repeat(core, STRETCHES, axis=0)
    means: Array = np.stack([part.mean(axis=0) for part in np.array_split(core, STRETCHES)]).astype(np.float32)
    return means.reshape(-1)


def load() -> ShortWords:
    """What ships."""
    with np.load(BytesIO(resources.files(__package__).joinpath(FILE).read_bytes()), allow_pickle=False) as kept:
        return ShortWords(
            tuple(str(word) for word in kept["words"]),
            kept["weight"].astype(np.float32),
            kept["bias"].astype(np.float32),
        )
