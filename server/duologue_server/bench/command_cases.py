"""Fixtures of spoken commands: what is said, the text and the cursor before, and what comes of it.

The files lie in `tests/data/commands` of the source. `‸` is the cursor, `«…»` a selection whose end is the cursor. A
case knows no editor: `before` and `after` are whole texts, so that the same cases can be spoken to any.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from duologue_server.commands import Command, Place, Plan, Problem, Refusal, apply, likeliest, plan
from duologue_server.context.documents import Documents
from duologue_server.context.positions import Position, Range, index_of, split_lines
from duologue_server.context.trees import parse as parse_tree
from duologue_server.context.view import View

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
    heard_wrong: bool = False
    """Whether `say` is what a recogniser wrote, and nothing that anybody says."""


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
    command: Command | None = None


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
    name = NAMES.get(case.language, "store.txt")
    snapshot = Documents().open(f"file:///home/ann/{name}", case.language, 1, text).snapshot()
    view = View(snapshot, parse_tree(snapshot))
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


def spoken(case: Case, *texts: str) -> Outcome:
    """What the commands make of a case, or of what was heard in its place, in any of its texts, without any editor."""
    place = place_of(case)
    found = likeliest(texts or (case.say,), place)
    if found is None:
        return Outcome(is_command=False, after=case.before)
    _, reading = found
    made = plan(reading, place)
    if isinstance(made, Refusal):
        return Outcome(True, case.before, refusal=made.text, command=reading.command)
    return Outcome(
        True,
        marked(place, made, case.before),
        made.caption,
        made.question,
        actions=tuple((action.name, action.argument) for action in made.actions),
        copied=made.copied,
        command=reading.command,
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


def differences(case: Case, got: Outcome) -> list[str]:
    """What came otherwise than the case expects, a sentence each."""
    if got.is_command != case.is_command:
        return [f"is {'a' if got.is_command else 'no'} command"]
    pairs: list[tuple[str, object, object]] = []
    if case.refusal is not None or got.refusal:
        pairs.append(("refusal", case.refusal or "", got.refusal))
    if case.after is not None:
        is_marked = any(mark in case.after for mark in (CURSOR, OPENING))
        pairs.append(("after", case.after, got.after if is_marked else unmarked(got.after)[0]))
    for name in ("caption", "question", "actions", "copied"):
        if getattr(case, name) is not None:
            pairs.append((name, getattr(case, name), getattr(got, name)))
    if case.question is None and case.after is not None and case.refusal is None:
        pairs.append(("question", "", got.question))
    return [f"{name} is {came!r} and not {wanted!r}" for name, wanted, came in pairs if wanted != came]


def cases(folder: Path) -> list[Case]:
    """All fixtures of all files of a folder."""
    found: list[Case] = []
    for file in sorted(folder.glob("*.toml")):
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        rows = expanded(data) if "pattern" in data else _rows(data)
        for number, row in enumerate(rows):
            says = row["say"] if isinstance(row["say"], list) else [row["say"]]
            found += [_case(f"{file.stem}-{number}-{say[:40]}", say, row) for say in says]
    return found


def _rows(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in data["case"]:
        yield {key: value for key, value in {**data, **row}.items() if key != "case"}


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
        row.get("comment", "").startswith("heard"),
    )
