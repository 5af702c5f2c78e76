"""What a training run depends on besides its bank or shards, and how that is said on a command line."""

import argparse
import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from duologue_model.network import FloorNetwork
from duologue_model.slices import SLICE_MS
from duologue_model.training.supply import LEFT_OUT


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that a run depends on besides its bank or shards."""

    depth: int = 6
    steps: int = 1100
    batch: int = 6
    """Windows of a step, in each process."""
    window_s: float = 24.0
    learning_rate: float = 1.5e-3
    warmup_steps: int = 60
    weight_decay: float = 0.05
    most_gradient: float = 1.0
    session_s: float = 60.0
    """Length of a simulated session."""
    pool: int = 64
    """Simulated sessions at hand at once, of which `fresh` are replaced at every step."""
    fresh: int = 2
    processes: int = 0
    """Processes that simulate meanwhile; 0: the training process does it itself."""
    closed_loop_from: float = 0.25
    """After this share of the steps the network plays the partner itself in some sessions, and learns from those."""
    closed_loop_every: int = 20
    closed_loop_sessions: int = 16
    save_every_steps: int = 25
    judge_every_steps: int = 100
    judged: int = 40
    """Sessions of the development split that it is judged on."""
    seed: int = 1
    without: tuple[str, ...] = ()
    """Streams that are not shown, to see what they are worth."""
    start_from: str = ""
    """Checkpoint whose network it goes on with; otherwise it begins at random weights."""

    @property
    def window_slices(self) -> int:
        return round(1000 * self.window_s / SLICE_MS)


RECIPES = {
    "cpu": Recipe(),
    "gpu": Recipe(
        depth=8, steps=4000, batch=48, pool=512, fresh=6, processes=12, learning_rate=1e-3, warmup_steps=200,
        closed_loop_every=200, closed_loop_sessions=64,
    ),
}  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that choose and change a recipe."""
    parser.add_argument("--recipe", choices=tuple(RECIPES), default="cpu")
    parser.add_argument("--steps", type=int, help="instead of the recipe's")
    parser.add_argument("--depth", type=int, help="instead of the recipe's: layers, and with them the width")
    parser.add_argument("--rate", type=float, help="instead of the recipe's: the highest learning rate")
    parser.add_argument(
        "--start-from",
        type=Path,
        help="checkpoint of another run: go on with its network, in closed loop from the first step on",
    )
    parser.add_argument(
        "--without", nargs="+", default=[], choices=(*LEFT_OUT, "closed-loop"),
        help="with --bank: train without these, to see what they are worth",
    )  # fmt: skip


def chosen(args: argparse.Namespace) -> Recipe:
    """The recipe that was asked for on the command line."""
    recipe = RECIPES[args.recipe]
    if args.steps is not None:
        recipe = replace(recipe, steps=args.steps)
    if args.depth is not None:
        recipe = replace(recipe, depth=args.depth)
    if args.rate is not None:
        recipe = replace(recipe, learning_rate=args.rate)
    if args.start_from is not None:
        recipe = replace(recipe, start_from=str(args.start_from), closed_loop_from=0.0)
    if "closed-loop" in args.without:
        recipe = replace(recipe, closed_loop_sessions=0)
    return replace(recipe, without=tuple(name for name in args.without if name in LEFT_OUT))


def optimisers_of(network: FloorNetwork, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for the rest.

    Source: Jordan et al., 2024; the steps of Muon are scaled to the size of AdamW's (Liu et al., 2025), so that both
    share one rate.
    """
    matrices = [p for p in network.blocks.parameters() if p.ndim == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in network.parameters() if id(p) not in chosen]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    return [
        torch.optim.Muon(matrices, rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, rate, betas=(0.9, 0.98), weight_decay=decay),
    ]


def learning_rate(recipe: Recipe, step: int) -> float:
    """Warm-up, then a cosine down to a fiftieth."""
    if step < recipe.warmup_steps:
        return recipe.learning_rate * (step + 1) / recipe.warmup_steps
    share = (step - recipe.warmup_steps) / max(1, recipe.steps - recipe.warmup_steps)
    return recipe.learning_rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))
