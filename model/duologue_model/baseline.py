"""An honest baseline: voice-activity detection, word lists and timers. No network, nothing learned.

Every report names it `baseline (VAD and timers)`. It exists so that the whole product runs before a network is
trained, and so that the network has something to beat.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from duologue_model.engine import Decision
from duologue_model.slices import SLICE_MS, Samples, Slice, WaitingKind
from duologue_model.vocabulary import Action, UserState

FRAME_SAMPLES = 256
"""Frame of the voice-activity detector: 16 ms at 16 kHz, five to a slice."""


class FrameDetector(Protocol):
    """A streaming voice-activity detector, such as `earshot.Detector`."""

    def predict_f32(self, frame: Samples) -> float:
        """Probability of speech in the next `[256]` samples."""


@dataclass(frozen=True, slots=True)
class Timers:
    """The thresholds of the baseline, milliseconds unless named otherwise."""

    speech_probability: float = 0.5
    onset_frames: int = 3
    """Frames of speech in a slice, of five, that count as an onset."""
    end_of_turn_ms: int = 720
    """Silence after which the user's turn is taken to be over."""
    shortest_turn_ms: int = 160
    """Less speech than this is a noise, not a turn."""
    decide_ms: int = 400
    """Overlap that lasts this long is an interruption, whatever was said."""
    false_alarm_ms: int = 240
    """Silence after a short overlap: it was a noise or a backchannel."""
    hold_offer_ms: int = 1200
    """Silence of the user before something unprompted, at urgency 1."""
    hold_offer_unhurried_ms: int = 4000
    """The same at urgency 0."""


_STOP = re.compile(r"\b(stop|quiet|shut up|be silent|enough|not now|shush|hush|never mind|stop talking)\b")
_BACKCHANNEL = re.compile(
    r"^(yeah|yes|yep|uh huh|uh-huh|mm|mhm|mm-hm|mm hmm|right|ok|okay|i see|sure|oh|ah|hm|hmm|got it|cool|nice)"
    r"([ ,.!]+(yeah|yes|yep|right|ok|okay|sure|i see|got it|mm|mhm|oh))*[.!]?$"
)


@dataclass(frozen=True, slots=True)
class BaselineState:
    """Everything that the baseline remembers. Times are counts of slices, in milliseconds."""

    detector: FrameDetector
    speaking: bool = False
    speech_ms: int = 0
    """Speech in the present turn of the user."""
    silence_ms: int = 60_000
    """Silence since the last speech of the user."""
    turn_open: bool = False
    """A turn of the user has begun and has not been answered."""
    overlap_ms: int = 0
    """How long the user has spoken over the partner without a decision; 0 when not deciding."""
    stop_requested: bool = False
    tail: Samples = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    """Samples that did not fill a frame yet."""


class BaselineEngine:
    """Rules only. Takes the detector's maker, so that this package depends on no detector."""

    name = "baseline (VAD and timers)"

    def __init__(self, make_detector: type[FrameDetector], timers: Timers | None = None) -> None:
        self._make_detector = make_detector
        self._timers = timers or Timers()

    def start(self) -> BaselineState:
        return BaselineState(detector=self._make_detector())

    def step(self, state: BaselineState, heard: Slice) -> tuple[BaselineState, Decision]:
        state, speech = self._listen(state, heard)
        user = self._user_state(state, heard, speech)
        if heard.agenda.sounding:
            state, action, user = self._while_sounding(state, heard, user, speech)
        else:
            state, action, user = self._while_silent(state, heard, user)
        return state, Decision(action=action, user=user, speech=speech)

    def _listen(self, state: BaselineState, heard: Slice) -> tuple[BaselineState, bool]:
        """Counts speech and silence of the user."""
        samples = np.concatenate([state.tail, heard.microphone])
        whole = len(samples) - len(samples) % FRAME_SAMPLES
        frames = samples[:whole].reshape(-1, FRAME_SAMPLES)
        voiced = sum(state.detector.predict_f32(frame) >= self._timers.speech_probability for frame in frames)
        # A key click lasts a frame or two: while keys arrive, only a slice full of voice is speech.
        needed = len(frames) if heard.editor.keys and not state.speaking else self._timers.onset_frames
        if state.speaking:
            needed = 1
        speech = heard.microphone_open and voiced >= needed
        return (
            replace(
                state,
                speaking=speech,
                tail=samples[whole:],
                speech_ms=state.speech_ms + SLICE_MS if speech else state.speech_ms,
                silence_ms=0 if speech else state.silence_ms + SLICE_MS,
                turn_open=state.turn_open or speech,
            ),
            speech,
        )

    def _user_state(self, state: BaselineState, heard: Slice, speech: bool) -> UserState:
        if speech:
            return UserState.SPEAKING_TO_PARTNER
        return UserState.TYPING if heard.clocks.since_key_s < 1.0 else UserState.QUIET

    def _while_sounding(
        self, state: BaselineState, heard: Slice, user: UserState, speech: bool
    ) -> tuple[BaselineState, Action, UserState]:
        """The partner speaks: go on, duck, yield or recover."""
        words = heard.words.strip().lower()
        if heard.agenda.ducked or state.overlap_ms:
            overlap_ms = state.overlap_ms + SLICE_MS
            state = replace(state, overlap_ms=overlap_ms)
            if _STOP.search(words):
                return replace(state, overlap_ms=0, stop_requested=True), Action.YIELD, UserState.STOP_REQUEST
            if words and _BACKCHANNEL.match(words):
                user = UserState.BACKCHANNEL
            elif speech and state.speech_ms >= self._timers.decide_ms:
                return replace(state, overlap_ms=0), Action.YIELD, UserState.CLARIFICATION
            if not speech and state.silence_ms >= self._timers.false_alarm_ms:
                ended = user if user is UserState.BACKCHANNEL else UserState.NOISE
                forgotten = replace(state, overlap_ms=0, speech_ms=0, turn_open=False)
                return forgotten, Action.RESUME, ended
            return state, Action.DUCK, user
        if speech:
            return replace(state, overlap_ms=SLICE_MS), Action.DUCK, user
        return state, Action.KEEP, user

    def _while_silent(
        self, state: BaselineState, heard: Slice, user: UserState
    ) -> tuple[BaselineState, Action, UserState]:
        """Nobody hears the partner: listen, answer, or take the floor with what waits."""
        state = replace(state, overlap_ms=0)
        over = heard.end_of_turn or state.silence_ms >= self._timers.end_of_turn_ms
        if state.turn_open and over and not state.speaking:
            was_turn = state.speech_ms >= self._timers.shortest_turn_ms or bool(heard.words)
            stop = state.stop_requested or (heard.agenda.resumable and _STOP.search(heard.words.lower()) is not None)
            state = replace(state, turn_open=False, speech_ms=0, stop_requested=False)
            if stop:
                return state, Action.SILENT, UserState.STOP_REQUEST
            if heard.agenda.resumable and not heard.words:
                return state, Action.RESUME, UserState.NOISE
            return state, Action.DELEGATE if was_turn else Action.SILENT, user if was_turn else UserState.NOISE
        if state.turn_open or user is UserState.SPEAKING_TO_PARTNER:
            return state, Action.SILENT, user
        if heard.agenda.waiting is WaitingKind.REPLY:
            return state, Action.TAKE, user
        if heard.agenda.waiting is WaitingKind.OFFER:
            return state, Action.TAKE if self._is_lull(state, heard) else Action.DEFER, user
        return state, Action.SILENT, user

    def _is_lull(self, state: BaselineState, heard: Slice) -> bool:
        hurried, unhurried = self._timers.hold_offer_ms, self._timers.hold_offer_unhurried_ms
        hold_ms = unhurried - heard.agenda.urgency * (unhurried - hurried)
        since_ms = 1000 * min(heard.clocks.since_key_s, heard.clocks.since_user_s, heard.clocks.since_own_s)
        return min(since_ms, state.silence_ms) >= hold_ms and heard.editor.statement_complete
