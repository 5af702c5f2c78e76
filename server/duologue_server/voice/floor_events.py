"""What may happen to the floor, and what it may ask for: two closed sets, with the utterance between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from duologue_model.engine import Decision
from duologue_model.vocabulary import ForcedToken
from duologue_server.trace.facts import Cause, EndCause

DUCK_GAIN_DB = -14.0
"""How far a ducked voice is lowered: clearly under the user's voice, still followable."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something to say. `turn` is the user's turn that it answers."""

    id: str
    text: str
    cause: Cause
    turn: int | None = None
    urgency: float = 0.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What the floor must never do, whatever the model decides."""

    quiet_after_key_s: float = 1.5
    """Nothing unprompted within this many seconds of a key."""
    reply_after_key_s: float = 0.5
    """An answer that was asked for waits this long after a key."""
    reply_lives_s: float = 12.0
    """An answer that could not begin within this stays as text."""
    reply_waits_s: float = 1.0
    """An answer that nobody speaks over begins after this even if the model never takes the floor for it."""
    resume_within_s: float = 8.0
    """What was broken off longer ago is not gone on with."""
    duck_holds_s: float = 0.24
    """A lowered voice stays so for this long: a wavering model would make it flutter."""
    duck_lasts_s: float = 1.5
    """A lowered voice that nobody speaks over is raised after this."""
    overlap_yields_s: float = 0.8
    """Somebody has spoken over a lowered voice for so long, and not to others: longer than people acknowledge, so it
    gives way even if the model goes on wondering. Human backchannels last 0.4 s in the median (Switchboard)."""
    duck_again_s: float = 2.5
    """Within this, only a voice that is heard lowers it again."""
    words_come_s: float = 3.0
    """The words of an ended turn are awaited this long before it may be ended once more."""
    turn_again_s: float = 2.0
    """Without speech in between, no turn is ended twice within this."""
    hum_every_s: float = 5.0
    """Between two acknowledgements."""
    hum_within_s: float = 1.0
    """An acknowledgement this long after the user's voice is out of place."""
    unwanted_lasts_s: float = 0.36
    """The model must find for this long that what was said was not for us, before its words are let go."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The model's decision about a slice that ended at `t`."""

    t: float
    decision: Decision


@dataclass(frozen=True, slots=True)
class KeysPressed:
    t: float
    count: int


@dataclass(frozen=True, slots=True)
class OfferCame:
    """A suggestion stands first on the agenda."""

    t: float
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class OfferWithdrawn:
    t: float
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class SayCame:
    """Say this now, without a decision."""

    t: float
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class ReplyCame:
    """The first clause of the answer to a turn of the user."""

    t: float
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class ReplyEmpty:
    """There is nothing to say to `turn`."""

    t: float
    turn: int


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The ear has the words of the user's turn that was delegated; empty when there were none."""

    t: float
    text: str
    ended_s: float


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The user pauses, and the words alone settle what is wanted: a known question, or silence."""

    t: float


@dataclass(frozen=True, slots=True)
class SoundEnded:
    t: float
    id: str
    cause: EndCause
    text: str
    """All of it, heard or not."""
    heard_text: str


@dataclass(frozen=True, slots=True)
class Commanded:
    """A verb of the user: start, stop, mute, unmute, ptt_down, ptt_up, snooze, sleep, wake, accept, dismiss, repeat."""

    t: float
    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeviceLost:
    t: float


Event = (
    Decided
    | KeysPressed
    | OfferCame
    | OfferWithdrawn
    | SayCame
    | ReplyCame
    | ReplyEmpty
    | TurnEnded
    | Foreseen
    | SoundEnded
    | Commanded
    | DeviceLost
)


@dataclass(frozen=True, slots=True)
class Start:
    """Begin to sound; `resume` goes on at the word where it was broken off."""

    utterance: Utterance
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Fade out now, at any word."""

    cause: EndCause


@dataclass(frozen=True, slots=True)
class Duck:
    gain_db: float = DUCK_GAIN_DB


@dataclass(frozen=True, slots=True)
class Unduck:
    pass


@dataclass(frozen=True, slots=True)
class EndTurn:
    """Ask the ear for the words of the user's turn; `TurnEnded` follows."""


@dataclass(frozen=True, slots=True)
class ForgetTurn:
    """What the ear has of the present turn is not wanted: the microphone closed, or it was no turn."""


@dataclass(frozen=True, slots=True)
class SendAsk:
    turn: int
    text: str
    ended_s: float
    interrupted: str | None


@dataclass(frozen=True, slots=True)
class CancelAsk:
    turn: int


@dataclass(frozen=True, slots=True)
class DropUtterance:
    """It will not be said; it stays as text."""

    utterance: Utterance
    why: str


@dataclass(frozen=True, slots=True)
class Force:
    """Write what a rule did into the model's own stream."""

    token: ForcedToken


@dataclass(frozen=True, slots=True)
class Carried:
    """A verb was carried out."""

    name: str
    why: str


Effect = Start | Stop | Duck | Unduck | EndTurn | ForgetTurn | SendAsk | CancelAsk | DropUtterance | Force | Carried
