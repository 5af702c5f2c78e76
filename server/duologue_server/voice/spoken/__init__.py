"""Written text with code in it to words that a synthesiser says right, one written word at a time.

A front end made for prose inverts `!=`, drops `::` and `+=`, and reads `numpy` and `id` as if they were English.
Words of prose pass unchanged; brackets and quotes are not read; what is on the screen need not be dictated, so the
underscores of an identifier are silence between its words. Every class of token is in SPOKEN.md, which is tested.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from duologue_server.voice.spoken.code import BLOB, place_between, speak_code, speak_quoted_sign
from duologue_server.voice.spoken.lexicon import lexicon
from duologue_server.voice.spoken.names import IDENTIFIER, speak_capitals, speak_identifier
from duologue_server.voice.spoken.numbers import speak_number, speak_unit
from duologue_server.voice.spoken.operators import SIGNS, family, guess_family, say_sign

_ABBREVIATIONS = {
    "e.g.": "for example", "i.e.": "that is", "vs.": "versus", "cf.": "compare", "w/o": "without", "w/": "with",
    "i/o": "I O", "n/a": "not applicable", "tcp/ip": "T C P I P", "ci/cd": "C I C D", "and/or": "and or",
    "c++": "C plus plus", "c#": "C sharp", "f#": "F sharp", ".net": "dot net",
}  # fmt: skip

_BEFORE_OPERAND = frozenset(
    ("select", "import", "export", "return", "yield", "in", "if", "and", "or", "not", "case", "else", "await", "print")
)
"""A sign after one of these works on what follows it only: `SELECT *`, `return -x`."""
_OPERAND_SIGNS = frozenset(SIGNS[""]) - frozenset("-/&.:?!*#@")
_PAUSES_OR_SIGNS = {".": "dot", ":": "colon", "?": "question mark", "!": "not"}
"""Alone, pauses in prose and signs in code."""
_LINK_TARGET = re.compile(r"\]\([^)]*\)?")
_QUOTED_SIGNS = re.compile(r"[(\[]?`(?P<signs>[^`\w\s]+|_)`(?P<pause>[.,;:!?]?)[)\]]?[.,;:!?]?")
_PROSE = re.compile(r"(?!-)[A-Za-zÀ-ÿ]?[a-zß-ÿ]*(?:['’-][A-Za-zÀ-ÿ]?[a-zß-ÿ]+)*")
_CAPITALS = re.compile(r"[A-Z]{2,}(?:['’]s)?")
_DECIMAL = re.compile(r"\d+(?:\.\d+)?")
_BULLET = re.compile(r"[*+]|#{1,6}")
_OPENING = "([{\"'`“‘«"
_CLOSING = ")]}\"'`”’»"
_PAUSES = ".,;:!?…"
_CLOSED = re.compile(rf"(?P<core>.*?)(?P<tail>[{re.escape(_CLOSING + _PAUSES)}]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Word:
    """A written word and what must be known of the words around it."""

    text: str
    family: str
    in_code: bool
    """It stands in backticks, they open or close in it, or an operator stands beside it."""
    left: bool
    """Something stands before it in the same run of code or prose."""
    right: bool
    number: str
    """The word before, where it is a plain number: a unit may follow."""
    version: bool
    """The word before makes a decimal a version."""
    between_numbers: bool
    unary: bool
    """A minus before it is its sign, and begins no option."""


def speakable(text: str, language: str = "") -> str:
    """The words to say for `text`, written words in order; empty where there is nothing to say, as for a lone bracket.

    `language` is an LSP language id; without one, the text's own code tells, where it does.
    """
    return " ".join(said for said in spoken_words(text.split(), language) if said)


def spoken_words(words: Sequence[str], language: str = "") -> list[str]:
    """What is said for each written word of a clause, one entry each, so that times of words stay the writer's."""
    name = family(language) or guess_family(" ".join(words))
    words = _without_emphasis(words)
    said: list[str] = []
    quoted = False
    for at, word in enumerate(words):
        ticks = word.count("`")
        before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
        in_code = quoted or ticks > 0
        unary = before.lower().strip("`") in _BEFORE_OPERAND or (quoted and before in SIGNS[name])
        said.append(
            _speak_word(
                _Word(
                    text=word,
                    family=name,
                    in_code=in_code or not {before, after}.isdisjoint(_OPERAND_SIGNS),
                    left=bool(before) and (quoted or not in_code) and not unary,
                    right=bool(after) and (not in_code or quoted != (ticks % 2 == 1)),
                    number=before if _DECIMAL.fullmatch(before) else "",
                    version=before.strip(_OPENING + _CLOSING).lower() in lexicon().versioned,
                    unary=unary,
                    between_numbers=before[-1:].isdigit() and after[:1].isdigit(),
                )
            )
        )
        quoted ^= ticks % 2 == 1
    return said


def _without_emphasis(words: Sequence[str]) -> list[str]:
    """The words without the stars of Markdown; `**kwargs` has no partner and keeps its own."""
    plain = list(words)
    for stars in ("**", "*"):
        opened: int | None = None
        for at, word in enumerate(plain):
            if "`" in word or not word.strip("*"):
                continue
            bare = word.lstrip('("“')
            if bare.startswith(stars) and not bare.startswith(stars + "*"):
                opened = at
            ends = word.rstrip(_PAUSES + ')"”')
            if opened is not None and ends.endswith(stars):
                plain[opened] = plain[opened].replace(stars, "", 1)
                head, _, tail = plain[at].rpartition(stars)
                plain[at], opened = head + tail, None
    return plain


def _speak_word(word: _Word) -> str:
    text = word.text
    if text.startswith("```"):
        return ""
    if quoted := _QUOTED_SIGNS.fullmatch(text):
        return (speak_quoted_sign(quoted["signs"], word.family) or "") + quoted["pause"]
    if (sign := _speak_lone_sign(word)) is not None:
        return sign
    text = _LINK_TARGET.sub("]", text)
    opened = text.lstrip(_OPENING)
    if text[: -len(opened)].endswith("[") and opened.startswith("]") and len(opened) > 1:
        opened = "[" + opened
    if (meaning := _ABBREVIATIONS.get(opened.lower().rstrip(_CLOSING + ","))) is not None:
        return meaning
    core, tail = _close(opened, text)
    pause = "".join(sign for sign in tail if sign in _PAUSES)
    if not core:
        return "" if not pause or opened != word.text else pause
    if core.lower() in _ABBREVIATIONS:
        return _ABBREVIATIONS[core.lower()] + pause
    return _speak_core(core, word) + pause


def _close(opened: str, text: str) -> tuple[str, str]:
    """A word without its opening signs, cut into what it says and its closing brackets, quotes and pauses.

    Brackets that the word itself opened stay with it when signs stand inside them; so does a sign just before the
    backtick that closes the word's own quotation: `println!`, `parse()?`.
    """
    closed = _CLOSED.fullmatch(opened)
    assert closed is not None, "the pattern takes every string"
    core, tail = closed["core"], closed["tail"]
    if "[" in core and "]" in tail and ":" in (core + tail).rpartition("[")[2].partition("]")[0]:
        kept = tail.index("]") + 1
        return core + tail[:kept], tail[kept:]
    if core and text.startswith("`") and (found := re.match(r"[)\]]*[!?](?=[;,]?`)", tail)):
        return core + found.group(), tail[found.end() :]
    return core, tail


def _speak_lone_sign(word: _Word) -> str | None:
    """A sign with spaces around it; None when the word is something else."""
    bare = word.text.strip("`'\"")
    if bare in ("-", "–", "—"):
        return "minus" if bare == "-" and (word.in_code or word.between_numbers) else "—"
    if not word.left and not word.in_code and _BULLET.fullmatch(bare):
        return ""
    if bare in _PAUSES_OR_SIGNS:
        return _PAUSES_OR_SIGNS[bare] if word.in_code else None
    if bare == "..." or (bare not in SIGNS[word.family] and bare not in SIGNS[""]):
        return None
    if bare == "/" and not word.in_code and not word.between_numbers:
        return "slash"
    return say_sign(bare, place_between(word.left, word.right), word.family)


def _speak_core(core: str, word: _Word) -> str:
    """What a word says without its brackets, quotes and pauses."""
    if word.number and (len(core) > 1 or core in "sh") and (unit := speak_unit(core, word.number)):
        return unit
    if (listed := lexicon().reading(core, word.in_code)) is not None:
        return listed
    if BLOB.fullmatch(core):
        return "a long code"
    if word.in_code and IDENTIFIER.fullmatch(core) and not _CAPITALS.fullmatch(core):
        return speak_identifier(core)
    if _CAPITALS.fullmatch(core):
        return speak_capitals(core.removesuffix("'s").removesuffix("’s")) + ("'s" if not core.isalpha() else "")
    if _PROSE.fullmatch(core):
        return "-".join(lexicon().reading(part) or part for part in core.split("-"))
    if (number := speak_number(core, word.version)) is not None:
        return number
    if word.unary and core.startswith("-") and len(core) > 1:
        return f"minus {speak_code(core[1:], word.family)}"
    return speak_code(core, word.family)
