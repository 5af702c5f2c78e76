"""The fixtures of spoken commands for a real editor: which of them it is asked, and what must be seen in it then.

Left out is what an editor alone cannot bring about or show: see `left_out`.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from duologue_server.bench.command_cases import CURSOR, NAMES, OPENING, spoken, unmarked
from duologue_server.commands.kinds import (
    EDITS,
    Client,
    Command,
    Go,
    Meta,
    Own,
    Paste,
    Select,
    Step,
    Template,
    Type,
    Write,
)
from duologue_server.session.conversation import COMMANDS
from duologue_server.suggest.answers import understand
from duologue_server.suggest.wording import as_sentence
from support.command_cases import Case

BUFFERS = Case.buffers
"""The names of the other files that are open in every case."""
SEED = 7


@dataclass(frozen=True)
class Seen:
    """A text and what is selected in it, by offsets in code points; nothing is where `start` is `end`."""

    text: str
    start: int
    end: int

    @classmethod
    def of(cls, marked: str) -> "Seen":
        return cls(*unmarked(marked))

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def place(self, offset: int) -> tuple[int, int]:
        """The line of an offset and the column in it, both zero-based, in code points."""
        before = self.text[:offset]
        return before.count("\n"), offset - (before.rfind("\n") + 1)

    def utf16(self, offset: int) -> dict[str, int]:
        """An offset as LSP counts."""
        line, column = self.place(offset)
        return {"line": line, "character": len(self.lines[line][:column].encode("utf-16-le")) // 2}


@dataclass(frozen=True)
class Expected:
    """What must come of a case."""

    family: str
    before: Seen
    after: Seen
    answer: str
    """What is said to it; empty for nothing."""
    is_command: bool
    is_asked: bool
    """Whether it is done only after a yes."""
    actions: tuple[tuple[str, str], ...]


def left_out(case: Case) -> str:
    """Why a case is nothing for an editor; empty when it is one."""
    if case.clipboard is not None:
        return "needs something copied before"
    if case.vocabulary or case.problems:
        return "needs names or problems from elsewhere"
    if case.buffers != BUFFERS:
        return "needs other open files"
    command = spoken(case).command
    if isinstance(command, Meta):
        return "is about the commands themselves"
    if isinstance(command, Paste):
        return "needs to know what was copied before"
    if command is not None and understand(case.say).kind not in COMMANDS:
        return "is said to the partner first"
    return ""


def expected(case: Case) -> Expected:
    """Where a fixture says nothing of the cursor, it must be where the commands themselves put it."""
    got = spoken(case)
    has_marks = case.after is not None and (CURSOR in case.after or OPENING in case.after)
    after = case.after if case.after is not None and has_marks else got.after
    answer = as_sentence(case.refusal) if case.refusal else case.question or got.question
    return Expected(
        family(got.command),
        Seen.of(case.before),
        Seen.of(after),
        answer,
        got.is_command,
        bool(case.question or got.question),
        case.actions if case.actions is not None else got.actions,
    )


def family(command: Command | None) -> str:
    """Of commands that are alike to an editor."""
    if command is None:
        return "conversation"
    kinds = (
        ("navigate", (Go, Step)),
        ("select", (Select,)),
        ("write", (Write, Type, Template)),
        ("edit", EDITS),
        ("client", (Client,)),
        ("own", (Own,)),
    )
    return next(name for name, classes in kinds if isinstance(command, classes))


def sample(cases: Iterable[Case], count: int, of: Callable[[Case], object]) -> list[Case]:
    """So many cases, as evenly over the kinds that `of` tells as can be; always the same ones."""
    piles: defaultdict[object, list[Case]] = defaultdict(list)
    for case in cases:
        piles[of(case)].append(case)
    chance = random.Random(SEED)
    for pile in piles.values():
        chance.shuffle(pile)
    chosen: list[Case] = []
    while len(chosen) < count and any(piles.values()):
        chosen += [pile.pop() for pile in piles.values() if pile]
    return chosen[:count]


def report(editor: str, run: Sequence[Case], every: Sequence[Case], took_s: float) -> str:
    """What was run, what was not, and why."""
    reasons = Counter(reason for case in every if (reason := left_out(case)))
    languages = Counter(case.language for case in run)
    told = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    spread = ", ".join(f"{name} {count}" for name, count in languages.most_common())
    chance = len(every) - sum(reasons.values()) - len(run)
    return (
        f"\n{len(run)} of {len(every)} fixtures in {editor} in {took_s:.0f} s ({spread}); "
        f"left out: {told}; not in the sample: {chance}"
    )


def file_of(case: Case) -> str:
    return NAMES.get(case.language, "store.txt")
