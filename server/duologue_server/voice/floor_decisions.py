"""What becomes of each decision of the interaction model. Pure, like `floor.py`.

A rule-based engine says a thing once and means it. A network says something every 80 ms, wavers, and repeats itself:
the rules here carry out what it holds to, and nothing twice.
"""

from dataclasses import replace

from duologue_model.engine import Decision
from duologue_model.vocabulary import Action, UserState
from duologue_server.voice.floor_events import (
    Decided,
    DropUtterance,
    Duck,
    Effect,
    EndTurn,
    ForgetTurn,
    Rules,
    Start,
    Stop,
    Unduck,
)  # fmt: skip
from duologue_server.voice.floor_state import FloorState, Step, be_quiet, begin, listening, may_begin, own_utterance

BACKCHANNEL_TEXT = "Mm-hm."
_NOT_FOR_US = (UserState.NOISE, UserState.SPEAKING_TO_OTHERS, UserState.STOP_REQUEST)
"""What ends like this is no turn: its words are let go."""


def decided(state: FloorState, event: Decided, rules: Rules) -> Step:
    """Carries out the decision about a slice that ended at `event.t`."""
    decision, t = event.decision, event.t
    state = replace(state, user_speaking=decision.speech, last_user_s=t if decision.speech else state.last_user_s)
    state, due = _fall_due(state, t, rules)
    state, effects = _act(state, decision, t, rules)
    state, forgotten = _let_go(state, decision, t, rules)
    return state, (*due, *effects, *forgotten)


def _act(state: FloorState, decision: Decision, t: float, rules: Rules) -> Step:
    match decision.action:
        case Action.TAKE:
            return _take(state, t, rules)
        case Action.DUCK if _may_duck(state, decision, t, rules):
            return replace(state, ducked=True, ducked_s=t), (Duck(),)
        case Action.DUCK if _talked_over(state, decision, t, rules):
            return _yield(state, UserState.CLARIFICATION)
        case Action.YIELD if state.sounding:
            return _yield(state, decision.user)
        case Action.RESUME:
            return _resume(state, t, rules)
        case Action.KEEP if state.ducked and t - state.ducked_s >= rules.duck_holds_s:
            return replace(state, ducked=False), (Unduck(),)
        case Action.DELEGATE if may_end_turn(state, t, rules):
            return end_turn(state, t)
        case Action.BACKCHANNEL if _may_hum(state, t, rules):
            hum = own_utterance(state, BACKCHANNEL_TEXT, "backchannel")
            begun, effects = begin(state, hum, t)
            return replace(begun, yielded=state.yielded, last_hum_s=t), effects
        case Action.SILENT if decision.user is UserState.STOP_REQUEST:
            return be_quiet(state, "asked to stop")
        case Action.SILENT if decision.user is UserState.QUIET and _answer_is_due(state, t, rules):
            return _take(state, t, rules)
        case _:
            return state, ()


def _fall_due(state: FloorState, t: float, rules: Rules) -> Step:
    """What time alone brings: an answer that found no moment for too long stays as text, a broken-off utterance is not
    gone on with, and a lowered voice that nobody speaks over is raised."""
    effects: list[Effect] = []
    if state.reply is not None and t - state.reply_since_s >= rules.reply_lives_s:
        effects.append(DropUtterance(state.reply, "no moment to speak came"))
        state = replace(state, reply=None, asked=None)
    if state.ending and t - state.ended_s >= rules.words_come_s:
        state = replace(state, ending=False)
    if state.yielded is not None and state.sounding is None and t - state.last_own_s >= rules.resume_within_s:
        state = replace(state, yielded=None)
    if state.ducked and t - max(state.ducked_s, state.last_user_s) >= rules.duck_lasts_s:
        effects.append(Unduck())
        state = replace(state, ducked=False)
    return state, tuple(effects)


def _take(state: FloorState, t: float, rules: Rules) -> Step:
    """The model wants the floor for what waits: an answer first, and nothing else while one is awaited."""
    awaited = state.ending or state.asked is not None
    for utterance in (state.reply, None if awaited else state.offer):
        if utterance is not None and may_begin(state, utterance, t, rules):
            return begin(state, utterance, t)
    return state, ()


def _answer_is_due(state: FloorState, t: float, rules: Rules) -> bool:
    """An answer was asked for, and nobody has spoken for a while: it does not wait for a decision any longer."""
    since_s = max(state.last_user_s, state.reply_since_s, state.last_own_s)
    return state.reply is not None and t - since_s >= rules.reply_waits_s


def _may_duck(state: FloorState, decision: Decision, t: float, rules: Rules) -> bool:
    if state.sounding is None or state.ducked:
        return False
    return decision.speech or t - state.ducked_s >= rules.duck_again_s


def _talked_over(state: FloorState, decision: Decision, t: float, rules: Rules) -> bool:
    """Whether somebody goes on speaking over the lowered voice, and is not known to speak to others."""
    others = decision.user in (UserState.SPEAKING_TO_OTHERS, UserState.NOISE, UserState.ECHO)
    return state.ducked and decision.speech and not others and t - state.ducked_s >= rules.overlap_yields_s


def _yield(state: FloorState, user: UserState) -> Step:
    """Speech broke in: stop. Whether it goes on later depends on what the user wanted."""
    hum = state.sounding is not None and state.sounding.cause == "backchannel"
    resumable = state.yielded if hum else state.sounding
    if user is UserState.STOP_REQUEST:
        state, quiet = be_quiet(state, "asked to stop")
        return state, (Stop("speech"), *quiet)
    return replace(state, yielded=resumable), (Stop("speech"),)


def _resume(state: FloorState, t: float, rules: Rules) -> Step:
    if state.sounding and state.ducked and t - state.ducked_s >= rules.duck_holds_s:
        return replace(state, ducked=False), (Unduck(), ForgetTurn())
    if state.yielded and not state.sounding and may_begin(state, state.yielded, t, rules):
        utterance = state.yielded
        state = replace(state, sounding=utterance, yielded=None, ducked=False, interrupted=None)
        return state, (Start(utterance, resume=True), ForgetTurn())
    return state, ()


def may_end_turn(state: FloorState, t: float, rules: Rules) -> bool:
    """Whether there can be a turn to end: not one that was just ended, and not under an utterance that goes on."""
    if state.ending:
        return False
    if state.last_user_s <= state.ended_s and t - state.ended_s < rules.turn_again_s:
        return False
    return state.sounding is None or state.sounding.cause == "backchannel" or state.ducked


def end_turn(state: FloorState, t: float) -> Step:
    """Asks for the words. A turn that was spoken over a lowered voice breaks off what that said."""
    stop: tuple[Effect, ...] = ()
    if state.sounding is not None and state.sounding.cause != "backchannel":
        state, stop = _yield(state, UserState.CLARIFICATION)
    return replace(state, ending=True, ended_s=t), (*stop, EndTurn())


def _may_hum(state: FloorState, t: float, rules: Rules) -> bool:
    """Only into the user's talk, never along with the keys, and seldom."""
    if state.sounding is not None or not listening(state) or state.ending or state.asked is not None:
        return False
    return (
        t - state.last_hum_s >= rules.hum_every_s
        and t - state.last_user_s <= rules.hum_within_s
        and t - state.last_key_s >= rules.quiet_after_key_s
    )


def _let_go(state: FloorState, decision: Decision, t: float, rules: Rules) -> Step:
    """Words that were not meant for us are forgotten once they are over: at once when a rule says so, and when the
    model has held to it for a while. A turn with a click in its pause keeps its words."""
    unwanted = decision.action is Action.SILENT and decision.user in _NOT_FOR_US
    if decision.speech or not unwanted:
        return replace(state, unwanted_s=None), ()
    certain = not decision.p
    since_s = t if state.unwanted_s is None else state.unwanted_s
    state = replace(state, unwanted_s=since_s)
    if state.ending or since_s == float("inf") or (not certain and t - since_s < rules.unwanted_lasts_s):
        return state, ()
    return replace(state, unwanted_s=float("inf")), (ForgetTurn(),)
