"""A voice without sound: the product's own floor and its rule-based engine, where nobody ever says a word.

What is left out is the sound itself: synthesis takes no time, and an utterance lasts as long as its characters suggest.
"""

from collections.abc import Callable

import numpy as np

from duologue_model.baseline import BaselineEngine
from duologue_model.slices import (
    SLICE_MS,
    SLICE_SAMPLES,
    AgendaStream,
    Clocks,
    EditorStream,
    Samples,
    Slice,
    WaitingKind,
)
from duologue_server.link.messages import EditorEvent, FromVoice, Happened, Keys, Offer, ToVoice, Withdraw
from duologue_server.trace.clock import Job, VirtualClock
from duologue_server.trace.facts import Dropped, EndCause, SoundOff, SoundOn
from duologue_server.voice import floor_events
from duologue_server.voice.floor import FloorState, advance
from duologue_server.voice.floor_events import Utterance
from duologue_server.voice.perception import SPEECH_CHARACTERS_PER_S

SLICE_S = SLICE_MS / 1000
_SILENCE = np.zeros(SLICE_SAMPLES, np.float32)


class _Nobody:
    """A detector of voice in a silent room."""

    def predict_f32(self, frame: Samples) -> float:
        return 0.0


class HeadlessVoice:
    """A VoicePort. It decides every 80 ms while something waits or sounds, and rests otherwise."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._engine = BaselineEngine(_Nobody)
        self._state = self._engine.start()
        self._floor = FloorState()
        self._complete = True
        self._ends: Job | None = None
        self._began_s = 0.0
        self._ticking = False
        self.emit: Callable[[FromVoice], None] = lambda message: None
        """Where its messages go: the session."""

    def start(self) -> None:
        """It runs already."""

    def stop(self) -> None:
        """It runs until the end."""

    def send(self, message: ToVoice) -> None:
        t = self._clock.now_s()
        match message:
            case Keys(count=count):
                self._advance(floor_events.KeysPressed(t, count))
            case Offer(id=id_, text=text, urgency=urgency):
                self._advance(floor_events.OfferCame(t, Utterance(id_, text, "offer", urgency=urgency)))
            case Withdraw(id=id_, why=why):
                self._advance(floor_events.OfferWithdrawn(t, id_, why))
            case EditorEvent(what="complete", value=value):
                self._complete = bool(value)
            case _:
                pass
        if not self._ticking and self._awake:
            self._ticking = True
            self._clock.call_later(SLICE_S, self._tick)

    @property
    def _awake(self) -> bool:
        return self._floor.offer is not None or self._floor.sounding is not None

    def _tick(self) -> None:
        self._ticking = self._awake
        if not self._ticking:
            return
        t = self._clock.now_s()
        self._state, decision = self._engine.step(self._state, self._slice(t))
        self._advance(floor_events.Decided(t, decision))
        self._clock.call_later(SLICE_S, self._tick)

    def _slice(self, t: float) -> Slice:
        floor, offer = self._floor, self._floor.offer
        sounding = floor.sounding is not None
        agenda = AgendaStream(
            waiting=WaitingKind.OFFER if offer else None,
            urgency=offer.urgency if offer else 0.0,
            waiting_s=_lasts_s(offer.text) if offer else 0.0,
            sounding=sounding,
        )
        own_s = 0.0 if sounding else t - floor.last_own_s
        capped = [min(Clocks.CAP_S, since_s) for since_s in (t - floor.last_user_s, t - floor.last_key_s, own_s)]
        editor = EditorStream(statement_complete=self._complete)
        return Slice(_SILENCE, _SILENCE, editor, agenda, clocks=Clocks(*capped))

    def _advance(self, event: floor_events.Event) -> None:
        self._floor, effects = advance(self._floor, event)
        for effect in effects:
            match effect:
                case floor_events.Start(utterance=utterance):
                    self._begin(utterance)
                case floor_events.Stop(cause=cause) if self._floor.sounding is not None:
                    self._end(self._floor.sounding, cause)
                case floor_events.DropUtterance(utterance=utterance, why=why):
                    self.emit(Happened(Dropped(self._clock.now_s(), utterance.id, utterance.text, why)))
                case _:
                    pass

    def _begin(self, utterance: Utterance) -> None:
        t = self._began_s = self._clock.now_s()
        self._ends = self._clock.call_later(_lasts_s(utterance.text), lambda: self._end(utterance, "end"))
        self.emit(Happened(SoundOn(t, utterance.id, utterance.text, utterance.cause)))

    def _end(self, utterance: Utterance, cause: EndCause) -> None:
        t = self._clock.now_s()
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None
        heard_s = t - self._began_s
        heard = utterance.text if cause == "end" else utterance.text[: round(heard_s * SPEECH_CHARACTERS_PER_S)]
        self.emit(Happened(SoundOff(t, utterance.id, cause, heard, round(1000 * heard_s, 1))))
        self._advance(floor_events.SoundEnded(t, utterance.id, cause, utterance.text, heard))


def _lasts_s(text: str) -> float:
    return len(text) / SPEECH_CHARACTERS_PER_S
