"""The voice loop on a virtual clock, with a scripted engine and parts whose timing is exact."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from duologue_model.engine import Decision
from duologue_model.slices import Slice
from duologue_model.vocabulary import Action, UserState
from duologue_server.audio.player import Player
from duologue_server.link.messages import FromVoice, Happened, ToVoice
from duologue_server.trace.clock import VirtualClock
from duologue_server.trace.facts import Fact, Turn
from duologue_server.voice.ear import Ear
from duologue_server.voice.floor_events import Rules
from duologue_server.voice.loop import Parts, VoiceLoop
from duologue_server.voice.mouth import Mouth
from duologue_server.voice.speaker import Samples, SpokenClause, SpokenWord

RATE_HZ = 24_000
WORD_MS = 200
WORD_SAMPLES = RATE_HZ * WORD_MS // 1000
BLOCK = 320


class ToneSpeaker:
    """Every word is 200 ms of a tone at the usual pace, without pauses."""

    name = "tones"
    rate_hz = RATE_HZ
    speed = 1.0

    def speak(self, clause: str) -> SpokenClause:
        words, length = clause.split(), round(WORD_SAMPLES / self.speed)
        tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(words) * length) / RATE_HZ)
        placed = tuple(SpokenWord(word, index * length, (index + 1) * length) for index, word in enumerate(words))
        return SpokenClause(clause, tone.astype(np.float32), placed)


class ScriptedListener:
    """Hears the same words in everything that is long enough."""

    name = "scripted"

    def __init__(self, text: str = "what is this") -> None:
        self.text = text

    def partial(self, audio: Samples) -> str:
        return self.text

    def final(self, audio: Samples) -> str:
        return self.text

    def texts(self, audio: Samples) -> tuple[str, ...]:
        return (self.text,)

    def bias(self, words: tuple[str, ...], phrases: tuple[str, ...] = ()) -> None:
        """Needs none."""


@dataclass
class ScriptedEngine:
    """Decides by the time of the slice's end; silent, or keeping the floor, otherwise."""

    script: dict[float, tuple[Action, UserState]] = field(default_factory=dict)
    heard: list[Slice] = field(default_factory=list)
    name: str = "scripted"

    def start(self) -> int:
        return 0

    def step(self, state: int, heard: Slice) -> tuple[int, Decision]:
        self.heard.append(heard)
        t = round((state + 1) * 0.08, 2)
        default = (Action.KEEP if heard.agenda.sounding else Action.SILENT, UserState.QUIET)
        action, user = self.script.get(t, default)
        return state + 1, Decision(action, user, speech=user is UserState.SPEAKING_TO_PARTNER)


class Stage:
    """A loop, its clock and everything that came out of it."""

    def __init__(
        self,
        script: dict[float, tuple[Action, UserState]] | None = None,
        rules: Rules | None = None,
        engine: ScriptedEngine | None = None,
    ) -> None:
        self.clock = VirtualClock(free_compute=True)
        self.player = Player(RATE_HZ)
        self.engine = engine or ScriptedEngine(script or {})
        self.messages: list[FromVoice] = []
        self.out: list[Samples] = []
        self._ticks = 0
        self.listener = ScriptedListener()
        ear = Ear(self.listener, self.clock, lambda text, final: self.loop.words(text, final))
        mouth = Mouth(ToneSpeaker(), self.player, self.clock, lambda error: self.errors.append(error))
        self.errors: list[Exception] = []
        self.loop: VoiceLoop = VoiceLoop(
            Parts(self.engine, ear, mouth, self.player), self.clock, self.messages.append, rules or Rules()
        )

    def at(self, t: float, *messages: ToVoice) -> None:
        """The language server sends these then."""
        for message in messages:
            self.clock.call_at(t, lambda message=message: self.loop.receive(message))  # type: ignore[misc]

    def call_at(self, t: float, call: Callable[[], None]) -> None:
        self.clock.call_at(t, call)

    def run(self, until_s: float, microphone: Samples | None = None) -> Sequence[Fact]:
        """Moves on, 20 ms at a time; gives every fact so far but the engine's turns."""
        while self._ticks * 0.02 < until_s - 1e-9:
            t = self._ticks * 0.02
            for half in (0.0, 0.01):
                self.clock.advance_to(t + half)
                self.out.append(self.player.fill(RATE_HZ // 100))
            start = self._ticks * BLOCK
            heard = np.zeros(BLOCK, np.float32) if microphone is None else microphone[start : start + BLOCK]
            self._ticks += 1
            self.clock.advance_to(self._ticks * 0.02)
            self.loop.hear(np.pad(heard, (0, BLOCK - len(heard))), np.zeros(BLOCK, np.float32))
        return self.facts()

    def facts(self) -> list[Fact]:
        """Everything that happened but the engine's turns."""
        happened = [message.fact for message in self.messages if isinstance(message, Happened)]
        return [fact for fact in happened if not isinstance(fact, Turn)]

    def level(self, from_s: float, to_s: float) -> float:
        """The loudest sample that was played in that time."""
        sound = np.concatenate(self.out)
        return float(np.max(np.abs(sound[round(from_s * RATE_HZ) : round(to_s * RATE_HZ)]), initial=0.0))
