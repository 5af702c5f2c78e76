"""All measurements, one after the other, and the table."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from duologue_server import __version__
from duologue_server.bench import engine, idle, keys, response, start
from duologue_server.bench.rows import Machine, Row, this_machine
from duologue_server.link.language_client import ServerGone
from duologue_server.options import EngineChoice


@dataclass(frozen=True, slots=True)
class Plan:
    """How often everything is measured."""

    keys: int = 30
    initialize: int = 5
    ready: int = 3
    questions: int = 12
    steps: int = 250
    idle_s: float = 20.0
    engine: EngineChoice = "model"
    """With which engine the whole is measured; a step is measured with every engine."""


QUICK = Plan(keys=3, initialize=2, ready=1, questions=2, steps=40, idle_s=3.0)


def measurements(plan: Plan) -> Sequence[tuple[str, Callable[[], list[Row]]]]:
    """Names for a person, and what to call, the quiet ones first."""
    return (
        ("start-up", lambda: start.measure(plan.initialize, plan.ready, plan.engine)),
        ("idle", lambda: idle.measure(plan.idle_s, plan.engine)),
        ("engine", lambda: engine.measure(plan.steps)),
        ("response", lambda: response.measure(plan.questions, plan.engine)),
        *(
            (f"keys, {condition}", lambda condition=condition: keys.measure(plan.keys, condition, plan.engine))
            for condition in keys.CONDITIONS
        ),
    )


def run(plan: Plan, json_file: Path | None) -> int:
    """Measures, prints the table, and writes `json_file`. The exit status: 1 when something could not be measured."""
    progress = Console(stderr=True)
    machine = this_machine()
    rows: list[Row] = []
    failures: list[str] = []
    for found in _measured(plan, progress):
        rows += found if isinstance(found, list) else []
        failures += [found] if isinstance(found, str) else []
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    console.print(table(machine, rows))
    for failure in failures:
        console.print(Text(f"not measured: {failure}", style="bold red"))
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(machine, rows, failures), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 1 if failures else 0


def _measured(plan: Plan, progress: Console) -> Iterator[list[Row] | str]:
    for name, measure in measurements(plan):
        with progress.status(f"measuring {name}…"):
            try:
                yield measure()
            except (ServerGone, OSError, ValueError) as error:
                yield f"{name}: {error}; run 'duologue doctor'"


def table(machine: Machine, rows: Sequence[Row]) -> Table:
    title = f"duologue {__version__} · {machine.commit} · {machine.cpu}, {machine.cores} cores"
    caption = f"{machine.python} · {machine.system} · figures of this machine now; close other programs first"
    grid = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    for heading, justify in (("what", "left"), ("condition", "left"), ("n", "right")):
        grid.add_column(heading, justify=justify)  # type: ignore[arg-type] # mypy widens the names
    for heading in ("p50", "p95", "max"):
        grid.add_column(heading, justify="right", no_wrap=True)
    grid.add_column("unit", no_wrap=True)
    grid.add_column("note", style="dim")
    for item in rows:
        figures = [_figure(value) for value in (item.p50, item.p95, item.most)]
        grid.add_row(item.what, item.condition, str(item.n), *figures, item.unit, item.note)
    return grid


def as_json(machine: Machine, rows: Sequence[Row], failures: Sequence[str]) -> dict[str, Any]:
    """What `--json` writes."""
    return {
        "version": __version__,
        "machine": asdict(machine),
        "rows": [asdict(item) for item in rows],
        "not_measured": list(failures),
    }


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
