"""A stretch of random work: slices in which everything that can be perceived happens."""

import random

import numpy as np

from duologue_model.slices import SLICE_SAMPLES, AgendaStream, Clocks, EditorStream, Samples, Slice, WaitingKind
from duologue_model.vocabulary import Action, ForcedToken

_WORDS = ["could", "you", "run", "the", "tests", "in", "test_parser.py", "again", "and", "say", "what's", "red"]


def some_slices(count: int, seed: int = 0) -> list[Slice]:
    """`count` slices, each drawn by itself; the same for the same seed, and the first ones for any count."""
    return [_slice(random.Random(1_000_003 * seed + index)) for index in range(count)]


def _slice(draw: random.Random) -> Slice:
    return Slice(
        microphone=_sound(draw),
        playback=_sound(draw),
        editor=EditorStream(
            keys=draw.choice([0, 0, 1, 3, 7]),
            saves=draw.choice([0, 0, 1]),
            diagnostics_up=draw.choice([0, 2]),
            tests_failed=draw.choice([0, 0, 4]),
            focused=draw.random() < 0.9,
            statement_complete=draw.random() < 0.5,
        ),
        agenda=AgendaStream(
            waiting=draw.choice([None, WaitingKind.OFFER, WaitingKind.REPLY]),
            urgency=draw.random(),
            waiting_s=draw.uniform(0, 8),
            sounding=draw.random() < 0.3,
            heard_s=draw.uniform(0, 8),
            remaining_s=draw.uniform(0, 8),
            ducked=draw.random() < 0.1,
            resumable=draw.random() < 0.1,
        ),
        own=draw.choice(list(Action)),
        clocks=Clocks(draw.uniform(0, 60), draw.uniform(0, 60), draw.uniform(0, 60)),
        words=" ".join(_WORDS[: draw.randint(0, len(_WORDS))]),
        forced=tuple(token for token in ForcedToken if draw.random() < 0.05),
        microphone_open=draw.random() < 0.95,
        end_of_turn=draw.random() < 0.05,
    )


def _sound(draw: random.Random) -> Samples:
    noise = np.random.default_rng(draw.getrandbits(32)).normal(size=SLICE_SAMPLES)
    return (noise * draw.choice([0.0, 0.001, 0.03, 0.2])).astype(np.float32)
