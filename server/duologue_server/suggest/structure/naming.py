"""Checks of names against what they name: a question that gives no yes or no, a getter that gives nothing."""

import re
from collections.abc import Mapping, Sequence

from duologue_server.suggest.structure.found import Check, Found, Node, own, statements, text_of

_QUESTION = re.compile(r"_*(?:is|has|was|should)_[a-z]|_*(?:is|has|was|should|Is|Has|Should)[A-Z][a-z]")
_NO_ANSWER = {
    "python": r"str|float|bytes|None|(?:list|List|dict|Dict|set|tuple)\b.*",
    "typescript": r"string|number|void|.*\[\]|Array<.*|Promise<(?:string|number|void)>",
    "rust": r"&?(?:'\w+ )?str|String|[iuf]\d+|[iu]size|Vec<.*",
    "go": r"string|u?int\d*|float\d+|\[\].*",
    "java": r"String|int|long|float|double|void|(?:List|Set|Map)<.*|.*\[\]",
}
"""Declared types that answer no question."""
_LITERALS = frozenset(
    {
        "string", "template_string", "concatenated_string", "list", "dictionary", "array", "object", "integer", "float",
        "number",
    }
)  # fmt: skip
_GETTER_AND = re.compile(r"_(?:and|or)_|(?:And|Or)[A-Z]")
_GETTER = re.compile(
    r"_*get_(?!ready|going|started|rid|out|up|down|set)[a-z]|_*get(?!Ready|Going|Started|Set)[A-Z][a-z]"
)
_PUT_THERE = re.compile(
    r"\b(?:req|res|request|response|reply|ctx|context|callback|cb|done|next|resolve|event|out|into|target|dest|buffer|fn|w|h"
    r"|handler|result|results|output|then)\b|[cC]allback|\*",
)
"""Parameters through which something may be given back."""
_ONE = re.compile(r"(?:\w+_)?id\Z|\w*[a-z]Id\Z")
_SEVERAL = re.compile(r"(?:\w+_)?ids\Z|\w*[a-z]Ids\Z")
_LISTS = r"(?:list|List|set|Set|Sequence|Iterable|Collection)\b.*|.*\[\]|Array<.*|&?(?:mut )?\[.*\]|&?Vec<.*|\[\].*"
_BYTES = re.compile(r"\b(?:u8|byte|uint8|bytes)\b")
_SINGLES = r"int|float|bool|number|boolean|[iu]\d+|[iu]size|u?int\d+|long|Integer|Long"
_TEXTS = r"str|string|String|&(?:'\w+ )?str"
_COUNT = re.compile(
    r"(?:count|\w+_count|num_\w+|number_of_\w+|\w*[a-z]Count|num[A-Z]\w*|numberOf\w+)\Z(?<!str)(?<!Str)(?<!text)(?<!format)"
    r"(?<!label)(?<!name)(?<!list)(?<!s_of)"
)
_EMPTY_OR_NUMBER = re.compile(r"[\"'`]\d*[\"'`]\Z")


def no_answer(found: Found) -> bool:
    """A function named like a question is declared to give something else, or gives nothing but other literals."""
    function = found.here.parent
    if function is None or function.has_error or not _QUESTION.match(found.text("name")):
        return False
    language = _family(found)
    declared = _declared(function)
    if declared:
        return re.fullmatch(_NO_ANSWER.get(language, r"(?!)"), declared) is not None
    if language not in ("python", "javascript", "typescript"):
        return False
    given = _given(function)
    return bool(given) and all(one.type in _LITERALS and text_of(one) not in ("0", "1") for one in given)


def gives_nothing(found: Found) -> bool:
    """A function named like a getter does something and gives nothing back, also not through a parameter."""
    function = found.here.parent
    if function is None or function.has_error or not _GETTER.match(found.text("name")):
        return False
    if _GETTER_AND.search(found.text("name")):
        return False
    if (function.parent is not None and function.parent.type == "decorated_definition") or _declared(function) not in (
        "",
        "void",
        "None",
    ):
        return False
    parameters, body = function.child_by_field_name("parameters"), function.child_by_field_name("body")
    if body is None or _PUT_THERE.search(text_of(parameters)):
        return False
    if _family(found) == "java" and statements(parameters):  # type: ignore[arg-type]
        return False
    inner = statements(body)
    if (
        inner
        and inner[0].type == "expression_statement"
        and [one.type for one in inner[0].named_children] == ["string"]
    ):
        inner = inner[1:]
    empty = all(one.type in ("pass_statement",) or text_of(one) == "..." for one in inner)
    ends = any(one.type in ("raise_statement", "throw_statement") for one in inner)
    gives = bool(_given(function)) or any("yield" in one.type for one in own(function))
    return not (empty or ends or gives)


def against_type(found: Found) -> bool:
    """A parameter's name says one, several, or yes and no, and its declared type says another."""
    name, declared = found.text("name"), _plain(found.text("type"))
    if _BYTES.search(declared):
        return False
    for names, types, sounds, is_a in (
        (_ONE, _LISTS, "one thing", "a list"),
        (_SEVERAL, _SINGLES, "several things", "a single value"),
        (_QUESTION, _TEXTS, "yes or no", "a text"),
        (_QUESTION, _LISTS, "yes or no", "a list"),
    ):
        if names.match(name) and re.fullmatch(types, declared):
            found.words["sounds"], found.words["declared"] = sounds, is_a
            return True
    return False


def no_count(found: Found) -> bool:
    """What is named like a number is given a list or a text."""
    given = found["given"]
    if not _COUNT.match(found.text("name")):
        return False
    is_text = "string" in given.type
    if is_text and not _EMPTY_OR_NUMBER.match(text_of(given)):
        return False
    found.words["given"] = "a text" if is_text else "a list"
    return True


def _family(found: Found) -> str:
    return found.tree.language_id.removesuffix("react")


def _declared(function: Node) -> str:
    """The type that it gives back, as it is written; empty when none is declared."""
    for field in ("return_type", "result", "type"):
        node = function.child_by_field_name(field)
        if node is not None:
            return _plain(text_of(node))
    return ""


def _plain(declared: str) -> str:
    return re.sub(r"\A(?::|->)\s*", "", " ".join(declared.split())).strip("\"'")


def _given(function: Node) -> Sequence[Node]:
    """What its return statements give."""
    inner = [one for one in own(function) if one.type == "return_statement"]
    return [value for one in inner for value in statements(one)[:1]]


NAMING_CHECKS: Mapping[str, Check] = {
    "no_answer": no_answer,
    "gives_nothing": gives_nothing,
    "against_type": against_type,
    "no_count": no_count,
}
