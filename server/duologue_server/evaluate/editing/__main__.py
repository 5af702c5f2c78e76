"""Prints what is shown and spoken while real commits are typed, and what the memory does in a long session."""

import argparse
import sys
import time
import tracemalloc
from pathlib import Path

from duologue_server.evaluate.editing import memory
from duologue_server.evaluate.editing.folder import write_folder
from duologue_server.evaluate.editing.history import History, read_histories
from duologue_server.evaluate.editing.report import report
from duologue_server.evaluate.editing.run import HOUR_S, Run, play
from duologue_server.evaluate.editing.typist import Habits
from duologue_server.evaluate.editing.watch import WatchedSession
from duologue_server.trace.folder import BadSession

DATA = Path("tests/data/editing")
FIRST = "python-dotenv"
"""The history that a session begins with."""
APART = 7
"""So many commits further on each session begins."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m duologue_server.evaluate.editing", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help=f"folder of histories ({DATA})")
    parser.add_argument("--hours", type=float, default=1.0, help="length of a session (1)")
    parser.add_argument("--sessions", type=int, default=1, help="so many, each from another commit and seed on (1)")
    parser.add_argument("--seed", type=int, default=1, help="of the first session (1)")
    parser.add_argument("--defects", type=float, default=Habits().defects_per_hour, help="planted an hour (3)")
    parser.add_argument("--heeds", type=float, default=0.0, help="share of remarks that are acted on at once (0)")
    parser.add_argument("--memory", action="store_true", help="print also what the session holds, hour by hour")
    parser.add_argument("--trace", action="store_true", help="with --memory: trace our own allocations, which is slow")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="only write the session for 'duologue replay'")
    args = parser.parse_args()
    habits = Habits(defects_per_hour=args.defects, heeds=args.heeds)
    try:
        histories = sorted(read_histories(args.data), key=lambda history: history.name != FIRST)
        if args.write is not None:
            write_folder(args.write, histories, args.hours * HOUR_S, args.seed, habits)
            return 0
    except (OSError, ValueError, BadSession) as error:
        print(error, file=sys.stderr)
        return 2
    _print(histories, args, habits)
    return 0


def _print(histories: list[History], args: argparse.Namespace, habits: Habits) -> None:
    hours: list[memory.Hour] = []

    def each_hour(hour: int, session: WatchedSession, run: Run) -> None:
        hours.append(memory.measure(hour, session))
        now, taken_s = hours[-1], time.process_time()
        held = f"{now.rss_mb:.1f} MB, ours {now.ours_mb:.2f} MB, {sum(now.tables.values())} entries"
        said = f"hour {hour}: {held}, {taken_s:.0f} s"
        print(said, file=sys.stderr, flush=True)

    if args.trace:
        tracemalloc.start()
    runs = [
        play(
            histories,
            args.hours * HOUR_S,
            args.seed + number,
            habits=habits,
            first_commit=number * APART % len(histories[0].commits),
            each_hour=each_hour if args.memory and number == 0 else None,
        )
        for number in range(args.sessions)
    ]
    print(report(runs))
    if args.memory:
        print("\n" + memory.report(hours))


if __name__ == "__main__":
    sys.exit(main())
