"""The fixtures of spoken commands for a real editor: which of them it is asked, and what must be seen in it then.

Left out is what an editor alone cannot bring about or show: see `left_out`.
"""

import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from duologue_server.bench.command_cases import CURSOR, NAMES, OPENING, Outcome, spoken, unmarked
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
from support.command_cases import Case, cases

BUFFERS = Case.buffers
"""The names of the other files that are open in every case."""
SEED = 7
PLAIN = "plaintext"
SETTLED_S = 3.0
"""For an editor on a busy machine to show what was said."""


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


@cache
def _outcome(case: Case) -> Outcome:
    """What the commands themselves make of a case."""
    return spoken(case)


def left_out(case: Case) -> str:
    """Why a case is nothing for an editor; empty when it is one."""
    if case.clipboard is not None:
        return "needs something copied before"
    if case.vocabulary or case.problems:
        return "needs names or problems from elsewhere"
    if case.buffers != BUFFERS:
        return "needs other open files"
    command = _outcome(case).command
    if isinstance(command, Meta):
        return "is about the commands themselves"
    if isinstance(command, Paste):
        return "needs to know what was copied before"
    if command is not None and understand(case.say).kind not in COMMANDS:
        return "is said to the partner first"
    return ""


def expected(case: Case) -> Expected:
    """Where a fixture says nothing of the cursor, it must be where the commands themselves put it."""
    got = _outcome(case)
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


class Editor(Protocol):
    """What must be able to be done with an editor that is spoken to."""

    plain: str
    """What it calls text that is in no language."""

    def put(self, case: Case, at: Seen) -> None:
        """Opens a new file of this text, with this selected; back when the server knows, and nothing is done yet."""

    def say(self, words: str) -> str:
        """The answer."""

    def seen(self) -> Seen | None:
        """What it shows of that file; None while it shows another."""

    def shows(self, wanted: Seen) -> bool:
        """Whether this is how it shows that."""

    def acted(self) -> list[tuple[str, str]]:
        """What it was asked for that no language server can do, since `put`."""

    def was_moved(self) -> bool:
        """Whether the server has put the cursor somewhere, since `put`."""

    def undo(self) -> None:
        """Once, as its user does."""


def difference(editor: Editor, case: Case, is_undone: bool = True) -> str:
    """Speaks a case; what came otherwise than it must, empty for nothing. Raises AssertionError where the editor or
    the server is stuck."""
    wanted = expected(case)
    editor.put(case, wanted.before)
    before = editor.seen()
    answer = editor.say(case.say)
    if wanted.is_command and answer != wanted.answer.replace(PLAIN, editor.plain):
        return f"the answer is {answer!r} and not {wanted.answer!r}"
    if wanted.is_asked:
        if editor.seen() != before:
            return "it was done before the yes"
        answer = editor.say("yes")
    is_edit = wanted.after.text != wanted.before.text

    def is_done() -> bool:
        is_over = editor.was_moved() or not is_edit
        return is_over and editor.acted() == list(wanted.actions) and editor.shows(wanted.after)

    if not _soon(is_done):
        came = f"{editor.seen()} with {editor.acted()}, moved: {editor.was_moved()}"
        return f"came {came}; not {wanted.after} with {list(wanted.actions)}; said {answer!r}"
    if not (is_edit and is_undone) or before is None:
        return ""
    editor.undo()

    def is_back() -> bool:
        after = editor.seen()
        return after is not None and after.text == before.text

    return "" if _soon(is_back) else f"one undo left {editor.seen()} and not {before}"


def _soon(probe: Callable[[], bool]) -> bool:
    deadline_s = time.monotonic() + SETTLED_S
    while not probe():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.005)
    return True


def run(
    editor: Editor,
    chosen: Sequence[Case],
    is_undone: Callable[[int], bool] = lambda number: True,
) -> list[str]:
    """All of what came otherwise than it must."""
    wrong = []
    for number, case in enumerate(chosen):
        try:
            found = difference(editor, case, is_undone(number))
        except AssertionError as error:
            found = str(error)[:1000]
        if found:
            wrong.append(f"{case.id}: “{case.say}”: {found}")
    return wrong


def asked_for(usual: int) -> int:
    """How many cases to run: as usual, or as many as DUOLOGUE_FIXTURES says."""
    return int(os.environ.get("DUOLOGUE_FIXTURES", usual))


def sample(count: int, reason: Callable[[Case], str] = left_out) -> list[Case]:
    """So many of those that `reason` does not leave out, as evenly over languages and families as can be; always the
    same ones."""
    piles: defaultdict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases():
        if not reason(case):
            piles[case.language, expected(case).family].append(case)
    chance = random.Random(SEED)
    for pile in piles.values():
        chance.shuffle(pile)
    chosen: list[Case] = []
    while len(chosen) < count and any(piles.values()):
        chosen += [pile.pop() for pile in piles.values() if pile]
    return chosen[:count]


def report(editor: str, chosen: Sequence[Case], took_s: float, reason: Callable[[Case], str] = left_out) -> str:
    """What was run, what was not, and why."""
    every = cases()
    reasons = Counter(why for case in every if (why := reason(case)))
    of = [Counter(case.language for case in chosen), Counter(expected(case).family for case in chosen), reasons]
    languages, families, told = (", ".join(f"{what} {count}" for what, count in one.most_common()) for one in of)
    others = len(every) - reasons.total() - len(chosen)
    return (
        f"\n{len(chosen)} of {len(every)} fixtures in {editor} in {took_s:.0f} s: {languages}; {families}\n"
        f"left out: {others} that are not in the sample; {told}"
    )


def file_of(case: Case) -> str:
    return NAMES.get(case.language, "store.txt")
