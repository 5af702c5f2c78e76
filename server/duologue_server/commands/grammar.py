"""The grammar as it stands in `grammar.toml`, compiled once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from duologue_server.commands.build import BUILDERS
from duologue_server.commands.build_targets import TARGETS
from duologue_server.commands.kinds import Command
from duologue_server.commands.language import table
from duologue_server.commands.phrases import Pattern, Slot, Utterance, compile_phrase
from duologue_server.commands.slots import Reader, readers

FAMILIES = ("navigate", "select", "edit", "write", "run", "window", "meta")
_RULES = ("target", "owner", "point", "destination")


@dataclass(frozen=True)
class Phrase:
    """One row of the grammar: ways to say it, and what they mean."""

    family: str
    build: str
    say: tuple[str, ...]
    does: str
    example: str
    given: Mapping[str, Any] = field(default_factory=dict)
    patterns: tuple[Pattern, ...] = ()

    def commands(self, said: Utterance) -> Iterator[tuple[Command, float]]:
        """(command, cost) of every way in which the whole utterance says this."""
        for pattern in self.patterns:
            for end, values, cost in pattern(said, 0):
                if end == len(said.words):
                    command = BUILDERS[self.build](values, self.given)
                    if command is not None:
                        yield command, cost


@dataclass(frozen=True)
class Grammar:
    phrases: tuple[Phrase, ...]
    slots: Mapping[str, Reader]
    sets: Mapping[str, Pattern]
    misheard: Mapping[str, tuple[tuple[str, ...], ...]]

    def utterance(self, words: tuple[str, ...], place: Any) -> Utterance:
        return Utterance(words, self.slots, self.misheard, place)


@cache
def grammar() -> Grammar:
    """The product's own grammar."""
    data = table("grammar.toml")
    slots: dict[str, Reader] = dict(readers())
    names = frozenset({*slots, *_RULES})
    sets = {name: compile_phrase(f"({ways})", {}, names) for name, ways in data["sets"].items()}
    for rule in _RULES:
        slots[rule] = _rule(
            [(name, compile_phrase(say, sets, names)) for name, says in data[rule].items() for say in says]
        )
    phrases = tuple(
        Phrase(
            row["family"],
            row["build"],
            tuple(row["say"]),
            row["does"],
            row["example"],
            row.get("with", {}),
            tuple(compile_phrase(say, sets, names) for say in row["say"]),
        )
        for row in data["phrase"]
    )
    misheard = {
        word: tuple(tuple(one.split()) for one in heard.split(", ")) for word, heard in data["misheard"].items()
    }
    return Grammar(phrases, slots, sets, misheard)


def _rule(ways: list[tuple[str, Pattern]]) -> Reader:
    """A slot that is filled by the phrases of one of the grammar's tables; the cheapest of equal ones counts."""

    def read(said: Utterance, start: int) -> Iterator[Slot]:
        found: dict[tuple[int, Any], float] = {}
        for name, pattern in ways:
            for end, values, cost in pattern(said, start):
                target = TARGETS[name](values)
                if target is not None and cost < found.get((end, target), 1.0):
                    found[end, target] = cost
        for (end, target), cost in found.items():
            yield Slot(end, target, cost)

    return read
