"""How a name can be said: as the product's voice says it, and as its words are written."""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from duologue_server.voice.cues import is_prose
from duologue_server.voice.sounds import sound
from duologue_server.voice.spoken import speakable

_HUMP = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d")
_NUMBERS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10",
}  # fmt: skip
_ENDINGS = {"py": "pie", "ts": "tease", "js": "jay s", "md": "m d", "rs": "r s", "toml": "tom l", "yml": "yammel"}
_SHORTEST_FAVOURED = 2
_SHORTEST_DUNDER = 4
_MOST_READINGS = 6
_FILE = re.compile(r"(?P<stem>[\w-]+)\.(?P<ending>\w{1,5})")


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to say a name."""

    name: str
    said: tuple[str, ...]
    """Its words, small, with digits for numbers."""
    letters: str
    sound: str
    is_short: bool
    """Something of the name is left out, such as the underscore before it."""
    is_prose: bool
    """These words could stand like that in a sentence about anything."""

    is_literal: bool
    """Said as it is written, and not as the word that it is short for."""


def said_letters(words: str) -> str:
    """The letters and digits of words, small and without spaces; a number said as a word is its digits."""
    plain = re.sub(r"[^a-z0-9 ]", "", words.lower())
    return "".join(_NUMBERS.get(word, word) for word in plain.split())


@lru_cache(maxsize=4096)
def readings(name: str) -> tuple[Reading, ...]:
    """All ways to say a name, the fullest first; none for a name without letters."""
    if file := _FILE.fullmatch(name):
        endings = dict.fromkeys((file["ending"], _ENDINGS.get(file["ending"].lower(), file["ending"])))
        full = [f"{stem} dot {ending}" for stem in _spoken(file["stem"], _ways) for ending in endings]
    else:
        full = list(_spoken(name, _ways))
    full.append(speakable(name))
    found: dict[tuple[str, str], Reading] = {}
    for is_short in (False, True):
        for words in full:
            said = re.sub(r"^(?:double )?underscore | underscore$", "", words) if is_short else words
            reading = _reading(name, said, is_short)
            if reading.letters:
                found.setdefault((reading.letters, reading.sound), reading)
    return tuple(found.values())


def favoured(name: str) -> tuple[str, ...]:
    """The ways in which a recogniser would write a name that it heard: `old_url` is "old URL"; none for a short one."""
    if file := _FILE.fullmatch(name):
        return (name, *(f"{stem} dot {file['ending']}" for stem in _spoken(file["stem"], _plain_way)))
    words = [words for ways in (_written_ways, _plain_way) for words in _spoken(name, ways)]
    return tuple(dict.fromkeys(phrase for phrase in words if len(phrase) > _SHORTEST_FAVOURED))


def _spoken(name: str, ways: Callable[[str], tuple[str, ...]]) -> Iterator[str]:
    """The name's words one after the other, each in all its ways, with the signs around them as they are said."""
    before = after = ""
    bare = name
    if len(name) > _SHORTEST_DUNDER and name.startswith("__") and name.endswith("__"):
        before, bare = "dunder ", name.strip("_")
    elif name.startswith("_"):
        before = "underscore "
    elif name.endswith("_"):
        after = " underscore"
    choices = itertools.product(*(ways(part) for part in _HUMP.findall(bare)))
    for words in itertools.islice(choices, _MOST_READINGS):
        yield before + " ".join(words) + after


@cache
def _ways(part: str) -> tuple[str, ...]:
    """How a part of a name may be said: as it is written, or as the lexicon has it."""
    return tuple(dict.fromkeys((part.lower(), speakable(part.lower()).lower())))


@cache
def _written_ways(part: str) -> tuple[str, ...]:
    """The lexicon's word for a part, where it is one: "URL", "context"; not what only helps a voice: "you tills"."""
    said = speakable(part.lower())
    if re.fullmatch(r"[A-Z0-9](?: [A-Z0-9])+", said):
        return (said.replace(" ", ""),)
    longer = " " not in said and said[:1].lower() == part[:1].lower() and len(said) > len(part)
    return (said if longer else part.lower(),)


def _plain_way(part: str) -> tuple[str, ...]:
    return (part.lower(),)


def _reading(name: str, words: str, is_short: bool) -> Reading:
    plain = re.sub(r"[^A-Za-z0-9 ]", " ", words)
    said = tuple(_NUMBERS.get(word, word) for word in plain.lower().split())
    letters = said_letters(plain)
    is_literal = letters == said_letters(name.replace("_", ""))
    return Reading(name, said, letters, sound(plain), is_short, is_prose(said), is_literal)
