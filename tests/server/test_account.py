"""What is told about the last change of the floor: what was perceived, how sure it was, what it hung on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from duologue_model.config import ModelConfig
from duologue_model.engine import Decision, ExplainingEngine
from duologue_model.network import FloorNetwork
from duologue_model.network_engine import NetworkEngine
from duologue_model.slices import SLICE_SAMPLES, AgendaStream, Clocks, Slice, WaitingKind
from duologue_model.vocabulary import Action, UserState
from duologue_server.link.messages import Control, Keys, Say
from duologue_server.trace.facts import Command, Fact
from duologue_server.voice.account import Account, Change, explain
from duologue_server.voice.floor_events import Duck, ForgetTurn, Stop
from support.perceived import some_slices
from support.stage import ScriptedEngine, Stage

ZEROS = np.zeros(SLICE_SAMPLES, np.float32)
HEARD = Slice(ZEROS, ZEROS, clocks=Clocks(0.1, 12.0, 60.0))


@dataclass
class Telling(ScriptedEngine):
    """A scripted engine that knows what it hung on."""

    told: Mapping[str, float] = field(default_factory=dict)

    def influences(self, heard: Sequence[Slice], action: Action) -> Mapping[str, float]:
        return self.told


def yielded(p: float = 0.91) -> Decision:
    sure = {"YIELD": p, "DUCK": 1 - p, "CLARIFICATION": 0.84}
    return Decision(Action.YIELD, UserState.CLARIFICATION, True, sure)


def check(change: Change | None, engine: ScriptedEngine, expected: str, now_s: float = 14.0) -> None:
    assert explain(change, now_s, engine) == expected


def test_a_decision_is_told_with_its_probabilities_and_the_streams_that_drove_it() -> None:
    engine = Telling(told={"": 0.91, "words": 0.4, "playback": 0.7, "editor": 0.9, "agenda": 0.95})
    waiting = replace(HEARD, agenda=AgendaStream(WaitingKind.OFFER, urgency=0.6, sounding=True))
    check(
        Change(10.0, "I stopped", (waiting,), yielded()),
        engine,
        "4 s ago I stopped (YIELD 0.91): you were asking (CLARIFICATION 0.84). "
        "What mattered most: your words (0.40 without), then the sound of my own voice (0.70 without). "
        "A remark waited (urgency 0.60). Since your voice 0.1 s, a key 12.0 s, mine over a minute.",
    )


def test_when_no_stream_alone_decided_it_or_older_things_counted_that_is_said() -> None:
    told = explain(Change(13.5, "I stopped", (HEARD,), yielded()), 14.0, Telling(told={"": 0.5, "words": 0.49}))
    assert told.startswith("Just now I stopped")
    assert "It hung on no single stream. Heard again by themselves, the last seconds give 0.50" in told
    assert "Nothing waited." in told


def test_the_baseline_says_that_a_rule_decided() -> None:
    decision = Decision(Action.YIELD, UserState.STOP_REQUEST, True)
    check(
        Change(10.0, "I stopped", (HEARD,), decision),
        ScriptedEngine(name="baseline (VAD and timers)"),
        "4 s ago I stopped (YIELD): you wanted silence. A rule of baseline (VAD and timers) decided so. "
        "Nothing waited. Since your voice 0.1 s, a key 12.0 s, mine over a minute.",
    )


def test_a_reflex_is_no_decision() -> None:
    check(
        Change(10.0, "I stopped", by="you pressed a key"),
        Telling(),
        "4 s ago I stopped: you pressed a key. That is a rule, not a decision.",
    )
    check(None, Telling(), "Nothing has changed who has the floor yet.")


def test_only_what_a_person_notices_counts_as_a_change() -> None:
    account = Account()
    silent = Decision(Action.SILENT, UserState.NOISE, False)
    account.decided(1.0, HEARD, yielded(), [Duck()])
    account.decided(1.1, HEARD, silent, [ForgetTurn()])
    account.ruled(1.2, "you asked for 'mute'", [ForgetTurn()])
    assert account.last is not None
    assert (account.last.t, account.last.did, len(account.last.heard)) == (1.0, "I lowered my voice", 1)
    account.ruled(1.3, "you pressed a key", [Stop("key")])
    assert account.last == Change(1.3, "I stopped", by="you pressed a key")


def whys(facts: Sequence[Fact]) -> list[str]:
    return [fact.why for fact in facts if isinstance(fact, Command) and fact.name == "why"]


def test_the_voice_tells_it_when_asked() -> None:
    stage = Stage({1.52: (Action.YIELD, UserState.CLARIFICATION)})
    stage.at(0.5, Control("why"))
    stage.at(1.0, Say("s1", "one two three four five six"))
    stage.at(4.0, Control("why"))
    stage.at(5.0, Say("s2", "one two three four five six"))
    stage.at(5.5, Keys(1))
    stage.at(5.8, Control("why"))
    nothing, decided, reflex = whys(stage.run(7.0))
    assert nothing == "Nothing has changed who has the floor yet."
    assert decided.startswith("2 s ago I stopped (YIELD): you were asking. A rule of scripted decided so.")
    assert reflex == "Just now I stopped: you pressed a key. That is a rule, not a decision."


@pytest.fixture(scope="module")
def engine() -> NetworkEngine:
    torch.set_num_threads(1)
    return NetworkEngine(FloorNetwork(ModelConfig(depth=2), seed=3), "floor-2")


def test_the_network_accounts_for_its_decisions(engine: NetworkEngine) -> None:
    assert isinstance(engine, ExplainingEngine)
    account = Account()
    for index, heard in enumerate(some_slices(60)):
        account.decided(0.08 * index, heard, yielded(), [Stop("speech")])
    assert account.last is not None
    told = explain(account.last, 5.0, engine)
    assert "(YIELD 0.91): you were asking (CLARIFICATION 0.84)." in told
    assert "without)" in told or "no single stream" in told
