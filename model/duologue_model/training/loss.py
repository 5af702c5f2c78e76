"""How wrong the network was: one weighted sum over its heads, and every part of it for the curves."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from duologue_model.network import Outputs
from duologue_model.training.example import IGNORED
from duologue_model.training.targets import Targets

MOST_WEIGHT = 10.0
"""Rare actions count more, by the root of their rarity, but not more than this."""
STATES_POWER = 0.25
"""Rare states of the user count more as well, but less so: by the root, it saw requests to stop everywhere."""

IN_SILENCE = 3.0
"""The hazard counts so much more while the user is silent: only then is anything decided from it."""


@dataclass(frozen=True, slots=True)
class LossWeights:
    """How much each head counts; a starting point, to be tuned on the development set."""

    action: float = 1.0
    hazard: float = 1.0
    user: float = 0.5
    futures: float = 0.3
    voice: float = 0.25
    letters: float = 0.3
    """Of a loss for each frame, so that it weighs like the others from the first step on."""


@dataclass(frozen=True, slots=True)
class ClassWeights:
    """What the rare count more."""

    action: Tensor
    """`[9]`"""
    user: Tensor
    """`[9]`"""


def class_weights(labels: Tensor, classes: int, power: float = 0.5) -> Tensor:
    """Weights from all labels of the training data: a power of the inverse share; mean 1, capped."""
    counts = torch.bincount(labels[labels != IGNORED], minlength=classes).float()
    weights = (counts.sum() / counts.clamp(min=1)) ** power
    present = counts > 0
    weights = weights / weights[present].mean() if present.any() else torch.ones_like(weights)
    return torch.where(present, weights, torch.zeros_like(weights)).clamp(max=MOST_WEIGHT)


def loss_of(
    outputs: Outputs, batch: list[Targets], weights: LossWeights, rare: ClassWeights
) -> tuple[Tensor, dict[str, float]]:
    """The loss of a batch of `B` sessions of `T` slices, and its parts before weighting."""

    def stacked(name: str) -> Tensor:
        return torch.stack([getattr(one, name) for one in batch]).to(outputs.action.device)

    def choice(logits: Tensor, labels: Tensor, weight: Tensor | None = None) -> Tensor:
        if not (labels != IGNORED).any():
            return logits.sum() * 0.0
        return functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), weight, ignore_index=IGNORED)

    def over(logits: Tensor, labels: Tensor, voice: Tensor) -> Tensor:
        silent = ~voice[..., 0].bool().any(dim=-1)
        weights = (labels != IGNORED) * (1.0 + (IN_SILENCE - 1.0) * silent)
        each = functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none")
        return (each * weights.flatten()).sum() / weights.sum().clamp(min=1.0)

    parts = {
        "action": choice(outputs.action, stacked("action"), rare.action.to(outputs.action.device)),
        "user": choice(outputs.user, stacked("user"), rare.user.to(outputs.action.device)),
        "hazard": over(outputs.hazard, stacked("hazard"), stacked("voice")),
        "futures": choice(outputs.futures, stacked("futures")),
        "voice": functional.binary_cross_entropy_with_logits(outputs.voice, stacked("voice")),
    }
    if outputs.letters is not None:
        parts["letters"] = _spelling(outputs.letters, [one.letters for one in batch])
    total = sum(
        (getattr(weights, name) * part for name, part in parts.items()), torch.zeros((), device=outputs.action.device)
    )
    return total, {name: float(part.detach()) for name, part in parts.items()}


def _spelling(logits: Tensor, letters: list[Tensor]) -> Tensor:
    """CTC over the sessions in which something is said. Source: Graves et al., 2006."""
    said = [index for index, symbols in enumerate(letters) if len(symbols)]
    if not said:
        return logits.sum() * 0.0
    log_probabilities = functional.log_softmax(logits[said], dim=-1).transpose(0, 1)  # [T·4, B, C]
    lengths = torch.full((len(said),), log_probabilities.shape[0], dtype=torch.int64)
    targets = torch.cat([letters[index] for index in said]).to(logits.device)
    target_lengths = torch.tensor([len(letters[index]) for index in said])
    whole = functional.ctc_loss(
        log_probabilities, targets, lengths, target_lengths, reduction="sum", zero_infinity=True
    )
    return whole / (logits.shape[0] * logits.shape[1])
