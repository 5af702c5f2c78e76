"""The voice loop: blocks of sound and messages in, sound and facts out. One thread owns it; time is counted in samples.

It joins the parts and decides nothing: the engine decides, the floor rules, the mouth speaks, the ear listens.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from duologue_model.engine import Decision, Engine
from duologue_model.slices import (
    RATE_HZ,
    SLICE_SAMPLES,
    AgendaStream,
    Clocks,
    EditorStream,
    Samples,
    Slice,
    WaitingKind,
)  # fmt: skip
from duologue_model.vocabulary import Action, ForcedToken
from duologue_server.audio.player import Player, Started
from duologue_server.link.messages import (
    Ask,
    Control,
    EditorEvent,
    FromVoice,
    Happened,
    HeardUpTo,
    Keys,
    Offer,
    Reply,
    Say,
    ToVoice,
    Trouble,
    Unask,
    Vocabulary,
    VoiceState,
    Withdraw,
)  # fmt: skip
from duologue_server.trace import facts
from duologue_server.trace.clock import Clock, run
from duologue_server.voice import floor_events as floor_events
from duologue_server.voice.ear import Ear
from duologue_server.voice.floor import FloorState, Microphone, advance, listening
from duologue_server.voice.floor_events import Rules, Utterance
from duologue_server.voice.mouth import Mouth, Script

MOST_PENDING_SLICES = 4
"""An engine that falls further behind than this skips the oldest slices: late decisions are worse than none."""
SPEECH_CHARACTERS_PER_S = 15.0
"""For estimates of what is not synthesised yet."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loop joins."""

    engine: Engine[Any]
    ear: Ear
    mouth: Mouth
    player: Player


class VoiceLoop:
    """Everything here happens on the thread that owns the clock; slow work goes to the clock's lanes."""

    def __init__(
        self,
        parts: Parts,
        clock: Clock,
        emit: Callable[[FromVoice], None],
        rules: Rules,
        microphone: Microphone = "open",
    ) -> None:
        self._parts = parts
        self._clock = clock
        self._emit = emit
        self._rules = rules
        self.floor = FloorState(microphone=microphone, home=microphone)
        self._engine_state = parts.engine.start()
        self._pending = 0
        self._dropped_slices = 0
        self._samples_heard = 0
        self._microphone: deque[Samples] = deque()
        self._playback: deque[Samples] = deque()
        self._editor = EditorStream()
        self._complete = True
        self._focused = True
        self._forced: list[ForcedToken] = []
        self._own = Action.SILENT
        self._end_of_turn = False
        self._heard_text = ""
        self._heard_words = ("", 0)
        self._ask_ended_s: float | None = None
        self._latency_ms: float | None = None
        self._shown: VoiceState | None = None
        self.microphone_present = True
        self.every_turn = True
        """Tell every micro-turn, as a trace wants it; otherwise only those that decide something new."""
        self._told_turn = ("", "")

    @property
    def idle(self) -> bool:
        """Nothing sounds, nobody speaks, nothing waits: a slice may be heard a little later than usual."""
        floor = self.floor
        waiting = floor.sounding or floor.reply or floor.offer or floor.yielded
        return not waiting and floor.asked is None and not floor.user_speaking and not self._parts.ear.is_speaking

    def now_s(self) -> float:
        """The session's clock."""
        return self._clock.now_s()

    def receive(self, message: ToVoice) -> None:
        """Takes a message of the language server."""
        t = self.now_s()
        match message:
            case Keys(count=count):
                self._parts.player.hush()
                self._editor = replace(self._editor, keys=self._editor.keys + count)
                self._advance(floor_events.KeysPressed(t, count))
            case EditorEvent():
                self._see(message)
            case Offer(id=id_, text=text, urgency=urgency):
                offer = Utterance(id_, text, "offer", urgency=urgency)
                self._parts.mouth.draft(offer)
                self._advance(floor_events.OfferCame(t, offer))
            case Withdraw(id=id_, why=why):
                self._advance(floor_events.OfferWithdrawn(t, id_, why))
            case Say(id=id_, text=text, cause=cause):
                self._advance(floor_events.SayCame(t, Utterance(id_, text, cause)))
            case Reply():
                self._reply(message, t)
            case Control(name=name, args=args):
                self._end_of_turn = self._end_of_turn or (name == "ptt_up" and self.floor.held)
                self._advance(floor_events.Commanded(t, name, args))
            case Vocabulary(words=words):
                self._parts.ear.bias(words)
            case _:
                pass
        self.show()

    def hear(self, microphone: Samples, playback: Samples) -> None:
        """Takes 20 ms of the echo-cancelled microphone and of the own playback, `[320]` each at 16 kHz."""
        open_ = listening(self.floor)
        if not open_:
            microphone = np.zeros_like(microphone)
        self._samples_heard += len(microphone)
        self.sweep()
        self._parts.ear.hear(microphone)
        self._microphone.append(microphone)
        self._playback.append(playback)
        if sum(map(len, self._microphone)) >= SLICE_SAMPLES:
            self._slice(open_)
        self._follow()
        self.show()

    def sweep(self) -> None:
        """Takes in what the player reports: what began and what ended, to the sample."""
        for report in self._parts.player.drain_reports():
            t = report.at_sample / self._parts.player.rate_hz
            script = self._parts.mouth.script(report.track_id)
            assert script is not None, f"{report.track_id} sounds without a script"
            if isinstance(report, Started):
                self._began(script, t)
            else:
                heard_text, heard_ms = self._parts.mouth.ended(script, report.heard_samples)
                if script.started:
                    self._tell(facts.SoundOff(t, report.track_id, report.cause, heard_text, round(heard_ms, 1)))
                else:
                    silent = report.cause == "end"
                    why = "it has no sound" if silent else f"stopped before it began: {report.cause}"
                    self._tell(facts.Dropped(t, report.track_id, script.text, why))
                self._advance(floor_events.SoundEnded(t, report.track_id, report.cause, script.text, heard_text))

    def _follow(self) -> None:
        """Tells at every word how far the present utterance has been heard."""
        playing = self._parts.player.playing
        script = self._parts.mouth.script(playing) if playing else None
        if script is None or playing is None:
            return
        words, _, _ = self._parts.mouth.heard(script, self._parts.player.heard_samples)
        if self._heard_words != (playing, len(words)):
            self._heard_words = (playing, len(words))
            self._emit(HeardUpTo(playing, " ".join(words)))

    def use_device(self, has_input: bool, has_output: bool) -> None:
        """A sound device is there, with or without its two ends. What cannot be heard stays text."""
        self.microphone_present = has_input
        self._parts.mouth.audible = has_output
        self.show()

    def lose_device(self) -> None:
        """The sound device is gone: nothing sounds any more."""
        self._parts.player.stop("device")
        self._advance(floor_events.DeviceLost(self.now_s()))
        self.use_device(has_input=False, has_output=False)

    def show(self) -> None:
        """Tells the language server the state, if it changed."""
        floor = self.floor
        microphone = floor.microphone if self.microphone_present else "absent"
        speaking = "ducked" if floor.ducked else "speaking"
        idle = "thinking" if floor.asked is not None else "silent"
        state = VoiceState(
            microphone=microphone,
            user="speaking" if floor.user_speaking else "typing" if self.now_s() - floor.last_key_s < 1.0 else "quiet",
            partner=speaking if floor.sounding else idle,  # type: ignore[arg-type]
            latency_ms=self._latency_ms,
            dropped=self._dropped_slices,
        )
        if state != self._shown:
            self._shown = state
            self._emit(state)

    def words(self, text: str, final: bool) -> None:
        """The ear has words of the user's present turn."""
        t = self.now_s()
        if text or final:
            self._heard_text = "" if final else text
            if text:
                self._tell(facts.Heard(t, text, final))
        if final:
            ended_sample = self._parts.ear.turn_ended_sample
            ended_s = (self._samples_heard if ended_sample is None else ended_sample) / RATE_HZ
            self._ask_ended_s = ended_s
            self._advance(floor_events.TurnEnded(t, text, ended_s))
        self.show()

    def _reply(self, message: Reply, t: float) -> None:
        """A piece of an answer: its first whole clause asks for the floor, the others follow it."""
        mouth, id_ = self._parts.mouth, f"reply-{message.turn}"
        if message.turn != self.floor.asked:
            return
        script = mouth.script(id_) or mouth.draft(Utterance(id_, "", "reply", turn=message.turn), closed=False)
        waiting_for_clause = not script.texts
        mouth.add(script, message.text)
        if message.final:
            mouth.finish(script)
        if waiting_for_clause and script.texts:
            self._advance(floor_events.ReplyCame(t, replace(script.utterance, text=script.text)))
        elif message.final and not script.texts:
            self._advance(floor_events.ReplyEmpty(t, message.turn))

    def _slice(self, open_: bool) -> None:
        """Hands a full slice to the engine, on its lane; the decision comes back as an event."""
        microphone, playback = np.concatenate(self._microphone), np.concatenate(self._playback)
        self._microphone = deque([microphone[SLICE_SAMPLES:]])
        self._playback = deque([playback[SLICE_SAMPLES:]])
        if self._pending >= MOST_PENDING_SLICES:
            self._dropped_slices += 1
            return
        heard = Slice(
            microphone=microphone[:SLICE_SAMPLES],
            playback=playback[:SLICE_SAMPLES],
            editor=replace(self._editor, statement_complete=self._complete, focused=self._focused),
            agenda=self._agenda(),
            own=self._own,
            clocks=self._clocks(),
            words=self._heard_text,
            forced=tuple(self._forced),
            microphone_open=open_,
            end_of_turn=self._end_of_turn,
        )
        self._editor, self._forced, self._end_of_turn = EditorStream(), [], False
        self._pending += 1
        t = self._samples_heard / RATE_HZ
        step = partial(self._clock.measure, partial(self._step, heard))
        run(self._clock.lane("engine"), step, partial(self._decide, t))

    def _step(self, heard: Slice) -> Decision:
        self._engine_state, decision = self._parts.engine.step(self._engine_state, heard)
        return decision

    def _decide(self, t: float, result: tuple[Decision, float] | Exception) -> None:
        self._pending -= 1
        if isinstance(result, Exception):
            self._emit(Trouble("engine", f"the interaction model failed: {result}", "restart the voice", fatal=True))
            return
        decision, took_s = result
        self._own = decision.action
        told, self._told_turn = self._told_turn, (decision.action, decision.user)
        if self.every_turn or told != self._told_turn:
            self._tell(facts.Turn(t, decision.action, decision.user, decision.p, round(1000 * took_s, 2)))
        self._advance(floor_events.Decided(max(t, self.now_s()), decision))
        self.show()

    def _agenda(self) -> AgendaStream:
        floor, player = self.floor, self._parts.player
        waiting = floor.reply or floor.offer
        kind = None if waiting is None else WaitingKind.REPLY if waiting is floor.reply else WaitingKind.OFFER
        heard = player.heard_samples
        script = self._parts.mouth.script(floor.sounding.id) if floor.sounding else None
        return AgendaStream(
            waiting=kind,
            urgency=waiting.urgency if waiting else 0.0,
            waiting_s=len(waiting.text) / SPEECH_CHARACTERS_PER_S if waiting else 0.0,
            sounding=floor.sounding is not None,
            heard_s=heard / player.rate_hz if floor.sounding else 0.0,
            remaining_s=self._parts.mouth.left_samples(script, heard) / player.rate_hz if script else 0.0,
            ducked=floor.ducked,
            resumable=floor.yielded is not None and floor.sounding is None,
        )

    def _clocks(self) -> Clocks:
        t, floor, cap_s = self.now_s(), self.floor, Clocks.CAP_S
        since_own_s = 0.0 if floor.sounding else t - floor.last_own_s
        return Clocks(min(cap_s, t - floor.last_user_s), min(cap_s, t - floor.last_key_s), min(cap_s, since_own_s))

    def _see(self, event: EditorEvent) -> None:
        """Something that the model sees of the editor."""
        match event.what:
            case "complete":
                self._complete = bool(event.value)
            case "focus":
                self._focused = bool(event.value)
            case what:
                name = {"save": "saves", "cursor_jump": "cursor_jumps"}.get(what, what)
                self._editor = replace(self._editor, **{name: getattr(self._editor, name) + event.value})

    def _advance(self, event: floor_events.Event) -> None:
        self.floor, effects = advance(self.floor, event, self._rules)
        for effect in effects:
            self._carry_out(effect)

    def _carry_out(self, effect: floor_events.Effect) -> None:
        t, parts = self.now_s(), self._parts
        match effect:
            case floor_events.Start(utterance=utterance, resume=resume):
                (parts.mouth.resume if resume else parts.mouth.begin)(utterance)
            case floor_events.Stop(cause=cause):
                parts.player.stop(cause)
            case floor_events.Duck(gain_db=gain_db):
                parts.player.duck(gain_db)
                self._tell(facts.Duck(t, self._sounding_id(), gain_db))
            case floor_events.Unduck():
                parts.player.unduck()
                self._tell(facts.Unduck(t, self._sounding_id(), 0.0))
            case floor_events.EndTurn():
                parts.ear.end_turn()
            case floor_events.ForgetTurn():
                self._forget_turn()
            case floor_events.SendAsk(turn=turn, text=text, ended_s=ended_s, interrupted=interrupted):
                self._emit(Ask(turn, text, ended_s, t, interrupted))
            case floor_events.CancelAsk(turn=turn):
                self._emit(Unask(turn))
            case floor_events.DropUtterance(utterance=utterance, why=why):
                script = parts.mouth.script(utterance.id)
                self._tell(facts.Dropped(t, utterance.id, script.text if script else utterance.text, why))
            case floor_events.Force(token=token):
                self._forced.append(token)
            case floor_events.Carried(name=name, why=why):
                self._tell(facts.Command(t, name, why))

    def _forget_turn(self) -> None:
        """Nobody will answer what was said; it stays as a caption."""
        self._parts.ear.reset()
        if self._heard_text:
            self._tell(facts.Heard(self.now_s(), self._heard_text, True))
        self._heard_text = ""

    def _began(self, script: Script, t: float) -> None:
        """The first sample of an utterance was heard."""
        script.started = True
        self._tell(facts.SoundOn(t, script.utterance.id, script.text, script.cause))
        if script.cause == "reply" and self._ask_ended_s is not None:
            self._latency_ms = round(1000 * (t - self._ask_ended_s), 1)
            self._ask_ended_s = None

    def _sounding_id(self) -> str:
        return self.floor.sounding.id if self.floor.sounding else ""

    def _tell(self, fact: facts.Fact) -> None:
        self._emit(Happened(fact))
