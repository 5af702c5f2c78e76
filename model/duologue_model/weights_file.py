"""Weights on disk: safetensors, never a pickle; matrices in 8 bits with a scale for each row, everything else in 32.

One file holds the size of the network in its header, so that nothing but the file is needed to load it.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from duologue_model.config import ModelConfig
from duologue_model.network import FloorNetwork

FORMAT = "duologue-floor-1"
SCALE = ".scale"
"""Suffix of the scales `[rows]` of a matrix that is stored in 8 bits."""


class BadWeights(ValueError):
    """A file that holds no weights of ours: which, why, and the next step."""


def save(network: FloorNetwork, path: Path, in_8_bits: bool) -> None:
    """Writes the weights."""
    stored: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        weight = tensor.detach().cpu().contiguous()
        if in_8_bits and weight.ndim == 2:
            stored[name], stored[name + SCALE] = to_8_bits(weight)
        else:
            stored[name] = weight
    save_file(stored, path, metadata={"format": FORMAT, "config": json.dumps(asdict(network.config))})


def load(path: Path, sha256: str | None = None) -> FloorNetwork:
    """The network in 32 bits, ready to decide. Raises BadWeights; with `sha256`, also for any other file than that."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise BadWeights(f"{path}: {error.strerror}; reinstall duologue, or train one") from error
    if sha256 is not None and found != sha256:
        raise BadWeights(f"{path}: its hash is {found[:12]}…, not {sha256[:12]}…; reinstall duologue")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except SafetensorError as error:
        raise BadWeights(f"{path}: no safetensors file ({error}); reinstall duologue") from error
    if header.get("format") != FORMAT:
        raise BadWeights(f"{path}: its format is {header.get('format')!r}, not {FORMAT!r}; train it with this version")
    network = FloorNetwork(ModelConfig(**json.loads(header["config"])))
    weights = {
        name: from_8_bits(tensor, stored[name + SCALE]) if name + SCALE in stored else tensor
        for name, tensor in stored.items()
        if not name.endswith(SCALE) or name in network.state_dict()
    }
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise BadWeights(f"{path}: {error}; train it with this version") from error
    return network.eval()


def to_8_bits(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """`[R, C]` to int8 `[R, C]` and scales `[R]`: each row by its own largest value."""
    scale = matrix.abs().amax(dim=1).clamp(min=1e-12) / 127
    return (matrix / scale[:, None]).round().clamp(-127, 127).to(torch.int8), scale


def from_8_bits(matrix: Tensor, scale: Tensor) -> Tensor:
    """The opposite of `to_8_bits`, but for the rounding."""
    return matrix.float() * scale[:, None]
