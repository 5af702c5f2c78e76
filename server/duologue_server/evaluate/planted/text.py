"""A source file in memory, edited by code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from duologue_server.context.documents import Documents
from duologue_server.context.matching import matcher_of
from duologue_server.context.trees import parse
from duologue_server.context.view import View

FUNCTIONS = frozenset(
    {
        "function_definition", "function_declaration", "method_definition", "method_declaration", "function_item",
        "constructor_declaration", "function_expression", "arrow_function",
    }
)  # fmt: skip
COMPARISONS = frozenset({"==", "!=", "===", "!==", "<", ">", "<=", ">="})


@dataclass(frozen=True)
class Edit:
    """`text` in place of the bytes from `start` to `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Source:
    """A file, and its syntax."""

    name: str
    language_id: str
    text: str

    @cached_property
    def view(self) -> View:
        snapshot = Documents().open(f"file:///planted/{self.name}", self.language_id, 1, self.text).snapshot()
        return View(snapshot, parse(snapshot))

    @cached_property
    def data(self) -> bytes:
        return self.text.encode()

    @cached_property
    def nodes(self) -> list[Any]:
        """All nodes of its tree, in order."""
        tree = matcher_of(self.view)
        assert tree is not None, f"there is no grammar for {self.language_id}"
        return list(walk(tree.root))

    @cached_property
    def broken(self) -> int:
        """How many places do not parse."""
        return sum(node.type == "ERROR" or node.is_missing for node in self.nodes)

    def of(self, *types: str) -> list[Any]:
        return [node for node in self.nodes if node.type in types]

    def slice(self, node: Any) -> str:
        return self.data[node.start_byte : node.end_byte].decode()

    def functions(self) -> list[Any]:
        return [node for node in self.nodes if node.type in FUNCTIONS and node.end_point[0] - node.start_point[0] >= 4]

    def comparisons(self) -> list[Any]:
        """Of exactly two sides."""
        found = []
        for node in self.of("comparison_operator", "binary_expression"):
            signs = [child.type for child in node.children if not child.is_named]
            if len(node.named_children) == 2 and len(signs) == 1 and signs[0] in COMPARISONS:
                found.append(node)
        return found

    def calls(self) -> list[Any]:
        """Their argument lists."""
        found = []
        for node in self.of("call", "call_expression", "method_invocation"):
            arguments = node.child_by_field_name("arguments")
            if arguments is not None and arguments.type in ("argument_list", "arguments"):
                found.append(arguments)
        return found

    def statements(self) -> list[Any]:
        """Calls and assignments that stand as a statement inside a function."""
        return [node for node in self.of("expression_statement", "assignment_statement") if inside_function(node)]

    def line_start(self, byte: int) -> int:
        return self.data.rfind(b"\n", 0, byte) + 1

    def indent(self, byte: int) -> str:
        start = self.line_start(byte)
        return re.match(rb"[ \t]*", self.data[start:]).group().decode()  # type: ignore[union-attr]

    def line_of(self, byte: int) -> int:
        """Zero-based."""
        return self.data.count(b"\n", 0, byte)

    def edited(self, edit: Edit) -> "Source":
        data = self.data[: edit.start] + edit.text.encode() + self.data[edit.end :]
        return Source(self.name, self.language_id, data.decode())


def inside_function(node: Any) -> bool:
    while node is not None:
        if node.type in FUNCTIONS:
            return True
        node = node.parent
    return False


def names_in(function: Any) -> list[Any]:
    """The plain names in a function, each where it stands."""
    inner = [node for node in walk(function) if node.type == "identifier"]
    return [node for node in inner if node.end_byte - node.start_byte > 2]


def walk(root: Any) -> Iterator[Any]:
    """A node and everything in it, in order."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))
