"""One attention layer: what it may see, and that positions do not wear out."""

import pytest
import torch

from duologue_model.config import TOKENS, ModelConfig
from duologue_model.layers import (
    Attention,
    LayerCache,
    Reach,
    reach_of_step,
    reach_of_whole,
    rotate,
    rotation,
    rotation_of_step,
    written_slots,
)

CPU = torch.device("cpu")
TINY = ModelConfig(depth=2, slices_per_step=8, dropout=0.0)
WINDOW = 5
SLICES = 40


@pytest.fixture
def attention() -> Attention:
    torch.manual_seed(0)
    layer = Attention(TINY)
    torch.nn.init.normal_(layer.sink_keys)
    torch.nn.init.normal_(layer.sink_values)
    return layer


def tokens(seed: int = 0) -> torch.Tensor:
    return torch.randn(1, SLICES * TOKENS, TINY.width, generator=torch.Generator().manual_seed(seed))


def empty_cache(attention: Attention) -> LayerCache:
    keys, values = attention.sinks(1)
    unwritten = keys.new_full((1, TINY.key_heads, TINY.slots(WINDOW) * TOKENS, TINY.head_width), torch.nan)
    return LayerCache(torch.cat([keys, unwritten], dim=2), torch.cat([values, unwritten], dim=2))


def reach(position: int, count: int) -> Reach:
    return reach_of_step(position, count, WINDOW, TINY, rotation_of_step(position, count, TINY, CPU))


@torch.no_grad()
def check(attention: Attention, x: torch.Tensor, slices_per_step: int) -> torch.Tensor:
    """The layer's output over a stream."""
    cache, position, seen = empty_cache(attention), 0, []
    for piece in torch.split(x, slices_per_step * TOKENS, dim=1):
        count = piece.shape[1] // TOKENS
        seen.append(attention(piece, reach(position, count), cache))
        position += count
    return torch.cat(seen, dim=1)


@torch.no_grad()
def whole(attention: Attention, x: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = attention(x, reach_of_whole(x.shape[1] // TOKENS, WINDOW, TINY, CPU), None)
    return result


@pytest.mark.parametrize("slices_per_step", [1, 2, 3, 8])
def test_a_stream_equals_the_whole_also_when_the_ring_has_gone_round(
    attention: Attention, slices_per_step: int
) -> None:
    torch.testing.assert_close(
        check(attention, tokens(), slices_per_step), whole(attention, tokens()), atol=1e-5, rtol=0
    )


def test_a_slice_sees_itself_whole_the_window_before_and_nothing_else(attention: Attention) -> None:
    before = whole(attention, tokens())
    x = tokens()
    x[:, 20 * TOKENS + TOKENS - 1] += 1.0  # the last token of slice 20
    changed = (whole(attention, x) - before).abs().amax(dim=(0, 2)).view(SLICES, TOKENS) > 1e-6
    assert changed.any(dim=1).nonzero().flatten().tolist() == [20, 21, 22, 23, 24, 25]
    assert changed[20].all(), "all tokens of the slice see its last one"


def test_the_sinks_are_seen_by_everybody(attention: Attention) -> None:
    before = whole(attention, tokens())
    with torch.no_grad():
        attention.sink_values.add_(1.0)
    assert bool(((whole(attention, tokens()) - before).abs().amax(dim=(0, 2)) > 1e-6).all())


def test_a_step_longer_than_the_ring_allows_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 8 slices, not 9"):
        reach(0, 9)


def test_written_slots_are_the_first_ones() -> None:
    assert [written_slots(position, 13) for position in (0, 1, 13, 14, 1000)] == [0, 1, 13, 13, 13]


def test_after_a_month_a_second_is_still_a_second() -> None:
    x = torch.randn(1, 1, 2, 64, generator=torch.Generator().manual_seed(0))
    early, late = torch.tensor([3, 15]), torch.tensor([3, 15]) + 30_000_000

    def nearness(positions: torch.Tensor) -> torch.Tensor:
        query, key = rotate(x, rotation(positions, 64)).unbind(dim=2)
        return (query * key).sum()

    torch.testing.assert_close(nearness(late), nearness(early), atol=1e-4, rtol=0)
