"""What the recogniser would have made of the session by each slice: late, in steps, with errors, or not at all.

Nothing here looks at who was meant or whether a turn is over: whoever is loud enough is written down, and only the
partner's own acts begin a new text, as in the product.
"""

import bisect
import math
from dataclasses import dataclass

from numpy.random import Generator

from duologue_model.training.floorlog import SLICE_S, FloorLog, Turn

STEP_S = 0.32
"""While somebody speaks, the product recognises what there is so often; it shows the words that two results share."""
PAUSE_S = 0.15
"""After so much silence all of the turn is recognised again, whether it is over or not."""
GATE_S = 0.15
"""The detector holds on for so long after speech, and shorter silences are none."""
STALE_S = 8.0
AUDIBLE_DB = -18.0
CONFUSIONS = ("the", "a", "and", "is", "it", "to", "no", "in", "on", "user", "what", "her", "cash", "cue", "loop")


@dataclass(frozen=True, slots=True)
class Recogniser:
    """How good the ears are in a session."""

    partial_s: float
    """How long it takes to recognise what there is while somebody speaks."""
    final_s: float
    """How long it takes to recognise all of a short turn in a pause."""
    word_error: float
    deaf: bool
    """No engine: there are never words."""


def draw_recogniser(rng: Generator) -> Recogniser:
    """60–250 ms for a partial result, 80–280 ms for a whole turn, three times that on one machine in ten.

    Words are wrong in 3–30 % of the cases; one session in eight has none at all.
    """
    slow = 3.0 if rng.random() < 0.1 else 1.0
    times_s = (slow * float(rng.uniform(0.06, 0.25)), slow * float(rng.uniform(0.08, 0.28)))
    return Recogniser(*times_s, float(rng.uniform(0.03, 0.3)), rng.random() < 0.125)


class Ear:
    """What is shown of the user's words, turn by turn as they are planned; `text` may be asked for any time."""

    def __init__(self, recogniser: Recogniser, rng: Generator) -> None:
        self._recogniser, self._rng = recogniser, rng
        self._starts_s: list[float] = []
        self._words: list[tuple[float, str]] = []
        """When each is shown, and its text; in the order of `_starts_s`."""

    def add(self, turn: Turn) -> None:
        """Draws what is made of a turn, and when. Sessions come out the same if turns come in order of their start."""
        ears, rng = self._recogniser, self._rng
        if ears.deaf or turn.gain_db <= AUDIBLE_DB:
            return
        faint = turn.gain_db / AUDIBLE_DB if turn.gain_db < 0 else 0.0
        later_s = math.inf
        for index in range(len(turn.parts) - 1, -1, -1):
            part = turn.parts[index]
            next_s = turn.parts[index + 1].start_s if index + 1 < len(turn.parts) else math.inf
            final_s = part.end_s + PAUSE_S + ears.final_s * float(rng.uniform(0.8, 1.2)) * (1.0 + 0.04 * index)
            if final_s > next_s:
                # Speech went on before the result was there, and it is thrown away.
                final_s = min(later_s, next_s + 2 * STEP_S + ears.partial_s)
            for word in part.words:
                text = _recognised(word.text, ears.word_error + 0.4 * faint, rng)
                # A word is in the first result after its end and is shown with the next one that agrees.
                results = math.ceil((word.end_s - part.start_s) / STEP_S) + 1 + int(rng.random() < 0.15)
                partial_at_s = part.start_s + results * STEP_S
                partial_s = partial_at_s + ears.partial_s if partial_at_s < part.end_s + GATE_S else math.inf
                if text:
                    at = bisect.bisect_right(self._starts_s, word.start_s)
                    self._starts_s.insert(at, word.start_s)
                    self._words.insert(at, (min(partial_s, final_s), text))
            later_s = final_s

    def text(self, t: float, cut_s: float) -> str:
        """The text of the present turn at `t`, when the latest turn began at `cut_s`."""
        first = bisect.bisect_left(self._starts_s, cut_s - 0.05)
        last = bisect.bisect_left(self._starts_s, t)
        for at in range(last - 1, first, -1):
            if self._starts_s[at] - self._starts_s[at - 1] > STALE_S:
                first = at
                break
        latest_s = 0.0
        text: list[str] = []
        for shown_s, word in self._words[first:last]:
            latest_s = max(latest_s, shown_s)
            if latest_s <= t:
                text.append(word)
        return " ".join(text)


def words_by_slice(log: FloorLog, recogniser: Recogniser, rng: Generator) -> tuple[str, ...]:
    """`T` strings: the text of the present turn as the product would show it at the end of each slice."""
    ear = Ear(recogniser, rng)
    for turn in sorted(log.turns, key=lambda turn: turn.start_s):
        ear.add(turn)
    cuts = sorted(log.forgotten_s)
    times = [(index + 1) * SLICE_S for index in range(log.slices)]
    return tuple(ear.text(t, cuts[at - 1] if (at := bisect.bisect_right(cuts, t)) else -1.0) for t in times)


def _recognised(word: str, error: float, rng: Generator) -> str:
    if rng.random() >= error:
        return word
    kind = rng.random()
    if kind < 0.25:
        return ""
    if kind < 0.6 and len(word) > 3:
        at = int(rng.integers(1, len(word) - 1))
        return word[:at] + word[at + 1 :]
    return CONFUSIONS[int(rng.integers(len(CONFUSIONS)))]
