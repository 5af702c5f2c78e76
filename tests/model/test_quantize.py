"""Weights on disk and in integers: what is written comes back, and damage is told."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from duologue_model.config import ModelConfig
from duologue_model.network import FloorNetwork
from duologue_model.quantize import BadWeights, can_int8, load, quantized, save
from duologue_model.streaming import hear, start
from support.perceived import some_slices

TINY = ModelConfig(depth=2, ring_slices=12, slices_per_step=4, dropout=0.2)


@pytest.fixture(scope="module")
def network() -> FloorNetwork:
    return FloorNetwork(TINY, seed=5).eval()


def check(network: FloorNetwork) -> torch.Tensor:
    """The actions' logits over a stream, `[T, 9]`."""
    state, actions = start(network), []
    for heard in some_slices(30):
        state, outputs = hear(network, state, [heard])
        actions.append(outputs.action[0, 0])
    return torch.stack(actions)


def test_a_file_opened_as_floats_is_near_and_as_integers_the_same_as_quantized_in_memory(
    network: FloorNetwork, tmp_path: Path
) -> None:
    path = tmp_path / "floor.safetensors"
    sha256 = save(network, path)
    floats, integers = load(path, sha256, int8=False), load(path, sha256)
    assert floats.config == integers.config == TINY
    exact = check(network)
    assert (check(floats) - exact).abs().max() < 0.05 * exact.abs().max()
    assert can_int8()
    assert torch.equal(check(integers), check(quantized(network)))


def test_integers_decide_nearly_as_floats(network: FloorNetwork) -> None:
    exact, small = check(network), check(quantized(network))
    assert (small - exact).abs().mean() < 0.05 * exact.abs().mean()


def test_a_file_holds_small_integers(network: FloorNetwork, tmp_path: Path) -> None:
    path = tmp_path / "floor.safetensors"
    save(network, path)
    held = load_file(path)
    assert held["blocks.0.feed_forward.down.weight"].dtype == torch.int8
    assert held["blocks.0.feed_forward.down.weight.scale"].shape == (TINY.width,)
    assert held["hazard.weight"].dtype == torch.float32


def test_another_file_than_expected_is_refused(network: FloorNetwork, tmp_path: Path) -> None:
    save(network, tmp_path / "floor.safetensors")
    with pytest.raises(BadWeights, match="not the file that was expected"):
        load(tmp_path / "floor.safetensors", sha256="0" * 64)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "floor.safetensors").write_bytes(b"no weights at all")
    with pytest.raises(BadWeights, match="cannot be read"):
        load(tmp_path / "floor.safetensors")


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(1)}, tmp_path / "floor.safetensors", metadata={"duologue": '{"format": "other"}'})
    with pytest.raises(BadWeights, match="not of the format"):
        load(tmp_path / "floor.safetensors")
