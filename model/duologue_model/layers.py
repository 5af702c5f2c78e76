"""The layers of the floor network, each usable over a whole session or over the next few slices of a stream.

Attention is block-causal: the tokens of a slice see each other, all slices of a window before, and a few learned sinks.
Shapes as in `config.py`.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  the field's name for it
from torch import Tensor, nn

from duologue_model.config import TOKENS, ModelConfig

ROTARY_BASE = 500.0
"""The slowest rotation takes about 1,800 slices, five times the ring."""


@dataclass(frozen=True, slots=True)
class LayerCache:
    """Keys and values of one layer: the sinks, then a ring of slices. What was never written is NaN."""

    keys: Tensor
    """`[B, G, sinks + slots·K, 64]` float32, already rotated"""
    values: Tensor
    """`[B, G, sinks + slots·K, 64]` float32"""


BLOCK_SLICES = 50
"""A whole session is attended to in blocks of so many slices: what a block cannot see is not computed."""


@dataclass(frozen=True, slots=True)
class QueryBlock:
    """Some successive tokens of a whole session, and the tokens that any of them sees."""

    first: int
    last: int
    from_key: int
    to_key: int
    mask: Tensor
    """`[last - first, sinks + to_key - from_key]` float32 to be added."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the tokens of one forward stand, and what they may see; the same for all layers of a window."""

    rotation: tuple[Tensor, Tensor]
    """Cosine and sine, `[L, 16]` each."""
    mask: Tensor | None = None
    """Streaming: `[H/G·L or 1, N]` float32 to be added; None when everything may be seen."""
    blocks: tuple[QueryBlock, ...] = ()
    """Whole sessions: all tokens, in order."""
    places: Tensor | None = None
    """Streaming: `[L]` int64, where in the cache the tokens go."""
    readable: int = 0
    """Streaming: how many places of the cache, from its beginning, have been written after this forward."""


def rotation(positions: Tensor, head_width: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angles of each position, `[L, head_width / 4]`: only half of each head is rotated.

    In double precision: after eight hours a position is 360,000, and single precision would be off by a hundredth.
    """
    steps = torch.arange(head_width // 4, dtype=torch.float64, device=positions.device) / (head_width // 4)
    angles = positions.double()[:, None] * ROTARY_BASE**-steps
    return angles.cos().float(), angles.sin().float()


def rotate(x: Tensor, by: tuple[Tensor, Tensor]) -> Tensor:
    """Rotates the first half of the last dimension of `[B, H, L, 64]` by its position."""
    cos, sin = by
    a, b, rest = x.tensor_split((cos.shape[-1], 2 * cos.shape[-1]), dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos, rest], dim=-1)


class RMSNorm(nn.Module):
    """Root-mean-square normalisation with a learned scale."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.scale.shape, self.scale, eps=1e-6)


class SwiGLU(nn.Module):
    """Gated feed-forward layer."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate_and_up = nn.Linear(width, 2 * hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_and_up(x).chunk(2, dim=-1)
        down: Tensor = self.down(F.silu(gate) * up)
        return down


class Attention(nn.Module):
    """Block-causal attention over a window and learned sinks; heads share keys and values.

    A sink has nothing in the rotated half of its key, so that it is as near after eight hours as at the start.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.key_heads, self.head_width = config.heads, config.key_heads, config.head_width
        self.queries_keys_values = nn.Linear(
            config.width, (self.heads + 2 * self.key_heads) * self.head_width, bias=False
        )
        self.out = nn.Linear(config.width, config.width, bias=False)
        self.sink_keys = nn.Parameter(torch.zeros(self.key_heads, config.sinks, self.head_width // 2))
        self.sink_values = nn.Parameter(torch.zeros(self.key_heads, config.sinks, self.head_width))

    def sinks(self, batch: int) -> tuple[Tensor, Tensor]:
        """Keys and values of the sinks, `[B, G, sinks, 64]` each."""
        keys = F.pad(self.sink_keys, (self.head_width // 2, 0))
        return keys.expand(batch, -1, -1, -1), self.sink_values.expand(batch, -1, -1, -1)

    def forward(self, x: Tensor, reach: Reach, cache: LayerCache | None) -> Tensor:
        """`[B, L, D]` to `[B, L, D]`; a cache is written to in place, and then read."""
        batch, length, _ = x.shape
        heads = self.queries_keys_values(x).view(batch, length, -1, self.head_width).transpose(1, 2)
        turning, values = heads.split([self.heads + self.key_heads, self.key_heads], dim=1)
        turning = rotate(F.rms_norm(turning, (self.head_width,)), reach.rotation)
        queries, keys = turning[:, : self.heads], turning[:, self.heads :]  # [B, H or G, L, 64]
        if cache is None:
            seen = self._attend_whole(queries, keys, values, reach.blocks)
        else:
            assert reach.places is not None
            cache.keys.index_copy_(2, reach.places, keys)
            cache.values.index_copy_(2, reach.places, values)
            # Unwritten places are left out here and not by the mask: NaN times nothing is still NaN.
            seen = self._attend(
                queries, cache.keys[:, :, : reach.readable], cache.values[:, :, : reach.readable], reach
            )
        out: Tensor = self.out(seen.transpose(1, 2).reshape(batch, length, -1))
        return out

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor, reach: Reach) -> Tensor:
        """`[B, H, L, 64]`. Few queries over a long cache: all heads in one product of matrices take half the time."""
        folded = queries.reshape(queries.shape[0], self.key_heads, -1, self.head_width)  # [B, G, H/G·L, 64]
        return F.scaled_dot_product_attention(folded, keys, values, attn_mask=reach.mask).view_as(queries)

    def _attend_whole(self, queries: Tensor, keys: Tensor, values: Tensor, blocks: tuple[QueryBlock, ...]) -> Tensor:
        """`[B, H, L, 64]`, block by block. Plain products: a third of the time of the fused kernel on a CPU."""
        batch, heads, _, width = queries.shape
        sink_keys, sink_values = (sinks.to(keys.dtype) for sinks in self.sinks(batch))
        seen = []
        for block in blocks:
            cut = slice(block.from_key, block.to_key)
            near_keys = torch.cat([sink_keys, keys[:, :, cut]], dim=2)
            near_values = torch.cat([sink_values, values[:, :, cut]], dim=2)
            asked = queries[:, :, block.first : block.last]
            folded = asked.reshape(batch, self.key_heads, -1, width)  # [B, G, H/G·block, 64]
            scores = (folded @ near_keys.transpose(-1, -2)).view(batch, heads, block.last - block.first, -1)
            weights = torch.softmax(scores * width**-0.5 + block.mask.to(scores.dtype), dim=-1)
            weights = weights.to(near_values.dtype).view(batch, self.key_heads, folded.shape[2], -1)
            seen.append((weights @ near_values).view_as(asked))
        return torch.cat(seen, dim=2)


class Block(nn.Module):
    """One layer: attention and a feed-forward layer, each normalised before and added after."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.width)
        self.attention = Attention(config)
        self.forward_norm = RMSNorm(config.width)
        self.feed_forward = SwiGLU(config.width, config.hidden)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, reach: Reach, cache: LayerCache | None = None) -> Tensor:
        """`[B, L, D]` to `[B, L, D]`."""
        x = x + self.dropout(self.attention(self.attention_norm(x), reach, cache))
        out: Tensor = x + self.dropout(self.feed_forward(self.forward_norm(x)))
        return out


def reach_of_whole(slices: int, window: int, config: ModelConfig, device: torch.device) -> Reach:
    """The reach of a whole session from its first slice: the same window and sinks as in a stream."""
    number = torch.arange(slices, device=device)
    blocks = []
    for first in range(0, slices, BLOCK_SLICES):
        last, from_slice = min(first + BLOCK_SLICES, slices), max(0, first - window)
        visible = _visible(number[first:last], number[from_slice:last], window)
        visible = F.pad(
            visible.repeat_interleave(TOKENS, 0).repeat_interleave(TOKENS, 1), (config.sinks, 0), value=True
        )
        mask = torch.zeros(visible.shape, device=device).masked_fill_(~visible, -torch.inf)
        blocks.append(QueryBlock(first * TOKENS, last * TOKENS, from_slice * TOKENS, last * TOKENS, mask))
    return Reach(rotation(number.repeat_interleave(TOKENS), config.head_width), blocks=tuple(blocks))


def rotation_of_step(position: int, slices: int, config: ModelConfig, device: torch.device) -> tuple[Tensor, Tensor]:
    """See `Reach.rotation`: the same for all windows."""
    number = torch.arange(position, position + slices, device=device)
    cos, sin = rotation(number, config.head_width)
    return cos.repeat_interleave(TOKENS, 0), sin.repeat_interleave(TOKENS, 0)


def reach_of_step(
    position: int,
    slices: int,
    window: int,
    config: ModelConfig,
    turning: tuple[Tensor, Tensor],
    begun: Tensor | None = None,
) -> Reach:
    """The reach of the next `slices` slices of a stream that has had `position` slices, on the device of `turning`.

    `begun` `[B]`: where the session of each row began, if not all at 0; it sees nothing of the one before it.
    """
    if not 0 < slices <= config.slices_per_step:
        raise ValueError(f"A step takes 1 to {config.slices_per_step} slices, not {slices}: cut the stream into steps.")
    end, device = position + slices, turning[0].device
    slots = config.slots(window)
    written = written_slots(end, slots)
    places = torch.tensor(
        [config.sinks + number % slots * TOKENS + token for number in range(position, end) for token in range(TOKENS)],
        device=device,
    )
    mask = None
    if slices == 1 and begun is None and written == slots:
        # Nearly every step of a day: all of the ring but the slots that only a longer step would read.
        mask = torch.zeros(1, config.sinks + slots * TOKENS, device=device)
        for stale in range(end, end + slots - window - 1):
            first = config.sinks + stale % slots * TOKENS
            mask[:, first : first + TOKENS] = -torch.inf
    elif slices > 1 or end > window + 1 or begun is not None:
        number = torch.arange(position, end, device=device)
        slot = torch.arange(written, device=device)
        held = end - 1 - (end - 1 - slot) % slots
        visible = _visible(number, held, window).repeat_interleave(TOKENS, 1)
        if slices > 1:
            visible = visible.repeat_interleave(TOKENS, 0).repeat(config.heads // config.key_heads, 1)
        if begun is not None:
            visible = visible & (held >= begun[:, None]).repeat_interleave(TOKENS, 1)[:, None, None]
        visible = F.pad(visible, (config.sinks, 0), value=True)
        mask = torch.zeros(visible.shape, device=device).masked_fill_(~visible, -torch.inf)
    return Reach(turning, mask, places=places, readable=config.sinks + written * TOKENS)


def written_slots(position: int, slots: int) -> int:
    """Slots of the ring that hold a slice once `position` slices have been written; always the first ones."""
    return min(position, slots)


def _visible(query: Tensor, key: Tensor, window: int) -> Tensor:
    """`[queries, keys]`: whether a slice may be seen from another, both given by number."""
    behind = query[:, None] - key
    return (behind >= 0) & (behind <= window)
