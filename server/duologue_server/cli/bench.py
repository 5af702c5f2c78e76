"""`duologue bench`: measures this machine."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--quick", action="store_true", help="few repetitions: to see that it works, not to quote")


def run(args: argparse.Namespace) -> int:
    from duologue_server.bench.run import QUICK, Plan
    from duologue_server.bench.run import run as measure

    return measure(QUICK if args.quick else Plan(), args.json)
