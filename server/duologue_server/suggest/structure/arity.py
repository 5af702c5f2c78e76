"""Checks of how many arguments a call gives."""

import re
from collections import Counter
from collections.abc import Mapping

from duologue_server.suggest.structure.calls import definition_of, rebound, wrong_number_in_python
from duologue_server.suggest.structure.found import Check, Found, Node, statements, text_of

MANY = 1_000
_STANDARD: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "python": {
        **dict.fromkeys(("isinstance", "issubclass", "hasattr", "delattr", "divmod"), (2, 2)),
        **dict.fromkeys(("len", "ord", "chr", "abs", "callable"), (1, 1)),
        "getattr": (2, 3),
        "setattr": (3, 3),
    },
    "go": {
        **dict.fromkeys(
            ("strings.Join", "strings.Split", "strings.Contains", "strings.HasPrefix", "strings.HasSuffix",
             "strings.Repeat", "strings.Index", "strings.TrimPrefix", "strings.TrimSuffix", "strconv.ParseFloat",
             "errors.Is", "errors.As", "math.Max", "math.Min", "math.Pow"), (2, 2),
        ),
        **dict.fromkeys(
            ("strings.ToLower", "strings.ToUpper", "strings.TrimSpace", "strconv.Itoa", "strconv.Atoi"), (1, 1)
        ),
        **dict.fromkeys(("strconv.ParseInt", "strconv.ParseUint", "strings.ReplaceAll"), (3, 3)),
        "strings.Replace": (4, 4),
    },
    "java": {
        **dict.fromkeys(("Math.max", "Math.min", "Math.pow", "Objects.equals", "Arrays.copyOf"), (2, 2)),
        "Math.abs": (1, 1),
        "System.arraycopy": (5, 5),
    },
    "javascript": {
        **dict.fromkeys(
            ("Object.setPrototypeOf", "Object.getOwnPropertyDescriptor", "Reflect.getOwnPropertyDescriptor",
             "Reflect.has"), (2, MANY),
        ),
        **dict.fromkeys(("Object.defineProperty", "Reflect.defineProperty"), (3, MANY)),
    },
}  # fmt: skip
"""The least and the most arguments of functions that everybody has."""
_VERB = re.compile(r"%[-+# 0,(]*(\*|\d+)?(?:\.(?:\*|\d+)?)?([a-zA-Z%])")
_UNCALLED = re.compile(r"(?<![\w.:$#@\"'`])([^\W\d]\w*)(?![\w(\"'`])(?!\s*[(<])")
_OPEN = re.compile(r"splat|spread|variadic|dictionary|generator|\.\.\.")


def wrong_number(found: Found) -> bool:
    """A call gives fewer or more arguments than its function takes."""
    if found.tree.language_id == "python":
        return wrong_number_in_python(found)
    defined = definition_of(found)
    takes = _takes(defined, found) if defined is not None and not _other_thing(found) else None
    return takes is not None and _differs(found, takes, statements(found["arguments"]))


def standard_number(found: Found) -> bool:
    """The same for a function of the language's own library."""
    language, of = found.tree.language_id.removesuffix("react"), found.text("of")
    name = f"{of}.{found.text('name')}" if of else found.text("name")
    takes = _STANDARD["javascript" if language == "typescript" else language].get(name)
    if takes is None or (not of and rebound(found, name)):
        return False
    return _differs(found, takes, statements(found["arguments"]))


def format_number(found: Found) -> bool:
    """A format has more or fewer places than there are arguments for."""
    arguments = statements(found["arguments"])
    at = 1 if found.text("name") == "Fprintf" else 0
    if len(arguments) <= at or "string_literal" not in arguments[at].type or any(map(_is_open, arguments)):
        return False
    text = text_of(arguments[at])
    if re.search(r"%\[\d|%\d+\$|%<|\*", text):
        return False  # its places have numbers
    verbs = [sign for _, sign in _VERB.findall(text) if sign != "%" and not (sign == "n" and _is_java(found))]
    given = len(arguments) - at - 1
    if given == len(verbs) or (given == 1 and "call" in arguments[-1].type and len(verbs) > 1):
        return False
    found.words["takes"], found.words["gets"] = _counted(len(verbs)), str(given) if given else "none"
    return True


def _differs(found: Found, takes: tuple[int, int], arguments: list[Node]) -> bool:
    least, most = takes
    if any(map(_is_open, arguments)) or least <= len(arguments) <= most:
        return False
    if len(arguments) == 1 and found.tree.language_id == "go" and arguments[0].type == "call_expression":
        return False  # it may give several values
    wanted = least if len(arguments) < least else most
    found.words["takes"] = _counted(wanted)
    found.words["gets"] = str(len(arguments)) if arguments else "none"
    return True


def _takes(function: Node, found: Found) -> tuple[int, int] | None:
    """The least and the most arguments of a function; None where that is not certain."""
    parameters = function.child_by_field_name("parameters")
    if parameters is None:
        return None
    inner = [one for one in statements(parameters) if one.type != "self_parameter"]
    if any(re.search(r"variadic|spread|rest|\.\.\.", one.type + text_of(one)) for one in inner):
        return None
    match found.tree.language_id:
        case "go":
            names = [sum(child.type == "identifier" for child in one.named_children) for one in inner]
            number = sum(max(1, many) for many in names)
            return number, number
        case "java":
            fixed = re.search(r"\b(?:private|static)\b", text_of(function).partition("(")[0])
            return (len(inner), len(inner)) if fixed else None
        case "rust":
            return len(inner), len(inner)
        case _:
            if _signatures(found) != 1:
                return None  # one of several signatures
            least = sum(one.type == "required_parameter" and one.child_by_field_name("value") is None for one in inner)
            return least, len(inner)


def _other_thing(found: Found) -> bool:
    """The name also stands somewhere without being called, as that of a variable would."""
    if "uncalled" not in found.facts:
        code = re.sub(r"//[^\n]*|/\*.*?\*/", "", text_of(found.tree.root), flags=re.DOTALL)
        found.facts["uncalled"] = set(_UNCALLED.findall(code))
    uncalled: set[str] = found.facts["uncalled"]
    return found.text("name") in uncalled


def _signatures(found: Found) -> int:
    """How often the file declares a function of that name."""
    if "signatures" not in found.facts:
        found.facts["signatures"] = Counter(re.findall(r"\bfunction\s*\*?\s+(\w+)", text_of(found.tree.root)))
    signatures: Counter[str] = found.facts["signatures"]
    return signatures[found.text("name")]


def _is_open(node: Node) -> bool:
    return bool(_OPEN.search(node.type)) or text_of(node).endswith("...")


def _is_java(found: Found) -> bool:
    return found.tree.language_id == "java"


def _counted(number: int) -> str:
    return "no arguments" if number == 0 else "one argument" if number == 1 else f"{number} arguments"


ARITY_CHECKS: Mapping[str, Check] = {
    "wrong_number": wrong_number,
    "standard_number": standard_number,
    "format_number": format_number,
}
