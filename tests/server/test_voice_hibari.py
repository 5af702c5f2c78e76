"""The default voice, really synthesised: deterministic, and every word where it says it is."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soxr

from duologue_server.voice import hibari
from duologue_server.voice.hibari import RATE_HZ, HibariSpeaker
from duologue_server.voice.moonshine import MoonshineListener
from duologue_server.voice.speaker import Samples, SpeakerUnavailable, SpokenClause

_SILENT_RMS = 0.005


@pytest.fixture(scope="module")
def speaker() -> HibariSpeaker:
    return HibariSpeaker()


@pytest.fixture(scope="module")
def listener() -> MoonshineListener:
    return MoonshineListener()


def check(clause: SpokenClause, text: str) -> None:
    """What holds for every clause."""
    assert clause.text == " ".join(word.text for word in clause.words) == " ".join(text.split())
    assert clause.samples.dtype == np.float32
    assert clause.samples.ndim == 1
    assert np.abs(clause.samples).max(initial=0.0) <= 1.0
    reached = 0
    for word in clause.words:
        assert reached <= word.start_sample <= word.end_sample <= len(clause.samples), word
        reached = word.end_sample


def _rms(clause: SpokenClause, start: int, end: int) -> float:
    return float(np.sqrt((clause.samples[start:end] ** 2).mean()))


@pytest.mark.parametrize(
    "text",
    [
        "Yes.",
        "The name is not defined.",
        "`user_id` is undefined on main.py:117, F821.",
        "x != None, and  count += 1\nhere",
        "— wait 😀 what …",
        "日本 ???",
        "Dr. Smith paid $5 on 2024-03-04 at 7:30 pm",
        "[link](https://example.com) [sounds](/həlˈO/) {x}",
        "numpy, kwargs; async: \"quoted\" — 'single' (brackets) end",
        "word " * 150,
    ],
)
def test_words_lie_in_order_inside_the_audio(speaker: HibariSpeaker, text: str) -> None:
    clause = speaker.speak(text)
    check(clause, text)
    for word in clause.words:
        if re.search(r"[A-Za-z0-9]", word.text):
            assert word.end_sample - word.start_sample >= RATE_HZ // 40, word
            assert _rms(clause, word.start_sample, word.end_sample) > _SILENT_RMS, word


@pytest.mark.parametrize("nothing", ["", " ", "(", "...", "😀", "```"])
def test_nothing_to_say_is_no_sound(speaker: HibariSpeaker, nothing: str) -> None:
    clause = speaker.speak(nothing)
    check(clause, nothing)
    assert len(clause.samples) == 0


def test_the_same_clause_gives_the_same_samples(speaker: HibariSpeaker) -> None:
    text = "The fixture is gone, so the tests fail."
    first = speaker.speak(text)
    speaker.speak("Something else.")
    assert np.array_equal(first.samples, speaker.speak(text).samples)
    assert np.array_equal(first.samples, HibariSpeaker().speak(text).samples)


def test_pauses_are_where_the_words_say(speaker: HibariSpeaker) -> None:
    """Before the clause, at the comma, and after the clause; none between flowing words."""
    clause = speaker.speak("Tests failed in the session module, the fixture is gone.")
    before, after = clause.words[5], clause.words[6]
    assert (before.text, after.text) == ("module,", "the")
    assert after.start_sample - before.end_sample > RATE_HZ // 20
    assert _rms(clause, before.end_sample, after.start_sample) < _SILENT_RMS
    first, last = clause.words[0].start_sample, clause.words[-1].end_sample
    assert first == RATE_HZ * 20 // 1000
    assert _rms(clause, 0, first) < _SILENT_RMS
    assert len(clause.samples) - last == RATE_HZ * 200 // 1000
    assert _rms(clause, last, len(clause.samples)) < _SILENT_RMS
    assert clause.words[2].end_sample == clause.words[3].start_sample


def test_a_comma_is_a_shorter_pause_than_a_full_stop(speaker: HibariSpeaker) -> None:
    pauses = [
        len(clause.samples) - clause.words[-1].end_sample
        for clause in map(speaker.speak, ["It is gone", "It is gone,", "It is gone."])
    ]
    assert pauses == sorted(pauses)
    assert len(set(pauses)) == 3


def test_speed_changes_the_pace_and_keeps_the_words(speaker: HibariSpeaker) -> None:
    text = "You could use a dictionary here, instead of the loop."
    lengths = []
    for speed in (0.5, 1.0, 2.0):
        clause = HibariSpeaker(speed).speak(text)
        check(clause, text)
        lengths.append(len(clause.samples))
    assert lengths[0] > 1.5 * lengths[1] > 2 * lengths[2]
    with pytest.raises(ValueError, match=r"0\.5 and 2"):
        HibariSpeaker(3.0)


def test_a_recogniser_hears_a_cut_where_the_words_say(speaker: HibariSpeaker, listener: MoonshineListener) -> None:
    """Cut after the comma's word or at a word in mid-flow, each half holds its own words and not the other's."""
    clause = speaker.speak("Tests failed in the session module, because the window is open.")
    for cut in (6, 8):
        heard_before = _hear(listener, clause.samples[: clause.words[cut - 1].end_sample])
        heard_after = _hear(listener, clause.samples[clause.words[cut].start_sample :])
        assert heard_before[-1] == _plain(clause.words[cut - 1].text)
        assert heard_after[0] == _plain(clause.words[cut].text)
        assert heard_after[-1] == "open"


def test_a_recogniser_understands_spoken_code(speaker: HibariSpeaker, listener: MoonshineListener) -> None:
    heard = " ".join(_hear(listener, speaker.speak("The count `!=` zero in main.py:12, says numpy.").samples))
    assert "not equal" in heard
    assert "line" in heard


def _hear(listener: MoonshineListener, samples: Samples) -> list[str]:
    margin = np.zeros(4_000, np.float32)
    audio = np.concatenate([margin, soxr.resample(samples, RATE_HZ, 16_000), margin])
    return [_plain(word) for word in listener.final(audio).split()]


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def test_unknown_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assets = tmp_path / "assets"
    shutil.copytree(hibari._find_assets(), assets)
    weights = bytearray((assets / "hibari.onnx").read_bytes())
    weights[1000] ^= 1
    (assets / "hibari.onnx").write_bytes(weights)
    monkeypatch.setattr(hibari, "_find_assets", lambda: assets)
    with pytest.raises(SpeakerUnavailable, match=r"hibari\.onnx is not the known one.*pip install"):
        HibariSpeaker().speak("Hello.")


def test_nothing_that_downloads_is_ever_called(monkeypatch: pytest.MonkeyPatch) -> None:
    from hibari import voices

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a voice was looked for")

    monkeypatch.setattr(voices, "voice_path", refuse)
    monkeypatch.setattr("hibari.tts.voice_path", refuse)
    monkeypatch.setattr(voices, "download", refuse)
    check(HibariSpeaker().speak("Hello."), "Hello.")
