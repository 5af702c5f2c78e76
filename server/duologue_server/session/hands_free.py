"""What the user commands by voice: understood, asked about where it must be, done in the editor, and undone.

An utterance is a command or it is not, as a whole; what is none goes on to the conversation. Every edit is one step,
of one version, and is remembered with what undoes it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal, NamedTuple

from duologue_server.commands import (
    Action,
    BadOwnCommands,
    Command,
    History,
    OwnCommands,
    Place,
    Plan,
    Problem,
    Reading,
    Refusal,
    apply,
    is_harmless,
    likeliest,
    own_commands_file,
    parse,
    plan,
    read_own_commands,
    wakes,
    what_can_i_say,
)
from duologue_server.commands.kinds import Meta
from duologue_server.commands.words import numbers
from duologue_server.context.documents import file_name
from duologue_server.context.positions import Position, Range
from duologue_server.context.trees import parse as parse_now
from duologue_server.context.view import View
from duologue_server.session.ports import ClientPort
from duologue_server.session.workspace import Workspace
from duologue_server.suggest.findings import Fix, Span, TextEdit
from duologue_server.suggest.wording import as_sentence
from duologue_server.trace.clock import Clock
from duologue_server.trace.facts import Edit, Fact

ASKED_S = 20.0
"""A question about a command is open for so long."""
LOOK_EVERY_S, LOOK_FOR_S = 0.05, 2.0
"""For the editor's word of a change that it has made."""
SETTLED_CONFIDENCE = 0.9
EDIT_SETTLES_S = 0.3
"""Of silence, the time that recognition takes included: whoever goes on without a breath has done so by then."""
LONGER_SETTLES_S = 0.65
"""For words that are a command, and the beginning of a longer one: "scroll", and "scroll down"."""
CONTINUATIONS = ("two", "down", "this", "one", "function", "to two", "with this", "message this", "file", "all")
PARSED_AT_ONCE_BYTES = 200_000
"""A text that has just been changed and is no larger is parsed while the user waits: some milliseconds."""
YES = frozenset({"yes", "yeah", "yep", "sure", "do it", "yes please", "okay", "ok", "go ahead", "yes do it"})
NO = frozenset({"no", "nope", "no thanks", "cancel", "cancel that", "never mind", "do not", "stop", "leave it"})
OTHER = frozenset({"the other one", "no the other one", "the next one", "no the next one", "another one", "other one"})


class Taken(NamedTuple):
    """An utterance that was a command."""

    answer: str
    """What to say; empty for nothing."""
    words: str
    """The text, of those that it may have been, in which it is that command."""


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
        asleep: Callable[[], bool],
    ) -> None:
        """`sleep(True)`: the user wants to be heard no more, but for the phrase that ends it; `asleep` is whether."""
        self._clock = clock
        self._workspace = workspace
        self._client = client
        self._observe = observe
        self._say = say
        self._sleep = sleep
        self._own = OwnCommands()
        self._own_stamp = 0
        self._asked: Plan | None = None
        self._last: Reading | None = None
        self._others: tuple[Plan, ...] = ()
        self._done_s = 0.0
        """When the last command was carried out: "the other one" is soon said, or means something else."""
        self._history = History()
        self._before = ""
        """The text before the last edit."""
        self._clipboard: str | None = None
        self._asleep = asleep

    @property
    def dozing(self) -> bool:
        """Asleep by voice: nothing is heard but "wake up"."""
        return self._asleep()

    @property
    def is_waiting(self) -> bool:
        """Whether a question about a command waits for a yes or no."""
        return self._asked is not None

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

    def take(self, words: str, others: Sequence[str] = ()) -> Taken | None:
        """Does what an utterance commands, which may also have been one of `others`. None when it is no command."""
        if self.dozing:
            if not wakes(words):
                return Taken("", words)
            self.wake()
            return Taken("I am listening.", words)
        answered = self._answer(words, others)
        if answered is not None:
            return answered
        place = self._place()
        found = likeliest((words, *others), place) if place is not None else None
        if found is None or place is None:
            return None
        text, reading = found
        answer = self._perform(reading, place)
        return Taken(answer, text) if answer is not None else None

    def wake(self) -> None:
        """Ends the sleep."""
        self._sleep(False)

    def settles_after_s(self, words: str, others: Sequence[str] = ()) -> float | None:
        """After how long a silence these words are a command for sure, so that the turn is over; None when they are
        none, or an unsure one. Nothing is done."""
        if self.dozing:
            return 0.0 if wakes(words) else None
        if self._asked is not None and _plain(words) in YES | NO | OTHER:
            return 0.0
        place = self._place()
        found = likeliest((words, *others), place) if place is not None else None
        if found is None or place is None:
            return None
        text, reading = found
        if reading.confidence < SETTLED_CONFIDENCE:
            return None
        if _may_go_on(text, place):
            return LONGER_SETTLES_S
        return 0.0 if is_harmless(reading.command) else EDIT_SETTLES_S

    def _answer(self, words: str, others: Sequence[str]) -> Taken | None:
        """To a question that was asked; None when there is none, or this is no answer."""
        asked, self._asked = self._asked, None
        if asked is None:
            if _plain(words) in OTHER and self._others and self._clock.now_s() - self._done_s <= ASKED_S:
                return Taken(self._take_other(), words)
            return None
        words = next((text for text in (words, *others) if _plain(text) in YES | NO | OTHER), words)
        said = _plain(words)
        if said in YES:
            return Taken(self._carry_out(asked), words)
        if said in NO:
            self._client.preview("", (), "", "")
            return Taken("All right.", words)
        if said in OTHER:
            if not asked.others:
                return Taken("There is no other.", words)
            return Taken(self._carry_out(replace(asked.others[0], others=asked.others[1:])), words)
        self._client.preview("", (), "", "")  # they went on to something else
        return None

    def _take_other(self) -> str:
        """The last command went to the wrong place: it is undone, and done to the next."""
        other, rest = self._others[0], self._others[1:]
        if not other.is_edit or not self._history.done:
            return self._carry_out(replace(other, others=rest))
        before = self._before
        return self._step("undo", lambda: self._when_text_is(other.uri, before, partial(self._again, other, rest)))

    def _again(self, other: Plan, rest: tuple[Plan, ...]) -> None:
        document = self._workspace.documents.get(other.uri)
        if document is None or document.text != self._before:  # its edits belong to that text
            self._say("The code has changed since; say it again.")
            return
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
            return as_sentence(made.text)
        if made.certainty == "ask":
            self._asked = made
            self._clock.call_later(ASKED_S, partial(self._lapse, made))
            self._client.preview(made.uri, made.highlights, made.caption, made.question)
            return made.question
        return self._carry_out(made)

    def _meta(self, command: Meta, place: Place) -> str | None:
        match command.what:
            case "undo" | "redo":
                return self._step(command.what)
            case "repeat" if self._last is not None:
                return self._perform(self._last, place)
            case "sleep":
                self._sleep(True)
                return "Say wake up when you need me."
            case "help":
                return self._help(place)
            case "other" | "repeat":
                return None  # of what the partner said, then
            case _:
                return ""

    def _carry_out(self, made: Plan, then: Callable[[], None] | None = None) -> str:
        """Has the editor do it; says only what goes wrong."""
        self._asked = None
        self._others, self._done_s = made.others, self._clock.now_s()
        if made.copied is not None:
            self._clipboard = made.copied
        self._client.preview(made.uri, made.highlights, made.caption, "")
        place = self._place(made.uri)
        if not made.is_edit or place is None:
            self._finish(made)
            return ""
        if place.view.version != made.version:
            return "The code has changed since; say it again."
        command = self._last.command if self._last is not None else Meta("other")
        self._before = place.text
        self._apply(made, place, self._history.did(command, made, place), then)
        return ""

    def _apply(self, made: Plan, place: Place, history: History, then: Callable[[], None] | None) -> None:
        """All of its edits as one, or none; `history` holds once they are made."""
        edits = tuple(TextEdit(Span(*edit.range.start, *edit.range.end), edit.text) for edit in made.edits)
        after = apply(place.text, made.changes)

        def answered(why_not: str) -> None:
            if why_not:
                self._say(as_sentence(f"your editor did not do it: {why_not}"))
                return
            self._history = history
            self._observe(Edit(self._clock.now_s(), made.uri, made.caption))
            self._when_text_is(made.uri, after, then or partial(self._finish, made))

        self._client.apply(made.uri, Fix(made.caption, edits, made.version), answered)

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
                self._say(as_sentence(why_not))

        self._client.perform(action.name, action.argument, answered)

    def _go_on(self, steps: Sequence[Command]) -> None:
        """The next step of a command of the user's own, where the last has left the text."""
        place = self._place()
        if place is None:
            return
        made = plan(steps[0], place)
        said = (
            as_sentence(made.text)
            if isinstance(made, Refusal)
            else self._carry_out(replace(made, then=tuple(steps[1:])))
        )
        if said:
            self._say(said)

    def _step(self, what: Literal["undo", "redo"], then: Callable[[], None] | None = None) -> str:
        """Undoes the last thing that the voice did, wherever that was, or does it again. Says what is in the way."""
        steps = self._history.done if what == "undo" else self._history.undone
        uri = next((step.uri for step in reversed(steps) if step.is_edit), self._workspace.cursor_uri)
        place = self._place(uri)
        if place is None:
            return "That file is not open any more."
        made, history = self._history.undo(place) if what == "undo" else self._history.redo(place)
        if isinstance(made, Refusal):
            return as_sentence(made.text)
        self._client.preview(made.uri, made.highlights, made.caption, "")
        self._apply(made, place, history, then)
        return ""

    def _when_text_is(self, uri: str, text: str, then: Callable[[], None], left_s: float = LOOK_FOR_S) -> None:
        """Calls once the editor has told of the change."""
        view = self._workspace.view(uri)
        if view is None or view.snapshot.text == text or left_s <= 0:
            then()
        else:
            self._clock.call_later(LOOK_EVERY_S, partial(self._when_text_is, uri, text, then, left_s - LOOK_EVERY_S))

    def _lapse(self, asked: Plan) -> None:
        """Nobody has answered: what the screen shows of the question goes, too."""
        if self._asked is asked:
            self._asked = None
            self._client.preview("", (), "", "")

    def _help(self, place: Place) -> str:
        """Some of what can be said here; all of it is shown."""
        told = what_can_i_say(place)
        self._client.perform("cheatSheet", "\n".join(told.lines), lambda why_not: None)  # heard anyway
        return told.spoken

    def _place(self, uri: str | None = None) -> Place | None:
        """Where the cursor is, or the beginning of another document."""
        workspace = self._workspace
        self._read_own()
        view = workspace.view(uri or workspace.cursor_uri)
        if view is None:
            return None
        selection = workspace.selection or Range(workspace.cursor_position, workspace.cursor_position)
        if view.uri != workspace.cursor_uri:
            selection = Range(Position(0, 0), Position(0, 0))
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


def _may_go_on(words: str, place: Place) -> bool:
    """Whether a longer command begins with these words. Whoever has said a number has said all of it."""
    said = words.rstrip(".,?! ")
    numbered = any(numbers(said.split()[-1:], 0))
    more = [word for word in CONTINUATIONS if not (numbered and word.endswith("two"))]
    longer = (parse(f"{said} {word}", place) for word in more)
    return any(reading is not None and reading.confidence >= SETTLED_CONFIDENCE for reading in longer)


def _plain(words: str) -> str:
    return " ".join("".join(sign for sign in words.lower() if sign.isalnum() or sign == " ").split())
