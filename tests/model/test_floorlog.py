"""The logs of simulated sessions: what is drawn follows the measured timings, and the labels keep their rules."""

import numpy as np
import pytest

from duologue_model.training.example import IGNORED
from duologue_model.training.floorlog import SLICE_S, FloorLog, Said, Turn
from duologue_model.training.labels import QUIET_AFTER_KEY_S, Moment, judge
from duologue_model.training.partner import Habits
from duologue_model.training.scenarios import SCENARIOS, draw_scenario, play
from duologue_model.training.timing import Distribution, load
from duologue_model.vocabulary import Action, UserState
from support.tone_bank import tone_bank

ACTIONS, USERS = list(Action), list(UserState)
BANK = tone_bank()
SECONDS = 25.0
PROMPT = Habits()
CLUMSY = Habits(hesitation_slices=1.0, turn_delay=True, slips=1.0)


def logs(scenario: str, habits: Habits = PROMPT, count: int = 3) -> list[FloorLog]:
    return [
        play(scenario, BANK, np.random.default_rng([seed, len(scenario)]), SECONDS, habits=habits)
        for seed in range(count)
    ]


def right(log: FloorLog) -> list[Action | None]:
    return [None if value == IGNORED else ACTIONS[value] for value in log.perceived.action]


def slice_at(t: float) -> int:
    """The slice in which `t` lies."""
    return int(t / SLICE_S)


def spoken_over(log: FloorLog, *states: UserState) -> list[Turn]:
    """The user's turns of those states that began well inside an utterance of the partner."""
    return [
        turn
        for turn in log.turns
        if turn.who == "user" and turn.state in states
        for said in log.sounded
        if said.kind != "hum" and said.start_s + 0.2 < turn.start_s < said.end_s - 0.05
    ]


def drawn(distribution: Distribution, rng: np.random.Generator) -> np.ndarray:
    return np.array([distribution.draw(rng) for _ in range(20_000)])


def check_quantiles(drawn: np.ndarray, shares: tuple[float, ...], wanted: tuple[float, ...], within_s: float) -> None:
    assert np.abs(np.quantile(drawn, shares) - np.array(wanted)).max() <= within_s


def test_what_is_drawn_has_the_measured_quantiles() -> None:
    timing, rng = load(), np.random.default_rng(1)
    # The histogram was cut at -2 and 3 s, the quantiles were not: only the middle is the same.
    check_quantiles(drawn(timing.floor_transfer, rng), (0.25, 0.5, 0.75), (-0.38, 0.05, 0.33), 0.12)
    check_quantiles(drawn(timing.pause, rng), (0.25, 0.5, 0.75, 0.9), (0.38, 0.6, 1.0, 1.72), 0.06)
    check_quantiles(drawn(timing.backchannel, rng), (0.05, 0.5, 0.95), (0.24, 0.41, 0.74), 0.03)
    check_quantiles(drawn(timing.speech, rng), (0.1, 0.5, 0.9), (0.43, 1.56, 4.22), 0.2)
    assert load("ami").floor_transfer.at(0.5) < 0.0


def test_the_same_seed_gives_the_same_log_and_another_seed_another() -> None:
    first, again, other = (
        play("question_interruption", BANK, np.random.default_rng(seed), SECONDS) for seed in (7, 7, 8)
    )
    assert first.turns == again.turns
    assert np.array_equal(first.perceived.action, again.perceived.action)
    assert np.array_equal(first.perceived.agenda, again.perceived.agenda)
    assert [turn.parts for turn in first.turns] != [turn.parts for turn in other.turns]


SHOWS = {
    "smooth_turn": {Action.DELEGATE, Action.KEEP, Action.SILENT},
    "mid_clause_pause": {Action.DELEGATE},
    "self_repair": {Action.DELEGATE},
    "long_account": {Action.DELEGATE},
    "one_word_answer": {Action.DELEGATE},
    "dictated_identifiers": {Action.DELEGATE},
    "backchannel": {Action.DUCK, Action.RESUME},
    "stop_interruption": {Action.DUCK, Action.YIELD},
    "question_interruption": {Action.YIELD, Action.DELEGATE},
    "correction_interruption": {Action.YIELD, Action.DELEGATE},
    "redirection_interruption": {Action.YIELD, Action.DELEGATE},
    "colleague": {Action.SILENT},
    "background_speech": {Action.SILENT},
    "typing_alone": {Action.SILENT},
    "typing_while_talking": {Action.DELEGATE},
    "echo_alone": {Action.KEEP},
    "timed_request": {Action.TAKE},
    "offer_at_pause": {Action.DEFER, Action.TAKE},
    "offer_never_fits": {Action.DEFER},
    "empty": {Action.SILENT},
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_class_yields_what_it_is_for(scenario: str) -> None:
    seen = {action for log in logs(scenario) for action in right(log)}
    assert SHOWS[scenario] <= seen


def test_two_fifths_of_a_days_slices_are_empty() -> None:
    rng = np.random.default_rng(3)
    shares = [play(draw_scenario(rng), BANK, rng, SECONDS).perceived.empty for _ in range(60)]
    assert np.concatenate(shares).mean() >= 0.4


@pytest.mark.parametrize("scenario", ["offer_at_pause", "offer_never_fits", "timed_request", "typing_while_talking"])
@pytest.mark.parametrize("habits", [PROMPT, CLUMSY], ids=["prompt", "clumsy"])
def test_nothing_unprompted_within_a_second_and_a_half_of_a_key(scenario: str, habits: Habits) -> None:
    for log in logs(scenario, habits):
        since_key_s, reply = log.perceived.clocks[:, 1], log.perceived.agenda[:, 1]
        took = (log.perceived.action == ACTIONS.index(Action.TAKE)) & (reply == 0)
        assert (since_key_s[took] >= QUIET_AFTER_KEY_S - 1e-6).all()


@pytest.mark.parametrize("kind", ["question", "correction", "redirection", "stop"])
@pytest.mark.parametrize("habits", [PROMPT, CLUMSY], ids=["prompt", "clumsy"])
def test_an_interruption_is_ducked_at_once_and_yielded_to_within_800_ms(kind: str, habits: Habits) -> None:
    turns = 0
    for log in logs(f"{kind}_interruption", habits, 6):
        actions = right(log)
        for turn in spoken_over(log, UserState.CLARIFICATION, UserState.STOP_REQUEST):
            turns += 1
            onset = slice_at(turn.start_s)
            assert Action.DUCK in actions[onset : onset + 2]
            assert Action.YIELD in actions[onset : slice_at(turn.start_s + 0.8) + 1]
            assert Action.YIELD not in actions[onset : slice_at(turn.start_s + 0.16)]
    assert turns >= 4


@pytest.mark.parametrize("habits", [PROMPT, CLUMSY], ids=["prompt", "clumsy"])
def test_a_backchannel_is_never_yielded_to(habits: Habits) -> None:
    turns = 0
    for log in logs("backchannel", habits, 6):
        actions = right(log)
        for turn in spoken_over(log, UserState.BACKCHANNEL):
            turns += 1
            assert Action.YIELD not in actions[slice_at(turn.start_s) : slice_at(turn.end_s + 1.0)]
    assert turns >= 6


def test_after_a_wrong_yield_the_right_thing_is_to_go_on() -> None:
    found = 0
    for log in logs("backchannel", CLUMSY, 12):
        resumable = log.perceived.agenda[:, 8] > 0
        found += int((log.perceived.action[resumable] == ACTIONS.index(Action.RESUME)).any())
    assert found >= 1


def test_a_turn_is_handed_over_at_its_end_and_not_in_its_pauses() -> None:
    for scenario in ("mid_clause_pause", "dictated_identifiers", "long_account", "self_repair"):
        for log in logs(scenario, CLUMSY):
            handed = log.perceived.action == ACTIONS.index(Action.DELEGATE)
            assert (log.perceived.turn_end[handed] <= 0.0).all()
            assert handed.any()


def test_a_prompt_partner_does_what_is_right() -> None:
    for scenario in SCENARIOS:
        for log in logs(scenario, PROMPT, 1):
            wanted, done = log.perceived.action[:-1], log.perceived.own[1:]
            judged = wanted != IGNORED
            assert np.array_equal(wanted[judged], done[judged]), scenario


def test_the_edges_of_speech_count_for_nothing() -> None:
    for log in logs("smooth_turn"):
        for turn in log.turns:
            begin, end = slice_at(turn.start_s), slice_at(turn.end_s)
            if end + 1 < log.slices and turn.released_s is None:
                assert log.perceived.user[[begin, end]].tolist() == [IGNORED, IGNORED]
                assert log.perceived.action[end] == IGNORED


def test_a_key_stops_the_partner_by_rule() -> None:
    stopped = 0
    for log in logs("typing_while_talking", count=8):
        for said in log.sounded:
            pressed = [key.at_s for key in log.keys if said.start_s + 0.1 < key.at_s < said.end_s - 0.1]
            assert not pressed
            stopped += said.ended_by == "key"
    assert stopped >= 1


def test_nobody_hums_along_while_the_user_types() -> None:
    hummed = 0
    for scenario in ("long_account", "typing_while_talking"):
        for log in logs(scenario, count=8):
            hums = log.perceived.action == ACTIONS.index(Action.BACKCHANNEL)
            hummed += int(hums.sum())
            assert (log.perceived.clocks[hums, 1] >= QUIET_AFTER_KEY_S - 1e-6).all()
    assert hummed


def test_a_turn_whose_words_were_let_go_cannot_be_handed_over() -> None:
    turn = Turn("user", UserState.SPEAKING_TO_PARTNER, (Said(1.0, 2.0, "clip", 0, 16_000, 1.0),), True, 0.3)
    assert judge(Moment(t=2.5, turn=turn)).action is Action.DELEGATE
    assert judge(Moment(t=2.5, turn=turn, words=False)).action is Action.SILENT


def test_an_answer_that_waits_begins_when_the_hands_rest() -> None:
    assert judge(Moment(t=5.0, reply=True, since_key_s=0.3)).action is Action.DEFER
    assert judge(Moment(t=5.0, reply=True, since_key_s=0.6)).action is Action.TAKE
    assert judge(Moment(t=5.0, offer=True, urgency=1.0, since_key_s=1.2)).action is Action.DEFER
    assert judge(Moment(t=5.0, offer=True, urgency=1.0, since_key_s=2.0)).action is Action.TAKE
    assert judge(Moment(t=5.0, offer=True, urgency=1.0, complete=False)).action is Action.DEFER
    assert judge(Moment(t=5.0, offer=True, urgency=1.0, until_next_s=0.2)).action is None
