"""Puts a trained network into the package: integers, the hash of their file, and the thresholds to decide with.

python -m duologue_model.weights.ship RUN/checkpoint.pt [--thresholds FILE.json] [--set delegate=0.4 …]
"""

import argparse
import datetime
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch

from duologue_model.config import ModelConfig
from duologue_model.decide import Thresholds
from duologue_model.network import FloorNetwork
from duologue_model.quantize import save
from duologue_model.weights import FOLDER, Shipped, load_engine, write_card

WEIGHTS = "floor.safetensors"


def ship(
    checkpoint: Path,
    thresholds: Thresholds | None = None,
    folder: Path = FOLDER,
    trained: str = "",
    run: str = "network",
) -> Shipped:
    """Writes `floor.safetensors` and `floor.json` into `folder`, and opens what it wrote.

    `run` names the weights in the checkpoint: `network`, or an average kept beside it. Raises ValueError for a file
    that is no checkpoint of the training.
    """
    try:
        # Only tensors and plain values: a checkpoint from elsewhere must not run anything.
        state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
        network = FloorNetwork(ModelConfig(depth=int(state["depth"])))
        network.load_state_dict(state[run])
    except (OSError, KeyError, TypeError, RuntimeError, EOFError) as error:
        raise ValueError(f"{checkpoint} is no checkpoint with '{run}' in it ({error})") from error
    except Exception as error:  # what unpickling raises for a foreign file is of no common kind
        raise ValueError(f"{checkpoint} cannot be read as a checkpoint ({error})") from error
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / WEIGHTS
    sha256 = save(network.eval(), path)
    path.chmod(0o644)  # as it will lie in everybody's installation
    depth = network.config.depth
    weights = Shipped(path, sha256, f"floor-{depth}", depth, thresholds or Thresholds(), trained or _provenance())
    parameters = sum(parameter.numel() for parameter in network.parameters())
    write_card(folder, weights, {"steps": int(state.get("step", 0)), "parameters": parameters})
    load_engine(weights)
    return weights


def read_thresholds(file: Path | None, settings: Sequence[str]) -> Thresholds:
    """Thresholds of a JSON file (bare, or under `thresholds`), with `NAME=VALUE` over them. Raises ValueError."""
    known = {field.name for field in fields(Thresholds)}
    chosen: dict[str, float] = {}
    if file is not None:
        told = json.loads(file.read_text("utf-8"))
        chosen |= told.get("thresholds", told)
    for setting in settings:
        name, _, value = setting.partition("=")
        chosen[name] = float(value)
    if unknown := sorted(set(chosen) - known):
        raise ValueError(f"there is no threshold '{unknown[0]}'; there are {', '.join(sorted(known))}")
    return replace(Thresholds(), **chosen)


def _provenance() -> str:
    """Today, and the commit of the tree that this runs in."""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    command = ["git", "-C", str(FOLDER), "rev-parse", "--short=12", "HEAD"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return today
    return f"{today}, commit {commit}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m duologue_model.weights.ship", description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path, help="checkpoint.pt of a training run")
    parser.add_argument("--thresholds", type=Path, metavar="FILE", help="JSON with the thresholds of decide.Thresholds")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="one threshold; repeatable")
    parser.add_argument("--weights", default="network", metavar="KEY", help="which weights of the checkpoint")
    parser.add_argument("--trained", default="", help="instead of today's date and this commit")
    parser.add_argument("--out", type=Path, default=FOLDER, help="another folder than the package's")
    args = parser.parse_args(argv)
    try:
        thresholds = read_thresholds(args.thresholds, args.set)
        weights = ship(args.checkpoint, thresholds, args.out, args.trained, args.weights)
    except (OSError, ValueError, TypeError) as error:
        print(f"ship: {error}", file=sys.stderr)
        return 2
    size_mb = weights.path.stat().st_size / 1e6
    print(f"{weights.path}: {weights.name}, {size_mb:.1f} MB, SHA-256 {weights.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
