"""Accounts for the last thing that changed who has the floor: what was perceived, how sure it was, what it hung on."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from duologue_model.engine import Decision, Engine, ExplainingEngine
from duologue_model.slices import Clocks, Slice, WaitingKind
from duologue_model.vocabulary import UserState
from duologue_server.voice.floor_events import Duck, Effect, EndTurn, Start, Stop, Unduck

KEPT_SLICES = 32
"""Two and a half seconds: what is heard again, six times at most, to tell what a decision hung on."""
WORTH_TELLING = 0.05
"""A stream whose absence takes less from the probability is not named."""
MOST_STREAMS = 3
FAR_OFF = 0.15
"""When hearing the last seconds alone differs by so much, that is said."""

_USER: Mapping[UserState, str] = {
    UserState.QUIET: "you were silent",
    UserState.SPEAKING_TO_PARTNER: "you were speaking to me",
    UserState.BACKCHANNEL: "you were only agreeing",
    UserState.CLARIFICATION: "you were asking",
    UserState.STOP_REQUEST: "you wanted silence",
    UserState.SPEAKING_TO_OTHERS: "you were speaking to somebody else",
    UserState.NOISE: "there was a noise",
    UserState.TYPING: "you were typing",
    UserState.ECHO: "I heard myself",
}
_STREAMS: Mapping[str, str] = {
    "microphone": "the sound of your microphone",
    "playback": "the sound of my own voice",
    "editor": "your keys and your editor",
    "agenda": "what waited to be said",
    "words": "your words",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the floor. `decision` is None when a rule made it, and `by` names the rule."""

    t: float
    did: str
    heard: tuple[Slice, ...] = ()
    """What the engine was given up to then, the slice of the decision last."""
    decision: Decision | None = None
    by: str = ""


class Account:
    """Owned by the voice thread. Keeps the last seconds, and the last change with those before it."""

    def __init__(self) -> None:
        self._heard: deque[Slice] = deque(maxlen=KEPT_SLICES)
        self.last: Change | None = None

    def decided(self, t: float, heard: Slice, decision: Decision, effects: Sequence[Effect]) -> None:
        """The engine decided about this slice, and the floor did this of it."""
        self._heard.append(heard)
        if did := _did(effects):
            self.last = Change(t, did, tuple(self._heard), decision)

    def ruled(self, t: float, by: str, effects: Sequence[Effect]) -> None:
        """A rule acted without being asked to decide. What was answered or begun by rule follows from a decision."""
        if did := _did([effect for effect in effects if isinstance(effect, Stop | EndTurn)]):
            self.last = Change(t, did, by=by)


def explain(change: Change | None, now_s: float, engine: Engine[Any]) -> str:
    """The change in words. Takes as long as hearing the last seconds again, a few times: not for the voice thread."""
    if change is None:
        return "Nothing has changed who has the floor yet."
    ago_s = now_s - change.t
    when = f"{ago_s:.0f} s ago" if ago_s >= 1.5 else "Just now"
    if change.decision is None:
        return f"{when} {change.did}: {change.by}. That is a rule, not a decision."
    decision, last = change.decision, change.heard[-1]
    context = f"{_waiting(last)} {_clocks(last.clocks)}"
    if not decision.p or not isinstance(engine, ExplainingEngine):
        said = f"{when} {change.did} ({decision.action}): {_USER[decision.user]}."
        return f"{said} A rule of {engine.name} decided so. {context}"
    p, of_user = decision.p.get(decision.action, 0.0), decision.p.get(decision.user, 0.0)
    said = f"{when} {change.did} ({decision.action} {p:.2f}): {_USER[decision.user]} ({decision.user} {of_user:.2f})."
    return f"{said} {_streams(engine.influences(change.heard, decision.action), p)} {context}"


def _streams(influences: Mapping[str, float], p: float) -> str:
    """Which streams it hung on, the most important first."""
    whole = influences[""]
    losses = {name: whole - without for name, without in influences.items() if name}
    names = sorted((name for name, loss in losses.items() if loss >= WORTH_TELLING), key=lambda name: -losses[name])
    told = [f"{_STREAMS[name]} ({influences[name]:.2f} without)" for name in names[:MOST_STREAMS]]
    said = f"What mattered most: {', then '.join(told)}." if told else "It hung on no single stream."
    if abs(whole - p) > FAR_OFF:
        said += f" Heard again by themselves, the last seconds give {whole:.2f}: something older counted too."
    return said


def _waiting(heard: Slice) -> str:
    agenda = heard.agenda
    if agenda.waiting is WaitingKind.REPLY:
        return "An answer waited."
    if agenda.waiting is WaitingKind.OFFER:
        return f"A remark waited (urgency {agenda.urgency:.2f})."
    return "Nothing waited."


def _clocks(clocks: Clocks) -> str:
    def since(value_s: float) -> str:
        return "over a minute" if value_s >= Clocks.CAP_S else f"{value_s:.1f} s"

    user, key, own = since(clocks.since_user_s), since(clocks.since_key_s), since(clocks.since_own_s)
    return f"Since your voice {user}, a key {key}, mine {own}."


def _did(effects: Sequence[Effect]) -> str:
    """What of it a person would notice; empty for nothing."""
    for effect in effects:
        match effect:
            case Start(resume=True):
                return "I went on"
            case Start(utterance=utterance):
                return "I hummed" if utterance.cause == "backchannel" else "I began to speak"
            case Stop():
                return "I stopped"
            case EndTurn():
                return "I took your turn to be over"
            case Duck():
                return "I lowered my voice"
            case Unduck():
                return "I raised my voice again"
            case _:
                pass
    return ""
