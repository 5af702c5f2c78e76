"""The named checks that rules may ask for."""

import re
from collections.abc import Mapping
from fractions import Fraction

from duologue_server.suggest.structure.arity import ARITY_CHECKS
from duologue_server.suggest.structure.calls import CALL_CHECKS
from duologue_server.suggest.structure.found import (
    Check,
    Found,
    Node,
    around,
    function_around,
    inside,
    statements,
    text_of,
)
from duologue_server.suggest.structure.logic import LOGIC_CHECKS
from duologue_server.suggest.structure.loops import LOOP_CHECKS
from duologue_server.suggest.structure.names import NAME_CHECKS
from duologue_server.suggest.structure.naming import NAMING_CHECKS
from duologue_server.suggest.structure.repeats import REPEAT_CHECKS
from duologue_server.suggest.structure.scopes import SCOPE_CHECKS

LONG_LINES = 60
GREW_LINES = 5
_MAY_DIFFER = re.compile(
    r"call|await|yield|update|macro|invocation|assignment|new_expression|creation|walrus|named_expr"
)
_GIVES_THE_SAME = re.compile(
    r"(?:^|[.:\s!(])(?:len|size|length|count|cap|type|isinstance|contains|startsWith|endsWith|startswith|endswith|indexOf"
    r"|lastIndexOf|getName|Name|toString|as_str|lower|upper|toLowerCase|toUpperCase|to_lowercase|strip|trim"
    r"|(?:is|has)(?:[A-Z_]\w*))\Z"
)
"""Functions that give the same for the same, by their names."""
_GIVES_TEXT = "read|decode|strip|lstrip|rstrip|lower|upper|join|format|replace|removeprefix|removesuffix|group|title"
_ASSERTS = re.compile(r"^(?:self\.|t\.)?(?:assert|expect|ok|is|check|verify)")
_BLOCKS = frozenset(
    {
        "block", "statement_block", "compound_statement", "statement_list", "switch_case", "switch_default", "program",
        "body_statement", "then", "module", "case_statement", "switch_block_statement_group",
    }
)  # fmt: skip
_HARMLESS_AFTER_END = re.compile(
    r"comment|function_declaration|generator_function|class|labeled|break_statement|empty|preproc|fallthrough|case|"
    r"function_item|struct|enum|type_|interface|ERROR|\A[;}]\Z"
)


def plain(found: Found) -> bool:
    """`@a` and `@b` are equal by text already; they must also give the same value, and no test of equality be meant."""
    operand = found["a"]
    if "number" in operand.type or operand.type in ("integer", "float", "integer_literal", "int_literal", "string"):
        return False
    if any(_MAY_DIFFER.search(node.type) and not _gives_the_same(node) for node in inside(operand)):
        return False
    return not _is_asserted(found.here)


def no_number(found: Found) -> bool:
    """The same for `a != a`, which tells what is no number: in this function nothing can be that."""
    function = function_around(found.here)
    return function is not None and not re.search(r"(?i)float|double|f32|f64|nan", text_of(function)) and plain(found)


def _gives_the_same(call: Node) -> bool:
    called = "call" in call.type or "invocation" in call.type
    return called and bool(_GIVES_THE_SAME.search(text_of(call).rpartition("(")[0].split("(")[0].strip()))


def in_function(found: Found) -> bool:
    """In a class or a module, a name assigned to itself takes an outer name in; alone after an else, it is a habit."""
    ups = [at.type for at, _ in zip(around(found.here), range(3), strict=False)]
    return function_around(found.here) is not None and "else_clause" not in ups


def in_block(found: Found) -> bool:
    """Inside a function, as a statement of its own; the last expression of a file or a notebook may be shown."""
    statement = found.here.parent
    if statement is None or function_around(found.here) is None or _is_asserted(found.here):
        return False
    block = statement.parent
    return block is not None and (block.type in _BLOCKS or block.type in ("if_statement", "else_clause"))


def on_text(found: Found) -> bool:
    """What `@text` names is text, as far as its function tells; without `@text`, the language leaves no doubt."""
    if _is_asserted(found.here):
        return False
    name, function = re.escape(found.text("text")), function_around(found.here)
    if not name:
        return True
    is_text = rf"\b{name}\s*(?::\s*str\b|=\s*[rfbu]{{0,2}}[\"']|=\s*(?:str|input)\(|=[^\n=]*\.(?:{_GIVES_TEXT})\()"
    return function is not None and re.search(is_text, text_of(function)) is not None


def may_change(found: Found) -> bool:
    """A default whose annotation does not say that nobody changes it."""
    return not re.search(r"Sequence|Mapping|Iterable|Collection|AbstractSet|Container", found.text("type"))


def not_reraised(found: Found) -> bool:
    return not any(node.type in ("raise_statement", "throw_statement") for node in inside(found["clause"]))


def empty(found: Found) -> bool:
    """The block `@body` holds nothing, not even a comment."""
    return not found.text("body").strip("{};\n\t\r ")


def swallowed(found: Found) -> bool:
    """Nothing happens with the error, and no comment says why."""
    return without_comment(found) and ("body" not in found.captures or empty(found))


def without_comment(found: Found) -> bool:
    return not any("comment" in node.type for node in inside(found["clause"])) and not _followed_by_comment(
        found["clause"]
    )


def _followed_by_comment(node: Node) -> bool:
    after = node.next_named_sibling
    return after is not None and "comment" in after.type and after.start_point[0] == node.end_point[0]


def unreachable(found: Found) -> bool:
    """A statement follows `@end` in the same block; it becomes what is spoken of."""
    end = found["end"]
    block = end.parent
    if block is None or block.type not in _BLOCKS:
        return False
    after = end.next_named_sibling
    while after is not None and "comment" in after.type:
        after = after.next_named_sibling
    if after is None or _HARMLESS_AFTER_END.search(after.type) or "NotImplemented" in text_of(end):
        return False
    if found.tree.language_id == "python" and any(node.type == "yield" for node in inside(after)):
        return False  # makes a generator of a function that yields nothing
    if after.type == "variable_declaration" and "=" not in text_of(after):
        return False
    found.words["end"] = re.match(r"\w*", text_of(end)).group()  # type: ignore[union-attr]
    found.here = after
    return True


def inexact(found: Found) -> bool:
    """The number cannot be written in binary, so that sums hardly ever equal it."""
    digits: str = re.sub(r"(?:f32|f64|[fFdDlL_])+\Z", "", found.text("number")).replace("_", "")
    try:
        exact = Fraction(digits)
    except (ValueError, ZeroDivisionError):
        return False
    differs: bool = Fraction(float(exact)) != exact
    return differs and not _is_asserted(found.here)


def in_condition(found: Found) -> bool:
    """It is what an if or a loop asks for, or one side of that."""
    at = found.here
    for up in around(at):
        if up.type in ("if_statement", "elif_clause", "while_statement", "if_expression", "conditional_expression"):
            asked = up.child_by_field_name("condition")
            return asked is not None and asked.start_byte <= at.start_byte and at.end_byte <= asked.end_byte
        if not re.search(r"parenthesized|boolean_op|binary|not_op|condition_clause", up.type):
            return False
    return False


def sign_apart(found: Found) -> bool:
    """`=+ 1`: the sign stands next to the equals sign and away from its number."""
    return re.search(r"[^=!<>]=[+-]\s+[\w(]", found.text("here")) is not None


def returned_from(found: Found) -> bool:
    """A `finally` lies around it, nearer than any function."""
    for up in around(found.here):
        if up.type in ("finally_clause", "ensure"):
            return True
        if "function" in up.type or "lambda" in up.type or "method" in up.type:
            return False
    return False


def grew(found: Found) -> bool:
    """A function was of moderate length when it was first seen, and is long now."""
    function = found.here
    name = "|".join(text_of(at.child_by_field_name("name")) for at in [function, *around(function)])
    lines = function.end_point[0] - function.start_point[0] + 1
    first: int = found.memory.setdefault(name, lines)
    found.words["lines"] = str(lines // 10 * 10)
    return first <= LONG_LINES < lines and lines - first >= GREW_LINES


def never_closed(found: Found) -> bool:
    """`@name` is opened, and in its function neither closed nor given to anybody else."""
    function, name = function_around(found.here), found.text("name")
    if function is None or name == "_":
        return False
    used = re.findall(rf"(?<![\w.]){re.escape(name)}\b(.{{0,8}})", _without(function, found.here))
    if not used or any(re.match(r"\.(?:[Cc]lose|Body\b)", after) for after in used):
        return False
    return all(re.match(r"\.\w", after) for after in used)


def _without(function: Node, node: Node) -> str:
    raw = function.text or b""
    start = node.end_byte - function.start_byte
    return raw[start:].decode("utf-8", "replace")


def missing_comma(found: Found) -> bool:
    """Two short strings in two lines of a list of single strings, with no comma between."""
    pair = found.here
    items = statements(pair.parent) if pair.parent is not None else []
    parts = statements(pair)
    if len(items) < 3 or len(parts) != 2 or sum(item.type != "string" for item in items) != 1:
        return False
    lines = {item.start_point[0] for item in items}
    short = all(re.fullmatch(r"[\"'][\w./:*-]{1,24}[\"']", text_of(part)) for part in parts)
    return short and len(lines) == len(items) and parts[0].start_point[0] != parts[1].start_point[0]


def _is_asserted(node: Node) -> bool:
    """It stands in an assertion, where what looks odd is what is tested."""
    for up, _ in zip(around(node), range(5), strict=False):
        if up.type == "assert_statement":
            return True
        if up.type in ("call", "call_expression", "method_invocation") and _ASSERTS.match(text_of(up)):
            return True
    return False


def not_asserted(found: Found) -> bool:
    return not _is_asserted(found.here)


def not_assigned(found: Found) -> bool:
    """Read and not written: JavaScript appends by writing at the length."""
    up = found.here.parent
    left = up.child_by_field_name("left") if up is not None else None
    return left is None or left.id != found.here.id


def other_side_is_no_flag(found: Found) -> bool:
    """`!a == b` is meant where `b` is a truth value itself."""
    side = found["other"]
    return not (side.type in ("unary_expression", "true", "false") or text_of(side).startswith(("is", "has", "!")))


CHECKS: Mapping[str, Check] = {
    "plain": plain,
    "no_number": no_number,
    "in_function": in_function,
    "in_block": in_block,
    "on_text": on_text,
    "may_change": may_change,
    "not_reraised": not_reraised,
    "empty": empty,
    "without_comment": without_comment,
    "swallowed": swallowed,
    "unreachable": unreachable,
    "inexact": inexact,
    "in_condition": in_condition,
    "sign_apart": sign_apart,
    "returned_from": returned_from,
    "grew": grew,
    "never_closed": never_closed,
    "missing_comma": missing_comma,
    "not_asserted": not_asserted,
    "not_assigned": not_assigned,
    "other_side_is_no_flag": other_side_is_no_flag,
    **LOGIC_CHECKS,
    **LOOP_CHECKS,
    **REPEAT_CHECKS,
    **CALL_CHECKS,
    **ARITY_CHECKS,
    **NAME_CHECKS,
    **NAMING_CHECKS,
    **SCOPE_CHECKS,
}
"""By the name that a rule's `check` gives."""
