"""What the floor remembers, and the few moves that reflexes and decisions share. Pure, like `floor.py`."""

from dataclasses import dataclass, replace
from typing import Literal

from duologue_server.trace.facts import Cause
from duologue_server.voice.floor_events import CancelAsk, DropUtterance, Effect, Rules, Start, Utterance

Microphone = Literal["off", "push_to_talk", "open", "muted", "asleep"]


@dataclass(frozen=True, slots=True)
class FloorState:
    """Everything the floor remembers. Times are seconds of the session."""

    microphone: Microphone = "open"
    home: Microphone = "open"
    """What the settings want of the microphone."""
    held: bool = False
    """Push-to-talk is down."""
    sounding: Utterance | None = None
    ducked: bool = False
    ducked_s: float = -60.0
    """When it was last ducked."""
    yielded: Utterance | None = None
    """Broken off by speech, and could go on at the word."""
    offer: Utterance | None = None
    reply: Utterance | None = None
    """The first clause of the answer is there and waits for the floor."""
    reply_since_s: float = 0.0
    turn: int = 0
    """Number of the user's latest complete turn."""
    asked: int | None = None
    """The turn whose answer is awaited or sounding."""
    ended_s: float = -60.0
    """When the user's turn was last called over."""
    ending: bool = False
    """It was, and its words are awaited."""
    user_speaking: bool = False
    unwanted_s: float | None = None
    """Since when all that was heard was not for us; None when it was, or when it has been let go of."""
    last_key_s: float = -60.0
    last_user_s: float = -60.0
    last_own_s: float = -60.0
    last_hum_s: float = -60.0
    snoozed_until_s: float = 0.0
    interrupted: str | None = None
    """What had been heard of the utterance that the user's present turn broke off."""
    last_said: str = ""
    count: int = 0
    """Utterances made by the floor itself, for their ids."""


Step = tuple[FloorState, tuple[Effect, ...]]


def listening(state: FloorState) -> bool:
    """Whether the microphone may be heard now."""
    return state.microphone == "open" or (state.microphone == "push_to_talk" and state.held)


def may_begin(state: FloorState, utterance: Utterance, t: float, rules: Rules) -> bool:
    """The rules that no decision overrides."""
    if state.sounding or state.user_speaking or state.microphone == "asleep":
        return False
    if utterance.cause == "offer":
        return t >= state.snoozed_until_s and t - state.last_key_s >= rules.quiet_after_key_s
    return t - state.last_key_s >= rules.reply_after_key_s


def begin(state: FloorState, utterance: Utterance, t: float) -> Step:
    state = replace(
        state,
        sounding=utterance,
        ducked=False,
        yielded=None,
        reply=None if state.reply == utterance else state.reply,
        offer=None if state.offer == utterance else state.offer,
        last_own_s=t,
        count=state.count + 1,
    )
    return state, (Start(utterance),)


def be_quiet(state: FloorState, why: str) -> Step:
    """Whatever waits for the user's ear is let go; suggestions stay on the agenda of the language server."""
    effects: list[Effect] = []
    if state.reply is not None:
        effects.append(DropUtterance(state.reply, why))
    if state.asked is not None:
        effects.append(CancelAsk(state.asked))
    if state.offer is not None:
        effects.append(DropUtterance(state.offer, why))
    return replace(state, reply=None, asked=None, offer=None, yielded=None), tuple(effects)


def own_utterance(state: FloorState, text: str, cause: Cause) -> Utterance:
    return Utterance(f"{cause}-{state.count + 1}", text, cause)
