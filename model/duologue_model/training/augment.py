"""Makes few voices into many: what the microphone brought is changed a little, anew for every window.

There are hours of simulated sessions but only 95 minutes of recorded people, and the network learned those by heart.
"""

import random
from dataclasses import replace

import torch
from torch import Tensor

from duologue_model.config import BANDS
from duologue_model.streams import Inputs

WARPED, MOST_WARP = 0.7, 0.15
"""Share of windows whose bands are moved as another vocal tract would, and by how much at most.
Source: Jaitly and Hinton, "Vocal tract length perturbation improves speech recognition", 2013."""
MASKED, MASKS, MOST_BANDS = 0.5, 2, 8
"""Share of windows in which bands are silenced throughout, and how many. Source: Park et al., SpecAugment, 2019."""


def augmented(inputs: Inputs, rng: random.Random) -> Inputs:
    """The window as another throat and another microphone might have made it; playback and all else as it was."""
    levels = inputs.microphone
    if rng.random() < WARPED:
        levels = warped(levels, 1.0 + rng.uniform(-MOST_WARP, MOST_WARP))
    if rng.random() < MASKED:
        levels = levels.clone()
        for _ in range(rng.randint(1, MASKS)):
            width = rng.randint(1, MOST_BANDS)
            first = rng.randint(0, BANDS - width)
            levels[..., first : first + width] = 0
    return replace(inputs, microphone=levels)


def warped(levels: Tensor, factor: float) -> Tensor:
    """`[…, 64]` levels with every band moved to `factor` times its number; the highest stand for those beyond."""
    source = (torch.arange(BANDS) / factor).round().long().clamp(max=BANDS - 1)
    return levels[..., source]
