"""`duologue voice`: started by the language server; its stdin and stdout are the voice link."""

import argparse
from pathlib import Path

from duologue_server.cli.setting_arguments import add_engine_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        default="",
        metavar="SPEC",
        help="'virtual:mic=FILE,out=FILE,echo_ms=60,echo_db=-20' instead of the sound card; every part may be absent",
    )
    parser.add_argument(
        "--record-microphone", type=Path, metavar="FILE", help="write what is heard to this .flac or .wav file"
    )
    add_engine_argument(parser)
    parser.add_argument("--every-turn", action="store_true", help="tell every micro-turn of 80 ms, as a trace wants it")


def run(args: argparse.Namespace) -> int:
    from duologue_server.voice.process import main

    return main(args.device, args.record_microphone, args.every_turn, args.engine)
