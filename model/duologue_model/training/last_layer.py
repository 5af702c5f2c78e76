"""Fits the hazard head anew, on nothing but the moments at which something is decided from it.

  python -m duologue_model.training.last_layer build/run/checkpoint.pt --bank build/bank

Trained with everything else, the head spends itself on the many slices in which it is plain when the turn ends. What
lies below it knows more about pauses than it says: of recorded people who were not trained on, a head for silences
only tells ends from pauses with an area under the curve of 0.77 to 0.82 where the old one had 0.68 to 0.72.
Source: Kirichenko et al., "Last layer re-training is sufficient for robustness to spurious correlations", 2023.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from duologue_model.config import ModelConfig
from duologue_model.engine import Decision
from duologue_model.network import FloorNetwork
from duologue_model.slices import Slice
from duologue_model.training.augment import augmented
from duologue_model.training.example import IGNORED
from duologue_model.training.labels import Label
from duologue_model.training.material import Prepared
from duologue_model.training.rollout import Setting, ideal, rollout
from duologue_model.training.simulate import session_seed
from duologue_model.training.voices import open_bank
from duologue_model.vocabulary import Action

SCENARIOS = ("smooth_turn", "mid_clause_pause", "self_repair", "long_account", "dictated_identifiers")
SESSION_S = 40.0
PATIENCE_SLICES = 18
"""So long the partner waits after a turn: every session shows silences that last after ends as well."""
DECAY = 1e-2
"""Of squared weights, for features of unit variance."""
VARIANTS = 2
"""How often each session is heard, by another throat each time."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Silences of users whose turn is open or has just ended."""

    known: Tensor
    """`[N, D]`: what the network makes of them below its head."""
    hazard: Tensor
    """`[N]` int64: bin of `HAZARD_EDGES_S`."""


def patient_sessions(bank: Path, seed: int, count: int) -> Iterator[Prepared]:
    """Sessions of the training split full of turns, with a partner that does what is right, later than it could."""
    setting, of_split = Setting(open_bank(bank, None, "train", seed), SESSION_S), session_seed(seed, "train")
    for number in range(count):
        chosen = replace(setting, scenario=SCENARIOS[number % len(SCENARIOS)])
        yield Prepared(rollout(chosen, of_split + 1, number, _patient())[1])


def _patient() -> Callable[[Slice, Label], Decision]:
    waited = 0

    def decide(heard: Slice, right: Label) -> Decision:
        nonlocal waited
        decision = ideal(heard, right)
        waited = waited + 1 if decision.action is Action.DELEGATE else 0
        return replace(decision, action=Action.SILENT) if 0 < waited < PATIENCE_SLICES else decision

    return decide


@torch.no_grad()
def moments(network: FloorNetwork, sessions: Iterable[Prepared], rng: random.Random) -> Moments:
    """The silences of sessions, each session heard by several throats. Raises ValueError when there are none."""
    network.eval()
    caught: list[Tensor] = []
    hook = network.norm.register_forward_hook(lambda _, __, out: caught.append(out))
    known: list[Tensor] = []
    hazard: list[Tensor] = []
    try:
        for session in sessions:
            inputs, targets = session.window(0, session.slices)
            silent = ~targets.voice[..., 0].bool().any(dim=-1) & (targets.hazard != IGNORED)
            for _ in range(VARIANTS):
                caught.clear()
                network(augmented(inputs, rng))
                known.append(caught[0].view(session.slices, -1, network.config.width)[:, -1][silent])
                hazard.append(targets.hazard[silent])
    finally:
        hook.remove()
    if not known or not sum(map(len, known)):
        raise ValueError("nobody paused in these sessions; simulate more")
    return Moments(torch.cat(known), torch.cat(hazard))


def refit(network: FloorNetwork, seen: Moments) -> tuple[float, float]:
    """Fits the hazard head to these moments; everything below stays. The loss on them before and after."""
    mean, scale = seen.known.mean(dim=0), seen.known.std(dim=0) + 1e-6
    features = (seen.known - mean) / scale
    head = network.hazard
    before = _loss(network, seen)
    weight = (head.weight.detach() * scale).clone().requires_grad_()
    bias = (head.bias.detach() + head.weight.detach() @ mean).clone().requires_grad_()
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(features @ weight.T + bias, seen.hazard) + DECAY * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        head.weight.copy_(weight / scale)
        head.bias.copy_(bias - (weight / scale) @ mean)
    return before, _loss(network, seen)


@torch.no_grad()
def _loss(network: FloorNetwork, seen: Moments) -> float:
    return float(functional.cross_entropy(network.hazard(seen.known), seen.hazard))


def main(argv: Sequence[str] | None = None) -> int:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        prog="python -m duologue_model.training.last_layer",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("checkpoint", type=Path, help="checkpoint.pt of a training run")
    parser.add_argument("--bank", type=Path, required=True, help="folder of the simulator's banks")
    parser.add_argument("--sessions", type=int, default=120, help=f"of {SESSION_S:g} s and more (default: 120)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="default: last.pt beside the checkpoint")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    try:
        state = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
        network = FloorNetwork(ModelConfig(depth=int(state["depth"])))
        network.load_state_dict(state["network"])
        sessions = patient_sessions(args.bank, args.seed, args.sessions)
        seen = moments(network, sessions, random.Random(args.seed))
        before, after = refit(network, seen)
        state["network"] = network.state_dict()
        out = args.out or args.checkpoint.with_name("last.pt")
        torch.save({name: state[name] for name in ("step", "depth", "network")}, out)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        print(f"last_layer: {error}", file=sys.stderr)
        return 2
    print(f"{out}: {len(seen.hazard)} moments, loss {before:.3f} → {after:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
