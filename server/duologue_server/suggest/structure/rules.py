"""Reads structural rules from folders: the product's own, and the user's beside them.

A rule is a folder, its name the rule's id: `rule.toml`, and one query `LANGUAGE.scm` for each language, or
`LANGUAGE+LANGUAGE.scm` for several. The query captures `@here`, what the remark is about.
"""

import os
import re
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from duologue_server.suggest.findings import SPOKEN_CHARACTERS
from duologue_server.suggest.structure.checks import CHECKS

OWN = Path(__file__).with_name("built_in")
_VARIANTS = {"javascript": "javascriptreact", "typescript": "typescriptreact"}
_ID = re.compile(r"[a-z][a-z0-9-]{1,40}\Z")
_PLACE_CHARACTERS = 25
"""Left for `In load, line 12: `."""


@dataclass(frozen=True)
class Rule:
    """How to find a thing and what to say of it."""

    id: str
    says: str
    """The sentence without its place; `{name}` is the text of `@name`, `{nth}` counts `@nth` among its siblings, and
    a check may give other words."""
    urgency: float
    confidence: float
    """The share of finds that are truly worth the sentence."""
    queries: Mapping[str, str]
    """By LSP language id."""
    origin: Path
    """Its folder."""
    check: str = ""
    about: str = ""
    """A capture, or a word: what other detectors would name of the same thing."""
    whole_file: bool = False
    """What it finds in one place depends on others, so nothing may be remembered of an unchanged place."""
    only_new: bool = False
    """Whether it is silent on what was there when the document was first seen."""
    in_tests: bool = True
    """Whether it looks into test files, too."""
    same_as: Mapping[str, str] = field(default_factory=dict)
    """By language, the trigger of another tool's rule for the same thing."""
    fix: Mapping[str, str] = field(default_factory=dict)
    """By language, or for `any`, what should stand in the place of `@here`: `{here}` is its source, `{name}` that of
    `@name`, and a check may give other words."""
    fix_label: str = ""
    """What the fix does, in a few words."""

    def trigger(self, language_id: str) -> str:
        return self.same_as.get(language_id, f"structure:{self.id}")


class BadRule(ValueError):
    """A rule that cannot be read; names the file and, where there is one, the line."""


def user_folder() -> Path:
    """Where a user's own rules lie."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "duologue" / "rules"


def load_rules(folders: Iterable[Path]) -> tuple[list[Rule], list[str]]:
    """All rules of some folders, of which a later one replaces a rule by the same id, and what is wrong with the
    others. Folders that do not exist hold none."""
    rules: dict[str, Rule] = {}
    problems: list[str] = []
    for folder in folders:
        try:
            inner = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(f"{folder}: the rules there cannot be listed: {error.strerror}")
            continue
        for path in inner:
            try:
                rules[path.name] = read_rule(path)
            except BadRule as error:
                problems.append(str(error))
    return list(rules.values()), problems


def read_rule(folder: Path) -> Rule:
    """Reads one rule; queries are only compiled when a document of their language comes. Raises BadRule."""
    file = folder / "rule.toml"
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadRule(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    except tomllib.TOMLDecodeError as error:  # says the line itself
        raise BadRule(f"{file}: {error}") from error
    if not _ID.match(folder.name):
        raise BadRule(f"{file}: the folder's name is the rule's id and must look like 'bare-except'")
    _expect(file, raw, set(raw) <= _FIELDS, f"knows only {', '.join(sorted(_FIELDS))}")
    same_as, fix = raw.pop("same_as", {}), raw.pop("fix", {})
    for name, table in (("same_as", same_as), ("fix", fix)):
        texts = isinstance(table, dict) and all(isinstance(text, str) for text in table.values())
        _expect(file, raw, texts, f"{name} must be a table of texts by language", name)
    _expect(file, raw, bool(fix) == bool(raw.get("fix_label")), "fix and fix_label go together", "fix_label")
    _expect(file, raw, all(map(_is_template, fix.values())), "fix has a brace that is no {word}", "fix")
    for name, kind in _KINDS.items():
        value = raw.get(name)
        _expect(file, raw, value is None or isinstance(value, kind), f"{name} must be {_SAID[kind]}", name)
    says = str(raw.get("says", ""))
    _expect(file, raw, says.strip(), "says, one spoken sentence, is missing")
    _expect(file, raw, len(says) <= SPOKEN_CHARACTERS - _PLACE_CHARACTERS, "says is too long for 8 s", "says")
    _expect(file, raw, _is_template(says), "says has a brace that is no {word}", "says")
    for name in ("urgency", "confidence"):
        _expect(file, raw, 0 <= raw.get(name, -1) <= 1, f"{name} must be given, from 0 to 1", name)
    check = raw.get("check", "")
    _expect(file, raw, not check or check in CHECKS, f"check must be one of {', '.join(sorted(CHECKS))}", "check")
    return Rule(id=folder.name, origin=folder, queries=_read_queries(folder), same_as=same_as, fix=fix, **raw)


_KINDS: Mapping[str, Any] = {
    "says": str, "check": str, "about": str, "urgency": (int, float), "confidence": (int, float), "whole_file": bool,
    "only_new": bool, "in_tests": bool, "fix_label": str,
}  # fmt: skip
_SAID = {str: "a text", (int, float): "a number", bool: "true or false"}
_FIELDS = {*_KINDS, "same_as", "fix"}


def _expect(file: Path, raw: Mapping[str, Any], right: object, what: str, name: str = "") -> None:
    if right:
        return
    lines = file.read_text("utf-8").splitlines()
    name = name or next(iter(set(raw) - _FIELDS), "")
    at = next(
        (number for number, line in enumerate(lines, 1) if name and re.match(rf"\s*{re.escape(name)}\b", line)), 1
    )
    raise BadRule(f"{file}, line {at}: {what}")


def _is_template(says: str) -> bool:
    try:
        return all(name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(says))
    except ValueError:
        return False


def _read_queries(folder: Path) -> Mapping[str, str]:
    queries: dict[str, str] = {}
    for file in sorted(folder.glob("*.scm")):
        try:
            query = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadRule(f"{file}: cannot be read: {error}") from error
        if "@here" not in query:
            raise BadRule(f"{file}, line 1: nothing is captured as @here, the thing to speak of")
        for language in file.stem.split("+"):
            queries[language] = query
            if language in _VARIANTS:
                queries.setdefault(_VARIANTS[language], query)
    if not queries:
        raise BadRule(f"{folder}: there is no query; write one as LANGUAGE.scm, such as python.scm")
    return queries
