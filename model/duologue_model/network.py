"""The floor network: from everything perceived in 80 ms to who has the floor.

Notable: no audio encoder (dMel levels are embedded as they are); the microphone and the own playback share positions,
so that an echo is explained where it sounds; one vocabulary for decisions and events, and one table for reading and
deciding; decisions are read from the interaction token of the slice, which sees all its other tokens.
Shapes as in `config.py`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from duologue_model.config import BANDS, COLUMNS, FRAMES, FUTURES, HAZARDS, LETTERS, LEVELS, TOKENS, VOICES, ModelConfig
from duologue_model.layers import Block, LayerCache, Reach, RMSNorm, reach_of_whole
from duologue_model.streams import (
    AGENDA_BORDERS,
    CLOCK_BORDERS,
    EDITOR_BORDERS,
    FIRST_FORCED,
    FIRST_USER,
    INTERACTION_TOKENS,
    PIECE_BUCKETS,
    WORD_COUNT_BORDERS,
    WORDS,
    Inputs,
    borders_count,
)

PIECE_WIDTH = 32
SPELLINGS = 2
"""Letters that the auxiliary CTC may spell in a frame of 40 ms: 50 a second, so that fast speech fits."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the network says about `T` slices; logits everywhere."""

    action: Tensor
    """`[B, T, 9]`, in the order of `Action`"""
    user: Tensor
    """`[B, T, 9]`, in the order of `UserState`"""
    hazard: Tensor
    """`[B, T, 5]`: when the user's turn ends, see `HAZARD_EDGES_S`"""
    futures: Tensor
    """`[B, T, 256]`: voice-activity projection, see `FUTURES`"""
    voice: Tensor
    """`[B, T, 4, 2]`: voice of user and partner in each 20 ms"""
    letters: Tensor | None
    """`[B, T·4, 28 + 1]`: auxiliary CTC, 50 a second; only in training"""


class SoundEmbedding(nn.Module):
    """Levels of one sound to frames of 40 ms.

    Levels are given as a thermometer (one number for every border passed): it can express one vector per level, and
    neighbouring levels share what they learn.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.column = nn.Linear(BANDS * (LEVELS - 1), width // 2, bias=False)
        self.frame = nn.Linear(COLUMNS // FRAMES * (width // 2), width, bias=False)

    def forward(self, levels: Tensor) -> Tensor:
        """`[B, T, 8, 64]` uint8 to `[B, T, 2, D]`."""
        steps = torch.arange(1, LEVELS, dtype=torch.uint8, device=levels.device)
        passed = (levels[..., None] >= steps).flatten(-2).float()
        columns = self.column(passed)  # [B, T, 8, D/2]
        frames: Tensor = self.frame(columns.unflatten(2, (FRAMES, -1)).flatten(-2))
        return frames


class SliceEmbedding(nn.Module):
    """The five tokens of a slice: two of sound, the desk, the talk, the interaction token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.microphone = SoundEmbedding(width)
        self.playback = SoundEmbedding(width)
        self.desk = nn.Linear(borders_count(EDITOR_BORDERS, CLOCK_BORDERS), width, bias=False)
        self.talk = nn.Linear(borders_count(AGENDA_BORDERS, WORD_COUNT_BORDERS), width, bias=False)
        self.pieces = nn.Embedding(PIECE_BUCKETS, PIECE_WIDTH, padding_idx=0)
        self.words = nn.Linear(WORDS * PIECE_WIDTH, width, bias=False)
        self.interaction = nn.Parameter(torch.zeros(len(INTERACTION_TOKENS), width))
        self.kind = nn.Parameter(torch.zeros(TOKENS, width))
        self.norm = RMSNorm(width)

    def forward(self, inputs: Inputs) -> Tensor:
        """`[B, T, K, D]`."""
        sound = self.microphone(inputs.microphone) + self.playback(inputs.playback)  # [B, T, 2, D]
        words = self.words(self.pieces(inputs.pieces.int()).sum(dim=-2).flatten(-2))  # [B, T, D]
        desk, talk, events = inputs.desk.float(), inputs.talk.float(), inputs.events.float()
        rest = [self.desk(desk), self.talk(talk) + words, events @ self.interaction]
        tokens: Tensor = self.norm(torch.cat([sound, torch.stack(rest, dim=2)], dim=2) + self.kind)
        return tokens


class FloorNetwork(nn.Module):
    """Who has the floor. `forward` takes whole sessions; `streaming.step` takes the next slices of one."""

    def __init__(self, config: ModelConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.embedding = SliceEmbedding(width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = RMSNorm(width)
        self.decision_bias = nn.Parameter(torch.zeros(FIRST_FORCED))
        self.hazard = nn.Linear(width, HAZARDS)
        self.futures = nn.Linear(width, FUTURES)
        self.voice = nn.Linear(width, VOICES // FRAMES * 2)
        self.letters = nn.Linear(width, SPELLINGS * (len(LETTERS) + 1))
        init_weights(self, seed)

    def forward(self, inputs: Inputs) -> Outputs:
        """Whole sessions from their first slice on; letters only in training."""
        device = inputs.events.device
        reach = {
            window: reach_of_whole(len(inputs), window, self.config, device) for window in set(self.config.windows)
        }
        return self.over(inputs, reach)

    def over(self, inputs: Inputs, reach: Mapping[int, Reach], caches: Sequence[LayerCache] | None = None) -> Outputs:
        """One forward within the reach of each window; with caches, over the next slices of a stream."""
        x = self.embedding(inputs)  # [B, T, K, D]
        batch, slices = x.shape[:2]
        x = x.flatten(1, 2)  # [B, L, D]
        for index, (block, window) in enumerate(zip(self.blocks, self.config.windows, strict=True)):
            x = block(x, reach[window], None if caches is None else caches[index])
        return self._decide(self.norm(x).view(batch, slices, TOKENS, -1))

    def _decide(self, x: Tensor) -> Outputs:
        """Reads the decisions: those about sound from the sound tokens, the rest from the interaction token."""
        batch, slices = x.shape[:2]
        sound, last = x[:, :, :FRAMES], x[:, :, -1]  # [B, T, 2, D], [B, T, D]
        decision = last @ self.embedding.interaction[:FIRST_FORCED].T + self.decision_bias
        letters = self.letters(sound).view(batch, slices * FRAMES * SPELLINGS, -1) if self.training else None
        return Outputs(
            action=decision[..., :FIRST_USER],
            user=decision[..., FIRST_USER:],
            hazard=self.hazard(last),
            futures=self.futures(last),
            voice=self.voice(sound).view(batch, slices, VOICES, 2),
            letters=letters,
        )


@torch.no_grad()
def init_weights(network: FloorNetwork, seed: int) -> None:
    """Draws every weight from the seed.

    | tensor | value |
    |---|---|
    | matrices | normal, 1 / √inputs |
    | matrices that write to the residual stream (`out`, `down`) | the same, divided by √(2 · depth) |
    | interaction tokens, kinds, sinks, sub-words | normal, 0.02 · the row of padding is zero |
    | scales of norms | one |
    | biases | zero |
    """
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in network.named_parameters():
        owner = name.rsplit(".", 2)[-2] if "." in name else name
        if name.endswith("scale"):
            parameter.fill_(1.0)
        elif name.endswith("bias"):
            parameter.zero_()
        elif owner == "embedding" or "sink" in name or owner == "pieces":
            parameter.copy_(0.02 * torch.randn(parameter.shape, generator=generator))
        else:
            std = 1 / math.sqrt(parameter.shape[1])
            if owner in ("out", "down"):
                std /= math.sqrt(2 * network.config.depth)
            parameter.copy_(std * torch.randn(parameter.shape, generator=generator))
    network.embedding.pieces.weight[0] = 0
