"""What should not stop the partner, and unprompted speech, as timelines."""

from dataclasses import replace

import numpy as np
import pytest

from duologue_model.evaluation import going_on, offers
from duologue_model.evaluation.floor import Events
from duologue_model.training.example import AGENDA_FIELDS
from duologue_model.training.floorlog import SLICE_S, FloorLog, Key, Noise
from duologue_model.vocabulary import Action, UserState
from support.floor_logs import ACTIONS, USERS, deciding, log, offer, reply, turn

UHUH = turn((2.0, 2.4), state=UserState.BACKCHANNEL, answer=False)
COUGH = Noise(2.0, 2.4, "cough", 0.0)


def check(events: Events, *values: float) -> None:
    assert [value for value, _ in events] == pytest.approx(list(values))


def test_a_backchannel_that_only_ducks_lets_the_partner_go_on() -> None:
    one = log(reply(1.0, 6.0, ducks=((2.1, 2.6),)), UHUH)
    check(going_on.after_backchannels(one), 1.0)
    check(going_on.back_after_backchannels(one), 1.0)


def test_a_backchannel_that_stops_the_partner_is_a_failure() -> None:
    one = log(reply(1.0, 2.5, stopped=True), UHUH)
    check(going_on.after_backchannels(one), 0.0)
    check(going_on.back_after_backchannels(one), 0.0)


def test_a_stop_that_goes_on_at_the_word_is_half_a_failure() -> None:
    stopped, again = reply(1.0, 2.5, stopped=True), reply(3.0, 6.0)
    again.clip, again.clip_start = stopped.clip, 20_000
    one = log(stopped, again, UHUH)
    check(going_on.after_backchannels(one), 0.0)
    check(going_on.back_after_backchannels(one), 1.0)
    again.clip_start = 0
    check(going_on.back_after_backchannels(one), 0.0)


def test_a_duck_that_is_never_undone_is_not_going_on_fully() -> None:
    one = log(reply(1.0, 6.0, ducks=((2.1, 5.9),)), UHUH)
    check(going_on.after_backchannels(one), 1.0)
    check(going_on.back_after_backchannels(one), 0.0)


def test_a_cough_and_a_real_question_together_prove_nothing() -> None:
    question = turn((2.3, 4.0), state=UserState.CLARIFICATION)
    assert going_on.after_noises(log(reply(1.0, 2.6, stopped=True), COUGH, question)) == []


def test_a_cough_into_silence_is_no_test_of_going_on() -> None:
    assert going_on.after_noises(log(COUGH)) == []


def test_a_burst_of_somebody_elses_keys_is_one_noise() -> None:
    keys = [Key(2.0 + 0.2 * number, elsewhere=True) for number in range(5)]
    check(going_on.after_noises(log(reply(1.0, 6.0), *keys)), 1.0)


def test_what_others_say_must_neither_stop_the_partner_nor_be_answered() -> None:
    other = turn((2.0, 4.0), state=UserState.NOISE, answer=False, who="other")
    check(going_on.after_others(log(reply(1.0, 6.0), other)), 1.0)
    check(going_on.answered_others(log(other)), 0.0)
    check(going_on.answered_others(log(other, delegated=(4.5,))), 1.0)


def test_a_stop_with_nobody_near_is_the_partners_own_echo() -> None:
    one = log(reply(1.0, 4.0, stopped=True, ducks=((3.8, 4.0),)), echo_db=-20.0)
    ((stops, minutes),) = going_on.self_interruptions(one, -60.0, -15.0, ducks=False)
    assert (stops, minutes) == pytest.approx((1.0, 3.0 / 60), abs=1e-3)
    ((both, _),) = going_on.self_interruptions(one, -60.0, -15.0, ducks=True)
    assert both == 2.0
    assert going_on.self_interruptions(one, -15.0, 10.0, ducks=False) == []


def test_a_stop_while_somebody_speaks_is_not_for_an_echo() -> None:
    one = log(reply(1.0, 4.0, stopped=True), turn((3.7, 5.0), state=UserState.CLARIFICATION))
    ((stops, minutes),) = going_on.self_interruptions(one, -60.0, -15.0, ducks=False)
    assert stops == 0.0
    assert minutes == pytest.approx(2.7 / 60, abs=0.002)


def labelled(one: FloorLog, right_s: float, until_s: float, offered_s: float) -> FloorLog:
    """An offer waits from `offered_s` until it is said, and the right time for it is from `right_s` to `until_s`."""
    times = (np.arange(one.slices) + 1) * SLICE_S
    perceived = replace(one.perceived, action=np.full(one.slices, ACTIONS.index(Action.DEFER), np.int64))
    perceived.action[(times >= right_s) & (times < until_s)] = ACTIONS.index(Action.TAKE)
    said_s = min((said.start_s for said in one.sounded if said.start_s > offered_s), default=until_s)
    perceived.agenda[(times >= offered_s) & (times <= said_s), AGENDA_FIELDS.index("waiting_offer")] = 1.0
    return replace(one, perceived=perceived, offered_s=(offered_s,), scenario="timed_request")


def test_an_offer_at_its_moment_is_on_cue() -> None:
    one = labelled(log(offer(5.3, 7.0)), 5.0, 5.36, offered_s=2.0)
    check(offers.delays(one), 5.3 - 63 * SLICE_S)
    check(offers.delivered(one), 1.0)
    check(offers.on_cue(one), 1.0)
    check(offers.ill_timed(one), 0.0)


def test_an_offer_that_could_not_wait_is_ill_timed() -> None:
    one = labelled(log(offer(3.0, 4.0)), 5.0, 8.0, offered_s=2.0)
    check(offers.ill_timed(one), 1.0)


def test_an_offer_that_was_never_said_is_not_delivered() -> None:
    one = labelled(log(), 5.0, 8.0, offered_s=2.0)
    check(offers.delivered(one), 0.0)


def test_unprompted_speech_after_a_key_is_counted_by_the_hour() -> None:
    one = replace(log(Key(4.0), offer(5.0, 6.0), until_s=36.0), offered_s=(1.0,))
    ((count, hours),) = offers.starts_while_typing(one)
    assert (count, hours) == pytest.approx((1.0, 0.01))
    ((later, _),) = offers.starts_while_typing(replace(one, keys=(Key(3.0),)))
    assert later == 0.0


def test_what_had_to_be_said_is_no_choice() -> None:
    ((count, _),) = offers.starts_while_typing(log(Key(4.0), offer(5.0, 6.0)))
    assert count == 0.0


def test_a_wish_to_speak_while_typing_counts_whatever_a_rule_said() -> None:
    one = labelled(log(Key(4.0)), 8.0, 9.0, offered_s=2.0)
    ((count, _),) = offers.wishes_while_typing(deciding(one, (4.4, 4.8, Action.TAKE)))
    assert count == 1.0


def test_agreement_counts_slices_with_a_label() -> None:
    one = log(until_s=8.0)
    one.perceived.user[:50] = USERS.index(UserState.TYPING)
    ((right, labelled_slices),) = offers.user_agreement(deciding(one, (0.0, 2.0, UserState.TYPING)))
    assert (right, labelled_slices) == (25.0, 50.0)
