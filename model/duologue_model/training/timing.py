"""How people time their talk: seeded samplers over distributions that were measured on recorded conversations.

The figures lie in `timing/*.json`: floor-transfer offsets, pauses within turns, backchannels and the lengths of
uninterrupted speech, computed from 2,438 telephone dialogues (Switchboard) and 170 meetings (AMI). Numbers only.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.random import Generator


@dataclass(frozen=True, slots=True)
class Distribution:
    """An inverse cumulative distribution, linear between known points: `values` are seconds at `shares` from 0 to 1."""

    shares: tuple[float, ...]
    values: tuple[float, ...]

    def at(self, share: float) -> float:
        """The value below which `share` of all lies."""
        return float(np.interp(share, self.shares, self.values))

    def draw(self, rng: Generator) -> float:
        """One value, seconds."""
        return self.at(float(rng.random()))


def from_quantiles(quantiles: dict[float, float], lowest: float, highest: float) -> Distribution:
    """From known quantiles (share → value) and the values at the two ends."""
    points = {0.0: lowest, **quantiles, 1.0: highest}
    assert list(points.values()) == sorted(points.values()), f"quantiles do not rise: {points}"
    return Distribution(tuple(points), tuple(points.values()))


def from_histogram(counts: list[int], lowest: float, width: float) -> Distribution:
    """From a histogram of equal bins that begins at `lowest`, each `width` wide."""
    sums = np.concatenate([[0], np.cumsum(counts)]) / sum(counts)
    return Distribution(tuple(map(float, sums)), tuple(lowest + width * i for i in range(len(sums))))


@dataclass(frozen=True, slots=True)
class Timing:
    """The timing of one corpus, seconds unless named otherwise."""

    floor_transfer: Distribution
    """From the end of one speaker to the beginning of the other; negative when they overlap. Cut to -2…3 s."""
    pause: Distribution
    """Silence inside a turn, from 0.2 s."""
    backchannel: Distribution
    """Length of "yeah" and "uh-huh"."""
    speech: Distribution
    """Length of speech between two pauses."""
    backchannels_per_min: float


@cache
def load(corpus: str = "switchboard") -> Timing:
    """The timing of a corpus: only `switchboard` has all of it; the meetings lend their floor transfers."""
    telephone, found = _read("switchboard"), _read(corpus)
    return Timing(
        floor_transfer=from_histogram(found["fto_hist_100ms_-2_to_3"], -2.0, 0.1),
        pause=from_quantiles(
            dict(zip((0.25, 0.5, 0.75, 0.9, 0.95), telephone["within_turn_pause_p25_50_75_90_95"], strict=True)),
            0.2,
            3.0,
        ),
        backchannel=from_histogram(telephone["bc_dur_hist_50ms_0_to_1"], 0.0, 0.05),
        speech=from_quantiles(dict(zip((0.1, 0.5, 0.9), telephone["ipu_dur_p10_50_90"], strict=True)), 0.2, 9.0),
        backchannels_per_min=telephone["bc_per_min"],
    )


def _read(corpus: str) -> dict[str, Any]:
    text = resources.files("duologue_model.training").joinpath(f"timing/{corpus}.json").read_text("utf-8")
    figures: dict[str, Any] = json.loads(text)
    return figures
