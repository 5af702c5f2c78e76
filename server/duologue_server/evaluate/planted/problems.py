"""How problems are planted. The classes are those of bugs that people make: what structural rules look for, and as
many more after published lists of simple mistakes (Karampatsis and Sutton, ManySStuBs4J, 2020) that no rule knows.

Every planter takes a source and a random generator, and gives a list of edits, of which one is taken.
"""

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from duologue_server.evaluate.planted.text import Edit, Source, inside_function, names_in, walk

Planter = Callable[[Source, random.Random], list[Edit]]
_SWAPS = {"==": "!=", "!=": "==", "===": "!==", "!==": "===", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_ENDS = frozenset({"return_statement", "raise_statement", "throw_statement", "return_expression"})


def self_comparison(source: Source, rng: random.Random) -> list[Edit]:
    """The left side again on the right."""
    return [_replace(node.named_children[1], source.slice(node.named_children[0])) for node in source.comparisons()]


def off_by_one(source: Source, rng: random.Random) -> list[Edit]:
    """A loop or slice one step too far: `<` as `<=`, `len(x)` as `len(x) + 1` in a range."""
    edits = []
    for node in source.comparisons():
        sign = node.children[1]
        if sign.type in ("<", ">") and re.search(r"\blen\(|\.(?:length|len\(\)|size\(\))", source.slice(node)):
            edits.append(_replace(sign, sign.type + "="))
    for node in source.of("call"):
        matched = re.fullmatch(r"range\((len\(\w+\))\)", source.slice(node))
        if matched:
            edits.append(_replace(node, f"range({matched.group(1)} + 1)"))
    return edits


def unreachable(source: Source, rng: random.Random) -> list[Edit]:
    """A way out before the end of a block, as debugging leaves it behind."""
    ends = {"python": "return", "javascript": "return;", "typescript": "return;", "rust": "return;", "go": "return"}
    end = ends.get(source.language_id, "return;")
    return [
        Edit(node.start_byte, node.start_byte, f"{end}\n{source.indent(node.start_byte)}")
        for node in source.statements()
        if node.prev_named_sibling is not None and node.next_named_sibling is not None
    ]


def missing_await(source: Source, rng: random.Random) -> list[Edit]:
    edits = []
    for node in source.of("await", "await_expression"):
        text = source.slice(node)
        edits.append(_replace(node, text.removesuffix(".await") if source.language_id == "rust" else text[6:]))
    return edits


def swallowed_error(source: Source, rng: random.Random) -> list[Edit]:
    """A handler emptied."""
    edits = []
    for node in source.of("except_clause"):
        block = node.named_children[-1]
        edits.append(_replace(block, "pass"))
    for node in source.of("catch_clause"):
        body = node.child_by_field_name("body")
        edits.append(_replace(body, "{}"))
    if source.language_id == "go":
        for node in source.of("if_statement"):
            if re.match(r"if err != nil \{", source.slice(node)):
                edits.append(_replace(node.child_by_field_name("consequence"), "{\n}"))
    return edits


def bare_except(source: Source, rng: random.Random) -> list[Edit]:
    edits = []
    for node in source.of("except_clause"):
        matched = re.match(r"except [^:\n]+:", source.slice(node))
        if matched and "as" not in matched.group().split():
            edits.append(Edit(node.start_byte, node.start_byte + len(matched.group().encode()), "except:"))
    return edits


def mutable_default(source: Source, rng: random.Random) -> list[Edit]:
    edits = []
    for node in source.of("default_parameter", "typed_default_parameter"):
        value = node.child_by_field_name("value")
        if source.slice(value) in ("None", "()"):
            edits.append(_replace(value, "[]"))
    return edits


def copied_line(source: Source, rng: random.Random) -> list[Edit]:
    """Two neighbouring lines of one shape; in the second one name stays as in the first."""
    edits = []
    for node in [
        *source.statements(),
        *source.of("pair", "keyword_argument", "lexical_declaration", "let_declaration"),
    ]:
        before = node.prev_named_sibling
        if before is None or before.type != node.type:
            continue
        one, two = _leaves(before), _leaves(node)
        if len(one) != len(two) or len(one) < 5:
            continue
        differ = [(a, b) for a, b in zip(one, two, strict=True) if source.slice(a) != source.slice(b)]
        if len(differ) >= 2 and all(a.type == b.type for a, b in differ):
            first, second = differ[-1]
            edits.append(_replace(second, source.slice(first)))
    return edits


def duplicate_condition(source: Source, rng: random.Random) -> list[Edit]:
    """The condition of an else-if as that of the if before it."""
    edits = []
    for node in source.of("if_statement", "if_expression"):
        asked = node.child_by_field_name("condition")
        after = node.child_by_field_name("alternative")
        later = None
        if after is not None and after.type in ("elif_clause", "if_statement"):
            later = after.child_by_field_name("condition")
        elif after is not None:
            inner = next((one for one in after.named_children if one.type in ("if_statement", "if_expression")), None)
            later = inner.child_by_field_name("condition") if inner is not None else None
        if asked is not None and later is not None:
            edits.append(_replace(later, source.slice(asked)))
    return edits


def duplicate_key(source: Source, rng: random.Random) -> list[Edit]:
    edits = []
    for node in source.of("pair"):
        before = node.prev_named_sibling
        if before is not None and before.type == "pair":
            edits.append(_replace(node.child_by_field_name("key"), source.slice(before.child_by_field_name("key"))))
    return edits


def swapped_arguments(source: Source, rng: random.Random) -> list[Edit]:
    edits = []
    for node in source.calls():
        inner = [one for one in node.named_children if "comment" not in one.type]
        if len(inner) >= 2 and all(one.type in ("identifier", "attribute", "member_expression") for one in inner[:2]):
            first, second = inner[0], inner[1]
            between = source.data[first.end_byte : second.start_byte].decode()
            text = source.slice(second) + between + source.slice(first)
            edits.append(Edit(first.start_byte, second.end_byte, text))
    return edits


def missing_argument(source: Source, rng: random.Random) -> list[Edit]:
    edits = []
    for node in source.calls():
        inner = [one for one in node.named_children if "comment" not in one.type]
        if len(inner) >= 2:
            edits.append(Edit(inner[-2].end_byte, inner[-1].end_byte, ""))
    return edits


def wrong_name(source: Source, rng: random.Random) -> list[Edit]:
    """Another name of the same function in the place of one."""
    edits = []
    for function in source.functions():
        names = names_in(function)
        words = sorted({source.slice(one) for one in names})
        for node in names[len(names) // 3 :: 5]:
            other = words[rng.randrange(len(words))]
            if other != source.slice(node):
                edits.append(_replace(node, other))
    return edits


def misspelt_name(source: Source, rng: random.Random) -> list[Edit]:
    """A letter of a name left out, where it is used."""
    edits = []
    for function in source.functions():
        for node in names_in(function)[3::4]:
            word = source.slice(node)
            if len(word) > 4:
                at = rng.randrange(1, len(word) - 1)
                edits.append(_replace(node, word[:at] + word[at + 1 :]))
    return edits


def negated_condition(source: Source, rng: random.Random) -> list[Edit]:
    edits = []
    for node in source.of("if_statement", "if_expression"):
        asked = node.child_by_field_name("condition")
        text = source.slice(asked)
        if source.language_id == "python":
            edits.append(_replace(asked, text[4:] if text.startswith("not ") else f"not ({text})"))
        elif text.startswith("("):
            edits.append(_replace(asked, f"(!{text})"))
        else:
            edits.append(_replace(asked, f"!({text})"))
    return [edit for edit in edits if "let " not in edit.text]


def wrong_operator(source: Source, rng: random.Random) -> list[Edit]:
    return [_replace(node.children[1], _SWAPS[node.children[1].type]) for node in source.comparisons()]


def wrong_number(source: Source, rng: random.Random) -> list[Edit]:
    numbers = source.of("integer", "number", "integer_literal", "int_literal", "decimal_integer_literal")
    return [_replace(node, str(int(source.slice(node)) + 1)) for node in numbers if source.slice(node).isdecimal()]


def deleted_statement(source: Source, rng: random.Random) -> list[Edit]:
    edits = []
    for node in source.statements():
        if node.prev_named_sibling is not None and node.next_named_sibling is not None:
            edits.append(Edit(source.line_start(node.start_byte), node.end_byte + 1, ""))
    return edits


def missing_return(source: Source, rng: random.Random) -> list[Edit]:
    edits = []
    for node in source.of("return_statement", "return_expression"):
        text = source.slice(node)
        if text.startswith("return ") and inside_function(node) and len(text) > 9:
            edits.append(_replace(node, text.removeprefix("return ")))
    return edits


def lost_result(source: Source, rng: random.Random) -> list[Edit]:
    """`x = x.strip()` without its left side."""
    edits = []
    for node in source.of("assignment", "assignment_expression"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        called = right is not None and right.type in ("call", "call_expression", "method_invocation")
        if called and source.slice(right).startswith(source.slice(left) + "."):
            edits.append(_replace(node, source.slice(right)))
    return edits


def _leaves(node: Any) -> list[Any]:
    return [one for one in walk(node) if not one.children] if node.end_byte - node.start_byte < 300 else []


def _replace(node: Any, text: str) -> Edit:
    return Edit(node.start_byte, node.end_byte, text)


PROBLEMS: Mapping[str, Planter] = {
    planter.__name__: planter
    for planter in (
        self_comparison, off_by_one, unreachable, missing_await, swallowed_error, bare_except, mutable_default,
        copied_line, duplicate_condition, duplicate_key, swapped_arguments, missing_argument, wrong_name,
        misspelt_name, negated_condition, wrong_operator, wrong_number, deleted_statement, missing_return, lost_result,
    )
}  # fmt: skip
"""Every class of problem by its name."""
