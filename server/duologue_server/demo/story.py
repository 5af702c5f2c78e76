"""What happened in a replay, as a person would tell it: who spoke when, what was answered, what fell silent and why.

Facts come in one by one, live or from a file; nothing here draws.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from duologue_server.trace.facts import (
    Cause,
    Command,
    Dropped,
    Duck,
    EndCause,
    Fact,
    Heard,
    Offered,
    SoundOff,
    SoundOn,
    Turn,
    Unduck,
)  # fmt: skip
from duologue_server.trace.folder import RATE_HZ, SessionFolder

Samples = NDArray[np.float32]
Who = Literal["you", "partner", "agenda"]

FRAME_S = 0.010
SPEECH_DBFS = -42.0
KEY_SOUNDS_S = 0.2
"""A key and its release are over by then, and are not taken for speech."""
SAME_TURN_S = 0.35
"""A shorter gap is a pause between words."""
SHORTEST_S = 0.1


@dataclass(slots=True)
class Speech:
    """The developer says something. From the microphone track itself, not from what was recognised."""

    begin_s: float
    end_s: float
    text: str = ""
    """What was recognised so far."""
    final: bool = False


@dataclass(slots=True)
class Spoken:
    """The partner says something, from its first audible sample to its last."""

    id: str
    text: str
    cause: Cause
    begin_s: float
    end_s: float | None = None
    end_cause: EndCause | None = None
    heard_text: str = ""
    ducks: list[tuple[float, float | None]] = field(default_factory=list)
    waited_ms: float | None = None
    """An answer: since the developer stopped speaking. Something unasked: since the last key."""
    stop_ms: float | None = None
    """Silenced: since the key, or since the developer began to speak."""

    @property
    def unheard_text(self) -> str:
        """What stayed as text; all but the heard words once it has ended."""
        return " ".join(self.text.split()[len(self.heard_text.split()) :]) if self.end_cause else ""

    def broken_by(self, speech: Speech) -> bool:
        """Whether this speech silenced it."""
        return self.end_cause == "speech" and self.begin_s < speech.begin_s < (self.end_s or 0.0)


class Line(NamedTuple):
    """One line of the log."""

    t: float
    who: Who
    text: str
    tone: str
    """Why, for its colour: a cause of a sound, `stopped` or `plain`."""


class Story:
    """Takes the facts of one replay of `session`."""

    def __init__(self, session: SessionFolder) -> None:
        self.duration_s = session.duration_s
        self.keys_s = [event.t for event in session.events if event.kind == "keys"]
        self.saves_s = [event.t for event in session.events if event.kind == "save"]
        self.speeches = find_speech(session.microphone, self.keys_s)
        self.spoken: list[Spoken] = []
        self.turns: list[Turn] = []
        self.offered: list[Offered] = []
        self.waiting: dict[str, Offered] = {}
        """What stands on the agenda now."""
        self.microphone = "closed" if session.microphone is None else "open"
        self.lines: list[Line] = []

    @property
    def sounding(self) -> Spoken | None:
        """What can be heard now."""
        return self.spoken[-1] if self.spoken and self.spoken[-1].end_s is None else None

    def partner(self, t: float) -> str:
        """What the partner does at `t`, in a word."""
        sounding = self.sounding
        if sounding is not None:
            return "lowered" if sounding.ducks and sounding.ducks[-1][1] is None else "speaking"
        if any(speech.begin_s <= t <= speech.end_s + 0.2 for speech in self.speeches):
            return "listening"
        return "thinking" if self._owes_answer() else "silent"

    def take(self, fact: Fact) -> None:
        """The next fact; facts of the voice may come a little later than others of the same time."""
        match fact:
            case Turn():
                self.turns.append(fact)
            case SoundOn():
                self._sound_on(fact)
            case SoundOff():
                self._sound_off(fact)
            case Duck():
                self._duck(fact)
            case Unduck():
                self._unduck(fact)
            case Heard():
                self._heard(fact)
            case Offered():
                self.waiting[fact.id] = fact
                self.offered.append(fact)
                self._log(fact.t, "agenda", f"{fact.text} ({fact.why}; it waits for a pause)", "offer")
            case Dropped():
                self.waiting.pop(fact.id, None)
                self._log(fact.t, "agenda", f"let go: {fact.text} ({fact.why})", "plain")
            case Command(name=name) if fact.t > 0:
                self.microphone = {"mute": "muted", "unmute": "open", "stop": "closed"}.get(name, self.microphone)
                self._log(fact.t, "you", f"{name} ({fact.why})", "plain")
            case _:
                pass

    def _sound_on(self, fact: SoundOn) -> None:
        self.waiting.pop(fact.utterance, None)
        spoken = Spoken(fact.utterance, fact.text, fact.cause, fact.t)
        self.spoken.append(spoken)
        if fact.cause == "offer":
            spoken.waited_ms = _since_ms(self.keys_s, fact.t)
            why = f"unasked, {_seconds(spoken.waited_ms)} after the last key" if spoken.waited_ms else "unasked"
        elif fact.cause == "reply":
            spoken.waited_ms = _since_ms([speech.end_s for speech in self.speeches], fact.t)
            why = f"answers after {_seconds(spoken.waited_ms)}" if spoken.waited_ms else "answers"
        else:
            why = fact.cause
        self._log(fact.t, "partner", f"“{fact.text}” ({why})", fact.cause)

    def _sound_off(self, fact: SoundOff) -> None:
        spoken = next((one for one in reversed(self.spoken) if one.id == fact.utterance and one.end_s is None), None)
        if spoken is None:
            return
        spoken.end_s, spoken.end_cause, spoken.heard_text = fact.t, fact.cause, fact.heard_text
        if spoken.ducks and spoken.ducks[-1][1] is None:
            spoken.ducks[-1] = (spoken.ducks[-1][0], fact.t)
        if fact.cause == "key":
            spoken.stop_ms = _since_ms(self.keys_s, fact.t)
        elif fact.cause == "speech":
            spoken.stop_ms = _since_ms([speech.begin_s for speech in self.speeches], fact.t)
        self._log(fact.t, "partner", ended(spoken), "stopped" if fact.cause != "end" else "plain")

    def _duck(self, fact: Duck) -> None:
        if self.sounding is not None:
            self.sounding.ducks.append((fact.t, None))
            self._log(fact.t, "partner", f"lowers its voice by {-fact.gain_db:g} dB: somebody speaks", "plain")

    def _unduck(self, fact: Unduck) -> None:
        if self.sounding is not None and self.sounding.ducks:
            self.sounding.ducks[-1] = (self.sounding.ducks[-1][0], fact.t)
            self._log(fact.t, "partner", "goes on at full voice", "plain")

    def _heard(self, fact: Heard) -> None:
        speech = next((one for one in reversed(self.speeches) if one.begin_s <= fact.t), None)
        if speech is None or (speech.final and not fact.final):
            return
        said = speech.text
        speech.text, speech.final = fact.text, fact.final
        broke_in = any(one.broken_by(speech) for one in self.spoken)
        if fact.final or (broke_in and fact.text != said):
            self._log(fact.t, "you", f"“{fact.text}”", "plain")

    def _owes_answer(self) -> bool:
        asked_s = max((speech.end_s for speech in self.speeches if speech.final), default=None)
        return asked_s is not None and all(one.begin_s < asked_s for one in self.spoken)

    def _log(self, t: float, who: Who, text: str, tone: str) -> None:
        self.lines.append(Line(t, who, text, tone))


def ended(spoken: Spoken) -> str:
    """How an utterance ended, in a few words."""
    heard = f"heard: “{spoken.heard_text}”" if spoken.heard_text else "not a word was heard"
    match spoken.end_cause:
        case "end":
            return "heard out"
        case "key":
            return f"a key: silent after {spoken.stop_ms or 0:.0f} ms; {heard}"
        case "speech":
            return f"a voice: silent after {_seconds(spoken.stop_ms or 0)}; {heard}"
        case cause:
            return f"stopped ({cause}); {heard}"


def find_speech(microphone: Samples | None, keys_s: Sequence[float]) -> list[Speech]:
    """Where the developer speaks in the microphone track `[N]` at 16 kHz, which has no echo in it: energy, keys left
    out."""
    if microphone is None:
        return []
    size = round(FRAME_S * RATE_HZ)
    frames = microphone[: len(microphone) // size * size].reshape(-1, size)
    loud = np.sqrt(np.mean(frames**2, axis=1)) > 10 ** (SPEECH_DBFS / 20)
    for key_s in keys_s:
        loud[max(0, int(key_s / FRAME_S) - 1) : int((key_s + KEY_SOUNDS_S) / FRAME_S)] = False
    speeches: list[Speech] = []
    for at in np.flatnonzero(loud):
        t = float(at) * FRAME_S
        if speeches and t - speeches[-1].end_s < SAME_TURN_S:
            speeches[-1].end_s = t + FRAME_S
        else:
            speeches.append(Speech(t, t + FRAME_S))
    return [speech for speech in speeches if speech.end_s - speech.begin_s >= SHORTEST_S]


def _since_ms(times_s: Sequence[float], t: float) -> float | None:
    """Since the latest of the ordered `times_s` that is not after `t`."""
    at = bisect.bisect_right(times_s, t)
    return 1000 * (t - times_s[at - 1]) if at else None


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.2f} s"
