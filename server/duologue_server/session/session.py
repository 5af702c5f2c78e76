"""The session: everything the language server knows, wired between the editor and the voice.

It converts nothing and decides nothing about the floor; it lives on one thread, and slow work goes to lanes.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from duologue_server.context.documents import TextChange
from duologue_server.context.positions import Encoding, Range
from duologue_server.link.messages import (
    Ask,
    Control,
    FromVoice,
    Guess,
    Happened,
    HeardUpTo,
    Keys,
    Offer,
    Progress,
    Ready,
    Say,
    ToVoice,
    Trouble,
    Unask,
    VoiceState,
)  # fmt: skip
from duologue_server.options import Options
from duologue_server.protocol import Activity, ClientState, OfferShown
from duologue_server.session.background import NO_ROOM, Background
from duologue_server.session.conversation import Conversation
from duologue_server.session.edits import Edits
from duologue_server.session.habits import Habits
from duologue_server.session.hands_free import HandsFree
from duologue_server.session.microphone import DOZE_MINUTES, Microphone
from duologue_server.session.ports import ClientPort, VoicePort
from duologue_server.session.requests import Requests
from duologue_server.session.supervisor import VoiceStatus
from duologue_server.session.workspace import Workspace
from duologue_server.suggest.agenda import IDLE_S, IGNORED_S
from duologue_server.suggest.findings import Finding
from duologue_server.suggest.items import Change, OfferAt
from duologue_server.trace.clock import Clock
from duologue_server.trace.facts import Command, Dropped, Fact, Heard, Offered, SoundOff, SoundOn

TO_FLOOR = frozenset(
    {"start", "stop", "mute", "unmute", "ptt_down", "ptt_up", "snooze", "sleep", "wake", "repeat", "accept", "dismiss"}
)
"""Verbs that the floor carries out, whatever else the session does about them."""
KNOWN = ", ".join(sorted(TO_FLOOR | {"why"}))
TURNS_TO_US = frozenset({"start", "unmute", "wake", "ptt_down"})
"""Verbs by which the user wants to be heard here, and not in another window."""
NEEDS_VOICE = frozenset({"ptt_down", "repeat", "unmute", "wake"})
"""Verbs that start the voice when it does not run."""


class Session:
    """See the module. `observe` sees every fact that happens here; the voice's own come to it as messages."""

    def __init__(
        self,
        clock: Clock,
        client: ClientPort,
        voice: VoicePort,
        options: Options,
        observe: Callable[[Fact], None] = lambda fact: None,
    ) -> None:
        self._clock = clock
        self._client = client
        self._voice = voice
        self._observe = observe
        self._options = options
        self._state = ClientState()
        self._offered: set[str] = set()
        self._habits: Habits | None = None
        self._microphone = Microphone(self._to_voice, lambda seen: self._show(microphone=seen))
        self._workspace = Workspace(clock, options, self._to_voice, self._changed, self._warn)
        self._edits = Edits(clock, self._workspace, client, observe)
        self._requests = Requests(clock, self._workspace, self._edits, self._to_voice, self.verb, self._delegate)
        self._hands_free = HandsFree(
            clock, self._workspace, client, observe, self._remark, self._doze, lambda: self._microphone.dozing
        )
        self._conversation = Conversation(
            clock, self._workspace, client, self._to_voice, self._requests, self._hands_free
        )
        self._background = Background(
            clock,
            self._workspace,
            lambda: self._conversation.endpoint,
            lambda: self._conversation.busy,
            self._suggested,
            lambda question, text: self._requests.tell(text),
        )
        self._requests.configure(options)
        self._conversation.configure(options)

    def remember(self, path: Path) -> None:
        """From now on, what becomes of remarks is kept in that file, and what stands there already counts."""
        self._habits = Habits(self._clock, path, self._workspace.agenda.backoff)
        self._habits.look()

    def share_microphone(self, path: Path) -> None:
        """From now on, other servers that name the same file and this one have one microphone between them."""
        self._microphone.share(self._clock, path)

    @property
    def position_encoding(self) -> Encoding:
        """What `character` counts in."""
        return self._workspace.encoding

    @position_encoding.setter
    def position_encoding(self, encoding: Encoding) -> None:
        self._workspace.encoding = encoding

    def configure(self, options: Options) -> None:
        """Takes over new settings; those of the voice process hold from its next start."""
        before, self._options = self._options, options
        self._workspace.configure(options)
        self._requests.configure(options)
        self._conversation.configure(options)
        if options.autostart and not before.autostart:
            self.verb("start", {})

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        self._workspace.open(uri, language_id, version, text)
        self._background.opened(uri)

    def change(self, uri: str, version: int, changes: Sequence[TextChange]) -> None:
        """Raises BadChange, a ValueError, for a range that cannot be."""
        self._workspace.change(uri, version, changes)

    def save(self, uri: str) -> None:
        if self._habits is not None:
            self._habits.look()  # a user who has edited it expects that it counts
        self._workspace.save(uri)
        self._background.moment("save", uri)

    def close(self, uri: str) -> None:
        self._workspace.close(uri)
        self._background.forget(uri)

    def cursor(self, uri: str, line: int, character: int, selection: Range | None = None) -> None:
        self._workspace.cursor(uri, line, character, selection)

    def activity(self, activity: Activity) -> None:
        """Content-free news of the fingers; keys come by `keys`."""
        if activity.focused is not None:
            self.focus(activity.focused)

    def keys(self, count: int) -> None:
        """The fingers' flow: the voice is told before anything else is done."""
        self._to_voice(Keys(count))
        if self._state.voice != "off":
            self._microphone.fingers()
        if IDLE_S <= self._workspace.keys(count) < math.inf:
            self._background.moment("idle")

    def diagnostics(self, uri: str, items: Sequence[Mapping[str, Any]]) -> None:
        """What other tools report in the editor, as LSP diagnostics."""
        self._workspace.diagnostics(uri, items)

    def tests(self, passed: int, failed: int, message: str = "", failures: Sequence[Mapping[str, Any]] = ()) -> None:
        """A test run ended; `failures` as in `duologue/context`."""
        self._workspace.tests(passed, failed, message, failures)
        self._requests.tests(passed, failed)
        if failed:
            self._background.moment("tests_failed")

    def focus(self, focused: bool) -> None:
        if focused and self._state.voice != "off":
            self._microphone.fingers()
        self._workspace.focus(focused)

    def say(self, id_: str, text: str) -> None:
        """The partner begins to say this now."""
        self._to_voice(Say(id_, text))

    def offer(self, id_: str, text: str, urgency: float) -> None:
        """A suggestion from outside enters the agenda."""
        self._workspace.agenda.given(id_, text, urgency, self._clock.now_s())
        self._workspace.settle()

    def reply_with(self, text: str, delay_s: float) -> None:
        """Until told otherwise, every turn is answered with `text`, `delay_s` after the user stopped."""
        self._conversation.reply_with(text, delay_s)

    def offers(self, uri: str) -> list[OfferAt]:
        """What can be accepted or dismissed in a document, first things first; each at its line."""
        view = self._workspace.view(uri)
        if view is None:
            return []
        ends = [
            (item, item.line or 0) for item in self._workspace.agenda.offers(self._clock.now_s()) if item.uri == uri
        ]
        return [OfferAt(item, line, view.snapshot.to_character(line, len(view.line_text(line)))) for item, line in ends]

    def verb(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carries out a verb of the session format, asked for by command, by key or by voice."""
        now_s, agenda = self._clock.now_s(), self._workspace.agenda
        if name == "start" or (name in NEEDS_VOICE and self._state.voice == "off"):
            self._voice.start()
        if name in TURNS_TO_US:
            self._microphone.claim()
            if self._hands_free.dozing:
                self._hands_free.wake()
        ok, message = True, ""
        match name:
            case "why":
                message = agenda.why(now_s)
                self._observe(Command(now_s, name, "asked by the user"))
                self._to_voice(Control(name))  # first: the answer itself must not be what is asked about
                self._to_voice(Say(f"why-{now_s:.2f}", message, "confirm"))
            case "snooze":
                minutes = float(args.get("minutes", 10))
                agenda.snooze(now_s + 60 * minutes)
                message = f"nothing unprompted for {minutes:g} minutes"
            case "accept" | "dismiss":
                ok, message = self._judge(name, args, now_s)
            case _ if name not in TO_FLOOR:
                return {
                    "ok": False,
                    "message": f"there is no verb '{name}'; the verbs are {KNOWN}",
                }
        if name in TO_FLOOR:
            self._to_voice(Control(name, dict(args)))
        if name == "stop":
            self._voice.stop()
        self._workspace.settle()
        return {"ok": ok, "message": message}

    def from_voice(self, message: FromVoice) -> None:
        """Takes a message of the voice process."""
        match message:
            case Happened(fact=fact):
                self._happened(fact)
            case VoiceState():
                self._show(
                    microphone=self._microphone.told(message.microphone),
                    user=message.user,
                    partner=message.partner,
                    latencyMs=message.latency_ms,
                )
            case Guess():
                self._conversation.guess(message)
            case Ask():
                self._background.pause()
                self._conversation.ask(message)
            case HeardUpTo(utterance=utterance, text=text):
                self._conversation.heard_up_to(utterance, text)
            case Unask(turn=turn):
                self._conversation.unask(turn)
            case Progress(percent=percent, message=text):
                self._client.progress(percent, text)
            case Ready(parts=parts):
                if self._state.voice == "restarting":  # it has come back: what had been wrong is over
                    self._show(health="ok", message="")
                self._show(voice="ready", parts=dict(parts))
                self._requests.voice_ready()
                self._microphone.voice_ready()
                self._workspace.offer_again()
            case Trouble(what=what, remedy=remedy, fatal=fatal, code=code):
                self._trouble(code, f"{what}. {remedy}.", fatal)
            case _:
                pass

    def voice_changed(self, status: VoiceStatus, message: str = "") -> None:
        """The voice process was started, lost or ended."""
        if status in ("restarting", "failed"):
            self._conversation.voice_lost()
            self._client.tell("error" if status == "failed" else "warning", message)
        if status == "ready":
            return  # Ready has said so, with more
        if status in ("off", "failed"):
            self._microphone.voice_ended()
        health = {"restarting": "warning", "failed": "error"}.get(status, "ok")
        self._show(voice=status, health=health, message=message, microphone="off", user="quiet", partner="silent")

    def _happened(self, fact: Fact) -> None:
        agenda, now_s = self._workspace.agenda, self._clock.now_s()
        match fact:
            case SoundOn():
                self._conversation.began(fact)
                if fact.cause == "offer":
                    agenda.said(fact.utterance, now_s)
                    self._workspace.settle()
                    self._clock.call_later(IGNORED_S + 1.0, self._keep)  # by then it is known whether it was ignored
            case SoundOff():
                self._offered.discard(fact.utterance)
                self._conversation.ended(fact)
            case Heard():
                self._conversation.user_said(fact)
            case Dropped():
                self._offered.discard(fact.id)
                self._conversation.dropped(fact)
            case Command(name="why", why=why):
                self._client.tell("info", why)
            case _:
                pass

    def _judge(self, verb: str, args: Mapping[str, Any], now_s: float) -> tuple[bool, str]:
        """Accepts or dismisses an offer: the one named, else the one spoken last."""
        agenda, id_ = self._workspace.agenda, args.get("id")
        chosen = agenda.find(str(id_)) if id_ is not None else agenda.latest()
        if chosen is None:
            nothing = f"there is nothing to {verb}"
            return False, nothing if id_ is None else f"there is no offer '{id_}' that could be {verb}ed"
        if verb == "dismiss":
            known = (agenda.forbid if args.get("forever") else agenda.dismissed)(chosen.id, now_s)
            return known, "" if known else "only what a detector finds can be dismissed for ever"
        if chosen.fix is not None and chosen.uri is not None:
            obstacle = self._edits.apply(chosen.uri, chosen.fix, self._not_applied)
            if obstacle:
                return False, obstacle
        return agenda.accepted(chosen.id, now_s), ""

    def _not_applied(self, why: str) -> None:
        self._client.tell("warning", f"the change was not made: {why}")
        self._remark("Your editor did not take the change.")

    def _remark(self, text: str) -> None:
        """Says what became of something that the user asked for."""
        self._to_voice(Say(f"remark-{self._clock.now_s():.2f}", text, "confirm"))

    def _doze(self, asleep: bool) -> None:
        """By voice, the user wants to be heard no more, or again."""
        now_s = self._clock.now_s()
        self._workspace.agenda.snooze(now_s + 60 * DOZE_MINUTES if asleep else now_s)
        self._microphone.doze(asleep)
        self._workspace.settle()

    def _changed(self, change: Change) -> None:
        """Something became of a suggestion."""
        item, now_s = change.item, self._clock.now_s()
        self._client.offer(_shown(change))
        self._keep()
        if change.outcome == "waiting":
            self._observe(Offered(now_s, item.id, item.text, item.urgency, change.why))
        elif change.outcome == "dropped" and item.id not in self._offered:
            self._observe(Dropped(now_s, item.id, item.text, change.why))

    def _delegate(self, question: str) -> str:
        """Looks into it in the background; what stands in the way, as a sentence."""
        if self._conversation.endpoint is None:
            return ""  # the usual answer says what it needs
        return "" if self._background.delegate(question) else NO_ROOM

    def _suggested(self, uri: str, findings: list[Finding]) -> None:
        """The language model has something to say of a change."""
        self._workspace.agenda.found(uri, "model", findings, self._clock.now_s())
        self._workspace.settle()

    def _keep(self) -> None:
        if self._habits is not None:
            self._habits.keep()

    def _to_voice(self, message: ToVoice) -> None:
        if isinstance(message, Offer):
            self._offered.add(message.id)  # from now on the floor says what became of it
        self._voice.send(message)

    def _trouble(self, code: str, text: str, fatal: bool) -> None:
        found = code == "found"
        self._client.tell("info" if found else "error" if fatal else "warning", text)
        self._show(health="error" if fatal else "ok" if found else "warning", message="" if found else text)

    def _warn(self, text: str) -> None:
        self._client.tell("warning", text)

    def _show(self, **changes: Any) -> None:
        state = replace(self._state, **changes)
        if state != self._state:
            self._state = state
            self._client.state(state)


def _shown(change: Change) -> OfferShown:
    item = change.item
    return OfferShown(
        item.id,
        item.text,
        item.urgency,
        item.trigger,
        item.uri,
        item.line,
        item.channel,
        item.fix.label if item.fix is not None else "",
        "waiting" if change.outcome == "raised" else change.outcome,
    )
