"""A session with a user who cannot react, while it is planned: what people do, and what happens to the product.

In a recording nobody answers the partner, so a `say` puts it on the floor where a scene needs it there, and the user's
sound comes at a time that was fixed beforehand: as Full-Duplex-Bench does it.
"""

from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.random import Generator

from duologue_model.slices import RATE_HZ
from duologue_model.training.floorlog import SLICE_S, FloorLog, Key, Noise, NoiseKind, Perceived, Said, Turn, Who
from duologue_model.training.timing import Timing, load
from duologue_model.training.voices import Bank, Clip
from duologue_model.vocabulary import UserState
from duologue_server.trace.folder import Event

NO_ECHO_DB = -90.0
ECHO_DELAY_MS = 60.0
DECIDE_S = 0.35
SHORTEST_PART_S = 0.5
LONGEST_PAUSE_S = 2.2
LENGTHENED = 0.35
"""Share of the pauses of a recording that last longer here, as in a conversation."""
REPLY = "Yes, that is the one. I can show it to you."
"""The answer to everything: what is asked of a language model is no part of a floor's timing."""
LONG_TEXTS = (
    "The tests have finished, and all twelve of them are green again, as they were this morning before the change. "
    "The slowest one took four seconds, most of it in the fixture that writes the large file to the disk.",
    "There are three callers of this function. The first one is in the parser, the second one in the command line, "
    "and the third one is a test that nobody has run for a year, because it needs a server that is not there.",
    "I would pass the path as an argument here. Then the class needs no state of its own, the test gets shorter, "
    "and the two places that open the file today can share one function that closes it in every case.",
    "It was changed last week, together with the cache. Before that, the key was made from the name of the user, "
    "and now it comes from the whole request, so that two requests in a row never find the same entry.",
)
"""What the partner says where it must be on the floor: ten seconds and more."""
_HUMAN_KINDS = {"stop": "stop", "backchannel": "backchannel", "answer": "answer"}
"""What people recorded; for everything else there is read speech."""


def nothing_perceived(slices: int) -> Perceived:
    """The arrays of a log whose labels nobody asks for, `slices` long."""
    none = np.full(slices, -1, np.int64)
    return Perceived(
        np.zeros((slices, 9), np.float32), np.zeros((slices, 9), np.float32), np.zeros((slices, 3), np.float32),
        none, none, none, np.full(slices, np.nan, np.float32), np.zeros(slices, np.bool_),
    )  # fmt: skip


@dataclass(slots=True)
class Plan:
    """Time stands at `t` until `wait` moves it; `speak`, `type`, `noise`, `say` and `offer` happen there."""

    name: str
    scene: str
    bank: Bank
    rng: Generator
    human: bool
    """Only recorded people speak."""
    number: int = 0
    """Which of the sessions of its scene it is."""
    echo_db: float = NO_ECHO_DB
    canceller: bool = True
    t: float = 0.0
    turns: list[Turn] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    noises: list[Noise] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    timing: Timing = field(default_factory=load)
    _says: int = 0
    _speaker: str = ""

    @property
    def speaker(self) -> str:
        """The user's voice, one in a session; recorded people take turns, since there are few clips of each."""
        if self.human:
            return "people"
        if not self._speaker:
            names = self.bank.speakers("turn")
            self._speaker = names[int(self.rng.integers(len(names)))]
        return self._speaker

    def uniform(self, least: float, most: float) -> float:
        return float(self.rng.uniform(least, most))

    def wait(self, seconds: float) -> None:
        self.t += seconds

    def speak(
        self,
        kind: str,
        state: UserState = UserState.SPEAKING_TO_PARTNER,
        answer: bool = True,
        who: Who = "user",
        gain_db: float = 0.0,
        most_s: float = 12.0,
    ) -> Turn:
        """A turn of the user, or of somebody else, from now on; its pauses are as long as people's are."""
        parts = self._parts(self._clip(kind, who), most_s)
        turn = Turn(who, state, parts, answer, DECIDE_S, gain_db)
        self.turns.append(turn)
        return turn

    def type(self, seconds: float, elsewhere: bool = False) -> None:
        """A burst of keys from now on; those of somebody else's keyboard are only heard."""
        pace_s, at_s = self.uniform(0.1, 0.22), self.t
        while at_s < self.t + seconds:
            self.keys.append(Key(at_s, elsewhere))
            if not elsewhere:
                self.events.append(Event(at_s, "keys", {"count": 1}))
            at_s += max(0.05, pace_s * float(self.rng.lognormal(0.0, 0.45)))

    def noise(self, kind: NoiseKind) -> None:
        length_s = {"cough": 0.45, "knock": 0.25, "click": 0.1, "chair": 0.6}[kind] * self.uniform(0.7, 1.3)
        self.noises.append(Noise(self.t, self.t + length_s, kind, self.uniform(-12.0, 3.0)))

    def say(self) -> None:
        """Puts the partner on the floor now, for ten seconds and more."""
        self._says += 1
        text = LONG_TEXTS[(self._says + int(self.rng.integers(len(LONG_TEXTS)))) % len(LONG_TEXTS)]
        self.events.append(Event(self.t, "say", {"id": f"say-{self._says}", "text": text}))

    def offer(self, urgency: float) -> None:
        """Something unprompted to say comes up now."""
        clip = self.bank.pick(self.rng, "offer")
        number = sum(event.kind == "offer" for event in self.events) + 1
        fields = {"id": f"offer-{number}", "text": clip.facts.text, "urgency": round(urgency, 2)}
        self.events.append(Event(self.t, "offer", fields))

    def truth(self) -> FloorLog:
        """What people do in the session; nothing yet of the partner."""
        slices = ceil(self.t / SLICE_S)
        return FloorLog(
            name=self.name,
            scenario=self.scene,
            speaker=self.speaker,
            slices=slices,
            turns=tuple(sorted(self.turns, key=lambda turn: turn.start_s)),
            keys=tuple(sorted(self.keys, key=lambda key: key.at_s)),
            marks=(),
            noises=tuple(sorted(self.noises, key=lambda noise: noise.start_s)),
            sounded=(),
            forgotten_s=(),
            echo_db=self.echo_db,
            perceived=nothing_perceived(slices),
            offered_s=tuple(event.t for event in self.events if event.kind == "offer"),
        )

    def _clip(self, kind: str, who: Who) -> Clip:
        if self.human:
            kind = _HUMAN_KINDS.get(kind, "talk")
            return self.bank.pick(self.rng, kind)
        if who == "user":
            return self.bank.pick(self.rng, kind, self.speaker)
        others = [name for name in self.bank.speakers(kind) if name != self.speaker] or [self.speaker]
        return self.bank.pick(self.rng, kind, others[int(self.rng.integers(len(others)))])

    def _parts(self, clip: Clip, most_s: float) -> tuple[Said, ...]:
        """The clip from now on, with pauses at its breaks; of a long recording only its end, from a pause on."""
        parts: list[Said] = []
        at_s = self.t
        for begin, end, pause_s in self._pieces(clip, most_s):
            parts.append(Said(at_s, at_s + (end - begin) / RATE_HZ, clip.facts.id, begin, end, 1.0))
            at_s = parts[-1].end_s + pause_s
        return tuple(parts)

    def _pieces(self, clip: Clip, most_s: float) -> list[tuple[int, int, float]]:
        """From and to, in samples of the clip, and the pause after each: all up to the very end of the clip."""
        length, least = len(clip.samples), round(SHORTEST_PART_S * RATE_HZ)
        gaps = [(place, place, self._pause_s()) for place in clip.facts.breaks]
        for begin, end in clip.facts.pauses:
            natural_s = (end - begin) / RATE_HZ
            longer = self.rng.random() < LENGTHENED
            gaps.append((begin, end, max(natural_s, self._pause_s()) if longer else natural_s))
        gaps = sorted(gap for gap in gaps if gap[0] > least and gap[1] < length - least)
        first = 0
        if clip.seconds > most_s:
            begins = [gap[1] for gap in gaps if length - gap[1] <= most_s * RATE_HZ]
            first = begins[0] if begins else length - round(most_s * RATE_HZ)
        pieces, begin = [], first
        for from_, to, pause_s in gaps:
            if from_ - begin >= least:
                pieces.append((begin, from_, pause_s))
                begin = to
        return [*pieces, (begin, length, 0.0)]

    def _pause_s(self) -> float:
        return min(LONGEST_PAUSE_S, self.timing.pause.draw(self.rng))
