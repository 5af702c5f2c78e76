"""The words that are said otherwise than they are written: ours, and over them the user's own."""

import logging
import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

_log = logging.getLogger(__name__)

_TABLES = ("said", "code", "units")
_LISTS = ("letters", "capitals", "versioned")
_LETTER_NAMES = {"A": "eigh"}
"""A lone A would be read as the article."""
_PLURALS = {
    "A": "eighs", "B": "bees", "C": "sees", "D": "dees", "E": "ees", "F": "effs", "G": "gees", "I": "eyes", "K": "kays",
    "L": "ells", "M": "ems", "N": "ens", "P": "pees", "R": "ars", "S": "esses", "T": "tees", "U": "yous", "V": "vees",
}  # fmt: skip
"""A letter with an s would be read as an abbreviation."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is said for a word, every word in small letters."""

    said: Mapping[str, str]
    """Everywhere."""
    code: Mapping[str, str]
    """In code only: `read`, `close`."""
    units: Mapping[str, str]
    """After a number: `ms`."""
    letters: frozenset[str]
    """Said letter by letter."""
    capitals: frozenset[str]
    """Words even when written in capitals."""
    versioned: frozenset[str]
    """A number after one of these is a version."""
    problems: tuple[str, ...] = field(default=())
    """What was wrong with the user's own file, and what to do; empty when all is well."""

    def reading(self, word: str, in_code: bool = False) -> str | None:
        """What is said for a listed word, its possessive included; None for a word that is not listed."""
        stem, apostrophe, ending = word.replace("’", "'").lower().partition("'")
        if apostrophe and ending != "s":
            return None
        reading = self.code.get(stem) if in_code else None
        reading = reading or self.said.get(stem)
        if reading is None and stem in self.letters:
            reading = spell(stem)
        elif reading is None and stem.endswith("s") and stem[:-1] in self.letters and stem[-2].isalpha():
            last = stem[-2].upper()
            reading = f"{spell(stem[:-2])} {_PLURALS.get(last, last + 's')}".strip()
        return reading if reading is None or not apostrophe else reading + "'s"


def spell(letters: str) -> str:
    """Letters and digits one by one, as their names."""
    return " ".join(_LETTER_NAMES.get(letter, letter) for letter in letters.upper())


def user_file() -> Path:
    """Where a user's own words are looked for: `duologue/lexicon.toml` in the configuration folder of the system."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or str(Path.home() / "AppData" / "Roaming")
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "duologue" / "lexicon.toml"


@cache
def lexicon() -> Lexicon:
    """The lexicon in use, read once. A user's file that cannot be read is named in the log and does no harm."""
    read = load(user_file())
    for problem in read.problems:
        _log.warning("%s", problem)
    return read


def load(own: Path) -> Lexicon:
    """Our lexicon with the user's file over it, if there is one; a bad entry is left out and named in `problems`."""
    built_in = resources.files(__package__).joinpath("lexicon.toml").read_text("utf-8")
    tables, problems = _checked(tomllib.loads(built_in), "lexicon.toml")
    assert not problems, problems
    try:
        raw = tomllib.loads(own.read_text("utf-8"))
    except FileNotFoundError:
        raw = {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raw = {}
        problems.append(
            f"{own} cannot be read ({error}); its words are not used. Correct it, and start the voice again"
        )
    user, more = _checked(raw, str(own))
    for name in _TABLES:
        tables[name] |= user[name]
    for word in user["letters"]:
        tables["said"].pop(word, None)
    for name in _LISTS:
        tables[name] |= user[name]
    return Lexicon(
        said=MappingProxyType(tables["said"]),
        code=MappingProxyType(tables["code"]),
        units=MappingProxyType(tables["units"]),
        letters=frozenset(tables["letters"]),
        capitals=frozenset(tables["capitals"]),
        versioned=frozenset(tables["versioned"]),
        problems=(*problems, *more),
    )


def _checked(raw: Mapping[str, Any], source: str) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The sections of a file, every one there; lists as tables without values. What is not understood is named."""
    tables: dict[str, dict[str, str]] = {name: {} for name in (*_TABLES, *_LISTS)}
    problems: list[str] = []
    for name, section in raw.items():
        if name in _TABLES and isinstance(section, dict):
            for word, said in section.items():
                if isinstance(said, str) and said.strip() and not set(said) & set("[]()`"):
                    tables[name][word.lower()] = " ".join(_LETTER_NAMES.get(part, part) for part in said.split())
                else:
                    problems.append(f"{source}: [{name}] {word} must be the words to say, without brackets")
        elif name in _LISTS and isinstance(section, dict) and isinstance(section.get("words"), str):
            tables[name] = dict.fromkeys(section["words"].lower().split(), "")
        else:
            known = ", ".join(f"[{known}]" for known in (*_TABLES, *_LISTS))
            problems.append(
                f"{source}: [{name}] is not understood; the sections are {known}, the last three with words"
            )
    return tables, problems
