"""Answering and stopping as timelines: what happened on the floor, and the figures that it must give."""

import math

import pytest

from duologue_model.evaluation import floor
from duologue_model.evaluation.floor import Events
from duologue_model.vocabulary import UserState
from support.floor_logs import ASKS, STOPS, deciding, log, reply, turn


def check(events: Events, *values: float) -> None:
    """The events have these values, each once."""
    assert [round(value, 3) for value, _ in events] == pytest.approx(list(values))
    assert {weight for _, weight in events} <= {1.0}


def test_an_answer_after_the_end_is_late_by_what_it_took() -> None:
    one = log(turn((1.0, 3.0)), reply(4.0, 6.0), delegated=(3.4,))
    check(floor.decision_latencies(one), 0.4)
    check(floor.first_sounds(one), 1.0)
    check(floor.unanswered(one), 0.0)
    check(floor.cut_in_turns(one), 0.0)


def test_a_decision_just_before_the_end_is_early_and_no_cut_in() -> None:
    one = log(turn((1.0, 3.0)), delegated=(2.8,))
    check(floor.decision_latencies(one), -0.2)
    check(floor.cut_in_turns(one), 0.0)


def test_a_turn_that_nobody_answers_is_infinitely_late() -> None:
    one = log(turn((1.0, 3.0)))
    check(floor.decision_latencies(one), math.inf)
    check(floor.unanswered(one), 1.0)


def test_a_turn_that_the_next_follows_at_once_says_nothing() -> None:
    one = log(turn((1.0, 3.0)), turn((3.5, 5.0)), delegated=(5.3,))
    check(floor.decision_latencies(one), 0.3)


def test_what_wants_no_answer_is_not_waited_for() -> None:
    assert floor.decision_latencies(log(turn((1.0, 1.4), state=UserState.BACKCHANNEL, answer=False))) == []


def test_a_decision_in_one_pause_of_two_is_half_of_the_pauses() -> None:
    one = log(turn((1.0, 2.0), (2.8, 4.0), (4.6, 6.0)), delegated=(2.4, 6.4))
    check(floor.decided_cut_ins(one), 1.0, 0.0)
    check(floor.audible_cut_ins(one), 0.0, 0.0)
    check(floor.cut_in_turns(one), 1.0)
    check(floor.decision_latencies(one), 0.4)


def test_an_answer_that_begins_in_a_pause_is_heard_as_a_cut_in() -> None:
    one = log(turn((1.0, 2.0), (3.5, 5.0)), reply(2.9, 3.6, stopped=True), delegated=(2.2,))
    check(floor.audible_cut_ins(one), 1.0)
    check(floor.decided_cut_ins(one), 1.0)
    check(floor.unanswered(one), 1.0)


def test_a_gap_of_a_tenth_of_a_second_is_no_pause() -> None:
    assert floor.decided_cut_ins(log(turn((1.0, 2.0), (2.1, 3.0)), delegated=(2.05,))) == []


def test_a_decision_over_speech_is_a_cut_in_of_the_turn_but_of_no_pause() -> None:
    one = log(turn((1.0, 5.0)), delegated=(3.0, 5.2))
    check(floor.cut_in_turns(one), 1.0)
    assert floor.decided_cut_ins(one) == []


def test_an_answer_to_nobody_is_a_phantom() -> None:
    ((count, hours),) = floor.phantom_decisions(log(turn((1.0, 2.0)), until_s=36.0, delegated=(2.2, 15.0)))
    assert count == 1.0
    assert hours == pytest.approx(0.01)


def test_an_interruption_that_stops_the_partner_has_its_latency() -> None:
    one = log(reply(1.0, 3.4, stopped=True, ducks=((3.1, 3.4),)), turn((3.0, 5.0), state=ASKS), delegated=(5.2,))
    check(floor.stop_latencies(one), 0.4)
    check(floor.stop_successes(one), 1.0)
    check(floor.duck_latencies(one), 0.1)
    check(floor.questions_answered(one), 1.0)
    assert floor.stops_obeyed(one) == []


def test_a_partner_that_speaks_on_has_failed_to_stop() -> None:
    one = log(reply(1.0, 6.0), turn((3.0, 5.0), state=ASKS))
    check(floor.stop_successes(one), 0.0)
    check(floor.duck_latencies(one), math.inf)
    assert floor.stop_latencies(one) == []


def test_a_partner_that_begins_again_meanwhile_has_failed_too() -> None:
    one = log(reply(1.0, 3.4, stopped=True), reply(4.0, 5.5), turn((3.0, 5.0), state=ASKS))
    check(floor.stop_successes(one), 0.0)


def test_an_utterance_that_was_about_to_end_could_not_be_stopped() -> None:
    assert floor.stop_successes(log(reply(1.0, 3.6), turn((3.0, 5.0), state=ASKS))) == []


def test_what_a_key_has_ended_is_no_stop_of_the_models() -> None:
    said = reply(1.0, 3.4)
    said.ended_by = "key"
    assert floor.interruptions(log(said, turn((3.0, 5.0), state=STOPS, answer=False))) == []


def test_after_a_request_to_stop_an_answer_is_disobedience() -> None:
    asked = turn((3.0, 3.5), state=STOPS, answer=False)
    check(floor.stops_obeyed(log(reply(1.0, 3.4, stopped=True), asked)), 1.0)
    check(floor.stops_obeyed(log(reply(1.0, 3.4, stopped=True), asked, delegated=(3.9,))), 0.0)
    check(floor.stops_obeyed(log(reply(1.0, 3.4, stopped=True), reply(4.5, 6.0), asked)), 0.0)


def test_the_last_say_about_an_interruption_counts() -> None:
    scene = log(reply(0.96, 3.36, stopped=True), turn((3.0, 3.6), state=STOPS, answer=False))
    right = deciding(scene, (3.28, 3.52, ASKS), (3.52, 3.84, STOPS))
    check(floor.told_apart(right), 1.0)
    check(floor.told_apart(deciding(scene, (3.28, 3.84, ASKS))), 0.0)
    check(floor.told_apart(scene))


def test_only_interruptions_with_words_count_where_words_are_asked_for() -> None:
    scene = deciding(
        log(reply(0.96, 3.36, stopped=True), turn((3.0, 3.6), state=STOPS, answer=False)), (3.28, 3.84, STOPS)
    )
    silence = ("",) * scene.slices
    late = tuple("stop" if index * 0.08 > 3.5 else "" for index in range(scene.slices))
    assert floor.told_apart(scene, silence) == []
    check(floor.told_apart(scene, late), 1.0)
    assert floor.told_apart_at_yield(scene, late) == []
