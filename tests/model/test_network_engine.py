"""The network behind the engine's door decides what the network says."""

from dataclasses import replace

import pytest
import torch

from duologue_model.config import ModelConfig
from duologue_model.decide import Thresholds, choose
from duologue_model.network import FloorNetwork
from duologue_model.network_engine import NetworkEngine
from duologue_model.streaming import hear, start
from duologue_model.vocabulary import Action, UserState
from support.perceived import some_slices


@pytest.fixture(scope="module")
def network() -> FloorNetwork:
    return FloorNetwork(ModelConfig(depth=2, ring_slices=10), seed=3).eval()


def test_the_engine_decides_as_the_network_says(network: FloorNetwork) -> None:
    engine = NetworkEngine(network, "test", Thresholds(delegate=0.1, take=0.1, duck=0.1))
    state, plain = engine.start(), start(network)
    for heard in some_slices(25):
        state, decision = engine.step(state, heard)
        plain, outputs = hear(network, plain, [heard])
        assert decision.user is list(UserState)[int(outputs.user.argmax())]
        p = torch.softmax(outputs.action[0, 0], dim=-1).tolist()
        assert decision.action is choose(p, Thresholds(delegate=0.1, take=0.1, duck=0.1))
        assert decision.p[decision.action] == pytest.approx(p[list(Action).index(decision.action)], abs=1e-4)


def test_what_changes_the_floor_needs_its_threshold() -> None:
    def chosen(thresholds: Thresholds, **p: float) -> Action:
        return choose([p.get(action.value, 0.0) for action in Action], thresholds)

    assert chosen(Thresholds(), DELEGATE=0.48, SILENT=0.3, DEFER=0.22) is Action.SILENT
    assert chosen(Thresholds(), DELEGATE=0.52, SILENT=0.48) is Action.DELEGATE
    assert chosen(Thresholds(delegate=0.2), DELEGATE=0.25, SILENT=0.75) is Action.DELEGATE
    assert chosen(Thresholds(duck=0.2, yield_=0.6), DUCK=0.4, YIELD=0.58, KEEP=0.02) is Action.DUCK
    assert chosen(Thresholds(duck=0.4, yield_=0.4), DUCK=0.42, YIELD=0.57, KEEP=0.01) is Action.YIELD


def test_a_closed_microphone_holds_no_speech(network: FloorNetwork) -> None:
    engine = NetworkEngine(network, "test")
    _, decision = engine.step(engine.start(), replace(some_slices(1)[0], microphone_open=False))
    assert not decision.speech
