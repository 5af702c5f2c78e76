"""From recognised words to a command, or to nothing: conversation is not a command.

A command is a whole utterance. What stands before and after it in politeness is dropped, and who corrects themselves in
the middle ("line four, no, five") is taken at their last word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from duologue_server.commands.grammar import grammar
from duologue_server.commands.kinds import Client, Command, Meta, Own, Type, Write
from duologue_server.commands.own import OwnCommands, OwnStep
from duologue_server.commands.place import Place
from duologue_server.commands.words import MOST_WORDS, corrected, heard

LEAST_CONFIDENCE = 0.65
SURE = 0.85
"""Edits that were heard with less confidence are asked first."""
CORRECTION_COST = 0.08
MOST_ALTERNATIVES = 4
_SAYS_WRITE = frozenset({"write", "type", "dictate", "insert", "add", "put"})
_WAKE = (
    "wake up", "wake up duologue", "duologue wake up", "hey duologue wake up", "start listening",
    "dialogue wake up", "do a log wake up", "duo log wake up", "duolog wake up",
)  # fmt: skip
"""The last ones as recognisers write them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an utterance asks for."""

    command: Command
    confidence: float
    """1 for words that are exactly those of the grammar and of the place."""
    alternatives: tuple["Reading", ...] = ()
    """What else it may have meant, the likeliest first."""
    words: tuple[str, ...] = ()


def parse(words: str | Sequence[str], place: Place) -> Reading | None:
    """The command that an utterance is; None for conversation. Never raises, whatever the words are."""
    said = heard(words if isinstance(words, str) else " ".join(words))
    if not said or len(said) > MOST_WORDS:
        return None
    found = _readings(said, place)
    if not found:
        for meant in corrected(said):
            found = {command: cost + CORRECTION_COST for command, cost in _readings(meant, place).items()}
            if found:
                break
    ranked = sorted(found.items(), key=lambda item: item[1])
    readings = [Reading(command, round(1 - cost, 3), (), said) for command, cost in ranked]
    readings = [reading for reading in readings if reading.confidence >= LEAST_CONFIDENCE]
    if not readings:
        return None
    first, *others = readings[: MOST_ALTERNATIVES + 1]
    return Reading(first.command, first.confidence, tuple(others), said)


def likeliest(texts: Sequence[str], place: Place) -> tuple[str, Reading] | None:
    """The command that an utterance is, in one of the texts that it may be, and that text.

    The recogniser's first choice goes first, but what is sure in another text goes before what is unsure in that. Code
    that is dictated without a verb must be the first choice: "Is parser?" may have been "It's parser.".
    """
    unsure: tuple[str, Reading] | None = None
    for index, text in enumerate(texts):
        reading = parse(text, place)
        if index and reading is not None and isinstance(reading.command, Write):
            reading = reading if reading.words[0].lower() in _SAYS_WRITE else None
        if reading is not None and reading.confidence >= SURE:
            return text, reading
        if reading is not None and unsure is None:
            unsure = text, reading
    return unsure


def wakes(words: str | Sequence[str]) -> bool:
    """Whether an utterance is the phrase that ends sleep, and nothing else: the only thing that is looked for then."""
    text = words if isinstance(words, str) else " ".join(words)
    return " ".join(heard(text)).lower() in _WAKE


def _readings(said: tuple[str, ...], place: Place) -> Mapping[Command, float]:
    """Every command that the words are, with the least that it costs; equally cheap ones in the grammar's order."""
    if not said:
        return {}
    own = place.own.read(said)
    if own is not None:
        return {_own(own[0].phrase, own[1], replace(place, own=OwnCommands())): 0.0}
    everything = grammar()
    utterance = everything.utterance(said, place)
    found: dict[Command, float] = {}
    for phrase in everything.phrases:
        for command, cost in phrase.commands(utterance):
            if cost < found.get(command, 1.0):
                found[command] = cost
    return found


def _own(phrase: str, steps: Sequence[OwnStep], place: Place) -> Own:
    """A command of the user's own, its phrases read as they are understood at this place."""
    commands: list[Command] = []
    for step in steps:
        if step.say:
            reading = parse(step.say, place)
            if reading is None:
                return Own(phrase, (), step.say)
            commands.append(reading.command)
        else:
            commands.append(Type(step.write) if step.write else Client(step.client, step.argument))
    return Own(phrase, tuple(commands))


def is_meta(command: Command) -> bool:
    """Whether the session carries it out, and not a plan."""
    return isinstance(command, Meta)
