"""Judges engines on simulated sessions with users that none of them was trained on, all in closed loop.

  python -m duologue_model.evaluation.run --banks build/bank --weights model.safetensors --out build/evaluation

Writes report.json, report.md and, with matplotlib, report.png. Three sets of users: a synthesiser that is never trained
on, voices that are never trained on, and recorded people. Give the wheel of pipecat-ai to --smart-turn to compare with
that. The same seed gives the same users for every engine; --size 4 plays four times as many sessions.
"""

import argparse
import hashlib
import json
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from earshot import Detector

from duologue_model.decide import Thresholds
from duologue_model.engine import Engine
from duologue_model.evaluation import ablation, baselines, checks, fdb, report, sets, smart_turn
from duologue_model.evaluation.curves import CUT_INS, LATENCY, Point, compare
from duologue_model.evaluation.listening import Heard, engine_point, network_curve, patient_sessions
from duologue_model.evaluation.metrics import Played, hands_free, measured
from duologue_model.evaluation.report import EngineResult, Results
from duologue_model.network import FloorNetwork
from duologue_model.quantize import BadWeights, load
from duologue_model.training.rollout import BlankedPolicy, EnginePolicy, NetworkPolicy, Policy
from duologue_model.weights import shipped

ENDED_SWEEP = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Thresholds of the network's belief that a turn is over."""
AnyPolicy = Policy[Any]


@dataclass(frozen=True, slots=True)
class Contender:
    """An engine in the report: as it is shipped, and at its other settings."""

    name: str
    policy: AnyPolicy
    curve: Callable[[Sequence[Heard]], list[Point]] | None = None
    """From sessions to listen to, its points at all its settings; None: it has no curve."""
    sweep: Mapping[str, AnyPolicy] = field(default_factory=dict)
    """The same settings as policies, for curves in closed loop."""
    note: str = ""
    rival: bool = True
    """Whether the first contender is compared with it over the curve."""


def evaluate(
    contenders: Sequence[Contender],
    columns: Sequence[sets.Column],
    size: float = 1.0,
    seeds: Sequence[int] = (1,),
    say: Callable[[str], None] = lambda _: None,
    closed_curves: bool = False,
) -> Results:
    """Every contender on every set: figures, curves, and how the first compares with the others on the curve.

    Curves come from listening (see `listening`), or from sessions played anew at every setting, which takes long.
    """
    results = Results(engines=[EngineResult(one.name, one.note) for one in contenders])
    for column in columns:
        heard: list[Heard] = []
        if not closed_curves and any(one.curve for one in contenders):
            say(f"sessions to listen to, {column.name}")
            heard = patient_sessions(column, Detector, size, seeds)
        for contender, result in zip(contenders, results.engines, strict=True):
            say(f"{contender.name}, {column.name}")
            made, cost = _played(column, contender.policy, size, seeds)
            result.figures[column.name] = measured(made)
            result.fdb[column.name] = fdb.scores([one.log for one in made if hands_free(one.log)])
            result.cpu_ms = cost.ms_a_slice
            if contender.curve and not closed_curves:
                result.curves[column.name] = contender.curve(heard)
            elif contender.sweep and closed_curves:
                result.curves[column.name] = [
                    Point.of(setting, _played(column, policy, size, seeds, (CUT_INS, LATENCY))[0])
                    for setting, policy in contender.sweep.items()
                ]
        ours = results.engines[0].curves.get(column.name, [])
        results.comparisons[column.name] = {
            result.name: compare(ours, result.curves[column.name])
            for contender, result in zip(contenders[1:], results.engines[1:], strict=True)
            if contender.rival and column.name in result.curves
        }
    results.settings |= {
        "size": size, "seeds": list(seeds), "curves": "closed loop" if closed_curves else "listening",
        "machine": platform.machine(), "torch": torch.__version__,
    }  # fmt: skip
    return results


def network_contender(
    network: FloorNetwork, name: str, thresholds: Thresholds, curve: bool = True, note: str = ""
) -> Contender:
    """A network with its thresholds; the curve moves the one for the end of a turn."""
    policy = NetworkPolicy(network, thresholds)
    if not curve:
        return Contender(name, policy, note=note, rival=False)
    moved = {value: NetworkPolicy(network, replace(thresholds, ended=value)) for value in ENDED_SWEEP}
    return Contender(
        name,
        policy,
        lambda heard: network_curve(network, heard, thresholds, ENDED_SWEEP),
        {f"ended {value:g}": one for value, one in moved.items()},
        note,
        rival=False,
    )


def ablated(network: FloorNetwork, thresholds: Thresholds) -> list[Contender]:
    """The network with each of its streams blanked."""
    note = "blanked at run time, not trained without it: an upper bound of what it is worth"
    policy = NetworkPolicy(network, thresholds)
    return [
        Contender(f"without {name}", BlankedPolicy(policy, name), note=note, rival=False) for name in ablation.ABLATIONS
    ]


def retrained(name: str, path: Path, thresholds: Thresholds) -> Contender:
    """A network that was trained without a stream, or without the closed loop, and is played as it was trained."""
    policy: AnyPolicy = NetworkPolicy(load(path), thresholds)
    if name in ablation.ABLATIONS:
        policy = BlankedPolicy(policy, name)
    return Contender(f"trained without {name}", policy, note="trained without it", rival=False)


def rule_contender(name: str, engines: Mapping[str, Engine[Any]], usual: str, note: str = "") -> Contender:
    """An engine with its settings by name, and which of them it is judged at."""

    def curve(heard: Sequence[Heard]) -> list[Point]:
        return [engine_point(setting, engine, heard) for setting, engine in engines.items()]

    sweep = {setting: EnginePolicy(engine) for setting, engine in engines.items()}
    return Contender(name, EnginePolicy(engines[usual]), curve, sweep, note)


def baseline_contenders(wheel: Path | None = None) -> list[Contender]:
    """Timers after a detector, timers after energy, words and rules, and smart-turn if there is its wheel."""
    vad = {f"{ms / 1000:g} s": baselines.timer(ms, Detector) for ms in baselines.TIMER_MS}
    energy = {f"{ms / 1000:g} s": baselines.timer(ms, baselines.EnergyDetector, "energy") for ms in baselines.TIMER_MS}
    rules = {f"× {scale:g}": baselines.HeuristicEngine(Detector, scale) for scale in baselines.HEURISTIC_SCALES}
    made = [
        Contender("VAD + 0.4 s timer", EnginePolicy(vad["0.4 s"]), rival=False),
        rule_contender("VAD + 0.7 s timer", vad, "0.72 s"),
        Contender("VAD + 1.0 s timer", EnginePolicy(vad["1.04 s"]), rival=False),
        rule_contender("energy + 0.7 s timer", energy, "0.72 s"),
        rule_contender("words and rules", rules, "× 1"),
    ]
    if wheel is not None:
        parts = smart_turn.open_wheel(wheel)
        rivals = {f"p > {p:g}": smart_turn.SmartTurnEngine(parts, p) for p in smart_turn.THRESHOLDS}
        note = "pipecat-ai 1.14.0, for comparison only; its judgements take no time here"
        made.append(rule_contender("Silero + smart-turn v3.2", rivals, "p > 0.5", note))
    return made


def _played(
    column: sets.Column,
    policy: AnyPolicy,
    size: float,
    seeds: Sequence[int],
    measures: Sequence[str] | None = None,
) -> tuple[list[Played], sets.Cost]:
    made: list[Played] = []
    cost = sets.Cost()
    for seed in seeds:
        some, own = sets.played(column, policy, size, seed, measures)
        made += some
        cost.cpu_s, cost.slices = cost.cpu_s + own.cpu_s, cost.slices + own.slices
    return made, cost


def network_checks(path: Path, column: sets.Column, thresholds: Thresholds, hours: float) -> dict[str, Any]:
    """Float against int8, stream against whole, time of a step, and hours of listening if any are asked for."""
    whole, small = load(path, int8=False), load(path, int8=True)
    sessions = sets.examples(column, NetworkPolicy(small, thresholds), 8)
    p50_ms, p95_ms = checks.step_times_ms(small, sessions[0])
    found: dict[str, Any] = {
        "int8_against_float": asdict(checks.agreement(whole, small, sessions, thresholds)),
        "stream_against_whole": checks.stream_against_whole(whole, sessions[0]),
        "step_ms": {"p50": p50_ms, "p95": p95_ms, "threads": torch.get_num_threads()},
    }
    if hours > 0:
        found["soak"] = asdict(checks.soak(small, sessions[0], hours))
    return found


def run(options: argparse.Namespace) -> Results:
    """Does what the options ask for and writes the report. Raises OSError, BadWeights, NoWheel or ValueError."""
    torch.set_num_threads(1)
    weights, thresholds = options.weights, Thresholds()
    if options.shipped:
        weights, thresholds = shipped().path, shipped().thresholds
    if options.thresholds:
        thresholds = Thresholds(**json.loads(options.thresholds.read_text("utf-8")))
    columns = [replace(sets.column(name, options.banks), seconds=options.seconds) for name in options.sets]
    contenders = _contenders(options, weights, thresholds)
    if not contenders:
        raise ValueError("Nothing to judge: give --weights or --shipped, or name baselines among --engines.")
    say = partial(print, file=sys.stderr)
    results = evaluate(contenders, columns, options.size, options.seeds, say, options.closed_curves)
    if weights:
        results.checks = network_checks(weights, columns[0], thresholds, options.soak_hours)
        results.settings |= {
            "weights": weights.name,
            "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
            "thresholds": asdict(thresholds),
        }
    write(results, options.out)
    return results


def _contenders(options: argparse.Namespace, weights: Path | None, thresholds: Thresholds) -> list[Contender]:
    made: list[Contender] = []
    if weights:
        small = load(weights, int8=True)
        made.append(network_contender(small, "Duologue, int8", thresholds))
        if "float" in options.engines:
            made.append(network_contender(load(weights, int8=False), "Duologue, float", thresholds, curve=False))
        if "ablations" in options.engines:
            made += ablated(small, thresholds)
    for name, path in (one.split("=", 1) for one in options.retrained):
        made.append(retrained(name, Path(path), thresholds))
    if "baselines" in options.engines:
        made += baseline_contenders(options.smart_turn)
    return made


def write(results: Results, out: Path) -> None:
    """Writes report.json, report.md and, with matplotlib, report.png."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(report.to_json(results), "utf-8")
    makers = (report.card, report.comparison_table, report.table, report.fdb_table)
    parts = [make(results) for make in makers]
    (out / "report.md").write_text("\n".join(parts), "utf-8")
    try:
        report.picture(results, out / "report.png")
    except ImportError:
        print("No picture: matplotlib is not installed. Install duologue[picture].", file=sys.stderr)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    assert __doc__ is not None
    made = argparse.ArgumentParser(
        prog="python -m duologue_model.evaluation.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--banks", type=Path, required=True, help="folder of the utterance banks dev and held-out")
    add("--out", type=Path, required=True, help="folder for the report")
    add("--weights", type=Path, help="weights to judge (.safetensors)")
    add("--shipped", action="store_true", help="judge the weights in the package, with their thresholds")
    add("--thresholds", type=Path, help="JSON with thresholds by name; those not named are 0.5")
    add(
        "--engines", nargs="+", default=["float", "baselines", "ablations"], metavar="NAME",
        choices=("float", "baselines", "ablations", "none"),
        help="what to judge beside the weights: float, baselines, ablations, none (default: the first three)",
    )  # fmt: skip
    add("--retrained", nargs="*", default=[], metavar="STREAM=WEIGHTS", help="weights trained without a stream")
    add("--smart-turn", type=Path, metavar="WHEEL", help="wheel of pipecat-ai 1.14.0, to compare with")
    add("--sets", nargs="+", default=list(sets.SPLITS), choices=list(sets.SPLITS), help="sets of users (default: all)")
    add("--size", type=float, default=1.0, help="times the usual number of sessions (default: 1)")
    add("--seconds", type=float, default=sets.SECONDS, help=f"least length of a session (default: {sets.SECONDS:g})")
    add("--seeds", nargs="+", type=int, default=[1], help="each plays sessions of its own (default: 1)")
    add("--closed-curves", action="store_true", help="play every setting of every engine in closed loop (long)")
    add("--soak-hours", type=float, default=0.0, help="simulated hours of listening to check for drift (default: none)")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 2 if something is missing."""
    try:
        results = run(parser().parse_args(arguments))
    except (OSError, BadWeights, smart_turn.NoWheel, ValueError) as trouble:
        print(f"evaluation: {trouble}", file=sys.stderr)
        return 2
    print(report.card(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
