"""Turns what tools write about code into words that can be spoken, and leaves the code itself to the editor."""

import re

_PUNCTUATION = {
    "(": "opening parenthesis",
    ")": "closing parenthesis",
    "[": "opening bracket",
    "]": "closing bracket",
    "{": "opening brace",
    "}": "closing brace",
    ":": "colon",
    ";": "semicolon",
    ",": "comma",
    ".": "dot",
    "=": "equals sign",
    "==": "double equals",
    "->": "arrow",
    "=>": "arrow",
}
_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]+)\"|‘([^’]+)’|“([^”]+)”|(?<![\w'])'([^']+)'(?!\w)")
_NAME = re.compile(r"[^\W\d]\w*(?:(?:\.|::)[^\W\d]\w*){0,2}\Z")
_CODE = re.compile(r"\S*[\[\]{}<>|=@\\^~]\S*|\S*::\S*|\S*\w\(\S*|\S{32,}|\w+://\S*")
_RULE = re.compile(r"\s*[(\[][\w/-]*(?:[A-Z]\d+|report\w+|-\w+)[\w/-]*[)\]]\s*$")
_EXPRESSION = "an expression"
_DOTTED = re.compile(r"\.*[^\W\d]\w*(?:\.[^\W\d]\w*)*\Z")
_ASIDE = re.compile(r"\s*\([^()]*\)|^\w*Error:\s*")
_KINDS = re.compile(r"\b(struct|enum|trait|class|module|value|variable|function|method|field|type) an expression\b")


def first_name(message: str) -> str:
    """The first quoted name of a message, of a dotted one its last part; empty when there is none."""
    for found in _QUOTED.finditer(message):
        inner = next(group for group in found.groups() if group)
        if _DOTTED.match(inner):
            return inner.rpartition(".")[2]
    return ""


def as_sentence(clause: str) -> str:
    """A clause with a capital and one full stop; nothing stays nothing."""
    return f"{clause[:1].upper()}{clause[1:].rstrip('.')}." if clause else ""


def spoken(message: str) -> str:
    """A tool's message without code in it: its first line, plain names kept, everything else described. Empty when
    nothing that could be said is left."""
    text = message.strip().split("\n", 1)[0]
    text = _RULE.sub("", text)
    text = re.sub(r"\bof type (?:" + _QUOTED.pattern + ")", _drop_long_type, text)
    text = re.sub(r"\b([Tt])ype (?:" + _QUOTED.pattern + ")", _shorten_type, text)
    text = _QUOTED.sub(lambda found: _describe(next(group for group in found.groups() if group)), text)
    text = _KINDS.sub(r"\1", text)
    text = _CODE.sub("", _ASIDE.sub("", text))
    text = re.split(r"(?<=\w)[.;](?:\s|$)", text, maxsplit=1)[0]
    text = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split())).strip(" .,;:-")
    if len(re.findall(r"[^\W\d_]{2,}", text)) < 2 or text == _EXPRESSION:
        return ""
    first, _, rest = text.partition(" ")
    named = message.lstrip().startswith(("`", "'", '"', "‘", "“"))
    if not named and first[:1].isupper() and (len(first) == 1 or first[1:].replace("'", "").islower()):
        first = first[0].lower() + first[1:]
    return f"{first} {rest}".strip()


def _describe(code: str) -> str:
    code = code.strip()
    if code in _PUNCTUATION:
        return _PUNCTUATION[code]
    return code if _NAME.match(code) else _EXPRESSION


def _drop_long_type(found: re.Match[str]) -> str:
    inner = next(group for group in found.groups() if group)
    return f"of type {inner}" if _NAME.match(inner) else ""


def _shorten_type(found: re.Match[str]) -> str:
    inner = next(group for group in found.groups()[1:] if group)
    return f"type {inner}" if _NAME.match(inner) else "a type"
