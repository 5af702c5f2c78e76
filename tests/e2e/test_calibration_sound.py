"""`duologue doctor --mic` as a user runs it, on a real sound server whose microphone hears its loudspeaker."""

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from duologue_server.audio.resample import resample
from duologue_server.voice.hibari import HibariSpeaker
from support.sound_server import RATE_HZ, SoundServer, require_sound_server

pytestmark = pytest.mark.e2e
ECHO_GAIN_DB = -18
ATTEMPTS = 3
"""A gap in the echo, which the server makes on a busy machine, is a new path to learn: it is measured again then."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    require_sound_server()
    with SoundServer(tmp_path) as running:
        yield running


def noise(seconds: float, dbfs: float) -> NDArray[np.float32]:
    made = np.random.default_rng(2).standard_normal(round(seconds * RATE_HZ)) * 10 ** (dbfs / 20)
    return made.astype(np.float32)


def examine(server: SoundServer, said: NDArray[np.float32] | None, *words: str) -> tuple[int, dict[str, Any]]:
    """The exit status and the results by part; `said` sounds in the microphone when it is asked for."""
    command = [sys.executable, "-m", "duologue_server", "doctor", "--mic", "--json", *words]
    with contextlib.ExitStack() as sounding:
        process = sounding.enter_context(
            subprocess.Popen(command, env=server.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        assert process.stderr is not None
        assert process.stdout is not None
        for line in process.stderr:
            if "say a sentence" in line and said is not None:
                sounding.enter_context(server.speaking(said))
        results = json.loads(process.stdout.read())["results"]
        status = process.wait()
    return status, {result["part"]: result for result in results}


def test_a_whole_calibration(server: SoundServer) -> None:
    speaker = HibariSpeaker()
    said = resample(speaker.speak("What is wrong here?").samples, speaker.rate_hz, RATE_HZ)
    said = np.pad(said, (0, 10 * RATE_HZ))  # the server plays nothing of what is shorter than its buffer
    for _ in range(ATTEMPTS):
        with server.echoing(ECHO_GAIN_DB), server.speaking(noise(120, -60)):
            status, found = examine(server, np.asarray(said, np.float32), "--set", "engine=baseline")
        print("\n".join(f"{part}: {result['status']}: {result['what']}" for part, result in found.items()))
        assert status == 0, found
        if found["Echo, cancelled"]["status"] == "ok":
            break
    assert found["Noise"]["what"].startswith("-65 dBFS"), "a third of the noise lies below 8 kHz"
    assert "wrong here" in found["Words"]["what"]
    loss_db, delay_ms = (int(number) for number in re.findall(r"\d+", found["Echo"]["what"])[:2])
    assert loss_db == pytest.approx(-ECHO_GAIN_DB, abs=2)
    assert 20 <= delay_ms <= 300
    behind_db = int(re.findall(r"-?\d+", found["Echo, cancelled"]["what"])[0])
    # On an idle machine 22 dB and more; gaps in the echo on a busy one cost most of that.
    assert behind_db >= loss_db + 3
    assert "no words are made of it" in found["Echo, cancelled"]["what"]


def test_a_microphone_of_zeros_is_told_in_a_sentence(server: SoundServer) -> None:
    status, found = examine(server, None)
    assert (status, found["Noise"]["status"]) == (1, "failed")
    assert "muted" in found["Noise"]["what"]
    assert "privacy" in found["Noise"]["remedy"]


def test_without_a_sound_server(server: SoundServer) -> None:
    server.kill()
    status, found = examine(server, None)
    assert status == 1
    assert found["Sound card"]["status"] == "failed"
    assert found["Sound card"]["remedy"]
