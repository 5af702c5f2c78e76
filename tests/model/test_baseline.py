"""The baseline as timelines: what is perceived, slice by slice, and what it decides."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from duologue_model.baseline import BaselineEngine
from duologue_model.engine import Decision
from duologue_model.slices import (
    SLICE_MS,
    SLICE_SAMPLES,
    AgendaStream,
    Clocks,
    EditorStream,
    Samples,
    Slice,
    WaitingKind,
)
from duologue_model.vocabulary import Action, UserState

QUIET = Slice(np.zeros(SLICE_SAMPLES, np.float32), np.zeros(SLICE_SAMPLES, np.float32))
VOICE = replace(QUIET, microphone=np.ones(SLICE_SAMPLES, np.float32))
SOUNDING = AgendaStream(sounding=True, heard_s=1.0, remaining_s=3.0)
DUCKED = replace(SOUNDING, ducked=True)


class LoudIsSpeech:
    """A scripted detector: samples of ones are speech."""

    def predict_f32(self, frame: Samples) -> float:
        return float(np.mean(frame) > 0.5)


def check(slices: Iterable[Slice]) -> list[Decision]:
    """All decisions over the slices, from the start."""
    engine = BaselineEngine(LoudIsSpeech)
    state, decisions = engine.start(), []
    for heard in slices:
        state, decision = engine.step(state, heard)
        decisions.append(decision)
    return decisions


def times(n: int, heard: Slice) -> list[Slice]:
    return [heard] * n


def test_an_empty_room_is_silent() -> None:
    assert {decision.action for decision in check(times(100, QUIET))} == {Action.SILENT}


def test_a_turn_is_handed_over_720_ms_after_its_last_speech() -> None:
    decisions = check([*times(10, VOICE), *times(20, QUIET)])
    handed = [index for index, decision in enumerate(decisions) if decision.action is Action.DELEGATE]
    assert handed == [10 + 720 // SLICE_MS - 1]


def test_a_pause_inside_a_turn_is_waited_out() -> None:
    decisions = check([*times(10, VOICE), *times(7, QUIET), *times(10, VOICE), *times(5, QUIET)])
    assert Action.DELEGATE not in {decision.action for decision in decisions}


def test_a_released_key_ends_the_turn_at_once() -> None:
    closed = replace(QUIET, microphone_open=False)
    decisions = check([*times(10, VOICE), replace(closed, end_of_turn=True), closed])
    assert [decision.action for decision in decisions[-2:]] == [Action.DELEGATE, Action.SILENT]


def test_a_click_while_typing_is_not_speech() -> None:
    click = np.zeros(SLICE_SAMPLES, np.float32)
    click[:800] = 1.0
    typing = replace(QUIET, microphone=click, editor=EditorStream(keys=1), clocks=Clocks(since_key_s=0.0))
    decisions = check(times(5, typing))
    assert not any(decision.speech for decision in decisions)
    assert decisions[-1].user is UserState.TYPING


def test_overlap_ducks_at_once_and_yields_when_it_lasts() -> None:
    decisions = check(
        [replace(VOICE, agenda=SOUNDING), *times(5, replace(VOICE, agenda=DUCKED))],
    )
    assert decisions[0].action is Action.DUCK
    assert decisions[4].action is Action.YIELD
    assert decisions[4].user is UserState.CLARIFICATION


def test_a_stop_request_yields_before_the_time_is_up() -> None:
    stop = replace(VOICE, agenda=DUCKED, words="stop")
    decisions = check([replace(VOICE, agenda=SOUNDING), stop])
    assert (decisions[-1].action, decisions[-1].user) == (Action.YIELD, UserState.STOP_REQUEST)


def test_a_backchannel_is_talked_through() -> None:
    agreeing = replace(VOICE, agenda=DUCKED, words="uh huh")
    after = replace(QUIET, agenda=DUCKED, words="uh huh")
    decisions = check([replace(VOICE, agenda=SOUNDING), *times(6, agreeing), *times(4, after)])
    assert Action.YIELD not in {decision.action for decision in decisions}
    resumed = next(decision for decision in decisions if decision.action is Action.RESUME)
    assert resumed.user is UserState.BACKCHANNEL


def test_a_short_noise_raises_the_voice_again() -> None:
    decisions = check([replace(VOICE, agenda=SOUNDING), *times(4, replace(QUIET, agenda=DUCKED))])
    assert decisions[-2].action is Action.RESUME or decisions[-1].action is Action.RESUME
    assert Action.YIELD not in {decision.action for decision in decisions}


def test_after_a_stop_request_the_turn_is_not_answered() -> None:
    resumable = replace(QUIET, agenda=AgendaStream(resumable=True), words="stop")
    decisions = check(
        [
            replace(VOICE, agenda=SOUNDING),
            replace(VOICE, agenda=DUCKED, words="stop"),
            *times(12, resumable),
        ]
    )
    assert Action.DELEGATE not in {decision.action for decision in decisions}
    assert UserState.STOP_REQUEST in {decision.user for decision in decisions[2:]}


def test_a_yield_to_nothing_said_goes_on() -> None:
    resumable = replace(QUIET, agenda=AgendaStream(resumable=True))
    decisions = check(
        [replace(VOICE, agenda=SOUNDING), *times(5, replace(VOICE, agenda=DUCKED)), *times(12, resumable)]
    )
    assert Action.RESUME in {decision.action for decision in decisions}


def test_an_offer_waits_for_a_lull_and_an_answer_does_not() -> None:
    offer = replace(QUIET, agenda=AgendaStream(waiting=WaitingKind.OFFER, urgency=1.0))
    busy = replace(offer, clocks=Clocks(since_key_s=0.5))
    calm = replace(offer, clocks=Clocks(since_key_s=1.3))
    answer = replace(QUIET, agenda=AgendaStream(waiting=WaitingKind.REPLY), clocks=Clocks(since_key_s=0.5))
    assert [decision.action for decision in check([busy, calm])] == [Action.DEFER, Action.TAKE]
    assert check([answer])[0].action is Action.TAKE


def test_half_a_statement_is_not_interrupted() -> None:
    offer = replace(QUIET, agenda=AgendaStream(waiting=WaitingKind.OFFER, urgency=1.0))
    assert check([replace(offer, editor=EditorStream(statement_complete=False))])[0].action is Action.DEFER
