"""The little language in which the grammar writes down what may be said, and how utterances are held against it.

    [the] {ordinal} (argument|parameter) [of {target}]

`[…]` may be left out, `(…|…)` is a choice, `{…}` is a slot: a set of words that stand for one another, or something
read by a rule of Python, such as a number. Every way of reading an utterance comes out, with what it costs.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

TOKENS = re.compile(r"\s*(?:([\[\]()|])|\{(\w+)(?::(\w+))?\}|([^\s\[\]()|{}]+))")


class Read(NamedTuple):
    """One way to read the words up to `end`."""

    end: int
    values: Mapping[str, Any]
    cost: float
    """0 for what was heard exactly; 1 is more than a whole utterance may cost."""


class Slot(NamedTuple):
    """One way to fill a slot with the words up to `end`."""

    end: int
    value: Any
    cost: float = 0.0


@dataclass
class Utterance:
    """The words that are read. `low` is what they are compared by, `words` what they were heard as."""

    words: tuple[str, ...]
    slots: Mapping[str, Callable[["Utterance", int], Iterator[Slot]]]
    misheard: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """Of words of the grammar: what a recogniser makes of them."""
    place: Any = None
    """What the rules for slots may look at."""

    def __post_init__(self) -> None:
        self.low = tuple(word.lower() for word in self.words)
        self._filled: dict[tuple[str, int], tuple[Slot, ...]] = {}

    @property
    def misheard_cost(self) -> float:
        """What taking a word for another one costs: the more words agree, the surer it is."""
        return next(cost for words, cost in MISHEARD_COSTS if len(self.words) >= words)

    def fill(self, slot: str, start: int) -> tuple[Slot, ...]:
        """Every way to fill a slot from a word on, found once."""
        key = (slot, start)
        if key not in self._filled:
            self._filled[key] = ()  # a rule that begins with itself ends here
            self._filled[key] = tuple(self.slots[slot](self, start))
        return self._filled[key]


Pattern = Callable[[Utterance, int], Iterator[Read]]

MISHEARD_COSTS = ((4, 0.12), (2, 0.25), (0, 1.0))
"""(words of the utterance, cost of a word that was misheard): of one word nothing is guessed, of two or three an edit
is asked about."""


class BadPhrase(ValueError):
    """A phrase that breaks the rules above; says which and why."""


def compile_phrase(phrase: str, sets: Mapping[str, Pattern], slots: frozenset[str]) -> Pattern:
    """A phrase as a function. `sets` are alternatives with names, `slots` the names of the rules. Raises BadPhrase."""
    tokens = []
    at = 0
    while at < len(phrase.rstrip()):
        found = TOKENS.match(phrase, at)
        if found is None:
            raise BadPhrase(f"“{phrase}”: a brace is not closed")
        tokens.append(found)
        at = found.end()
    reader = _Reader(phrase, tokens, sets, slots)
    pattern = reader.choice("")
    if reader.at < len(tokens):
        raise BadPhrase(f"“{phrase}”: “{tokens[reader.at].group(1)}” closes nothing")
    return pattern


class _Reader:
    def __init__(
        self, phrase: str, tokens: list[re.Match[str]], sets: Mapping[str, Pattern], slots: frozenset[str]
    ) -> None:
        self.phrase = phrase
        self.tokens = tokens
        self.sets = sets
        self.slots = slots
        self.at = 0

    def choice(self, closing: str) -> Pattern:
        """Alternatives up to the closing sign, which stays unread."""
        ways = [self._sequence(closing)]
        while self.at < len(self.tokens) and self.tokens[self.at].group(1) == "|":
            self.at += 1
            ways.append(self._sequence(closing))
        return ways[0] if len(ways) == 1 else either(ways)

    def _sequence(self, closing: str) -> Pattern:
        parts: list[Pattern] = []
        while self.at < len(self.tokens):
            sign, slot, name, word = self.tokens[self.at].groups()
            if sign in ("|", "]", ")"):
                if sign != "|" and sign != closing:
                    raise BadPhrase(f"“{self.phrase}”: “{sign}” closes nothing")
                break
            self.at += 1
            if sign:
                parts.append(self._group(sign))
            elif slot:
                parts.append(self._slot(slot, name or slot))
            else:
                parts.append(_word(word.lower()))
        if not parts:
            raise BadPhrase(f"“{self.phrase}”: an alternative is empty; put what may be left out in [ ]")
        return parts[0] if len(parts) == 1 else _all(parts)

    def _group(self, sign: str) -> Pattern:
        closing = "]" if sign == "[" else ")"
        inner = self.choice(closing)
        if self.at >= len(self.tokens):
            raise BadPhrase(f"“{self.phrase}”: “{sign}” is not closed")
        self.at += 1
        return _maybe(inner) if sign == "[" else inner

    def _slot(self, slot: str, name: str) -> Pattern:
        if slot in self.sets:
            return self.sets[slot]
        if slot not in self.slots:
            known = ", ".join(sorted({*self.sets, *self.slots}))
            raise BadPhrase(f"“{self.phrase}”: there is no slot “{slot}”; there are {known}")
        return _filled(slot, name)


def either(ways: list[Pattern]) -> Pattern:
    """Any of several patterns."""

    def read(said: Utterance, start: int) -> Iterator[Read]:
        for way in ways:
            yield from way(said, start)

    return read


def _word(word: str) -> Pattern:
    def read(said: Utterance, start: int) -> Iterator[Read]:
        if start < len(said.low):
            if said.low[start] == word or (word == "one" and said.low[start] == "1"):
                yield Read(start + 1, {}, 0.0)
                return
            for heard in said.misheard.get(word, ()):
                if said.low[start : start + len(heard)] == heard:
                    yield Read(start + len(heard), {}, said.misheard_cost)

    return read


def _filled(slot: str, name: str) -> Pattern:
    def read(said: Utterance, start: int) -> Iterator[Read]:
        for end, value, cost in said.fill(slot, start):
            yield Read(end, {name: value}, cost)

    return read


def _maybe(inner: Pattern) -> Pattern:
    def read(said: Utterance, start: int) -> Iterator[Read]:
        yield from inner(said, start)
        yield Read(start, {}, 0.0)

    return read


def _all(parts: list[Pattern]) -> Pattern:
    def read(said: Utterance, start: int, part: int = 0) -> Iterator[Read]:
        if part == len(parts):
            yield Read(start, {}, 0.0)
            return
        for end, values, cost in parts[part](said, start):
            for last, more, further in read(said, end, part + 1):
                yield Read(last, {**values, **more} if more else values, cost + further)

    return read
