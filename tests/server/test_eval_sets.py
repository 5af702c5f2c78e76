"""The sessions of the evaluation: what the product is given and what is true agree, and every seed gives its own."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from duologue_model.training.floorlog import FloorLog
from duologue_model.training.voices import Bank, Clip, ClipFacts
from duologue_model.vocabulary import UserState
from duologue_server.evaluate.folders import places, read_truth, write_session, write_set
from duologue_server.evaluate.plan import LONGEST_PAUSE_S, Plan
from duologue_server.evaluate.scenes import SCENES, SILENCE_S
from duologue_server.trace.folder import BadSession, SessionFolder, read_session
from support.speech_bank import speech_bank

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One session of every scene."""
    out = tmp_path_factory.mktemp("set")
    return {path.name: path for path in write_set(out, "synthesiser", speech_bank(), tuple(SCENES), 1, 5, False)}


def check(folder: Path) -> tuple[SessionFolder, FloorLog]:
    """The session can be replayed, and says what the truth says."""
    session, truth = read_session(folder), read_truth(folder)
    assert session.duration_s == pytest.approx(truth.duration_s)
    assert session.microphone is not None
    assert len(session.microphone) == truth.slices * 1280
    assert [event.t for event in session.events if event.kind == "keys"] == pytest.approx(
        [key.at_s for key in truth.keys if not key.elsewhere], abs=1e-3
    )
    assert (session.echo.gain_db if session.echo else -90.0) == truth.echo_db
    assert session.events[0].kind == "reply"
    for turn in truth.turns:
        for part in turn.parts if turn.who == "user" else ():
            assert level_db(session, part.start_s, part.end_s) > level_db(session, 0.0, 0.9) + 3.0
    return session, truth


def level_db(session: SessionFolder, from_s: float, to_s: float) -> float:
    assert session.microphone is not None
    sound = session.microphone[round(from_s * RATE_HZ) : round(to_s * RATE_HZ)]
    return 20 * float(np.log10(np.sqrt(np.mean(sound.astype(np.float64) ** 2)) + 1e-9))


def said_at(session: SessionFolder) -> list[float]:
    return [event.t for event in session.events if event.kind == "say"]


@pytest.mark.parametrize("scene", SCENES)
def test_what_the_product_is_given_is_what_is_true(folders: dict[str, Path], scene: str) -> None:
    _, truth = check(folders[f"{scene}-0"])
    assert truth.scenario == scene
    assert 24 <= truth.duration_s <= 60


def test_after_every_turn_nobody_speaks_until_an_answer_would_be_over(folders: dict[str, Path]) -> None:
    session, truth = check(folders["turns-0"])
    assert said_at(session) == []
    assert len(truth.turns) >= 3
    ends = [*(turn.start_s for turn in truth.turns[1:]), truth.duration_s]
    assert all(until_s - turn.end_s >= SILENCE_S for turn, until_s in zip(truth.turns, ends, strict=True))
    pauses = [b.start_s - a.end_s for turn in truth.turns for a, b in pairwise(turn.parts)]
    assert pauses
    assert all(0.19 < pause < LONGEST_PAUSE_S + 0.01 for pause in pauses)


def test_the_user_breaks_in_when_the_partner_has_been_put_on_the_floor(folders: dict[str, Path]) -> None:
    session, truth = check(folders["interruptions-0"])
    assert {turn.state for turn in truth.turns} == {UserState.STOP_REQUEST, UserState.CLARIFICATION}
    for turn, said_s in zip(truth.turns, said_at(session), strict=True):
        assert 2.0 <= turn.start_s - said_s <= 4.0
        assert turn.answer == (turn.state is UserState.CLARIFICATION)


def test_the_echo_alone_comes_with_the_canceller_and_without(folders: dict[str, Path]) -> None:
    sessions = [check(folders[name])[0] for name in ("echo-0", "echo-0-bare")]
    assert [session.options["echoCanceller"] for session in sessions] == [True, False]
    assert sessions[0].events == sessions[1].events
    assert {place.echo_db for number in range(6) for place in places("echo", number)} >= {-15.0, -25.0}


def test_the_same_seed_gives_the_same_sessions_whatever_else_is_made(folders: dict[str, Path], tmp_path: Path) -> None:
    (again,) = write_set(tmp_path / "5", "synthesiser", speech_bank(), ("noises",), 1, 5, False)
    (other,) = write_set(tmp_path / "6", "synthesiser", speech_bank(), ("noises",), 1, 6, False)
    for name in ("meta.json", "events.jsonl", "truth.json", "mic.flac"):
        assert (again / name).read_bytes() == (folders["noises-0"] / name).read_bytes()
    assert (other / "truth.json").read_bytes() != (again / "truth.json").read_bytes()


def test_the_pauses_of_a_recording_stay_or_last_longer() -> None:
    sound = np.full(6 * RATE_HZ, 0.1, np.float32)
    facts = ClipFacts("talk/1", "talk", "", "reader", "human", "CC BY 4.0", "dev", (), ((32_000, 40_000),))
    plan = Plan("p", "turns", Bank([Clip(facts, sound)]), np.random.default_rng(1), human=True)
    gaps = set()
    for _ in range(30):
        first, second = plan.speak("account").parts
        assert (first.clip_start, first.clip_end, second.clip_start, second.clip_end) == (0, 32_000, 40_000, 96_000)
        gaps.add(round(second.start_s - first.end_s, 3))
    assert min(gaps) == 0.5
    assert len(gaps) > 3


def test_of_a_long_recording_only_the_end_is_said() -> None:
    sound = np.full(20 * RATE_HZ, 0.1, np.float32)
    facts = ClipFacts("talk/1", "talk", "", "reader", "human", "CC BY 4.0", "dev", (), ((160_000, 168_000),))
    plan = Plan("p", "turns", Bank([Clip(facts, sound)]), np.random.default_rng(1), human=True)
    (part,) = plan.speak("turn").parts
    assert (part.clip_start, part.clip_end) == (168_000, 320_000)
    (part,) = plan.speak("question", most_s=4.0).parts
    assert part.end_s - part.start_s == pytest.approx(4.0)


def test_a_session_without_its_truth_is_not_scored(tmp_path: Path) -> None:
    plan = Plan("p", "turns", speech_bank(), np.random.default_rng(1), human=False)
    plan.wait(1.0)
    folder = write_session(tmp_path / "p", plan)
    (folder / "truth.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(BadSession, match="another version"):
        read_truth(folder)
    (folder / "truth.json").unlink()
    with pytest.raises(BadSession, match="missing"):
        read_truth(folder)
    assert replace(read_session(folder), microphone=None).duration_s == 1.04
