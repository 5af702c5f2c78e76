"""Two hands on a keyboard: what an editor tells while somebody changes lines of files, key by key."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from duologue_server.evaluate.editing.buffer import Buffer, Place
from duologue_server.evaluate.editing.fingers import MICRO_S, SHORT_S, Fingers
from duologue_server.evaluate.editing.history import language_of
from duologue_server.trace.folder import Event

ALIKE = 0.5
"""Lines more alike than this are changed where they differ; others are typed anew."""
SELECTED = 12
"""A run of more characters is selected and deleted at once, not key by key."""
THINKS_BEFORE_LINE, PONDERS_BEFORE_LINE = 0.25, 0.03
"""How often a new line begins with a micro or a short pause (guesses)."""
_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
_OPENS = (":", "(", "[", "{")


class Hands:
    """Every method gives the events in order and moves the time on."""

    def __init__(self, fingers: Fingers, project: str, files: dict[str, Buffer]) -> None:
        self.t = 0.0
        self.project = project
        self.files = files
        """Every file of the project, open or not."""
        self.open: list[str] = []
        """Paths, the one used last at the end."""
        self._fingers = fingers
        self._clipboard: set[tuple[str, ...]] = set()

    def uri(self, path: str) -> str:
        return f"file:///{self.project}/{path}"

    def event(self, kind: str, **fields: Any) -> Event:
        return Event(round(self.t, 4), kind, fields)

    def wait(self, seconds: float) -> None:
        self.t += seconds

    def pause(self, between: tuple[float, float]) -> None:
        self.wait(self._fingers.pause_s(between))

    def keys(self, count: int) -> Iterator[Event]:
        """Keys without a change: moving, saving."""
        for _ in range(count):
            self.wait(self._fingers.repeat_s())
            yield self.event("keys", count=1)

    def look_at(self, path: str) -> Iterator[Event]:
        """Brings a file to the front; opens it if need be."""
        if self.open and self.open[-1] == path:
            return
        self.pause(MICRO_S)
        if path in self.open:
            self.open.remove(path)
        else:
            buffer = self.files[path]
            uri, language = self.uri(path), language_of(path)
            yield self.event("open", uri=uri, language_id=language, version=buffer.version, text=buffer.text)
        self.open.append(path)
        yield self.event("cursor", uri=self.uri(path), line=0, character=0)

    def close(self, path: str) -> Iterator[Event]:
        if path in self.open:
            self.open.remove(path)
            self.wait(self._fingers.pause_s((0.5, 2.0)))
            yield self.event("close", uri=self.uri(path))

    def save(self, path: str) -> Iterator[Event]:
        yield from self.keys(2)
        yield self.event("save", uri=self.uri(path))

    def go(self, path: str, place: Place) -> Iterator[Event]:
        """The cursor goes there, by mouse or by keys."""
        self.wait(self._fingers.pause_s((0.3, 2.0)))
        if self._fingers.chance(0.5):
            yield from self.keys(self._fingers.random.randint(1, 6))
        yield self._cursor(path, place)

    def rewrite(self, path: str, line: int, removed: int, lines: Sequence[str]) -> Iterator[Event]:
        """Types until `lines` stand in the place of the `removed` lines from `line` on."""
        old = self.files[path].lines[line : line + removed]
        ahead = _ahead(old, lines)
        if ahead:
            yield from self._insert(path, line, lines[:ahead])
        line, lines = line + ahead, lines[ahead:]
        for number, (before, after) in enumerate(zip(old, lines, strict=False)):
            yield from self._retouch(path, line + number, before, after)
        both = min(len(old), len(lines))
        if len(old) > both:
            yield from self._delete_lines(path, line + both, len(old) - both)
        elif len(lines) > both:
            yield from self._insert(path, line + both, lines[both:])

    def _retouch(self, path: str, line: int, before: str, after: str) -> Iterator[Event]:
        """Changes a line where it differs."""
        if before == after:
            return
        one, two = _TOKENS.findall(before), _TOKENS.findall(after)
        matcher = difflib.SequenceMatcher(None, one, two, autojunk=False)
        steps = [("replace", 0, len(one), 0, len(two))] if matcher.ratio() < ALIKE else matcher.get_opcodes()
        index = 0
        for tag, a, b, c, d in steps:
            gone, new = "".join(one[a:b]), "".join(two[c:d])
            if tag == "equal":
                index += len(gone)
                continue
            yield from self.go(path, Place(line, index + len(gone)))
            yield from self._erase(path, Place(line, index), len(gone))
            yield from self._type(path, Place(line, index), new)
            index += len(new)

    def _erase(self, path: str, start: Place, many: int) -> Iterator[Event]:
        """`many` characters of a line, from their end."""
        if many > SELECTED:
            yield from self._change(path, start, Place(start.line, start.column + many), "", self._fingers.repeat_s())
            return
        for left in reversed(range(many)):
            at = start.column + left
            gone = Place(start.line, at), Place(start.line, at + 1)
            yield from self._change(path, *gone, "", self._fingers.repeat_s())
        yield self._cursor(path, start)

    def _type(self, path: str, place: Place, text: str) -> Iterator[Event]:
        """Characters of one line, with slips that are seen and mended."""
        line, index = place
        waiting = list(text)
        while waiting:
            wanted = waiting.pop(0)
            slip = self._fingers.typo(wanted)
            yield from self._character(path, Place(line, index), slip or wanted)
            index += 1
            if not slip:
                continue
            more = waiting[: self._fingers.random.randint(0, 3)]
            for character in more:
                yield from self._character(path, Place(line, index), character)
                index += 1
            self.wait(self._fingers.pause_s((0.2, 0.8)))
            index -= len(more) + 1
            yield from self._erase(path, Place(line, index), len(more) + 1)
            yield from self._character(path, Place(line, index), wanted)
            index += 1
        yield self._cursor(path, Place(line, index))

    def _insert(self, path: str, line: int, lines: Sequence[str]) -> Iterator[Event]:
        """New lines before `line`: pasted when they were cut before, otherwise typed."""
        buffer = self.files[path]
        block = tuple(text.strip() for text in lines)
        if len(lines) >= 3 and block in self._clipboard:
            yield from self.go(path, Place(line, 0))
            yield from self._paste(path, line, lines)
            return
        if line == 0:
            yield from self.go(path, Place(0, 0))
            yield from self._change(path, Place(0, 0), Place(0, 0), "\n", self._fingers.key_s("\n"), pushes=True)
            yield from self._type(path, Place(0, 0), lines[0])
            line, lines = 1, lines[1:]
        else:
            yield from self.go(path, Place(line - 1, len(buffer.lines[line - 1])))
        for number, text in enumerate(lines):
            if self._fingers.chance(THINKS_BEFORE_LINE):
                self.pause(MICRO_S)
            elif self._fingers.chance(PONDERS_BEFORE_LINE):
                self.pause(SHORT_S)
            yield from self._new_line(path, line + number, text)

    def _new_line(self, path: str, line: int, text: str) -> Iterator[Event]:
        """Enter, the editor's indentation, more or less of it, and the text."""
        lines = self.files[path].lines
        end = Place(line - 1, len(lines[line - 1]))
        wanted = text[: len(text) - len(text.lstrip())]
        given = self._indent_after(path, line - 1) if text.strip() else ""
        if not (given.startswith(wanted) or wanted.startswith(given)):
            given = ""
        yield from self._change(path, end, end, "\n" + given, self._fingers.key_s("\n"))
        if len(given) > len(wanted):
            between = Place(line, len(wanted)), Place(line, len(given))
            yield from self._change(path, *between, "", self._fingers.repeat_s())
        elif len(wanted) > len(given):
            here = Place(line, len(given))
            yield from self._change(path, here, here, wanted[len(given) :], self._fingers.repeat_s())
        yield from self._type(path, Place(line, len(wanted)), text[len(wanted) :])

    def _indent_after(self, path: str, line: int) -> str:
        lines = self.files[path].lines
        while line > 0 and not lines[line].strip():
            line -= 1
        above = lines[line]
        indent = above[: len(above) - len(above.lstrip())]
        unit = "    " if path.endswith(".py") else "\t"
        return indent + unit if above.rstrip().endswith(_OPENS) else indent

    def _paste(self, path: str, line: int, lines: Sequence[str]) -> Iterator[Event]:
        buffer = self.files[path]
        pushes = line < len(buffer.lines)
        if pushes:
            here, text = Place(line, 0), "\n".join(lines) + "\n"
        else:
            here, text = Place(line - 1, len(buffer.lines[-1])), "\n" + "\n".join(lines)
        yield from self._change(path, here, here, text, self._fingers.key_s("v"), pushes)

    def _delete_lines(self, path: str, line: int, many: int) -> Iterator[Event]:
        """Selects and cuts whole lines."""
        lines = self.files[path].lines
        self._clipboard.add(tuple(text.strip() for text in lines[line : line + many]))
        start, end = Place(line, 0), Place(line + many, 0)
        if line + many >= len(lines):
            start = Place(line - 1, len(lines[line - 1])) if line else Place(0, 0)
            end = Place(len(lines) - 1, len(lines[-1]))
        yield from self.go(path, start)
        yield from self.keys(min(many, 8))
        yield from self._change(path, start, end, "", self._fingers.key_s("x"))
        yield self._cursor(path, start)

    def _cursor(self, path: str, place: Place) -> Event:
        return self.event("cursor", uri=self.uri(path), line=place.line, character=place.column)

    def _character(self, path: str, place: Place, character: str) -> Iterator[Event]:
        yield from self._change(path, place, place, character, self._fingers.key_s(character))

    def _change(
        self, path: str, start: Place, end: Place, text: str, after_s: float, pushes: bool = False
    ) -> Iterator[Event]:
        """One key, and what it does to the text."""
        self.wait(after_s)
        yield self.event("keys", count=1)
        change = self.files[path].replace(start, end, text, pushes)
        yield self.event("change", uri=self.uri(path), version=self.files[path].version, changes=[change])


def _ahead(old: Sequence[str], new: Sequence[str]) -> int:
    """How many of the new lines go before what becomes of the old ones: where they are most alike."""
    if not old or len(new) <= len(old):
        return 0

    def alike(ahead: int) -> float:
        pairs = zip(old, new[ahead:], strict=False)
        return sum(difflib.SequenceMatcher(None, one, two, autojunk=False).ratio() for one, two in pairs)

    return max(range(len(new) - len(old) + 1), key=alike)
