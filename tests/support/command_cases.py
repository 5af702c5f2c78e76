"""The fixtures of spoken commands in `tests/data/commands`; what they mean is told in `bench/command_cases.py`."""

from pathlib import Path

from duologue_server.bench import command_cases
from duologue_server.bench.command_cases import Case, differences, place_of, spoken

__all__ = ["FOLDER", "Case", "cases", "check", "place_of"]

FOLDER = Path(__file__).parent.parent / "data" / "commands"


def cases() -> list[Case]:
    """All fixtures of all files."""
    return command_cases.cases(FOLDER)


def check(case: Case) -> None:
    """Holds a case against what comes of it."""
    assert differences(case, spoken(case)) == [], f"“{case.say}”"
