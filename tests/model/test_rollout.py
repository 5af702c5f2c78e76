"""Engines in closed loop: they hear what is played, do what they decide, and are the same whatever runs beside them."""

import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from duologue_model.config import ModelConfig
from duologue_model.engine import Decision
from duologue_model.network import FloorNetwork
from duologue_model.slices import SLICE_SAMPLES, Slice
from duologue_model.streaming import NetworkState, hear, hear_together, restart, rows_of, start
from duologue_model.training import rooms
from duologue_model.training.example import IGNORED
from duologue_model.training.floorlog import FloorLog
from duologue_model.training.labels import QUIET_AFTER_KEY_S, Label
from duologue_model.training.live_sound import StreamingFilter
from duologue_model.training.partner import Habits
from duologue_model.training.render import Conditions, render
from duologue_model.training.rollout import (
    Decide,
    NetworkPolicy,
    Played,
    Setting,
    closed_loop_sessions,
    ideal,
    rollout,
    rollouts,
)
from duologue_model.training.scenarios import SCENARIOS, play
from duologue_model.vocabulary import Action, ForcedToken, UserState
from support.tone_bank import tone_bank

ACTIONS, USERS = list(Action), list(UserState)
BANK = tone_bank()
DRY = Conditions(snr_db=120.0)
SETTING = Setting(BANK, seconds=12.0, reply_after_s=0.8)
NETWORK = FloorNetwork(ModelConfig(depth=2, ring_slices=30, near_slices=15), seed=3).eval()


class Restless(NetworkPolicy):
    """The network, doing something else whenever it sees something else; untrained weights do always the same."""

    def step(self, state: NetworkState, heard: Sequence[Slice]) -> tuple[NetworkState, list[Decision]]:
        state, made = super().step(state, heard)
        return state, [replace(one, action=ACTIONS[round(1e4 * sum(one.p.values())) % len(ACTIONS)]) for one in made]


class Scripted:
    """A policy that does the same at the same slice, and remembers what it heard."""

    def __init__(self, *decided: Decision) -> None:
        self._decided = decided
        self.heard: list[Slice] = []

    def __call__(self, heard: Slice, _: Label) -> Decision:
        self.heard.append(heard)
        return self._decided[min(len(self.heard), len(self._decided)) - 1]


class Listening:
    """Another's decisions; remembers what was heard."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self.heard: list[Slice] = []

    def __call__(self, heard: Slice, right: Label) -> Decision:
        self.heard.append(heard)
        return self._decide(heard, right)


class Counting:
    """A policy that does nothing and fails when it is told to."""

    def __init__(self, fails_at: int = 10**9) -> None:
        self.most, self._fails_at = 0, fails_at

    def start(self, sessions: int) -> list[int]:
        self.most = sessions
        return [0] * sessions

    def step(self, state: list[int], heard: Sequence[Slice]) -> tuple[list[int], list[Decision]]:
        assert len(state) == len(heard)
        if max(state) >= self._fails_at:
            raise RuntimeError("the engine is broken")
        return [slices + 1 for slices in state], [Decision(Action.SILENT, UserState.QUIET, False) for _ in heard]

    def restart(self, state: list[int], rows: Sequence[int]) -> list[int]:
        return [0 if row in rows else slices for row, slices in enumerate(state)]

    def keep(self, state: list[int], rows: Sequence[int]) -> list[int]:
        return [state[row] for row in rows]


def check(played: Played) -> FloorLog:
    """The log, which always has as many slices as the arrays and a decision in each of them."""
    log, example = played
    assert log.decided is not None
    assert log.decided.shape == (log.slices, 2)
    assert len(example.microphone) == len(example.playback) == log.slices * SLICE_SAMPLES
    assert len(example.words) == len(example.action) == len(example.user_voice) == log.slices
    assert np.array_equal(example.own[1:], log.decided[:-1, 0])
    assert np.abs(example.microphone).max() <= 1.0
    return log


def acts(log: FloorLog) -> NDArray[np.int64]:
    """`[T]`: what the engine did."""
    assert log.decided is not None
    return log.decided[:, 0]


def decided(action: Action, user: UserState = UserState.QUIET, speech: bool = False) -> Decision:
    return Decision(action, user, speech)


def same(one: Played, other: Played) -> bool:
    return (
        one[0].turns == other[0].turns
        and one[0].sounded == other[0].sounded
        and np.array_equal(acts(one[0]), acts(other[0]))
        and np.array_equal(one[1].microphone, other[1].microphone)
        and one[1].words == other[1].words
    )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_who_does_what_is_right_gets_on_as_the_open_simulation_does(scenario: str) -> None:
    done, opened = [], []
    for seed in range(3):
        log = check(rollout(replace(SETTING, scenario=scenario), seed, 0, ideal))
        done.append({ACTIONS[action] for action in acts(log)})
        log = play(scenario, BANK, np.random.default_rng([seed, 0]), 12.0, habits=Habits(reply_after_s=0.8))
        opened.append({ACTIONS[action] for action in log.perceived.own})
    assert set.intersection(*opened) <= set.union(*done)
    assert set.intersection(*done) <= set.union(*opened)


def test_turns_are_handed_over_and_answered_after_the_given_time() -> None:
    log = check(rollout(replace(SETTING, scenario="smooth_turn"), 1, 0, ideal))
    answers = [said for said in log.sounded if said.kind == "reply"]
    assert len(log.turns) == len(log.delegated_s) == len(answers) >= 1
    for turn, handed_s, said in zip(log.turns, log.delegated_s, answers, strict=True):
        assert 0.0 < handed_s - turn.end_s <= 0.25
        assert 0.8 <= said.start_s - handed_s <= 0.93


def test_what_the_partner_says_is_heard_in_the_slices_after_the_decision() -> None:
    setting = replace(SETTING, scenario="smooth_turn", conditions=replace(DRY, echo_delay_s=0.1))
    engine = Scripted(*[decided(Action.SILENT)] * 20, decided(Action.BACKCHANNEL), decided(Action.KEEP))
    log, example = rollout(setting, 1, 0, engine)
    (hum, *_) = log.sounded
    assert hum.kind == "hum"
    assert 21 * 0.08 <= hum.start_s <= 21 * 0.08 + 0.04
    loud = np.abs(example.playback.reshape(-1, SLICE_SAMPLES)).max(axis=1) > 0.01
    assert not loud[:21].any()
    assert loud[21]
    assert np.array_equal(np.concatenate([heard.playback for heard in engine.heard]), example.playback)
    assert np.array_equal(np.concatenate([heard.microphone for heard in engine.heard]), example.microphone)


@pytest.mark.parametrize("scenario", ["question_interruption", "backchannel", "colleague"])
def test_it_sounds_as_the_same_log_does_when_it_is_rendered_whole(scenario: str) -> None:
    echoes = 0
    for number in (0, 2):
        log, example = rollout(replace(SETTING, scenario=scenario, conditions=DRY), 1, number, ideal)
        whole = render(log, BANK, np.random.default_rng(0), DRY)
        # What is broken off is faded out after its end and not before, which nobody can know.
        breaks = sum(said.ended_by != "end" for said in log.sounded)
        for name in ("playback", "microphone"):
            differs = np.abs(getattr(whole, name) - getattr(example, name)) > 2e-3
            assert differs.sum() <= breaks * 700
        assert np.array_equal(whole.user_voice, example.user_voice)
        echoes += log.echo_db > -30.0
    assert echoes >= 1


def test_a_duck_lowers_the_voice_and_a_yield_ends_it_at_once() -> None:
    script = [decided(Action.BACKCHANNEL), *[decided(Action.KEEP)] * 2, *[decided(Action.DUCK)] * 2]
    log, example = rollout(replace(SETTING, scenario="empty"), 1, 0, Scripted(*script, decided(Action.YIELD)))
    (hum, *_) = log.sounded
    loudness = np.abs(example.playback.reshape(-1, SLICE_SAMPLES)).max(axis=1)
    assert hum.ended_by == "speech"
    assert hum.end_s == pytest.approx(6 * 0.08)
    assert loudness[5] < 0.25 * loudness[2]
    assert loudness[6:].max() < 0.25 * loudness[2]
    assert not example.playback[6 * SLICE_SAMPLES + 160 :].any()


def test_only_what_was_said_can_be_handed_over() -> None:
    log = check(rollout(replace(SETTING, scenario="typing_alone"), 1, 0, Scripted(decided(Action.DELEGATE))))
    assert log.delegated_s == ()
    assert log.sounded == ()
    log = check(rollout(replace(SETTING, scenario="colleague"), 3, 0, Scripted(decided(Action.DELEGATE))))
    assert log.delegated_s


def test_clocks_count_from_what_the_engine_itself_takes_for_speech() -> None:
    script = [decided(Action.SILENT)] * 10 + [decided(Action.SILENT, speech=True)] + [decided(Action.SILENT)] * 5
    _, example = rollout(replace(SETTING, scenario="empty"), 1, 0, Scripted(*script))
    assert example.clocks[10, 0] == 60.0
    assert example.clocks[11:15, 0] == pytest.approx([0.08, 0.16, 0.24, 0.32])


@pytest.mark.parametrize("scenario", ["offer_at_pause", "offer_never_fits", "typing_while_talking"])
def test_no_engine_can_speak_into_typing(scenario: str) -> None:
    for seed in range(3):
        log = check(rollout(replace(SETTING, scenario=scenario), seed, 0, Scripted(decided(Action.TAKE))))
        for said in log.sounded:
            keys = [key.at_s for key in log.keys if not key.elsewhere and key.at_s < said.start_s - 0.04]
            assert said.start_s - max(keys, default=-60.0) >= QUIET_AFTER_KEY_S


def test_a_key_stops_the_partner_by_rule_and_the_engine_is_told() -> None:
    found = 0
    for seed in range(6):
        engine = Scripted(decided(Action.TAKE))
        log, _ = rollout(replace(SETTING, scenario="offer_at_pause"), seed, 0, engine)
        told = [index for index, heard in enumerate(engine.heard) if ForcedToken.YIELDED_TO_KEY in heard.forced]
        stopped = [said for said in log.sounded if said.ended_by == "key"]
        assert len(told) == len(stopped)
        for index, said in zip(told, stopped, strict=True):
            assert index * 0.08 <= said.end_s <= (index + 1) * 0.08 + 0.02
            assert engine.heard[index].editor.keys > 0
        found += len(told)
    assert found >= 1


def test_with_push_to_talk_only_what_is_said_while_the_key_is_held_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duologue_model.training.stage.PUSH_TO_TALK", 1.0)
    engine = Listening(ideal)
    log, example = rollout(replace(SETTING, scenario="smooth_turn"), 1, 0, engine)
    closed = np.array([not heard.microphone_open for heard in engine.heard])
    assert closed.any()
    assert not example.microphone.reshape(-1, SLICE_SAMPLES)[closed].any()
    released = [index for index, heard in enumerate(engine.heard) if heard.end_of_turn]
    assert len(released) == len(log.turns) == len(log.delegated_s)
    for index, handed_s in zip(released, log.delegated_s, strict=True):
        assert handed_s == pytest.approx((index + 1) * 0.08)


def test_labels_follow_what_the_engine_has_done() -> None:
    _, example = rollout(replace(SETTING, scenario="smooth_turn"), 1, 0, Scripted(decided(Action.SILENT)))
    right = example.action[example.action != IGNORED]
    assert (right == ACTIONS.index(Action.DELEGATE)).sum() > 50


def test_the_same_seed_and_policy_give_the_same_sessions_in_the_order_of_their_numbers() -> None:
    first, again = (
        list(
            rollouts(replace(SETTING, seconds=2.0, scenario="offer_at_pause"), Restless(NETWORK), 4, range(3), batch=2)
        )
        for _ in range(2)
    )
    assert [check(played).name for played in first] == [f"4-{number:06d}" for number in range(3)]
    assert all(map(same, first, again))
    assert len({int(action) for log, _ in first for action in acts(log)}) >= 3


def test_a_session_does_not_depend_on_those_beside_it_or_before_it() -> None:
    rng = np.random.default_rng(2)
    first, second, third = (
        [Slice(*rng.normal(0.0, 0.1, (2, SLICE_SAMPLES)).astype(np.float32)) for _ in range(80)] for _ in range(3)
    )
    alone = [said_alone(slices) for slices in (first, second, third)]
    state = start(NETWORK, 2)
    for number in range(80):
        if number == 35:
            state = restart(state, [1])
        later = third[number - 35] if number >= 35 else second[number]
        state, outputs = hear_together(NETWORK, state, [first[number], later])
        expected = [alone[0][number], alone[2][number - 35] if number >= 35 else alone[1][number]]
        assert torch.allclose(outputs.hazard[:, 0], torch.stack(expected), atol=1e-4)
        if number == 60:
            kept = rows_of(state, [1])
    _, outputs = hear_together(NETWORK, kept, [third[26]])
    assert torch.allclose(outputs.hazard[0, 0], alone[2][26], atol=1e-4)


def said_alone(slices: list[Slice]) -> list[torch.Tensor]:
    """What the network says about the end of the turn, slice by slice, in a stream of one session."""
    state, said = start(NETWORK), []
    for heard in slices:
        state, outputs = hear(NETWORK, state, [heard])
        said.append(outputs.hazard[0, 0])
    return said


def test_what_fails_in_an_engine_is_raised_and_no_thread_stays() -> None:
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="broken"):
        list(rollouts(replace(SETTING, seconds=5.0, scenario="empty"), Counting(fails_at=20), 1, range(4), batch=2))
    assert threading.active_count() == before
    sessions = closed_loop_sessions(replace(SETTING, seconds=2.0, scenario="empty"), Counting(), 1, batch=3)
    assert [next(sessions).name for _ in range(4)] == [f"1-{number:06d}" for number in range(4)]
    sessions.close()
    assert threading.active_count() == before


def test_what_fails_in_a_script_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ValueError("the script is broken")

    monkeypatch.setitem(SCENARIOS, "empty", broken)
    with pytest.raises(ValueError, match="script is broken"):
        list(rollouts(replace(SETTING, scenario="empty"), Counting(), 1, range(3), batch=2))


def test_a_filter_in_slices_is_a_convolution() -> None:
    rng = np.random.default_rng(1)
    response = rooms.room_tail(rng, 0.4, 0.7)
    sound = rng.normal(size=20 * SLICE_SAMPLES).astype(np.float32)
    sound[5 * SLICE_SAMPLES : 12 * SLICE_SAMPLES] = 0.0
    streaming = StreamingFilter(response)
    out = np.concatenate([streaming(block) for block in sound.reshape(-1, SLICE_SAMPLES)])
    assert np.abs(out - rooms.convolve(sound, response)).max() < 1e-4


def test_words_are_let_go_once_the_engine_has_held_to_it() -> None:
    others, quiet = decided(Action.SILENT, UserState.SPEAKING_TO_OTHERS), decided(Action.SILENT)
    wavering = Scripted(*[others] * 4, quiet, *[others] * 4, quiet, *[others] * 8, quiet)
    log, _ = rollout(replace(SETTING, scenario="empty"), 1, 0, wavering)
    held_from_s, until_s = 11 * 0.08, 18 * 0.08
    assert log.forgotten_s[0] == pytest.approx(held_from_s + 0.4)
    assert log.forgotten_s[-1] == pytest.approx(until_s)
