"""Clean edits: what people do to good code without breaking it."""

import random
import re
from collections.abc import Callable, Mapping

from duologue_server.evaluate.planted.text import Edit, Source, names_in

Planter = Callable[[Source, random.Random], list[Edit]]
_COMMENT = {"python": "#"}
_FUNCTION = {
    "python": "\n\ndef clamp(value, low, high):\n    if value < low:\n        return low\n"
    "    return min(value, high)\n",
    "javascript": "\nfunction clamp(value, low, high) {\n  if (value < low) {\n    return low\n  }\n"
    "  return Math.min(value, high)\n}\n",
    "typescript": "\nexport function clamp(value: number, low: number, high: number): number {\n"
    "\tif (value < low) {\n\t\treturn low;\n\t}\n\n\treturn Math.min(value, high);\n}\n",
    "rust": "\npub fn clamp(value: i64, low: i64, high: i64) -> i64 {\n    if value < low {\n"
    "        return low;\n    }\n    value.min(high)\n}\n",
    "go": "\nfunc clamp(value, low, high int) int {\n\tif value < low {\n\t\treturn low\n\t}\n\tif value > high {\n"
    "\t\treturn high\n\t}\n\treturn value\n}\n",
}


def comment(source: Source, rng: random.Random) -> list[Edit]:
    mark = _COMMENT.get(source.language_id, "//")
    texts = ("the order matters here", "kept for older callers", "return early when there is nothing to do")
    return [
        Edit(node.start_byte, node.start_byte, f"{mark} {texts[rng.randrange(3)]}\n{source.indent(node.start_byte)}")
        for node in source.statements()
        if not source.data[source.line_start(node.start_byte) : node.start_byte].strip()
    ]


def renamed(source: Source, rng: random.Random) -> list[Edit]:
    """A variable of one function, everywhere in it."""
    edits = []
    for function in source.functions():
        body = source.slice(function)
        for word in sorted({source.slice(one) for one in names_in(function)}):
            bound = re.search(rf"(?<![\w.])(?:const |let |let mut |var )?{word} :?= ", body)
            used = len(re.findall(rf"\b{word}\b", body))
            plain = used == len(re.findall(rf"(?<![\w.\"'{{]){word}\b(?!\s*[=:]\s*\w+[,)]|:|[\"'}}])", body))
            if bound and plain and len(re.findall(rf"\b{word}\b", source.text)) == used:
                text = re.sub(rf"\b{word}\b", f"current_{word}", body)
                edits.append(Edit(function.start_byte, function.end_byte, text))
    return edits


def added_function(source: Source, rng: random.Random) -> list[Edit]:
    text = _FUNCTION.get(source.language_id)
    return [Edit(len(source.data), len(source.data), text)] if text else []


def reworded(source: Source, rng: random.Random) -> list[Edit]:
    """A message in other words."""
    return [
        Edit(node.end_byte - 1, node.end_byte - 1, ", see the documentation")
        for node in source.of("string", "interpreted_string_literal", "string_literal")
        if " " in source.slice(node) and source.slice(node)[-1] in "\"'" and '"""' not in source.slice(node)
    ]


def joined_condition(source: Source, rng: random.Random) -> list[Edit]:
    """A condition turned round: `a == b` as `b == a`."""
    edits = []
    for node in source.comparisons():
        left, right = node.named_children
        if node.children[1].type in ("==", "===", "!=", "!=="):
            between = source.data[left.end_byte : right.start_byte].decode()
            text = source.slice(right) + between + source.slice(left)
            edits.append(Edit(node.start_byte, node.end_byte, text))
    return edits


def named_value(source: Source, rng: random.Random) -> list[Edit]:
    """What is returned is given a name first."""
    forms = {
        "python": "{n} = {v}\n{i}return {n}",
        "javascript": "const {n} = {v};\n{i}return {n};",
        "typescript": "const {n} = {v};\n{i}return {n};",
        "go": "{n} := {v}\n{i}return {n}",
        "rust": "let {n} = {v};\n{i}return {n};",
        "java": "var {n} = {v};\n{i}return {n};",
    }
    edits = []
    for node in source.of("return_statement"):
        value = source.slice(node).removeprefix("return").strip().rstrip(";")
        whole_line = not source.data[source.line_start(node.start_byte) : node.start_byte].strip()
        simple = "," not in value and "\n" not in value and len(value) > 8 and value not in ("undefined", "False")
        if whole_line and simple and source.language_id in forms:
            form = forms[source.language_id]
            text = form.format(n="result_value", v=value, i=source.indent(node.start_byte))
            edits.append(Edit(node.start_byte, node.end_byte, text))
    return edits


CLEAN: Mapping[str, Planter] = {
    planter.__name__: planter for planter in (comment, renamed, added_function, reworded, joined_condition, named_value)
}
"""Every kind of clean edit by its name."""
