"""Parts of code in a syntax tree, by the kinds of `structure.toml`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Protocol

from duologue_server.commands.language import table
from duologue_server.commands.place import Place

MOST_VISITED = 60_000
"""Nodes looked at for one command."""
WRAPPERS = frozenset({"decorated_definition", "export_statement", "template_declaration"})
"""Belong to the definition inside them."""
_NO_ITEMS = frozenset({"command_name", "variable_assignment", "self_parameter", "file_redirect"})
_OWN = frozenset({"self", "cls", "this", "&self", "&mut self"})
"""Parameters that nobody counts."""
_OPENING = ("(", "[", "{", "do", "then", "|")


class Node(Protocol):
    """What is used of a tree-sitter node."""

    @property
    def id(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def start_byte(self) -> int: ...
    @property
    def end_byte(self) -> int: ...
    @property
    def is_named(self) -> bool: ...
    @property
    def parent(self) -> "Node | None": ...
    @property
    def children(self) -> "Sequence[Node]": ...
    @property
    def named_children(self) -> "Sequence[Node]": ...
    @property
    def next_named_sibling(self) -> "Node | None": ...
    @property
    def prev_named_sibling(self) -> "Node | None": ...
    def child_by_field_name(self, name: str, /) -> "Node | None": ...


@dataclass(frozen=True)
class Kind:
    """How a part of code is recognised."""

    types: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    """It is an item of one of these."""
    fields: tuple[str, ...] = ()
    """It is one of these fields of something."""
    within: frozenset[str] = frozenset()
    """Of these only, if any."""
    blocks: frozenset[str] = frozenset()
    """It stands directly in one of these."""
    name: re.Pattern[str] | None = None
    inner: bool = False
    commands: frozenset[str] = frozenset()
    """Commands of a shell that are such a thing."""


@cache
def kind_of(name: str) -> Kind | None:
    """The kind of a name; None for one that needs no tree, such as a word."""
    data = table("structure.toml").get(name)
    if data is None:
        return None
    sets = {
        key: frozenset(str(data.get(key, "")).split()) for key in ("types", "lists", "within", "blocks", "commands")
    }
    return Kind(
        **sets,
        fields=tuple(str(data.get("fields", "")).split()),
        name=re.compile(data["name"]) if "name" in data else None,
        inner=bool(data.get("inner")),
    )


class Code:
    """The syntax tree of a place."""

    def __init__(self, place: Place) -> None:
        self.place = place
        syntax = place.view.syntax
        assert syntax is not None
        self.root: Node = syntax.tree.root_node
        self._root: Any = syntax.tree.root_node

    def span(self, node: Node) -> tuple[int, int]:
        return self.place.of_byte(node.start_byte), self.place.of_byte(node.end_byte)

    def text(self, node: Node) -> str:
        start, end = self.span(node)
        return self.place.text[start:end]

    def leaf(self, offset: int) -> Node:
        """The smallest piece that begins at an offset or holds it; in front of a line's first word, that word."""
        line = self.place.line_of(offset)
        offset = max(offset, min(self.place.first_in_line(line), self.place.line_end(line)))
        text = self.place.text
        at = self.place.to_byte(offset)
        after = offset < len(text) and not text[offset].isspace() and text[offset] not in ")]},;:"
        before = offset > 0 and not text[offset - 1].isspace()
        first = at if after or not before else self.place.to_byte(offset - 1)
        found: Node = self._root.descendant_for_byte_range(first, first + (1 if after or before else 0))
        return found or self.root

    def around(self, node: Node) -> Iterator[Node]:
        """The node and its ancestors, nearest first."""
        at: Node | None = node
        while at is not None:
            yield at
            at = at.parent

    def is_a(self, node: Node, name: str) -> bool:
        """Whether a node is of a kind."""
        kind = kind_of(name)
        parent = node.parent
        if kind is None or parent is None or not node.is_named:
            return False
        if kind.types and node.type in kind.types:
            return kind.name is None or bool(kind.name.search(self.name_of(node)))
        if kind.lists and parent.type in kind.lists:
            return "comment" not in node.type and node.type not in _NO_ITEMS and self.text(node) not in _OWN
        if kind.commands and node.type == "command" and self.name_of(node) in kind.commands:
            return True
        if kind.blocks and parent.type in kind.blocks:
            return "comment" not in node.type and node.type not in kind.blocks
        if kind.fields and (not kind.within or parent.type in kind.within):
            return any(_is_field(parent, field, node) for field in kind.fields)
        return False

    def field_of(self, node: Node, name: str) -> Node | None:
        """The part of a node that a kind of fields names."""
        kind = kind_of(name)
        if kind is None or (kind.within and node.type not in kind.within):
            return None
        for field in kind.fields:
            found = node.child_by_field_name(field)
            if found is not None and found.is_named:
                return found
        return None

    def name_of(self, node: Node) -> str:
        """What a definition calls itself; empty for what has no name."""
        for _ in range(6):
            found = node.child_by_field_name("name")
            if found is not None and node.type == "qualified_identifier":
                node = found
                continue
            if found is not None:
                return re.split(r"[.:]+", self.text(found))[-1]
            if node.type in ("identifier", "field_identifier", "type_identifier"):
                return self.text(node)
            inner = node.child_by_field_name("declarator") or _only_spec(node)
            if inner is None:
                return ""
            node = inner
        return ""

    def this(self, name: str, offset: int) -> Node | None:
        """The innermost piece of a kind around an offset."""
        return next((node for node in self.around(self.leaf(offset)) if self.is_a(node, name)), None)

    def inside(self, node: Node, name: str) -> Iterator[Node]:
        """Everything of a kind in a node, in order; the node itself is not among it."""
        for inner in self._walk(node):
            if inner.id != node.id and self.is_a(inner, name):
                yield inner

    def after(self, offset: int, name: str) -> Iterator[Node]:
        """Everything of a kind that begins behind an offset, in order."""
        byte = self.place.to_byte(offset)
        for node in self._walk(self.root, byte):
            if node.start_byte > byte and self.is_a(node, name):
                yield node

    def before(self, offset: int, name: str) -> Iterator[Node]:
        """Everything of a kind that begins before an offset, the nearest first."""
        byte = self.place.to_byte(offset)
        waiting: list[tuple[Node, bool]] = [(self.root, False)]
        visited = 0
        while waiting and visited < MOST_VISITED:
            node, done = waiting.pop()
            if done:
                if self.is_a(node, name):
                    yield node
                continue
            if node.start_byte >= byte:
                continue
            visited += 1
            waiting.append((node, True))
            waiting.extend((child, False) for child in node.children)

    def in_lines(self, first: int, last: int, name: str) -> list[Node]:
        """Everything of a kind that begins in some lines."""
        start = self.place.to_byte(self.place.line_start(first))
        end = self.place.to_byte(self.place.line_end(last))
        found = []
        for node in self._walk(self.root, start):
            if node.start_byte > end:
                break
            if node.start_byte >= start and self.is_a(node, name):
                found.append(node)
        return found

    @cached_property
    def function(self) -> Node:
        """The function around the cursor; the whole document outside of any."""
        return self.this("function", self.place.cursor) or self.root

    def items(self, listed: Node, name: str) -> list[Node]:
        """The items of a list of arguments or the like."""
        return [child for child in listed.named_children if self.is_a(child, name)]

    def list_at(self, name: str, offset: int) -> Node | None:
        """The list of a kind around an offset, or else the first one of its line."""
        kind = kind_of(name)
        assert kind is not None
        for node in self.around(self.leaf(offset)):
            if node.type in kind.lists and node.start_byte <= self.place.to_byte(offset):
                return node
            if "body" in node.type or node.type == "block":
                break
        line = self.place.line_of(offset)
        return next((item.parent for item in self.in_lines(line, line, name)), None)

    def whole(self, node: Node) -> Node:
        """With the decorators or the `export` that belong to it."""
        while node.parent is not None and node.parent.type in WRAPPERS:
            node = node.parent
        return node

    def inner(self, node: Node) -> tuple[int, int]:
        """What is between the first and the last bracket, quote or line of a node."""
        start, end = self.span(node)
        text = self.place.text
        quoted = re.match(r"[A-Za-z]{0,3}#*(\"\"\"|'''|\"|'|`)", text[start : start + 8])
        if quoted and (kind_of("string") or Kind()).types & {node.type}:
            sign = quoted.group(1)
            closing = text.rfind(sign, start + len(quoted.group()), end)
            return (start + len(quoted.group()), closing) if closing >= 0 else (start, end)
        body = node.child_by_field_name("body") or node.child_by_field_name("consequence")
        if body is not None:
            return self.inner(body)
        children = node.children
        if len(children) > 1 and children[0].type in _OPENING and not children[-1].is_named:
            start, end = self.span(children[0])[1], self.span(children[-1])[0]
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        return start, end

    def _walk(self, node: Node, from_byte: int = 0) -> Iterator[Node]:
        """The node and everything in it that does not end before a byte, in order."""
        waiting = [node]
        visited = 0
        while waiting and visited < MOST_VISITED:
            at = waiting.pop()
            if at.end_byte < from_byte:
                continue
            visited += 1
            yield at
            waiting.extend(reversed(at.children))


def _is_field(parent: Node, field: str, node: Node) -> bool:
    found = parent.child_by_field_name(field)
    return found is not None and found.id == node.id


def _only_spec(node: Node) -> Node | None:
    """The one specification in a declaration of Go."""
    if node.type != "type_declaration":
        return None
    named = node.named_children
    return named[0] if len(named) == 1 else None
