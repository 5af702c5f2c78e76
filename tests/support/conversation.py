"""Ordinary talk, held against the commands: what of it would have been taken for one."""

from collections.abc import Iterator
from pathlib import Path

from duologue_server.bench.command_accidents import Accident, accident, place, talk

__all__ = ["accidents", "pieces", "sentences"]

FIXTURES = Path(__file__).parent.parent / "data" / "commands"


def sentences() -> list[str]:
    """Ours and those of the bench for identifiers; nobody commands in any of them."""
    return talk(FIXTURES)


def pieces(sentence: str) -> Iterator[str]:
    """The beginnings and the ends of a sentence, as somebody who pauses in it may be heard."""
    words = sentence.split()
    for cut in range(1, len(words)):
        yield " ".join(words[:cut])
        yield " ".join(words[cut:])


def accidents(said: list[str]) -> list[Accident]:
    """All that was taken for a command."""
    here = place()
    return [found for text in said if (found := accident(here, text)) is not None]
