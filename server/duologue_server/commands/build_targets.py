"""From what a phrase of the grammar's tables `target`, `owner`, `point` and `destination` holds to a target."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from duologue_server.commands.targets import (
    Edge,
    Everything,
    Here,
    Lines,
    LinesHere,
    Named,
    Part,
    Span,
    Target,
)

Values = Mapping[str, Any]
Builder = Callable[[Values], Target | None]

_NAMED_KINDS = frozenset(
    {"function", "class", "name", "test", "parameter", "argument", "key", "loop", "import", "value"}
)
MOST_LINES = 1000


def _part(kind: str, which: str, number: int = 1, of: Target | None = None, inside: bool = False) -> Target | None:
    if kind != "line":
        return Part(kind, which, number, of, inside) if number > 0 else None  # type: ignore[arg-type]
    match which:
        case "this":
            return LinesHere(0, 1)
        case "next":
            return LinesHere(1, number)
        case "previous":
            return LinesHere(-number, number)
        case "ordinal":
            return Lines(number, number)
    return None


def _ordinal(values: Values) -> Target | None:
    number = values["ordinal"]
    which = "last" if number < 0 else "ordinal"
    return _part(values["kind"], which, abs(number), values.get("owner"))


def _part_of(values: Values) -> Target | None:
    if "ordinal" in values:
        return _ordinal(values)
    return _part(values["kind"], "this", 1, values["owner"])


def _lines(values: Values) -> Target | None:
    first, last = sorted((values["first"], values["last"]))
    return Lines(first, last) if first > 0 and last - first < MOST_LINES else None


def _counted(values: Values) -> int | None:
    number = values.get("number", 1)
    return number if isinstance(number, int) and 0 < number <= MOST_LINES else None


def _lines_here(values: Values, which: str) -> Target | None:
    count = _counted(values)
    return None if count is None else LinesHere({"here": 0, "next": 1}.get(which, -count), count)


def _next(values: Values, which: str) -> Target | None:
    count = _counted(values)
    return None if count is None else _part(values.get("kind") or values["kinds"], which, count)


def _named(values: Values) -> Target | None:
    kind = values["kind"]
    return Named(values["known"], kind) if kind in _NAMED_KINDS else None


def _edge(values: Values) -> Target | None:
    return Edge(values["owner"], values["side"])


def _rest(values: Values) -> Target:
    owner = values["owner"]
    inner = replace(owner, inside=True) if isinstance(owner, Part | Named) else owner
    return Span(None, Edge(inner, "end"))


def _line(values: Values) -> Target | None:
    number = values["number"]
    return Lines(number, number) if number > 0 else None


TARGETS: Mapping[str, Builder] = {
    "here": lambda values: Here(),
    "line_number": _line,
    "lines_range": _lines,
    "lines_first": lambda values: _lines({"first": 1, "last": values["number"]}),
    "line_here": lambda values: LinesHere(0, 1),
    "lines_count": lambda values: _lines_here(values if "number" in values else {"number": 2}, "here"),
    "lines_next": lambda values: _lines_here(values, "next"),
    "lines_previous": lambda values: _lines_here(values, "previous"),
    "line_last": lambda values: Part("line", "last"),
    "part": lambda values: _part(values["kind"], "this"),
    "part_next": lambda values: _next(values, "next"),
    "part_previous": lambda values: _next(values, "previous"),
    "part_ordinal": _ordinal,
    "part_number": lambda values: _part(values["kind"], "ordinal", values["number"]),
    "part_every": lambda values: _part(values.get("kinds") or values["kind"], "every"),
    "part_of": _part_of,
    "every_of": lambda values: _part(values["kinds"], "every", 1, values["owner"]),
    "inside": lambda values: _part(values["kind"], "this", 1, None, inside=True),
    "inside_named": lambda values: Named(values["known"], values.get("kind", ""), inside=True),
    "named": _named,
    "known": lambda values: Named(values["known"]),
    "everything": lambda values: Everything(),
    "edge": _edge,
    "rest_of": _rest,
    "span": lambda values: Span(_open(values.get("start")), _open(values.get("end"))),
}


def _open(point: Target | None) -> Target | None:
    """A point of a span: the cursor is none."""
    return None if isinstance(point, Here) else point
