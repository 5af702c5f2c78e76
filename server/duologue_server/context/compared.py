"""A document beside what it was some minutes ago: which definitions were touched, and what was renamed.

Safe to read on any thread, and slow (a parse, perhaps): it belongs in a lane.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from duologue_server.context.changes import COMMENT, IMPORT, Past, Region, outermost
from duologue_server.context.languages import language_of
from duologue_server.context.positions import Position
from duologue_server.context.trees import Defined, Symbol, Syntax, parse
from duologue_server.context.view import View

MOST_REGIONS = 16
MOST_LINES = 60
"""Of a region, asked which definition they belong to."""
MOST_USES = 200
MOST_CHARACTERS = 1_000
"""Of a line; no person reads further."""

How = Literal["changed", "added", "renamed", "removed"]
_ROUTINES = frozenset({"function", "method", "constructor"})
_OWNERS = frozenset({"class", "impl", "trait", "interface", "struct", "record", "module", "namespace"})
_WORDS = re.compile(r"[^\W\d]\w*|\d+|\S")
_NAME = re.compile(r"[^\W\d]\w*\Z")
_NAMED = re.compile(r"identifier|constant|variable_name|word|\Aname\Z")
_BOUND = (
    r"^\s*(?:[\w<>\[\],.&*]+\s+){{0,4}}{0}\s*(?::[^=\n]+)?(?::=|=)(?![=>])"
    r"|\bfor\s*\(?\s*(?:(?:const|let|var|int|auto)\s+)?{0}\s+(?:in|of)\b"
)
"""What gives a variable its value."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A definition in which something was changed."""

    name: str
    kind: str
    owner: str
    """The class or the like around it; empty when there is none."""
    line: int
    """Zero-based, where it is now; where it was, if it was removed."""
    end_line: int
    how: How
    before: str = ""
    """Its name before it was renamed."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name that became another one where it is defined; `line`..`end_line` is where it is known."""

    old: str
    new: str
    kind: str
    """function, method, class and the like; parameter or variable."""
    line: int
    end_line: int


class Compared:
    """One version of a document, and what it was."""

    def __init__(self, view: View, past: Past | None) -> None:
        self._given = view
        self._past = past

    @cached_property
    def view(self) -> View:
        """With a syntax that is in step with the text, if there is a grammar."""
        syntax, snapshot = self._given.syntax, self._given.snapshot
        if language_of(snapshot.language_id) is None or (syntax and syntax.revision == snapshot.revision):
            return self._given
        return replace(self._given, syntax=parse(snapshot))

    @property
    def uri(self) -> str:
        return self._given.uri

    @property
    def revision(self) -> int:
        return self._given.snapshot.revision

    @cached_property
    def touched(self) -> tuple[Touched, ...]:
        """The definitions that were touched, the newest first; each once."""
        found: dict[tuple[str, str], Touched] = {}
        for line, end, base_line, base_end in self._changed:
            for touched in self._touched_in(line, end, base_line, base_end):
                found.setdefault((touched.owner, touched.name), touched)
        return tuple(found.values())

    @cached_property
    def changed_lines(self) -> tuple[tuple[int, int], ...]:
        """Ranges of lines that differ from what was, the newest first; ends are not included."""
        return tuple((line, end) for line, end, _, _ in self._changed)

    @cached_property
    def renamed(self) -> tuple[Renamed, ...]:
        """What was renamed where it is defined, the newest first."""
        found: dict[str, Renamed] = {}
        for line, end, base_line, base_end in self._changed:
            for renamed in self._renamed_in(line, end, base_line, base_end):
                found.setdefault(renamed.old, renamed)
        return tuple(found.values())

    def uses(self, name: str, line: int = 0, end_line: int | None = None) -> list[tuple[int, int]]:
        """(line, index) of every place where a name stands as a name, not in a comment or a string."""
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        lines = self._given.snapshot.lines
        last = len(lines) - 1 if end_line is None else min(end_line, len(lines) - 1)
        found: list[tuple[int, int]] = []
        for number in range(max(0, line), last + 1):
            if name not in lines[number] or len(lines[number]) > MOST_CHARACTERS:
                continue
            found += [(number, at.start()) for at in word.finditer(lines[number]) if self._is_name(number, at, name)]
            if len(found) >= MOST_USES:
                break
        return found[:MOST_USES]

    def binds(self, name: str, line: int = 0, end_line: int | None = None) -> bool:
        """Whether some line gives a variable of that name its value."""
        bound = re.compile(_BOUND.format(re.escape(name)))
        last = self._given.line_count if end_line is None else end_line + 1
        lines = self._given.snapshot.lines[max(0, line) : last]
        return any(name in text and bound.search(text[:MOST_CHARACTERS]) for text in lines)

    def definition(self, name: str) -> Symbol | None:
        """The first function or class of that name."""
        for line in range(self._given.line_count):
            if name in self._given.snapshot.lines[line]:
                for item in self._defined(self.view.syntax, line, line + 1):
                    if item.symbol.name == name:
                        return item.symbol
        return None

    def scopes(self, line: int) -> tuple[Symbol, ...]:
        """The functions and classes around the first word of a line, innermost first."""
        text = self.view.line_text(line)
        indent = len(text) - len(text.lstrip())
        return self.view.scopes_at(Position(line, self.view.to_character(line, indent)))

    def comment_at(self, line: int, index: int) -> bool:
        """Whether a place lies in a comment."""
        if self.view.syntax is None:
            return False
        piece = self.view.syntax.piece_at(Position(line, self.view.to_character(line, index)))
        return piece is not None and "comment" in piece.kind

    def complete_at(self, line: int) -> bool:
        """Whether the statement that a line ends is whole; also where that cannot be told: in prose, and in a file that
        did not parse before either."""
        if self.view.syntax is None or (self._old_syntax is not None and self._old_syntax.tree.root_node.has_error):
            return True
        text = self.view.line_text(line).rstrip()
        return self.view.statement_complete_at(Position(line, self.view.to_character(line, len(text))))

    def before(self, name: str, kind: str) -> str:
        """The text that a definition of that name and kind had; empty when there was none or what was is not known."""
        if self._past is None or self._old_syntax is None:
            return ""
        lines = self._past.snapshot.lines
        for number, text in enumerate(lines):
            if name in text:
                for item in self._defined(self._old_syntax, number, number + 1):
                    if item.symbol.name == name and item.symbol.kind == kind:
                        return "".join(lines[number : item.symbol.end_line + 1])
        return ""

    def had_line(self, text: str) -> bool:
        """Whether a line with these words was there before."""
        return self._past is not None and any(text.strip() == line.strip() for line in self._past.snapshot.lines)

    @cached_property
    def _old_syntax(self) -> Syntax | None:
        if self._past is None:
            return None
        return self._past.syntax or parse(self._past.snapshot)

    @cached_property
    def _changed(self) -> list[tuple[int, int, int, int]]:
        """(line, end, line before, end before) of what differs in code, the newest first."""
        if self._past is None:
            return []
        regions = sorted(self._past.regions, key=lambda region: -region.last_s)[:MOST_REGIONS]
        return [found for region in regions if (found := self._trimmed(self._past, region)) is not None]

    def _trimmed(self, past: Past, region: Region) -> tuple[int, int, int, int] | None:
        new = self._given.snapshot.lines[region.line : region.end]
        old = past.snapshot.lines[region.base_line : region.base_end]
        head = tail = 0
        while head < min(len(new), len(old)) and new[head].strip() == old[head].strip():
            head += 1
        while tail < min(len(new), len(old)) - head and new[-1 - tail].strip() == old[-1 - tail].strip():
            tail += 1
        changed, gone = new[head : len(new) - tail], old[head : len(old) - tail]
        if all(COMMENT.match(text) or IMPORT.match(text) for text in (*changed, *gone)):
            return None
        return region.line + head, region.end - tail, region.base_line + head, region.base_end - tail

    def _touched_in(self, line: int, end: int, base_line: int, base_end: int) -> Iterator[Touched]:
        before = self._defined(self._old_syntax, base_line, base_end)
        after = self._defined(self.view.syntax, line, end)
        old_keys, new_keys = ({(one.symbol.kind, one.symbol.name) for one in many} for many in (before, after))
        added = outermost([one for one in after if (one.symbol.kind, one.symbol.name) not in old_keys])
        removed = outermost([one for one in before if (one.symbol.kind, one.symbol.name) not in new_keys])
        fresh: set[str] = set()
        if len(added) == len(removed) == 1 and added[0].symbol.kind == removed[0].symbol.kind:
            yield self._as_touched(added[0].symbol, "renamed", removed[0].symbol.name)
        else:
            fresh = {one.symbol.name for one in added}
            yield from (self._as_touched(one.symbol, "added") for one in added)
            for one in removed:
                yield Touched(one.symbol.name, one.symbol.kind, "", line, line, "removed")
        numbers = range(line, min(end, line + MOST_LINES)) if end > line else [max(0, line - 1)]
        for number in numbers:
            if end > line and COMMENT.match(self.view.line_text(number)):
                continue
            scopes = [symbol for symbol in self.scopes(number) if symbol.kind in _ROUTINES | _OWNERS]
            if scopes and not any(symbol.name in fresh for symbol in scopes):
                yield self._as_touched(scopes[0], "changed")

    def _as_touched(self, symbol: Symbol, how: How, before: str = "") -> Touched:
        around = [one for one in self.scopes(symbol.line) if one.kind in _OWNERS and one != symbol]
        owner = around[0].name if around else ""
        return Touched(symbol.name, symbol.kind, owner, symbol.line, symbol.end_line, how, before)

    def _renamed_in(self, line: int, end: int, base_line: int, base_end: int) -> Iterator[Renamed]:
        last = self._given.line_count - 1
        for touched in self._touched_in(line, end, base_line, base_end):
            if touched.how == "renamed":
                yield Renamed(touched.before, touched.name, touched.kind, 0, last)
        before = {one.symbol.name: one for one in self._defined(self._old_syntax, base_line, base_end)}
        for now in self._defined(self.view.syntax, line, end):
            old = before.get(now.symbol.name)
            names = (old.parameters or (), now.parameters or ()) if old else ((), ())
            lost, gained = ([name for name in names[a] if name not in names[1 - a]] for a in (0, 1))
            if len(lost) == len(gained) == 1 and len(names[0]) == len(names[1]):
                yield Renamed(lost[0], gained[0], "parameter", now.symbol.line, now.symbol.end_line)
        yield from self._variables_renamed(line, end, base_line, base_end)

    def _variables_renamed(self, line: int, end: int, base_line: int, base_end: int) -> Iterator[Renamed]:
        if self._past is None or end - line != base_end - base_line or end - line > MOST_LINES:
            return
        for number in range(line, end):
            old = self._past.snapshot.lines[base_line + number - line][:MOST_CHARACTERS]
            pair = _one_name_changed(old, self._given.snapshot.lines[number][:MOST_CHARACTERS])
            if pair is None or not re.search(_BOUND.format(re.escape(pair[0])), old):
                continue
            routine = next((symbol for symbol in self.scopes(number) if symbol.kind in _ROUTINES), None)
            if routine is not None:
                yield Renamed(*pair, "variable", routine.line, routine.end_line)

    def _defined(self, syntax: Syntax | None, line: int, end: int) -> list[Defined]:
        found = syntax.defined_in(line, end) if syntax is not None else []
        return [one for one in found if one.symbol.kind in _ROUTINES | _OWNERS | {"enum", "type", "macro"}]

    def _is_name(self, line: int, at: re.Match[str], name: str) -> bool:
        if self.view.syntax is None:
            return False
        piece = self.view.syntax.piece_at(Position(line, self.view.to_character(line, at.start())))
        return piece is not None and piece.text == name and bool(_NAMED.search(piece.kind))


def _one_name_changed(old: str, new: str) -> tuple[str, str] | None:
    """The old and the new name, when two lines differ in nothing but one name."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if len(before) != len(after):
        return None
    pairs = {(a, b) for a, b in zip(before, after, strict=True) if a != b}
    if len(pairs) != 1:
        return None
    (pair,) = pairs
    return pair if all(_NAME.match(name) and len(name) > 1 for name in pair) else None
