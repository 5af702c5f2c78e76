"""What the user asks to be done in so many words: carried out here, where no language model is needed for it."""

import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from duologue_server.commands.language import manner_of
from duologue_server.link.messages import Manner, ToVoice
from duologue_server.options import Options
from duologue_server.session.edits import Edits
from duologue_server.session.workspace import Workspace
from duologue_server.suggest.findings import Fix, Span, TextEdit
from duologue_server.suggest.intents import Intent
from duologue_server.suggest.wording import as_sentence
from duologue_server.trace.clock import Clock, Job

VERBS = ("accept", "dismiss", "snooze")
"""Intents that are verbs as well."""
PACE, LOUDNESS = 0.87, 0.71
"""One step slower, and one quieter: clearly heard, and the same again is not too much."""
REMINDER_URGENCY = 0.6
TELL_URGENCY = 0.7
MOST_REMINDERS = 20
_COMMENT_CHARACTERS = 88

Verb = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


class Requests:
    """Belongs to the session's thread."""

    def __init__(
        self,
        clock: Clock,
        workspace: Workspace,
        edits: Edits,
        to_voice: Callable[[ToVoice], None],
        verb: Verb,
        delegate: Callable[[str], str],
    ) -> None:
        """`delegate` has a language model look into a question; it returns what is in the way."""
        self._clock = clock
        self._workspace = workspace
        self._edits = edits
        self._to_voice = to_voice
        self._verb = verb
        self._delegate = delegate
        self._usual = self._manner = Manner(1.0, 1.0)
        self._awaited: list[bool | None] = []
        self._reminders: dict[str, Job] = {}
        self._count = 0

    def configure(self, options: Options) -> None:
        """Takes over the settings of the voice; one that is changed counts for more than what was said before."""
        usual = Manner(options.speed, options.volume)
        if usual != self._usual:
            self._usual = self._manner = usual
            self._to_voice(usual)

    def voice_ready(self) -> None:
        """A voice has started, and knows the settings only."""
        if self._manner != self._usual:
            self._to_voice(self._manner)

    def tests(self, passed: int, failed: int) -> None:
        """Tests have run."""
        for awaited in list(self._awaited):
            if awaited is None or awaited == (failed == 0):
                self._awaited.remove(awaited)
                self.tell(f"The tests {'pass' if not failed else 'fail'} now.", TELL_URGENCY)

    def perform(self, intent: Intent, about: str) -> str:
        """Carries out what is to be done; `about` is what the partner said last. Returns what to say instead of the
        usual answer; empty for the usual one."""
        match intent.kind:
            case "accept" | "dismiss" | "snooze":
                return self._judge(intent)
            case "never":
                done = self._verb("dismiss", {"forever": True})
                return "" if done["ok"] else "There is nothing that I could keep to myself."
            case "slower" | "faster" | "louder" | "quieter":
                return self._change_manner(intent.kind)
            case "comment":
                return self._comment(about)
            case "watch":
                self._awaited.append(intent.args.get("passed"))
            case "delegate":
                return self._delegate(intent.args["what"])
            case "remind":
                return self._remind(intent.args["minutes"], intent.args["what"])
            case _:
                pass
        return ""

    def _judge(self, intent: Intent) -> str:
        waiting = self._workspace.agenda.latest()
        done = self._verb(intent.kind, intent.args)
        if intent.kind == "accept" and not done["ok"] and waiting is not None:
            return as_sentence(str(done["message"]))
        return "All right." if intent.kind == "accept" and done["ok"] else ""

    def _change_manner(self, kind: str) -> str:
        speed, volume = self._manner.speed, self._manner.volume
        match kind:
            case "slower" | "faster":
                speed = min(2.0, max(0.5, speed * PACE if kind == "slower" else speed / PACE))
            case _:
                volume = min(2.0, max(0.1, volume * LOUDNESS if kind == "quieter" else volume / LOUDNESS))
        changed = Manner(round(speed, 3), round(volume, 3))
        if changed == self._manner:
            return f"I cannot speak {kind}."
        self._manner = changed
        self._to_voice(changed)
        return ""

    def _comment(self, about: str) -> str:
        """Writes it above the line that it is about, else above the cursor's."""
        workspace = self._workspace
        item = workspace.agenda.latest()
        uri = item.uri if item is not None and item.uri is not None else workspace.cursor_uri
        line = item.line if item is not None and item.line is not None else workspace.cursor_position.line
        view = workspace.view(uri)
        if not about:
            return "I have not said anything yet."
        if view is None or uri is None:
            return "I do not see an open file."
        manner = manner_of(view.language_id)
        code = view.line_text(line)
        indent = code[: len(code) - len(code.lstrip())]
        said = about.partition(": ")[2] if item is not None and about == item.text else about
        rows = [f"{indent}{manner.comment} {row}{_ended(manner.comment_end)}\n" for row in _wrapped(said)]
        fix = Fix("Write it as a comment", (TextEdit(Span(line, 0, line, 0), "".join(rows)),), view.version)
        return as_sentence(self._edits.apply(uri, fix, lambda why: self.tell(f"No comment was written: {why}.", 0.6)))

    def _remind(self, minutes: int, what: str) -> str:
        if len(self._reminders) >= MOST_REMINDERS:
            return "I have too many reminders already."
        self._count += 1
        id_ = f"reminder-{self._count}"
        text = f"You wanted to be reminded {what}.".replace(" .", ".")

        def due() -> None:
            self._reminders.pop(id_, None)
            self.tell(text, REMINDER_URGENCY)

        self._reminders[id_] = self._clock.call_later(60.0 * minutes, due)
        return ""

    def tell(self, text: str, urgency: float = REMINDER_URGENCY) -> None:
        """What the user asked to be told enters the agenda, to be said at the next good moment."""
        self._count += 1
        self._workspace.agenda.given(f"asked-{self._count}", text, urgency, self._clock.now_s(), asked=True)
        self._workspace.settle()


def _ended(mark: str) -> str:
    return f" {mark}" if mark else ""


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(as_sentence(" ".join(text.split())), _COMMENT_CHARACTERS)
