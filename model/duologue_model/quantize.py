"""Weights on disk, and the network in 8-bit integers for the CPU.

A weights file is safetensors: the config and the format's name in its metadata; a quantized matrix as int8 with one
float scale for every output (`NAME.weight` and `NAME.weight.scale`), all else as float32. It holds numbers only and can
run nothing. The same file opens as int8, or is multiplied out to floats where the machine has no integer kernels.
"""

import copy
import hashlib
import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from duologue_model.config import ModelConfig
from duologue_model.network import FloorNetwork

FORMAT = "duologue-floor-1"
ABOUT = "duologue"
"""Name of the one entry of the metadata: format and config, as JSON."""
MATRIX = ".weight"
SCALE = ".weight.scale"
QUANTIZED_PARTS = ("embedding.microphone", "embedding.playback", "blocks")
"""Where nearly all weights are. Heads and small embeddings stay floats: they cost nothing and err the most."""


class BadWeights(Exception):
    """A weights file that is not ours, is damaged, or is not the one that was expected."""


class Int8Linear(nn.Module):
    """A matrix of int8 without bias; inputs are quantized as they come, over the whole forward."""

    def __init__(self, weight: Tensor, scale: Tensor) -> None:
        """`weight` `[outputs, inputs]` int8, `scale` `[outputs]` float32."""
        super().__init__()
        zeros = torch.zeros(len(scale), dtype=torch.int64)
        with warnings.catch_warnings():
            # To be removed from a later torch, which is why the file does not depend on it and floats remain.
            warnings.simplefilter("ignore", UserWarning)
            matrix = torch._make_per_channel_quantized_tensor(weight, scale.double(), zeros, 0)
            self._packed = torch.ops.quantized.linear_prepack(matrix, None)

    def forward(self, x: Tensor) -> Tensor:
        # With the full range the kernels of CPUs without VNNI overflow.
        product: Tensor = torch.ops.quantized.linear_dynamic(x, self._packed, reduce_range=True)
        return product


def can_int8() -> bool:
    """Whether this machine and this torch have integer kernels."""
    try:
        Int8Linear(torch.ones(1, 1, dtype=torch.int8), torch.ones(1))(torch.ones(1, 1))
    except (RuntimeError, AttributeError):
        return False
    return True


def quantized(network: FloorNetwork) -> FloorNetwork:
    """A copy with matrices of int8: for inference on the CPU, slices of one session."""
    small = copy.deepcopy(network).eval()
    for name, layer in list(_matrices(small)):
        small.set_submodule(name, Int8Linear(*_to_int8(layer.weight.detach())))
    return small


def save(network: FloorNetwork, path: Path) -> str:
    """Writes the weights of a float network, its matrices as int8. Returns the SHA-256 of the file."""
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in network.state_dict().items()}
    for name, _ in _matrices(network):
        tensors[name + MATRIX], tensors[name + SCALE] = _to_int8(tensors[name + MATRIX])
    # One entry: safetensors writes several in any order, and the same weights would not have the same hash.
    about = json.dumps({"format": FORMAT, **asdict(network.config)}, sort_keys=True)
    save_file(tensors, path, metadata={ABOUT: about})
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load(path: Path, sha256: str | None = None, int8: bool = True) -> FloorNetwork:
    """The network of a weights file, ready to listen; with floats if asked, or where integers cannot be had.

    Raises BadWeights when the file's hash is not `sha256`, or its format is unknown.
    """
    if sha256 is not None and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise BadWeights(f"{path.name} is not the file that was expected. Install the package again, or train anew.")
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get(ABOUT, "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no mapping
    except Exception as error:  # safetensors raises its own, and others for short files
        raise BadWeights(f"{path.name} cannot be read as weights ({error}). Install the package again.") from error
    if about.pop("format", None) != FORMAT:
        raise BadWeights(f"{path.name} is not of the format {FORMAT!r}: update Duologue.")
    return _assemble(ModelConfig(**about), tensors, int8 and can_int8())


def _assemble(config: ModelConfig, tensors: dict[str, Tensor], int8: bool) -> FloorNetwork:
    matrices = {name.removesuffix(SCALE): scale for name, scale in tensors.items() if name.endswith(SCALE)}
    floats = {name: tensor for name, tensor in tensors.items() if not name.endswith(SCALE)}
    for name, scale in matrices.items():
        floats[name + MATRIX] = tensors[name + MATRIX].float() * scale[:, None]
    network = FloorNetwork(config)
    network.load_state_dict(floats)
    if int8:
        for name, scale in matrices.items():
            network.set_submodule(name, Int8Linear(tensors[name + MATRIX], scale))
    return network.eval()


def _matrices(network: FloorNetwork) -> Iterator[tuple[str, nn.Linear]]:
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Linear) and name.startswith(QUANTIZED_PARTS):
            assert layer.bias is None, name
            yield name, layer


def _to_int8(weight: Tensor) -> tuple[Tensor, Tensor]:
    """`[outputs, inputs]` float32 as int8 and one scale for each output; symmetric, so that zero stays zero."""
    scale = weight.abs().amax(dim=1).clamp(min=1e-8) / 127
    return (weight / scale[:, None]).round().clamp(-127, 127).to(torch.int8), scale
