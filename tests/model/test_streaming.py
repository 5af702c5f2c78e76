"""The network as a stream: equal to the whole however it is cut; nothing unwritten is read; memory does not grow."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from duologue_model import layers
from duologue_model.config import ModelConfig
from duologue_model.features import AudioState
from duologue_model.network import FloorNetwork, Outputs
from duologue_model.slices import Slice
from duologue_model.streaming import NetworkState, hear, start, step
from duologue_model.streams import Streams, encode
from duologue_model.vocabulary import ForcedToken
from support.perceived import some_slices

TINY = ModelConfig(depth=4, ring_slices=12, near_slices=5)
SLICES = 70
"""Far beyond both rings, and beyond what four layers reach together: 34 slices."""
HEADS = [field.name for field in fields(Outputs) if field.name != "letters"]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As in the product: on a busy machine two threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def network() -> FloorNetwork:
    return FloorNetwork(TINY, seed=2).eval()


def check(network: FloorNetwork, slices: Sequence[Slice], per_step: Sequence[int]) -> dict[str, torch.Tensor]:
    """All outputs of a stream that takes as many slices at a time as `per_step` says, over and over."""
    said: list[Outputs] = []
    state, taken = start(network), 0
    while taken < len(slices):
        count = per_step[len(said) % len(per_step)]
        state, outputs = hear(network, state, slices[taken : taken + count])
        said.append(outputs)
        taken += count
    assert state.position == len(slices)
    return {head: torch.cat([getattr(outputs, head) for outputs in said], dim=1) for head in HEADS}


@torch.no_grad()
def whole(network: FloorNetwork, slices: Sequence[Slice]) -> dict[str, torch.Tensor]:
    outputs = network(encode(Streams.of_slices(slices), AudioState.silent())[1])
    return {head: getattr(outputs, head) for head in HEADS}


@pytest.mark.parametrize("per_step", [(1,), (2,), (8,), (1, 8, 3, 1, 5)], ids=str)
def test_a_stream_equals_the_whole(network: FloorNetwork, per_step: tuple[int, ...]) -> None:
    slices = some_slices(SLICES)
    streamed, at_once = check(network, slices, per_step), whole(network, slices)
    for head in HEADS:
        torch.testing.assert_close(streamed[head], at_once[head], atol=1e-4, rtol=0, msg=head)


def test_the_future_cannot_be_seen(network: FloorNetwork) -> None:
    slices, other = some_slices(SLICES), some_slices(SLICES, seed=9)
    before, after = whole(network, slices), whole(network, [*slices[:30], *other[30:]])
    for head in HEADS:
        assert torch.equal(before[head][:, :30], after[head][:, :30]), head
        assert not torch.equal(before[head][:, 30], after[head][:, 30]), head


def test_what_lies_beyond_the_reach_of_all_layers_is_forgotten(network: FloorNetwork) -> None:
    slices, other = some_slices(SLICES), some_slices(SLICES, seed=9)
    reach = sum(TINY.windows) + 1  # and one slice, whose samples the first column still needs
    streamed, changed = (
        check(network, s, (1,)) for s in (slices, [*other[: SLICES - reach - 1], *slices[SLICES - reach - 1 :]])
    )
    torch.testing.assert_close(streamed["action"][:, -1], changed["action"][:, -1], atol=1e-5, rtol=0)
    assert not torch.allclose(streamed["action"][:, -reach], changed["action"][:, -reach], atol=1e-5)


def test_a_forced_token_is_heard_and_remembered(network: FloorNetwork) -> None:
    slices = [replace(heard, forced=()) for heard in some_slices(20)]
    forced = [*slices[:5], replace(slices[5], forced=(ForcedToken.YIELDED_TO_KEY,)), *slices[6:]]
    before, after = check(network, slices, (1,)), check(network, forced, (1,))
    difference = (before["action"] - after["action"]).abs().amax(dim=(0, 2))
    assert difference[:5].max() == 0
    assert difference[5:].min() > 1e-6


def test_unwritten_places_are_nan_and_never_reach_an_output(network: FloorNetwork) -> None:
    state = start(network)
    assert all(bool(layer.keys[:, :, TINY.sinks :].isnan().all()) for layer in state.layers)
    for heard in some_slices(3):
        state, outputs = hear(network, state, [heard])
        assert all(bool(getattr(outputs, head).isfinite().all()) for head in HEADS)
    assert all(bool(layer.values[:, :, -1].isnan().all()) for layer in state.layers), "the ring is not full yet"


def test_a_mask_that_reads_unwritten_places_would_be_heard_of(
    network: FloorNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "written_slots", lambda position, slots: min(position + 1, slots))
    _, outputs = hear(network, start(network), some_slices(2))
    assert bool(outputs.action.isnan().any())


def test_a_saved_state_goes_on_as_if_nothing_had_been(network: FloorNetwork, tmp_path: Path) -> None:
    slices = some_slices(40)
    straight = check(network, slices, (1,))["action"]
    state = start(network)
    for heard in slices[:25]:
        state, _ = hear(network, state, [heard])
    torch.save(state.to_tensors(), tmp_path / "state.pt")
    restored = NetworkState.from_tensors(torch.load(tmp_path / "state.pt", weights_only=True))
    for index, heard in enumerate(slices[25:], start=25):
        restored, outputs = hear(network, restored, [heard])
        assert torch.equal(outputs.action[:, 0], straight[:, index])


def test_a_clone_lives_its_own_life(network: FloorNetwork) -> None:
    state, _ = hear(network, start(network), some_slices(5))
    clone = state.clone()
    _, expected = hear(network, state.clone(), some_slices(1, seed=3))
    hear(network, clone, some_slices(4, seed=7))
    _, outputs = hear(network, state, some_slices(1, seed=3))
    assert torch.equal(outputs.action, expected.action)


def test_memory_is_the_same_after_ten_thousand_slices() -> None:
    network = FloorNetwork(ModelConfig(depth=2, ring_slices=6)).eval()
    _, inputs = encode(Streams.of_slices(some_slices(8)), AudioState.silent())
    state = start(network)

    def elements(of: NetworkState) -> int:
        return sum(tensor.untyped_storage().size() for tensor in of.to_tensors().values())

    before, pointers = elements(state), [layer.keys.data_ptr() for layer in state.layers]
    for _ in range(10_000 // len(inputs)):
        state, outputs = step(network, state, inputs)
    assert state.position == 10_000
    assert elements(state) == before
    assert [layer.keys.data_ptr() for layer in state.layers] == pointers
    assert bool(outputs.action.isfinite().all())


def test_the_same_minute_is_decided_alike_after_eight_hours(network: FloorNetwork) -> None:
    slices = some_slices(SLICES)
    early = check(network, slices, (1,))["action"]
    state = replace(start(network).clone(), position=360_000)
    # A full ring of what nobody will see any more stands for the eight hours before.
    for layer in state.layers:
        layer.keys.nan_to_num_(0.5)
        layer.values.nan_to_num_(0.5)
    late = []
    for heard in slices:
        state, outputs = hear(network, state, [heard])
        late.append(outputs.action)
    np.testing.assert_allclose(late[-1][0, 0], early[0, -1], atol=1e-4)
