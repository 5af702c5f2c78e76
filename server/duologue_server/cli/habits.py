"""`duologue habits`: what was learned about when not to speak, and how to unlearn it."""

import argparse
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--forget", metavar="TRIGGER", help="unlearn one kind of remark, such as ruff:F841; all: everything"
    )


def run(args: argparse.Namespace) -> int:
    from duologue_server.session.habits import BadHabits, habits_path, read_habits, write_habits
    from duologue_server.trace.clock import wall_clock_s

    path = habits_path()
    try:
        records = read_habits(path)
        if args.forget is not None:
            if args.forget != "all" and args.forget not in records:
                known = ", ".join(sorted(records)) or "nothing"
                print(f"duologue habits: nothing was learned about '{args.forget}'; known: {known}", file=sys.stderr)
                return 2
            records = (
                {} if args.forget == "all" else {name: one for name, one in records.items() if name != args.forget}
            )
            write_habits(path, records)
    except (BadHabits, OSError) as error:
        print(f"duologue habits: {error}", file=sys.stderr)
        return 1
    print(f"{path}: {'nothing learned' if not records else ''}".rstrip())
    for name, record in sorted(records.items()):
        left_s = record.until_s - wall_clock_s()
        when = "never again" if record.never else f"not for {left_s / 60:.0f} minutes" if left_s > 0 else "may speak"
        print(f"  {name:32} {record.misses} not wanted in a row; {when}")
    return 0
