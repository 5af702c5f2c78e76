"""What the user commands by voice: understood, asked about where it must be, done in the editor, and undone.

An utterance is a command or it is not, as a whole; what is none goes on to the conversation. Every edit is one step,
of one version, and is remembered with what undoes it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from duologue_server.commands import (
    Action,
    BadOwnCommands,
    Change,
    Command,
    OwnCommands,
    Place,
    Plan,
    Problem,
    Reading,
    Refusal,
    apply,
    inverse,
    is_harmless,
    own_commands_file,
    parse,
    plan,
    read_own_commands,
    wakes,
)
from duologue_server.commands.kinds import Meta
from duologue_server.context.documents import file_name
from duologue_server.context.positions import Position, Range, character_of, split_lines
from duologue_server.context.trees import parse as parse_now
from duologue_server.context.view import View
from duologue_server.session.ports import ClientPort
from duologue_server.session.workspace import Workspace
from duologue_server.suggest.findings import Fix, Span, TextEdit
from duologue_server.trace.clock import Clock
from duologue_server.trace.facts import Edit, Fact

ASKED_S = 20.0
"""A question about a command is open for so long."""
MOST_STEPS = 100
LOOK_EVERY_S, LOOK_FOR_S = 0.05, 2.0
"""For the editor's word of a change that it has made."""
SETTLED_CONFIDENCE = 0.9
PARSED_AT_ONCE_BYTES = 200_000
"""A text that has just been changed and is no larger is parsed while the user waits: some milliseconds."""
YES = frozenset({"yes", "yeah", "yep", "sure", "do it", "yes please", "okay", "ok", "go ahead", "yes do it"})
NO = frozenset({"no", "nope", "no thanks", "cancel", "cancel that", "never mind", "do not", "stop", "leave it"})
OTHER = frozenset({"the other one", "no the other one", "the next one", "no the next one", "another one", "other one"})


@dataclass(frozen=True, slots=True)
class _Done:
    """An edit that was made."""

    uri: str
    before: str
    after: str
    changes: tuple[Change, ...]
    """From before to after."""
    caption: str


class HandsFree:
    """Belongs to the session's thread. `say` speaks a sentence about what happens later than the answer."""

    def __init__(
        self,
        clock: Clock,
        workspace: Workspace,
        client: ClientPort,
        observe: Callable[[Fact], None],
        say: Callable[[str], None],
        sleep: Callable[[bool], None],
    ) -> None:
        """`sleep(True)`: the user wants to be heard no more, but for the phrase that ends it."""
        self._clock = clock
        self._workspace = workspace
        self._client = client
        self._observe = observe
        self._say = say
        self._sleep = sleep
        self._own = OwnCommands()
        self._own_stamp = 0
        self._asked: tuple[Plan, float] | None = None
        self._last: Reading | None = None
        self._others: tuple[Plan, ...] = ()
        self._done: deque[_Done] = deque(maxlen=MOST_STEPS)
        self._undone: deque[_Done] = deque(maxlen=MOST_STEPS)
        self._clipboard: str | None = None
        self.dozing = False
        """Asleep by voice: nothing is heard but "wake up"."""

    @property
    def is_waiting(self) -> bool:
        """Whether a question about a command waits for a yes or no."""
        return self._open_question() is not None

    def _read_own(self) -> None:
        """The user's own commands, as their file is now; a file that cannot be read is told of once."""
        path = own_commands_file()
        try:
            stamp = path.stat().st_mtime_ns
            if stamp == self._own_stamp:
                return
            self._own_stamp = stamp
            self._own = read_own_commands(path.read_text("utf-8"), str(path))
        except FileNotFoundError:
            self._own, self._own_stamp = OwnCommands(), 0
        except (OSError, UnicodeDecodeError) as error:
            self._client.tell("warning", f"your commands cannot be read: {path}: {error}")
        except BadOwnCommands as error:
            self._client.tell("warning", f"your commands are left as they were: {error}")

    def take(self, words: str) -> str | None:
        """Does what an utterance commands. None when it is no command; otherwise what to say, empty for nothing."""
        said = _plain(words)
        if self.dozing:
            if not wakes(words):
                return ""
            self.dozing = False
            self._sleep(False)
            return "I am listening."
        answered = self._answer(said)
        if answered is not None:
            return answered
        place = self._place()
        reading = parse(words, place) if place is not None else None
        if reading is None or place is None:
            return None
        return self._perform(reading, place)

    def is_settled(self, words: str) -> bool:
        """Whether these words are a command for sure, so that the turn need not wait for more. Nothing is done."""
        said = _plain(words)
        if self.dozing:
            return wakes(words)
        if self._open_question() is not None and said in YES | NO | OTHER:
            return True
        place = self._place()
        reading = parse(words, place) if place is not None else None
        return reading is not None and reading.confidence >= SETTLED_CONFIDENCE and is_harmless(reading.command)

    def _answer(self, said: str) -> str | None:
        """To a question that was asked; None when there is none, or this is no answer."""
        asked = self._open_question()
        if asked is None:
            if said in OTHER and self._others:
                return self._take_other()
            return None
        if said in YES:
            self._asked = None
            return self._carry_out(asked)
        if said in NO:
            self._asked = None
            self._client.preview("", (), "", "")
            return "All right."
        if said in OTHER:
            if not asked.others:
                self._asked = None
                return "There is no other."
            return self._carry_out(replace(asked.others[0], others=asked.others[1:]))
        self._asked = None  # they went on to something else
        return None

    def _take_other(self) -> str:
        """The last command went to the wrong place: it is undone, and done to the next."""
        other, rest = self._others[0], self._others[1:]
        if other.is_edit and self._done:
            why_not = self._back()
            if why_not:
                return why_not
            self._when_text_is(self._undone[-1].uri, self._undone[-1].before, partial(self._again, other, rest))
            return ""
        return self._carry_out(replace(other, others=rest))

    def _again(self, other: Plan, rest: tuple[Plan, ...]) -> None:
        document = self._workspace.documents.get(other.uri)
        if document is not None:
            said = self._carry_out(replace(other, version=document.version, others=rest))
            if said:
                self._say(said)

    def _perform(self, reading: Reading, place: Place) -> str | None:
        command = reading.command
        if isinstance(command, Meta):
            return self._meta(command, place)
        self._last = reading
        made = plan(reading, place)
        if isinstance(made, Refusal):
            return _sentence(made.text)
        if made.certainty == "ask":
            self._asked = (made, self._clock.now_s())
            self._client.preview(made.uri, made.highlights, made.caption, made.question)
            return made.question
        return self._carry_out(made)

    def _meta(self, command: Meta, place: Place) -> str | None:
        match command.what:
            case "undo" | "redo":
                step = self._back if command.what == "undo" else self._forward
                return step()  # one at a time: the editor must have made one before the next is known to fit
            case "repeat" if self._last is not None:
                return self._perform(self._last, place)
            case "sleep":
                self.dozing = True
                self._sleep(True)
                return "Say wake up when you need me."
            case "other" | "repeat":
                return None  # of what the partner said, then
            case _:
                return ""

    def _carry_out(self, made: Plan) -> str:
        """Has the editor do it; says only what goes wrong."""
        self._asked = None
        self._others = made.others
        if made.copied is not None:
            self._clipboard = made.copied
        self._client.preview(made.uri, made.highlights, made.caption, "")
        if not made.is_edit:
            self._finish(made)
            return ""
        view = self._workspace.view(made.uri)
        if view is None or view.version != made.version:
            return "The code has changed since; say it again."
        text = view.snapshot.text
        done = _Done(made.uri, text, apply(text, made.changes), made.changes, made.caption)
        edits = tuple(TextEdit(_span(edit.range), edit.text) for edit in made.edits)
        self._client.apply(made.uri, Fix(made.caption, edits, made.version), partial(self._applied, made, done))
        return ""

    def _applied(self, made: Plan, done: _Done, why_not: str) -> None:
        if why_not:
            self._say(_sentence(f"your editor did not do it: {why_not}"))
            return
        self._done.append(done)
        self._undone.clear()
        self._observe(Edit(self._clock.now_s(), made.uri, made.caption))
        self._when_text_is(made.uri, done.after, partial(self._finish, made))

    def _finish(self, made: Plan) -> None:
        """What comes after the edits."""
        if made.selection is not None:
            self._client.show(made.uri, made.selection)
            self._workspace.cursor(made.uri, *made.selection.end)
        for action in made.actions:
            self._act(action)
        if made.then:
            self._go_on(made.then)

    def _act(self, action: Action) -> None:
        def answered(why_not: str) -> None:
            if why_not:
                self._say(_sentence(why_not))

        self._client.perform(action.name, action.argument, answered)

    def _go_on(self, steps: Sequence[Command]) -> None:
        """The next step of a command of the user's own, where the last has left the text."""
        place = self._place()
        if place is None:
            return
        made = plan(steps[0], place)
        said = (
            _sentence(made.text) if isinstance(made, Refusal) else self._carry_out(replace(made, then=tuple(steps[1:])))
        )
        if said:
            self._say(said)

    def _back(self) -> str:
        """Undoes the last thing that the voice did, if nothing came after it. Says what is in the way."""
        if not self._done:
            return "There is nothing that I could undo."
        done = self._done[-1]
        why_not = self._swap(done.uri, done.after, inverse(done.before, done.changes), f"undo: {done.caption}")
        if not why_not:
            self._undone.append(self._done.pop())
        return why_not

    def _forward(self) -> str:
        if not self._undone:
            return "There is nothing to do again."
        done = self._undone[-1]
        why_not = self._swap(done.uri, done.before, done.changes, f"redo: {done.caption}")
        if not why_not:
            self._done.append(self._undone.pop())
        return why_not

    def _swap(self, uri: str, expected: str, changes: tuple[Change, ...], caption: str) -> str:
        """Applies changes to a text that must be as expected."""
        view = self._workspace.view(uri)
        if view is None:
            return "That file is not open any more."
        if view.snapshot.text != expected:
            return "The code has changed since; use your editor's undo."
        edits = tuple(_edit(view, change) for change in changes)
        self._client.preview(uri, (), caption, "")
        self._client.apply(uri, Fix(caption, edits, view.version), partial(self._swapped, uri, caption))
        return ""

    def _swapped(self, uri: str, caption: str, why_not: str) -> None:
        if why_not:
            self._say(_sentence(f"your editor did not do it: {why_not}"))
        else:
            self._observe(Edit(self._clock.now_s(), uri, caption))

    def _when_text_is(self, uri: str, text: str, then: Callable[[], None], left_s: float = LOOK_FOR_S) -> None:
        """Calls once the editor has told of the change."""
        view = self._workspace.view(uri)
        if view is None or view.snapshot.text == text or left_s <= 0:
            then()
        else:
            self._clock.call_later(LOOK_EVERY_S, partial(self._when_text_is, uri, text, then, left_s - LOOK_EVERY_S))

    def _open_question(self) -> Plan | None:
        if self._asked is not None and self._clock.now_s() - self._asked[1] > ASKED_S:
            self._asked = None
        return self._asked[0] if self._asked is not None else None

    def _place(self) -> Place | None:
        workspace = self._workspace
        self._read_own()
        view = workspace.view(workspace.cursor_uri)
        if view is None:
            return None
        selection = workspace.selection or Range(workspace.cursor_position, workspace.cursor_position)
        if view.syntax is None or view.syntax.revision != view.snapshot.revision:
            small = view.snapshot.byte_count <= PARSED_AT_ONCE_BYTES
            view = View(view.snapshot, parse_now(view.snapshot) if small else None)
        return Place(
            view,
            selection,
            cursor_at_start=selection.start == workspace.cursor_position != selection.end,
            buffers=tuple(file_name(one.uri) for one in workspace.documents if one.uri != view.uri),
            problems=tuple(Problem(found.line, found.text) for found in workspace.problems(view.uri)),
            clipboard=self._clipboard,
            own=self._own,
        )


def _plain(words: str) -> str:
    return " ".join("".join(sign for sign in words.lower() if sign.isalnum() or sign == " ").split())


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:].rstrip('.')}."


def _span(range_: Range) -> Span:
    return Span(*range_.start, *range_.end)


def _edit(view: View, change: Change) -> TextEdit:
    """A change in code points as the editor wants it."""
    text, encoding = view.snapshot.text, view.snapshot.encoding

    def position(offset: int) -> Position:
        rows = split_lines(text[:offset])
        return Position(len(rows) - 1, character_of(rows[-1], len(rows[-1]), encoding))

    return TextEdit(Span(*position(change.start), *position(change.end)), change.text)
