"""`duologue eval` from the command line to its report, on a bank of a few phrases."""

import json
from pathlib import Path

import pytest

from duologue_model.training.voices import write_bank
from duologue_server.cli import main
from support.speech_bank import speech_bank


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the banks of both splits, without people."""
    folder = tmp_path_factory.mktemp("bank")
    for split in ("dev", "held-out"):
        write_bank(folder, split, speech_bank().clips.values())
    return folder


def check(bank: Path, out: Path, *words: str, status: int) -> None:
    assert main(["eval", "--bank", str(bank), "--out", str(out), *words]) == status


def test_the_report_says_what_was_judged_on_what_and_what_was_left_out(
    bank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--engine", "baseline", "--scenes", "interruptions", "--size", "1", "--free-compute", "--keep")
    check(bank, tmp_path, *words, status=0)
    shown = capsys.readouterr().out
    report = (tmp_path / "report.md").read_text("utf-8")
    for said in ("stops ≤ 2 s when interrupted", "decisions by rules, nothing trained", "Left out: human", "Seed 1"):
        assert said in report
        assert said in shown.replace("\n", " ")
    found = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert found["settings"]["charged"] == "nothing"
    assert found["settings"]["machine"]["cores"] >= 1
    (engine,) = found["engines"]
    figure = engine["figures"]["synthesiser"]["stop_success"]
    assert figure["events"] >= 2
    assert (tmp_path / "picture.png").stat().st_size > 10_000
    kept = tmp_path / "sessions" / "synthesiser" / "interruptions-0"
    assert {"meta.json", "events.jsonl", "mic.flac", "truth.json"} <= {file.name for file in kept.iterdir()}
    assert (kept / "baseline" / "trace.jsonl").exists()
    check(bank, tmp_path, *words, status=2)
    assert "not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sets", "martians"), "there is no set 'martians'"),
        (("--scenes", "turns,dancing"), "there is no scene 'dancing'"),
        (("--size", "0"), "--size"),
        (("--sets", "human"), "--data"),
        (("--engine", "oracle", "--scenes", "turns", "--size", "1"), "engine"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_runs(
    bank: Path, tmp_path: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check(bank, tmp_path, *words, status=2)
    error = capsys.readouterr().err
    assert error.startswith("duologue eval: ")
    assert said in error
    assert not (tmp_path / "report.md").exists()
