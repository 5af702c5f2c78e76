"""What a rule's query has found, and what its check sees of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


class Node(Protocol):
    """What is used of a tree-sitter node. Points are (line, UTF-8 column)."""

    @property
    def id(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def text(self) -> bytes | None: ...
    @property
    def start_byte(self) -> int: ...
    @property
    def end_byte(self) -> int: ...
    @property
    def start_point(self) -> tuple[int, int]: ...
    @property
    def end_point(self) -> tuple[int, int]: ...
    @property
    def has_error(self) -> bool: ...
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
    def walk(self) -> Any:
        """A cursor that begins here: the fast way through many nodes, and it knows the fields."""


class Tree(Protocol):
    """The syntax of one version of a document."""

    language_id: str

    @property
    def root(self) -> Any:
        """A `Node`."""

    def check(self, query: str) -> None:
        """Raises ValueError for a query that does not fit the language."""

    def matches(self, query: str, within: Any) -> Iterator[Mapping[str, Sequence[Any]]]:
        """The captures of every match that begins inside a node, in steps between which one may stop."""


@dataclass
class Found:
    """One match. A check may move `here`, and add `words` for the sentence."""

    captures: Mapping[str, Sequence[Node]]
    tree: Tree
    name: str
    """Of the file."""
    memory: dict[str, Any] = field(default_factory=dict)
    """Of this rule in this document, kept from one inspection to the next."""
    facts: dict[str, Any] = field(default_factory=dict)
    """Of this version of the document, for all rules."""
    words: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.here = self["here"]

    def __getitem__(self, capture: str) -> Node:
        return self.captures[capture][0]

    def text(self, capture: str) -> str:
        """Empty for a capture that took no part."""
        nodes = self.captures.get(capture)
        return text_of(nodes[0]) if nodes else ""


Check = Callable[[Found], bool]
"""Whether it is what the rule is about."""

FUNCTIONS = frozenset(
    {
        "function_definition", "lambda", "function_declaration", "function_expression", "arrow_function",
        "method_definition", "generator_function", "generator_function_declaration", "function_item",
        "closure_expression", "method_declaration", "func_literal", "constructor_declaration", "lambda_expression",
        "method", "singleton_method",
    }
)  # fmt: skip
CLASSES = frozenset({"class_definition", "class_declaration", "class", "class_body", "impl_item"})


def text_of(node: Node | None) -> str:
    """Its source; empty for none."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def around(node: Node) -> Iterator[Node]:
    """Its ancestors, nearest first."""
    at = node.parent
    while at is not None:
        yield at
        at = at.parent


def inside(node: Node) -> Iterator[Node]:
    """The node and everything in it, in order."""
    waiting = [node]
    while waiting:
        at = waiting.pop()
        yield at
        waiting.extend(reversed(at.children))


def own(node: Node) -> Iterator[Node]:
    """The node and everything in it except what belongs to functions inside it."""
    waiting = [node]
    while waiting:
        at = waiting.pop()
        yield at
        if at is node or at.type not in FUNCTIONS:
            waiting.extend(reversed(at.children))


def function_around(node: Node) -> Node | None:
    return next((at for at in around(node) if at.type in FUNCTIONS), None)


def statements(block: Node) -> list[Node]:
    """Its named children without comments."""
    return [child for child in block.named_children if "comment" not in child.type]
