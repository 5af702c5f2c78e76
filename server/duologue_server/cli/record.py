"""`duologue record`: like `duologue talk`, into a session folder that can be replayed."""

import argparse
from pathlib import Path

from duologue_server.cli.talk import add_talk_arguments, run_talk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder for the session")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="what to talk about; read again when saved")
    add_talk_arguments(parser)


def run(args: argparse.Namespace) -> int:
    return run_talk("record", args, args.folder)
