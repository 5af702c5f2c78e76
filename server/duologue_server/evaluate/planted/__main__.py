"""Prints what the detectors would say of planted problems and of clean edits."""

import argparse
import sys
from pathlib import Path

from duologue_server.evaluate.planted.score import Result, make_cases, read_sources, run

SOURCES = Path("tests/data/planted")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m duologue_server.evaluate.planted", description=__doc__)
    parser.add_argument("--sources", type=Path, default=SOURCES, help=f"folder of files by language ({SOURCES})")
    parser.add_argument("--many", type=int, default=60, help="planted problems, and as many clean edits (60)")
    parser.add_argument("--each", type=int, default=0, help="instead, so many of every class in every language")
    parser.add_argument("--seed", type=int, default=5, help="of the random choice of places (5)")
    parser.add_argument("--show", action="store_true", help="print every edit and what would be spoken")
    args = parser.parse_args()
    try:
        sources = read_sources(args.sources)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    result = run(sources, make_cases(sources, args.many, args.seed, args.each))
    if args.show:
        _show(result)
    print(report(result))
    return 0


def report(result: Result) -> str:
    """The figures as Markdown."""
    found = sum(bool(one.hits) for one in result.planted)
    rows = [
        f"{len(result.planted)} planted problems, {len(result.clean)} clean edits, {result.lines} lines",
        "",
        "| measure | value |",
        "|---|---|",
        f"| precision of what is spoken | {result.precision:.2f} ({result.spoken} remarks) |",
        f"| recall | {found / max(1, len(result.planted)):.2f} ({found} of {len(result.planted)}) |",
        f"| clean edits on which nothing is spoken | {result.silent_share:.1%} |",
        f"| spoken of the files as they are | {len(result.standing)} "
        f"({1000 * len(result.standing) / max(1, result.lines):.2f} in 1,000 lines) |",
    ]
    for by in ("language", "kind"):
        rows += ["", f"| {by} | found |", "|---|---|"]
        rows += [f"| {name} | {hit} of {of} |" for name, (hit, of) in result.recall(by).items()]
    return "\n".join(rows)


def _show(result: Result) -> None:
    for one in result.outcomes:
        case = one.case
        mark = "hit  " if one.hits else "FALSE" if one.spoken else "     "
        print(f"{mark} {case.kind} {case.source.name}:{case.first_line + 1}")
        print(f"        {case.edited.text.splitlines()[case.first_line : case.first_line + 1]}")
        for finding in one.spoken:
            print(f"      > {finding.text} ({finding.trigger}, {finding.urgency})")
    for finding in result.standing:
        print(f"standing {finding.uri.rsplit('/', 1)[-1]}: {finding.text} ({finding.trigger})")


if __name__ == "__main__":
    sys.exit(main())
