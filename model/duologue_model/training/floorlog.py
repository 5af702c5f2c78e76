"""What happens in a session, as a log: who speaks from when to when, keys, noises, what the partner says.

No sound yet: `render` makes that. Times are seconds from the beginning of the session; `T` slices of 80 ms.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from duologue_model.slices import SLICE_MS
from duologue_model.vocabulary import UserState

SLICE_S = SLICE_MS / 1000

Who = Literal["user", "other"]
PartnerKind = Literal["reply", "offer", "hum"]
NoiseKind = Literal["cough", "knock", "click", "chair"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word and when it is spoken."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """Speech without a pause: the samples `clip_start` to `clip_end` of a clip, `speed` times as fast."""

    start_s: float
    end_s: float
    clip: str
    clip_start: int
    clip_end: int
    speed: float
    words: tuple[Word, ...] = ()

    def sounds(self, start_s: float, end_s: float) -> bool:
        """Whether any of it lies between the two times."""
        return self.start_s < end_s and self.end_s > start_s


@dataclass(slots=True)
class Turn:
    """What somebody says until they are done; pauses lie between its parts."""

    who: Who
    state: UserState
    parts: tuple[Said, ...]
    answer: bool
    """Whether the partner should answer."""
    decide_s: float
    """How long after its onset a good listener knows what it is."""
    gain_db: float = 0.0
    """Level against the user's usual one."""
    humming: frozenset[int] = frozenset()
    """After which parts a good listener says "mm-hm"."""
    closed: bool = False
    """Nothing more will come of it: handed over, or it asked for nothing."""
    released_s: float | None = None
    """When the key of push-to-talk was let go, which ends the turn; None where the microphone is always open."""

    @property
    def start_s(self) -> float:
        return self.parts[0].start_s

    @property
    def end_s(self) -> float:
        return self.parts[-1].end_s

    def onset_after(self, t: float) -> float:
        """When its first speech begins that is still heard after `t`."""
        return next((max(part.start_s, t) for part in self.parts if part.end_s > t), self.end_s)

    def part_at(self, start_s: float, end_s: float) -> Said | None:
        """The part that sounds between the two times."""
        return next((part for part in self.parts if part.sounds(start_s, end_s)), None)


@dataclass(frozen=True, slots=True)
class Key:
    """A key; one of somebody else's keyboard is heard but not typed here."""

    at_s: float
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A change of an editor's field: an event is counted, a state (`focused`, `statement_complete`) is kept."""

    at_s: float
    name: str
    value: int = 1


@dataclass(frozen=True, slots=True)
class Noise:
    """A short sound that is not speech."""

    start_s: float
    end_s: float
    kind: NoiseKind
    gain_db: float


@dataclass(slots=True)
class Sounded:
    """An utterance of the partner as far as it was heard."""

    kind: PartnerKind
    clip: str
    start_s: float
    end_s: float
    clip_start: int
    ended_by: Literal["end", "speech", "key"] = "end"
    ducks: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Perceived:
    """Per slice, in the order of the fields in `example`; IGNORED (-1) where a label counts for nothing."""

    editor: NDArray[np.float32]
    """`[T, 9]`"""
    agenda: NDArray[np.float32]
    """`[T, 9]`"""
    clocks: NDArray[np.float32]
    """`[T, 3]`"""
    own: NDArray[np.int64]
    """`[T]`"""
    action: NDArray[np.int64]
    """`[T]`"""
    user: NDArray[np.int64]
    """`[T]`"""
    turn_end: NDArray[np.float32]
    """`[T]`"""
    empty: NDArray[np.bool_]
    """`[T]`: nobody speaks or types, nothing sounds and nothing waits."""
    forced: NDArray[np.bool_] | None = None
    """`[T, 4]`, in the order of ForcedToken: what rules did; None: nothing."""
    end_of_turn: NDArray[np.bool_] | None = None
    """`[T]`: push-to-talk was let go; None: never."""
    microphone_open: NDArray[np.bool_] | None = None
    """`[T]`; None: always."""


@dataclass(frozen=True, slots=True)
class FloorLog:
    """A whole session without its sound."""

    name: str
    scenario: str
    speaker: str
    """The user's voice."""
    slices: int
    turns: tuple[Turn, ...]
    keys: tuple[Key, ...]
    marks: tuple[Mark, ...]
    noises: tuple[Noise, ...]
    sounded: tuple[Sounded, ...]
    forgotten_s: tuple[float, ...]
    """When the ear began a new turn: the words before are not shown any more."""
    echo_db: float
    """Level of the partner's voice in the microphone against the loudspeaker."""
    perceived: Perceived
    delegated_s: tuple[float, ...] = ()
    """When the partner handed a turn of the user to whoever answers."""
    offered_s: tuple[float, ...] = ()
    """When something unprompted to say came up."""
    decided: NDArray[np.int64] | None = None
    """`[T, 2]`: what an engine decided in each slice: its action and the user's state, as indices; None if none ran."""

    @property
    def duration_s(self) -> float:
        return self.slices * SLICE_S
