"""What the context costs: `python -m duologue_server.bench.context`.

Times are of the processor, not of the clock on the wall, so that a busy machine tells the same. "On the loop" is what
stands between two keys; the rest runs in lanes.
"""

import argparse
import gc
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil
from rich.console import Console

from duologue_server.bench.rows import Row, row, this_machine
from duologue_server.bench.run import table
from duologue_server.context.changes import Recent
from duologue_server.context.digest import Surroundings, digest
from duologue_server.context.documents import Documents, TextChange
from duologue_server.context.positions import Position, Range
from duologue_server.context.rhythm import Rhythm
from duologue_server.context.trees import Trees
from duologue_server.context.view import View

URI = "file:///bench/module.py"
MEMORY_LINES = 500
CHANGE_EVERY_S = 3.0
PARSED_EACH = 5
"""Changes to one parse, as the quiet after typing makes it."""
RESTORED_EACH = 500
"""Changes after which the document is as it was at the beginning, as after a checkout."""
WORDS = ("value", "total = 0", "if path:", "return data", "# why", "load(path)", "\n        x = 1", "self.items")


@dataclass
class _Costs:
    """Milliseconds of the processor."""

    change: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    digest: list[float] = field(default_factory=list)
    parse: list[float] = field(default_factory=list)
    names: list[float] = field(default_factory=list)


class _Editor:
    """Types into one document as the workspace would be told of it."""

    def __init__(self, lines: int, costs: _Costs) -> None:
        self.costs = costs
        self.documents, self.trees, self.recent, self.rhythm = Documents(), Trees(), Recent(), Rhythm()
        self.text = module(lines)
        self.changes = 0
        self.document = self.documents.open(URI, "python", 0, self.text)
        self.random = random.Random(lines)
        self.line = lines // 2
        self.now_s = 0.0
        self.parse()

    def change(self) -> None:
        """One word is typed, or taken away again; now and then somewhere else."""
        if self.random.random() < 0.02:
            self.line = self.random.randrange(self.document.line_count - 1)
        line = min(self.line, self.document.line_count - 1)
        text = self.document.line_text(line)
        insert = len(text) < 60 and self.random.random() < 0.6
        area = Range(Position(line, len(text) if insert else 0), Position(line, len(text)))
        change = TextChange(area, " " + self.random.choice(WORDS) if insert else "        pass")
        self.changes += 1
        if self.changes % RESTORED_EACH == 0:  # else the document itself would grow
            change = TextChange(None, self.text)
        began_s = time.thread_time()
        self.recent.before_change(self.document, self.trees.syntax(URI), self.now_s)
        changed = self.documents.change(URI, None, [change])
        self.trees.edited(changed)
        self.recent.changed(changed, self.now_s)
        self.rhythm.keyed(self.now_s)
        self.costs.change.append(_since_ms(began_s))

    def parse(self) -> None:
        """What follows the quiet after typing."""
        began_s = time.thread_time()
        job = self.trees.job(self.document.snapshot())
        on_loop_ms = _since_ms(began_s)
        if job is None:
            return
        began_s = time.thread_time()
        result = job.run()
        self.costs.parse.append(_since_ms(began_s))
        began_s = time.thread_time()
        self.trees.finish(job, result)
        cursor = Position(self.line, 8)
        view = self.view()
        view.statement_complete_at(cursor)
        self.costs.after.append(on_loop_ms + _since_ms(began_s))

    def tell(self) -> None:
        """The digest for a language model, and the names for the ear."""
        view, cursor = self.view(), Position(min(self.line, self.document.line_count - 1), 8)
        began_s = time.thread_time()
        around = Surroundings((), self.recent.describe(view, self.now_s), self.rhythm.describe(self.now_s))
        digest(view, cursor, around=around)
        self.costs.digest.append(_since_ms(began_s))
        if view.syntax is not None:
            began_s = time.thread_time()
            view.syntax.identifiers(200, cursor)
            self.costs.names.append(_since_ms(began_s))

    def view(self) -> View:
        return View(self.document.snapshot(), self.trees.syntax(URI))


def measure(lines: int, changes: int) -> list[Row]:
    """What a change costs in a document of so many lines."""
    costs = _Costs()
    before = _memory_mb()
    editor = _Editor(lines, costs)
    first_ms = costs.parse.copy()
    costs.parse.clear()
    for number in range(changes):
        editor.now_s += 0.3
        editor.change()
        if number % PARSED_EACH == 0:
            editor.parse()
        if number % 20 == 0:
            editor.tell()
    condition = f"{lines:,} lines"
    parsed = "" if first_ms else "not parsed: over the limit"
    rows = [
        row("a change, on the loop", condition, "ms", costs.change, parsed),
        row("a digest, on the loop", condition, "ms", costs.digest),
        row("memory for the document", condition, "MB", [_memory_mb() - before]),
    ]
    if first_ms:
        rows += [
            row("after a parse, on the loop", condition, "ms", costs.after),
            row("first parse, off the loop", condition, "ms", first_ms),
            row("parse after changes, off the loop", condition, "ms", costs.parse),
            row("names for the ear, off the loop", condition, "ms", costs.names),
        ]
    return rows


def remember(hours: float) -> list[Row]:
    """Memory through so many hours of typing, which take a moment: `most` is the growth after the first tenth."""
    editor = _Editor(MEMORY_LINES, _Costs())
    changes = int(hours * 3600 / CHANGE_EVERY_S)
    memory: list[float] = []
    for number in range(changes):
        editor.now_s += CHANGE_EVERY_S
        editor.change()
        if number % PARSED_EACH == 0:
            editor.parse()
        if number % 100 == 0:
            editor.tell()
        if number % max(1, changes // 24) == 0:
            editor.costs = _Costs()
            gc.collect()
            memory.append(_memory_mb())
    settled = memory[max(1, len(memory) // 10)]
    condition = f"{hours:g} hours, {changes:,} changes, {MEMORY_LINES} lines"
    note = f"{settled:.1f} MB after a tenth, {memory[-1]:.1f} MB at the end"
    return [row("growth of memory", condition, "MB", [memory[-1] - settled], note)]


def module(lines: int) -> str:
    """Python source of so many lines."""
    parts = []
    for number in range(lines // 10 + 1):
        parts.append(
            f"class Store{number}(Base):\n    def load(self, path, mode=None):\n        data = read(path, mode)\n"
            f"        for item in data:\n            self.items.append(item)\n        if not data:\n"
            f"            raise ValueError(path)\n        return data\n\n\n"
        )
    return "\n".join("".join(parts).split("\n")[:lines])


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m duologue_server.bench.context", description=main.__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[500, 5_000, 50_000])
    parser.add_argument("--changes", type=int, default=400)
    parser.add_argument("--hours", type=float, default=24.0)
    chosen = parser.parse_args(arguments)
    rows = [found for lines in chosen.lines for found in measure(lines, chosen.changes)]
    rows += remember(chosen.hours) if chosen.hours else []
    Console().print(table(this_machine(), rows))


def _since_ms(began_s: float) -> float:
    return (time.thread_time() - began_s) * 1000


def _memory_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


if __name__ == "__main__":
    main()
