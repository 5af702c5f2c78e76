"""How many words of a spoken line a recogniser understood: word errors that do not count spelling as an error.

Both sides are said by the same rules first, so "HTTP" and "H T T P", "main.py" and "main dot py", "!=" and "not
equals" are the same words; numbers become digits, hyphens are spaces, and it is no error where one side writes apart
what the other writes together ("data class", "dataclass"). Words that sound the same ("cache", "cash") can be taken as
the same, because no voice can tell them apart.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from duologue_server.voice.spoken import speakable

MOST_JOINED = 6
"""Words on one side that may stand for words on the other."""

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+")
_DECIMAL = re.compile(r"(?<=\d)\.(?=\d)")
_INITIALS = re.compile(r"(?<=\b[A-Za-z])\.(?=[A-Za-z]\b)")
_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")
"""How a recogniser spells: I.O., clip-on."""
_RULE_CODE = re.compile(r"\b[a-z]{1,3}\d{3,4}\b")
_GROUPS = re.compile(r"(?<=\d),(?=\d{3})")
_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_LARGE = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_LETTERS = {
    "eigh": "a", "bee": "b", "be": "b", "see": "c", "sea": "c", "dee": "d", "ee": "e", "ef": "f", "eff": "f",
    "gee": "g", "eye": "i", "jay": "j", "kay": "k", "el": "l", "ell": "l", "em": "m", "en": "n", "oh": "o", "pee": "p",
    "queue": "q", "cue": "q", "are": "r", "ess": "s", "tee": "t", "tea": "t", "you": "u", "vee": "v", "ex": "x",
    "why": "y", "zee": "z", "eighs": "as", "bees": "bs", "sees": "cs", "dees": "ds", "eyes": "is", "ells": "ls",
    "pees": "ps", "ars": "rs",
}  # fmt: skip
"""Names of letters, as our rules and recognisers write them."""
_SAME = {"point": "dot", "colour": "color", "okay": "ok", "percentage": "percent", "'s": "s"}

Sound = Callable[[str], str]
"""How words sound, as phonemes."""


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of one line against the number of its words; the places where they are."""

    words: int
    errors: int
    wrong: tuple[tuple[str, str], ...]
    """What was said and what was understood instead."""


def plain_words(text: str, language: str = "") -> list[str]:
    """The words of a text as they are compared: said by our rules, small, numbers as digits, letters by themselves."""
    text = _RULE_CODE.sub(lambda code: code.group().upper(), text)
    text = _HYPHEN.sub(" ", _INITIALS.sub("", text))
    said = _GROUPS.sub("", speakable(text, language)).lower()
    said = _DECIMAL.sub(" dot ", said).replace("%", " percent ").replace("$", " dollar ").replace("'", "")
    words = [_SAME.get(word, word) for word in _WORD.findall(said)]
    return [_LETTERS.get(word, word) for word in _digits(words)]


def _digits(words: Sequence[str]) -> list[str]:
    """Number words as digits: one hundred and seventeen, 117. Digits pass; "2 billion" becomes one number."""
    plain: list[str] = []
    value: int | None = None
    closed = False
    for at, word in enumerate(words):
        small = _SMALL.get(word, _TENS.get(word, int(word) if word.isdigit() else None))
        following = words[at + 1] if at + 1 < len(words) else ""
        if small is not None and word not in _LARGE:
            joins = (
                value is not None and not closed and word in _SMALL and small < 10 and value % 10 == 0 and value % 100
            )
            after_hundred = value is not None and value % 100 == 0 and value > 0 and small < 100 and not word.isdigit()
            if value is not None and not (joins or after_hundred):
                plain.append(str(value))
                value = None
            value, closed = (value or 0) + small, word.isdigit()
        elif value is not None and word == "hundred":
            value *= 100
        elif value is not None and word in _LARGE:
            value *= _LARGE[word]
        elif value is not None and word == "and" and value % 100 == 0 and (following in _SMALL or following in _TENS):
            continue
        else:
            plain.extend([] if value is None else [str(value)])
            value = None
            plain.append(word)
    return plain + ([] if value is None else [str(value)])


def score(said: Sequence[str], heard: Sequence[str], sound: Sound | None = None) -> Score:
    """The fewest substitutions, deletions and insertions; with `sound`, words that sound the same are the same."""
    rows, columns = len(said), len(heard)
    cost = [[0] * (columns + 1) for _ in range(rows + 1)]
    step: dict[tuple[int, int], tuple[int, int]] = {}
    for i in range(rows + 1):
        for j in range(columns + 1):
            if i or j:
                cost[i][j], step[i, j] = min(_steps(said, heard, i, j, cost, sound))
    wrong: list[tuple[str, str]] = []
    i, j = rows, columns
    while i or j:
        back = step[i, j]
        if cost[back[0]][back[1]] < cost[i][j]:
            wrong.append((" ".join(said[back[0] : i]), " ".join(heard[back[1] : j])))
        i, j = back
    return Score(rows, cost[rows][columns], tuple(reversed(wrong)))


def _steps(
    said: Sequence[str], heard: Sequence[str], i: int, j: int, cost: list[list[int]], sound: Sound | None
) -> list[tuple[int, tuple[int, int]]]:
    """Every way to come to this cell, with its cost."""
    ways: list[tuple[int, tuple[int, int]]] = []
    if i and j:
        ways.append((cost[i - 1][j - 1] + (said[i - 1] != heard[j - 1]), (i - 1, j - 1)))
    if i:
        ways.append((cost[i - 1][j] + 1, (i - 1, j)))
    if j:
        ways.append((cost[i][j - 1] + 1, (i, j - 1)))
    for left in range(1, min(MOST_JOINED, i) + 1):
        for right in range(1, min(MOST_JOINED, j) + 1):
            if cost[i - left][j - right] < min(way[0] for way in ways) and _alike(
                said[i - left : i], heard[j - right : j], sound
            ):
                ways.append((cost[i - left][j - right], (i - left, j - right)))
    return ways


def _alike(said: Sequence[str], heard: Sequence[str], sound: Sound | None) -> bool:
    """Whether the words are written alike but for spaces, or sound alike."""
    if "".join(said) == "".join(heard):
        return True
    if sound is None or len(said) > 2 or len(heard) > 2:
        return False
    return sound(" ".join(said)) in (sound(" ".join(heard)), sound("".join(heard)))
