"""Checks of loops."""

import re
from collections.abc import Mapping

from duologue_server.suggest.structure.found import FUNCTIONS, Check, Found, around, own, statements, text_of

_PAST_THE_END = (
    re.compile(r"(?P<i>[\w.#]+)\s*<=\s*(?P<seq>[\w.#]+)\.(?:length|size|len|Length|Count)(?:\(\))?\Z"),
    re.compile(r"(?P<i>\w+)\s*<=\s*len\(\s*(?P<seq>[\w.]+)\s*\)\Z"),
)
_RANGE = re.compile(r"range\(\s*(?:\d+\s*,\s*)?len\(\s*(?P<seq>[\w.]+)\s*\)\s*\+\s*1\s*\)\Z")
_INCLUSIVE = re.compile(r"\w+\s*\.\.=\s*(?P<seq>[\w.]+)\.len\(\)\Z")
_CHANGES = {
    "python": frozenset({"remove", "insert", "pop", "clear", "discard", "add", "popitem"}),
    "javascript": frozenset({"splice", "unshift", "shift", "pop"}),
}
"""Appending is left out: what is still to do is often kept in a growing list; and sets of JavaScript may grow."""


def indexes_past_end(found: Found) -> bool:
    """The loop's bound `@bound` lets its variable reach the length of what its body indexes with it."""
    bound = " ".join(found.text("bound").split())
    bound = bound[1:-1].strip() if bound.startswith("(") else bound
    for pattern in (*_PAST_THE_END, _RANGE, _INCLUSIVE):
        matched = pattern.match(bound)
        if matched is None:
            continue
        sequence, index = matched["seq"], matched.groupdict().get("i") or found.text("name")
        found.words["sequence"] = re.sub(r".*[.#]", "", sequence)
        found.words["index"] = re.sub(r".*[.#]", "", index)
        index = re.escape(index)
        indexed = (
            rf"(?<![\w.]){re.escape(sequence)}(?:\[\s*{index}\s*\]|\.(?:get|charAt|at|elementAt)\(\s*{index}\s*\))"
        )
        body = found.text("body")
        before = re.search(rf"(?<![\w.]){index}\s*(?:<|==|===|!=|!==|>=)\s*(?:len\()?{re.escape(sequence)}", body)
        return before is None and re.search(indexed, body) is not None
    return False


def same_variable_outside(found: Found) -> bool:
    """A loop around it runs on the same variable, and goes on to use it."""
    starts = re.match(r"(?:var\s+)?(\w+)\s*=(?!=)", found.text("start"))
    name = found.text("name") or (starts.group(1) if starts else "_")
    found.words["name"] = name
    if name.startswith("_") or re.search(rf"\b{re.escape(name)}\b", found.text("over")):
        return False
    for up in around(found.here):
        if up.type in FUNCTIONS:
            return False
        if up.type != found.here.type:
            continue
        head = up.child_by_field_name("left") or up.child_by_field_name("initializer")
        if re.match(rf"(?:var\s+|let\s+|int\s+)?{re.escape(name)}(?:\s*=[^=]|\Z)", text_of(head)):
            body = up.child_by_field_name("body") or up  # what follows a loop's else comes after its last round
            if not body.start_byte <= found.here.start_byte < body.end_byte:
                return False
            rest = (body.text or b"")[found.here.end_byte - body.start_byte :].decode("utf-8", "replace")
            return re.search(rf"\b{re.escape(name)}\b(?!\s+in\b)", rest) is not None or "++" in text_of(up)
    return False


def changed_while_walked(found: Found) -> bool:
    """In the loop's body, a method that adds or removes is called on what the loop walks, and the loop goes on."""
    over = found.text("over")
    changes = _CHANGES["python" if found.tree.language_id == "python" else "javascript"]
    for node in own(found["body"]):
        if node.type not in ("call", "call_expression", "delete_statement"):
            continue
        target = text_of(node)
        method = re.match(rf"{re.escape(over)}\.(\w+)\(", target)
        deletes = node.type == "delete_statement" and re.match(rf"del\s+{re.escape(over)}\[", target)
        if not deletes and (method is None or method.group(1) not in changes):
            continue
        statement = node if deletes else node.parent
        if statement is None or statement.type not in ("expression_statement", "delete_statement"):
            continue
        after = statement.next_named_sibling
        while after is not None and not re.search(r"return|break|raise|throw", after.type):
            after = after.next_named_sibling
        if after is None and not _leaves(statement.parent):
            found.words["over"] = over.rsplit(".", 1)[-1]
            found.here = node
            return True
    return False


def _leaves(block: object) -> bool:
    """The statements around end with a way out of the loop."""
    inner = statements(block) if block is not None else []  # type: ignore[arg-type]
    return bool(inner) and bool(re.search(r"return|break|raise|throw", inner[-1].type))


def in_loop(found: Found) -> bool:
    """A loop lies around it, nearer than any function."""
    for up in around(found.here):
        if up.type in FUNCTIONS:
            return False
        if up.type in ("for_statement", "while_statement", "for_in_statement"):
            return True
    return False


LOOP_CHECKS: Mapping[str, Check] = {
    "indexes_past_end": indexes_past_end,
    "same_variable_outside": same_variable_outside,
    "changed_while_walked": changed_while_walked,
    "in_loop": in_loop,
}
