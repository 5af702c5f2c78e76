"""`duologue eval`: how well an engine keeps the floor, measured through the whole product."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path("build/eval"), help="where the report goes")
    path = parser.add_mutually_exclusive_group()
    path.add_argument("--whole", action="store_true", help="session folders through the whole product (the default)")
    path.add_argument("--fast", action="store_true", help="simulated users who react, without the product")
    parser.add_argument("--engine", action="append", metavar="NAME", help="may be given more than once, to compare")
    parser.add_argument("--sets", metavar="NAMES", help="synthesiser,voices,human; by default the first and the last")
    parser.add_argument("--scenes", metavar="NAMES", help="only these, with commas between")
    parser.add_argument("--size", type=int, default=4, metavar="N", help="sessions of a scene, half a minute each")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same sessions")
    parser.add_argument("--bank", type=Path, default=Path("build/bank"), help="clips; made there if it is not yet")
    parser.add_argument("--data", type=Path, help="recordings of people, for a new bank: a folder with dev/index.csv")
    parser.add_argument("--keep", action="store_true", help="keep the session folders, with partner.flac and trace")
    parser.add_argument(
        "--free-compute", action="store_true", help="charge nothing for the time that work takes: the same everywhere"
    )


def run(args: argparse.Namespace) -> int:
    from duologue_model.training.voices import BankTrouble
    from duologue_server.evaluate.material import DEFAULT_SETS, Banks
    from duologue_server.evaluate.run import Wanted, evaluate
    from duologue_server.evaluate.scenes import SCENES
    from duologue_server.options import Options

    wanted = Wanted(
        out=args.out,
        banks=Banks(args.bank, args.data),
        engines=tuple(dict.fromkeys(args.engine or [Options().engine])),
        sets=_names(args.sets) or DEFAULT_SETS,
        scenes=_names(args.scenes) or tuple(SCENES),
        size=args.size,
        seed=args.seed,
        keep=args.keep,
        free_compute=args.free_compute,
        fast=args.fast,
    )
    try:
        return evaluate(wanted)
    except (BankTrouble, ValueError, OSError) as error:
        print(f"duologue eval: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("duologue eval: interrupted", file=sys.stderr)
        return 130


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip()) if text else ()
