"""The report of an evaluation: as text, for machines, and as a picture where matplotlib is installed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markdown import Markdown

from duologue_model.evaluation.report import HEADLINE, Results, comparison_table, fdb_table, picture, table, to_json

HEARD = ("first_sound_p50_s", "audible_cut_in_share", *(name for name in HEADLINE if name != "cue_share"))
"""Of the whole path: what is heard in front. Timed requests have no scene there."""
TITLES = {
    "whole": "Floor control through the whole product",
    "fast": "Floor control with simulated users, without the product",
}


def text(results: Results) -> str:
    """The report in Markdown: what was run where, the table, the definitions of Full-Duplex-Bench."""
    parts = [f"# {TITLES[results.settings['path']]}", *_main(results)]
    if any(results.comparisons.values()):
        parts += ["## On the trade-off curve", comparison_table(results)]
    parts += ["## Definitions of Full-Duplex-Bench", fdb_table(results)]
    return "\n\n".join(parts).rstrip() + "\n"


def write(results: Results, out: Path) -> list[Path]:
    """Writes `report.md`, `report.json` and, if it can be drawn, `picture.png`. Raises OSError."""
    files = [out / "report.md", out / "report.json"]
    files[0].write_text(text(results), "utf-8")
    files[1].write_text(to_json(results), "utf-8")
    try:
        picture(results, out / "picture.png")
        files.append(out / "picture.png")
    except ImportError:
        pass
    return files


def show(results: Results, files: Sequence[Path]) -> None:
    """Prints the table and where the files are."""
    console = Console(highlight=False)
    shown = "\n\n".join(_main(results))
    if console.is_terminal:
        console.print(Markdown(shown))
    else:
        print(shown)
    for file in files:
        console.print(str(file), markup=False, soft_wrap=True)
    if not any(file.suffix == ".png" for file in files):
        console.print("no picture: matplotlib is not installed; pip install 'duologue[picture]'", markup=False)


def _main(results: Results) -> list[str]:
    measures = HEARD if results.settings["path"] == "whole" else HEADLINE
    return [_preamble(results.settings), table(results, measures)]


def _preamble(settings: Mapping[str, Any]) -> str:
    machine = settings["machine"]
    lines = [
        f"duologue {settings['version']}, {machine['commit']}; {machine['cpu']}, {machine['cores']} cores; "
        f"{machine['python']}, {machine['system']}.",
        "",
    ]
    played = []
    for name, one in settings["sets"].items():
        sessions = f"{one['sessions']} sessions, " if "sessions" in one else ""
        played.append(f"{name}: {sessions}spoken by {', '.join(one['spoken_by'])}")
    lines.append(f"- Seed {settings['seed']}, {settings['size']} sessions of a scene. {'; '.join(played)}.")
    if settings["path"] == "whole":
        lines.append(
            f"- Whole path on the virtual clock, charged: {settings['charged']}. The load of the machine was "
            f"{settings['load']:g} when it began: what other programs do makes the latencies longer."
        )
    lines += [f"- {note[0].upper()}{note[1:]}." for note in settings["notes"]]
    lines += [f"- Left out: {name}: {why}." for name, why in settings["left_out"].items()]
    return "\n".join(lines)
