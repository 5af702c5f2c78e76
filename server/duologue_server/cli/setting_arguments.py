"""Settings on the command line, for the subcommands that run the product without an editor."""

import argparse
import json
from typing import Any

from duologue_server.options import Options, read_options

HELP = "a setting as in an editor, such as voice=flite or unpromptedPerHour=0; may be given more than once"


def add_setting_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds `--set NAME=VALUE`."""
    parser.add_argument("--set", dest="settings", metavar="NAME=VALUE", action="append", default=[], help=HELP)


def read_settings(args: argparse.Namespace) -> Options:
    """The product's defaults with what the command line says. Raises ValueError that names what is wrong."""
    raw: dict[str, Any] = {}
    for setting in args.settings:
        name, equals, value = str(setting).partition("=")
        if not equals:
            raise ValueError(f"--set takes NAME=VALUE, not {setting!r}")
        raw[name.strip()] = _value(value)
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
