"""Checks of conditions that contradict themselves, and of what is used where it cannot be there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from duologue_server.suggest.structure.calls import parameter_names
from duologue_server.suggest.structure.found import (
    Check,
    Found,
    Node,
    function_around,
    inside,
    own,
    statements,
    text_of,
)

_STARTS = re.compile(r"(?:\w+\s+)*(\w+)\s*(?::\s*\w+\s*=|:?=)\s*[01];?\Z")
_AND, _OR = frozenset({"&&", "and"}), frozenset({"||", "or"})
_LITERAL = re.compile(r"string|number|integer|int_literal|char_literal|rune|character|\Atrue\Z|\Afalse\Z|none|nil|null")
_CONSTANT = re.compile(r"(?:\w+(?:\.|::))*[A-Z][A-Z0-9_]+\Z")
_PLAIN = re.compile(r"[\w.#]+\Z")
_NOTHING = r"(?:null|undefined|nil|None)"
_IS_NOTHING = re.compile(rf"(?P<name>\w+) ?(?P<sign>===?|!==?|is not|is) ?{_NOTHING}\Z")
_NOT = re.compile(r"(?:!|not )\((?P<inner>.*)\)\Z")
_MEMBERS = frozenset({"attribute", "member_expression", "field_access", "method_invocation", "selector_expression"})
_LEAVES = re.compile(r"return|throw|raise|continue|break")


class _Compared(NamedTuple):
    """`operand` and a literal are, or are not, the same."""

    operand: str
    same: bool
    literal: str


def never_runs(found: Found) -> bool:
    """A loop counts up from nothing while its variable is greater than something. Its condition is spoken of."""
    starts = _STARTS.search(" ".join(found.text("start").split()))
    if starts is None:
        return False
    name = re.escape(starts[1])
    greater = re.match(rf"{name}\s*>=?\s*[A-Za-z_]", found.text("asked"))
    counts_up = re.match(rf"(?:{name}\s*(?:\+\+|\+=)|\+\+{name})", found.text("step"))
    found.words["name"] = starts[1]
    found.here = found["asked"]
    return greater is not None and counts_up is not None


def contradicting(found: Found) -> bool:
    """Comparisons of one thing with literals, joined so that one of them, or all, decide nothing."""
    sign = _sign(found.here)
    above = found.here.parent
    while above is not None and above.type == "parenthesized_expression":
        above = above.parent
    if sign is None or (above is not None and _sign(above) == sign):
        return False
    sides = [one for side in _sides(found.here, sign) if (one := _comparison(side)) is not None]
    for number, one in enumerate(sides):
        for other in sides[:number]:
            how = _how(one, other, sign) if one.operand == other.operand else ""
            if how:
                found.words["how"] = how
                found.words["name"] = re.sub(r".*[.#]", "", one.operand)
                return True
    return False


def _how(one: _Compared, other: _Compared, sign: str) -> str:
    joined_or = sign in _OR
    if one.literal == other.literal:
        return "" if one.same == other.same else _ALWAYS if joined_or else _NEVER
    if one.same != other.same:
        return "decides no more than one of its comparisons does alone"
    if joined_or:
        return "" if one.same else _ALWAYS
    return _NEVER if one.same else ""


_ALWAYS, _NEVER = "is always true", "can never be true"


def _sides(node: Node, sign: str) -> Iterator[Node]:
    if node.type == "parenthesized_expression" and statements(node):
        yield from _sides(statements(node)[0], sign)
    elif _sign(node) == sign:
        for child in node.named_children:
            yield from _sides(child, sign)
    else:
        yield node


def _sign(node: Node) -> str | None:
    """`and` and `or` in the language's own form."""
    signs = [child.type for child in node.children if not child.is_named]
    return signs[0] if len(signs) == 1 and signs[0] in _AND | _OR else None


def _comparison(node: Node) -> _Compared | None:
    signs = [child.type for child in node.children if not child.is_named]
    inner = statements(node)
    if len(inner) != 2 or len(signs) != 1 or signs[0] not in ("==", "===", "!=", "!=="):
        return None
    first, second = inner if _is_literal(inner[1]) else reversed(inner)
    if not _is_literal(second) or _is_literal(first) or not _PLAIN.match(text_of(first)):
        return None
    return _Compared(text_of(first), signs[0] in ("==", "==="), text_of(second).strip("\"'`"))


def _is_literal(node: Node) -> bool:
    if any("interpolation" in child.type or "substitution" in child.type for child in node.children):
        return False
    return bool(_LITERAL.search(node.type)) or bool(_CONSTANT.match(text_of(node)))


def null_used(found: Found) -> bool:
    """Where a thing is known to be nothing, something is asked of it first. That becomes what is spoken of."""
    condition = " ".join(found.text("asked").split())
    name, is_nothing = _nothing(condition, found.tree.language_id)
    if not name:
        return False
    body, other = found["body"], found.here.child_by_field_name("alternative")
    after = found.here.next_named_sibling
    if is_nothing:
        regions: Sequence[Node] = [body]
    elif other is not None:
        regions = [other] if other.type != "elif_clause" and "if" not in (statements(other) or [other])[0].type else []
    else:
        regions = [after] if after is not None and _leaves(body) else []
    for region in regions:
        used = _first_use(region, name)
        if used is not None:
            found.words["name"] = name
            found.here = used
            return True
    return False


def _leaves(body: Node) -> bool:
    """It ends with a way out of the block around."""
    inner = statements(body)
    if _LEAVES.match(body.type) or not inner:
        return bool(inner) or bool(_LEAVES.match(body.type))
    return _leaves(inner[-1]) if inner[-1].type == "statement_list" else bool(_LEAVES.match(inner[-1].type))


def _nothing(condition: str, language_id: str) -> tuple[str, bool]:
    """The name that a condition asks about, and whether it is nothing where that holds; an empty name for others."""
    if condition.startswith("(") and condition.endswith(")"):
        condition = condition[1:-1].strip()
    negated = _NOT.match(condition)
    if negated:
        name, is_nothing = _nothing(negated["inner"], language_id)
        return name, not is_nothing
    asked = _IS_NOTHING.match(condition)
    if asked:
        return asked["name"], asked["sign"] in ("==", "===", "is")
    plain = re.match(r"!(\w+)\Z", condition)
    if plain and language_id.startswith(("javascript", "typescript")):
        return plain[1], True
    return "", False


def _first_use(region: Node, name: str) -> Node | None:
    """The first mention of a name, if it asks for a part of it."""
    for node in own(region):
        if node.children or text_of(node) != name or "identifier" not in node.type:
            continue
        up = node.parent
        if up is None or up.type not in _MEMBERS or up.start_byte != node.start_byte or node.next_named_sibling is None:
            return None
        return None if "?." in text_of(up) else up
    return None


def wrong_parameter(found: Found) -> bool:
    """A field gets another parameter than that of its name, which is not used at all."""
    name, value, function = found.text("name").lstrip("_"), found.text("value"), function_around(found.here)
    if function is None or name == value:
        return False
    parameters, body = function.child_by_field_name("parameters"), function.child_by_field_name("body")
    if parameters is None or body is None:
        return False
    names = parameter_names(function)
    found.words["name"] = name
    used = [node for node in inside(body) if node.type == "identifier" and text_of(node) == name]
    used = [node for node in used if node.parent is None or node.parent.type not in ("attribute", "field_access")]
    return name in names and value in names and not used


LOGIC_CHECKS: Mapping[str, Check] = {
    "never_runs": never_runs,
    "contradicting": contradicting,
    "null_used": null_used,
    "wrong_parameter": wrong_parameter,
}
