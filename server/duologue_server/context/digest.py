"""A short description of where the user is, for a language model or a person to read."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from duologue_server.context.languages import language_of
from duologue_server.context.nearby import describe, known_names
from duologue_server.context.positions import Position
from duologue_server.context.trees import Symbol
from duologue_server.context.view import View
from duologue_server.masking.mask import mask_secrets, secret_values

MOST_CHARACTERS = 2_400
"""About 600 tokens."""
HEAD_CHARACTERS = 1_400
"""For what is told in words; the code has the rest."""
LINES_AROUND = 15
LINE_CHARACTERS = 160
MOST_PROBLEMS = 4
MOST_IMPORTS = 6
LINES_MASKED = 80
"""Lines above and below that masking sees: a key's beginning may be far out of sight."""

SECRET_LINES = 400
"""Searched for secrets at once."""

_NESTED = frozenset({"key", "table", "element", "rule", "media", "keyframes"})


class Problem(NamedTuple):
    """A diagnostic in a few words."""

    line: int
    """Zero-based."""
    text: str


class SuiteRun(NamedTuple):
    """How the last test run ended."""

    passed: int
    failed: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beyond the document itself."""

    others: Sequence[View] = ()
    """The other open documents."""
    changes: Sequence[str] = ()
    """What the user changed in the last minutes, as `changes.Recent` tells it."""
    rhythm: str = ""
    """How the user types, as `rhythm.Rhythm` tells it."""
    secrets: Collection[str] = ()
    """Known from elsewhere; masked wherever they stand."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What the partner knows of a place in a document."""

    uri: str
    version: int | None
    text: str
    """Plain text of at most `MOST_CHARACTERS`, secrets masked."""


def digest(
    view: View,
    cursor: Position,
    problems: Sequence[Problem] = (),
    tests: SuiteRun | None = None,
    last_changed_line: int | None = None,
    around: Surroundings = Surroundings(),
) -> Digest:
    """Describes the situation so that it can be read aloud: file and scope, what the user does and has just changed,
    imports, the names at the cursor, problems nearby, tests; then numbered lines of code."""
    line = min(max(0, cursor.line), view.line_count - 1)
    head = [
        f"File {_cut(view.name)}, {view.language}, {view.line_count} lines. "
        f"Cursor in line {line + 1}{_scope(view, cursor)}."
    ]
    head += _doing(view, cursor, last_changed_line, around)
    near = sorted(problems, key=lambda problem: abs(problem.line - line))[:MOST_PROBLEMS]
    head += [f"Problem in line {problem.line + 1}: {problem.text}" for problem in near]
    if tests is not None:
        said = f": {tests.message}" if tests.message else ""
        head.append(f"Tests: {tests.passed} passed, {tests.failed} failed{said}")
    if view.snapshot.looks_binary:
        head.append("The file looks binary; its text is left out.")
        return Digest(view.uri, view.version, _masked(head, around.secrets)[:MOST_CHARACTERS])
    # masked before it is cut into lines, so that no key of several lines slips through
    first = max(0, line - LINES_MASKED)
    lines = [view.line_text(n) for n in range(first, min(view.line_count, line + LINES_MASKED + 1))]
    raw = "\n".join(_clip(text) for text in lines)
    config = is_config(view)
    known = secret_values(raw, config).union(around.secrets)
    masked = mask_secrets(raw, known, config).split("\n")
    head += _names(view, cursor, around, masked[line - first])
    top = _masked(head, known)
    begin, end = max(first, line - LINES_AROUND), line + LINES_AROUND + 1
    rows = _around(masked[begin - first : end - first], begin, line, MOST_CHARACTERS - len(top) - 1)
    return Digest(view.uri, view.version, (top + "\n" + "\n".join(rows))[:MOST_CHARACTERS])


def is_config(view: View) -> bool:
    """Whether a document is configuration, a shell script or of unknown kind, where a secret needs no quotes."""
    language = language_of(view.language_id)
    return language is None or language.unfinished is None or language.queries == "bash"


def secrets_in(view: View) -> frozenset[str]:
    """The secrets of a whole document. Slow (0.3 ms a KB), so not on the session's thread; in pieces, so that other
    threads get their turn."""
    found: set[str] = set()
    if not view.snapshot.looks_binary:
        for first in range(0, view.line_count, SECRET_LINES):
            lines = view.snapshot.lines[max(0, first - LINES_MASKED) : first + SECRET_LINES]
            found |= secret_values("".join(lines), is_config(view))
    return frozenset(found)


def _doing(view: View, cursor: Position, last_changed_line: int | None, around: Surroundings) -> Iterator[str]:
    """What the user does, and has done in the last minutes."""
    unfinished = "" if view.statement_complete_at(cursor) else "The statement at the cursor is not finished."
    if around.rhythm or unfinished:
        yield f"{around.rhythm} {unfinished}".strip()
    if around.changes:
        yield f"In the last minutes the user {'; '.join(around.changes)}."
    elif last_changed_line is not None:
        yield f"Last change in line {last_changed_line + 1}."


def _names(view: View, cursor: Position, around: Surroundings, masked: str) -> Iterator[str]:
    """What is imported, and where the names at the cursor are defined and used; `masked` is the cursor's line, where
    no word of a secret is left."""
    imports = view.syntax.imports() if view.syntax else ()
    if imports:
        more = len(imports) - MOST_IMPORTS
        yield "Imports: " + ", ".join(imports[:MOST_IMPORTS]) + (f" and {more} more." if more > 0 else ".")
    for known in known_names(view, cursor, around.others):
        if re.search(rf"(?<!\w){re.escape(known.name)}(?!\w)", masked):
            yield describe(known)


def _masked(head: Sequence[str], known: Collection[str]) -> str:
    """The words, each line masked before it is cut; the last ones give way where there are too many."""
    lines = [_cut(mask_secrets(" ".join(text.splitlines()), known, config=True)) for text in head]
    while len(lines) > 1 and sum(map(len, lines)) + len(lines) > HEAD_CHARACTERS:
        lines.pop()
    return "\n".join(lines)


def _around(lines: list[str], first: int, line: int, room: int) -> list[str]:
    """Numbered lines, outwards from the cursor's as far as there is room."""
    rows: dict[int, str] = {}
    for number in _outwards(line, first, first + len(lines)):
        mark = ">" if number == line else " "
        row = f"{mark}{number + 1:5d} | {_cut(lines[number - first])}"
        room -= len(row) + 1
        if room < 0:
            break
        rows[number] = row
    return [rows[number] for number in sorted(rows)]


def _outwards(line: int, first: int, end: int) -> Iterator[int]:
    yield line
    for distance in range(1, max(line - first, end - line) + 1):
        for number in (line - distance, line + distance):
            if first <= number < end:
                yield number


def _scope(view: View, cursor: Position) -> str:
    scopes = view.scopes_at(cursor)[:3]
    told = ""
    for n, scope in enumerate(scopes):
        outer = scopes[n + 1] if n + 1 < len(scopes) else None
        told += _called(scope, outer)
        if outer is not None:
            told += " under " if outer.kind in _NESTED else " of "
    return f", in {told}" if told else ""


def _called(scope: Symbol, outer: Symbol | None) -> str:
    """As people call it: a constructor has the name of its class, and what is implemented is a type."""
    if scope.kind == "constructor" and outer is not None:
        return "the constructor"
    return scope.name if scope.kind == "impl" else f"{scope.kind} {scope.name}"


def _clip(text: str) -> str:
    """Keeps what masking needs to see of a very long line."""
    return text[: 10 * LINE_CHARACTERS] if len(text) > 10 * LINE_CHARACTERS else text


def _cut(text: str) -> str:
    text = " ".join(text.splitlines()) if "\n" in text else text
    return text if len(text) <= LINE_CHARACTERS else text[: LINE_CHARACTERS - 1] + "…"
