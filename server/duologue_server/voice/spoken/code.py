"""A written word of code as words to say: its tokens by the rules of its language family, brackets as what they mean.

The tokens are cut by tables of our own, one per family, and not by tree-sitter: the voice may be asked for half a
statement, for prose with one name in it, and in a process that holds no grammar. A test compares the cut with
tree-sitter's leaves for the languages that have a grammar here.
"""

import re
from dataclasses import dataclass

from duologue_server.voice.spoken.lexicon import lexicon, spell
from duologue_server.voice.spoken.names import IDENTIFIER, speak_capitals, speak_identifier
from duologue_server.voice.spoken.numbers import speak_number
from duologue_server.voice.spoken.operators import Place, say_sign, token_pattern

_PLACE = re.compile(
    r"(?P<path>(?=[A-Z]|.*?[./])[^\[\](){}]*?[A-Za-z_][^\[\](){}]*?|(?i:localhost)|\d{1,3}(?:\.\d{1,3}){3})(?::|#L)(?P<line>\d+)(?:-L?(?P<last>\d+)|:(?P<column>\d+))?"
)
_HOST = re.compile(r"localhost|\d{1,3}(?:\.\d{1,3}){3}|[\w.-]+\.(?:com|org|net|io|dev|local)", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+]*://(?:[^/@]*@)?(?P<host>[^/:?#]+)(?::(?P<port>\d+))?.*", re.IGNORECASE)
_PATH = re.compile(r"(?:~|\.{1,2})?/?[\w.@+*-]+(?:/[\w.@+*-]+)*/?")
_TAG = re.compile(r"<(?P<closing>/?)(?P<name>[A-Za-z][\w.-]*)\s*/?>")
_TAGS = (
    frozenset(
        (
            "a",
            "b",
            "body",
            "br",
            "button",
            "code",
            "dialog",
            "div",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "head",
            "header",
            "hr",
        )
    )
    | {"html", "i", "img", "input", "label", "li", "link", "main", "meta", "nav", "ol", "option", "p", "pre", "script"}
    | {
        "section",
        "select",
        "slot",
        "span",
        "strong",
        "style",
        "svg",
        "table",
        "td",
        "template",
        "th",
        "title",
        "tr",
        "ul",
    }
)
"""Others in angles are headers of C or types."""
BLOB = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w+/=-]{32,}")
_SLICE = re.compile(r"\[(?P<low>-?\w*):(?P<high>-?\w*)(?::(?P<step>-?\w+))?\]")
_SHORT_FLAGS = re.compile(r"-[A-Za-z]{1,3}")
_WITHIN_ANGLES = frozenset(("&", "|", "*", "::", ".", "?", ",", "[", "]", "(", ")", "<", "'", ":", "->"))
_TYPES = frozenset(
    ("list", "dict", "set", "frozenset", "tuple", "type", "map", "vec", "vector", "array", "slice", "chan", "pair")
) | {"deque", "optional", "unique_ptr", "shared_ptr"}
_MOST_SLASHES = 3
"""Longer paths are told by their last two parts."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    """number, name, sign or other."""
    text: str


def speak_code(word: str, family: str) -> str:
    """What a word of code says without the pauses around it; empty when it is all brackets."""
    if (number := speak_number(word)) is not None:
        return number
    if place := _PLACE.fullmatch(word):
        return _speak_place(place, family)
    if url := _URL.fullmatch(word):
        port = f" port {url['port']}" if url["port"] else ""
        return "the link to " + _speak_tokens(url["host"], "") + port
    if _SHORT_FLAGS.fullmatch(word):
        return f"dash {spell(word[1:])}"
    if tag := _TAG.fullmatch(word):
        name = speak_identifier(tag["name"])
        markup = tag["closing"] or tag["name"][0].isupper() or tag["name"] in _TAGS
        return f"{'closing ' if tag['closing'] else ''}{name} tag" if markup and family != "c" else name
    if "/" in word and _PATH.fullmatch(word):
        return _speak_path(word)
    return _speak_tokens(_SLICE.sub(_say_slice, word), family)


def _speak_place(place: re.Match[str], family: str) -> str:
    """`main.py:117`, `main.py:117:5`, `main.py:10-20`, `main.py#L10`; a host's number is its port."""
    if _HOST.fullmatch(place["path"]):
        return f"{_speak_tokens(place['path'], '')} port {place['line']}"
    path = speak_code(place["path"], family)
    if place["last"]:
        return f"{path}, lines {place['line']} to {place['last']}"
    return f"{path}, line {place['line']}" + (f" column {place['column']}" if place["column"] else "")


def _speak_path(path: str) -> str:
    """A path part by part; a long one by its last part and the folder that it is in."""
    parts = path.rstrip("/").split("/")
    if len(parts) - 1 > _MOST_SLASHES:
        return f"{_part(parts[-1])} in {_part(parts[-2])}"
    return " ".join(" slash ".join(_part(part) for part in parts).split())


def _part(part: str) -> str:
    if part == "~":
        return "home"
    if (listed := lexicon().reading(part)) is not None:
        return listed
    return speak_number(part) or _speak_tokens(part, "")


def _say_slice(found: re.Match[str]) -> str:
    """`[1:3]` with marked words in the place of its signs."""
    low, high, step = found["low"], found["high"], found["step"]
    bounds = f" §from {low}" if low else ""
    if high:
        bounds += f" §to {high}" if low else f" §upto {high}"
    elif low:
        bounds += " §on"
    return bounds + (f" §step {step}" if step else "") + " "


_SLICE_WORDS = {"§upto": "up to", "§from": "from", "§to": "to", "§on": "on", "§step": "step"}


def _speak_tokens(code: str, family: str) -> str:
    said: list[str] = []
    for part in code.split():
        if part in _SLICE_WORDS:
            said.append(_SLICE_WORDS[part])
            continue
        tokens = [_Token(str(found.lastgroup), found.group()) for found in token_pattern(family).finditer(part)]
        for at, token in enumerate(tokens):
            if token.text in (",", ";") and said:
                said[-1] += ","
            else:
                said.append(_speak_token(tokens, at, family))
    return " ".join(words for words in said if words)


def _speak_token(tokens: list[_Token], at: int, family: str) -> str:
    token = tokens[at]
    if token.kind == "name":
        return _speak_name(token.text)
    if token.kind == "number":
        return _speak_digits(token.text)
    if token.kind == "sign":
        return _speak_sign(tokens, at, family)
    if token.text == "[":
        return _speak_bracket(tokens, at, family)
    if token.text == "]" and tokens[0].text == "map" and at + 1 < len(tokens) and tokens[at + 1].text not in "],":
        return "to"
    if token.text == "'" and family == "rust" and at + 1 < len(tokens) and not _ends_quote(tokens, at):
        return "tick"
    return ""


def _speak_name(name: str) -> str:
    if name.isupper() and len(name) > 1 and lexicon().reading(name, in_code=True) is None:
        return speak_capitals(name) if "_" not in name and name.isalpha() else speak_identifier(name)
    return speak_identifier(name) if IDENTIFIER.fullmatch(name) else ""


def _speak_digits(number: str) -> str:
    if (said := speak_number(number)) is not None:
        return said
    parts = re.findall(r"\d+(?:\.\d+)*|[^\W\d]+", number)
    return " ".join(part if part[0].isdigit() else speak_identifier(part) for part in parts)


def _speak_sign(tokens: list[_Token], at: int, family: str) -> str:
    """A sign by its neighbours in the same word."""
    sign = tokens[at].text
    before = tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if sign == "<" and _opens_angle(tokens, at):
        return "of"
    if sign == "!" and before is not None and before.kind == "name" and after is not None and after.text in "([{":
        return "bang"
    if set(sign) == {">"} and _closes_angle(tokens, at):
        return ""
    if sign == "-" and before is not None and after is not None:
        return _speak_hyphen(before, after)
    if sign == ":" and (after is None or after.kind == "other"):
        return ""
    if sign == "#" and before is None and after is not None and after.kind == "number":
        return "number"
    if sign == "-" and after is not None and after.kind == "name":
        return "dash"
    if sign in "*/" and before is not None and after is not None and before.text not in ")":
        return "star" if sign == "*" else "slash"
    return say_sign(sign, _place_of(before, after), family) or ""


def place_between(left: bool, right: bool) -> Place:
    """The place of a sign that has something on its left, or on its right."""
    if left:
        return "between" if right else "after"
    return "before" if right else "alone"


def _place_of(before: _Token | None, after: _Token | None) -> Place:
    """The place of a sign by the tokens next to it."""
    operand_before = before is not None and (before.kind in ("name", "number") or before.text in ")}\"'")
    operand_after = after is not None and (after.kind in ("name", "number", "sign") or after.text in "([{\"'")
    return place_between(operand_before, operand_after)


def _speak_hyphen(before: _Token, after: _Token) -> str:
    """A hyphen inside a word joins names, spans numbers, or subtracts."""
    if before.kind == after.kind == "number":
        return "to"
    single = len(before.text) == 1
    if single and before.text.isalpha() and after.text.isalpha() and len(after.text) == 1:
        return "to"
    return "minus" if before.text in ")]" or (single and after.kind == "number") else ""


def _speak_bracket(tokens: list[_Token], at: int, family: str) -> str:
    """`list[int]` is of, `items[0]` is at, `[]string` and `string[]` are a slice or an array."""
    before = tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    empty = after is not None and after.text == "]"
    if before is None or before.kind != "name":
        beyond = tokens[at + 2] if empty and at + 2 < len(tokens) else None
        if beyond is None or not (beyond.kind == "name" or beyond.text in "*["):
            return ""
        return "slice of" if family in ("go", "") else "array of"
    if empty or after is None:
        return "array"
    if _is_type(before.text) and after.kind != "number":
        return "from" if before.text == "map" else "of"
    return "at" if after.kind in ("name", "number", "sign") else ""


def _is_type(name: str) -> bool:
    """Whether a name is written like a type, so that its bracket holds types: `Vec`, `T`, `list`."""
    return name in _TYPES or name == "::" or (name[0].isupper() and (len(name) == 1 or not name.isupper()))


def _opens_angle(tokens: list[_Token], at: int) -> bool:
    """Whether `<` opens a type's bracket: after a type, or with its partner in this word and no sum between them."""
    if at == 0 or tokens[at - 1].kind != "name":
        return at > 0 and tokens[at - 1].text == "::"
    if _is_type(tokens[at - 1].text):
        return True
    for token in tokens[at + 1 :]:
        if set(token.text) == {">"}:
            return True
        if token.kind not in ("name", "number") and token.text not in _WITHIN_ANGLES:
            return False
    return False


def _closes_angle(tokens: list[_Token], at: int) -> bool:
    """Whether `>` closes a type's bracket: one was opened in this word, or the word ends with it after a name."""
    opened = any(token.text == "<" and _opens_angle(tokens, index) for index, token in enumerate(tokens[:at]))
    follows_name = at > 0 and (tokens[at - 1].kind == "name" or tokens[at - 1].text in ")]")
    rest = {token.text for token in tokens[at + 1 :]}
    return opened or (follows_name and rest <= set(")]>},;"))


def _ends_quote(tokens: list[_Token], at: int) -> bool:
    return any(token.text == "'" for token in tokens[at + 1 :]) or any(token.text == "'" for token in tokens[:at])


def speak_quoted_sign(signs: str, family: str) -> str | None:
    """Signs alone in backticks, by their names; None for one without a name."""
    return _NAMES.get(signs) or say_sign(signs, "alone", "") or say_sign(signs, "alone", family)


_NAMES = {
    ".": "dot", ",": "comma", ":": "colon", ";": "semicolon", "_": "underscore", "`": "backtick", "'": "single quote",
    '"': "double quote", "()": "parentheses", "(": "open parenthesis", ")": "closing parenthesis", "[]": "brackets",
    "[": "open bracket", "]": "closing bracket", "{}": "braces", "{": "open brace", "}": "closing brace",
    "<>": "angle brackets", '""': "an empty string", "''": "an empty string", "-": "minus", "&": "ampersand",
    '"""': "triple quotes",
}  # fmt: skip
