"""`duologue demo` as a person starts it: the console command, with what it prints and leaves."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from duologue_server.trace.facts import Fact, SoundOff, SoundOn, from_json

pytestmark = pytest.mark.e2e

FILES = {"partner.flac", "mix.flac", "timeline.png", "trace.jsonl", "summary.json"}
ENGINE = "baseline (VAD and timers)"


def demo(out: Path, *words: str, limit_s: float) -> str:
    command = [sys.executable, "-m", "duologue_server", "demo", "--engine", "baseline", "--out", str(out), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit_s)
    assert done.returncode == 0, done.stderr
    return done.stdout


def facts(out: Path) -> list[Fact]:
    return [from_json(json.loads(line)) for line in (out / "trace.jsonl").read_text("utf-8").splitlines()]


def check_promises(out: Path, printed: str) -> None:
    """What the demo promises, whatever its clock."""
    assert {path.name for path in out.iterdir()} == FILES
    for part in (ENGINE, "spoken unasked", "silenced by a key", str(out / "mix.flac")):
        assert part in printed
    ended = {fact.utterance: fact.cause for fact in facts(out) if isinstance(fact, SoundOff)}
    begun = [(fact.cause, ended[fact.utterance]) for fact in facts(out) if isinstance(fact, SoundOn)]
    assert begun == [("offer", "end"), ("reply", "end"), ("reply", "speech"), ("offer", "key"), ("reply", "end")]
    stop_s = next(fact.t for fact in facts(out) if isinstance(fact, SoundOff) and fact.cause == "key")
    sound, rate_hz = soundfile.read(str(out / "partner.flac"), dtype="float32")
    after = sound[round((stop_s + 0.02) * rate_hz) : round((stop_s + 4.0) * rate_hz)]
    assert np.abs(after).max() < 1e-3, "it sounded on after the key"


def test_the_demo_on_the_virtual_clock(tmp_path: Path) -> None:
    check_promises(tmp_path, demo(tmp_path, "--clock", "virtual", limit_s=60))


def test_the_demo_in_real_time_through_both_processes(tmp_path: Path) -> None:
    check_promises(tmp_path, demo(tmp_path, limit_s=100))
    summary = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    assert summary["clock"] == "real"
    assert summary["key_to_silence_ms"]["p95"] <= 100


def test_without_a_picture(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    demo(out, "--clock", "virtual", "--no-picture", limit_s=60)
    assert {path.name for path in out.iterdir()} == FILES - {"timeline.png"}


def test_a_session_that_is_none_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "duologue_server", "demo", str(tmp_path), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "duologue demo: meta.json: missing; a session needs it (see the session format)\n"
    assert not (tmp_path / "out").exists()
