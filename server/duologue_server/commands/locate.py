"""Words that were said, found again in the text near the cursor."""

import re
from collections.abc import Iterator, Sequence

from duologue_server.commands.names import letters_of, parts_of
from duologue_server.commands.place import Place
from duologue_server.commands.words import numbers

MOST_LINES = 60
"""Above and below the cursor, that are searched."""
_TOKEN = re.compile(r"\w+")


def said_here(words: Sequence[str], place: Place) -> list[tuple[int, int]]:
    """Where words stand, the nearest first: in the selection or the cursor's line, then line by line further away."""
    wanted = {letters_of(words), _digits(words)} - {""}
    if not wanted:
        return []
    if place.has_selection:
        inside = list(_in(place.text, *place.selected, wanted))
        if inside:
            return inside
    here = place.line_of(place.cursor)
    found: list[tuple[int, int]] = []
    for distance in range(MOST_LINES + 1):
        for line in dict.fromkeys((here + distance, here - distance)):
            if 0 <= line < place.line_count:
                start, end = place.line_start(line), place.line_end(line)
                some = sorted(_in(place.text, start, end, wanted), key=lambda span: _away(span, place.cursor))
                found += some
    return found


def _digits(words: Sequence[str]) -> str:
    found = next(numbers(words, 0), None)
    return str(found[1]) if found and found[0] == len(words) else ""


def _away(span: tuple[int, int], cursor: int) -> int:
    return 0 if span[0] <= cursor <= span[1] else min(abs(span[0] - cursor), abs(span[1] - cursor))


def _in(text: str, start: int, end: int, wanted: set[str]) -> Iterator[tuple[int, int]]:
    """Runs of tokens whose letters are those of the words; within a token, whole parts of its name."""
    tokens = list(_TOKEN.finditer(text, start, end))
    longest = max(map(len, wanted))
    for index, first in enumerate(tokens):
        letters = ""
        for last in tokens[index : index + 8]:
            letters += letters_of(parts_of(last.group()))
            if letters in wanted:
                yield first.start(), last.end()
                break
            if len(letters) > longest:
                break
