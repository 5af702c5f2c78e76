"""The network behind the engine's door decides what the network says."""

from dataclasses import replace

import pytest

from duologue_model.config import ModelConfig
from duologue_model.network import FloorNetwork
from duologue_model.network_engine import NetworkEngine
from duologue_model.streaming import hear, start
from duologue_model.vocabulary import Action, UserState
from support.perceived import some_slices


@pytest.fixture(scope="module")
def network() -> FloorNetwork:
    return FloorNetwork(ModelConfig(depth=2, ring_slices=10), seed=3).eval()


def test_the_engine_decides_as_the_network_says(network: FloorNetwork) -> None:
    engine = NetworkEngine(network, "test")
    state, plain = engine.start(), start(network)
    for heard in some_slices(25):
        state, decision = engine.step(state, heard)
        plain, outputs = hear(network, plain, [heard])
        assert decision.action is list(Action)[int(outputs.action.argmax())]
        assert decision.user is list(UserState)[int(outputs.user.argmax())]
        likely = {name: p for name, p in decision.p.items() if name in Action.__members__}
        assert max(likely, key=lambda name: likely[name]) == decision.action


def test_a_closed_microphone_holds_no_speech(network: FloorNetwork) -> None:
    engine = NetworkEngine(network, "test")
    _, decision = engine.step(engine.start(), replace(some_slices(1)[0], microphone_open=False))
    assert not decision.speech
