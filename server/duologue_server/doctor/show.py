"""Results for a person and for a machine."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from duologue_server import __version__
from duologue_server.doctor.result import ASK, Result, Status, to_json
from duologue_server.doctor.run import Group, run_group
from duologue_server.options import Options

SIGNS: Mapping[Status, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "info": ("·", "dim"),
    "warning": ("!", "yellow"),
    "failed": ("✗", "bold red"),
}
PART_WIDTH = 23


class Printer:
    """Prints every group as soon as its checks are done; a spinner meanwhile, in a terminal only."""

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(highlight=False, soft_wrap=False, quiet=quiet)
        self._asking = Console(highlight=False, soft_wrap=True, file=sys.stderr if quiet else None)
        """Whatever is asked of the user must be seen also when the results are for a machine."""

    def group(self, group: Group, options: Options) -> list[Result]:
        """Runs and prints a group."""
        results: list[Result] = []
        if self._console.is_terminal:
            with self._console.status(f"[dim]{group.title}…") as status:
                for result in run_group(group, options):
                    results.append(result)
                    status.update(f"[dim]{group.title}… {result.part}")
        else:
            results = list(run_group(group, options))
        self._show(group, results)
        return results

    def dialogue(self, group: Group, options: Options) -> list[Result]:
        """Runs a group that asks the user to do something: what it asks is shown at once, the results at the end."""
        results: list[Result] = []
        for result in run_group(group, options):
            if result.part == ASK:
                self._asking.print(Text(f"▸ {result.what}", style="bold cyan"))
            else:
                results.append(result)
        self._show(group, results)
        return results

    def _show(self, group: Group, results: Sequence[Result]) -> None:
        self._console.print(Text(group.title, style="bold"))
        if self._console.is_terminal:
            self._console.print(table(results))
        else:
            for result in results:
                self._console.out(plain(result), highlight=False)

    def summary(self, results: Sequence[Result]) -> None:
        """One sentence at the end."""
        failed = [result for result in results if result.status == "failed"]
        warned = [result for result in results if result.status == "warning"]
        if failed:
            names = ", ".join(dict.fromkeys(result.part for result in failed))
            text, style = f"{len(failed)} of {len(results)} checks failed: {names}.", "bold red"
        elif warned:
            text, style = f"Everything works; {len(warned)} of {len(results)} checks have a remark.", "yellow"
        else:
            text, style = f"Everything works: {len(results)} checks.", "green"
        self._console.print(Text(text, style=style))


def table(results: Sequence[Result]) -> Table:
    """Sign, part, what was found with the remedy under it, and seconds."""
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1), expand=True)
    grid.add_column(width=2, justify="right")
    grid.add_column(width=PART_WIDTH, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(width=8, justify="right", no_wrap=True)
    for result in results:
        sign, style = SIGNS[result.status]
        what = Text(result.what, style="dim" if result.status == "info" else "")
        if result.remedy:
            what.append(f"\n→ {result.remedy}", style="bold" if result.status == "failed" else "yellow")
        took = f"{result.took_s:.2f} s" if result.took_s is not None else ""
        grid.add_row(Text(sign, style=style), Text(result.part), what, Text(took, style="dim"))
    return grid


def plain(result: Result) -> str:
    """A result for a log: one line, and one for the remedy."""
    took = f" ({result.took_s:.2f} s)" if result.took_s is not None else ""
    remedy = f"\n{'':9}{'':{PART_WIDTH}} → {result.remedy}" if result.remedy else ""
    return f"{result.status:8} {result.part:{PART_WIDTH}} {result.what}{took}{remedy}"


def as_json(results: Sequence[Result]) -> Mapping[str, Any]:
    """What `--json` prints."""
    counts = {status: sum(result.status == status for result in results) for status in SIGNS}
    return {"version": __version__, "counts": counts, "results": [to_json(result) for result in results]}
