"""The console command `duologue`; one module per subcommand, imported only when it is asked for."""

import argparse
import importlib
import sys
from collections.abc import Mapping, Sequence

from duologue_server import __version__

COMMANDS: Mapping[str, str] = {
    "lsp": "the language server that an editor starts",
    "voice": "the voice process that the language server starts",
    "talk": "talk in the terminal, without an editor",
    "record": "record a session into a folder",
    "replay": "replay a session folder without editor, sound card or person",
    "demo": "see and hear the whole idea on a recorded session",
    "doctor": "check every part, and say what to do about those that do not work",
    "habits": "what was learned about when not to speak, and how to unlearn it",
    "bench": "measure this machine and print a table",
    "eval": "measure how well an engine keeps the floor, and print a table",
}
"""Every subcommand and what it does; `cli/<name>.py` has `add_arguments(parser)` and `run(args) -> int`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a subcommand and returns its exit status. Raises SystemExit with 2 for a command line that is none."""
    words = list(sys.argv[1:] if argv is None else argv)
    chosen = next((word for word in words if not word.startswith("-")), None)
    parser = argparse.ArgumentParser(prog="duologue", description="An open, local, spoken pair programmer.")
    parser.add_argument("--version", action="version", version=f"duologue {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    module = importlib.import_module(f"{__name__}.{chosen}") if chosen in COMMANDS else None
    for name, what in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
        if module is not None and name == chosen:
            module.add_arguments(subparser)
    args = parser.parse_args(words)
    assert module is not None, "the parser lets only known commands pass"
    status: int = module.run(args)
    return status
