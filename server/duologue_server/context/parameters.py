"""The names of a function's parameters, whatever the grammar."""

from collections.abc import Iterator
from typing import Any

MOST_NODES = 40
_LEAVES = frozenset(
    {"identifier", "field_identifier", "shorthand_property_identifier_pattern", "property_identifier", "this", "self"}
)
_OWN = frozenset({"self", "cls", "this"})
_BODIES = frozenset({"block", "statement_block", "compound_statement", "body_statement", "class_body", "comment"})


def parameter_names(definition: Any) -> tuple[str, ...] | None:
    """Of a definition's tree-sitter node, in order, without `self` and `this`; None for what takes no parameters."""
    found = _parameters(definition)
    if found is None:
        return None
    names = [name for child in found.named_children if child.type != "comment" for name in _names(child)]
    return tuple(name for name in names if name not in _OWN)


def _parameters(definition: Any) -> Any:
    """The list of parameters: a field of the definition, or of its declarator or value."""
    queue = [definition]
    for node in queue:
        found = node.child_by_field_name("parameters")
        if found is not None:
            return found
        if len(queue) < MOST_NODES:
            queue += [child for child in node.named_children if child.type not in _BODIES]
    return None


def _names(parameter: Any) -> Iterator[str]:
    if parameter.type in _LEAVES:
        yield parameter.text.decode("utf-8", "replace")
        return
    named = parameter.children_by_field_name("name") or parameter.children_by_field_name("pattern")
    declarator = parameter.child_by_field_name("declarator")
    for node in named or ([declarator] if declarator is not None else parameter.named_children[:1]):
        leaf = _first_leaf(node)
        if leaf is not None:
            yield leaf.text.decode("utf-8", "replace")


def _first_leaf(node: Any) -> Any:
    queue = [node]
    for inner in queue:
        if inner.type in _LEAVES:
            return inner
        if len(queue) < MOST_NODES:
            queue += inner.named_children
    return None
