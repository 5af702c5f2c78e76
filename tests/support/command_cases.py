"""Fixtures of spoken commands: what is said, the text and the cursor before, and what comes of it.

The files lie in `tests/data/commands`. `‸` is the cursor, `«…»` a selection whose end is the cursor. A case knows no
editor: `before` and `after` are whole texts, so that the same cases can be spoken to any.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from duologue_server.commands import Place, Plan, Problem, Refusal, apply, parse, plan
from duologue_server.context.positions import Position, Range, index_of, split_lines
from support.source import source_of

FOLDER = Path(__file__).parent.parent / "data" / "commands"
CURSOR, OPENING, CLOSING = "‸", "«", "»"
PIECE = re.compile(r"<([a-z_]+)>")
NAMES = {
    "python": "store.py", "javascript": "store.js", "typescript": "store.ts", "rust": "store.rs", "go": "store.go",
    "java": "Store.java", "c": "store.c", "cpp": "store.cpp", "ruby": "store.rb", "lua": "store.lua",
    "shellscript": "store.sh", "plaintext": "notes.txt",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One fixture. Of what is expected, only what is given is looked at."""

    id: str
    say: str
    language: str
    before: str
    after: str | None = None
    """With marks; without any mark the cursor may be anywhere."""
    caption: str | None = None
    question: str | None = None
    refusal: str | None = None
    actions: tuple[tuple[str, str], ...] | None = None
    copied: str | None = None
    is_command: bool = True
    clipboard: str | None = None
    buffers: tuple[str, ...] = ("utils.py", "main.py", "README.md")
    vocabulary: tuple[str, ...] = ()
    problems: tuple[int, ...] = field(default=())


@dataclass(frozen=True)
class Outcome:
    """What became of a case; `after` has marks."""

    is_command: bool
    after: str = ""
    caption: str = ""
    question: str = ""
    refusal: str = ""
    actions: tuple[tuple[str, str], ...] = ()
    copied: str | None = None


def unmarked(marked: str) -> tuple[str, int, int]:
    """(text, start, end) of a text with a cursor or a selection in it."""
    if OPENING in marked:
        start = marked.index(OPENING)
        text = marked.replace(OPENING, "", 1)
        end = text.index(CLOSING)
        return text.replace(CLOSING, "", 1), start, end
    at = marked.index(CURSOR) if CURSOR in marked else 0
    return marked.replace(CURSOR, "", 1), at, at


def place_of(case: Case) -> Place:
    """The place of a case, as the session would make it."""
    text, start, end = unmarked(case.before)
    view = source_of(text, case.language, NAMES.get(case.language, "store.txt"))
    lines = split_lines(text)
    return Place(
        view,
        Range(_position(lines, start), _position(lines, end)),
        buffers=case.buffers,
        vocabulary=case.vocabulary,
        problems=tuple(Problem(line) for line in case.problems),
        clipboard=case.clipboard,
    )


def _position(lines: list[str], offset: int) -> Position:
    for number, line in enumerate(lines):
        if offset < len(line) or number == len(lines) - 1:
            return Position(number, len(line[:offset].encode("utf-16-le")) // 2)
        offset -= len(line)
    raise AssertionError("a text has a last line")


def spoken(case: Case) -> Outcome:
    """What the commands make of a case, without any editor."""
    place = place_of(case)
    reading = parse(case.say, place)
    if reading is None:
        return Outcome(is_command=False, after=case.before)
    made = plan(reading, place)
    if isinstance(made, Refusal):
        return Outcome(True, case.before, refusal=made.text)
    return Outcome(
        True,
        marked(place, made, case.before),
        made.caption,
        made.question,
        actions=tuple((action.name, action.argument) for action in made.actions),
        copied=made.copied,
    )


def marked(place: Place, made: Plan, before: str) -> str:
    """The text after a plan, with the cursor or the selection marked."""
    text = apply(place.text, made.changes)
    if made.selection is None:
        return before
    lines = split_lines(text)
    start, end = (_offset(lines, position) for position in made.selection)
    if start == end:
        return text[:start] + CURSOR + text[start:]
    return text[:start] + OPENING + text[start:end] + CLOSING + text[end:]


def _offset(lines: list[str], position: Position) -> int:
    return sum(map(len, lines[: position.line])) + index_of(lines[position.line], position.character)


def check(case: Case) -> None:
    """Holds a case against what comes of it."""
    got = spoken(case)
    assert got.is_command == case.is_command, f"“{case.say}”: {'a' if got.is_command else 'no'} command"
    if case.refusal is not None or got.refusal:
        assert got.refusal == (case.refusal or ""), f"“{case.say}”"
    if case.after is not None:
        wanted = got.after if any(mark in case.after for mark in (CURSOR, OPENING)) else unmarked(got.after)[0]
        assert wanted == case.after, f"“{case.say}”"
    for name in ("caption", "question", "actions", "copied"):
        expected = getattr(case, name)
        if expected is not None:
            assert getattr(got, name) == expected, f"“{case.say}”: {name}"
    if case.question is None and case.after is not None and case.refusal is None:
        assert not got.question, f"“{case.say}” should not be asked"


def cases() -> list[Case]:
    """All fixtures of all files."""
    found: list[Case] = []
    for file in sorted(FOLDER.glob("*.toml")):
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        rows = expanded(data) if "pattern" in data else _rows(data)
        for number, row in enumerate(rows):
            says = row["say"] if isinstance(row["say"], list) else [row["say"]]
            found += [_case(f"{file.stem}-{number}-{say[:40]}", say, row) for say in says]
    return found


def _rows(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in data["case"]:
        yield {key: value for key, value in {**data, **row}.items() if key not in ("case", "comment")}


def expanded(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A file of patterns: each for every language whose table holds all that the pattern speaks of."""
    for language, pieces in data["language"].items():
        for pattern in data["pattern"]:
            if language in pattern.get("not", ()) or ("only" in pattern and language not in pattern["only"]):
                continue
            row = {**pattern, "language": language}
            for key in ("before", "after", "refusal", "caption", "copied"):
                if key in row:
                    row[key] = _filled(row[key], pieces)
            if all(value is not None for value in row.values()):
                yield row


def _filled(text: str, pieces: Mapping[str, str]) -> str | None:
    """`<name>` in a text by the language's piece of that name; a tab by its indentation. None without the piece."""
    for name in PIECE.findall(text):
        if name not in pieces:
            return None
        text = text.replace(f"<{name}>", pieces[name])
    return text.replace("\t", pieces["tab"])


def _case(identity: str, say: str, row: Mapping[str, Any]) -> Case:
    actions = row.get("actions")
    return Case(
        identity,
        say,
        row.get("language", "python"),
        row.get("before", CURSOR),
        row.get("after"),
        row.get("caption"),
        row.get("question"),
        row.get("refusal"),
        tuple((name, argument) for name, argument in actions) if actions is not None else None,
        row.get("copied"),
        row.get("command", True),
        row.get("clipboard"),
        tuple(row.get("buffers", ("utils.py", "main.py", "README.md"))),
        tuple(row.get("vocabulary", ())),
        tuple(row.get("problems", ())),
    )
