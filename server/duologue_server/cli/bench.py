"""`duologue bench`: measures this machine."""

import argparse
from dataclasses import replace
from pathlib import Path

from duologue_server.cli.setting_arguments import add_engine_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    add_engine_argument(parser)
    parser.add_argument("--quick", action="store_true", help="few repetitions: to see that it works, not to quote")


def run(args: argparse.Namespace) -> int:
    from duologue_server.bench.run import QUICK, Plan
    from duologue_server.bench.run import run as measure

    plan = QUICK if args.quick else Plan()
    return measure(plan if args.engine is None else replace(plan, engine=args.engine), args.json)
