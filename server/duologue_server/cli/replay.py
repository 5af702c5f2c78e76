"""`duologue replay`: a session folder through the whole product."""

import argparse
import sys
from pathlib import Path

from duologue_server.cli.setting_arguments import add_engine_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", type=Path, help="a session folder, or a .duologue file")
    parser.add_argument("--out", type=Path, required=True, help="a folder for partner.flac, trace.jsonl, summary.json")
    parser.add_argument(
        "--clock",
        choices=("virtual", "real"),
        default="virtual",
        help="virtual: as fast as the machine can; real: in real time through both processes",
    )
    parser.add_argument(
        "--free-compute", action="store_true", help="virtual clock: charge nothing for the time that work takes"
    )
    add_engine_argument(parser)


def run(args: argparse.Namespace) -> int:
    from duologue_server.replay.run import replay
    from duologue_server.trace.folder import BadSession

    try:
        summary = replay(args.session, args.out, args.clock, free_compute=args.free_compute, engine=args.engine)
    except (BadSession, OSError) as error:
        print(f"duologue replay: {error}", file=sys.stderr)
        return 2
    response = summary["response_ms"]
    print(f"{args.out}: {sum(summary['counts'].values())} facts, engine: {summary['engine']}")
    if response:
        print(f"end of turn to first sound: median {response['p50']:.0f} ms of {response['n']}")
    return 0
