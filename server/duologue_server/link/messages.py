"""Every message of the voice link: one closed set, mirrored by nothing else.

Direction is written in each docstring. Times named `t` are seconds of the voice process's session clock.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Literal

from duologue_server.trace.facts import Cause, Fact, from_json, to_json

LINK_VERSION = 2


@dataclass(frozen=True, slots=True)
class Hello:
    """Both ways, first: who speaks which version. The language server's carries the options in wire form."""

    kind: ClassVar[str] = "hello"
    version: int
    product: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Beat:
    """Both ways, once a second: still alive."""

    kind: ClassVar[str] = "beat"
    count: int


@dataclass(frozen=True, slots=True)
class Keys:
    """To the voice: keys were pressed. The fingers' flow: nothing is parsed before this is sent."""

    kind: ClassVar[str] = "keys"
    count: int
    sent_s: float = 0.0
    """`time.monotonic()` of the sender, for measurement on one machine."""


@dataclass(frozen=True, slots=True)
class EditorEvent:
    """To the voice: something that the model sees of the editor."""

    kind: ClassVar[str] = "editor"
    what: Literal[
        "save", "cursor_jump", "diagnostics_up", "diagnostics_down", "tests_passed", "tests_failed", "focus", "complete"
    ]
    value: int = 1
    """How many; for `focus` and `complete` 0 or 1."""


@dataclass(frozen=True, slots=True)
class Offer:
    """To the voice: the suggestion that now stands first on the agenda; replaces the one before."""

    kind: ClassVar[str] = "offer"
    id: str
    text: str
    urgency: float


@dataclass(frozen=True, slots=True)
class Withdraw:
    """To the voice: an offer is no longer worth saying."""

    kind: ClassVar[str] = "withdraw"
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Say:
    """To the voice: say this now, without a decision of the model."""

    kind: ClassVar[str] = "say"
    id: str
    text: str
    cause: Cause = "say"


@dataclass(frozen=True, slots=True)
class Reply:
    """To the voice: the next piece of the answer to a turn of the user, cut anywhere; may be empty when `final`."""

    kind: ClassVar[str] = "reply"
    turn: int
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class Prepare:
    """To the voice: what the answer to a `Guess` begins with, so that its sound is ready when it is asked for."""

    kind: ClassVar[str] = "prepare"
    guess: str
    """The words that it would answer."""
    text: str
    final: bool = True
    """Whether `text` is all of the answer; otherwise it may be cut anywhere."""
    certain: bool = False
    """Those words settle that the user is done: the turn need not wait for a decision of the model."""


@dataclass(frozen=True, slots=True)
class Control:
    """To the voice: a verb of the session format (`mute`, `ptt_down`, `snooze`, …)."""

    kind: ClassVar[str] = "control"
    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manner:
    """To the voice: how to speak from now on."""

    kind: ClassVar[str] = "manner"
    speed: float
    volume: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """To the voice: names of the open buffers, and phrases that commands consist of, for the ear."""

    kind: ClassVar[str] = "vocabulary"
    words: tuple[str, ...]
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Goodbye:
    """To the voice: end now."""

    kind: ClassVar[str] = "goodbye"


@dataclass(frozen=True, slots=True)
class Progress:
    """From the voice: a part is loading; 100 is the last."""

    kind: ClassVar[str] = "progress"
    percent: int
    message: str


@dataclass(frozen=True, slots=True)
class Ready:
    """From the voice: everything is loaded; `origin_s` is `time.monotonic()` at the first sample."""

    kind: ClassVar[str] = "ready"
    origin_s: float
    parts: Mapping[str, str]
    """Name of each part in use: engine, ear, voice, canceller, input, output."""


@dataclass(frozen=True, slots=True)
class VoiceState:
    """From the voice, when it changes: one truth for every indicator."""

    kind: ClassVar[str] = "voice_state"
    microphone: Literal["off", "push_to_talk", "open", "muted", "asleep", "absent"]
    user: Literal["quiet", "speaking", "typing"]
    partner: Literal["silent", "thinking", "speaking", "ducked"]
    latency_ms: float | None
    """From the end of the user's last turn to the first sound of the answer."""
    dropped: int
    """Slices that the engine was too late for, so far."""


@dataclass(frozen=True, slots=True)
class Ask:
    """From the voice: a turn of the user is complete and wants an answer."""

    kind: ClassVar[str] = "ask"
    turn: int
    text: str
    ended_s: float
    """When the user stopped speaking, session clock."""
    heard_s: float
    """Session clock when this was sent."""
    interrupted: str | None = None
    """What had been heard of the utterance that this turn broke off; None when it broke off nothing."""
    others: tuple[str, ...] = ()
    """What else the words may have been, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Guess:
    """From the voice: these words may turn out to be a whole turn. Nothing is asked yet; its answer may be prepared.

    Empty when the user went on, or when the words were let go.
    """

    kind: ClassVar[str] = "guess"
    text: str
    interrupted: str | None = None
    others: tuple[str, ...] = ()
    """Both as in `Ask`."""
    silent_s: float = field(default=0.0, compare=False)
    """For how long nothing had been said when this was sent; no part of what is guessed."""


@dataclass(frozen=True, slots=True)
class Unask:
    """From the voice: the answer to that turn is not wanted any more."""

    kind: ClassVar[str] = "unask"
    turn: int


@dataclass(frozen=True, slots=True)
class Happened:
    """From the voice: a fact for the transcript and the trace."""

    kind: ClassVar[str] = "happened"
    fact: Fact


@dataclass(frozen=True, slots=True)
class HeardUpTo:
    """From the voice, at every word: what has been heard of the utterance that sounds. If the voice dies, it stays."""

    kind: ClassVar[str] = "heard_up_to"
    utterance: str
    text: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """From the voice: something does not work; what, and the next step. `fatal` when voice cannot go on."""

    kind: ClassVar[str] = "trouble"
    code: str
    what: str
    remedy: str
    fatal: bool = False


ToVoice = (
    Hello
    | Beat
    | Keys
    | EditorEvent
    | Offer
    | Withdraw
    | Say
    | Reply
    | Prepare
    | Control
    | Manner
    | Vocabulary
    | Goodbye
)
FromVoice = Hello | Beat | Progress | Ready | VoiceState | Guess | Ask | Unask | Happened | HeardUpTo | Trouble
Message = ToVoice | FromVoice
MESSAGES: Mapping[str, type[Message]] = {
    message.kind: message
    for message in (
        Hello, Beat, Keys, EditorEvent, Offer, Withdraw, Say, Reply, Prepare, Control, Manner, Vocabulary, Goodbye,
        Progress, Ready, VoiceState, Guess, Ask, Unask, Happened, HeardUpTo, Trouble,
    )
}  # fmt: skip


class BadMessage(ValueError):
    """A message that this version does not understand; names what is wrong with it."""


def to_wire(message: Message) -> dict[str, Any]:
    """The message as a plain mapping for msgpack."""
    if isinstance(message, Happened):
        return {"kind": message.kind, "fact": to_json(message.fact)}
    return {"kind": message.kind, **asdict(message)}


def from_wire(body: object) -> Message:
    """Reads what `to_wire` wrote. Raises BadMessage for anything else."""
    if not isinstance(body, dict) or body.get("kind") not in MESSAGES:
        raise BadMessage(f"not a message of the voice link: {str(body)[:80]}")
    kind = MESSAGES[body["kind"]]
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in body.items() if key != "kind"
    }
    unknown = set(values) - {item.name for item in fields(kind)}
    if unknown:
        raise BadMessage(f"message '{kind.kind}' has the unknown fields {sorted(map(str, unknown))}")
    try:
        if kind is Happened:
            return Happened(from_json(values["fact"]))
        return kind(**values)
    except (TypeError, KeyError, ValueError) as error:
        raise BadMessage(f"message '{kind.kind}' cannot be read: {error}") from error
