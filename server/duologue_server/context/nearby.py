"""Where the names at the cursor are defined and used, in the open documents. Bounded by counts, not by a clock."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from duologue_server.context.positions import Position
from duologue_server.context.view import View

MOST_LINES = 20_000
"""Searched for a name, of all documents together: 0.04 ms for 1,000."""
MOST_DOCUMENTS = 8
MOST_NAMES = 3
MOST_CHECKS = 12
"""Places of a name that are asked of the tree whether they define it; 0.1 ms each."""
MOST_PLACES = 200

MOST_CHARACTERS = 1_000
"""Of a line; no person reads further."""

_NAME = re.compile(r"(?<!\w)[^\W\d]\w{2,60}(?!\w)[?!]?")
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """
        and or not in is if else elif for while return def class import from with as try except finally raise pass
        break continue lambda yield await async global nonlocal assert del None True False self cls this fn let mut
        pub use mod impl trait struct enum match where loop func type var const package interface map range go defer
        chan select switch case default function new typeof instanceof void null undefined true false export extends
        super static public private protected final abstract throws throw catch do end then local nil unless until
        module require include define int char float double bool string str list dict set tuple auto unsigned long
        short size_t echo fi done esac
        """,
    )
)
_DEFINES = (
    r"(?:\b(?:def|class|fn|func|function|struct|enum|trait|interface|type|const|let|var|impl|module|namespace|local|union"
    r"|record|macro_rules!|static|#\s*define)\b.*\b{0}\b|^\s*{0}\s*(?:=[^=]|\(\)|:)|^[\w\s*&<>,:\[\]]+\b{0}\s*\()"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of an open document."""

    document: str
    """The file's name; empty for the document of the cursor."""
    line: int
    """Zero-based."""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A name at the cursor: where it is defined, and where else it stands."""

    name: str
    defined: tuple[Place, ...]
    used: tuple[Place, ...]
    """Nearest first; not the cursor's line."""


def known_names(view: View, cursor: Position, others: Sequence[View] = ()) -> tuple[Known, ...]:
    """The name under the cursor first, then the others of its line, of those that are defined or used elsewhere."""
    views = [view, *(other for other in others if other.uri != view.uri)][:MOST_DOCUMENTS]
    found = (_known(name, views, cursor.line) for name in _names_at(view, cursor))
    return tuple(known for known in found if known.defined or known.used)


def describe(known: Known) -> str:
    """A sentence: `fetch is defined in line 3 of db.py, in Cursor, and used in lines 20 and 31.`"""
    parts = []
    if known.defined:
        parts.append("defined in " + " and ".join(_place(place) for place in known.defined[:2]))
    here = [str(place.line + 1) for place in known.used if not place.document]
    if here:
        shown = here[:3]
        lines = f"line {shown[0]}" if len(here) == 1 else f"lines {', '.join(shown[:-1])} and {shown[-1]}"
        parts.append(f"used in {lines}" + (f" and {len(here) - 3} more" if len(here) > 3 else ""))
    elsewhere = dict.fromkeys(place.document for place in known.used if place.document)
    if elsewhere:
        parts.append(f"used in {' and '.join(list(elsewhere)[:3])}")
    return f"{known.name} is {', '.join(parts)}."


def _names_at(view: View, cursor: Position) -> list[str]:
    text = view.line_text(cursor.line)[:MOST_CHARACTERS]
    index = view.snapshot.to_index(cursor.line, max(0, cursor.character))
    found = [match for match in _NAME.finditer(text) if match.group() not in _KEYWORDS]
    found.sort(key=lambda match: 0 if match.start() <= index <= match.end() else abs(match.start() - index) + 1)
    return list(dict.fromkeys(match.group() for match in found))[:MOST_NAMES]


def _known(name: str, views: Sequence[View], line: int) -> Known:
    defined: list[Place] = []
    used: list[Place] = []
    left = MOST_LINES
    for view in views:
        document = "" if view is views[0] else view.name
        lines = list(_lines_with(name, view, 0 if document else line, left))
        left -= view.line_count
        definitions = dict(_definitions(name, view, lines))
        defined += [Place(document, n, scope) for n, scope in definitions.items()]
        used += [Place(document, n) for n in lines if n not in definitions and (document or n != line)]
    used.sort(key=lambda place: (place.document != "", abs(place.line - line)))
    return Known(name, tuple(defined), tuple(used))


def _lines_with(name: str, view: View, line: int, most: int) -> Iterator[int]:
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    found = 0
    first = max(0, min(line - most // 2, view.line_count - most))
    for number, text in enumerate(view.snapshot.lines[first : first + max(0, most)], first):
        if name in text and len(text) <= MOST_CHARACTERS and word.search(text):
            yield number
            found += 1
            if found >= MOST_PLACES:
                return


def _definitions(name: str, view: View, lines: Sequence[int]) -> Iterator[tuple[int, str]]:
    """(line, scope around it) where the tree says that the name is defined."""
    if view.syntax is None:
        return
    likely = re.compile(_DEFINES.replace("{0}", re.escape(name)))
    for number in [n for n in lines if likely.search(view.line_text(n))][:MOST_CHECKS]:
        for item in view.syntax.defined_in(number, number + 1):
            if item.symbol.name == name:
                around = [scope.name for scope in view.scopes_at(Position(number, 0)) if scope.line != number]
                yield number, around[0] if around else ""
                break


def _place(place: Place) -> str:
    scope = f", in {place.scope}" if place.scope else ""
    return f"line {place.line + 1}" + (f" of {place.document}" if place.document else "") + scope
