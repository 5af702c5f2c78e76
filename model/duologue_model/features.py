"""What sound looks like to the network: dMel, a log-mel spectrogram cut into 16 levels, without an encoder.

A column ends where its last sample ends, so nothing is seen before it is heard. Levels are fixed steps of 5 dB: no
running normalisation could drift over a day; training varies the gain instead.
Source: Bai et al., "dMel: Speech Tokenization made Simple", 2024.
"""

import functools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from duologue_model.config import BANDS, COLUMN_SAMPLES, COLUMNS, LEVELS, WINDOW_SAMPLES
from duologue_model.slices import RATE_HZ, SLICE_SAMPLES

LOWEST_HZ, HIGHEST_HZ = 40.0, 7_900.0
FFT_SAMPLES = 512
QUIETEST_DB, STEP_DB = -88.0, 5.0
"""The border between levels 0 and 1, relative to a sine of full scale, and the width of a level."""
TAIL_SAMPLES = WINDOW_SAMPLES - COLUMN_SAMPLES


@dataclass(frozen=True, slots=True)
class AudioState:
    """The samples that the next column still needs, of both sounds."""

    microphone: Tensor
    """`[B, 240]` float32"""
    playback: Tensor
    """`[B, 240]` float32"""

    @staticmethod
    def silent(batch: int = 1) -> "AudioState":
        """Before the first slice."""
        return AudioState(torch.zeros(batch, TAIL_SAMPLES), torch.zeros(batch, TAIL_SAMPLES))


def dmel(samples: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
    """Levels of the bands in every column, and the tail for the next call.

    `samples` is `[B, T·S]` in -1…1 at 16 kHz, `tail` the `[B, 240]` samples before.
    Returns `[B, T, 8, 64]` uint8, 0…15.
    """
    batch, length = samples.shape
    assert length % SLICE_SAMPLES == 0, length
    heard = torch.cat([tail.to(samples), samples], dim=1)
    if not heard.any():  # most of a day the partner is silent: what would come out is known
        nothing = torch.zeros(batch, length // SLICE_SAMPLES, COLUMNS, BANDS, dtype=torch.uint8, device=heard.device)
        return nothing, heard[:, -TAIL_SAMPLES:].clone()
    # Double precision, because a level is a jump: no chunking and no machine may round a band across a border.
    columns = heard.double().unfold(1, WINDOW_SAMPLES, COLUMN_SAMPLES)  # [B, 8·T, 400]
    window, filters, borders = _constants(samples.device)
    spectrum = torch.view_as_real(torch.fft.rfft(columns * window, n=FFT_SAMPLES))
    power = spectrum.square().sum(dim=-1)  # [B, 8·T, 257]
    level_db = 10 * torch.log10(power @ filters + 1e-12)
    levels = torch.bucketize(level_db, borders, right=True).to(torch.uint8)
    return levels.view(batch, -1, COLUMNS, BANDS), heard[:, -TAIL_SAMPLES:].clone()


@functools.cache
def _constants(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Window `[400]`, filters `[257, 64]` and borders `[15]` between the levels, in double precision."""
    window = torch.hann_window(WINDOW_SAMPLES, dtype=torch.float64)
    # A sine of full scale then has power 1 in its bin.
    window = 2 * window / window.sum()
    borders = QUIETEST_DB + STEP_DB * torch.arange(LEVELS - 1, dtype=torch.float64)
    return window.to(device), mel_filters().to(device), borders.to(device)


def mel_filters() -> Tensor:
    """Triangles of height 1, evenly spaced on the mel scale of O'Shaughnessy: `[257, 64]` float64.

    The lowest are narrower than a bin of the transform; each of them is given the bin next to its centre.
    """

    def mel(hz: float) -> float:
        return 2595 * math.log10(1 + hz / 700)

    corners = torch.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), BANDS + 2, dtype=torch.float64)
    corners_hz = 700 * (10 ** (corners / 2595) - 1)
    bins_hz = torch.arange(FFT_SAMPLES // 2 + 1, dtype=torch.float64) * RATE_HZ / FFT_SAMPLES
    left, centre, right = corners_hz[:-2], corners_hz[1:-1], corners_hz[2:]
    rising = (bins_hz[:, None] - left) / (centre - left)
    falling = (right - bins_hz[:, None]) / (right - centre)
    filters = torch.minimum(rising, falling).clamp(min=0)
    nearest = (centre / (RATE_HZ / FFT_SAMPLES)).round().long()
    bands = torch.arange(BANDS)
    filters[nearest, bands] = filters[nearest, bands].clamp(min=0.5)
    return filters
