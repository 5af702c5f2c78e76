"""`duologue demo`: the whole idea on a recorded session, to watch, to hear and to look at."""

import argparse
import sys
from pathlib import Path

from duologue_server.cli.setting_arguments import add_engine_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", type=Path, nargs="?", help="another session than the shipped one")
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="where sound, picture and trace go")
    parser.add_argument(
        "--clock",
        choices=("real", "virtual"),
        default="real",
        help="real: in real time through both processes; virtual: as fast as the machine can",
    )
    add_engine_argument(parser)
    parser.add_argument("--no-picture", action="store_true", help="leave out timeline.png")


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from duologue_server.demo.run import shipped_session, show
    from duologue_server.trace.folder import BadSession

    try:
        session = args.session or shipped_session()
        show(session, args.out, args.clock, Console(), not args.no_picture, args.engine)
    except (BadSession, OSError) as error:
        print(f"duologue demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("duologue demo: interrupted", file=sys.stderr)
        return 130
    return 0
