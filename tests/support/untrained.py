"""Weights that were never trained: for tests of everything around them."""

from pathlib import Path

import torch

from duologue_model.config import ModelConfig
from duologue_model.network import FloorNetwork
from duologue_model.weights.ship import ship


def untrained_weights(folder: Path, depth: int = 2) -> Path:
    """Puts small random weights into that folder, as if they had been trained, and gives it back."""
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    network = FloorNetwork(ModelConfig(depth=depth), seed=1)
    torch.save({"step": 0, "depth": depth, "network": network.state_dict()}, checkpoint)
    ship(checkpoint, folder=folder, trained="never")
    checkpoint.unlink()
    return folder
