"""Several slices in one forward give what one by one gives, own actions included; going back costs nothing."""

import copy
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from duologue_model.baseline import BaselineEngine
from duologue_model.config import ModelConfig
from duologue_model.decide import Thresholds
from duologue_model.engine import Decision, ExplainingEngine, ManyStepEngine, step_many
from duologue_model.influences import influences
from duologue_model.network import FloorNetwork
from duologue_model.network_engine import NetworkEngine, rewound
from duologue_model.quantize import quantized
from duologue_model.slices import SLICE_SAMPLES, AgendaStream, Clocks, EditorStream, Samples, Slice
from duologue_model.streaming import hear, start
from duologue_model.vocabulary import Action
from support.perceived import some_slices

TINY = ModelConfig(depth=2, ring_slices=12, near_slices=5, slices_per_step=8)


@pytest.fixture(scope="module")
def network() -> FloorNetwork:
    return FloorNetwork(TINY, seed=5).eval()


def quiet() -> Slice:
    zeros = np.zeros(SLICE_SAMPLES, np.float32)
    return Slice(zeros, zeros, EditorStream(), AgendaStream(), clocks=Clocks())


def one_by_one(engine: NetworkEngine, slices: list[Slice]) -> list[Decision]:
    state, own = engine.start(), Action.SILENT
    made: list[Decision] = []
    for heard in slices:
        state, decision = engine.step(state, replace(heard, own=own))
        own = decision.action
        made.append(decision)
    return made


def check(together: list[Decision], alone: list[Decision]) -> None:
    """Equal decisions, probabilities to 1e-4."""
    assert [one.action for one in together] == [one.action for one in alone]
    assert [(one.user, one.speech) for one in together] == [(one.user, one.speech) for one in alone]
    for here, there in zip(together, alone, strict=True):
        for name in here.p.keys() & there.p.keys():
            assert here.p[name] == pytest.approx(there.p[name], abs=2e-4)


@pytest.mark.parametrize("many", [2, 5, 8])
def test_batches_decide_as_single_slices_even_when_the_action_changes_inside(network: FloorNetwork, many: int) -> None:
    fickle = copy.deepcopy(network)
    fickle.norm.scale.data.neg_()  # what it did before is what it does least
    engine = NetworkEngine(fickle, "test", Thresholds(delegate=0.12, take=0.12, duck=0.12, resume=0.12))
    slices = some_slices(40)
    alone = one_by_one(engine, slices)
    assert sum(one.action is not other.action for one, other in pairwise(alone)) > 4
    state, own = engine.start(), Action.SILENT
    together: list[Decision] = []
    for first in range(0, 40, many):
        batch = [replace(slices[first], own=own), *slices[first + 1 : first + many]]
        state, made = engine.step_many(state, batch)
        together += made
        own = made[-1].action
    check(together, alone)


def test_integers_in_batches_decide_nearly_as_one_by_one(network: FloorNetwork) -> None:
    # The inputs of an integer matrix share one scale in a forward: to the last digit it cannot be equal.
    engine = NetworkEngine(quantized(network), "test")
    draw = np.random.default_rng(1)
    room = [replace(quiet(), microphone=(draw.normal(size=SLICE_SAMPLES) * 3e-4).astype(np.float32)) for _ in range(40)]
    alone = one_by_one(engine, room)
    state = engine.start()
    together: list[Decision] = []
    for first in range(0, 40, 8):
        state, made = engine.step_many(state, room[first : first + 8])
        together += made
    assert [one.action for one in together] == [one.action for one in alone]
    for here, there in zip(together, alone, strict=True):
        for name in here.p.keys() & there.p.keys():
            assert here.p[name] == pytest.approx(there.p[name], abs=0.02)


def test_a_stream_can_go_back_within_a_step(network: FloorNetwork) -> None:
    slices = some_slices(60)
    ahead, plain = start(network), start(network)
    for first in range(0, 48, 8):  # so far that the rings have gone round
        ahead, _ = hear(network, ahead, slices[first : first + 8])
        ahead = rewound(ahead, slices[first : first + 8], 3)
        ahead, _ = hear(network, ahead, slices[first + 3 : first + 8])
        plain, _ = hear(network, plain, slices[first : first + 8])
    _, after = hear(network, ahead, slices[48:52])
    _, expected = hear(network, plain, slices[48:52])
    assert torch.allclose(after.action, expected.action, atol=1e-4)
    assert not torch.isnan(after.action).any()


def test_any_engine_takes_several_slices(network: FloorNetwork) -> None:
    class Never:
        def predict_f32(self, frame: Samples) -> float:
            return 0.0

    engine = BaselineEngine(Never)
    assert not isinstance(engine, ManyStepEngine | ExplainingEngine)
    _, made = step_many(engine, engine.start(), some_slices(5))
    assert len(made) == 5
    assert isinstance(NetworkEngine(network, "test"), ManyStepEngine)
    assert isinstance(NetworkEngine(network, "test"), ExplainingEngine)


def test_what_came_by_no_stream_is_not_blamed(network: FloorNetwork) -> None:
    noise = np.random.default_rng(0).normal(size=SLICE_SAMPLES).astype(np.float32) * 0.05
    heard = [quiet()] * 9 + [replace(quiet(), microphone=noise, words="what is this")] * 3
    told = influences(network, heard, Action.DELEGATE)
    assert set(told) == {"", "microphone", "words"}
    assert told["words"] != told[""] != told["microphone"]


def test_without_a_stream_the_probability_is_that_of_a_session_without_it(network: FloorNetwork) -> None:
    slices = [replace(one, words="stop that") for one in some_slices(10)]
    told = influences(network, slices, Action.YIELD)
    without = [replace(one, words="") for one in slices]
    state = start(network)
    for one in without:
        state, outputs = hear(network, state, [one])
    p = torch.softmax(outputs.action[0, 0], dim=-1)[list(Action).index(Action.YIELD)]
    assert told["words"] == pytest.approx(float(p), abs=2e-4)
