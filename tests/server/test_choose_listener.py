"""A recogniser of the user's own: what is in the folder is used, what is wrong with it is named, the ear hears on."""

import json
import shutil
from pathlib import Path

import pytest

from duologue_server.audio.player import Player
from duologue_server.options import Options
from duologue_server.trace.clock import VirtualClock
from duologue_server.voice.assembly import load_voice
from duologue_server.voice.choose_listener import choose_listener, open_own
from duologue_server.voice.moonshine_folder import read_tokens_json
from duologue_server.voice.moonshine_weights import (
    BASE_EN,
    TINY_EN,
    Pack,
    WeightsTrouble,
    open_session,
    pack_folder,
    read_tokens,
)
from support.clips import BECKETT, bare, beckett, clip

FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")


def own(folder: Path, pack: Pack = BASE_EN, files: tuple[str, ...] = FILES) -> Path:
    """A folder of the user's with these files of an installed model."""
    folder.mkdir(exist_ok=True)
    for name in files:
        (folder / name).symlink_to(pack_folder(pack) / name)
    return folder


def as_tokenizer_json(tokens: tuple[bytes, ...]) -> str:
    """The same tokens as `tokenizer.json` has them: a byte is `<0x41>`, what is special stands apart."""
    bytes_ = range(3, 259)
    named = {f"<0x{n - 3:02X}>" if n in bytes_ else token.decode(): n for n, token in enumerate(tokens)}
    special = [{"id": number, "content": name} for name, number in named.items() if name.startswith("<<")]
    vocabulary = {name: number for name, number in named.items() if not name.startswith("<<")}
    return json.dumps({"model": {"vocab": vocabulary}, "added_tokens": special})


def check(recogniser: str | Path, *said: str) -> None:
    """It cannot be used; `said` is told about it, and what to do next."""
    with pytest.raises(WeightsTrouble) as trouble:
        open_own(str(recogniser))
    assert [word for word in said if word not in str(trouble.value)] == [], trouble.value
    assert trouble.value.remedy


def test_a_folder_with_another_model_takes_the_final_words(tmp_path: Path) -> None:
    chosen = choose_listener(str(own(tmp_path / "mine", TINY_EN)))
    assert chosen.problem == ""
    assert chosen.listener.name.endswith(str(tmp_path / "mine"))
    chosen.listener.bias(("get_user_by_id", "reconcileTeams"))
    assert bare(chosen.listener.final(beckett())) == BECKETT
    assert bare(chosen.listener.partial(beckett())) == BECKETT


def test_the_onnx_export_with_its_tokenizer_json(tmp_path: Path) -> None:
    source = pack_folder(TINY_EN)
    mine = own(tmp_path / "mine", TINY_EN, ("decoder_model_merged.ort",))
    open_session(str(source / "encoder_model.ort"), save_as=str(mine / "encoder_model.onnx"))
    tokens = read_tokens((source / "tokenizer.bin").read_bytes())
    (mine / "tokenizer.json").write_text(as_tokenizer_json(tokens), "utf-8")
    assert read_tokens_json((mine / "tokenizer.json").read_bytes()) == tokens
    assert bare(open_own(str(mine)).final(clip("stop"))) == "stop"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("whisper", ("duologue.recogniser", "'whisper'", "neither 'moonshine' nor")),
        ("models/base", ("duologue.recogniser", "whole path")),
        ("/no/such/folder", ("duologue.recogniser", "/no/such/folder does not exist", "leave it at 'moonshine'")),
        (__file__, ("is a file",)),
    ],
)
def test_what_is_no_folder_is_told(setting: str, said: tuple[str, ...]) -> None:
    check(setting, *said)


def test_an_empty_folder_is_told_what_it_lacks(tmp_path: Path) -> None:
    check(tmp_path, str(tmp_path), *FILES)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    mine = own(tmp_path / "mine", files=FILES[:2])
    check(mine, f"{mine} holds no tokenizer.bin or tokenizer.json", "Copy the missing files")


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    mine = own(tmp_path / "mine", TINY_EN, FILES[1:])
    (mine / FILES[0]).write_bytes((pack_folder(TINY_EN) / FILES[0]).read_bytes()[:100_000])
    check(mine, str(mine / FILES[0]), "cannot be read", "Copy the file again")


def test_files_of_two_models_are_told_apart(tmp_path: Path) -> None:
    mine = own(tmp_path / "mine", TINY_EN, FILES[1:])
    (mine / FILES[0]).symlink_to(pack_folder(BASE_EN) / FILES[0])
    check(mine, "two models", "416", "288")


def test_an_encoder_in_the_decoders_place(tmp_path: Path) -> None:
    mine = own(tmp_path / "mine", TINY_EN, (FILES[0], FILES[2]))
    shutil.copy(pack_folder(TINY_EN) / FILES[0], mine / FILES[1])
    check(mine, str(mine / FILES[1]), "takes no encoder_hidden_states")


@pytest.mark.parametrize("content", [b"not tokens", b"{}", b'{"model": {"vocab": []}, "added_tokens": []}'])
@pytest.mark.parametrize("name", ["tokenizer.bin", "tokenizer.json"])
def test_a_tokenizer_that_is_none(tmp_path: Path, name: str, content: bytes) -> None:
    mine = own(tmp_path / "mine", TINY_EN, FILES[:2])
    (mine / name).write_bytes(content)
    check(mine, str(mine / name), "Copy the tokenizer")


def test_the_voice_starts_all_the_same_and_tells_the_user(tmp_path: Path) -> None:
    options = Options(voice="none", engine="baseline", recogniser=str(tmp_path / "gone"), volume=0.5)
    voice = load_voice(options, lambda percent, text: None)
    (trouble,) = voice.troubles
    assert (trouble.code, trouble.remedy) == ("ear", "Correct duologue.recogniser, or leave it at 'moonshine'")
    assert "gone does not exist" in trouble.what
    assert "is used instead" in trouble.what
    assert voice.listener.name.endswith("base-en")
    assert bare(voice.listener.final(clip("stop"))) == "stop"
    player = Player(voice.speaker.rate_hz)
    voice.loop(player, VirtualClock(free_compute=True), lambda message: None)
    assert player.volume == 0.5
