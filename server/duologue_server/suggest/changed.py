"""What the detectors of events see of the open documents: each beside what it was some minutes ago."""

from collections.abc import Sequence
from typing import Protocol

from duologue_server.suggest.findings import Source


class Symbol(Protocol):
    """A function, a class or the like; lines are zero-based, the last one included."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def end_line(self) -> int: ...


class Touched(Symbol, Protocol):
    """A definition in which something was changed."""

    @property
    def owner(self) -> str:
        """The class or the like around it; empty when there is none."""

    @property
    def how(self) -> str:
        """changed, added, renamed or removed."""

    @property
    def before(self) -> str:
        """Its name before it was renamed."""


class Renamed(Protocol):
    """A name that became another one where it is defined; `line`..`end_line` is where it is known."""

    @property
    def old(self) -> str: ...
    @property
    def new(self) -> str: ...
    @property
    def kind(self) -> str:
        """function, method, class and the like; parameter or variable."""

    @property
    def line(self) -> int: ...
    @property
    def end_line(self) -> int: ...


class Changed(Protocol):
    """One version of a document and what it was; `context.compared.Compared` says more of each."""

    @property
    def uri(self) -> str: ...
    @property
    def view(self) -> Source: ...
    @property
    def touched(self) -> Sequence[Touched]: ...
    @property
    def renamed(self) -> Sequence[Renamed]: ...
    @property
    def changed_lines(self) -> Sequence[tuple[int, int]]:
        """Ends are not included."""

    def uses(self, name: str, line: int = 0, end_line: int | None = None) -> Sequence[tuple[int, int]]:
        """(line, index) of every place."""

    def binds(self, name: str, line: int = 0, end_line: int | None = None) -> bool: ...
    def definition(self, name: str) -> Symbol | None: ...
    def scopes(self, line: int) -> Sequence[Symbol]: ...
    def comment_at(self, line: int, index: int) -> bool: ...
    def complete_at(self, line: int) -> bool:
        """True also where it cannot be told."""

    def before(self, name: str, kind: str) -> str: ...
    def had_line(self, text: str) -> bool: ...


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def in_words(number: int) -> str:
    """Small numbers as they are spoken."""
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)
