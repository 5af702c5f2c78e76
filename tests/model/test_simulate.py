"""The simulator as a command: seeds, shards, manifests and splits."""

import json
from pathlib import Path

import numpy as np
import pytest

from duologue_model.slices import SLICE_SAMPLES
from duologue_model.training import phrases, simulate, voices
from duologue_model.training.example import AGENDA_FIELDS, CLOCK_FIELDS, EDITOR_FIELDS, IGNORED, SessionExample
from duologue_model.training.phrases import SHARED_KINDS, SPLITS, TEMPLATES
from duologue_model.training.synthesisers import SYNTHETIC_VOICES
from duologue_model.vocabulary import Action, UserState
from support.tone_bank import tone_bank


def made(bank: voices.Bank, number: int = 0, seed: int = 1) -> SessionExample:
    return simulate.session(bank, seed, number, 10.0)[1]


def same(one: SessionExample, other: SessionExample, sound_within: float = 0.0) -> bool:
    arrays = ("editor", "agenda", "clocks", "own", "action", "user", "user_voice", "own_voice")
    return (
        all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
        and np.array_equal(one.turn_end, other.turn_end, equal_nan=True)
        and (one.words, one.transcript, one.name, one.scenario)
        == (other.words, other.transcript, other.name, other.scenario)
        and all(
            np.abs(getattr(one, name) - getattr(other, name)).max() <= sound_within
            for name in ("microphone", "playback")
        )
    )


@pytest.fixture
def bank_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    folder.mkdir()
    voices.write_bank(folder, "train", tone_bank().clips.values())
    return folder


def test_a_session_has_the_shapes_of_the_contract() -> None:
    one = made(tone_bank())
    slices = len(one.action)
    assert one.microphone.shape == one.playback.shape == (slices * SLICE_SAMPLES,)
    assert one.editor.shape == (slices, len(EDITOR_FIELDS))
    assert one.agenda.shape == (slices, len(AGENDA_FIELDS))
    assert one.clocks.shape == (slices, len(CLOCK_FIELDS))
    assert one.own.shape == one.user.shape == one.turn_end.shape == (slices,)
    assert one.user_voice.shape == one.own_voice.shape == (slices, 4)
    assert len(one.words) == slices
    floats = (one.microphone, one.playback, one.editor, one.agenda, one.clocks, one.turn_end)
    assert {array.dtype for array in floats} == {np.dtype(np.float32)}
    assert {array.dtype for array in (one.own, one.action, one.user)} == {np.dtype(np.int64)}
    assert one.own.min() >= 0
    assert one.action.min() >= IGNORED
    assert one.action.max() < len(Action)
    assert one.user.max() < len(UserState)
    assert one.clocks.min() >= 0.0
    assert one.clocks.max() <= 60.0


def test_the_same_seed_and_number_give_the_same_session() -> None:
    bank = tone_bank()
    assert same(made(bank, 3), made(bank, 3))
    assert not same(made(bank, 3), made(bank, 4))


def test_the_command_writes_shards_that_read_as_they_were_made(bank_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    common = ["--bank", str(bank_folder), "--seconds", "10", "--seed", "2"]
    assert simulate.main(["--out", str(out), "--sessions", "3", *common]) == 0
    read = list(simulate.read_shard(out / "train-000000-0000.npz"))
    bank = voices.read_bank(bank_folder, "train")
    fresh = [made(bank, number, seed=2 * len(SPLITS)) for number in range(3)]
    assert all(same(one, other, sound_within=2e-5) for one, other in zip(read, fresh, strict=True))
    manifest = json.loads((out / "train-000000.json").read_text("utf-8"))
    assert manifest["sessions"] == sum(manifest["scenarios"].values()) == 3
    assert 0.0 <= manifest["share_of_empty_slices"] <= 1.0
    assert manifest["licences"] == {"tone: CC0-1.0": len(bank.clips)}
    again = tmp_path / "again"
    simulate.main(["--out", str(again), "--sessions", "1", "--first", "2", *common])
    assert same(next(simulate.read_shard(again / "train-000002-0000.npz")), read[2])
    assert (again / "train-000002.json").exists()


def test_a_data_folder_without_an_index_is_explained(tmp_path: Path) -> None:
    with pytest.raises(voices.BankTrouble, match="--data"):
        list(voices.recorded(tmp_path, "train"))


def test_help_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        simulate.main(["--help"])
    text = capsys.readouterr().out
    assert all(word in text for word in ("--out", "--split", "--seed", "--listen", "espeak-ng", "held-out"))


def test_no_voice_or_engine_leaks_between_splits() -> None:
    spoken = {split: set(found) for split, found in SYNTHETIC_VOICES.items()}
    assert not spoken["train"] & spoken["dev"]
    assert not (spoken["train"] | spoken["dev"]) & spoken["held-out"]
    assert "espeak-ng" not in {engine for split in ("train", "dev") for engine, _ in SYNTHETIC_VOICES[split]}


def test_no_template_leaks_between_splits() -> None:
    for kind in TEMPLATES:
        rng = np.random.default_rng(1)
        found = {split: set(phrases.texts(kind, split, 40, rng)) for split in SPLITS}
        assert all(found.values()), kind
        if kind not in SHARED_KINDS and len(TEMPLATES[kind]) > 1:
            assert not found["train"] & found["dev"]
            assert not found["train"] & found["held-out"]
            assert not found["dev"] & found["held-out"]


def test_recorded_speakers_and_keyboards_belong_to_one_split(tmp_path: Path) -> None:
    import soundfile

    tone = tone_bank().pick(np.random.default_rng(1), "turn").samples
    rows = ["path,group,label,speaker,dur_s,licence,source"]
    for folder, speakers in (("train", range(40)), ("dev", range(40, 50))):
        (tmp_path / folder).mkdir()
        own = list(rows)
        for speaker in speakers:
            for label in ("stop", "yes"):
                soundfile.write(tmp_path / folder / f"{label}{speaker}.flac", tone, 16_000)
                own.append(f"{label}{speaker}.flac,speech_commands_v2test,{label},s{speaker},1.0,CC-BY-4.0,here")
        (tmp_path / folder / "index.csv").write_text("\n".join(own) + "\n", "utf-8")
    found = {split: list(voices.recorded(tmp_path, split)) for split in SPLITS}
    speakers_of = {split: {clip.facts.speaker for clip in clips} for split, clips in found.items()}
    assert all(speakers_of.values())
    assert not speakers_of["train"] & speakers_of["dev"]
    assert not (speakers_of["train"] | speakers_of["dev"]) & speakers_of["held-out"]
    assert {f"s{speaker}" for speaker in range(40, 50)} <= speakers_of["dev"]
    assert {clip.facts.kind for clip in found["train"]} == {"stop", "answer", "backchannel"}
    assert all(clip.facts.licence == "CC-BY-4.0" for clips in found.values() for clip in clips)
