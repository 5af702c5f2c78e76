"""Ordinary talk, held against the commands: what of it would have been taken for one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from duologue_server.bench.ordinary import ORDINARY
from duologue_server.commands import Place, Reading, Refusal, is_harmless, parse, plan
from duologue_server.context.positions import Position, Range
from support.source import source_of

COMMANDS = ("Undo that, please.", "Run the tests again.")
"""Of the bench's sentences: these are meant."""
FILE = Path(__file__).parent.parent / "data" / "commands" / "conversation.txt"
SOURCE = """import os

class Parser:
    def load(self, path, mode, user):
        total = 0
        items = os.listdir(path)
        for item in items:
            if item.price > total and user.is_admin:
                total += item.price
        return total

def test_load(name, value, text, cache, window, server, list):
    assert load("name", 1)
"""


def sentences() -> list[str]:
    """Ours and those of the bench for identifiers; nobody commands in any of them."""
    own = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [*own, *(line for line in ORDINARY if line not in COMMANDS)]


def place() -> Place:
    """In the middle of a function, in a file whose names are ordinary words."""
    return Place(source_of(SOURCE), Range(Position(8, 16), Position(8, 16)), buffers=("utils.py", "cache.py"))


def pieces(sentence: str) -> Iterator[str]:
    """The beginnings and the ends of a sentence, as somebody who pauses in it may be heard."""
    words = sentence.split()
    for cut in range(1, len(words)):
        yield " ".join(words[:cut])
        yield " ".join(words[cut:])


@dataclass(frozen=True)
class Accident:
    """Talk that was taken for a command."""

    said: str
    reading: Reading
    kind: str
    """harmless, refused, asked (a change, asked before) or done (a change, or a run of something, at once)."""


def accidents(said: list[str]) -> list[Accident]:
    """All that was taken for a command."""
    here = place()
    found = []
    for text in said:
        reading = parse(text, here)
        if reading is None:
            continue
        made = plan(reading, here)
        kind = "done"
        if isinstance(made, Refusal):
            kind = "refused"
        elif is_harmless(reading.command):
            kind = "harmless"
        elif made.certainty == "ask":
            kind = "asked"
        found.append(Accident(text, reading, kind))
    return found
