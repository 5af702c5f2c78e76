"""When words are shown: in steps while somebody speaks, all of them in a pause, whether the turn is over or not."""

from itertools import pairwise

import numpy as np
import pytest

from duologue_model.training.floorlog import Said, Turn, Word
from duologue_model.training.hearing import STEP_S, Ear, Recogniser
from duologue_model.vocabulary import UserState

SHARP = Recogniser(partial_s=0.1, final_s=0.15, word_error=0.0, deaf=False)
FIRST = ("so", "when", "we", "call", "it")
REST = ("what", "happens", "then")


def part(start_s: float, words: tuple[str, ...], word_s: float = 0.25) -> Said:
    spoken = tuple(Word(start_s + i * word_s, start_s + (i + 1) * word_s, text) for i, text in enumerate(words))
    return Said(start_s, start_s + word_s * len(words), "clip", 0, 1, 1.0, spoken)


def heard(*parts: Said, ears: Recogniser = SHARP, seed: int = 1) -> Ear:
    ear = Ear(ears, np.random.default_rng(seed))
    ear.add(Turn("user", UserState.SPEAKING_TO_PARTNER, parts, True, 0.3))
    return ear


def shown_s(ear: Ear, words: tuple[str, ...], until_s: float = 9.0) -> float:
    """When the last of the words is first shown."""
    return next(
        t for t in np.arange(0.0, until_s, 0.02) if ear.text(float(t), 0.0).split()[-len(words) :] == list(words)
    )


@pytest.mark.parametrize("seed", range(5))
def test_all_words_are_shown_in_a_pause_before_it_is_half_a_second_long(seed: int) -> None:
    first = part(1.0, FIRST)
    over = heard(first, seed=seed)
    pausing = heard(first, part(first.end_s + 1.0, REST), seed=seed)
    for ear in (over, pausing):
        assert 0.2 < shown_s(ear, FIRST) - first.end_s < 0.5


@pytest.mark.parametrize("pause_s", [0.25, 0.6, 1.5])
def test_nothing_tells_whether_the_turn_goes_on_before_it_does(pause_s: float) -> None:
    first = part(1.0, FIRST)
    goes_on_s = first.end_s + pause_s
    over, pausing = heard(first), heard(first, part(goes_on_s, REST))
    # The one draws before the other: only what does not depend on luck is compared.
    for t in np.arange(0.0, min(goes_on_s, first.end_s + 0.3), 0.08):
        assert len(over.text(float(t), 0.0).split()) == pytest.approx(len(pausing.text(float(t), 0.0).split()), abs=1)


def test_words_come_in_steps_while_somebody_speaks() -> None:
    ear = heard(part(1.0, FIRST * 4))
    counts = [len(ear.text(float(t), 0.0).split()) for t in np.arange(1.0, 6.0, 0.04)]
    changes = [
        float(t)
        for t, before, now in zip(np.arange(1.04, 6.0, 0.04), counts, counts[1:], strict=False)
        if before != now
    ]
    assert counts == sorted(counts)
    assert min(b - a for a, b in pairwise(changes)) >= 0.2
    assert 2 * STEP_S <= changes[0] - 1.25 + STEP_S <= 4 * STEP_S


def test_a_silence_that_is_shorter_than_the_recogniser_needs_shows_nothing_new() -> None:
    first = part(1.0, FIRST)
    short = heard(first, part(first.end_s + 0.25, REST))
    assert len(short.text(first.end_s + 0.3, 0.0).split()) < len(FIRST)
    assert shown_s(short, (*FIRST, *REST)) < first.end_s + 0.25 + 0.75 + 0.5


def test_deaf_ears_and_far_voices_show_nothing() -> None:
    deaf = heard(part(1.0, FIRST), ears=Recogniser(0.1, 0.1, 0.0, deaf=True))
    far = Ear(SHARP, np.random.default_rng(1))
    far.add(Turn("other", UserState.NOISE, (part(1.0, FIRST),), False, 0.3, gain_db=-24.0))
    assert deaf.text(8.0, 0.0) == far.text(8.0, 0.0) == ""
