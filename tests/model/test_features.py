"""What the network sees of a sound, and that it sees the same however the sound is cut."""

import numpy as np
import pytest
import torch

from duologue_model.config import BANDS, LEVELS
from duologue_model.features import TAIL_SAMPLES, dmel, mel_filters
from duologue_model.slices import RATE_HZ, SLICE_SAMPLES

SLICES = 24


def noise(seed: int = 0, slices: int = SLICES) -> torch.Tensor:
    """`[1, T·S]` with a level that rises and falls."""
    random = np.random.default_rng(seed)
    loudness = np.abs(np.sin(np.arange(slices * SLICE_SAMPLES) / 9_000)) * 0.3
    return torch.from_numpy((random.normal(size=len(loudness)) * loudness).astype(np.float32))[None]


def check(samples: torch.Tensor, slices_per_call: int) -> torch.Tensor:
    """All levels, heard in pieces."""
    tail, levels = torch.zeros(1, TAIL_SAMPLES), []
    for piece in torch.split(samples, slices_per_call * SLICE_SAMPLES, dim=1):
        some, tail = dmel(piece, tail)
        levels.append(some)
    return torch.cat(levels, dim=1)


@pytest.mark.parametrize("slices_per_call", [1, 2, 8])
def test_pieces_equal_the_whole(slices_per_call: int) -> None:
    whole = check(noise(), SLICES)
    assert whole.shape == (1, SLICES, 8, BANDS)
    assert torch.equal(check(noise(), slices_per_call), whole)


def test_nothing_is_seen_before_it_is_heard() -> None:
    sound, other = noise(), noise()
    other[:, 10 * SLICE_SAMPLES :] = noise(seed=1)[:, 10 * SLICE_SAMPLES :]
    seen, seen_other = check(sound, SLICES), check(other, SLICES)
    assert torch.equal(seen[:, :10], seen_other[:, :10])
    assert not torch.equal(seen[:, 10], seen_other[:, 10])


def test_silence_is_level_zero_and_full_scale_the_highest() -> None:
    assert check(torch.zeros(1, SLICE_SAMPLES), 1).max() == 0
    sine = torch.sin(2 * torch.pi * 1000 * torch.arange(4 * SLICE_SAMPLES) / RATE_HZ)[None]
    levels = check(sine, 4)[0, -1, -1]
    assert levels.max() == LEVELS - 1
    assert abs(int(levels.argmax()) - 20) < 6, "1 kHz lies in the lower third of the bands"
    assert levels[-8:].max() < 8, "a sine does not leak into far bands"


@pytest.mark.parametrize("gain_db", [-20, -10, 10])
def test_a_gain_moves_levels_by_steps_of_five_decibels(gain_db: int) -> None:
    quiet = torch.randn(1, SLICE_SAMPLES, generator=torch.Generator().manual_seed(1)) * 0.02
    moved = check(quiet * 10 ** (gain_db / 20), 1)[:, :, 3:].int() - check(quiet, 1)[:, :, 3:].int()
    assert set(moved.flatten().tolist()) == {gain_db // 5}


def test_every_band_hears_something() -> None:
    assert bool((mel_filters().sum(dim=0) > 0).all())
