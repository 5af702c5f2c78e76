"""A short description of where the user is, for a language model or a person to read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from duologue_server.context.masking import mask_secrets
from duologue_server.context.positions import Position
from duologue_server.context.view import View

MOST_CHARACTERS = 1_600
"""About 400 tokens."""
LINES_AROUND = 15
LINE_CHARACTERS = 120
MOST_PROBLEMS = 4


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
) -> Digest:
    """Describes the code around the cursor: file, scope, problems nearby, tests, last change, numbered lines."""
    line = min(max(0, cursor.line), view.line_count - 1)
    place = f"Cursor in line {line + 1}{_scope(view, cursor)}."
    head = [f"File {_cut(view.name)}, {view.language}, {view.line_count} lines. {place}"]
    near = sorted(problems, key=lambda problem: abs(problem.line - line))[:MOST_PROBLEMS]
    head += [f"Problem in line {problem.line + 1}: {_cut(problem.text)}" for problem in near]
    if tests is not None:
        said = f": {_cut(tests.message)}" if tests.message else ""
        head.append(f"Tests: {tests.passed} passed, {tests.failed} failed{said}")
    if last_changed_line is not None:
        head.append(f"Last change in line {last_changed_line + 1}.")
    if view.snapshot.looks_binary:
        head.append("The file looks binary; its text is left out.")
        return Digest(view.uri, view.version, mask_secrets("\n".join(head))[:MOST_CHARACTERS])
    # masked before it is cut into lines, so that no key of several lines slips through
    first = max(0, line - LINES_AROUND)
    raw = "\n".join(_clip(view.line_text(n)) for n in range(first, min(view.line_count, line + LINES_AROUND + 1)))
    top = mask_secrets("\n".join(head))
    rows = _around(mask_secrets(raw).split("\n"), first, line, MOST_CHARACTERS - len(top) - 1)
    return Digest(view.uri, view.version, (top + "\n" + "\n".join(rows))[:MOST_CHARACTERS])


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
    scopes = view.scopes_at(cursor)
    return ", in " + " of ".join(f"{scope.kind} {scope.name}" for scope in scopes[:3]) if scopes else ""


def _clip(text: str) -> str:
    """Keeps what masking needs to see of a very long line."""
    return text[: 10 * LINE_CHARACTERS]


def _cut(text: str) -> str:
    text = " ".join(text.splitlines()) if "\n" in text else text
    return text if len(text) <= LINE_CHARACTERS else text[: LINE_CHARACTERS - 1] + "…"
