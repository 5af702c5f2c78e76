"""Trains a floor network: one readable loop, a fixed seed, checkpoints that resume, curves as JSON lines.

    python -m duologue_model.training.train --data SHARDS --out RUN [--recipe cpu|gpu]

The recipes differ in size and length only. One thread: two are slower on a busy machine.
"""

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from duologue_model.config import ModelConfig
from duologue_model.features import AudioState
from duologue_model.network import FloorNetwork
from duologue_model.slices import SLICE_MS
from duologue_model.streams import Inputs, Streams, encode
from duologue_model.training.example import IGNORED, SessionExample
from duologue_model.training.loss import LossWeights, action_weights, loss_of
from duologue_model.training.simulate import read_shard
from duologue_model.training.targets import Targets, letters_between, targets_of


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that a run depends on besides its data."""

    depth: int = 6
    steps: int = 6000
    batch: int = 8
    window_s: float = 20.0
    learning_rate: float = 6e-4
    warmup_steps: int = 200
    weight_decay: float = 0.05
    most_gradient: float = 1.0
    save_every_steps: int = 250
    judge_every_steps: int = 250
    seed: int = 1

    @property
    def window_slices(self) -> int:
        return round(1000 * self.window_s / SLICE_MS)


RECIPES = {
    "cpu": Recipe(),
    "gpu": Recipe(depth=8, steps=30_000, batch=64, learning_rate=1e-3, warmup_steps=500),
}


class Prepared:
    """A session with its inputs computed once; windows are cut out of it."""

    def __init__(self, example: SessionExample) -> None:
        self._example = example
        _, self._inputs = encode(Streams.of_session(example), AudioState.silent())
        self._targets = targets_of(example)
        self.slices = len(example.action)

    @property
    def actions(self) -> torch.Tensor:
        return self._targets.action

    def window(self, first: int, slices: int) -> tuple[Inputs, Targets]:
        """The slices from `first` on."""
        last = first + slices
        letters = letters_between(self._example, first, last)
        return self._inputs.part(first, last), self._targets.part(first, last, letters)


class Trainer:
    """One run: its network, its optimiser, and where it has come to."""

    def __init__(self, recipe: Recipe, sessions: Sequence[Prepared], out: Path) -> None:
        """Raises ValueError when no session is as long as a window."""
        self._recipe = recipe
        self._sessions = [one for one in sessions if one.slices >= recipe.window_slices]
        if not self._sessions:
            raise ValueError(f"no session is as long as a window of {recipe.window_s:g} s; simulate longer ones")
        self._out = out
        self._random = random.Random(recipe.seed)
        torch.manual_seed(recipe.seed)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = FloorNetwork(ModelConfig(depth=recipe.depth), recipe.seed).to(self._device)
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.learning_rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay
        )
        self._by_action = action_weights(torch.cat([one.actions for one in self._sessions]))
        self.step = 0

    def run(self, judged: Sequence[Prepared] = ()) -> None:
        """Trains to the end of the recipe, from where it has come to."""
        self._out.mkdir(parents=True, exist_ok=True)
        (self._out / "recipe.json").write_text(json.dumps(asdict(self._recipe), indent=2) + "\n", "utf-8")
        began_s = time.monotonic()
        with (self._out / "curves.jsonl").open("a", buffering=1, encoding="utf-8") as curves:
            while self.step < self._recipe.steps:
                line = {"step": self.step, **self._one_step()}
                if self.step % self._recipe.judge_every_steps == 0 or self.step == self._recipe.steps:
                    line |= {f"dev_{name}": value for name, value in self.judge(judged).items()}
                    print(json.dumps({**line, "minutes": round((time.monotonic() - began_s) / 60, 1)}), file=sys.stderr)
                curves.write(json.dumps(line) + "\n")
                if self.step % self._recipe.save_every_steps == 0 or self.step == self._recipe.steps:
                    self.save()

    @torch.no_grad()
    def judge(self, sessions: Sequence[Prepared]) -> dict[str, float]:
        """Loss and accuracies over the first window of each session; empty without sessions."""
        fitting = [one for one in sessions if one.slices >= self._recipe.window_slices]
        if not fitting:
            return {}
        self.network.eval()
        losses, right, labelled = 0.0, 0, 0
        for one in fitting:
            inputs, targets = one.window(0, self._recipe.window_slices)
            outputs = self.network(inputs.to(self._device))
            total, _ = loss_of(outputs, [targets], LossWeights(), self._by_action)
            losses += float(total)
            known = targets.action != IGNORED
            right += int((outputs.action[0].argmax(-1).cpu() == targets.action)[known].sum())
            labelled += int(known.sum())
        self.network.train()
        return {"loss": round(losses / len(fitting), 4), "action_accuracy": round(right / max(1, labelled), 4)}

    def save(self) -> None:
        """Writes the checkpoint; the one before is kept until this one is whole."""
        whole, part = self._out / "checkpoint.pt", self._out / "checkpoint.part"
        state = {
            "step": self.step,
            "depth": self._recipe.depth,
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "random": self._random.getstate(),
            "torch_random": torch.get_rng_state(),
        }
        torch.save(state, part)
        part.replace(whole)

    def resume(self) -> bool:
        """Goes on from the checkpoint, if there is one. Raises ValueError for one of another size."""
        file = self._out / "checkpoint.pt"
        if not file.exists():
            return False
        state: dict[str, Any] = torch.load(file, map_location=self._device, weights_only=False)
        if state["depth"] != self._recipe.depth:
            raise ValueError(f"{file} is of depth {state['depth']}, the recipe of depth {self._recipe.depth}")
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._random.setstate(state["random"])
        torch.set_rng_state(state["torch_random"].cpu())
        self.step = state["step"]
        return True

    def _one_step(self) -> dict[str, float]:
        recipe = self._recipe
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(recipe, self.step)
        pieces = [self._draw() for _ in range(recipe.batch)]
        inputs = Inputs.stack([piece[0] for piece in pieces]).to(self._device)
        self.network.train()
        total, parts = loss_of(self.network(inputs), [piece[1] for piece in pieces], LossWeights(), self._by_action)
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe.most_gradient)
        self._optimiser.step()
        self.step += 1
        return {"loss": round(float(total.detach()), 4), **{name: round(value, 4) for name, value in parts.items()}}

    def _draw(self) -> tuple[Inputs, Targets]:
        one = self._random.choice(self._sessions)
        return one.window(self._random.randint(0, one.slices - self._recipe.window_slices), self._recipe.window_slices)


def read_sessions(folder: Path) -> Iterator[Prepared]:
    """All sessions of a folder of shards, in order. Raises ValueError when there are none."""
    shards = sorted(folder.glob("*.npz"))
    if not shards:
        raise ValueError(f"{folder} holds no shards; make some with python -m duologue_model.training.simulate")
    for shard in shards:
        yield from map(Prepared, read_shard(shard))


def learning_rate(recipe: Recipe, step: int) -> float:
    """Warm-up, then a cosine down to a tenth."""
    if step < recipe.warmup_steps:
        return recipe.learning_rate * (step + 1) / recipe.warmup_steps
    share = (step - recipe.warmup_steps) / max(1, recipe.steps - recipe.warmup_steps)
    return recipe.learning_rate * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m duologue_model.training.train", description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of shards, made by the simulator")
    parser.add_argument("--dev", type=Path, help="folder of shards to judge on; never trained on")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run: checkpoint, recipe, curves")
    parser.add_argument("--recipe", choices=tuple(RECIPES), default="cpu")
    parser.add_argument("--steps", type=int, help="instead of the recipe's")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    recipe = RECIPES[args.recipe]
    if args.steps is not None:
        recipe = replace(recipe, steps=args.steps)
    try:
        trainer = Trainer(recipe, list(read_sessions(args.data)), args.out)
        print("resumed" if trainer.resume() else "begun", f"at step {trainer.step}", file=sys.stderr)
        trainer.run(list(read_sessions(args.dev)) if args.dev else ())
    except (OSError, ValueError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
