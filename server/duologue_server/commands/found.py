"""Pieces of the text that commands are about, and those that can be told without a grammar."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from duologue_server.commands.place import Place
from duologue_server.commands.targets import Part

BY_TEXT = ("word", "token", "line", "paragraph")
"""Kinds that need no grammar."""


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of the text, in code points."""

    start: int
    end: int
    kind: str = ""
    is_lines: bool = False
    """It is whole lines, without the last one's ending."""
    is_guess: bool = False
    """Others of its kind would have been as good."""


class Missing(Exception):
    """There is no such thing here; the message can be said."""


def whole_lines(place: Place, first: int, last: int) -> list[Found]:
    most = place.line_count - 1
    if most > 0 and not place.line_text(most):
        most -= 1  # what follows the last line ending is no line that anybody counts
    if first > most or last < 0:
        return []
    return [Found(place.line_start(first), place.line_end(min(last, most)), "line", True)]


def problems(part: Part, place: Place) -> list[Found]:
    here = place.line_of(place.cursor)
    lines = sorted({problem.line for problem in place.problems if problem.line < place.line_count})
    choose: dict[str, Callable[[], list[int]]] = {
        "next": lambda: [line for line in lines if line > here],
        "previous": lambda: [line for line in reversed(lines) if line < here],
        "last": lambda: lines[-1:],
        "ordinal": lambda: lines[part.number - 1 : part.number],
    }
    found = choose.get(part.which, lambda: sorted(lines, key=lambda line: abs(line - here)))()
    index = part.number - 1 if part.which in ("next", "previous") else 0
    return [Found(place.first_in_line(line), place.line_end(line), "problem") for line in found[index : index + 1]]


def by_text(part: Part, place: Place) -> list[Found]:
    """Words, lines and paragraphs, which need no grammar."""
    if part.kind == "line":
        last = place.line_count - 1 - (place.line_count > 1 and not place.line_text(place.line_count - 1))
        return whole_lines(place, last, last) if part.which == "last" else []
    if part.kind == "paragraph":
        return _paragraph(place)
    line = place.line_of(place.cursor)
    words = [(match.start(), match.end()) for match in re.finditer(r"\w+", place.line_text(line))]
    at = place.cursor - place.line_start(line)
    found: list[tuple[int, int]] = []
    match part.which:
        case "this":
            found = sorted(
                words, key=lambda word: 0 if word[0] <= at <= word[1] else min(abs(word[0] - at), abs(word[1] - at))
            )
        case "next":
            found = [word for word in words if word[0] > at][part.number - 1 :]
        case "previous":
            found = [word for word in reversed(words) if word[1] < at][part.number - 1 :]
        case "last":
            found = words[-1:]
        case "ordinal":
            found = words[part.number - 1 :]
    start = place.line_start(line)
    return [Found(start + word[0], start + word[1], "word") for word in found[:1]]


def _paragraph(place: Place) -> list[Found]:
    first = last = place.line_of(place.cursor)
    if not place.line_text(first).strip():
        return []
    while first > 0 and place.line_text(first - 1).strip():
        first -= 1
    while last + 1 < place.line_count and place.line_text(last + 1).strip():
        last += 1
    return whole_lines(place, first, last)
