"""A model that wavers and repeats itself, and what the floor makes of it: timelines of slices of 80 ms."""

from collections.abc import Iterable, Sequence

import pytest

from duologue_model.engine import Decision
from duologue_model.vocabulary import Action, UserState
from duologue_server.voice.floor import FloorState, advance
from duologue_server.voice.floor_events import (
    Decided,
    DropUtterance,
    Duck,
    Effect,
    EndTurn,
    Event,
    ForgetTurn,
    KeysPressed,
    OfferCame,
    ReplyCame,
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

SAID = Utterance("s1", "The tests are green.", "say")
HINT = Utterance("o1", "Line three divides by zero.", "offer", urgency=0.8)
REPLY = Utterance("reply-1", "Because total is zero.", "reply", turn=1)
QUIET, TALK, NOISE = UserState.QUIET, UserState.SPEAKING_TO_PARTNER, UserState.NOISE


def model(t: float, action: Action, user: UserState = QUIET, speech: bool = False) -> Decided:
    """A decision with probabilities, as a network makes them."""
    return Decided(t, Decision(action, user, speech, {action.value: 0.6, user.value: 0.6}))


def slices(from_s: float, actions: Iterable[Action], user: UserState = QUIET, speech: bool = False) -> list[Event]:
    return [model(round(from_s + 0.08 * index, 2), action, user, speech) for index, action in enumerate(actions)]


def done(events: Iterable[Event], state: FloorState) -> tuple[list[tuple[float, Effect]], FloorState]:
    """Every effect with its time."""
    effects: list[tuple[float, Effect]] = []
    for event in sorted(events, key=lambda event: event.t):
        state, made = advance(state, event, Rules())
        effects += [(event.t, effect) for effect in made]
    return effects, state


def check(events: Sequence[Event], *expected: tuple[float, Effect], state: FloorState | None = None) -> FloorState:
    effects, after = done(events, state or FloorState())
    assert effects == list(expected)
    return after


def speaking() -> FloorState:
    return advance(FloorState(), SayCame(5.0, SAID), Rules())[0]


def test_a_voice_that_is_ducked_and_raised_in_turn_does_not_flutter() -> None:
    wavering = [Action.DUCK, Action.KEEP] * 3
    check(slices(6.0, wavering, TALK, speech=True), (6.0, Duck()), (6.24, Unduck()), (6.32, Duck()), state=speaking())


def test_a_resume_at_once_neither_raises_the_voice_nor_loses_the_words() -> None:
    hasty = [Action.DUCK, Action.RESUME, Action.DUCK, Action.YIELD]
    check(slices(6.0, hasty, TALK, speech=True), (6.0, Duck()), (6.24, Stop("speech")), state=speaking())


def test_a_lowered_voice_that_nobody_speaks_over_is_raised_again() -> None:
    check(slices(6.0, [Action.DUCK] * 25), (6.0, Duck()), (7.52, Unduck()), state=speaking())


def test_a_turn_is_ended_once_however_often_the_model_says_so() -> None:
    talk = slices(1.0, [Action.SILENT] * 5, TALK, speech=True)
    ended = slices(2.0, [Action.DELEGATE] * 8)
    check(
        [*talk, *ended, TurnEnded(2.31, "what is this", 1.4)],
        (2.0, EndTurn()),
        (2.31, SendAsk(1, "what is this", 1.4, None)),
    )


def test_the_next_turn_is_ended_as_well() -> None:
    first = [*slices(1.0, [Action.SILENT] * 5, TALK, speech=True), model(2.0, Action.DELEGATE)]
    second = [*slices(3.0, [Action.SILENT] * 5, TALK, speech=True), model(3.6, Action.DELEGATE)]
    _, state = done([*first, TurnEnded(2.1, "", 1.4)], FloorState())
    check(second, (3.6, EndTurn()), state=state)


def test_words_that_never_come_do_not_block_the_floor_for_ever() -> None:
    talked = [model(1.0, Action.SILENT, TALK, speech=True), model(2.0, Action.DELEGATE)]
    _, state = done(talked, FloorState())
    state = check([OfferCame(3.0, HINT), model(4.0, Action.TAKE)], state=state)
    check([model(5.04, Action.TAKE)], (5.04, Start(HINT)), state=state)


def test_an_end_of_turn_under_a_lowered_voice_stops_it() -> None:
    over = slices(6.0, [Action.DUCK] * 4, TALK, speech=True)
    check(
        [*over, model(6.6, Action.DELEGATE)], (6.0, Duck()), (6.6, Stop("speech")), (6.6, EndTurn()), state=speaking()
    )


def test_an_end_of_turn_under_a_voice_that_goes_on_is_ignored() -> None:
    check(slices(6.0, [Action.DELEGATE] * 3), state=speaking())


def test_nothing_else_is_begun_while_an_answer_is_awaited() -> None:
    state = check([TurnEnded(3.0, "why", 2.5)], (3.0, SendAsk(1, "why", 2.5, None)))
    state = check([OfferCame(3.1, HINT), *slices(3.2, [Action.TAKE] * 10)], state=state)
    check([ReplyCame(5.0, REPLY)], (5.0, Start(REPLY)), state=state)


def test_an_answer_is_not_forgotten_by_a_model_that_never_takes_the_floor() -> None:
    asked: list[Event] = [
        TurnEnded(3.0, "why", 2.5),
        model(3.1, Action.SILENT, TALK, speech=True),
        ReplyCame(3.15, REPLY),
    ]
    _, state = done(asked, FloorState())
    check(slices(3.2, [Action.SILENT] * 14), (4.16, Start(REPLY)), state=state)
    check(slices(3.2, [Action.DEFER] * 14), state=state)


def test_taking_the_floor_again_and_again_says_a_thing_once_the_rules_allow_it() -> None:
    events = [OfferCame(1.0, HINT), KeysPressed(2.0, 1), *slices(2.1, [Action.TAKE] * 24)]
    check(events, (3.54, Start(HINT)))


def hums(events: Sequence[Event], state: FloorState | None = None) -> list[float]:
    """When it hummed; every hum is over after 0.4 s."""
    state, heard = state or FloorState(), []
    for event in events:
        if state.sounding and event.t >= state.last_own_s + 0.4:
            state, _ = advance(state, SoundEnded(event.t, state.sounding.id, "end", "Mm-hm.", "Mm-hm."), Rules())
        state, effects = advance(state, event, Rules())
        heard += [event.t for effect in effects if isinstance(effect, Start)]
    return heard


def test_it_hums_seldom_and_only_along_with_talk() -> None:
    assert hums(slices(10.0, [Action.BACKCHANNEL] * 150, TALK, speech=True)) == [10.0, 15.04, 20.08]
    assert hums(slices(10.0, [Action.BACKCHANNEL] * 50)) == []
    typed, _ = advance(FloorState(), KeysPressed(9.9, 1), Rules())
    assert hums(slices(10.0, [Action.BACKCHANNEL] * 15, TALK, speech=True), typed) == []


def test_a_hum_neither_hides_the_end_of_the_turn_nor_what_it_broke_off() -> None:
    broken: list[Event] = [
        model(6.0, Action.YIELD, UserState.CLARIFICATION, speech=True),
        SoundEnded(6.02, "s1", "speech", SAID.text, "The"),
    ]
    _, state = done(broken, speaking())
    _, state = done([model(6.5, Action.BACKCHANNEL, TALK, speech=True)], state)
    assert state.sounding is not None
    hum = state.sounding.id
    check(
        [model(6.7, Action.DELEGATE), SoundEnded(6.9, hum, "end", "Mm-hm.", "Mm-hm."), TurnEnded(7.0, "which", 6.6)],
        (6.7, EndTurn()),
        (7.0, SendAsk(1, "which", 6.6, "The")),
        state=state,
    )


def test_a_click_in_a_pause_does_not_cost_the_turn_its_words() -> None:
    talk = slices(1.0, [Action.SILENT] * 5, TALK, speech=True)
    pause = [*slices(1.5, [Action.SILENT] * 3, NOISE), *slices(1.74, [Action.SILENT] * 3)]
    check([*talk, *pause, model(2.2, Action.DELEGATE)], (2.2, EndTurn()))


@pytest.mark.parametrize("user", [NOISE, UserState.SPEAKING_TO_OTHERS, UserState.STOP_REQUEST])
def test_what_stays_unwanted_is_let_go_once(user: UserState) -> None:
    talk = slices(1.0, [Action.SILENT] * 5, user, speech=True)
    check([*talk, *slices(1.5, [Action.SILENT] * 20, user)], (1.9, ForgetTurn()))


def test_a_rule_says_it_once_and_is_believed() -> None:
    check([Decided(2.0, Decision(Action.SILENT, NOISE, False))], (2.0, ForgetTurn()))


def test_words_on_their_way_are_not_let_go() -> None:
    talk = [model(1.0, Action.SILENT, TALK, speech=True), model(1.6, Action.DELEGATE)]
    check([*talk, *slices(1.68, [Action.SILENT] * 12, NOISE)], (1.6, EndTurn()))


def test_what_was_broken_off_long_ago_is_not_gone_on_with() -> None:
    broken: list[Event] = [
        model(6.0, Action.YIELD, NOISE, speech=True),
        SoundEnded(6.02, "s1", "speech", SAID.text, "The"),
    ]
    _, state = done(broken, speaking())
    check([model(14.5, Action.RESUME)], state=state)
    check([model(13.5, Action.RESUME)], (13.5, Start(SAID, resume=True)), (13.5, ForgetTurn()), state=state)


def test_a_request_for_silence_drops_what_waits_once() -> None:
    _, state = done([OfferCame(1.0, HINT)], FloorState())
    check(
        slices(2.0, [Action.SILENT] * 3, UserState.STOP_REQUEST, speech=True),
        (2.0, DropUtterance(HINT, "asked to stop")),
        state=state,
    )


def test_speech_over_a_lowered_voice_that_goes_on_is_given_way_to_by_rule() -> None:
    wondering = slices(2.0, [Action.DUCK] * 12, UserState.BACKCHANNEL, speech=True)
    effects, after = done([SayCame(1.0, SAID), *wondering], FloorState())
    assert (2.0, Duck()) in effects
    assert next(t for t, effect in effects if effect == Stop("speech")) == pytest.approx(2.8, abs=0.1)
    assert after.yielded == SAID


@pytest.mark.parametrize("user", [UserState.SPEAKING_TO_OTHERS, UserState.NOISE, UserState.ECHO])
def test_speech_that_is_not_for_us_is_not_given_way_to_by_rule(user: UserState) -> None:
    effects, _ = done([SayCame(1.0, SAID), *slices(2.0, [Action.DUCK] * 18, user, speech=True)], FloorState())
    assert Stop("speech") not in [effect for _, effect in effects]


def test_a_lowered_voice_that_nobody_speaks_over_is_not_stopped_by_rule() -> None:
    short = slices(2.0, [Action.DUCK] * 4, UserState.BACKCHANNEL, speech=True)
    effects, _ = done([SayCame(1.0, SAID), *short, *slices(2.32, [Action.DUCK] * 10)], FloorState())
    assert Stop("speech") not in [effect for _, effect in effects]
