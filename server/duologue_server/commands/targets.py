"""What a command is about, as it was said: nothing here knows a text."""

from dataclasses import dataclass
from typing import Literal

Which = Literal["this", "next", "previous", "last", "ordinal", "every"]
Side = Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Name:
    """Words that may name something in the code."""

    said: tuple[str, ...]
    found: str | None = None
    """As the code writes it; None for a name that is not known here."""
    likeness: float = 1.0
    """Of the sounds and letters, 1 for the same."""

    @property
    def text(self) -> str:
        return self.found or " ".join(self.said)


@dataclass(frozen=True, slots=True)
class Here:
    """What is selected, or else what stands at the cursor."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines by their numbers, from 1."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class LinesHere:
    """Lines counted from the cursor: `from_line` is 0 for its own line, 1 for the next, -2 for the last but one."""

    from_line: int
    count: int


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the code by its kind, such as `argument`; the kinds stand in `grammar.toml`."""

    kind: str
    which: Which = "this"
    number: int = 1
    """Which one, for `ordinal`; otherwise how many."""
    of: "Target | None" = None
    inside: bool = False
    """Only what is between its brackets, quotes or first and last line."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a name: `function load`, or just `load`."""

    name: Name
    kind: str = ""
    assigned: bool = False
    """Where it is given a value."""
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """One end of something."""

    of: "Target"
    side: Side


@dataclass(frozen=True, slots=True)
class Span:
    """From one thing up to and including another; None for the cursor."""

    start: "Target | None"
    end: "Target | None"


@dataclass(frozen=True, slots=True)
class Everything:
    """The whole document."""


Target = Here | Lines | LinesHere | Part | Named | Edge | Span | Everything


_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def describe(target: Target) -> str:
    """The target in a few words, for captions and questions."""
    match target:
        case Here():
            return "this"
        case Lines(first, last):
            return f"line {first}" if first == last else f"lines {first} to {last}"
        case LinesHere(from_line, count):
            return _lines_here(from_line, count)
        case Part():
            return _part(target)
        case Named(name, kind, assigned):
            return (
                f"where {name.text} is assigned" if assigned else " ".join(part for part in (kind, name.text) if part)
            )
        case Edge(of, side):
            return f"the {side} of {describe(of)}"
        case Span(start, end):
            return f"{describe(start) if start else 'here'} to {describe(end) if end else 'here'}"
        case Everything():
            return "everything"


def _lines_here(from_line: int, count: int) -> str:
    if from_line == 0:
        return "this line" if count == 1 else f"{count} lines"
    side = "next" if from_line > 0 else "previous"
    return f"the {side} line" if count == 1 else f"the {side} {count} lines"


def _part(part: Part) -> str:
    kind = part.kind + ("s" if part.which == "every" or (part.number > 1 and part.which != "ordinal") else "")
    if part.which == "ordinal":
        words = f"the {_ORDINALS[part.number] if part.number < len(_ORDINALS) else f'{part.number}th'} {kind}"
    elif part.which == "this":
        words = f"the {kind}"
    elif part.which == "every":
        words = f"all {kind}"
    else:
        words = f"the {part.which} " + (f"{part.number} " if part.number > 1 else "") + kind
    if part.inside:
        words = f"the inside of {words}"
    return f"{words} of {describe(part.of)}" if part.of else words
