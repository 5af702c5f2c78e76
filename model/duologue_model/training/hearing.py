"""What the recogniser would have made of the session by each slice: late, in steps, with errors, or not at all.

Nothing here looks at who was meant or whether a turn is over: whoever is loud enough is written down, and only the
partner's own acts begin a new text, as in the product.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from duologue_model.training.floorlog import SLICE_S, FloorLog

STEP_S = 0.32
"""The product recognises what is spoken so often."""
STALE_S = 8.0
AUDIBLE_DB = -18.0
CONFUSIONS = ("the", "a", "and", "is", "it", "to", "no", "in", "on", "user", "what", "her", "cash", "cue", "loop")


@dataclass(frozen=True, slots=True)
class Recogniser:
    """How good the ears are in a session."""

    delay_s: float
    spread_s: float
    word_error: float
    deaf: bool
    """No engine: there are never words."""


def draw_recogniser(rng: Generator) -> Recogniser:
    """Delays of 300–900 ms, errors in 3–30 % of the words; one session in eight has no words at all."""
    return Recogniser(
        float(rng.uniform(0.3, 0.7)), float(rng.uniform(0.05, 0.2)), float(rng.uniform(0.03, 0.3)), rng.random() < 0.125
    )


def words_by_slice(log: FloorLog, ears: Recogniser, rng: Generator) -> tuple[str, ...]:
    """`T` strings: the text of the present turn as the product would show it at the end of each slice."""
    if ears.deaf:
        return ("",) * log.slices
    shown: list[tuple[float, float, str]] = []
    audible = sorted((t for t in log.turns if t.gain_db > AUDIBLE_DB), key=lambda turn: turn.start_s)
    for turn in audible:
        for part in turn.parts:
            faint = turn.gain_db / AUDIBLE_DB if turn.gain_db < 0 else 0.0
            for word in part.words:
                text = _recognised(word.text, ears.word_error + 0.4 * faint, rng)
                stepped_s = min(part.end_s, part.start_s + STEP_S * np.ceil((word.end_s - part.start_s) / STEP_S))
                lag_s = float(np.clip(ears.delay_s + rng.normal(0.0, ears.spread_s), 0.3, 0.9))
                if text:
                    shown.append((max(word.end_s + 0.3, stepped_s + lag_s - STEP_S / 2), word.start_s, text))
    return _texts(log, shown)


def _texts(log: FloorLog, shown: list[tuple[float, float, str]]) -> tuple[str, ...]:
    """From words with the time of their showing and of their speaking to the text by slice."""
    shown.sort(key=lambda word: word[1])
    texts: list[str] = []
    cuts = sorted(log.forgotten_s)
    for index in range(log.slices):
        t = (index + 1) * SLICE_S
        cut_s = max((cut for cut in cuts if cut <= t), default=-1.0)
        present = [word for word in shown if cut_s - 0.05 <= word[1] < t]
        last = 0
        for position in range(1, len(present)):
            if present[position][1] - present[position - 1][1] > STALE_S:
                last = position
        latest_s = 0.0
        text: list[str] = []
        for shown_s, _, word in present[last:]:
            latest_s = max(latest_s, shown_s)
            if latest_s <= t:
                text.append(word)
        texts.append(" ".join(text))
    return tuple(texts)


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
