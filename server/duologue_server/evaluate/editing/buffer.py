"""A document as an editor holds it, apart from the product's own: for typing into, and for checking remarks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Zero-based line, and how many characters of it lie before."""

    line: int
    column: int


@dataclass(slots=True, eq=False)
class Mark:
    """A line that is followed through all changes."""

    line: int


@dataclass(slots=True)
class Buffer:
    """Lines without their endings; the last one is empty when the text ends with a line break."""

    lines: list[str]
    version: int = 1
    marks: list[Mark] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def mark(self, line: int) -> Mark:
        mark = Mark(line)
        self.marks.append(mark)
        return mark

    def replace(self, start: Place, end: Place, text: str, pushes: bool = False) -> dict[str, Any]:
        """Puts `text` in the place of what lies between; gives the change as LSP wants it. `pushes`: what stands in the
        line goes down with it, even when it is empty."""
        change = {
            "range": {"start": self._wire(start), "end": self._wire(end)},
            "text": text,
        }
        new = (self.lines[start.line][: start.column] + text + self.lines[end.line][end.column :]).split("\n")
        self.lines[start.line : end.line + 1] = new
        self.version += 1
        added, removed = len(new) - 1, end.line - start.line
        for mark in self.marks:
            if mark.line > end.line or (pushes and mark.line == start.line):
                mark.line += added - removed
            elif mark.line > start.line:
                mark.line = start.line + min(mark.line - start.line, added)
        return change

    def take(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """Carries out changes in LSP's form, one after the other."""
        for change in changes:
            between = change.get("range")
            if between is None:
                self.lines = change["text"].split("\n")
            else:
                self.replace(self._place(between["start"]), self._place(between["end"]), change["text"])

    def _wire(self, place: Place) -> dict[str, int]:
        before = self.lines[place.line][: place.column]
        return {"line": place.line, "character": len(before.encode("utf-16-le")) // 2}

    def _place(self, wire: Mapping[str, int]) -> Place:
        line = self.lines[wire["line"]]
        before = line.encode("utf-16-le")[: 2 * wire["character"]].decode("utf-16-le")
        return Place(wire["line"], len(before))
