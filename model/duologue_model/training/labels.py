"""What a good partner does at each moment, and what the user is doing: from what really happens, never from detectors.

A label of None is IGNORED: within 80 ms of a boundary, or where people would disagree.
"""

from dataclasses import dataclass

from duologue_model.training.floorlog import SLICE_S, Noise, PartnerKind, Turn
from duologue_model.vocabulary import Action, UserState

DUCK_AFTER_S = 0.02
"""So much of somebody's speech over the partner must have been heard; with the slice's 80 ms, at most 100 ms."""
OTHERS_DECIDE_S = 0.8
"""That speech is meant for somebody else shows in its words, which come later than its sound."""
UNCLEAR_SOUND_S = 0.24
"""Nobody knows sooner that a knock is a knock: ducking then is not wrong."""
UNCLEAR_VOICE_S = 0.4
STOP_SHOWN_S = 0.5
"""How long after a request to stop the user's state still says so, with nobody speaking: its words come 0.2 to 0.5 s
after its sound, and only they tell it from a short question."""
HUM_FROM_S, HUM_UNTIL_S = 0.16, 0.4
TYPING_S = 1.0
QUIET_AFTER_KEY_S = 1.5
REPLY_AFTER_KEY_S = 0.5
QUIET_AFTER_SPEECH_S = 1.0
UNHURRIED_S = 2.5
"""How much longer than an urgent one an offer of no urgency waits."""
SOON_S = 0.4
"""An offer just before the user begins to type or speak is neither right nor wrong: nobody could know."""

_INTERRUPTS = frozenset({UserState.SPEAKING_TO_PARTNER, UserState.CLARIFICATION, UserState.STOP_REQUEST})


@dataclass(frozen=True, slots=True)
class Moment:
    """The truth at the end of a slice, time `t`."""

    t: float
    turn: Turn | None = None
    """The user's latest turn that has begun and has not closed."""
    other: Turn | None = None
    """Speech of other people that sounds now or ended within half a second."""
    noise: Noise | None = None
    """A noise that sounds now or ended within half a second."""
    sounding: PartnerKind | None = None
    sounding_since_s: float = 0.0
    ducked: bool = False
    resumable: bool = False
    asked: bool = False
    """The answer to a turn is awaited."""
    reply: bool = False
    """An answer waits for the floor."""
    offer: bool = False
    urgency: float = 0.0
    since_key_s: float = 60.0
    since_speech_s: float = 60.0
    """Since anybody's speech ended; 0 while somebody speaks."""
    until_next_s: float = 60.0
    """Until the next key or speech."""
    complete: bool = True
    focused: bool = True
    echo: bool = False
    """Whether the partner's voice can be heard in the microphone."""
    hearing: bool = True
    """Whether the microphone is open."""
    words: bool = True
    """Whether what was said can still be handed over; not once the partner has let the words go."""

    @property
    def waiting(self) -> bool:
        return self.reply or self.offer


@dataclass(frozen=True, slots=True)
class Label:
    """The right action and the user's true state; None where no loss looks."""

    action: Action | None
    user: UserState | None


def judge(moment: Moment) -> Label:
    """The label of the slice that ends at `moment.t`."""
    action = _while_sounding(moment) if moment.sounding else _while_silent(moment)
    return Label(action, user_state(moment))


def user_state(moment: Moment) -> UserState | None:
    """What the user does in the slice; None when that changes inside it."""
    t, before_s = moment.t, moment.t - SLICE_S
    for turn in (moment.turn, moment.other):
        part = turn.part_at(before_s, t) if turn else None
        if turn is not None and part is not None:
            state = turn.state if turn.who == "user" else UserState.NOISE
            return state if part.start_s <= before_s and part.end_s >= t else None
    turn = moment.turn
    if turn and turn.state is UserState.STOP_REQUEST and t >= turn.end_s:
        return UserState.STOP_REQUEST
    if moment.noise and moment.noise.start_s < t and before_s - moment.noise.end_s < 2 * SLICE_S:
        return UserState.NOISE if moment.noise.start_s <= before_s else None
    if moment.since_key_s < TYPING_S:
        return UserState.TYPING
    return UserState.ECHO if moment.sounding and moment.echo and moment.hearing else UserState.QUIET


def _while_sounding(moment: Moment) -> Action | None:
    """The partner speaks: go on, duck, yield or recover."""
    go_on = Action.RESUME if moment.ducked else Action.KEEP
    if moment.sounding == "hum":
        return go_on
    turn = moment.turn
    if turn is not None and turn.end_s > moment.sounding_since_s:
        spoken_s = moment.t - turn.onset_after(moment.sounding_since_s)
        if spoken_s >= 0.0:
            return _spoken_over(moment, turn, spoken_s, go_on)
    unclear_s = 0.0
    if moment.other and not moment.ducked:
        unclear_s = moment.other.start_s + UNCLEAR_VOICE_S
    if moment.noise and not moment.ducked:
        unclear_s = max(unclear_s, moment.noise.start_s + UNCLEAR_SOUND_S)
    return None if moment.t < unclear_s else go_on


def _spoken_over(moment: Moment, turn: Turn, spoken_s: float, go_on: Action) -> Action | None:
    """Somebody has been speaking to or past the partner for `spoken_s`."""
    if spoken_s < DUCK_AFTER_S:
        return None
    if turn.state in _INTERRUPTS:
        return Action.DUCK if spoken_s < turn.decide_s else Action.YIELD
    decide_s = turn.decide_s if turn.state is UserState.BACKCHANNEL else OTHERS_DECIDE_S
    undecided = spoken_s < decide_s and moment.t < turn.end_s + SLICE_S
    return Action.DUCK if undecided else go_on


def _while_silent(moment: Moment) -> Action | None:
    """The partner is not heard: listen, answer, hold, or take the floor."""
    hold = Action.DEFER if moment.waiting else Action.SILENT
    if moment.turn is not None:
        return _in_turn(moment, moment.turn, hold)
    if moment.resumable and moment.since_key_s >= REPLY_AFTER_KEY_S and moment.since_speech_s >= 2 * SLICE_S:
        return Action.RESUME
    if moment.reply:
        free = moment.since_key_s >= REPLY_AFTER_KEY_S and moment.since_speech_s >= 2 * SLICE_S
        return Action.TAKE if free else hold
    return _offer_moment(moment, hold) if moment.offer and not moment.asked else hold


def _in_turn(moment: Moment, turn: Turn, hold: Action) -> Action | None:
    """The user has the floor, or has just given it up."""
    if turn.released_s is not None and moment.t >= turn.end_s:
        # The user says when the turn is over: neither earlier nor later is right.
        return Action.DELEGATE if moment.t >= turn.released_s and turn.answer and moment.words else hold
    ended_s = moment.t - turn.end_s
    if ended_s >= 0.0:
        if not turn.answer:
            return hold if turn.state is not UserState.STOP_REQUEST else Action.SILENT
        if not moment.words:
            return hold
        return Action.DELEGATE if ended_s >= SLICE_S else None
    for index, part in enumerate(turn.parts):
        if HUM_FROM_S <= moment.t - part.end_s < HUM_UNTIL_S and moment.t < turn.parts[index + 1].start_s:
            may_hum = index in turn.humming and moment.since_key_s >= QUIET_AFTER_KEY_S
            return Action.BACKCHANNEL if may_hum else hold
    return hold


def _offer_moment(moment: Moment, hold: Action) -> Action | None:
    """Whether something unprompted may be said now."""
    extra_s = UNHURRIED_S * (1.0 - moment.urgency)
    since_s = min(moment.since_key_s - QUIET_AFTER_KEY_S, moment.since_speech_s - QUIET_AFTER_SPEECH_S) - extra_s
    if not (moment.complete and moment.focused) or since_s < -SLICE_S:
        return hold
    if since_s < SLICE_S or moment.until_next_s < SOON_S:
        return None if moment.since_key_s >= QUIET_AFTER_KEY_S else hold
    return Action.TAKE
