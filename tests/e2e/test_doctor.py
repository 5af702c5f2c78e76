"""The doctor on a real sound server, with a microphone that hears the room and one that hears nothing."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.sound_server import RATE_HZ, SoundServer, require_sound_server

pytestmark = pytest.mark.e2e


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    require_sound_server()
    with SoundServer(tmp_path) as running:
        yield running


def examine(*words: str, environment: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """The exit status, and the results by part."""
    command = [sys.executable, "-m", "duologue_server", "doctor", "--json", *words]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    return ended.returncode, {result["part"]: result for result in json.loads(ended.stdout)["results"]}


def test_a_microphone_that_hears_the_room(server: SoundServer) -> None:
    noise = np.random.default_rng(1).standard_normal(20 * RATE_HZ) * 0.01
    with server.speaking(noise.astype(np.float32)):
        status, found = examine("--only", "sound", environment=server.environment)
    assert (status, found["Microphone"]["status"], found["Loudspeaker"]["status"]) == (0, "ok", "ok")
    assert "dBFS" in found["Microphone"]["what"]


def test_a_microphone_of_zeros(server: SoundServer) -> None:
    status, found = examine("--only", "sound", environment=server.environment)
    assert (status, found["Microphone"]["status"]) == (1, "failed")
    assert "zeros" in found["Microphone"]["what"]
    assert "privacy" in found["Microphone"]["remedy"]


def test_a_device_that_is_not_there(server: SoundServer) -> None:
    words = ["--only", "sound", "--set", "inputDevice=no such thing"]
    status, found = examine(*words, environment=server.environment)
    assert (status, found["Sound card"]["status"]) == (1, "failed")
    assert "no such thing" in found["Sound card"]["what"]


def test_both_processes_come_up() -> None:
    status, found = examine("--only", "processes")
    assert status == 0
    assert found["Language server"]["status"] in ("ok", "warning"), "a busy machine may be slow"
    assert "ready in" in found["Voice process"]["what"]
