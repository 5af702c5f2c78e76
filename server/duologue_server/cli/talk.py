"""`duologue talk`: a conversation in the terminal, without an editor."""

import argparse
import sys
from pathlib import Path

from duologue_server.cli.setting_arguments import add_setting_arguments, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="what to talk about; read again when saved")
    add_talk_arguments(parser)


def add_talk_arguments(parser: argparse.ArgumentParser) -> None:
    """What `talk` and `record` share."""
    parser.add_argument("--device", default="", metavar="SPEC", help="'virtual:mic=FILE,out=FILE' for no sound card")
    add_setting_arguments(parser)


def run(args: argparse.Namespace) -> int:
    return run_talk("talk", args, None)


def run_talk(name: str, args: argparse.Namespace, record: Path | None) -> int:
    """Talks, and records if there is a folder to record into; the exit status."""
    from duologue_server.talk.run import talk

    try:
        return talk(args.files, read_settings(args), args.device, record)
    except (OSError, ValueError) as error:
        print(f"duologue {name}: {error}", file=sys.stderr)
        return 2
