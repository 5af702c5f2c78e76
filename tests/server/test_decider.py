"""Slices on their way to the engine: several at once in a calm, at once when anything stirs, none lost silently."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from duologue_model.engine import Decision
from duologue_model.slices import SLICE_SAMPLES, EditorStream, Samples, Slice
from duologue_model.vocabulary import Action, ForcedToken, UserState
from duologue_server.link.messages import EditorEvent, Happened, Keys, Offer, Say
from duologue_server.trace.clock import VirtualClock
from duologue_server.trace.facts import Turn
from duologue_server.voice.decider import CALM_AFTER_S, MOST_PENDING, Calm, Decider
from duologue_server.voice.perception import something_came
from support.stage import ScriptedEngine, Stage

SLICE_S = 0.08


@dataclass
class Patient(ScriptedEngine):
    """A scripted engine that takes many slices at once, and notes how many it got."""

    most_slices: int = 8
    handed: list[int] = field(default_factory=list)

    def step_many(self, state: int, heard: Sequence[Slice]) -> tuple[int, list[Decision]]:
        self.handed.append(len(heard))
        made = []
        for one in heard:
            state, decision = self.step(state, one)
            made.append(decision)
        return state, made


def slices(count: int) -> list[Slice]:
    zeros = np.zeros(SLICE_SAMPLES, np.float32)
    return [Slice(zeros, zeros) for _ in range(count)]


def turns(stage: Stage) -> list[Turn]:
    return [m.fact for m in stage.messages if isinstance(m, Happened) and isinstance(m.fact, Turn)]


def patient_stage() -> tuple[Stage, Patient]:
    engine = Patient()
    return Stage(engine=engine), engine


def noise(seconds: float, level: float, seed: int = 0) -> Samples:
    return (np.random.default_rng(seed).normal(size=round(16_000 * seconds)) * level).astype(np.float32)


def test_a_quiet_room_is_heard_eight_slices_at_a_time() -> None:
    stage, engine = patient_stage()
    stage.run(12.0, noise(12.0, 3e-4))
    assert engine.handed[: round(CALM_AFTER_S / SLICE_S) - 1] == [1] * (round(CALM_AFTER_S / SLICE_S) - 1)
    assert set(engine.handed[-10:]) == {8}
    times = [turn.t for turn in turns(stage)]
    assert times == pytest.approx([SLICE_S * (index + 1) for index in range(len(times))])


def test_an_engine_for_single_slices_gets_single_slices() -> None:
    stage = Stage()
    stage.run(12.0)
    assert len(stage.engine.heard) == 150


@pytest.mark.parametrize("message", [Keys(1), EditorEvent("save"), Offer("o1", "one two", 0.9), Say("s1", "one two")])
def test_when_something_happens_the_slices_before_it_wait_no_longer(message: Keys | EditorEvent | Offer | Say) -> None:
    stage, _engine = patient_stage()
    stage.at(9.0, message)
    stage.run(8.95)
    decided = len(turns(stage))
    stage.run(9.05)
    assert turns(stage)[-1].t == pytest.approx(9.04)
    assert len(turns(stage)) > decided


def test_a_loud_slice_is_heard_at_once_with_those_before_it() -> None:
    stage, _engine = patient_stage()
    room = noise(10.0, 3e-4)
    room[round(9.0 * 16_000) :] += noise(1.0, 0.02, seed=1)
    stage.run(9.05, room)
    assert turns(stage)[-1].t == pytest.approx(9.04)


def test_the_end_of_a_turn_is_not_waited_for_in_bulk() -> None:
    calm = Calm()
    quiet = np.zeros(SLICE_SAMPLES, np.float32)
    assert not calm.hear(10.0, quiet, speech=True)
    assert not calm.hear(10.0 + CALM_AFTER_S - 0.1, quiet, speech=False)
    assert calm.hear(10.0 + CALM_AFTER_S, quiet, speech=False)


def test_a_fan_becomes_part_of_the_room() -> None:
    calm = Calm()
    fan = noise(SLICE_S, 0.01)
    heard = [calm.hear(10.0 + index * SLICE_S, fan, speech=False) for index in range(300)]
    assert not heard[0]
    assert heard[-1]


def test_what_counts_as_something() -> None:
    (quiet,) = slices(1)
    assert not something_came(quiet)
    zeros = quiet.microphone
    assert something_came(Slice(zeros, zeros, EditorStream(saves=1)))
    assert something_came(Slice(zeros, zeros, forced=(ForcedToken.LOST_DEVICE,)))
    assert something_came(Slice(zeros, zeros, end_of_turn=True))
    assert not something_came(Slice(zeros, zeros, EditorStream(focused=False, statement_complete=False)))


class Stuck(VirtualClock):
    """Nothing that is handed to a lane ever comes back."""

    def advance_to(self, until_s: float) -> None:
        self._now_s = until_s


@pytest.mark.parametrize(("engine", "kept"), [(ScriptedEngine(), 0), (Patient(), 8)])
def test_an_engine_that_is_stuck_loses_the_oldest_slices_and_says_how_many(engine: ScriptedEngine, kept: int) -> None:
    made: list[float] = []
    decider = Decider(engine, Stuck(), lambda t, heard, decision, took_s: made.append(t), lambda error: None)
    for index, heard in enumerate(slices(20)):
        decider.take(SLICE_S * index, heard, calm=False)
    assert decider.dropped == 20 - MOST_PENDING - kept
    assert made == []


def test_each_slice_is_told_with_what_was_decided_before_it() -> None:
    engine = Patient({0.16: (Action.DEFER, UserState.QUIET)})
    clock = VirtualClock(free_compute=True)
    told: list[Action] = []
    decider = Decider(engine, clock, lambda t, heard, decision, took_s: told.append(heard.own), lambda error: None)
    for index, heard in enumerate(slices(8)):
        decider.take(SLICE_S * index, heard, calm=True)
    clock.advance_to(1.0)
    assert told == [Action.SILENT, Action.SILENT, Action.DEFER, *[Action.SILENT] * 5]
