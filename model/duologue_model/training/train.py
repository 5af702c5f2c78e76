"""Trains a floor network: one readable loop, a fixed seed, checkpoints that resume, curves as JSON lines.

  python -m duologue_model.training.train --out RUN --bank BANK [--recipe cpu|gpu]
  python -m duologue_model.training.train --out RUN --data SHARDS --dev SHARDS
  torchrun --nproc-per-node 4 -m duologue_model.training.train --out RUN --bank BANK --recipe gpu

With a bank (see the simulator), sessions are simulated while it trains; with shards, those are used. The recipes differ
in size and length only. On a CPU it takes one thread: two are slower on a busy machine. Run it again to go on from the
last checkpoint.
"""

import argparse
import json
import math
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from duologue_model.config import ModelConfig
from duologue_model.network import FloorNetwork, Outputs
from duologue_model.streams import Inputs
from duologue_model.training.augment import augmented
from duologue_model.training.example import IGNORED
from duologue_model.training.loss import STATES_POWER, ClassWeights, LossWeights, class_weights, loss_of
from duologue_model.training.material import Ahead, Material, Prepared, Shards, Simulated, draw_window, read_sessions
from duologue_model.training.recipe import Recipe, add_options, chosen, learning_rate, optimisers_of
from duologue_model.training.supply import Behind, ClosedLoop, RollOut, simulated
from duologue_model.vocabulary import Action, UserState

DELEGATE = list(Action).index(Action.DELEGATE)
HOLDS = tuple(list(Action).index(action) for action in (Action.SILENT, Action.DEFER, Action.BACKCHANNEL))


class Trainer:
    """One run: its network, its optimisers, and where it has come to."""

    def __init__(
        self,
        recipe: Recipe,
        material: Material,
        out: Path,
        workers: "Workers | None" = None,
        roll_out: RollOut | None = None,
    ) -> None:
        """Raises ValueError when no session is as long as a window. Without `roll_out`, there is no closed loop."""
        self._recipe = recipe
        self._material = material
        self._out = out
        self._workers = workers or Workers()
        self._roll_out = roll_out
        self._random = random.Random(recipe.seed + 1000 * self._workers.rank)
        torch.manual_seed(recipe.seed + self._workers.rank)
        self._device = self._workers.device
        self.network = FloorNetwork(ModelConfig(depth=recipe.depth), recipe.seed).to(self._device)
        self._wrapped: Callable[[Inputs], Outputs] = self._workers.wrap(self.network)
        self._optimisers = optimisers_of(self.network, recipe)
        sessions = material.at_step(0)
        draw_window(sessions, recipe.window_slices, random.Random(0))
        self._rare = ClassWeights(
            class_weights(torch.cat([one.actions for one in sessions]), len(Action)),
            class_weights(torch.cat([one.users for one in sessions]), len(UserState), STATES_POWER),
        )
        self.step = 0

    def run(self, judged: Sequence[Prepared] = ()) -> None:
        """Trains to the end of the recipe, from where it has come to."""
        chief = self._workers.rank == 0
        self._out.mkdir(parents=True, exist_ok=True)
        if chief:
            (self._out / "recipe.json").write_text(json.dumps(asdict(self._recipe), indent=2) + "\n", "utf-8")
        began_s = time.monotonic()
        with (
            (self._out / ("curves.jsonl" if chief else os.devnull)).open("a", buffering=1, encoding="utf-8") as curves,
            progress_bar(disable=not chief) as bar,
        ):
            task = bar.add_task("training", total=self._recipe.steps, completed=self.step, loss=math.nan)
            while self.step < self._recipe.steps:
                line = {"step": self.step + 1, **self._one_step()}
                bar.update(task, completed=self.step, loss=line["loss"])
                if chief and self._due(self._recipe.judge_every_steps):
                    line |= {f"dev_{name}": value for name, value in self.judge(judged).items()}
                    bar.print(json.dumps({**line, "minutes": round((time.monotonic() - began_s) / 60, 1)}))
                curves.write(json.dumps(line) + "\n")
                if chief and self._due(self._recipe.save_every_steps):
                    self.save()

    @torch.no_grad()
    def judge(self, sessions: Sequence[Prepared]) -> dict[str, float]:
        """Loss, accuracy and how well it knows ends of turns from pauses, over the first window of each session."""
        slices = self._recipe.window_slices
        fitting = [one for one in sessions if one.slices >= slices]
        if not fitting:
            return {}
        self.network.eval()
        losses, ended, paused = 0.0, [], []
        right = labelled = 0
        for one in fitting:
            inputs, targets = one.window(0, slices)
            outputs = self.network(inputs.to(self._device))
            total, _ = loss_of(outputs, [targets], LossWeights(), self._rare)
            losses += float(total)
            known = targets.action != IGNORED
            right += int((outputs.action[0].argmax(-1).cpu() == targets.action)[known].sum())
            labelled += int(known.sum())
            handing = torch.softmax(outputs.action[0].cpu(), dim=-1)[:, DELEGATE]
            ended.append(handing[targets.action == DELEGATE])
            paused.append(handing[in_pauses(targets.action, targets.voice)])
        self.network.train()
        return {
            "loss": round(losses / len(fitting), 4),
            "action_accuracy": round(right / max(1, labelled), 4),
            "end_of_turn_auc": round(area_under_curve(torch.cat(ended), torch.cat(paused)), 4),
        }

    def save(self) -> None:
        """Writes the checkpoint; the one before is kept until this one is whole."""
        whole, part = self._out / "checkpoint.pt", self._out / "checkpoint.part"
        state = {
            "step": self.step,
            "depth": self._recipe.depth,
            "network": self.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
            "rare_actions": self._rare.action,
            "rare_users": self._rare.user,
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
        for optimiser, saved in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self._rare = ClassWeights(state["rare_actions"].cpu(), state["rare_users"].cpu())
        self._random.setstate(state["random"])
        torch.set_rng_state(state["torch_random"].cpu())
        self.step = state["step"]
        return True

    def start_from(self, file: Path) -> None:
        """Goes on with the network of another run. Raises ValueError for one of another size."""
        state = torch.load(file, map_location=self._device, weights_only=False)
        if state["depth"] != self._recipe.depth:
            raise ValueError(f"{file} is of depth {state['depth']}, the recipe of depth {self._recipe.depth}")
        self.network.load_state_dict(state["network"])

    def _due(self, every_steps: int) -> bool:
        return self.step % every_steps == 0 or self.step == self._recipe.steps

    def _closes_the_loop(self) -> bool:
        begun = self.step >= self._recipe.closed_loop_from * self._recipe.steps
        return begun and self.step % self._recipe.closed_loop_every == 0

    def _one_step(self) -> dict[str, float]:
        recipe = self._recipe
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(recipe, self.step)
        if self._roll_out and self._closes_the_loop():
            self._material.add(self._roll_out(self.network, self.step))
        sessions = self._material.at_step(self.step)
        pieces = [draw_window(sessions, recipe.window_slices, self._random) for _ in range(recipe.batch)]
        inputs = Inputs.stack([augmented(piece[0], self._random) for piece in pieces]).to(self._device)
        self.network.train()
        # Products of matrices in half precision take two thirds of the time on a CPU that can; losses stay whole.
        with torch.autocast(self._device.type, torch.bfloat16):
            outputs = self._wrapped(inputs)
        total, parts = loss_of(in_single_precision(outputs), [piece[1] for piece in pieces], LossWeights(), self._rare)
        for optimiser in self._optimisers:
            optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe.most_gradient)
        for optimiser in self._optimisers:
            optimiser.step()
        self.step += 1
        return {"loss": round(float(total.detach()), 4), **{name: round(value, 4) for name, value in parts.items()}}


@dataclass(frozen=True, slots=True)
class Workers:
    """This process among those that train together; alone without `torchrun`."""

    rank: int = 0
    count: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @staticmethod
    def of_environment() -> "Workers":
        """As `torchrun` set it up: gradients are averaged over all processes."""
        cuda = torch.cuda.is_available()
        if "WORLD_SIZE" not in os.environ:
            return Workers(device=torch.device("cuda" if cuda else "cpu"))
        torch.distributed.init_process_group("nccl" if cuda else "gloo")
        local = int(os.environ["LOCAL_RANK"])
        device = torch.device("cuda", local) if cuda else torch.device("cpu")
        return Workers(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), device)

    def wrap(self, network: FloorNetwork) -> nn.Module:
        if self.count == 1:
            return network
        return nn.parallel.DistributedDataParallel(network)


def in_single_precision(outputs: Outputs) -> Outputs:
    """The same outputs in float32."""
    letters = None if outputs.letters is None else outputs.letters.float()
    return Outputs(
        outputs.action.float(),
        outputs.user.float(),
        outputs.hazard.float(),
        outputs.futures.float(),
        outputs.voice.float(),
        letters,
    )


def in_pauses(action: Tensor, voice: Tensor) -> Tensor:
    """`[T]`: where the partner should hold although the user has been silent for 160 ms and speaks again within 2 s."""
    speaks = voice[:, :, 0].any(dim=-1)
    silent = ~(speaks | speaks.roll(1) | speaks.roll(2))
    silent[:2] = False
    ahead = torch.stack([speaks.roll(-k) for k in range(1, 26)]).any(dim=0)
    ahead[-25:] = False
    return silent & ahead & torch.isin(action, torch.tensor(HOLDS))


def area_under_curve(positive: Tensor, negative: Tensor) -> float:
    """The chance that a positive scores above a negative; NaN when there are none of one."""
    if not len(positive) or not len(negative):
        return math.nan
    above = (positive[:, None] > negative).float() + 0.5 * (positive[:, None] == negative).float()
    return float(above.mean())


def progress_bar(disable: bool) -> Progress:
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
    )  # fmt: skip
    return Progress(*columns, console=Console(stderr=True), disable=disable)


def main(argv: Sequence[str] | None = None) -> int:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        prog="python -m duologue_model.training.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--bank", type=Path, help="folder of the simulator's banks: sessions are made on the way")
    source.add_argument("--data", type=Path, help="folder of shards, made by the simulator before")
    parser.add_argument("--dev", type=Path, help="with --data: folder of shards to judge on; never trained on")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run: checkpoint, recipe, curves")
    add_options(parser)
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    recipe = chosen(args)
    workers = Workers.of_environment()
    roll_out: RollOut | None = None
    try:
        if args.bank:
            seed = recipe.seed + 1000 * workers.rank
            if recipe.closed_loop_sessions:
                play = ClosedLoop.of_bank(
                    args.bank, seed, recipe.session_s, recipe.closed_loop_sessions, recipe.without
                )
                roll_out = Behind(play) if workers.device.type == "cpu" else play
            make = simulated(args.bank, "train", seed, recipe.session_s, recipe.without)
            ready = Ahead(make, recipe.processes) if recipe.processes else make
            material: Material = Simulated(ready, recipe.pool, recipe.fresh)
            to_judge = simulated(args.bank, "dev", recipe.seed, recipe.session_s, recipe.without)
            judged = [Prepared(to_judge(number)) for number in range(recipe.judged)] if workers.rank == 0 else []
        else:
            material = Shards(args.data)
            judged = list(read_sessions(args.dev)) if args.dev else []
        trainer = Trainer(recipe, material, args.out, workers, roll_out)
        resumed = trainer.resume()
        if args.start_from and not resumed:
            trainer.start_from(args.start_from)
        print("resumed" if resumed else "begun", f"at step {trainer.step}", file=sys.stderr)
        trainer.run(judged)
    except (OSError, ValueError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
