"""Our messages to editors beyond standard LSP, under `duologue/…`.

`editors/PROTOCOL.md` describes them, and a test ties the two.
Field names are camelCase on the wire. A client that knows none of them still gets messages, progress and commands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

PROTOCOL_VERSION = 1

ACTIVITY = "duologue/activity"
"""Client → server: keys, focus; content-free, coalesced to at most one in 50 ms, but the first key at once."""
CONTEXT = "duologue/context"
"""Client → server: what LSP does not say: cursor, other tools' diagnostics, test results, git events."""
STATE = "duologue/state"
"""Server → client: the one truth about microphone, user and partner."""
TRANSCRIPT = "duologue/transcript"
"""Server → client: what was said by whom, growing; captions."""
OFFER = "duologue/offer"
"""Server → client: a suggestion and what became of it."""
PREVIEW = "duologue/preview"
"""Server → client: what a spoken command is about to do, or what is asked before it does it."""
CLIENT_COMMAND = "duologue/clientCommand"
"""Server → client, a request: something that only an editor can do, such as `save`; answered with `{ok, message}`."""

VERBS = (
    "start",
    "stop",
    "mute",
    "unmute",
    "pushToTalk",
    "snooze",
    "sleep",
    "wake",
    "repeat",
    "why",
    "accept",
    "dismiss",
)
"""What a user can ask for by command: each is `duologue.<verb>` of `workspace/executeCommand`.

`pushToTalk` takes `{"down": true|false}`, `snooze` takes `{"minutes": 10}`, `accept` and `dismiss` an optional
`{"id": …}`, `dismiss` also `{"forever": true}`.
"""


@dataclass(frozen=True, slots=True)
class Activity:
    """`duologue/activity`. Every field may be absent."""

    keys: int = 0
    focused: bool | None = None
    composing: bool = False
    selecting: bool = False


@dataclass(frozen=True, slots=True)
class ClientState:
    """`duologue/state`."""

    voice: Literal["off", "loading", "ready", "restarting", "failed"] = "off"
    microphone: Literal["off", "push_to_talk", "open", "muted", "asleep", "absent", "elsewhere", "dozing"] = "off"
    """`dozing`: asleep by voice, and heard only for the phrase that ends it. `elsewhere`: another editor has it; it
    comes back with a key, the focus, or a verb that wants to be heard."""
    user: Literal["quiet", "speaking", "typing"] = "quiet"
    partner: Literal["silent", "thinking", "speaking", "ducked"] = "silent"
    health: Literal["ok", "warning", "error"] = "ok"
    message: str = ""
    """What is wrong and the next step; empty when all is well."""
    parts: Mapping[str, str] | None = None
    """Engine, ear, voice, canceller, input, output in use."""
    latencyMs: float | None = None  # noqa: N815 - wire name
    seq: int = 0


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """`duologue/transcript`: the newest text of one line; later ones of the same id replace it."""

    id: str
    role: Literal["user", "partner"]
    text: str
    final: bool
    heardUpTo: int | None = None  # noqa: N815 - wire name
    """Partner only: how many characters of `text` have been heard; grows while it sounds, stands when it is final."""
    cause: str = ""
    """Why the partner speaks, then why it stopped."""


@dataclass(frozen=True, slots=True)
class OfferShown:
    """`duologue/offer`."""

    id: str
    text: str
    urgency: float
    trigger: str
    """Which detector, such as `ruff:F821` or `diagnostics`."""
    uri: str | None = None
    line: int | None = None
    """Zero-based."""
    channel: Literal["mark", "cue", "speech"] = "mark"
    """How loud it may be by now: a mark, a sign that catches the eye, a sentence."""
    fix: str = ""
    """What accepting it changes in the code, in a few words; empty when nothing."""
    outcome: Literal["waiting", "spoken", "accepted", "dismissed", "dropped"] = "waiting"


@dataclass(frozen=True, slots=True)
class Preview:
    """`duologue/preview`; all empty when there is nothing to be seen any more."""

    uri: str
    ranges: tuple[Mapping[str, Any], ...]
    """LSP ranges of what it is about, in the text as it is before."""
    caption: str
    """What happens, in a few words: `delete the second argument`."""
    question: str
    """What is asked before it is done; empty when it is being done."""


@dataclass(frozen=True, slots=True)
class ClientCommand:
    """`duologue/clientCommand`."""

    name: str
    """One of those in `editors/PROTOCOL.md`."""
    argument: str = ""
    """Such as the message of a commit."""


def known_fields(kind: type, raw: object) -> dict[str, Any]:
    """The fields of `kind` that `raw` (a mapping or an attribute object of pygls) carries; others are ignored."""
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    if isinstance(raw, Mapping):
        return {name: raw[name] for name in names if name in raw}
    return {name: getattr(raw, name) for name in names if hasattr(raw, name)}
