"""What is written in which way in a language: the data of `operators.toml` and `templates.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from duologue_server.context.languages import language_of


@cache
def table(name: str) -> Mapping[str, Any]:
    """One of the package's TOML files."""
    return tomllib.loads(resources.files("duologue_server.commands").joinpath(name).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Manner:
    """How a language is written."""

    name: str
    data: Mapping[str, Any]
    signs: Mapping[str, str]
    words: Mapping[str, str]
    condition: Mapping[str, str]
    longest: int
    """Words of the longest operator."""

    @property
    def casing(self) -> str:
        return str(self.data.get("casing", "snake"))

    @property
    def comment(self) -> str:
        return str(self.data.get("comment", "#"))

    @property
    def comment_end(self) -> str:
        return str(self.data.get("comment_end", ""))

    def template(self, name: str) -> str | None:
        found = self.data.get(name)
        return found if isinstance(found, str) else None


@cache
def manner_of(language_id: str) -> Manner:
    """The manner of an LSP language id; of a plain text for one that is not known."""
    language = language_of(language_id)
    name = language.queries if language else "text"
    name = {"bash": "shellscript"}.get(name, name)
    templates, operators = table("templates.toml"), table("operators.toml")
    if name not in templates:
        name = "text"
    return Manner(
        name,
        _inherited(templates, name),
        _operators(operators, name, "signs"),
        _operators(operators, name, "words"),
        _operators(operators, name, "condition"),
        max(len(said.split()) for kind in ("signs", "words") for said in operators[kind]),
    )


def _inherited(templates: Mapping[str, Any], name: str) -> dict[str, Any]:
    own = templates[name]
    parent = own.get("parent")
    return {**(_inherited(templates, parent) if parent else {}), **own}


def _operators(operators: Mapping[str, Any], name: str, kind: str) -> dict[str, str]:
    parent = operators["parents"].get(name)
    inherited = _operators(operators, parent, kind) if parent else dict(operators[kind])
    return {**inherited, **operators.get(name, {}).get(kind, {})}
