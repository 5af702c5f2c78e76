"""The signs of code by language and by place: before, between or after what they work on, or alone."""

import re
from functools import cache
from typing import Literal

Place = Literal["before", "between", "after", "alone"]

_COMMON = {
    "==": "double equals", "!=": "not equals", "<=": "less than or equal to", ">=": "greater than or equal to",
    "+=": "plus equals", "-=": "minus equals", "*=": "times equals", "/=": "divided by equals", "%=": "mod equals",
    "|=": "or equals", "&=": "and equals", "^=": "ex or equals", "<<=": "shift left equals",
    ">>=": "shift right equals", "<<": "shift left", ">>": "shift right", "=": "equals", "<": "less than",
    ">": "greater than", "+": "plus", "-": "minus", "*": "star", "/": "slash", "\\": "backslash", "%": "mod",
    "|": "pipe", "&": "and", "^": "caret", "~": "tilde", "@": "at", "#": "hash", "$": "dollar", "!": "not",
    "?": "question mark", "->": "arrow", "...": "dot dot dot", ".": "dot", ":": "colon",
    "→": "arrow", "←": "left arrow", "≠": "not equals", "≤": "less than or equal to", "≥": "greater than or equal to",
    "×": "times", "÷": "divided by", "≈": "about", "±": "plus or minus", "∞": "infinity",
}  # fmt: skip
_C_LIKE = {"&&": "and", "||": "or", "++": "plus plus", "--": "minus minus"}

SIGNS: dict[str, dict[str, str]] = {
    "python": _COMMON | {
        ":=": "walrus", "**": "double star", "//": "double slash", "**=": "to the power of equals",
        "//=": "floor divided by equals", "@=": "at equals",
    },
    "javascript": _COMMON | _C_LIKE | {
        "=>": "fat arrow", "===": "triple equals", "!==": "not triple equals", "?.": "optional dot",
        "??": "double question mark", "??=": "double question mark equals", "&&=": "and equals", "||=": "or equals",
        "**": "double star", "**=": "to the power of equals", ">>>": "unsigned shift right",
        ">>>=": "unsigned shift right equals", "//": "double slash",
    },
    "rust": _COMMON | {
        "&&": "and", "||": "or", "=>": "fat arrow", "::": "colon colon", "..": "dot dot", "..=": "dot dot equals",
        "//": "double slash", "///": "triple slash",
    },
    "go": _COMMON | _C_LIKE | {
        ":=": "colon equals", "<-": "left arrow", "&^": "and not", "&^=": "and not equals", "//": "double slash",
    },
    "c": _COMMON | _C_LIKE | {"::": "colon colon", "<=>": "spaceship", "//": "double slash", "##": "double hash"},
}  # fmt: skip
"""Per language family, every sign that is one token; `javascript` holds TypeScript, and `c` holds C++."""
SIGNS[""] = {
    **_COMMON, **_C_LIKE, "=>": "fat arrow", "::": "colon colon", ":=": "colon equals", "<-": "left arrow",
    "===": "triple equals", "!==": "not triple equals", "<=>": "spaceship", "**": "double star", "//": "double slash",
    "??": "double question mark", "?.": "optional dot", "..": "dot dot", "..=": "dot dot equals",
    "*/": "end of comment", "/*": "comment", "<!--": "comment", "-->": "end of comment", "--": "dash dash",
}  # fmt: skip
"""When the language is not known."""

_PLACED: dict[Place, dict[str, dict[str, str]]] = {
    "before": {
        "": {"--": "dash dash", "%": "percent", "**": "double star", "&": "ampersand"},
        "python": {"#": "comment"},
        "javascript": {"...": "spread", "//": "comment"},
        "rust": {"&": "ref", "&&": "double ref", "//": "comment", "///": "doc comment"},
        "go": {"&": "address of", "<-": "receive from", "//": "comment"},
        "c": {"&": "address of", "//": "comment"},
    },
    "between": {
        "": {"*": "times", "/": "divided by", "&": "and", "!=": "is not equal to"},
        "python": {"->": "returns", "**": "to the power of", "//": "floor divided by", "^": "ex or", "|": "or"},
        "javascript": {"=>": "arrow", "**": "to the power of", "^": "ex or", "|": "or"},
        "rust": {"->": "returns", "^": "ex or", "&": "bit and", "|": "or"},
        "go": {"^": "ex or", "&": "bit and", "|": "bit or"},
        "c": {"^": "ex or", "&": "bit and", "|": "bit or"},
    },
    "after": {"": {"!": "bang", "%": "percent", "--": "minus minus"}, "c": {"&": "ref"}},
    "alone": {"": {"!": "exclamation mark"}},
}
"""Where a place gives a sign another meaning than its name; under "" in every family."""

_FAMILIES = {"typescript": "javascript", "javascriptreact": "javascript", "typescriptreact": "javascript",
             "cpp": "c", "objective-c": "c", "cuda": "c"}  # fmt: skip
_EVIDENCE = {
    "python": r"\w\.pyi?\b|\bdef\b|\belif\b|\bNone\b|\bself\.|\*\*kwargs|__\w+__|\bpip\b|\blambda\b",
    "rust": r"\w\.rs\b|\bfn\b|\blet mut\b|&mut\b|&self\b|&str\b|\bimpl\b|\w!\(|::<|\bunwrap\(\)|\b[ui](?:8|16|32|64)\b"
    r"|\bOption<|\bVec<|\bdyn\b|\bcargo\b|\bSome\(|\bOk\(",
    "go": r"\w\.go\b|:=|\bfunc\b|\bchan\b|<-|\bnil\b|\bfmt\.\w|\binterface\{\}|\bgoroutine",
    "javascript": r"\w\.[jt]sx?\b|===|!==|\?\.|\?\?|\bconst \w+ =|\bconsole\.|=>|\bPromise\b|\btypeof\b|\bundefined\b"
    r"|: (?:string|number|boolean)\b|\btype \w+ =",
    "c": r"\w\.(?:c|h|cc|cpp|hpp|cxx)\b|\bstd::|#include|\bnullptr\b|\bcout\b|\bsizeof\b|\bconstexpr\b|\bmalloc\b"
    r"|\bauto&|\bconst \w+&|\btemplate ?<|\w->\w",
}
"""What only one family writes."""


def family(language_id: str) -> str:
    """The family of signs for an LSP language id; empty for a language without one."""
    name = _FAMILIES.get(language_id, language_id)
    return name if name in SIGNS else ""


@cache
def _evidence(name: str) -> re.Pattern[str]:
    return re.compile(_EVIDENCE[name])


def guess_family(text: str) -> str:
    """The family that a text's own code shows, by names of files and words of one language; empty when not clear."""
    counts = {name: len(_evidence(name).findall(text)) for name in _EVIDENCE}
    best = max(counts, key=lambda name: counts[name])
    sure = counts[best] > 0 and list(counts.values()).count(counts[best]) == 1
    return best if sure else ""


@cache
def token_pattern(name: str) -> re.Pattern[str]:
    """A word of code cut into its tokens: strings' quotes and brackets are tokens of their own."""
    signs = "|".join(re.escape(sign) for sign in sorted(SIGNS[name], key=len, reverse=True))
    number = r"0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.\d+)*(?:[eE][-+]?\d+)?[a-zA-Zµ]*\d*"
    return re.compile(rf"(?P<number>{number})|(?P<name>[^\W\d]\w*|_\w*)|(?P<sign>{signs})|(?P<other>\S)")


def say_sign(sign: str, place: Place, name: str) -> str | None:
    """What a sign says in a place, in a family; None for what is no sign of any."""
    placed = _PLACED[place]
    for table in (placed.get(name, {}), placed.get("", {}), SIGNS[name], SIGNS[""]):
        if sign in table:
            return table[sign]
    return None
