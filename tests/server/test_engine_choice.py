"""Which engine the voice gets: the trained one by default, timers when asked for or when weights cannot be had."""

from pathlib import Path

import pytest

from duologue_model.engine import ManyStepEngine
from duologue_model.slices import SLICE_MS
from duologue_model.weights import FOLDER_VARIABLE, shipped
from duologue_server.options import Options
from duologue_server.replay.run import session_options
from duologue_server.replay.virtual import Replayed, replay_virtual
from duologue_server.trace.facts import Command, Turn
from duologue_server.trace.folder import Event, SessionFolder
from duologue_server.voice.assembly import SilentSpeaker, Voice, load_engine, load_voice
from support.untrained import untrained_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def voice(weights: Path) -> Voice:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(weights))
        return load_voice(Options(voice="none"), lambda percent, text: None)


def check(wanted: Options, name: str, trouble: str) -> None:
    engine, told = load_engine(wanted.engine)
    assert engine.name == name
    assert (told.what if told else "") == trouble


def test_the_trained_engine_is_the_default(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(weights))
    check(Options(), "floor-2", "")
    check(Options(engine="baseline"), "baseline (VAD and timers)", "")


def test_without_weights_timers_decide_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    check(
        Options(),
        "baseline (VAD and timers)",
        "This installation has no trained weights (floor.json is missing); baseline (VAD and timers) decides instead",
    )


def test_without_torch_timers_decide(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(weights))
    monkeypatch.setitem(__import__("sys").modules, "duologue_model.weights", None)
    _, trouble = load_engine("model")
    assert trouble is not None
    assert "cannot run here" in trouble.what


def run(voice: Voice) -> Replayed:
    events = (Event(1.0, "say", {"id": "s1", "text": "Saved."}), Event(7.0, "control", {"name": "why"}))
    folder = SessionFolder("", 12.0, {"voice": "none"}, None, events, None)
    return replay_virtual(folder, voice, session_options(folder), free_compute=True)


def test_a_session_with_the_trained_engine_is_the_same_every_time(voice: Voice, weights: Path) -> None:
    assert isinstance(voice.engine, ManyStepEngine)
    assert isinstance(voice.speaker, SilentSpeaker)
    first, second = run(voice), run(voice)
    assert first.facts == second.facts
    turns = [fact for fact in first.facts if isinstance(fact, Turn)]
    assert len(turns) >= 12_000 // SLICE_MS - voice.engine.most_slices
    assert all(turn.p for turn in turns)
    assert [fact.name for fact in first.facts if isinstance(fact, Command)].count("why") == 2
    assert first.summary["weights_sha256"] == shipped(weights).sha256
    assert (first.summary["engine"], first.summary["numbers"]) == ("floor-2", "int8")
