"""Settings on the command line, for the subcommands that run the product without an editor."""

import argparse
import json
from typing import Any, get_args

from duologue_server.options import EngineChoice, Options, read_options

HELP = "a setting as in an editor, such as voice=flite or unpromptedPerHour=0; may be given more than once"


def add_setting_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds `--set NAME=VALUE` and, as the one that is compared most, `--engine`."""
    add_engine_argument(parser)
    parser.add_argument("--set", dest="settings", metavar="NAME=VALUE", action="append", default=[], help=HELP)


def add_engine_argument(parser: argparse.ArgumentParser) -> None:
    """Adds `--engine`; without it, the setting holds."""
    choices = get_args(EngineChoice)
    parser.add_argument("--engine", choices=choices, help="what decides about the floor: the trained model, or timers")


def read_settings(args: argparse.Namespace) -> Options:
    """The product's defaults with what the command line says. Raises ValueError that names what is wrong."""
    raw: dict[str, Any] = {}
    for setting in args.settings:
        name, equals, value = str(setting).partition("=")
        if not equals:
            raise ValueError(f"--set takes NAME=VALUE, not {setting!r}")
        raw[name.strip()] = _value(value)
    if args.engine is not None:
        raw["engine"] = args.engine
    options, problems = read_options(raw)
    if problems:
        raise ValueError(problems[0])
    return options


def _value(text: str) -> Any:
    """What JSON reads in it, otherwise the text itself: `4`, `true`, `["ruff"]`, and `flite` without quotes."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
