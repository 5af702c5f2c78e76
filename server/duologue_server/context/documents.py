"""Open documents: their text, kept in step with the editor change by change.

Positions are the editor's: zero-based lines, characters in UTF-16 units unless another encoding was negotiated. Lines
end where LSP says they do (`\\n`, `\\r\\n`, `\\r`), nowhere else. Source: LSP 3.17, "Text Documents".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import unquote

from duologue_server.context.positions import (
    Encoding,
    Position,
    Range,
    character_of,
    ends_line,
    index_of,
    split_lines,
    utf8_size,
)

PARSE_LIMIT_BYTES = 4_000_000
"""Documents larger than this (UTF-8) stay text. One of 50,000 lines has 1.9 MB and is parsed: 0.2 s, off the loop."""
INSPECT_LIMIT_BYTES = 500_000
"""Documents larger than this have a tree and no detectors, and are parsed after a longer quiet."""
BAD_CHARACTERS_LIMIT = 16
"""More replacement characters than this, and more than 1 in 200, look like a binary file read as text."""


@dataclass(frozen=True, slots=True)
class TextChange:
    """One LSP content change; without a range, `text` is the whole document."""

    range: Range | None
    text: str


class ByteEdit(NamedTuple):
    """A change as tree-sitter wants it: UTF-8 offsets, and points of (line, UTF-8 column)."""

    start_byte: int
    old_end_byte: int
    new_end_byte: int
    start_point: tuple[int, int]
    old_end_point: tuple[int, int]
    new_end_point: tuple[int, int]


class Splice(NamedTuple):
    """A change in whole lines: from `line` on, `removed` lines gave way to `added` others; equal ones are left out."""

    line: int
    removed: int
    added: int


class BadChange(ValueError):
    """A change that cannot belong to the document as it is; names the document, the range and the sizes."""

    def __init__(self, uri: str, why: str) -> None:
        self.uri = uri
        super().__init__(f"{uri}: {why}; close the file and open it again if its text looks stale here")


@dataclass(frozen=True)
class Snapshot:
    """One version of a document, never changing: safe to read on any thread."""

    uri: str
    language_id: str
    version: int | None
    revision: int
    """Grows with every change, whatever the editor's version numbers do."""
    lines: tuple[str, ...]
    """Each with its line ending; never empty."""
    byte_count: int
    too_large_to_parse: bool
    looks_binary: bool
    unsynced: bool
    encoding: Encoding = "utf-16"

    @cached_property
    def text(self) -> str:
        return "".join(self.lines)

    @property
    def name(self) -> str:
        """The last part of the URI, decoded."""
        return file_name(self.uri)

    def line_text(self, line: int) -> str:
        """The line without its ending; empty outside the document."""
        return self.lines[line].rstrip("\r\n") if 0 <= line < len(self.lines) else ""

    def to_index(self, line: int, character: int) -> int:
        """The editor's `character` as an index into `line_text(line)`; beyond the end is the end."""
        return index_of(self.line_text(line), character, self.encoding)

    def to_character(self, line: int, index: int) -> int:
        """An index into `line_text(line)` in the editor's units."""
        return character_of(self.line_text(line), index, self.encoding)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did. `ignored`: the document was out of step and waits for its full text."""

    document: "Document"
    edits: tuple[ByteEdit, ...] = ()
    splices: tuple[Splice, ...] = ()
    ignored: bool = False


@dataclass
class Document:
    """One open text. Change it through `Documents` only."""

    uri: str
    language_id: str
    version: int | None
    text_at_open: str = field(repr=False)
    encoding: Encoding = "utf-16"
    revision: int = 0
    unsynced: bool = False
    """A change did not fit: the text is the last one known to be right, until the editor sends all of it."""
    last_changed_line: int | None = None

    def __post_init__(self) -> None:
        self._lines = split_lines(self.text_at_open)
        self.text_at_open = ""
        self._sizes = [utf8_size(line) for line in self._lines]
        self._byte_count = sum(self._sizes)
        self._nuls, self._bad = _suspicious(self._lines)
        self._mark = (0, 0)
        self._snapshot: Snapshot | None = None

    @property
    def line_count(self) -> int:
        return len(self._lines)

    @property
    def byte_count(self) -> int:
        """Size in UTF-8."""
        return self._byte_count

    @property
    def text(self) -> str:
        return self.snapshot().text

    @property
    def too_large_to_parse(self) -> bool:
        return self._byte_count > PARSE_LIMIT_BYTES

    @property
    def looks_binary(self) -> bool:
        return self._nuls > 0 or (self._bad > BAD_CHARACTERS_LIMIT and self._bad * 200 > self._byte_count)

    def line_text(self, line: int) -> str:
        """The line without its ending; empty outside the document."""
        return self._lines[line].rstrip("\r\n") if 0 <= line < len(self._lines) else ""

    def snapshot(self) -> Snapshot:
        """This version, for detectors and parsers. Made once a revision."""
        made = self._snapshot
        if made is None or made.revision != self.revision or made.unsynced != self.unsynced:
            made = self._snapshot = Snapshot(
                self.uri,
                self.language_id,
                self.version,
                self.revision,
                tuple(self._lines),
                self._byte_count,
                self.too_large_to_parse,
                self.looks_binary,
                self.unsynced,
                self.encoding,
            )
        return made

    def apply(self, version: int | None, changes: Sequence[TextChange]) -> Changed:
        """Applies the changes of one notification, all or none. Raises BadChange; then the text is as it was."""
        whole = [number for number, change in enumerate(changes) if change.range is None]
        changes = changes[whole[-1] :] if whole else changes
        if self.unsynced and not whole:
            return Changed(self, ignored=True)
        before = (self._lines.copy(), self._sizes.copy()) if len(changes) > 1 else None
        counts = (self._byte_count, self._nuls, self._bad)
        edits: list[ByteEdit] = []
        splices: list[Splice] = []
        try:
            for change in changes:
                edit, splice = self._replace_all(change.text) if change.range is None else self._replace(change)
                edits.append(edit)
                splices.append(splice)
        except BadChange:
            if before is not None:
                self._lines, self._sizes = before
                self._byte_count, self._nuls, self._bad = counts
                self._mark = (0, 0)
            self.unsynced = True
            raise
        self.unsynced = False
        self.version = version
        self.revision += 1
        if splices:
            self.last_changed_line = min(splices[-1].line, len(self._lines) - 1)
        return Changed(self, tuple(edits), tuple(splices))

    def _replace(self, change: TextChange) -> tuple[ByteEdit, Splice]:
        assert change.range is not None
        first, start, last, end = self._resolve(change.range)
        if start == 0 and first > 0 and self._lines[first - 1].endswith("\r"):
            rest = change.text if change.text else self._lines[last][end:]
            if rest.startswith("\n"):  # it joins the \r of the line before to one line ending
                first, start = first - 1, len(self._lines[first - 1]) - 1
                change = TextChange(change.range, "\r" + change.text)
        kept, tail = self._lines[first][:start], self._lines[last][end:]
        new = split_lines(kept + change.text + tail)
        if tail.endswith(("\n", "\r")) or (not tail and last + 1 < len(self._lines)):
            new.pop()  # the empty line after the ending is the next line, which is not replaced
        return self._splice(first, start, last, end, new)

    def _replace_all(self, text: str) -> tuple[ByteEdit, Splice]:
        """A whole new text, as the smallest change in lines, so that trees and findings outlive it."""
        old, new = self._lines, split_lines(text)
        most = min(len(old), len(new)) - 1
        head = 0
        while head < most and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < most - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        last = len(old) - 1 - tail
        return self._splice(head, 0, last, len(old[last]), new[head : len(new) - tail])

    def _splice(self, first: int, start: int, last: int, end: int, new: list[str]) -> tuple[ByteEdit, Splice]:
        """Puts `new` in place of the lines `first`..`last`, of which [first:start … last:end] has changed."""
        old = self._lines[first : last + 1]
        start_byte = self._byte_of_line(first)
        start_column = utf8_size(old[0][:start])
        tail_size = utf8_size(old[-1][end:])
        sizes = [utf8_size(line) for line in new]
        old_size = sum(self._sizes[first : last + 1])
        new_size = sum(sizes)
        edit = ByteEdit(
            start_byte + start_column,
            start_byte + old_size - tail_size,
            start_byte + new_size - tail_size,
            (first, start_column),
            self._point(first, [self._sizes[first + n] for n in range(len(old))], old_size - tail_size, old),
            self._point(first, sizes, new_size - tail_size, new),
        )
        self._lines[first : last + 1] = new
        self._sizes[first : last + 1] = sizes
        self._byte_count += new_size - old_size
        nuls, bad = _suspicious(new)
        old_nuls, old_bad = _suspicious(old)
        self._nuls += nuls - old_nuls
        self._bad += bad - old_bad
        head = tail = 0
        most = min(len(old), len(new))
        while head < most and old[head] == new[head]:
            head += 1
        while tail < most - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        return edit, Splice(first + head, len(old) - head - tail, len(new) - head - tail)

    def _point(self, first: int, sizes: list[int], offset: int, lines: list[str]) -> tuple[int, int]:
        """The point `offset` bytes after the start of line `first`, given the sizes of the lines from there."""
        line = 0
        while line < len(sizes) and (offset > sizes[line] or (offset == sizes[line] and ends_line(lines[line]))):
            offset -= sizes[line]
            line += 1
        return first + line, offset

    def _byte_of_line(self, line: int) -> int:
        """Where a line starts. Typing stays near one place, so the walk begins at the last one asked for."""
        at, byte = self._mark
        byte += sum(self._sizes[at:line]) if line >= at else -sum(self._sizes[line:at])
        self._mark = (line, byte)
        return byte

    def _resolve(self, wanted: Range) -> tuple[int, int, int, int]:
        """The range as (line, index, line, index). Raises BadChange where LSP leaves no meaning."""
        for position in (wanted.start, wanted.end):
            for number in position:
                if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                    raise self._bad_range(wanted, "its positions must be whole numbers from 0 up")
        start, end = wanted
        count = len(self._lines)
        if tuple(end) < tuple(start):
            raise self._bad_range(wanted, "it ends before it starts")
        if start.line >= count or end.line > count or (end.line == count and end.character > 0):
            raise self._bad_range(wanted, "it lies beyond the end")
        if end.line == count:  # the start of the line after the last one: editors mean the end of the text
            end = Position(count - 1, len(self._lines[-1]) * 2)
        first = index_of(self.line_text(start.line), start.character, self.encoding)
        last = index_of(self.line_text(end.line), end.character, self.encoding)
        return start.line, first, end.line, max(last, first) if start.line == end.line else last

    def _bad_range(self, wanted: Range, why: str) -> BadChange:
        shown = "–".join(f"{position[0]}:{position[1]}" for position in wanted)
        size = f"the document has {len(self._lines)} lines, {self._byte_count} bytes, version {self.version}"
        return BadChange(self.uri, f"the change at {shown} does not fit: {why} ({size})")


class Documents:
    """The open documents by URI."""

    def __init__(self, encoding: Encoding = "utf-16") -> None:
        self.encoding: Encoding = encoding
        """What was negotiated with the editor; used for documents opened from then on."""
        self._open: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(self._open.values())

    def __len__(self) -> int:
        return len(self._open)

    def get(self, uri: str) -> Document | None:
        return self._open.get(uri)

    def open(self, uri: str, language_id: str, version: int | None, text: str) -> Document:
        """Opens a document, or opens it anew."""
        before = self._open.get(uri)
        revision = before.revision + 1 if before else 0
        document = Document(uri, language_id, version, text, self.encoding, revision)
        self._open[uri] = document
        return document

    def change(self, uri: str, version: int | None, changes: Sequence[TextChange]) -> Changed:
        """Applies one `didChange`. Raises BadChange once when a document falls out of step; later changes to it are
        `ignored` until one carries the full text."""
        return self._require(uri).apply(version, changes)

    def save(self, uri: str, text: str | None = None) -> Document:
        """A document was saved. Raises BadChange when it is not open."""
        document = self._require(uri)
        if text is not None and text != document.text:
            document.apply(document.version, [TextChange(None, text)])
        return document

    def close(self, uri: str) -> None:
        """Forgets a document; closing an unknown one does nothing."""
        self._open.pop(uri, None)

    def _require(self, uri: str) -> Document:
        document = self._open.get(uri)
        if document is None:
            raise BadChange(uri, "a change came for a document that is not open")
        return document


def read_changes(uri: str, raw: object) -> list[TextChange]:
    """LSP content changes, as JSON or as objects with the same names. Raises BadChange when they are neither."""
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        raise BadChange(uri, f"content changes must be a list, not {type(raw).__name__}")
    return [_read_change(uri, item) for item in raw]


def _read_change(uri: str, item: object) -> TextChange:
    text, area = _get(item, "text"), _get(item, "range")
    if not isinstance(text, str):
        raise BadChange(uri, f"a content change needs a text, not {text!r:.80}")
    if area is None:
        return TextChange(None, text)
    ends = [Position(_get(_get(area, side), "line"), _get(_get(area, side), "character")) for side in ("start", "end")]
    return TextChange(Range(*ends), text)


def _get(item: object, name: str) -> Any:
    return item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)


def file_name(uri: str) -> str:
    """The last part of a URI, decoded."""
    return unquote(uri.rstrip("/").rsplit("/", 1)[-1]) or uri


def _suspicious(lines: list[str]) -> tuple[int, int]:
    """How many NUL and replacement characters there are."""
    joined = "".join(lines)
    return joined.count("\0"), joined.count("\ufffd")
