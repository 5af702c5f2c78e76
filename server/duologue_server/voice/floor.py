"""Who may speak: a pure function over one closed event type.

Nothing here reads a clock, does I/O or knows a device. `advance(state, event)` gives the next state and what is to be
done. Two speeds meet here and are never confused: *reflexes* (a key, a verb) act at once by rule; *decisions* come from
the interaction model as `Decided` and are carried out unless a rule forbids it.
"""

from dataclasses import dataclass, replace
from typing import Literal

from duologue_model.vocabulary import Action, ForcedToken, UserState
from duologue_server.trace.facts import Cause, EndCause
from duologue_server.voice.floor_events import (
    CancelAsk,
    Carried,
    Commanded,
    Decided,
    DeviceLost,
    DropUtterance,
    Duck,
    Effect,
    EndTurn,
    Event,
    Force,
    ForgetTurn,
    KeysPressed,
    OfferCame,
    OfferWithdrawn,
    ReplyCame,
    ReplyEmpty,
    Rules,
    SayCame,
    SendAsk,
    SoundEnded,
    Start,
    Stop,
    TurnEnded,
    Unduck,
    Utterance,
)  # fmt: skip

BACKCHANNEL_TEXT = "Mm-hm."
DEFAULT_RULES = Rules()
_NOT_FOR_US = (UserState.NOISE, UserState.SPEAKING_TO_OTHERS)
"""What ends like this is no turn: its words are let go."""

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
    user_speaking: bool = False
    last_key_s: float = -60.0
    last_user_s: float = -60.0
    last_own_s: float = -60.0
    snoozed_until_s: float = 0.0
    interrupted: str | None = None
    """What had been heard of the utterance that the user's present turn broke off."""
    last_said: str = ""
    count: int = 0
    """Utterances made by the floor itself, for their ids."""


Step = tuple[FloorState, tuple[Effect, ...]]


def advance(state: FloorState, event: Event, rules: Rules = DEFAULT_RULES) -> Step:
    """The next state of the floor, and what is to be done, in order."""
    match event:
        case Decided():
            return _decided(state, event, rules)
        case KeysPressed():
            return _keys(state, event)
        case OfferCame():
            return replace(state, offer=event.utterance), ()
        case OfferWithdrawn():
            return _withdrawn(state, event)
        case SayCame():
            return _say(state, event.utterance, event.t)
        case ReplyCame():
            return _reply_came(state, event, rules)
        case ReplyEmpty():
            return (replace(state, asked=None) if state.asked == event.turn else state), ()
        case TurnEnded():
            return _turn_ended(state, event)
        case SoundEnded():
            return _sound_ended(state, event)
        case Commanded():
            return _commanded(state, event)
        case DeviceLost():
            return _silence(state, "device", ForcedToken.LOST_DEVICE, "the sound device was lost")


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


def _decided(state: FloorState, event: Decided, rules: Rules) -> Step:
    decision, t = event.decision, event.t
    if decision.speech:
        state = replace(state, user_speaking=True, last_user_s=t)
    else:
        state = replace(state, user_speaking=False)
    state, expired = _expire(state, t, rules)
    effects: tuple[Effect, ...] = ()
    match decision.action:
        case Action.TAKE:
            state, effects = _take(state, t, rules)
        case Action.DUCK if state.sounding and not state.ducked:
            state, effects = replace(state, ducked=True), (Duck(),)
        case Action.YIELD if state.sounding:
            state, effects = _yield(state, decision.user)
        case Action.RESUME:
            state, effects = _resume(state, t, rules)
        case Action.KEEP if state.ducked:
            state, effects = replace(state, ducked=False), (Unduck(),)
        case Action.DELEGATE if not state.sounding:
            effects = (EndTurn(),)
        case Action.BACKCHANNEL if state.sounding is None and state.microphone != "asleep":
            state, effects = _begin(state, _own(state, BACKCHANNEL_TEXT, "backchannel"), t)
        case Action.SILENT if decision.user is UserState.STOP_REQUEST:
            state, effects = _be_quiet(state, "asked to stop")
            effects = (*effects, ForgetTurn())
        case Action.SILENT if decision.user in _NOT_FOR_US and not decision.speech:
            effects = (ForgetTurn(),)
        case _:
            pass
    return state, expired + effects


def _expire(state: FloorState, t: float, rules: Rules) -> Step:
    """An answer that found no moment for too long stays as text."""
    if state.reply is None or t - state.reply_since_s < rules.reply_lives_s:
        return state, ()
    dropped = DropUtterance(state.reply, "no moment to speak came")
    return replace(state, reply=None, asked=None), (dropped,)


def _take(state: FloorState, t: float, rules: Rules) -> Step:
    """The model wants the floor for what waits: an answer first."""
    for utterance in (state.reply, state.offer):
        if utterance is not None and may_begin(state, utterance, t, rules):
            return _begin(state, utterance, t)
    return state, ()


def _begin(state: FloorState, utterance: Utterance, t: float) -> Step:
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


def _yield(state: FloorState, user: UserState) -> Step:
    """Speech broke in: stop. Whether it goes on later depends on what the user wanted."""
    resumable = None if user is UserState.STOP_REQUEST else state.sounding
    state, effects = replace(state, yielded=resumable), (Stop("speech"),)
    if user is UserState.STOP_REQUEST:
        state, quiet = _be_quiet(state, "asked to stop")
        return state, (*effects, *quiet)
    return state, effects


def _be_quiet(state: FloorState, why: str) -> Step:
    """Whatever waits for the user's ear is let go; suggestions stay on the agenda of the language server."""
    effects: list[Effect] = []
    if state.reply is not None:
        effects.append(DropUtterance(state.reply, why))
    if state.asked is not None:
        effects.append(CancelAsk(state.asked))
    if state.offer is not None:
        effects.append(DropUtterance(state.offer, why))
    return replace(state, reply=None, asked=None, offer=None, yielded=None), tuple(effects)


def _resume(state: FloorState, t: float, rules: Rules) -> Step:
    if state.sounding and state.ducked:
        return replace(state, ducked=False), (Unduck(), ForgetTurn())
    if state.yielded and not state.sounding and may_begin(state, state.yielded, t, rules):
        utterance = state.yielded
        state = replace(state, sounding=utterance, yielded=None, ducked=False, interrupted=None)
        return state, (Start(utterance, resume=True), ForgetTurn())
    return state, ()


def _keys(state: FloorState, event: KeysPressed) -> Step:
    """Fingers outrank voice: stop, no sulking, no going on by itself; the rest stays as text."""
    state = replace(state, last_key_s=event.t, yielded=None)
    if state.sounding is None:
        return state, ()
    return state, (Stop("key"), Force(ForcedToken.YIELDED_TO_KEY))


def _withdrawn(state: FloorState, event: OfferWithdrawn) -> Step:
    if state.offer is None or state.offer.id != event.id:
        return state, ()
    return replace(state, offer=None), (DropUtterance(state.offer, event.why),)


def _say(state: FloorState, utterance: Utterance, t: float) -> Step:
    """Puts the partner on the floor now; what sounds is replaced."""
    before: tuple[Effect, ...] = (Stop("control"),) if state.sounding else ()
    if state.sounding and state.asked is not None and state.sounding.turn == state.asked:
        before = (*before, CancelAsk(state.asked))
        state = replace(state, asked=None)
    state, effects = _begin(state, utterance, t)
    return state, (*before, *effects, Force(ForcedToken.BEGAN_TO_SAY))


def _reply_came(state: FloorState, event: ReplyCame, rules: Rules) -> Step:
    """DELEGATE granted the floor to the answer: it begins at once if nothing has happened since."""
    reply = event.utterance
    if state.asked != reply.turn:
        return state, ()
    state = replace(state, reply=reply, reply_since_s=event.t)
    return _begin(state, reply, event.t) if may_begin(state, reply, event.t, rules) else (state, ())


def _turn_ended(state: FloorState, event: TurnEnded) -> Step:
    """The user's words are known: ask for an answer; an older question is not wanted any more."""
    if not event.text:
        return replace(state, interrupted=None), ()
    effects: list[Effect] = []
    if state.asked is not None:
        effects.append(CancelAsk(state.asked))
    if state.reply is not None:
        effects.append(DropUtterance(state.reply, "the user went on"))
    turn = state.turn + 1
    effects.append(SendAsk(turn, event.text, event.ended_s, state.interrupted))
    state = replace(state, turn=turn, asked=turn, reply=None, yielded=None, interrupted=None)
    return state, tuple(effects)


def _sound_ended(state: FloorState, event: SoundEnded) -> Step:
    if state.sounding is None or state.sounding.id != event.id:
        return state, ()
    said = state.last_said if state.sounding.cause == "backchannel" else event.text
    answered = state.asked is not None and state.sounding.turn == state.asked and state.yielded is None
    cancel = (CancelAsk(state.asked),) if answered and state.asked is not None and event.cause != "end" else ()
    return replace(
        state,
        sounding=None,
        ducked=False,
        last_own_s=event.t,
        last_said=said,
        interrupted=event.heard_text if event.cause == "speech" else None,
        asked=None if answered else state.asked,
    ), cancel


def _silence(state: FloorState, cause: EndCause, token: ForcedToken, why: str) -> Step:
    """Stops everything that sounds or waits."""
    effects: tuple[Effect, ...] = (Stop(cause), Force(token)) if state.sounding else ()
    state, quiet = _be_quiet(state, why)
    return state, (*effects, *quiet)


def _commanded(state: FloorState, event: Commanded) -> Step:
    carried = Carried(event.name, "asked by the user")
    stop: tuple[Effect, ...] = (Stop("control"), Force(ForcedToken.YIELDED_TO_CONTROL)) if state.sounding else ()
    match event.name:
        case "start" | "wake":
            return replace(state, microphone=state.home), (carried,)
        case "unmute":
            opened: Microphone = "push_to_talk" if state.home == "push_to_talk" else "open"
            return replace(state, microphone=opened), (carried,)
        case "mute":
            return replace(state, microphone="muted", user_speaking=False), (ForgetTurn(), carried)
        case "stop" | "sleep":
            closed: Microphone = "off" if event.name == "stop" else "asleep"
            quiet, effects = _silence(state, "control", ForcedToken.YIELDED_TO_CONTROL, f"asked to {event.name}")
            return replace(quiet, microphone=closed, user_speaking=False), (*effects, ForgetTurn(), carried)
        case "ptt_down":
            return replace(state, microphone="push_to_talk", held=True, yielded=None), (*stop, carried)
        case "ptt_up":
            return replace(state, held=False, user_speaking=False), (carried,)
        case "snooze":
            until_s = event.t + 60.0 * float(event.args.get("minutes", 10))
            return replace(state, snoozed_until_s=until_s), (carried,)
        case "accept" | "dismiss":
            return replace(state, yielded=None), (*stop, carried)
        case "repeat" if state.last_said:
            state, effects = _say(state, _own(state, state.last_said, "repeat"), event.t)
            return state, (*effects, carried)
        case _:
            return state, ()


def _own(state: FloorState, text: str, cause: Cause) -> Utterance:
    return Utterance(f"{cause}-{state.count + 1}", text, cause)
