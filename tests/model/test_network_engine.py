"""The network behind the engine's door decides what the network says."""

from dataclasses import replace

import pytest

from duologue_model.config import ModelConfig
from duologue_model.decide import TURN_ENDED, Belief, Thresholds, beliefs, choose
from duologue_model.network import FloorNetwork
from duologue_model.network_engine import NetworkEngine
from duologue_model.streaming import hear, start
from duologue_model.vocabulary import Action, UserState
from support.perceived import some_slices


@pytest.fixture(scope="module")
def network() -> FloorNetwork:
    return FloorNetwork(ModelConfig(depth=2, ring_slices=10), seed=3).eval()


def test_the_engine_decides_as_the_network_says(network: FloorNetwork) -> None:
    low = Thresholds(delegate=0.1, take=0.1, duck=0.1)
    engine = NetworkEngine(network, "test", low)
    state, plain = engine.start(), start(network)
    for heard in some_slices(25):
        state, decision = engine.step(state, heard)
        plain, outputs = hear(network, plain, [heard])
        ((belief,),) = beliefs(outputs)
        assert decision.user is list(UserState)[int(outputs.user.argmax())]
        assert decision.action is choose(belief, heard.clocks.since_user_s, low)
        assert decision.p[decision.action] == pytest.approx(
            belief.action[list(Action).index(decision.action)], abs=1e-4
        )
        assert decision.p[TURN_ENDED] == pytest.approx(float(outputs.hazard[0, 0].softmax(-1)[0]), abs=1e-4)


def chosen(thresholds: Thresholds, ended: float = 1.0, silent_s: float = 0.0, **p: float) -> Action:
    return choose(Belief([p.get(action.value, 0.0) for action in Action], [], ended, 0.0), silent_s, thresholds)


def test_what_changes_the_floor_needs_its_threshold() -> None:
    assert chosen(Thresholds(delegate=0.5), DELEGATE=0.48, SILENT=0.3, DEFER=0.22) is Action.SILENT
    assert chosen(Thresholds(delegate=0.5), DELEGATE=0.52, SILENT=0.48) is Action.DELEGATE
    assert chosen(Thresholds(delegate=0.2), DELEGATE=0.25, SILENT=0.75) is Action.DELEGATE
    assert chosen(Thresholds(duck=0.2, yield_=0.6), DUCK=0.4, YIELD=0.58, KEEP=0.02) is Action.DUCK
    assert chosen(Thresholds(duck=0.4, yield_=0.4), DUCK=0.42, YIELD=0.57, KEEP=0.01) is Action.YIELD


def test_who_is_not_sure_enough_to_stop_lowers_the_voice() -> None:
    half = Thresholds(duck=0.5, yield_=0.5)
    assert chosen(half, DUCK=0.34, YIELD=0.48, RESUME=0.17) is Action.DUCK
    assert chosen(Thresholds(yield_=0.4), DUCK=0.48, YIELD=0.42, KEEP=0.1) is Action.YIELD
    assert chosen(half, DUCK=0.2, YIELD=0.2, KEEP=0.6) is Action.KEEP


def test_a_turn_is_handed_over_when_it_is_over_or_when_silence_has_lasted() -> None:
    thresholds = Thresholds(delegate=0.3, ended=0.6, patience_s=1.0)
    assert chosen(thresholds, ended=0.5, silent_s=0.3, DELEGATE=0.7, SILENT=0.3) is Action.SILENT
    assert chosen(thresholds, ended=0.7, silent_s=0.3, DELEGATE=0.7, SILENT=0.3) is Action.DELEGATE
    assert chosen(thresholds, ended=0.5, silent_s=0.7, DELEGATE=0.7, SILENT=0.3) is Action.DELEGATE
    assert chosen(thresholds, ended=0.0, silent_s=1.5, DELEGATE=0.7, SILENT=0.3) is Action.DELEGATE
    assert chosen(thresholds, ended=1.0, silent_s=9.0, DELEGATE=0.2, SILENT=0.8) is Action.SILENT, "there was no turn"


def test_a_closed_microphone_holds_no_speech(network: FloorNetwork) -> None:
    engine = NetworkEngine(network, "test")
    _, decision = engine.step(engine.start(), replace(some_slices(1)[0], microphone_open=False))
    assert not decision.speech
