"""Syntax trees of open documents, parsed away from the keys and read on any thread.

The only module that imports tree-sitter. `Trees` hands out `ParseJob`s whose `run` belongs in a lane of slow work; the
`Syntax` it returns never changes. Points are (line, UTF-8 column), as tree-sitter counts them.
"""

import importlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import tree_sitter

from duologue_server.context.documents import INSPECT_LIMIT_BYTES, ByteEdit, Changed, Snapshot
from duologue_server.context.languages import Language, known_language, language_of
from duologue_server.context.parameters import parameter_names
from duologue_server.context.positions import Position, Range

READ_BYTES = 4096
"""Long parses read through a callback in pieces of this size, because a whole `bytes` is parsed without ever letting
another thread run (measured: 1 MB stalls the others for 287 ms that way, 15 ms this way)."""
AT_ONCE_BYTES = 65_536
"""A first parse of no more is short, and so is one after changes of what has detectors: those are given whole, because
tree-sitter 0.26 never frees what a callback returned."""
WINDOW_BYTES = 16_384
"""Queries over whole documents go window by window, for the same reason."""
MOST_PENDING = 2_000
"""Edits kept for an incremental parse; after more, parsing from scratch is as cheap."""
MOST_WINDOWS = 8
"""Around the cursor, searched for names: 128 KB."""
STATEMENT_LINES = 12
"""A syntax error that began more lines ago than this is not the statement under the cursor."""

_OWNERS = frozenset({"class", "impl", "trait", "interface", "struct", "enum", "record", "union"})
_ROUTINES = frozenset({"function", "method", "constructor"})
_PLACES = _OWNERS | _ROUTINES | {"module", "namespace", "key", "table", "element", "rule", "keyframes", "media"}
_CONSTRUCTORS = frozenset({"__init__", "constructor", "initialize"})


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something that has a name and a place, such as a function or a class."""

    name: str
    kind: str
    """function, method, constructor, class, struct, union, record, enum, trait, interface, impl, module, namespace,
    macro, type or constant; in data and pages key, table, element, rule, keyframes or media."""
    line: int
    """Zero-based."""
    end_line: int


@dataclass(frozen=True, slots=True)
class Defined:
    """A definition with the names of its parameters; None where there can be none."""

    symbol: Symbol
    parameters: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Piece:
    """The smallest piece of syntax at a place."""

    text: str
    kind: str
    """The grammar's name for it, such as `identifier`."""
    range: Range


@dataclass(frozen=True)
class _Grammar:
    language: tree_sitter.Language
    definitions: tree_sitter.Query
    identifiers: tree_sitter.Query
    imports: tree_sitter.Query | None
    broken: tree_sitter.Query


@cache
def _grammar(kind: Language) -> _Grammar:
    language = tree_sitter.Language(getattr(importlib.import_module(kind.module), kind.function)())
    queries = resources.files("duologue_server.context").joinpath("queries", kind.queries)

    def query(name: str) -> tree_sitter.Query:
        return tree_sitter.Query(language, queries.joinpath(name).read_text(encoding="utf-8"))

    return _Grammar(
        language,
        query("definitions.scm"),
        query("identifiers.scm"),
        query("imports.scm") if queries.joinpath("imports.scm").is_file() else None,
        tree_sitter.Query(language, "[(ERROR) (MISSING)] @broken"),
    )


class Syntax:
    """The tree of one version of a document."""

    def __init__(self, snapshot: Snapshot, data: bytes, tree: tree_sitter.Tree) -> None:
        self.snapshot = snapshot
        self.data = data
        """The text in UTF-8, every line ending in a line feed."""
        self.tree = tree
        self.language = known_language(snapshot.language_id)
        self._grammar = _grammar(self.language)

    @property
    def revision(self) -> int:
        return self.snapshot.revision

    def scope_at(self, position: Position) -> tuple[Symbol, ...]:
        """The functions, classes and the like around a place, innermost first."""
        point = line, column = self._point(position)
        anchor = point
        if self.language.indented and not self.snapshot.line_text(line).strip():
            anchor = self._code_above(line)
            column = column or self._indent_below(line)
        cursor = tree_sitter.QueryCursor(self._grammar.definitions)
        cursor.set_point_range((anchor[0], max(0, anchor[1] - 1)), (anchor[0], anchor[1] + 1))
        around = [
            (node, name, kind)
            for node, name, kind in self._definitions(cursor)
            if kind in _PLACES
            and node.start_point <= anchor <= node.end_point
            and (anchor == point or point <= node.end_point or node.start_point[1] < column)
        ]
        return tuple(reversed(self._symbols(around)))

    def symbols(self) -> list[Symbol]:
        """Everything that the document defines, in its order. Slow for large documents (0.15 ms a KB)."""
        return self._symbols_in(list(self._windows()))

    def identifiers(self, limit: int, near: Position | None = None) -> tuple[str, ...]:
        """Names for the ear: what is defined first, then the names used most, of the part of the document around
        `near`. Slow: up to about 50 ms."""
        windows = list(self._windows())
        if near is not None:
            share = near.line / max(1, len(self.snapshot.lines)) * len(windows)
            windows.sort(key=lambda window: abs((window[0] + WINDOW_BYTES / 2) / WINDOW_BYTES - share))
        windows = windows[:MOST_WINDOWS]
        counts: Counter[str] = Counter()
        for start, end in windows:
            cursor = tree_sitter.QueryCursor(self._grammar.identifiers)
            cursor.set_byte_range(start, end)
            for node in cursor.captures(self.tree.root_node).get("identifier", []):
                if start <= node.start_byte < end and node.end_byte - node.start_byte > 1:
                    counts[self._text(node)] += 1
        names = dict.fromkeys(symbol.name for symbol in self._symbols_in(windows))
        names.update(dict.fromkeys(name for name, _ in counts.most_common()))
        return tuple(names)[:limit]

    def _symbols_in(self, windows: list[tuple[int, int]]) -> list[Symbol]:
        found: list[tuple[tree_sitter.Node, str, str]] = []
        for start, end in windows:
            cursor = tree_sitter.QueryCursor(self._grammar.definitions)
            cursor.set_byte_range(start, end)
            found += [item for item in self._definitions(cursor) if start <= item[0].start_byte < end]
        return self._symbols(found)

    def statement_complete_at(self, position: Position) -> bool:
        """Whether nothing is missing from the statement at a place. In comments and strings everything is complete."""
        line = min(max(0, position.line), len(self.snapshot.lines) - 1)
        text = self.snapshot.line_text(line)
        before = text[: self.snapshot.to_index(line, position.character)]
        leaf = self._leaf_before(line, len(before.rstrip().encode("utf-8", "surrogatepass")))
        if leaf is not None and "comment" in leaf.type:
            return True
        if leaf is not None and leaf.type == ":" and self._opens_nothing(leaf):
            return False
        cursor = tree_sitter.QueryCursor(self._grammar.broken)
        cursor.set_point_range((line, 0), (line, len(text.encode("utf-8", "surrogatepass")) + 1))
        for node in cursor.captures(self.tree.root_node).get("broken", []):
            first, last = node.start_point[0], node.end_point[0]
            if first <= line <= last + 1 and line - first <= STATEMENT_LINES:
                return False
        return True

    def piece_at(self, position: Position) -> Piece | None:
        """The named piece of syntax at a place: a name, a literal, a comment."""
        line, column = self._point(position)
        node = self.tree.root_node.named_descendant_for_point_range((line, column), (line, column))
        if node is None or node.parent is None:
            return None
        return Piece(
            self._text(node), node.type, Range(self._position(node.start_point), self._position(node.end_point))
        )

    def node_text(self, position: Position) -> str:
        """The text of that piece; empty where there is none."""
        piece = self.piece_at(position)
        return piece.text if piece else ""

    def defined_in(self, line: int, end_line: int) -> list[Defined]:
        """What is defined in the lines `line` up to, not including, `end_line`: what begins there."""
        cursor = tree_sitter.QueryCursor(self._grammar.definitions)
        cursor.set_point_range((line, 0), (max(line, end_line), 0))
        found = list(self._definitions(cursor))
        nodes = {(node.start_point[0], name): node for node, name, _ in found}
        symbols = [symbol for symbol in self._symbols(found) if line <= symbol.line < end_line]
        return [Defined(symbol, parameter_names(nodes[symbol.line, symbol.name])) for symbol in symbols]

    def imports(self) -> tuple[str, ...]:
        """What the document imports, as it is written there without its quotes, each once; of its first lines only."""
        if self._grammar.imports is None:
            return ()
        cursor = tree_sitter.QueryCursor(self._grammar.imports)
        cursor.set_byte_range(0, WINDOW_BYTES)
        nodes = sorted(cursor.captures(self.tree.root_node).get("import", []), key=lambda node: node.start_byte)
        return tuple(dict.fromkeys(self._text(node).strip("\"'`<>") for node in nodes))

    def _definitions(self, cursor: tree_sitter.QueryCursor) -> Iterator[tuple[tree_sitter.Node, str, str]]:
        for _, captures in cursor.matches(self.tree.root_node):
            names = captures.pop("name", [])
            for kind, nodes in captures.items():
                if names and nodes and not kind.startswith("_"):
                    yield nodes[0], self._text(names[0]), kind

    def _symbols(self, found: list[tuple[tree_sitter.Node, str, str]]) -> list[Symbol]:
        """In order, each once; a function directly inside a class or the like is a method."""
        symbols: list[Symbol] = []
        seen: set[int] = set()
        around: list[tuple[int, str, str]] = []
        for node, name, kind in sorted(found, key=lambda item: (item[0].start_byte, -item[0].end_byte)):
            if node.id in seen:
                continue
            seen.add(node.id)
            while around and around[-1][0] <= node.start_byte:
                around.pop()
            if kind in _ROUTINES and around and around[-1][1] in _OWNERS:
                constructs = name in _CONSTRUCTORS or name == around[-1][2]
                kind = "constructor" if constructs else "method"
            if kind in _PLACES:
                around.append((node.end_byte, kind, name))
            symbols.append(Symbol(name, kind, node.start_point[0], node.end_point[0]))
        return symbols

    def _code_above(self, line: int) -> tuple[int, int]:
        """The last character of code above a blank line: where indentation makes the blocks, it says where we are."""
        while line > 0 and not self.snapshot.line_text(line).strip():
            line -= 1
        text = self.snapshot.line_text(line).rstrip()
        return line, max(0, len(text.encode("utf-8", "surrogatepass")) - 1)

    def _indent_below(self, line: int) -> int:
        """How far the code below an empty line is indented; at the end of a document, as far as any."""
        for text in self.snapshot.lines[line + 1 :]:
            if text.strip():
                return len(text) - len(text.lstrip())
        return 1_000_000

    def _leaf_before(self, line: int, column: int) -> tree_sitter.Node | None:
        while column == 0 and line > 0:
            line -= 1
            column = len(self.snapshot.line_text(line).rstrip().encode("utf-8", "surrogatepass"))
        return self.tree.root_node.descendant_for_point_range((line, max(0, column - 1)), (line, max(0, column - 1)))

    def _opens_nothing(self, colon: tree_sitter.Node) -> bool:
        block = colon.next_sibling
        while block is not None and "comment" in block.type:
            block = block.next_sibling
        ends_line = not self.snapshot.line_text(colon.end_point[0])[self._index(*colon.end_point) :].strip()
        return ends_line and (block is None or (block.type == "block" and block.named_child_count == 0))

    def _windows(self) -> Iterator[tuple[int, int]]:
        for start in range(0, max(1, len(self.data)), WINDOW_BYTES):
            yield start, start + WINDOW_BYTES

    def _point(self, position: Position) -> tuple[int, int]:
        line = min(max(0, position.line), len(self.snapshot.lines) - 1)
        index = self.snapshot.to_index(line, max(0, position.character))
        return line, len(self.snapshot.line_text(line)[:index].encode("utf-8", "surrogatepass"))

    def _index(self, line: int, column: int) -> int:
        raw = self.snapshot.line_text(line).encode("utf-8", "surrogatepass")
        return len(raw[:column].decode("utf-8", "replace"))

    def _position(self, point: tuple[int, int]) -> Position:
        return Position(point[0], self.snapshot.to_character(point[0], self._index(*point)))

    def _text(self, node: tree_sitter.Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")


class ParseJob:
    """One parse to be done; `run` belongs on a thread for slow work, everything else on the owner's."""

    def __init__(self, snapshot: Snapshot, old_tree: tree_sitter.Tree | None) -> None:
        self.snapshot = snapshot
        self.cancelled = False
        self._old_tree = old_tree

    def run(self) -> Syntax | None:
        """Parses; None when the document was closed meanwhile. Raises ImportError when a grammar is not installed."""
        data = _to_bytes(self.snapshot)
        parser = tree_sitter.Parser(_grammar(known_language(self.snapshot.language_id)).language)

        def read(offset: int, _point: tuple[int, int]) -> bytes:
            return b"" if self.cancelled else data[offset : offset + READ_BYTES]

        short = AT_ONCE_BYTES if self._old_tree is None else INSPECT_LIMIT_BYTES
        source = data if len(data) <= short else read
        tree = parser.parse(source) if self._old_tree is None else parser.parse(source, self._old_tree)
        return None if self.cancelled else Syntax(self.snapshot, data, tree)


@dataclass
class _Tracked:
    syntax: Syntax | None = None
    pending: list[tuple[int, tuple[ByteEdit, ...]]] = field(default_factory=list)
    """Edits since `syntax`, each with the revision it led to."""
    job: ParseJob | None = None
    failed_revision: int = -1


class Trees:
    """The newest syntax of every document. One parse a document is under way at a time; the latest text is next."""

    def __init__(self) -> None:
        self._tracked: dict[str, _Tracked] = {}

    def edited(self, changed: Changed) -> None:
        """Notes a change, so that the next parse need not start from nothing."""
        document = changed.document
        tracked = self._tracked.get(document.uri)
        if tracked is None or changed.ignored:
            return
        tracked.pending.append((document.revision, changed.edits))
        if len(tracked.pending) > MOST_PENDING:
            tracked.pending.clear()  # the gap in revisions makes the next parse a full one

    def job(self, snapshot: Snapshot) -> ParseJob | None:
        """The parse that would bring a document up to date. None when there is no grammar for it, when it cannot be
        parsed, when it is up to date, or while another parse of it is under way."""
        if language_of(snapshot.language_id) is None or snapshot.too_large_to_parse or snapshot.looks_binary:
            self.close(snapshot.uri)
            return None
        tracked = self._tracked.setdefault(snapshot.uri, _Tracked())
        done = tracked.syntax.revision if tracked.syntax else -1
        if tracked.job is not None or snapshot.revision in (done, tracked.failed_revision):
            return None
        tracked.job = ParseJob(snapshot, self._old_tree(tracked, snapshot))
        return tracked.job

    def finish(self, job: ParseJob, result: "Syntax | Exception | None") -> bool:
        """Takes the result of a job. True when there is a new syntax; ask `job` again for what changed meanwhile."""
        tracked = self._tracked.get(job.snapshot.uri)
        if tracked is None or tracked.job is not job:
            return False
        tracked.job = None
        if not isinstance(result, Syntax):
            tracked.failed_revision = job.snapshot.revision
            return False
        tracked.syntax = result
        tracked.pending = [item for item in tracked.pending if item[0] > result.revision]
        return True

    def syntax(self, uri: str) -> Syntax | None:
        """The newest finished syntax; its snapshot may be older than the document."""
        tracked = self._tracked.get(uri)
        return tracked.syntax if tracked else None

    def close(self, uri: str) -> None:
        """Forgets a document; a parse of it that is under way ends soon and yields nothing."""
        tracked = self._tracked.pop(uri, None)
        if tracked is not None and tracked.job is not None:
            tracked.job.cancelled = True

    def _old_tree(self, tracked: _Tracked, snapshot: Snapshot) -> tree_sitter.Tree | None:
        """The last tree, moved along with every edit since; None when the edits between are not all known."""
        syntax = tracked.syntax
        if syntax is None or syntax.snapshot.language_id != snapshot.language_id:
            return None
        between = [item for item in tracked.pending if item[0] <= snapshot.revision]
        if [revision for revision, _ in between] != list(range(syntax.revision + 1, snapshot.revision + 1)):
            return None
        tree = syntax.tree.copy()
        for _, edits in between:
            for edit in edits:
                tree.edit(*edit)
        return tree


def parse(snapshot: Snapshot) -> Syntax | None:
    """Parses a document at once and from nothing; None when it has no grammar or cannot be parsed."""
    job = Trees().job(snapshot)
    return job.run() if job else None


def _to_bytes(snapshot: Snapshot) -> bytes:
    """UTF-8 in which a lone carriage return has become a line feed: tree-sitter knows no other line ending."""
    data = snapshot.text.encode("utf-8", "surrogatepass")
    return re.sub(rb"\r(?!\n)", b"\n", data) if b"\r" in data else data
