"""The voice loop: blocks of sound and messages in, sound and facts out. One thread owns it; time is counted in samples.

It joins the parts and decides nothing: the engine decides, the floor rules, the mouth speaks, the ear listens.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from duologue_model.engine import Decision, Engine
from duologue_model.slices import RATE_HZ, Samples, Slice
from duologue_server.audio.player import Player, Started
from duologue_server.link.messages import (
    Ask,
    Control,
    EditorEvent,
    FromVoice,
    Guess,
    Happened,
    HeardUpTo,
    Keys,
    Manner,
    Offer,
    Prepare,
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
from duologue_server.voice.account import Account, explain
from duologue_server.voice.decider import Calm, Decider
from duologue_server.voice.ear import Ear
from duologue_server.voice.floor import FloorState, Microphone, advance, listening
from duologue_server.voice.floor_events import Rules, Utterance
from duologue_server.voice.mouth import Mouth, Script
from duologue_server.voice.own_words import is_own
from duologue_server.voice.perception import Perception, something_came

KEPT_SAID = 4
"""Utterances that an echo of our own voice may consist of."""
ECHO_LASTS_S = 0.8
"""So long after our voice its last words may seem to be spoken: the way through the room, and the detector's delay."""


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
        self._perception = Perception(parts.mouth, parts.player)
        self.calm = Calm()
        self._decider = Decider(parts.engine, clock, self._decide, self._engine_failed)
        self._account = Account()
        self._samples_heard = 0
        self._heard_text = ""
        self._heard_words = ("", 0)
        self._guess = Guess("")
        self._settled = ""
        """Words that end the turn by rule, if they are all that the user says."""
        self._said: deque[Script] = deque(maxlen=KEPT_SAID)
        self._sounded_s = (-60.0, -60.0)
        """When the last of them began to sound, and when it ended."""
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
                self._perception.keys(count)
                self._rule(floor_events.KeysPressed(t, count), "you pressed a key")
            case EditorEvent():
                self._perception.see(message)
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
            case Prepare(guess=guess, text=text, final=final, certain=certain):
                self._parts.mouth.prepare(text, final)
                self._settled = guess if certain else ""
                self._foresee()
            case Control():
                self._control(message, t)
            case Manner(speed=speed, volume=volume):
                self._parts.mouth.manner(speed, volume)
            case Vocabulary(words=words, phrases=phrases):
                self._parts.ear.bias(words, phrases)
            case _:
                pass
        self.show()

    def _control(self, message: Control, t: float) -> None:
        if message.name == "why":
            self._explain()
            return
        if message.name == "ptt_up" and self.floor.held:
            self._perception.end_turn()
        self._rule(floor_events.Commanded(t, message.name, message.args), f"you asked for '{message.name}'")

    def hear(self, microphone: Samples, playback: Samples) -> None:
        """Takes 20 ms of the echo-cancelled microphone and of the own playback, `[320]` each at 16 kHz."""
        open_ = listening(self.floor)
        if not open_:
            microphone = np.zeros_like(microphone)
        self._samples_heard += len(microphone)
        self.sweep()
        self._parts.ear.hear(microphone)
        if self._perception.sound(microphone, playback):
            self._slice(open_)
        self._foresee()
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
                self._sounded_s = (self._sounded_s[0], t)
                if script.started:
                    self._tell(facts.SoundOff(t, report.track_id, report.cause, heard_text, round(heard_ms, 1)))
                else:
                    silent = report.cause == "end"
                    why = "it has no sound" if silent else f"stopped before it began: {report.cause}"
                    self._tell(facts.Dropped(t, report.track_id, script.text, why))
                self._advance(floor_events.SoundEnded(t, report.track_id, report.cause, script.text, heard_text))

    def _foresee(self) -> None:
        """While the user pauses: tells what may be the whole turn, and ends it by rule if the words settle it."""
        floor = self.floor
        told = floor.sounding is not None and not floor.ducked
        words, others, ended_sample = self._parts.ear.guess
        no_guess = told or self._is_own(words, ended_sample)
        silent_s = (self._samples_heard - ended_sample) / RATE_HZ
        guess = Guess("") if no_guess else Guess(words, floor.interrupted, others, silent_s)
        if not guess.text:
            self._settled = ""  # the same words another time may be meant otherwise
        if guess.text and guess.text == self._settled:
            self._rule(floor_events.Foreseen(self.now_s()), "your words alone settled what you wanted")
        elif guess != self._guess and (guess.text or self._guess.text):
            self._guess = guess
            self._emit(guess)

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
        self._rule(floor_events.DeviceLost(self.now_s()), "the sound device was lost")
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
            dropped=self._decider.dropped,
        )
        if state != self._shown:
            self._shown = state
            self._emit(state)

    def words(self, text: str, final: bool) -> None:
        """The ear has words of the user's present turn."""
        t = self.now_s()
        text = "" if self._is_own(text, self._parts.ear.turn_ended_sample) else text
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

    def _is_own(self, text: str, ended_sample: int | None) -> bool:
        """Whether these words, spoken until then, came from our own loudspeaker."""
        ended_s = self.now_s() if ended_sample is None else ended_sample / RATE_HZ
        from_s, until_s = self._sounded_s
        if not text or not from_s <= ended_s <= until_s + ECHO_LASTS_S:
            return False
        return is_own(text, " ".join(script.text for script in self._said))

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
        """Hands a full slice to the engine; the decision comes back as an event."""
        heard = self._perception.take(self.now_s(), self.floor, self._heard_text, open_)
        t, ear = self._samples_heard / RATE_HZ, self._parts.ear
        speech = ear.is_speaking or ear.stirs or self.floor.user_speaking
        calm = self.calm.hear(t, heard.microphone, speech)
        self._decider.take(t, heard, calm and self.idle and not something_came(heard))

    def _decide(self, t: float, heard: Slice, decision: Decision, took_s: float) -> None:
        told, self._told_turn = self._told_turn, (decision.action, decision.user)
        if self.every_turn or told != self._told_turn:
            self._tell(facts.Turn(t, decision.action, decision.user, decision.p, round(1000 * took_s, 2)))
        now_s = max(t, self.now_s())
        effects = self._advance(floor_events.Decided(now_s, decision))
        self._account.decided(now_s, heard, decision, effects)
        self.show()

    def _engine_failed(self, error: Exception) -> None:
        self._emit(Trouble("engine", f"the interaction model failed: {error}", "restart the voice", fatal=True))

    def _rule(self, event: floor_events.Event, by: str) -> None:
        """Something that is not the engine's to decide."""
        self._account.ruled(self.now_s(), by, self._advance(event))

    def _explain(self) -> None:
        """Tells what made the last change, as soon as that is worked out: in a lane of its own."""
        t, engine, last = self.now_s(), self._parts.engine, self._account.last

        def told(result: str | Exception) -> None:
            text = f"it cannot be told: {result}" if isinstance(result, Exception) else result
            self._tell(facts.Command(self.now_s(), "why", text))

        run(self._clock.lane("why"), partial(explain, last, t, engine), told)

    def _advance(self, event: floor_events.Event) -> tuple[floor_events.Effect, ...]:
        self.floor, effects = advance(self.floor, event, self._rules)
        for effect in effects:
            self._carry_out(effect)
        return effects

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
                self._emit(Ask(turn, text, ended_s, t, interrupted, self._parts.ear.turn_others))
            case floor_events.CancelAsk(turn=turn):
                self._emit(Unask(turn))
            case floor_events.DropUtterance(utterance=utterance, why=why):
                script = parts.mouth.script(utterance.id)
                self._tell(facts.Dropped(t, utterance.id, script.text if script else utterance.text, why))
            case floor_events.Force(token=token):
                self._perception.force(token)
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
        self._said.append(script)
        self._sounded_s = (t, math.inf)
        self._tell(facts.SoundOn(t, script.utterance.id, script.text, script.cause))
        if script.cause == "reply" and self._ask_ended_s is not None:
            self._latency_ms = max(
                0.0, round(1000 * (t - self._ask_ended_s), 1)
            )  # words may end a turn before its sound
            self._ask_ended_s = None

    def _sounding_id(self) -> str:
        return self.floor.sounding.id if self.floor.sounding else ""

    def _tell(self, fact: facts.Fact) -> None:
        self._emit(Happened(fact))
