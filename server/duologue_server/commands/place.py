"""Where a command is given: one version of a document, the cursor in it, and what else is known there.

Everything inside this package counts in code points from the text's beginning; the editor's units stay at the door.
"""

import bisect
import re
from dataclasses import dataclass, field
from functools import cached_property

from duologue_server.commands.language import manner_of
from duologue_server.commands.names import Known
from duologue_server.commands.own import OwnCommands
from duologue_server.context.positions import Position, Range
from duologue_server.context.view import View

MOST_NAMES = 400
_WORD = re.compile(r"[^\W\d]\w*")
_INDENTATION = re.compile(r"^([ \t]+)\S", re.MULTILINE)
INSPECTED = 20_000
"""Characters from which the indentation of a document is told."""


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with the code, by its zero-based line."""

    line: int
    text: str = ""


@dataclass(frozen=True)
class Place:
    """Made anew for each command. `view.syntax` must be of the same revision as its snapshot, or None."""

    view: View
    selection: Range
    """Of the editor, in its order; its end is the cursor, unless `cursor_at_start`."""
    cursor_at_start: bool = False
    buffers: tuple[str, ...] = ()
    """Names of the other open files."""
    vocabulary: tuple[str, ...] = ()
    """Names that are known beyond this document."""
    problems: tuple[Problem, ...] = ()
    clipboard: str | None = None
    """What was copied by voice; None when only the editor knows."""
    own: OwnCommands = field(default_factory=OwnCommands)
    """The user's own commands."""

    @cached_property
    def text(self) -> str:
        return self.view.snapshot.text

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each line starts, and one more: the end of the text."""
        at, starts = 0, []
        for line in self.view.snapshot.lines:
            starts.append(at)
            at += len(line)
        return (*starts, at)

    @cached_property
    def selected(self) -> tuple[int, int]:
        start, end = sorted((self.offset(self.selection.start), self.offset(self.selection.end)))
        return start, end

    @property
    def cursor(self) -> int:
        return self.selected[0] if self.cursor_at_start else self.selected[1]

    @property
    def has_selection(self) -> bool:
        return self.selected[0] != self.selected[1]

    @property
    def language_id(self) -> str:
        return self.view.language_id

    @property
    def line_count(self) -> int:
        return len(self.view.snapshot.lines)

    @cached_property
    def newline(self) -> str:
        """The document's line ending."""
        ending = self.view.snapshot.lines[0][len(self.view.snapshot.line_text(0)) :]
        return ending or "\n"

    @cached_property
    def indentation(self) -> str:
        """One level of it: a tab, or as many spaces as the document uses."""
        found = _INDENTATION.findall(self.text[:INSPECTED])
        if not found:
            return str(manner_of(self.language_id).data.get("indent", "    "))
        if sum(space[0] == "\t" for space in found) * 2 > len(found):
            return "\t"
        widths = [len(space) for space in found if space[0] == " "]
        two = sum(width % 4 == 2 for width in widths)
        return "  " if two * 5 > len(widths) else "    "

    @cached_property
    def names(self) -> Known:
        """What is called something here, the document's own first."""
        found: dict[str, None] = {}
        syntax = self.view.syntax
        if syntax is not None:
            found.update(dict.fromkeys(syntax.identifiers(MOST_NAMES, self.selection.end)))
        else:
            lines = self.view.snapshot.lines
            here = self.line_of(self.cursor)
            near = "".join(lines[max(0, here - 200) : here + 200])
            found.update(dict.fromkeys(_WORD.findall(near)[: 4 * MOST_NAMES]))
        found.update(dict.fromkeys(self.vocabulary))
        return Known.of(tuple(found)[: 2 * MOST_NAMES])

    def line_of(self, offset: int) -> int:
        """The zero-based line of an offset."""
        return min(bisect.bisect_right(self.starts, offset, hi=self.line_count) - 1, self.line_count - 1)

    def line_text(self, line: int) -> str:
        return self.view.snapshot.line_text(line)

    def line_start(self, line: int) -> int:
        return self.starts[min(max(line, 0), self.line_count)]

    def line_end(self, line: int) -> int:
        """Without the line ending."""
        return self.line_start(line) + len(self.line_text(line))

    def indent_of(self, line: int) -> str:
        text = self.line_text(line)
        return text[: len(text) - len(text.lstrip(" \t"))]

    def first_in_line(self, line: int) -> int:
        """Where the line's first character that is no space stands."""
        return self.line_start(line) + len(self.indent_of(line))

    def offset(self, position: Position) -> int:
        line = min(max(position.line, 0), self.line_count - 1)
        if position.line >= self.line_count:
            return len(self.text)
        return self.starts[line] + self.view.snapshot.to_index(line, max(position.character, 0))

    def position(self, offset: int) -> Position:
        line = self.line_of(offset)
        return Position(line, self.view.snapshot.to_character(line, offset - self.starts[line]))

    def range(self, start: int, end: int) -> Range:
        return Range(self.position(start), self.position(end))

    @cached_property
    def _bytes(self) -> tuple[bytes, bool]:
        syntax = self.view.syntax
        data = syntax.data if syntax is not None else b""
        return data, len(data) == len(self.text)

    @cached_property
    def _byte_starts(self) -> tuple[int, ...]:
        at, starts = 0, []
        for line in self.view.snapshot.lines:
            starts.append(at)
            at += len(line.encode("utf-8", "surrogatepass"))
        return (*starts, at)

    def of_byte(self, byte: int) -> int:
        """The offset of a byte of the syntax's data."""
        if self._bytes[1]:
            return byte
        line = bisect.bisect_right(self._byte_starts, byte, hi=self.line_count) - 1
        raw = self._bytes[0][self._byte_starts[line] : byte]
        return self.starts[line] + len(raw.decode("utf-8", "surrogatepass"))

    def to_byte(self, offset: int) -> int:
        """The inverse of `of_byte`."""
        if self._bytes[1]:
            return offset
        line = self.line_of(offset)
        return self._byte_starts[line] + len(self.text[self.starts[line] : offset].encode("utf-8", "surrogatepass"))
