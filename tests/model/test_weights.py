"""Weights to disk and back, and the network behind the engine's door."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from duologue_model.config import ModelConfig
from duologue_model.network import FloorNetwork
from duologue_model.network_engine import NetworkEngine
from duologue_model.slices import SLICE_SAMPLES, Slice
from duologue_model.streaming import hear, start
from duologue_model.vocabulary import Action, UserState
from duologue_model.weights_file import BadWeights, from_8_bits, load, save, to_8_bits

TINY = ModelConfig(depth=2, ring_slices=10)


@pytest.fixture(scope="module")
def network() -> FloorNetwork:
    return FloorNetwork(TINY, seed=3).eval()


def slices(count: int) -> list[Slice]:
    chance = np.random.default_rng(1)
    quiet = np.zeros(SLICE_SAMPLES, np.float32)
    noise = [chance.normal(0, 0.1, SLICE_SAMPLES).astype(np.float32) for _ in range(count)]
    return [Slice(samples, quiet) for samples in noise]


def test_in_32_bits_nothing_is_lost(tmp_path: Path, network: FloorNetwork) -> None:
    save(network, tmp_path / "w.safetensors", in_8_bits=False)
    loaded = load(tmp_path / "w.safetensors")
    assert loaded.config == TINY
    for name, weight in network.state_dict().items():
        assert torch.equal(weight, loaded.state_dict()[name]), name


def test_in_8_bits_the_file_is_small_and_the_error_of_each_row_bounded(tmp_path: Path, network: FloorNetwork) -> None:
    save(network, tmp_path / "w32.safetensors", in_8_bits=False)
    save(network, tmp_path / "w8.safetensors", in_8_bits=True)
    assert (tmp_path / "w8.safetensors").stat().st_size < 0.3 * (tmp_path / "w32.safetensors").stat().st_size
    loaded = load(tmp_path / "w8.safetensors").state_dict()
    for name, weight in network.state_dict().items():
        if weight.ndim == 2:
            step = weight.abs().amax(dim=1, keepdim=True) / 127
            assert bool(((weight - loaded[name]).abs() <= 0.51 * step).all()), name


def test_rounding_is_to_the_nearest() -> None:
    matrix = torch.tensor([[1.27, -0.014, 0.006], [0.0, 0.0, 0.0]])
    stored, scale = to_8_bits(matrix)
    assert stored.tolist() == [[127, -1, 1], [0, 0, 0]]
    assert torch.allclose(from_8_bits(stored, scale), torch.tensor([[1.27, -0.01, 0.01], [0.0, 0.0, 0.0]]))


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"", "no safetensors file"), (b"\x80\x04pickle", "no safetensors file"), (None, "No such file")],
)
def test_a_file_that_holds_no_weights_is_named(tmp_path: Path, content: bytes | None, expected: str) -> None:
    if content is not None:
        (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(BadWeights, match=expected):
        load(tmp_path / "w.safetensors")


def test_another_hash_is_refused(tmp_path: Path, network: FloorNetwork) -> None:
    save(network, tmp_path / "w.safetensors", in_8_bits=True)
    with pytest.raises(BadWeights, match="its hash is"):
        load(tmp_path / "w.safetensors", sha256="0" * 64)


def test_the_engine_decides_as_the_network_says(network: FloorNetwork) -> None:
    engine = NetworkEngine(network, "test")
    state, plain = engine.start(), start(network)
    for heard in slices(25):
        state, decision = engine.step(state, heard)
        plain, outputs = hear(network, plain, [heard])
        assert decision.action is list(Action)[int(outputs.action.argmax())]
        assert decision.user is list(UserState)[int(outputs.user.argmax())]
        likely = {name: p for name, p in decision.p.items() if name in Action.__members__}
        assert max(likely, key=lambda name: likely[name]) == decision.action


def test_a_closed_microphone_holds_no_speech(network: FloorNetwork) -> None:
    engine = NetworkEngine(network, "test")
    _, decision = engine.step(engine.start(), replace(slices(1)[0], microphone_open=False))
    assert not decision.speech
