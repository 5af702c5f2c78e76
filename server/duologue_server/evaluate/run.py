"""`duologue eval` from start to end: sessions, replays, measures, and the report."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from duologue_model.evaluation.bootstrap import Figure
from duologue_model.evaluation.fdb import scores
from duologue_model.evaluation.metrics import MEASURES, Played, measured
from duologue_model.evaluation.report import EngineResult, Results
from duologue_model.training.floorlog import FloorLog
from duologue_model.training.voices import Bank
from duologue_server import __version__
from duologue_server.bench.rows import this_machine
from duologue_server.evaluate.folders import write_set
from duologue_server.evaluate.material import DEFAULT_SETS, SETS, Banks, open_set
from duologue_server.evaluate.scenes import SCENES
from duologue_server.evaluate.show import show, write
from duologue_server.evaluate.whole import Outcome, Replayer

REPLIED_AT_ONCE = "answers are prescribed and there at once: no time of a language model is in any figure"
REACTING = "the users react, and nothing of the product but the engine and its floor rules is in the loop"
FIXED = "the users are fixed beforehand and cannot react, as in Full-Duplex-Bench"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an evaluation is asked for."""

    out: Path
    banks: Banks
    engines: tuple[str, ...] = ("baseline",)
    sets: tuple[str, ...] = DEFAULT_SETS
    scenes: tuple[str, ...] = tuple(SCENES)
    size: int = 4
    """Sessions of a scene in a set, about half a minute each."""
    seed: int = 1
    keep: bool = False
    """Leave the session folders, and what came of each."""
    free_compute: bool = False
    fast: bool = False
    """Simulated users who react, without the product around the engine."""

    def check(self) -> None:
        """Raises ValueError for what there is not."""
        for what, names, known in (("set", self.sets, SETS), ("scene", self.scenes, SCENES)):
            unknown = [name for name in names if name not in known]
            if unknown:
                raise ValueError(f"there is no {what} '{unknown[0]}'; the {what}s are {', '.join(known)}")
        if self.size < 1:
            raise ValueError(f"--size must be at least 1, not {self.size}")


def evaluate(wanted: Wanted) -> int:
    """Runs everything, prints the table, writes the report; the exit status.

    Raises ValueError for what cannot be asked for, BankTrouble, OSError.
    """
    wanted.check()
    results = run(wanted, Console(stderr=True))
    wanted.out.mkdir(parents=True, exist_ok=True)
    files = write(results, wanted.out)
    show(results, files)
    return 0


def run(wanted: Wanted, console: Console) -> Results:
    """Every engine on every set. Engines meet the same sessions."""
    settings: dict[str, Any] = {
        "version": __version__,
        "machine": asdict(this_machine()),
        "load": round(psutil.getloadavg()[0], 1),
        "path": "fast" if wanted.fast else "whole",
        "seed": wanted.seed,
        "size": wanted.size,
    }
    material, left_out = _material(wanted, console)
    if wanted.fast:
        results = _fast(wanted, list(material), console)
        notes = [REACTING]
        sets = {name: _described(bank) for name, bank in material.items()}
    else:
        results, counts = _whole(wanted, material, console)
        notes = [REPLIED_AT_ONCE, FIXED]
        settings["scenes"] = list(wanted.scenes)
        settings["charged"] = "nothing" if wanted.free_compute else "the measured time of every computation"
        sets = {name: {"sessions": counts[name], **_described(bank)} for name, bank in material.items()}
    results.settings |= {**settings, "sets": sets, "left_out": left_out, "notes": notes}
    return results


def _material(wanted: Wanted, console: Console) -> tuple[dict[str, Bank], dict[str, str]]:
    """The clips of every set, and why sets are left out. Raises ValueError when all are."""
    material: dict[str, Bank] = {}
    left_out: dict[str, str] = {}
    for name in wanted.sets:
        bank, why = open_set(name, wanted.banks, console.print)
        if bank is None:
            left_out[name] = why
        else:
            material[name] = bank
    if not material:
        raise ValueError("; ".join(left_out.values()))
    return material, left_out


def _fast(wanted: Wanted, sets: Sequence[str], console: Console) -> Results:
    from duologue_server.evaluate.fast import fast  # late: it brings torch

    with console.status("simulating…") as status:
        return fast(wanted.engines, sets, wanted.banks.folder, wanted.size, wanted.seed, status.update)


def _whole(wanted: Wanted, material: dict[str, Bank], console: Console) -> tuple[Results, dict[str, int]]:
    """Results, and how many sessions there were of each set."""
    results = Results()
    with _folder(wanted) as folder:
        sessions = _sessions(wanted, folder, material)
        for engine in wanted.engines:
            replayer = Replayer(engine, wanted.free_compute)
            results.engines.append(_played(replayer, sessions, wanted.keep, console))
            results.settings.setdefault("parts", {})[engine] = replayer.parts
    return results, {name: len(folders) for name, folders in sessions.items()}


def _sessions(wanted: Wanted, folder: Path, material: dict[str, Bank]) -> dict[str, list[Path]]:
    """Writes the session folders of every set."""
    return {
        name: list(write_set(folder / name, name, bank, wanted.scenes, wanted.size, wanted.seed, name == "human"))
        for name, bank in material.items()
    }


def _played(replayer: Replayer, sessions: dict[str, list[Path]], keep: bool, console: Console) -> EngineResult:
    """One engine on all sessions."""
    total = sum(len(folders) for folders in sessions.values())
    result = EngineResult(replayer.parts["engine"])
    took_ms: list[float] = []
    keys_ms: list[float] = []
    weights = ""
    with _bar(console, f"{replayer.engine}", total) as advance:
        for name, folders in sessions.items():
            outcomes: list[Outcome] = []
            for folder in folders:
                outcomes.append(replayer.replay(folder, keep))
                advance(f"{replayer.engine}: {name}/{folder.name}")
            played = [outcome.played for outcome in outcomes]
            result.figures[name] = figures(played)
            result.fdb[name] = scores([one.log for one in played])
            keys_ms += [ms for one in played for ms in key_to_silence_ms(one.log)]
            took_ms += [ms for outcome in outcomes for ms in outcome.compute_ms]
            weights = outcomes[0].summary.get("weights_sha256") or ""
    result.cpu_ms = fmean(took_ms) if any(took_ms) else None
    result.note = _note(weights, took_ms, keys_ms)
    return result


def figures(played: Sequence[Played]) -> dict[str, Figure]:
    """Every measure; what is not said to be behind a canceller only where there was none."""
    bare = [one for one in played if not one.cancelled]
    echoes = [name for name in MEASURES if name.startswith("self_") and "cancelled" not in name]
    return {**measured(played), **measured(bare, echoes)}


def key_to_silence_ms(log: FloorLog) -> list[float]:
    """From each key that stopped the partner to its last sample: a rule, whatever the engine decides."""
    pressed = [key.at_s for key in log.keys if not key.elsewhere]
    stopped = [said.end_s for said in log.sounded if said.ended_by == "key"]
    return [1000 * (end_s - max(at_s for at_s in pressed if at_s <= end_s)) for end_s in stopped]


def _note(weights: str, took_ms: Sequence[float], keys_ms: Sequence[float]) -> str:
    """Whether decisions were learned, what they cost, and what was no decision."""
    how = f"decisions by a trained model, weights {weights[:12]}" if weights else "decisions by rules, nothing trained"
    said = [how]
    if any(took_ms):
        said.append(f"a step took {np.percentile(took_ms, 95):.1f} ms at the 95th percentile")
    if keys_ms:
        said.append(f"a key, which is a rule, silenced it after {max(keys_ms):.0f} ms at most (n {len(keys_ms)})")
    return "; ".join(said)


def _described(bank: Bank) -> dict[str, Any]:
    spoken = {clip.facts.engine for clip in bank.clips.values() if clip.facts.kind in ("turn", "talk")}
    return {"spoken_by": sorted(spoken), "clips": bank.licences()}


@contextmanager
def _folder(wanted: Wanted) -> Iterator[Path]:
    """Where the session folders lie: kept in `out`, or gone afterwards."""
    if wanted.keep:
        folder = wanted.out / "sessions"
        if folder.exists() and any(folder.iterdir()):
            raise ValueError(f"{folder}: not empty; give a new folder with --out, or remove it")
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="duologue-eval-") as temporary:
            yield Path(temporary)


@contextmanager
def _bar(console: Console, what: str, total: int) -> Iterator[Callable[[str], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)

        def advance(name: str) -> None:
            progress.update(task, advance=1, description=name)

        yield advance
