"""Names of the open files in recognised text, written as the files write them: "get user by I D" is `get_user_by_id`.

Words are compared with the names' readings in three ways, each weaker than the one before: the same letters, whatever
stands between them; the same sounds; nearly the same sounds and letters. Ordinary words stay ordinary words: what could
be prose becomes a name only where prose could not go on like that.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from duologue_server.voice.commands import is_command
from duologue_server.voice.cues import (
    RISKY_JOINS,
    Place,
    has_other_small_words,
    is_compound,
    only_small_words,
    surely_names,
)
from duologue_server.voice.readings import Reading, readings, said_letters
from duologue_server.voice.sounds import joined, sound

MOST_NAMES = 400
_LONGEST_WINDOW = 9
_NEAR = 0.84
_NEAR_AFTER_CUE = 0.74
_SHORTEST_NEAR = 6
"""Sounds that a name must have to be found by likeness: short ones are like too much."""
_SHORTEST_JOIN = 8
"""Letters of a name of one word that two ordinary words may become."""
_MOST_JOINED = 2
_INFLECTION = re.compile(r"(?:e?s|e?d|ing|er|ly)$")
_QUOTES = '"”'
_WORD = re.compile(r"(?P<before>[\"'“‘(\[]*)(?P<core>.*?)(?P<after>(?:['’]s)?[\"'”’)\].,;:!?…]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Names:
    """A vocabulary by the ways in which it is heard. `of` makes it; it holds nothing that changes."""

    words: tuple[str, ...]
    by_letters: Mapping[str, tuple[Reading, ...]]
    by_sound: Mapping[str, tuple[Reading, ...]]
    near: tuple[str, ...]
    """The sounds that are long enough to be found by likeness."""
    longest: int

    @classmethod
    def of(cls, words: Sequence[str]) -> "Names":
        """Takes the first 400 names; where two are said alike, the earlier one counts."""
        by_letters: dict[str, list[Reading]] = {}
        by_sound: dict[str, list[Reading]] = {}
        for name in words[:MOST_NAMES]:
            for reading in readings(name):
                by_letters.setdefault(reading.letters, []).append(reading)
                by_sound.setdefault(reading.sound, []).append(reading)
        longest = max((len(reading.said) for some in by_letters.values() for reading in some), default=0)
        return cls(
            tuple(words[:MOST_NAMES]),
            {key: tuple(some) for key, some in by_letters.items()},
            {key: tuple(some) for key, some in by_sound.items()},
            tuple(code for code in by_sound if len(code) >= _SHORTEST_NEAR),
            min(longest, _LONGEST_WINDOW),
        )


@dataclass(frozen=True, slots=True)
class _Word:
    """A heard word: its letters for comparison, and the signs around it."""

    before: str
    core: str
    after: str
    letters: str
    sound: str


@dataclass(frozen=True, slots=True)
class _Found:
    """A name in place of the words from `start` to `end`."""

    start: int
    end: int
    name: str
    worth: float


def restored(texts: Iterable[str], names: Names) -> tuple[str, ...]:
    """Each of the texts as `restore` writes it, once."""
    return tuple(dict.fromkeys(restore(text, names) for text in texts))


def restore(text: str, names: Names) -> str:
    """The text with the names in it written as in the files; a text without any comes back unchanged.

    Signs around a name stay, and so do all other words, letter for letter.
    """
    if not names.words or not text or is_command(text):
        return text
    heard = [_word(word) for word in text.split()]
    found = _best(len(heard), [*_same(heard, names), *_nearly(heard, names)])
    if not found:
        return text
    written: list[str] = []
    at = 0
    for match in found:
        written += [word.before + word.core + word.after for word in heard[at : match.start]]
        written.append(heard[match.start].before + match.name + heard[match.end - 1].after)
        at = match.end
    return " ".join([*written, *(word.before + word.core + word.after for word in heard[at:])])


def _word(word: str) -> _Word:
    parts = _WORD.fullmatch(word)
    assert parts is not None, "the pattern takes every string"
    core, after = parts["core"], parts["after"]
    if re.fullmatch(r"(?:[A-Za-z]\.)*[A-Za-z]", core) and after.startswith("."):  # "I.D." ends with its own point
        after = after[1:] if "." in core else after
    spoken = core.replace("-", " ").replace("_", " ")
    spoken = spoken.replace(".", "" if re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]", core) else " dot ")
    return _Word(parts["before"], core, after, said_letters(spoken), sound(re.sub(r"[^\w ]", "", spoken)))


def _windows(heard: Sequence[_Word], longest: int) -> Iterable[tuple[int, int]]:
    """All runs of words that a name could take the place of; a comma may stand in one, but no end of a sentence."""
    for start in range(len(heard)):
        for end in range(start + 1, min(start + longest, len(heard)) + 1):
            yield start, end
            if heard[end - 1].after.strip(_QUOTES + ",") or (end < len(heard) and heard[end].before):
                break


def _same(heard: Sequence[_Word], names: Names) -> Iterable[_Found]:
    """Names whose letters or sounds stand in the text; a word that is a name already is found, too, and stays."""
    for start, end in _windows(heard, names.longest + 2):
        window = heard[start:end]
        letters = "".join(word.letters for word in window)
        place = _place(heard, start, end)
        if exact := names.by_letters.get(letters):
            reading = _choose(exact, place)
            core = window[0].core
            if len(window) == 1 and any(other.name == core for other in exact) and reading.name.lower() != core.lower():
                yield _Found(start, end, core, len(letters) - 0.2)
            elif _allowed(reading, window, place):
                yield _Found(start, end, reading.name, len(letters) - 0.3)
            elif len(window) == 1:
                yield _Found(start, end, window[0].core, len(letters) - 0.3)
        elif alike := names.by_sound.get(joined(word.sound for word in window)):
            reading = _choose(alike, place)
            if _allowed_by_sound(reading, window, place):
                yield _Found(start, end, reading.name, 0.9 * len(letters))


def _nearly(heard: Sequence[_Word], names: Names) -> Iterable[_Found]:
    """Names that are like a run of words in sound and in letters."""
    windows = [(s, e) for s, e in _windows(heard, names.longest + 1) if not _article_before(heard[s:e], names)]
    sounds = [joined(word.sound for word in heard[s:e]) for s, e in windows]
    kept = [at for at, code in enumerate(sounds) if len(code) >= _SHORTEST_NEAR - 1 and code not in names.by_sound]
    if not kept or not names.near:
        return
    likeness = process.cdist(
        [sounds[at] for at in kept],
        names.near,
        scorer=Levenshtein.normalized_similarity,
        score_cutoff=_NEAR_AFTER_CUE - 0.1,
        dtype=np.float32,
        workers=1,
    )
    for row, column in zip(*np.nonzero(likeness), strict=True):
        start, end = windows[kept[row]]
        place = _place(heard, start, end)
        reading = _choose(names.by_sound[names.near[column]], place)
        letters = "".join(word.letters for word in heard[start:end])
        like = 0.5 * (float(likeness[row, column]) + Levenshtein.normalized_similarity(letters, reading.letters))
        enough = _NEAR_AFTER_CUE if place.is_for_likeness else _NEAR
        if like >= enough and letters not in names.by_letters and _allowed_near(reading, heard[start:end], place):
            yield _Found(start, end, reading.name, (like - 0.15) * len(letters))


def _article_before(window: Sequence[_Word], names: Names) -> bool:
    """Whether an article and a name's own words stand there: then the article was no part of the name."""
    return window[0].letters == "a" and "".join(word.letters for word in window[1:]) in names.by_letters


def _best(length: int, found: Sequence[_Found]) -> list[_Found]:
    """The names that are worth most together without sharing a word."""
    by_end: dict[int, list[_Found]] = {}
    for match in found:
        by_end.setdefault(match.end, []).append(match)
    best: list[tuple[float, tuple[_Found, ...]]] = [(0.0, ())]
    for end in range(1, length + 1):
        candidates = [best[end - 1]]
        for match in by_end.get(end, ()):
            worth, chosen = best[match.start]
            candidates.append((worth + match.worth, (*chosen, match)))
        best.append(max(candidates, key=lambda candidate: candidate[0]))
    return list(best[-1][1])


def _place(heard: Sequence[_Word], start: int, end: int) -> Place:
    before = tuple(_before(word) for word in heard[max(0, start - 2) : start])
    after = heard[end].letters if end < len(heard) and not heard[end - 1].after else ""
    return Place(before, after)


def _before(word: _Word) -> str:
    """A word as the next one sees it: nothing where a pause stands between them."""
    ending = word.after.strip(_QUOTES)
    return word.letters + "s" if ending in ("'s", "’s") else "" if ending else word.letters


def _choose(alike: Sequence[Reading], place: Place) -> Reading:
    """Of names that are said alike: the most complete, then the style that the place calls for, then the spelling."""

    def rank(reading: Reading) -> tuple[bool, bool, bool]:
        bare = reading.name.strip("_")
        fits = bare[:1].isupper() and not bare.isupper() if place.is_for_classes else bare[:1].islower()
        return reading.is_short, not (bare.isupper() if place.is_for_constants else fits), not reading.is_literal

    return alike[0] if len(alike) == 1 else min(alike, key=rank)


def _allowed(reading: Reading, window: Sequence[_Word], place: Place) -> bool:
    """Whether words with a name's own letters may become it."""
    if len(reading.said) > 1:
        if reading.is_prose:
            return surely_names(place, reading.said)
        if place.is_bare:
            return True
        one_part = reading.name.strip("_").isalpha() and reading.name.islower()  # `kwargs`, said "keyword args"
        return len(window) > 1 and (one_part or (reading.is_literal and not is_compound(reading.said)))
    if len(window) > 1:
        if (
            len(window) > _MOST_JOINED
            or only_small_words([word.letters for word in window])
            or reading.letters in RISKY_JOINS
        ):
            return place.is_for_names
        return place.is_for_names or len(reading.letters) >= _SHORTEST_JOIN
    core = window[0].core
    if core.lower() == reading.name.lower():
        return _allowed_case(reading, core, place)
    return not reading.is_prose or place.is_for_names


def _allowed_case(reading: Reading, core: str, place: Place) -> bool:
    """Whether a single word may change its case: to a class only where classes are spoken of."""
    if reading.name.islower():
        return not place.begins_sentence
    if reading.name.isupper():
        return place.is_for_constants or (place.is_for_likeness and len(core) > 1)
    return place.is_for_classes or not reading.is_prose


def _allowed_by_sound(reading: Reading, window: Sequence[_Word], place: Place) -> bool:
    if place.is_for_likeness:
        return len(reading.sound) > 2 and not only_small_words([word.letters for word in window])
    if len(reading.said) == 1 or has_other_small_words([word.letters for word in window], reading.said):
        return False
    long_enough = not reading.is_prose and len(reading.sound) >= _SHORTEST_NEAR
    return long_enough and (place.is_bare or not is_compound(reading.said))


def _allowed_near(reading: Reading, window: Sequence[_Word], place: Place) -> bool:
    said = [word.letters for word in window]
    if has_other_small_words(said[1:] if said[0] == "a" and place.is_for_likeness else said, reading.said):
        return False
    if len(reading.said) == 1:
        return place.is_for_likeness and not _inflected(reading, said)
    return place.is_for_likeness or (place.is_bare and not reading.is_prose and not _inflected(reading, said))


def _inflected(reading: Reading, said: Sequence[str]) -> bool:
    """Whether the words are those of the name in other forms: then they are most likely what was meant."""
    return len(said) == len(reading.said) and all(
        heard == name or _INFLECTION.sub("", heard) == _INFLECTION.sub("", name)
        for heard, name in zip(said, reading.said, strict=True)
    )
