"""Words said by themselves are told by their sound; everything else is left to the recogniser."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from duologue_server.evaluate.short_words import WORDS, Said, fit, heard, main, save
from duologue_server.voice import short_words
from duologue_server.voice.moonshine import MoonshineListener, encoded, prepare
from duologue_server.voice.moonshine_weights import BASE_EN, Opened, open_pack
from duologue_server.voice.short_words import LONGEST_S, STRETCHES, ShortWords, features_of
from support.clips import RATE_HZ, Samples, bare, beckett, clip, silence


@pytest.fixture(scope="module")
def base() -> Opened:
    return open_pack(BASE_EN)


def told(model: Opened, samples: Samples) -> str:
    speech = prepare(np.concatenate([silence(0.25), samples, silence(0.25)]))
    assert speech is not None
    return short_words.load().word(encoded(model, speech)[0], len(speech) / RATE_HZ)


def test_people_are_understood_who_say_one_word(base: Opened) -> None:
    assert {name: told(base, clip(name)) for name in ("yes", "stop")} == {"yes": "yes", "stop": "stop"}


def test_a_piece_of_a_sentence_is_not_one_of_our_words(base: Opened) -> None:
    pieces = [beckett()[round(at * RATE_HZ) : round((at + 0.7) * RATE_HZ)] for at in (0.0, 1.4, 7.0)]
    assert [told(base, piece) for piece in pieces] == ["", "", ""]


def test_a_long_utterance_is_never_one_of_our_words() -> None:
    words = ShortWords(("stop",), np.zeros((STRETCHES * 2, 2), np.float32), np.array([9.0, 0.0], np.float32))
    states = np.zeros((60, 2), np.float32)
    assert words.word(states, 1.2) == "stop"
    assert words.word(states, LONGEST_S + 0.1) == ""
    assert words.word(np.zeros((60, 3), np.float32), 1.2) == "", "another encoder than the one it was fitted to"


@pytest.mark.parametrize("length", [3, 6, 7, 80])
def test_features_of_any_length(length: int) -> None:
    assert features_of(np.ones((length, 4), np.float32), length / 40).tolist() == [1.0] * 24


def test_what_is_fitted_is_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(len(WORDS) + 1, 12)).astype(np.float32) * 3
    labels = np.arange(220) % (len(WORDS) + 1)
    features = centres[labels] + rng.normal(size=(220, 12)).astype(np.float32) * 0.3
    fitted = fit(features, labels)
    assert all(int(fitted.probabilities(row).argmax()) == label for row, label in zip(features, labels, strict=True))
    save(fitted, tmp_path / "words.npz")
    with np.load(tmp_path / "words.npz") as kept:
        assert np.allclose(kept["weight"], fitted.weight, atol=2e-3)
        assert tuple(kept["words"]) == WORDS


def test_the_listener_gives_the_word_as_a_sentence(base: Opened) -> None:
    listener = MoonshineListener()
    assert listener.final(np.concatenate([silence(0.3), clip("stop"), silence(0.3)])) == "Stop."
    assert bare(listener.final(beckett()[: 4 * RATE_HZ])).startswith("ever tried")


def test_silence_has_no_features(base: Opened) -> None:
    assert heard(base, Said("", silence(0.5))) is None


def test_it_is_measured_from_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dev").mkdir()
    for name in ("yes", "stop"):
        soundfile.write(tmp_path / "dev" / f"{name}.flac", clip(name), RATE_HZ)
    lines = ["path,group,label,speaker", "yes.flac,speech_commands,yes,a", "stop.flac,speech_commands,stop,b"]
    (tmp_path / "dev" / "index.csv").write_text("\n".join(lines) + "\n")
    assert main(["--data", str(tmp_path)]) == 0
    assert "100.0%" in capsys.readouterr().out
    assert main(["--data", str(tmp_path / "nowhere")]) == 2
