"""Whether two reports say the same: two runs from one seed, two machines, two seeds.

  python -m duologue_model.evaluation.again first/report.json second/report.json

Figures agree when their intervals overlap. Of a few hundred figures some will not by chance alone: one in a hundred,
where the sessions differ. Exit status 1 when more than that disagree.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHANCE = 0.01


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A figure that two reports do not share."""

    engine: str
    column: str
    measure: str
    first: tuple[float, float, float]
    """Value and interval."""
    second: tuple[float, float, float]


def disagreements(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[int, list[Disagreement]]:
    """How many figures both reports have, and those whose intervals do not overlap."""
    ours, theirs = dict(_figures(first)), dict(_figures(second))
    shared = [key for key in ours if key in theirs]
    apart = [
        Disagreement(*key, ours[key], theirs[key])
        for key in shared
        if ours[key][1] > theirs[key][2] or theirs[key][1] > ours[key][2]
    ]
    return len(shared), apart


def _figures(whole: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str], tuple[float, float, float]]]:
    for engine in whole["engines"]:
        for column, measures in engine["figures"].items():
            for measure, figure in measures.items():
                if figure["events"]:
                    value, low, high = (float(figure[name]) for name in ("value", "low", "high"))
                    yield (engine["name"], column, measure), (value, low, high)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command: 0 if they agree, 1 if not, 2 if a report cannot be read."""
    assert __doc__ is not None
    made = argparse.ArgumentParser(
        prog="python -m duologue_model.evaluation.again",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("first", type=Path, help="report.json of one run")
    made.add_argument("second", type=Path, help="report.json of the other")
    options = made.parse_args(arguments)
    try:
        reports = [json.loads(file.read_text("utf-8")) for file in (options.first, options.second)]
        shared, apart = disagreements(*reports)
    except (OSError, ValueError, KeyError, TypeError) as trouble:
        print(f"again: this is no report of the evaluation ({trouble!r}). Give its report.json.", file=sys.stderr)
        return 2
    for one in apart:
        print(f"{one.engine}, {one.column}, {one.measure}: {_said(one.first)} against {_said(one.second)}")
    print(f"{shared - len(apart)} of {shared} figures agree within their intervals")
    return 1 if len(apart) > CHANCE * shared else 0


def _said(figure: tuple[float, float, float]) -> str:
    value, low, high = figure
    return f"{value:.3g} ({low:.3g} to {high:.3g})"


if __name__ == "__main__":
    sys.exit(main())
