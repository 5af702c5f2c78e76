"""What a command would do: edits of one version of a text, where the cursor goes, and what is asked before.

A plan changes nothing. Its edits belong to one version and are applied together, so that they are one step to undo.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from duologue_server.commands.kinds import Command
from duologue_server.commands.place import Place
from duologue_server.context.positions import Position, Range, character_of, split_lines

Certainty = Literal["run", "ask"]


class Change(NamedTuple):
    """New text in place of the code points from `start` up to, not including, `end`."""

    start: int
    end: int
    text: str


class Edit(NamedTuple):
    """The same in the editor's units."""

    range: Range
    text: str


class Action(NamedTuple):
    """Something that the editor does, by its name in the grammar."""

    name: str
    argument: str = ""


@dataclass(frozen=True)
class Plan:
    """What would be done. Apply `edits` to `version` all at once, or not at all; then set `selection`."""

    caption: str
    """What happens, in a few words: "delete the second argument"."""
    edits: tuple[Edit, ...] = ()
    """In the order of the text; they neither overlap nor touch the same place."""
    changes: tuple[Change, ...] = ()
    """The same in code points."""
    uri: str = ""
    version: int | None = None
    revision: int = 0
    selection: Range | None = None
    """In the text after the edits; its end is the cursor. None leaves it to the editor."""
    highlights: tuple[Range, ...] = ()
    """In the text before, for the preview."""
    actions: tuple[Action, ...] = ()
    """After the edits, in this order."""
    copied: str | None = None
    """What belongs on the clipboard."""
    certainty: Certainty = "run"
    question: str = ""
    """To be asked in one sentence; empty when nothing is to be asked."""
    others: "tuple[Plan, ...]" = ()
    """What "the other one" takes, in this order."""
    then: tuple[Command, ...] = ()
    """What a command of the user's own goes on with: to be planned where this plan leaves the text."""

    @property
    def is_edit(self) -> bool:
        return bool(self.edits)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing can be done; `text` says why in one sentence that can be spoken."""

    text: str


class Overlap(ValueError):
    """Two changes of one plan touch the same text."""


def ordered(changes: Iterable[Change], length: int) -> tuple[Change, ...]:
    """The changes in the order of the text, without those that change nothing. Raises Overlap."""
    found = sorted(change for change in set(changes) if change.start != change.end or change.text)
    for change in found:
        if not 0 <= change.start <= change.end <= length:
            raise Overlap(f"the change {change.start}–{change.end} lies outside of a text of {length}")
    for one, other in pairwise(found):
        if other.start < one.end or one.start == other.start:
            raise Overlap(f"the changes {one.start}–{one.end} and {other.start}–{other.end} overlap")
    return tuple(found)


def apply(text: str, changes: Sequence[Change]) -> str:
    """The text with ordered changes made."""
    pieces, at = [], 0
    for start, end, new in changes:
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])


def inverse(text: str, changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes that bring `text` back after ordered changes were made to it."""
    shift, back = 0, []
    for start, end, new in changes:
        back.append(Change(start + shift, start + shift + len(new), text[start:end]))
        shift += len(new) - (end - start)
    return tuple(back)


def moved(offset: int, changes: Sequence[Change]) -> int:
    """Where an offset is after ordered changes; one inside of a change stays as far from its start as the new text is
    long."""
    shift = 0
    for start, end, new in changes:
        if end <= offset:
            shift += len(new) - (end - start)
        elif start < offset:
            return start + shift + min(offset - start, len(new))
    return offset + shift


def edits_of(changes: Sequence[Change], place: Place) -> tuple[Edit, ...]:
    """Changes as the editor wants them."""
    return tuple(Edit(place.range(start, end), text) for start, end, text in changes)


def selection_after(place: Place, changes: Sequence[Change], start: int, end: int) -> Range:
    """Offsets into the text after the changes as a range of the editor."""
    if not changes:
        return place.range(start, end)
    lines = split_lines(apply(place.text, changes))
    encoding = place.view.snapshot.encoding

    def position(offset: int) -> Position:
        for number, line in enumerate(lines):
            if offset < len(line) or number == len(lines) - 1:
                return Position(number, character_of(line, offset, encoding))
            offset -= len(line)
        raise AssertionError("a text has a last line")

    return Range(position(start), position(end))
