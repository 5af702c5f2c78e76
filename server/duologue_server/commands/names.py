"""Names that were said in words: "load config", "load can fig" and `load_config` are one.

The ear has restored most names before words come here. What is left is found by letters, then by likeness of sound and
letters, as `voice/names.py` does it, without the readings of the voice's lexicon, which this process does not load.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

LEAST_LIKENESS = 0.74
LEAST_LIKENESS_OF_SHORT = 0.85
LONG = 6
"""Letters from which on a name is found by less likeness."""
SHORTEST_LIKE = 4
"""Letters that a name must have to be found by likeness."""
MOST_NAME_WORDS = 7

_DIGITS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10",
}  # fmt: skip
_HUMP = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
_LONG = {
    "cfg": "config", "ctx": "context", "err": "error", "msg": "message", "req": "request", "res": "response",
    "idx": "index", "num": "number", "str": "string", "val": "value", "tmp": "temp", "args": "arguments",
    "kwargs": "keyword arguments", "params": "parameters", "btn": "button", "buf": "buffer", "len": "length",
    "fn": "function", "init": "initialise", "db": "database", "dir": "directory", "env": "environment", "src": "source",
    "dst": "destination", "obj": "object", "attr": "attribute", "max": "maximum", "min": "minimum", "prev": "previous",
    "curr": "current", "cur": "current", "cmd": "command", "impl": "implementation", "info": "information",
    "lib": "library", "pkg": "package", "ptr": "pointer", "repo": "repository", "util": "utility", "utils": "utilities",
}  # fmt: skip
"""Short forms in names that are said in full."""

_SOUNDS = (
    (re.compile(r"^(?:kn|gn|pn)"), "n"), (re.compile(r"^wr"), "r"), (re.compile(r"ph"), "f"), (re.compile(r"x"), "ks"),
    (re.compile(r"c(?=[eiy])"), "s"), (re.compile(r"ck|c|q"), "k"), (re.compile(r"z"), "s"),
    (re.compile(r"(?<=[aeiou])gh"), ""), (re.compile(r"g(?=[ei])"), "j"), (re.compile(r"[aeiouyhw]+"), "a"),
    (re.compile(r"a$"), ""), (re.compile(r"([^a])\1+"), r"\1"),
)  # fmt: skip


@lru_cache(maxsize=8192)
def sound(letters: str) -> str:
    """A coarse code of how letters sound: equal vowels, no doubled consonants."""
    for pattern, becomes in _SOUNDS:
        letters = pattern.sub(becomes, letters)
    return letters


def letters_of(words: Sequence[str]) -> str:
    """Small letters and digits only; numbers said as words are digits."""
    return "".join(_DIGITS.get(word, word) for word in (re.sub(r"[\W_]", "", word.lower()) for word in words))


@lru_cache(maxsize=8192)
def parts_of(name: str) -> tuple[str, ...]:
    """The words in a name, small."""
    return tuple(part.lower() for part in _HUMP.findall(name))


@dataclass(frozen=True)
class Known:
    """Names by their letters."""

    by_letters: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, names: Sequence[str]) -> "Known":
        """The earlier of two names that are said alike comes first."""
        by_letters: dict[str, list[str]] = {}
        for name in names:
            parts = parts_of(name)
            for said in dict.fromkeys((parts, tuple(_LONG.get(part, part) for part in parts))):
                key = letters_of(" ".join(said).split())
                if key and name not in by_letters.setdefault(key, []):
                    by_letters[key].append(name)
        return cls({key: tuple(some) for key, some in by_letters.items()})

    def exactly(self, words: Sequence[str]) -> tuple[str, ...]:
        """The names with the same letters; one that is written exactly so comes first."""
        found = self.by_letters.get(letters_of(words), ())
        written = "".join(words)
        return tuple(sorted(found, key=lambda name: name != written))

    def like(self, words: Sequence[str], most: int = 3) -> list[tuple[str, float]]:
        """(name, likeness) of the names that sound like it, the likeliest first; likeness 1 is the same."""
        exact = self.exactly(words)
        if exact:
            return [(name, 1.0) for name in exact[:most]]
        letters = letters_of(words)
        if len(letters) < SHORTEST_LIKE:
            return []
        said = sound(letters)
        found: list[tuple[str, float]] = []
        for key, names in self.by_letters.items():
            if abs(len(key) - len(letters)) * 3 > len(key) or len(key) < SHORTEST_LIKE:
                continue
            by_sound = Levenshtein.normalized_similarity(said, sound(key))
            by_letters = Levenshtein.normalized_similarity(letters, key)
            likeness = 0.5 * (by_sound + by_letters)
            if likeness >= (LEAST_LIKENESS if len(key) >= LONG else LEAST_LIKENESS_OF_SHORT):
                found.append((names[0], likeness))
        found.sort(key=lambda item: -item[1])
        return found[:most]


def cased(words: Sequence[str], style: str) -> str:
    """Words as one name: camel, pascal, snake, constant, kebab, dotted, joined, or words."""
    parts = [part for word in words for part in (parts_of(word) if not word.isalnum() else (word.lower(),))]
    parts = [_DIGITS.get(part, part) if index else part for index, part in enumerate(parts)]
    if not parts:
        return ""
    match style:
        case "camel":
            return parts[0] + "".join(part.capitalize() for part in parts[1:])
        case "pascal":
            return "".join(part.capitalize() for part in parts)
        case "constant":
            return "_".join(parts).upper()
        case "kebab":
            return "-".join(parts)
        case "dotted":
            return ".".join(parts)
        case "joined":
            return "".join(parts)
        case "words":
            return " ".join(parts)
    return "_".join(parts)


def style_of(name: str) -> str:
    """How the words of a name are joined; empty for one word, which tells nothing but its case."""
    bare = name.strip("_")
    if bare.isupper() and len(bare) > 1:
        return "constant"
    if "_" in bare:
        return "snake"
    if "-" in bare:
        return "kebab"
    if bare[:1].isupper():
        return "pascal"
    return "camel" if not bare.islower() else ""
