"""`duologue bench --quick`: every figure is there. What they are is for the machine to say, not for a test."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROWS = {
    ("start → initialize answered", "quiet"),
    ("start → first command answered", "quiet"),
    ("voice wanted → ready", "quiet"),
    ("voice process, CPU while nobody speaks", "quiet"),
    ("engine, one step of 80 ms", "while two processes keep both cores busy"),
    ("end of question → first sound of the answer", "baseline (VAD and timers)"),
    ("key → last audible sample", "quiet"),
    ("key → last audible sample", "while 1 MB of Python is parsed"),
    ("key → last audible sample", "while two processes keep both cores busy"),
}


def test_every_figure_is_there(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "duologue_server", "bench", "--quick", "--json", str(figures)]
    ended = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads(figures.read_text())
    assert told["not_measured"] == []
    assert {(item["what"], item["condition"]) for item in told["rows"]} >= ROWS
    for item in told["rows"]:
        assert item["n"] >= 1
        assert item["p50"] >= 0
        assert item["what"] in " ".join(ended.stdout.split()) or item["what"].split()[0] in ended.stdout
    assert told["machine"]["commit"] in ended.stdout
