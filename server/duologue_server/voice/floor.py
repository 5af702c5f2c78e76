"""Who may speak: a pure function over one closed event type.

Nothing here reads a clock, does I/O or knows a device. `advance(state, event)` gives the next state and what is to be
done. Two speeds meet here and are never confused: *reflexes* (a key, a verb) act at once by rule; *decisions* come from
the interaction model as `Decided` and are carried out unless a rule forbids it (`floor_decisions.py`).
"""

from dataclasses import replace

from duologue_model.vocabulary import ForcedToken
from duologue_server.trace.facts import EndCause
from duologue_server.voice.floor_decisions import decided, end_turn, may_end_turn
from duologue_server.voice.floor_events import (
    CancelAsk,
    Carried,
    Commanded,
    Decided,
    DeviceLost,
    DropUtterance,
    Effect,
    Event,
    Force,
    Foreseen,
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
    Stop,
    TurnEnded,
    Utterance,
)  # fmt: skip
from duologue_server.voice.floor_state import (
    FloorState,
    Microphone,
    Step,
    be_quiet,
    begin,
    listening,
    may_begin,
    own_utterance,
)  # fmt: skip

__all__ = ["FloorState", "Microphone", "Step", "advance", "listening", "may_begin"]
DEFAULT_RULES = Rules()


def advance(state: FloorState, event: Event, rules: Rules = DEFAULT_RULES) -> Step:
    """The next state of the floor, and what is to be done, in order."""
    match event:
        case Decided():
            return decided(state, event, rules)
        case KeysPressed():
            return _keys(state, event)
        case OfferCame() | OfferWithdrawn():
            return _offered(state, event)
        case SayCame():
            return _say(state, event.utterance, event.t)
        case ReplyCame():
            return _reply_came(state, event, rules)
        case ReplyEmpty():
            return (replace(state, asked=None) if state.asked == event.turn else state), ()
        case TurnEnded():
            return _turn_ended(state, event)
        case Foreseen():
            return _foreseen(state, event.t, rules)
        case SoundEnded():
            return _sound_ended(state, event)
        case Commanded():
            return _commanded(state, event)
        case DeviceLost():
            return _silence(state, "device", ForcedToken.LOST_DEVICE, "the sound device was lost")


def _keys(state: FloorState, event: KeysPressed) -> Step:
    """Fingers outrank voice: stop, no sulking, no going on by itself; the rest stays as text."""
    state = replace(state, last_key_s=event.t, yielded=None)
    if state.sounding is None:
        return state, ()
    return state, (Stop("key"), Force(ForcedToken.YIELDED_TO_KEY))


def _offered(state: FloorState, event: OfferCame | OfferWithdrawn) -> Step:
    if isinstance(event, OfferCame):
        return replace(state, offer=event.utterance), ()
    if state.offer is None or state.offer.id != event.id:
        return state, ()
    return replace(state, offer=None), (DropUtterance(state.offer, event.why),)


def _say(state: FloorState, utterance: Utterance, t: float) -> Step:
    """Puts the partner on the floor now; what sounds is replaced."""
    before: tuple[Effect, ...] = (Stop("control"),) if state.sounding else ()
    if state.sounding and state.asked is not None and state.sounding.turn == state.asked:
        before = (*before, CancelAsk(state.asked))
        state = replace(state, asked=None)
    state, effects = begin(state, utterance, t)
    return state, (*before, *effects, Force(ForcedToken.BEGAN_TO_SAY))


def _reply_came(state: FloorState, event: ReplyCame, rules: Rules) -> Step:
    """DELEGATE granted the floor to the answer: it begins at once if nothing has happened since."""
    reply = event.utterance
    if state.asked != reply.turn:
        return state, ()
    state = replace(state, reply=reply, reply_since_s=event.t)
    return begin(state, reply, event.t) if may_begin(state, reply, event.t, rules) else (state, ())


def _turn_ended(state: FloorState, event: TurnEnded) -> Step:
    """The user's words are known: ask for an answer; an older question is not wanted any more."""
    state = replace(state, ending=False)
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


def _foreseen(state: FloorState, t: float, rules: Rules) -> Step:
    """A known question is over when its words are, and so is "stop": nobody should wait for a decision about that. Not
    if the model hears speech, or holds what was said not to be for us."""
    if state.user_speaking or state.unwanted_s is not None or not may_end_turn(state, t, rules):
        return state, ()
    state, effects = end_turn(state, t)
    return state, (*effects, Carried("end_turn", "the words alone settle what is wanted"))


def _sound_ended(state: FloorState, event: SoundEnded) -> Step:
    if state.sounding is None or state.sounding.id != event.id:
        return state, ()
    hum = state.sounding.cause == "backchannel"
    said = state.last_said if hum else event.text
    interrupted = event.heard_text if event.cause == "speech" else None
    if hum:  # the user's turn goes on, and with it what it broke off
        interrupted = state.interrupted
    answered = state.asked is not None and state.sounding.turn == state.asked and state.yielded is None
    cancel = (CancelAsk(state.asked),) if answered and state.asked is not None and event.cause != "end" else ()
    return replace(
        state,
        sounding=None,
        ducked=False,
        last_own_s=event.t,
        last_said=said,
        interrupted=interrupted,
        asked=None if answered else state.asked,
    ), cancel


def _silence(state: FloorState, cause: EndCause, token: ForcedToken, why: str) -> Step:
    """Stops everything that sounds or waits."""
    effects: tuple[Effect, ...] = (Stop(cause), Force(token)) if state.sounding else ()
    state, quiet = be_quiet(state, why)
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
            state, effects = _say(state, own_utterance(state, state.last_said, "repeat"), event.t)
            return state, (*effects, carried)
        case _:
            return state, ()
