"""Spoken code as written code: "total plus equals item dot price" is `total += item.price`.

Names of the place are written as they stand there; other words become one name in the language's own casing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from duologue_server.commands.language import Manner, manner_of, table
from duologue_server.commands.names import MOST_NAME_WORDS, cased
from duologue_server.commands.place import Place
from duologue_server.commands.words import numbers, words_of

_CASINGS = {
    "camel": "camel", "camel case": "camel", "snake": "snake", "snake case": "snake", "pascal": "pascal",
    "pascal case": "pascal", "upper camel": "pascal", "upper camel case": "pascal", "title case": "pascal",
    "constant case": "constant", "all caps": "constant", "screaming snake": "constant",
    "kebab": "kebab", "kebab case": "kebab", "dash case": "kebab", "dotted": "dotted", "joined": "joined",
    "smash": "joined", "one word": "joined",
}  # fmt: skip
_ENDS_OF_STRINGS = (
    ("end", "string"),
    ("close", "string"),
    ("end", "quote"),
    ("close", "quote"),
    ("unquote",),
    ("and", "string"),
)
_BEGINS_STRINGS = ("string", "quote")
_PROSE = words_of(
    """
    the we you they he she me us him my your our their his her its i'm would could should can will might must
    may do does did has have had are was were be been being am because what how why who whom which when where
    there here these those some any very really just also maybe perhaps quite only still already always never
    again please let us so but than that want need think know see say said tell told look looks mean means sure
    yes yeah well like about something anything everything nothing's someone anyone people today tomorrow
    yesterday later
    """
)
"""Words of talk that are hardly ever part of code that is dictated."""
_LETTERS = frozenset({"a", "i"})
_WEAK = words_of(
    """
    over times space dash point percent minus plus star index sub tab hash newline equal pipe arrow mod slash negative
    equals colon bang tilde caret comma underscore dollar assign
    """
) | {"at least", "at most", "more than", "new line", "question mark", "less than", "bigger than", "smaller than"}
"""Signs whose names are ordinary words, too: they make no code of talk."""
_COMPARES = frozenset({"=", "==", "===", "<", ">", "<=", ">=", "!="})
_VALUES = frozenset({"none", "null", "nil", "true", "false"})
_BUILT_IN = words_of(
    """
    len range str int float list dict set sorted sum max min abs any all open type repr
    """
)
_MOST_UNKNOWN = 4
"""Words of a name that is not known here."""


@dataclass
class _Run:
    """What a stretch of words has become."""

    text: str
    end: int
    is_known: bool = True
    words: int = 1


@dataclass
class Composed:
    """Code, and what tells whether it was meant as code."""

    text: str
    known: int = 0
    """Names that stand here, and numbers."""
    unknown: list[int] = field(default_factory=list)
    """Words of each name that does not."""
    strong: int = 0
    """Signs that nobody names in talk."""
    weak: int = 0
    compared: int = 0
    quoted: int = 0


def _nothing_heard(words: Sequence[str], place: Place) -> tuple[str, ...]:
    """ "is numb" is "is none", where nothing is called so."""
    low = [word.lower() for word in words]
    sounds = table("grammar.toml")["misheard"]["none"].split(", ")
    compared = len(low) > 2 and (low[-2] == "is" or (low[-2:-1] == ["not"] and low[-3] == "is"))
    if compared and low[-1] in sounds and not place.names.exactly(words[-1:]):
        return (*words[:-1], "none")
    return tuple(words)


class _Composer:
    def __init__(self, words: Sequence[str], place: Place, comparing: bool) -> None:
        self.words = _nothing_heard(words, place)
        self.low = tuple(word.lower() for word in self.words)
        self.place = place
        self.manner: Manner = manner_of(place.language_id)
        self.comparing = comparing
        self.made = Composed("")

    def compose(self) -> Composed:
        pieces: list[str] = []
        at = 0
        while at < len(self.words):
            piece, at = self._piece(at, pieces)
            pieces.append(piece)
        self.made.text = _joined(pieces)
        return self.made

    def _piece(self, at: int, before: list[str]) -> tuple[str, int]:
        after_dot = bool(before) and before[-1].endswith((".", "::", "->"))
        if not after_dot:
            for special in (self._string, self._casing, self._call, self._number):
                found = special(at)
                if found is not None:
                    return found
        said, value, length = self._operator(at)
        if length and not (after_dot and said in self.manner.words) and length >= self._known_length(at):
            return self._sign(said, value, at + length)
        return self._name(at, after_dot)

    def _sign(self, said: str, value: str, at: int) -> tuple[str, int]:
        if said in _VALUES or (said in self.manner.signs and said not in _WEAK):
            self.made.strong += 1
        else:
            self.made.weak += 1
            self.made.compared += value.strip() in _COMPARES
        if value == "[" and said in ("sub", "index") and at < len(self.words):
            inner, end = self._piece(at, [])
            return f"[{inner.strip()}]", end
        return value, at

    def _operator(self, at: int) -> tuple[str, str, int]:
        """(what was said, what it is, how many words) of the longest sign or word of the language here."""
        for length in range(min(self.manner.longest, len(self.low) - at), 0, -1):
            said = " ".join(self.low[at : at + length])
            for known in ((self.manner.condition,) if self.comparing else ()) + (self.manner.signs, self.manner.words):
                if said in known:
                    return said, known[said], length
        return "", "", 0

    def _known_length(self, at: int) -> int:
        """Words of the longest known name that begins here."""
        for length in range(min(MOST_NAME_WORDS, len(self.words) - at), 0, -1):
            if self.place.names.exactly(self.words[at : at + length]):
                return length
        return 0

    def _name(self, at: int, after_dot: bool) -> tuple[str, int]:
        end = at + 1
        while end < len(self.words):
            said, _, length = self._operator(end)
            if self.low[end] == "of" or (length and (said in self.manner.signs or self._known_length(end) <= length)):
                break
            end += 1
        longest = self._known_length(at)
        end = at + longest if longest > end - at else end
        words = self.words[at:end]
        known = self.place.names.exactly(words)
        if known:
            self.made.known += 1
            name = known[0]
        elif len(words) == 1 and not words[0].isalnum():
            self.made.known += 1  # the ear has written it as code already
            name = words[0]
        else:
            name = self._new_name(words)
        if end < len(self.words) - 1 and self.low[end] == "of" and not after_dot:
            self.made.strong += name in _BUILT_IN
            inner = self._piece(end + 1, [])
            return f"{name}({inner[0].strip()})", inner[1]
        return name, end

    def _new_name(self, words: Sequence[str]) -> str:
        like = self.place.names.like(words, 1) if len("".join(words)) > 5 else []
        if like and like[0][1] > 0.85:
            self.made.known += 1
            return like[0][0]
        self.made.unknown.append(len(words))
        if len(words) == 1 and words[0] != words[0].lower() and not words[0].istitle():
            return words[0]
        return cased(words, self.manner.casing)

    def _string(self, at: int) -> tuple[str, int] | None:
        if self.low[at] not in _BEGINS_STRINGS or at + 1 >= len(self.words):
            return None
        if self._operator(at + 1)[2] and self.low[at + 1] not in self.manner.words:
            return None
        self.made.quoted += 1
        # "the value to String Done": a recogniser that took it for a title.
        words = [word.lower() if self.words[at].istitle() and word.istitle() else word for word in self.words]
        for end in range(at + 1, len(self.words)):
            for closing in _ENDS_OF_STRINGS:
                if self.low[end : end + len(closing)] == closing:
                    return quoted(" ".join(words[at + 1 : end]), self.place), end + len(closing)
        return quoted(" ".join(words[at + 1 :]), self.place), len(words)

    def _casing(self, at: int) -> tuple[str, int] | None:
        style, length = casing_at(self.low, at)
        if not style or at + length >= len(self.words):
            return None
        end = at + length
        while end < len(self.words) and self._operator(end)[0] not in self.manner.signs:
            end += 1
        if end == at + length:
            return None
        self.made.known += 1
        self.made.strong += 1
        return cased(self.words[at + length : end], style), end

    def _call(self, at: int) -> tuple[str, int] | None:
        if self.low[at] != "call" or at + 1 >= len(self.words) or self._known_length(at) > 1:
            return None
        start = at + 2 if self.low[at + 1] == "to" and at + 2 < len(self.words) else at + 1
        end = start
        while end < len(self.words) and self.low[end] not in ("with", "on"):
            end += 1
        function = self._part(self.words[start:end])
        arguments = separated(self.words[end + 1 :])
        return f"{function}({', '.join(self._part(words) for words in arguments)})", len(self.words)

    def _part(self, words: Sequence[str]) -> str:
        """The code of some of the words, which count for the whole."""
        made = _Composer(words, self.place, False).compose()
        self.made.known += made.known
        self.made.unknown += made.unknown
        self.made.strong += made.strong
        self.made.quoted += made.quoted
        return made.text

    def _number(self, at: int) -> tuple[str, int] | None:
        found = next(numbers(self.words, at), None)
        if found is None or self.low[at] in ("to", "too", "for", "won", "ate", "tree", "oh", "a", "an", "sex"):
            return None
        end, number = found
        if self._known_length(at) > end - at:
            return None
        text = str(number)
        if end + 1 < len(self.words) and self.low[end] == "point":
            digits, last = "", end + 1
            while last < len(self.words) and (digit := next(numbers(self.words, last), None)) is not None:
                digits, last = digits + str(digit[1]), digit[0]
            if digits:
                text, end = f"{text}.{digits}", last
        self.made.known += 1
        return text, end


def separated(words: Sequence[str]) -> list[tuple[str, ...]]:
    """The parts of an enumeration: "path and encoding comma mode" are three."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word.lower() in ("and", "comma"):
            parts.append([])
        else:
            parts[-1].append(word)
    return [tuple(part) for part in parts if part]


def casing_at(low: Sequence[str], at: int) -> tuple[str, int]:
    """(style, words) of a word for casing at a place; empty for none."""
    for length in (3, 2, 1):
        style = _CASINGS.get(" ".join(low[at : at + length]))
        if style and at + length <= len(low):
            return style, length
    return "", 0


def quoted(text: str, place: Place) -> str:
    """Text as a string of the place's language, in the quotes that the document prefers."""
    single = place.text.count("'", 0, 50_000) > place.text.count('"', 0, 50_000)
    sign = (
        "'" if single and place.language_id.startswith(("python", "javascript", "typescript", "ruby", "lua")) else '"'
    )
    return sign + text.replace("\\", "\\\\").replace(sign, f"\\{sign}") + sign


def compose(words: Sequence[str], place: Place, comparing: bool = False) -> str:
    """Spoken code as it is written at a place; `comparing` where equality is meant, not assignment."""
    return _Composer(words, place, comparing).compose().text


def new_name(words: Sequence[str], place: Place, style: str = "") -> str:
    """A name that was said: in the casing that was said with it, else in `style`, else in the language's own."""
    low = tuple(word.lower() for word in words)
    said, length = casing_at(low, 0)
    if said and length < len(words):
        return cased(words[length:], said)
    known = place.names.exactly(words)
    if known and not style:
        return known[0]
    if len(words) == 1 and words[0] != low[0] and not words[0].istitle():
        return words[0]
    return cased(words, style or manner_of(place.language_id).casing)


def is_code(words: Sequence[str], place: Place, strict: bool) -> bool:
    """Whether words can be code that is dictated, and no talk. `strict`: no verb before them says so."""
    if not words:
        return False
    low = [word.lower() for word in words]
    manner = manner_of(place.language_id)
    signs = _covered(low, manner)
    for index, word in enumerate(low):
        if word in _BEGINS_STRINGS and index + 1 < len(low):
            break
        if index in signs:
            continue
        after = " ".join(low[index + 1 : index + 3])
        alone = (not index or low[index - 1] not in ("an", "the")) and (
            not after or after.split()[0] in manner.signs or after in manner.signs or after.split()[0] in manner.words
        )
        if word in _PROSE and not place.names.exactly([word]):
            return False
        if word in _LETTERS | {"this", "it", "an"} and not (alone and word != "an"):
            return False
    made = _Composer(words, place, False).compose()
    if max(made.unknown, default=0) > _MOST_UNKNOWN:
        return False
    if not strict:
        return True
    if made.compared and made.known and max(made.unknown, default=0) == 1:
        return True
    return not made.unknown or (made.strong > 0 and max(made.unknown) < _MOST_UNKNOWN)


def is_unfamiliar(words: Sequence[str], place: Place) -> bool:
    """Whether nothing in the code is known here, and nothing in it is a sign."""
    made = _Composer(words, place, False).compose()
    return not (made.known or made.strong or made.quoted)


def is_evident(words: Sequence[str], place: Place) -> bool:
    """Whether words are code even though nothing says so: several, with a sign, and with a name that stands here."""
    first = words[0].lower() in manner_of(place.language_id).words
    begins_known = first or any(place.names.exactly(words[:n]) for n in range(1, MOST_NAME_WORDS))
    if len(words) < 3 or not begins_known or not is_code(words, place, strict=True):
        return False
    made = _Composer(words, place, False).compose()
    signs = made.strong > 0 or (made.compared > 0 and made.known > 1 and not made.unknown)
    return made.known > 0 and signs and re.search(r"[^\w\s]", made.text) is not None


def _covered(low: Sequence[str], manner: Manner) -> set[int]:
    """Which words belong to a sign that is said in several, such as "less than"."""
    covered: set[int] = set()
    for start in range(len(low)):
        for length in range(min(manner.longest, len(low) - start), 1, -1):
            said = " ".join(low[start : start + length])
            if said in manner.signs or said in manner.words:
                covered.update(range(start, start + length))
                break
    return covered


_SPACES = (
    (re.compile(r" {2,}"), " "),
    (re.compile(r"(?<=[(\[{!~]) | (?=[)\],;:])(?! [=<])"), ""),
    (re.compile(r"(^|[=(\[,<>*/%+&|:?] |\breturn )- (?=[\w(])"), r"\1-"),
)


def _joined(pieces: list[str]) -> str:
    text = ""
    for piece in pieces:
        if text and piece and re.match(r"[\w\"']", piece) and re.search(r"[\w\"')\]]$", text):
            text += " "
        text += piece
    text = text.strip(" ")
    for pattern, becomes in _SPACES:
        text = pattern.sub(becomes, text)
    return text
