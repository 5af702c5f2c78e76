"""Checks of calls against what the same file defines."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from duologue_server.suggest.structure.found import (
    CLASSES,
    FUNCTIONS,
    Check,
    Found,
    Node,
    around,
    function_around,
    inside,
    statements,
    text_of,
)

_DEFINITIONS = FUNCTIONS - {"lambda", "arrow_function", "closure_expression", "func_literal", "lambda_expression"}
_OPEN_PARAMETERS = re.compile(r"splat|separator|rest|variadic|default|optional|pattern|\*|\.\.\.")


_ASSIGNED = re.compile(r"(?<![\w.])(\w+)[ \t]*(?::=|=(?!=))")
_IMPORTED = re.compile(r"^[ \t]*(?:import|from|use)\b.*$|\bas \w+", re.MULTILINE)


class _Defined(NamedTuple):
    """A function of the file."""

    node: Node
    name: str
    owner: int
    """The id of the class around it; 0 for none."""
    is_async: bool
    decorated: bool


def async_and_not_awaited(found: Found) -> bool:
    """What is called is async wherever the file defines it, and nothing else of the file has the name."""
    defined = _resolve(found)
    return bool(defined) and all(one.is_async and not one.decorated for one in defined)


def async_and_asked(found: Found) -> bool:
    """The same, called as a condition: a promise is always true."""
    return async_and_not_awaited(found)


def swapped(found: Found) -> bool:
    """Two arguments bear the names of each other's parameters."""
    defined = _resolve(found)
    if len(defined) != 1 or same_function(defined[0].node, found):
        return False
    parameters = parameter_names(defined[0].node)
    arguments = [text_of(one) for one in statements(found["arguments"])]
    function = function_around(found.here)
    for first, argument in enumerate(arguments[: len(parameters)]):
        for second in range(first + 1, min(len(arguments), len(parameters))):
            names = (parameters[first], parameters[second])
            if (arguments[second], argument) == names and names[0] != names[1] and all(len(name) > 2 for name in names):
                if re.search(rf"\b{found.text('name')}\(\s*{names[0]},\s*{names[1]}\b", text_of(function)):
                    return False  # called both ways round, on purpose
                found.words["first"], found.words["second"] = argument, arguments[second]
                return True
    return False


def wrong_number_in_python(found: Found) -> bool:
    """A call gives fewer or more arguments than its function takes."""
    defined = _resolve(found)
    if len(defined) != 1 or defined[0].decorated:
        return False
    parameters = _parameters(defined[0].node)
    if any(one.type not in ("identifier", "typed_parameter") or "*" in text_of(one) for one in parameters):
        return False
    arguments = statements(found["arguments"])
    if any(one.type in ("list_splat", "dictionary_splat", "generator_expression") for one in arguments):
        return False
    if any(one.type == "keyword_argument" for one in arguments) and len(arguments) <= len(parameters):
        named = {text_of(one.child_by_field_name("name")) for one in arguments if one.type == "keyword_argument"}
        if not named <= {_parameter_name(one) for one in parameters}:
            return False
    if len(arguments) == len(parameters):
        return False
    found.words["takes"] = _counted(len(parameters))
    found.words["gets"] = str(len(arguments)) if arguments else "none"
    return True


def method_as_truth(found: Found) -> bool:
    """A condition names a method of the class around, and does not call it."""
    owner = _owner(found.here)
    name = found.text("name")
    if owner == 0:
        return False
    methods = [one for one in _definitions(found) if one.name == name and one.owner == owner]
    if not methods or any(one.decorated or one.node.child_by_field_name("kind") for one in methods):
        return False
    if any(text_of(child) in ("get", "static") for one in methods for child in one.node.children):
        return False
    whole = next(at for at in around(found.here) if at.id == owner)
    assigned = re.compile(
        rf"\b(?:self|this)\.{re.escape(name)}\s*(?::[^=\n]+)?=[^=]|^\s*{re.escape(name)}\s*(?::[^=\n]+)?=[^=]", re.M
    )
    return assigned.search(text_of(whole)) is None


def _resolve(found: Found) -> list[_Defined]:
    """The definitions that `@name` may mean: of the class around when it is called on `@self`, else of the module.
    None at all when the name is a parameter or a variable somewhere nearer."""
    name, owner = found.text("name"), _owner(found.here) if "self" in found.captures else 0
    if "self" in found.captures and owner == 0:
        return []
    same = [one for one in _definitions(found) if one.name == name]
    if owner:
        return [one for one in same if one.owner == owner]
    if any(one.owner for one in same) or any(function_around(one.node) is not None for one in same):
        return []
    return [] if rebound(found, name) else same


def rebound(found: Found, name: str) -> bool:
    """A parameter or a variable of the function around bears the name, or the module assigns or imports it, too."""
    for function in [at for at in around(found.here) if at.type in FUNCTIONS]:
        if any(_parameter_name(one) == name for one in _parameters(function)):
            return True
    if "bound" not in found.facts:
        text = text_of(found.tree.root)
        words = set(_ASSIGNED.findall(text))
        found.facts["bound"] = words.union(*(re.findall(r"\w+", line) for line in _IMPORTED.findall(text)))
    bound: set[str] = found.facts["bound"]
    return name in bound


def _definitions(found: Found) -> list[_Defined]:
    """All named functions of the file; collected once for all matches in one version."""
    if "definitions" not in found.facts:
        found.facts["definitions"] = [
            _Defined(
                node, text_of(node.child_by_field_name("name")), _owner(node), _is_async(node), _is_decorated(node)
            )
            for node in inside(found.tree.root)
            if node.type in _DEFINITIONS and node.child_by_field_name("name") is not None
        ]
    known: list[_Defined] = found.facts["definitions"]
    return known


def _is_async(node: Node) -> bool:
    return any(
        child.type == "async" or (child.type == "function_modifiers" and "async" in text_of(child))
        for child in node.children
    )


def _is_decorated(node: Node) -> bool:
    before = node.prev_named_sibling
    return (node.parent is not None and node.parent.type == "decorated_definition") or (
        before is not None and before.type == "decorator"
    )


def _owner(node: Node) -> int:
    """The id of the nearest class around; 0 when there is none."""
    return next((at.id for at in around(node) if at.type in CLASSES), 0)


def same_function(function: Node, found: Found) -> bool:
    """Whether the match lies in that function itself."""
    return any(at.id == function.id for at in around(found.here))


def parameter_names(function: Node) -> list[str]:
    """In order, without `self`."""
    return [name for one in _parameters(function) for name in _parameter_names(one)]


def definition_of(found: Found) -> Node | None:
    """The one definition that `@name` must mean, undecorated; None when there is none, or a choice."""
    defined = _resolve(found)
    return defined[0].node if len(defined) == 1 and not defined[0].decorated else None


def _parameters(function: Node) -> list[Node]:
    whole = function.child_by_field_name("parameters")
    made = statements(whole) if whole is not None else []
    if made and _owner(function) and (_parameter_name(made[0]) in ("self", "cls") or _in_class_of_python(function)):
        made = made[1:]
    return [one for one in made if one.type not in ("self_parameter", "positional_separator", "keyword_separator")]


def _in_class_of_python(function: Node) -> bool:
    """Its first parameter is the object, whatever its name."""
    block = function.parent
    return block is not None and block.parent is not None and block.parent.type == "class_definition"


def _parameter_name(node: Node) -> str:
    named = node.child_by_field_name("name") or node.child_by_field_name("pattern") or node
    if named is node and node.type == "typed_parameter" and node.named_children:
        named = node.named_children[0]
    return text_of(named)


def _parameter_names(node: Node) -> list[str]:
    """Go gives several names to one declaration."""
    names = [text_of(child) for child in node.named_children if child.type == "identifier"]
    return names if node.type == "parameter_declaration" and names else [_parameter_name(node)]


def _counted(number: int) -> str:
    return "no arguments" if number == 0 else "one argument" if number == 1 else f"{number} arguments"


CALL_CHECKS: Mapping[str, Check] = {
    "async_and_not_awaited": async_and_not_awaited,
    "async_and_asked": async_and_asked,
    "swapped": swapped,
    "method_as_truth": method_as_truth,
}
