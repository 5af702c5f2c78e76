"""The commands: a closed set of things that can be asked for by voice."""

from dataclasses import dataclass
from typing import Literal

from duologue_server.commands.targets import Name, Side, Target
from duologue_server.commands.words import words_of

Direction = Literal["up", "down", "left", "right"]
Where = Literal["here", "above", "below", "before", "after", "over", "inside"]


@dataclass(frozen=True, slots=True)
class Go:
    """The cursor goes somewhere."""

    to: Target
    side: Side = "start"


@dataclass(frozen=True, slots=True)
class Step:
    """The cursor goes some characters, words or lines."""

    direction: Direction
    unit: Literal["character", "word", "line"]
    count: int = 1


@dataclass(frozen=True, slots=True)
class Select:
    """Something is selected; `grow` adds what is around the selection."""

    target: Target
    grow: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    target: Target


@dataclass(frozen=True, slots=True)
class Copy:
    target: Target
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Paste:
    where: Where = "here"
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    target: Target
    count: int = 1


@dataclass(frozen=True, slots=True)
class Move:
    """Among its neighbours, so many places up or down."""

    target: Target
    direction: Direction
    count: int = 1


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Somewhere else."""

    target: Target
    where: Where
    to: Target


@dataclass(frozen=True, slots=True)
class Swap:
    first: Target
    second: Target


@dataclass(frozen=True, slots=True)
class Wrap:
    """Lines go into a block of a template, or an expression into a call (`template` is `call`)."""

    target: Target
    template: str
    code: tuple[str, ...] = ()
    """The condition, the loop's head or the function's name, in words."""


@dataclass(frozen=True, slots=True)
class Surround:
    target: Target
    opening: str
    closing: str


@dataclass(frozen=True, slots=True)
class Rename:
    """`old` of None is the name at the cursor."""

    old: Name | None
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extract:
    target: Target
    name: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comment:
    target: Target
    on: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """`old` is a target, or words that stand in the text; `new` is code in words."""

    old: Target | tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddParameter:
    """To a function, or an argument to a call."""

    name: tuple[str, ...]
    type: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    to: Target | None = None
    is_argument: bool = False


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A new line, with code in it if there is any."""

    where: Where
    code: tuple[str, ...] = ()
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Indent:
    target: Target
    levels: int = 1
    """Negative for less."""


@dataclass(frozen=True, slots=True)
class Join:
    target: Target


@dataclass(frozen=True, slots=True)
class Write:
    """Code in words, written at the cursor."""

    code: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Type:
    """Text written at the cursor as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Template:
    """A piece of code with places to fill, such as a function."""

    name: str
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def field(self, name: str) -> tuple[str, ...]:
        """The words for a place; empty when none were said."""
        return dict(self.fields).get(name, ())


@dataclass(frozen=True, slots=True)
class Client:
    """Something that only the editor can do, such as `save`; the names stand in `actions.toml`."""

    action: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Meta:
    """About the commands themselves: what the session does."""

    what: Literal["undo", "redo", "repeat", "other", "sleep", "wake", "cancel", "help", "yes", "no"]
    count: int = 1


@dataclass(frozen=True, slots=True)
class Own:
    """A command of the user's own: others, one after the other."""

    phrase: str
    steps: "tuple[Command, ...]"
    not_understood: str = ""
    """A step that is no command here."""


Command = (
    Go | Step | Select | Delete | Copy | Paste | Duplicate | Move | MoveTo | Swap | Wrap | Surround | Rename | Extract
    | Comment | Change | AddParameter | OpenLine | Indent | Join | Write | Type | Template | Client | Meta | Own
)  # fmt: skip

EDITS = (
    Delete, Copy, Paste, Duplicate, Move, MoveTo, Swap, Wrap, Surround, Rename, Extract, Comment, Change, AddParameter,
    OpenLine, Indent, Join, Write, Type, Template,
)  # fmt: skip
"""What may change the text."""


def is_harmless(command: Command) -> bool:
    """Whether nothing is lost when it was not meant: it moves, selects, scrolls or shows."""
    if isinstance(command, Client):
        return command.action in HARMLESS_ACTIONS
    if isinstance(command, Own):
        return all(is_harmless(step) for step in command.steps)
    if isinstance(command, Copy):
        return not command.cut
    if isinstance(command, Meta):
        return command.what not in ("undo", "redo", "repeat", "other", "yes")
    return not isinstance(command, EDITS)


HARMLESS_ACTIONS = words_of(
    """
    back forward definition references hover nextProblem previousProblem scrollUp scrollDown pageUp pageDown center
    splitRight splitDown nextWindow previousWindow buffer nextBuffer previousBuffer openFile symbol fold unfold find
    nextMatch previousMatch save saveAll completions terminal sidebar problems format runTests runThisTest runTestFile
    showChanges
    """
)
