"""The words of an utterance as commands read them, and the numbers, letters and corrections among them."""

import re
from collections.abc import Iterator, Sequence

MOST_WORDS = 60
"""Of an utterance that may be a command; nobody commands in longer sentences."""

_CONTRACTIONS = {
    "let's": "let us", "that's": "that is", "it's": "it is", "what's": "what is", "where's": "where is",
    "there's": "there is", "don't": "do not", "can't": "can not", "isn't": "is not", "doesn't": "does not",
    "i'm": "i am", "won't": "will not", "aren't": "are not", "what're": "what are",
}  # fmt: skip
_LEAD = re.compile(
    r"(?:(?:to(?= (?:delete|go|move|select|copy|undo))|"
    r"um+|uh+|er+|erm|ah+|hm+|oh|okay|ok|so|now|then|and then|right|please|hey|hey duologue|duologue|just|"
    r"(?:can|could|would|will) you(?: please)?|i(?: would|'d)? (?:want|like)(?: you)? to|let us|go ahead and) )+"
)
_TAIL = re.compile(r"(?: (?:please|for me|now|then|thanks|thank you|okay|ok))+$")
_CORRECTION = re.compile(r" (?:no wait|no sorry|no i mean|i mean|sorry i mean|wait no|scratch that|or rather|no) ")

_SIGNS = {
    "=": "equals", "==": "double equals", "!=": "not equals", "+": "plus", "-": "minus", "*": "times", "/": "slash",
    ">": "greater than", "<": "less than", ">=": "greater or equal", "<=": "less or equal", "&": "and", "%": "percent",
    "#": "hash", "@": "at sign", "->": "arrow", "=>": "fat arrow", "+=": "plus equals", "-=": "minus equals",
}  # fmt: skip
"""What recognisers write where somebody said a sign."""
_UNITS = {
    "zero": 0, "oh": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_ORDINALS = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5,
    "sixth": 6, "6th": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "last": -1, "final": -1,
}  # fmt: skip
_SOUND_LIKE_NUMBERS = {"to": 2, "too": 2, "for": 4, "won": 1, "ate": 8, "tree": 3, "sex": 6}
"""Where a number must stand, these are one."""
_ALPHABET = {
    "alpha": "a", "alfa": "a", "bravo": "b", "charlie": "c", "delta": "d", "echo": "e", "foxtrot": "f", "golf": "g",
    "hotel": "h", "india": "i", "juliet": "j", "juliett": "j", "kilo": "k", "lima": "l", "mike": "m", "november": "n",
    "oscar": "o", "papa": "p", "quebec": "q", "romeo": "r", "sierra": "s", "tango": "t", "uniform": "u", "victor": "v",
    "whiskey": "w", "whisky": "w", "x-ray": "x", "xray": "x", "yankee": "y", "zulu": "z", "underscore": "_",
    "dash": "-", "dot": ".", "space": " ",
    "ay": "a", "bee": "b", "be": "b", "see": "c", "sea": "c", "dee": "d", "ef": "f", "gee": "g", "jay": "j",
    "kay": "k", "el": "l", "em": "m", "en": "n", "pee": "p", "cue": "q", "queue": "q", "are": "r", "ar": "r",
    "ess": "s", "tee": "t", "tea": "t", "you": "u", "vee": "v", "ex": "x", "why": "y", "zee": "z", "zed": "z",
}  # fmt: skip
_LARGE = ("cap", "capital", "upper", "uppercase", "big")


def words_of(text: str) -> frozenset[str]:
    """A set of words, written down with spaces between them."""
    return frozenset(text.split())


def heard(text: str) -> tuple[str, ...]:
    """The words without signs around them and without the politeness around what is wanted. Names keep their case."""
    text = text.replace("’", "'")
    for short, long in _CONTRACTIONS.items():
        text = re.sub(rf"\b{short}\b", long, text, flags=re.IGNORECASE)
    words: list[str] = []
    for raw in text.split():
        word = raw.strip("\"'“”‘’(),.;:!?…") if raw not in _SIGNS else raw
        if word in _SIGNS:
            words += _SIGNS[word].split()
        elif re.fullmatch(r"[A-Za-z]+(?:-[A-Za-z]+)+", word) and word.lower() not in _ALPHABET:
            words += word.split("-")
        elif re.fullmatch(r"(Pascal|Camel|Snake|Kebab)(Case)?(?=[A-Z])(\w+)", word):
            words += [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", word)]
        elif re.fullmatch(r"\d+[-–]\d+", word):
            words += re.sub(r"[-–]", " to ", word).split()
        elif re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", word):
            words += word.replace(".", " dot ").split()
        elif word:
            words.append(re.sub(r"(?<=[A-Za-z])'s$", "s", re.sub(r"(?<=[a-z][b-df-hj-np-tv-z])y's$", "ies", word)))
    return _bare(words[: MOST_WORDS + 1])


def _bare(words: Sequence[str]) -> tuple[str, ...]:
    low = " ".join(word.lower() for word in words)
    lead = _LEAD.match(low + " ")
    first = len(low[: lead.end()].split()) if lead and lead.end() <= len(low) else 0
    tail = _TAIL.search(low)
    last = len(words) - (len(tail.group().split()) if tail else 0)
    return tuple(words[first:last] if first < last else words)


def corrected(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What somebody who corrects themselves may mean: "go to line four no five" is "go to line five". The likeliest
    comes first; nothing for an utterance without a correction."""
    low = " ".join(word.lower() for word in words)
    marks = list(_CORRECTION.finditer(low))
    if not marks:
        return
    found = marks[-1]
    before = list(words[: len(low[: found.start()].split())])
    after = list(words[len(low[: found.end()].split()) :])
    yield tuple(after)
    kept = sorted(range(1, len(before)), key=lambda count: (abs(len(before) - len(after) - count), -count))
    for count in kept:
        yield (*before[:count], *after)


def numbers(words: Sequence[str], start: int) -> Iterator[tuple[int, int]]:
    """(end, number) of every way to read a number from `start` on, the longest first."""
    if start >= len(words):
        return
    word = words[start].lower().replace(",", "")
    if word.isascii() and word.isdecimal():
        joined = word  # "4 2", as some recognisers write forty-two, is not joined: it may be two numbers
        yield start + 1, int(joined[:9])
        return
    ends = list(_spoken_numbers(words, start))
    ends += _without_hundred(words, start)
    yield from reversed(ends)
    if not ends and word in _SOUND_LIKE_NUMBERS:
        yield start + 1, _SOUND_LIKE_NUMBERS[word]


def _without_hundred(words: Sequence[str], start: int) -> Iterator[tuple[int, int]]:
    """As people say the numbers of lines: "one fifty two"."""
    unit = _UNITS.get(words[start].lower(), 0)
    following = words[start + 1].lower() if start + 1 < len(words) else ""
    if 0 < unit < 10 and (following in _TENS or 10 <= _UNITS.get(following, 0) < 20):
        for end, below in _spoken_numbers(words, start + 1):
            if below < 100:
                yield end, 100 * unit + below


def _spoken_numbers(words: Sequence[str], start: int) -> Iterator[tuple[int, int]]:
    total, part, at = 0, 0, start
    left = 1000
    """Less than this may follow: after tens only units, after hundreds anything below a hundred."""
    while at < len(words):
        word = words[at].lower()
        if word in ("a", "an") and at == start and at + 1 < len(words) and words[at + 1].lower() in _SCALES:
            part = 1
        elif word in _UNITS and left > _UNITS[word]:
            part, left = part + _UNITS[word], 0
        elif word in _TENS and left > 10:
            part, left = part + _TENS[word], 10
        elif word == "hundred" and 0 < part < 10:
            part, left = part * 100, 100
        elif word == "thousand" and part and not total:
            total, part, left = part * 1000, 0, 1000
        elif word == "and" and left in (100, 1000) and at > start and at + 1 < len(words):
            at += 1
            continue
        else:
            return
        at += 1
        if word not in ("a", "an"):
            yield at, total + part


_SCALES = ("hundred", "thousand")


def ordinal(word: str) -> int | None:
    """1 for "first" and so on, -1 for "last"; None for anything else."""
    return _ORDINALS.get(word.lower())


def letters(words: Sequence[str]) -> str | None:
    """What is spelt: "cap alpha b c two" is "Abc2"; None where a word is no letter."""
    spelt: list[str] = []
    large = False
    for word in words:
        low = word.lower()
        if low in _LARGE:
            large = True
            continue
        if low in _ALPHABET:
            sign = _ALPHABET[low]
        elif low in _UNITS and _UNITS[low] < 10:
            sign = str(_UNITS[low])
        elif len(low) == 1 or (word.isupper() and word.isalpha() and len(word) <= 5) or low.isdecimal():
            sign = low
        else:
            return None
        spelt.append(sign.upper() if large else sign)
        large = False
    return "".join(spelt) or None


_TYPE_WORDS = (("of", "type"), ("with", "type"))
_DEFAULT_WORDS = (("defaulting", "to"), ("default",), ("equals",), ("with", "default"), ("is",))


def declared(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """(name, type, default) of "timeout of type int defaulting to ten"; "string path" has its type before."""
    low = tuple(word.lower() for word in words)
    cut_type, after_type = _first(low, _TYPE_WORDS)
    cut_default, after_default = _first(low, _DEFAULT_WORDS)
    name = words[: min(cut_type, cut_default)]
    kind = words[after_type : cut_default if cut_default > cut_type else len(words)] if cut_type < len(words) else ()
    default = words[after_default:] if cut_default < len(words) else ()
    return name, kind, default


def _first(low: tuple[str, ...], marks: tuple[tuple[str, ...], ...]) -> tuple[int, int]:
    for at in range(1, len(low)):
        for mark in marks:
            if low[at : at + len(mark)] == mark and at + len(mark) < len(low):
                return at, at + len(mark)
    return len(low), len(low)
