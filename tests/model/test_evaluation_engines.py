"""The rivals and the ablations as timelines: what is perceived, slice by slice, and what they decide."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from duologue_model.engine import Decision, Engine
from duologue_model.evaluation import ablation, baselines, smart_turn
from duologue_model.slices import SLICE_MS, SLICE_SAMPLES, AgendaStream, Clocks, EditorStream, Samples, Slice
from duologue_model.training.rollout import BlankedPolicy
from duologue_model.vocabulary import Action, UserState

QUIET = Slice(np.zeros(SLICE_SAMPLES, np.float32), np.zeros(SLICE_SAMPLES, np.float32))
VOICE = replace(QUIET, microphone=np.ones(SLICE_SAMPLES, np.float32))
SOUNDING = AgendaStream(sounding=True, heard_s=1.0, remaining_s=3.0)


class LoudIsSpeech:
    """A scripted detector: samples of ones are speech."""

    def predict_f32(self, frame: Samples) -> float:
        return float(np.mean(frame) > 0.5)


class Loud:
    """A scripted Silero: samples of ones are speech."""

    def run(self, names: None, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        loud = float(inputs["input"][0, smart_turn.CONTEXT :].mean())
        return [np.array([[loud]], np.float32), inputs["state"]]


class Judge:
    """A scripted smart-turn that always says the same; keeps how much it was given to hear."""

    def __init__(self, probability: float) -> None:
        self.probability, self.shapes = probability, list[tuple[int, ...]]()

    def run(self, names: None, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        self.shapes.append(inputs["input_features"].shape)
        return [np.array([[self.probability]], np.float32)]


def features(audio: Samples, *, do_normalize: bool) -> NDArray[np.float32]:
    assert do_normalize
    return audio


def check(engine: Engine[Any], slices: Iterable[Slice]) -> list[Decision]:
    """All decisions over the slices, from the start."""
    state, made = engine.start(), []
    for heard in slices:
        state, decision = engine.step(state, heard)
        made.append(decision)
    return made


def handed_over_ms(decisions: Iterable[Decision], after_slices: int) -> list[int]:
    """When the turn was handed over, in milliseconds from the end of the first `after_slices` slices."""
    return [
        (number + 1 - after_slices) * SLICE_MS
        for number, one in enumerate(decisions)
        if one.action is Action.DELEGATE
    ]  # fmt: skip


@pytest.mark.parametrize("silence_ms", [400, 720, 1040])
def test_a_timer_hands_over_when_it_has_run_down(silence_ms: int) -> None:
    engine = baselines.timer(silence_ms, LoudIsSpeech)
    assert handed_over_ms(check(engine, [VOICE] * 10 + [QUIET] * 25), 10) == [silence_ms]
    assert f"{silence_ms / 1000:.2f} s" in engine.name


def test_energy_hears_a_voice_above_the_room_and_gets_used_to_a_louder_room() -> None:
    rng = np.random.default_rng(1)
    detector = baselines.EnergyDetector()

    def share(level: float, seconds: float) -> float:
        frames = [(level * rng.standard_normal(256)).astype(np.float32) for _ in range(int(seconds * 62.5))]
        return float(np.mean([detector.predict_f32(frame) for frame in frames]))

    assert share(0.001, 5.0) < 0.05
    assert share(0.1, 0.5) > 0.9
    assert share(0.001, 1.0) < 0.05
    share(0.01, 15.0)
    assert share(0.01, 5.0) < 0.05


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("", "unknown"),
        ("Why does the test fail?", "clause"),
        ("so when we call it and", "open"),
        ("move the", "open"),
        ("rename it", "unknown"),
        ("um", "open"),
    ],
)
def test_how_words_end(words: str, kind: str) -> None:
    assert baselines.ending(words) == kind


def test_words_shorten_and_lengthen_the_wait() -> None:
    engine = baselines.HeuristicEngine(LoudIsSpeech)

    def waited_ms(words: str) -> list[int]:
        return handed_over_ms(check(engine, [replace(one, words=words) for one in [VOICE] * 10 + [QUIET] * 25]), 10)

    assert waited_ms("why does the test fail") == [320]
    assert waited_ms("") == [720]
    assert waited_ms("why does the test and") == [1440]


def test_a_complete_turn_is_handed_over_at_the_first_silence() -> None:
    judge = Judge(0.9)
    engine = smart_turn.SmartTurnEngine(smart_turn.Parts(Loud(), judge, features))
    ((after_ms),) = handed_over_ms(check(engine, [QUIET] * 20 + [VOICE] * 20 + [QUIET] * 50), 40)
    assert 200 <= after_ms <= 320
    assert judge.shapes == [(1, smart_turn.MEMORY_SAMPLES)]
    assert len(engine.judgements_ms) == 1


def test_an_incomplete_turn_waits_for_three_seconds() -> None:
    engine = smart_turn.SmartTurnEngine(smart_turn.Parts(Loud(), Judge(0.1), features))
    ((after_ms),) = handed_over_ms(check(engine, [VOICE] * 20 + [QUIET] * 60), 20)
    assert 2900 <= after_ms <= 3100


def test_an_incomplete_turn_is_judged_again_after_more_speech() -> None:
    judge = Judge(0.1)
    engine = smart_turn.SmartTurnEngine(smart_turn.Parts(Loud(), judge, features))
    check(engine, [VOICE] * 10 + [QUIET] * 10 + [VOICE] * 10 + [QUIET] * 10)
    assert len(judge.shapes) == 2


def test_a_voice_over_the_partner_stops_it() -> None:
    engine = smart_turn.SmartTurnEngine(smart_turn.Parts(Loud(), Judge(0.9), features))
    decisions = check(engine, [replace(one, agenda=SOUNDING) for one in [QUIET] * 5 + [VOICE] * 5])
    assert [one.action for one in decisions[:5]] == [Action.KEEP] * 5
    assert decisions[-1].action is Action.YIELD


def test_without_the_wheel_the_next_step_is_told(tmp_path: Path) -> None:
    with pytest.raises(smart_turn.NoWheel, match="pip download"):
        smart_turn.open_wheel(tmp_path / "none.whl")


class Witness:
    """A policy that keeps what it was shown of one session."""

    def start(self, sessions: int) -> tuple[Slice, ...]:
        return ()

    def step(self, state: tuple[Slice, ...], heard: Sequence[Slice]) -> tuple[tuple[Slice, ...], list[Decision]]:
        return (*state, *heard), [Decision(Action.SILENT, UserState.QUIET, speech=False)]

    def restart(self, state: tuple[Slice, ...], rows: Sequence[int]) -> tuple[Slice, ...]:
        return ()

    def keep(self, state: tuple[Slice, ...], rows: Sequence[int]) -> tuple[Slice, ...]:
        return state


@pytest.mark.parametrize("left_out", ablation.ABLATIONS)
def test_an_ablation_hides_its_stream_and_nothing_else(left_out: str) -> None:
    full = replace(
        VOICE, playback=np.full(SLICE_SAMPLES, 0.5, np.float32), words="hello", clocks=Clocks(1.0, 2.0, 3.0),
        editor=EditorStream(keys=3), agenda=SOUNDING,
    )  # fmt: skip
    policy = BlankedPolicy(Witness(), left_out)
    (shown,), _ = policy.step(policy.start(1), [full])
    assert shown.playback.any() == (left_out != "playback")
    assert (shown.words == "hello") == (left_out != "words")
    assert (shown.editor.keys == 3) == (left_out != "editor")
    assert (shown.clocks.since_key_s == 2.0) == (left_out != "editor")
    assert (shown.clocks.since_user_s == 1.0) == (left_out != "user clock")
    assert shown.agenda == SOUNDING
    assert shown.microphone is full.microphone
