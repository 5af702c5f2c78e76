"""`duologue bench --quick`: every figure is there. What they are is for the machine to say, not for a test."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from duologue_model.weights import FOLDER_VARIABLE
from support.untrained import untrained_weights

pytestmark = pytest.mark.e2e

ROWS = {
    ("start → initialize answered", "quiet"),
    ("start → first command answered", "quiet"),
    ("voice wanted → ready", "quiet"),
    ("voice process, CPU while nobody speaks", "quiet"),
    ("engine, one step of 80 ms", "while two processes keep both cores busy"),
    ("engine, CPU of a quiet slice among others", "quiet"),
    ("end of question → first sound of the answer", "baseline (VAD and timers)"),
    ("key → last audible sample", "quiet"),
    ("key → last audible sample", "while 1 MB of Python is parsed"),
    ("key → last audible sample", "while two processes keep both cores busy"),
}


def test_every_figure_is_there(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    untrained = {**os.environ, FOLDER_VARIABLE: str(untrained_weights(tmp_path / "weights"))}
    command = [sys.executable, "-m", "duologue_server", "bench", "--quick", "--engine", "baseline"]
    ended = subprocess.run(
        [*command, "--json", str(figures)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        env=untrained,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads(figures.read_text())
    assert told["not_measured"] == []
    assert {(item["what"], item["condition"]) for item in told["rows"]} >= ROWS
    for item in told["rows"]:
        assert item["n"] >= 1
        assert item["p50"] >= 0
        assert item["what"] in " ".join(ended.stdout.split()) or item["what"].split()[0] in ended.stdout
    assert told["machine"]["commit"] in ended.stdout
