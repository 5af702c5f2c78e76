"""The system's voices, and which voice is chosen; each test runs the programs that are installed."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from duologue_server.voice import hibari
from duologue_server.voice.choose_speaker import choose_speaker
from duologue_server.voice.hibari import HibariSpeaker
from duologue_server.voice.speaker import SpeakerUnavailable
from duologue_server.voice.system_voice import SystemSpeaker, SystemVoice

_INSTALLED: list[SystemVoice] = [voice for voice in ("flite", "espeak-ng") if shutil.which(voice)]


def _program(folder: Path, name: str, script: str) -> None:
    """Puts a program of that name first on the path of the test."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("voice", _INSTALLED)
def test_a_system_voice_speaks(voice: SystemVoice) -> None:
    speaker = SystemSpeaker(voice)
    assert re.fullmatch(rf"{voice} \d+\.\d+", speaker.name)
    text = "-x `user_id` != None, on main.py:117."
    clause = speaker.speak(text)
    assert clause.text == " ".join(word.text for word in clause.words) == text
    assert speaker.rate_hz < len(clause.samples) < 10 * speaker.rate_hz
    assert np.abs(clause.samples).max() > 0.05
    edges = [edge for word in clause.words for edge in (word.start_sample, word.end_sample)]
    assert edges == sorted(edges)
    assert edges[-1] < len(clause.samples)
    assert np.array_equal(clause.samples, speaker.speak(text).samples)
    assert len(SystemSpeaker(voice, 2.0).speak(text).samples) < 0.8 * len(clause.samples)
    assert len(speaker.speak("( ...").samples) == 0


def test_a_missing_program_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpeakerUnavailable, match=r"flite was not found\. Install it .*apt install flite"):
        SystemSpeaker("flite")


def test_a_failing_program_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _program(tmp_path, "flite", "echo no such voice >&2; exit 3")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpeakerUnavailable, match="flite could not speak \\(no such voice\\)"):
        SystemSpeaker("flite").speak("Hello.")


def test_a_program_that_writes_no_sound_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _program(tmp_path, "flite", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpeakerUnavailable, match="flite could not speak"):
        SystemSpeaker("flite").speak("Hello.")


def test_a_program_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _program(tmp_path, "flite", "exec /bin/sleep 30")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("duologue_server.voice.system_voice._TIMEOUT_S", 0.1)
    with pytest.raises(SpeakerUnavailable, match=r"more than 0\.1 s"):
        SystemSpeaker("flite").speak("Hello.")


def test_auto_takes_the_best_and_says_so() -> None:
    chosen = choose_speaker("auto")
    assert isinstance(chosen.speaker, HibariSpeaker)
    assert chosen.message == f"Voice: {chosen.speaker.name}."
    assert not chosen.degraded


def test_none_keeps_everything_as_text() -> None:
    chosen = choose_speaker("none")
    assert chosen.speaker is None
    assert not chosen.degraded


def test_auto_falls_down_to_what_there_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """First the package is broken, then there is no program either."""
    monkeypatch.setattr(hibari, "_SHA256", {"absent.onnx": ""})
    if _INSTALLED:
        chosen = choose_speaker("auto")
        assert isinstance(chosen.speaker, SystemSpeaker)
        assert chosen.message.startswith(
            f"Voice: {chosen.speaker.name}. The voice package hibari-tts lacks absent.onnx"
        )
        assert chosen.speaker.name.startswith(_INSTALLED[0])
        assert chosen.degraded
    monkeypatch.setenv("PATH", str(tmp_path))
    chosen = choose_speaker("auto")
    assert chosen.speaker is None
    assert chosen.degraded
    for hint in ("No voice", "hibari-tts lacks", "flite was not found", "espeak-ng was not found"):
        assert hint in chosen.message


def test_a_voice_that_was_asked_for_is_not_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    chosen = choose_speaker("espeak-ng")
    assert chosen.speaker is None
    assert "espeak-ng was not found" in chosen.message
