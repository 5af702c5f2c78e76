"""A code of how English words sound, coarse enough that words a recogniser confuses have the same code.

Our own rules in the manner of Philips' Metaphone (Computer Language 7(12), 1990), with three changes: the place of each
vowel is kept (though not which vowel), so that `parse` and `parse a` differ; voiced and voiceless consonants that begin
a word stay apart; and letters that are said one by one are coded by their names.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

_LETTERS = {
    "a": "a", "b": "Ba", "c": "Sa", "d": "Da", "e": "a", "f": "aF", "g": "Ja", "h": "aC", "i": "a", "j": "Ja",
    "k": "Ka", "l": "aL", "m": "aM", "n": "aN", "o": "a", "p": "Pa", "q": "Ka", "r": "aR", "s": "aS", "t": "Ta",
    "u": "a", "v": "Va", "w": "DaBaLa", "x": "aKS", "y": "Wa", "z": "Sa",
}  # fmt: skip
"""Names of the letters. `a` stands for any vowel."""
_SPELLED_UP_TO = 5

_RULES = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^x", "s"),
        (r"^(?:kn|gn|pn)", "n"),
        (r"^wr", "r"),
        (r"^wh(?=o)", "h"),
        (r"^wh", "w"),
        (r"^ps", "s"),
        (r"mb$", "m"),
        (r"(?<=[aeiou])gh(?=t|$)|(?<=[aeiou])gh(?=[^aeiouy])", ""),
        (r"gh", "g"),
        (r"tch|ch", "C"),
        (r"sch", "sk"),
        (r"sc(?=[eiy])", "s"),
        (r"(?:sh|ti(?=on|al|ous)|si(?=on)|ci(?=al|ous|an)|ssi(?=on))", "X"),
        (r"tu(?=re)", "C"),
        (r"ph", "f"),
        (r"th", "Q"),
        (r"ck|cc(?![eiy])|q(?:u(?=e$)|)", "k"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"dg(?=[eiy])|dj", "J"),
        (r"g(?=[eiy])(?<!^g)", "J"),
        (r"j", "J"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"(?<=[a-zA-Z])ed$", "ad"),
        (r"(?<=[^aeiouy])le$", "al"),
        (r"(?<=[a-zA-Z])e(?=s?$)(?<!^e)", ""),
        (r"(?<=[aeiou])w(?![aeiou])", ""),
        (r"(?<=[aeiou])h(?![aeiou])", ""),
        (r"y(?![aeiou])", "i"),
        (r"(?<=[aeiou])y", "i"),
        (r"[aeiou]+", "a"),
        (r"([^a])\1+", r"\1"),
    )
)


_TWICE = re.compile(r"([A-Za-z])\1+")


def sound(words: str) -> str:
    """The code of words with spaces between them, without a mark where one word ends; digits stand for themselves."""
    return _TWICE.sub(r"\1", "".join(_word(word) for word in words.split()))


def joined(sounds: Iterable[str]) -> str:
    """The code of words whose codes are known."""
    return _TWICE.sub(r"\1", "".join(sounds))


@lru_cache(maxsize=8192)
def _word(word: str) -> str:
    if word.isdecimal():
        return word
    lower = word.lower()
    if len(word) <= _SPELLED_UP_TO and (
        len(word) == 1 or (word.isupper() and word.isalpha()) or not re.search(r"[aeiouy]", lower)
    ):
        return "".join(_LETTERS.get(letter, letter) for letter in lower)
    for pattern, becomes in _RULES:
        lower = pattern.sub(becomes, lower)
    return "".join(letter if letter == "a" or letter in "CXJQ" else letter.upper() for letter in lower)
