"""Tree-sitter queries of others on the syntax of a document: what structural rules are looked for with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import tree_sitter

from duologue_server.context.trees import WINDOW_BYTES, Syntax, parse
from duologue_server.context.view import View

MOST_QUERIES = 512
Asked = Callable[..., bool]


class Matcher:
    """One version of a document, searched by query; safe on any one thread at a time."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self.root: Any = syntax.tree.root_node
        """A tree-sitter node; `suggest.structure.found.Node` says what of it is used."""
        self.language_id = syntax.snapshot.language_id

    def check(self, query: str) -> None:
        """Raises ValueError, with the line, for a query that does not fit the language."""
        _compile(self._syntax.tree.language, query)

    def matches(self, query: str, within: Any) -> Iterator[Mapping[str, Sequence[Any]]]:
        """The captures of every match that begins inside a node. Between two windows another thread may run and the
        caller may stop: a progress callback would end a query sooner, and crashes tree-sitter 0.26. Raises ValueError
        for a bad query."""
        compiled = _compile(self._syntax.tree.language, query)
        for start in range(within.start_byte, max(within.end_byte, within.start_byte + 1), WINDOW_BYTES):
            cursor = tree_sitter.QueryCursor(compiled)
            end = min(start + WINDOW_BYTES, within.end_byte)
            cursor.set_byte_range(start, end)
            for _, captures in cursor.matches(within):
                first = min((node.start_byte for nodes in captures.values() for node in nodes), default=-1)
                if start <= first < end:
                    yield captures


def matcher_of(source: object) -> Matcher | None:
    """The newest syntax of a view, parsed now if it is older than the text; None without a grammar."""
    if not isinstance(source, View):
        return None
    syntax = source.syntax
    if syntax is None or syntax.revision != source.snapshot.revision:
        syntax = parse(source.snapshot)
    return Matcher(syntax) if syntax is not None else None


@lru_cache(MOST_QUERIES)
def _compile(language: tree_sitter.Language, query: str) -> tree_sitter.Query:
    try:
        return tree_sitter.Query(language, query)
    except tree_sitter.QueryError as error:
        raise ValueError(str(error)) from error
