"""What happened, as one closed set of records: `trace.jsonl`, and what the voice process reports.

The names of kinds and fields are the session format's; `t` is seconds from the first sample of the microphone.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal

Cause = Literal["reply", "offer", "backchannel", "say", "repeat", "confirm", "resume"]
"""Why an utterance sounds."""
EndCause = Literal["end", "key", "speech", "control", "device", "session"]
"""Why it stopped."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One micro-turn of the interaction model; `t` is the end of the slice that was heard."""

    kind: ClassVar[str] = "turn"
    t: float
    action: str
    user: str
    p: Mapping[str, float]
    compute_ms: float


@dataclass(frozen=True, slots=True)
class SoundOn:
    """First audible sample of an utterance."""

    kind: ClassVar[str] = "sound_on"
    t: float
    utterance: str
    text: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class SoundOff:
    """Last audible sample of an utterance; `heard_text` is cut at the last word that was heard."""

    kind: ClassVar[str] = "sound_off"
    t: float
    utterance: str
    cause: EndCause
    heard_text: str
    heard_ms: float


@dataclass(frozen=True, slots=True)
class Duck:
    """The voice was lowered to `gain_db`."""

    kind: ClassVar[str] = "duck"
    t: float
    utterance: str
    gain_db: float


@dataclass(frozen=True, slots=True)
class Unduck:
    """The voice was raised again to `gain_db`."""

    kind: ClassVar[str] = "unduck"
    t: float
    utterance: str
    gain_db: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What was recognised of the user's present turn."""

    kind: ClassVar[str] = "heard"
    t: float
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A verb was carried out, whoever asked for it (voice, key, session)."""

    kind: ClassVar[str] = "command"
    t: float
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit was applied on the user's word."""

    kind: ClassVar[str] = "edit"
    t: float
    uri: str
    why: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A suggestion entered the agenda."""

    kind: ClassVar[str] = "offer"
    t: float
    id: str
    text: str
    urgency: float
    why: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something that waited to be said will not be said; it stays as text."""

    kind: ClassVar[str] = "drop"
    t: float
    id: str
    text: str
    why: str


Fact = Turn | SoundOn | SoundOff | Duck | Unduck | Heard | Command | Edit | Offered | Dropped
FACTS: Mapping[str, type[Fact]] = {
    fact.kind: fact for fact in (Turn, SoundOn, SoundOff, Duck, Unduck, Heard, Command, Edit, Offered, Dropped)
}


def to_json(fact: Fact) -> dict[str, Any]:
    """The fact as a line of `trace.jsonl`: `t` and `kind` first."""
    body = asdict(fact)
    return {"t": round(body.pop("t"), 4), "kind": fact.kind, **body}


def from_json(line: Mapping[str, Any]) -> Fact:
    """Reads a line of `trace.jsonl`. Raises ValueError for an unknown kind or unknown, missing fields."""
    body = dict(line)
    kind = body.pop("kind", None)
    if kind not in FACTS:
        raise ValueError(f"unknown kind {kind!r}; the kinds are {', '.join(FACTS)}")
    fact = FACTS[kind]
    names = {field.name for field in fields(fact)}
    if set(body) != names:
        raise ValueError(f"'{kind}' needs the fields {sorted(names)}, not {sorted(body)}")
    return fact(**body)
