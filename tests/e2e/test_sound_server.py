"""SoundCard and Player through a real sound server: what is played can be recorded, and silence is silence."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from duologue_server.audio.virtual import VirtualDevice
from support.sound_server import RATE_HZ, SoundServer, require_sound_server

pytestmark = pytest.mark.e2e
LOUD = 0.1
"""A tone of amplitude 0.3 has a root mean square of 0.21."""
FAINT = 0.001


class Child:
    """The process with the sound card. Every line that it prints must be one of ours."""

    def __init__(self, server: SoundServer) -> None:
        script = Path(__file__).parents[1] / "support/sound_child.py"
        self.process = subprocess.Popen(
            [sys.executable, str(script)],
            env=server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._told: list[dict[str, Any]] = []
        self._news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, command: str, event: str) -> dict[str, Any]:
        """Sends a command and waits for its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return self.expect(event)

    def expect(self, event: str, timeout_s: float = 15) -> dict[str, Any]:
        """The next answer of that name; those before it stay."""
        with self._news:
            found = self._news.wait_for(lambda: any(said["event"] == event for said in self._told), timeout_s)
            assert found, f"no '{event}' in {timeout_s} s; told: {self._told}"
            return self._told.pop([said["event"] for said in self._told].index(event))

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self._told.append(json.loads(line))
                self._news.notify_all()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    require_sound_server()
    with SoundServer(tmp_path) as running:
        yield running


@pytest.fixture
def child(server: SoundServer) -> Iterator[Child]:
    started = Child(server)
    yield started
    started.process.kill()
    started.process.wait()


def eventually(what: Callable[[], bool], timeout_s: float) -> bool:
    give_up = time.monotonic() + timeout_s
    while time.monotonic() < give_up:
        if what():
            return True
        time.sleep(0.05)
    return False


def test_what_is_played_is_heard_and_a_key_silences_it(server: SoundServer, child: Child) -> None:
    ready = child.expect("ready")
    print(ready)
    with server.recording() as recording:
        child.ask("play 30", "playing")
        recording.wait_for(LOUD, timeout_s=10)
        # Keep it sounding for a while, so that the server's buffers are as full as they get.
        time.sleep(1.0)
        hushed_s = child.ask("hush", "hushed")["t"]
        assert eventually(lambda: recording.levels[-1][0] > hushed_s + 0.6, timeout_s=5)
    silent_after_s = recording.last_louder_than(FAINT) - hushed_s
    print(f"silent {1000 * silent_after_s:.0f} ms after the key")
    assert silent_after_s <= 0.2
    reports = child.ask("reports", "reports")["reports"]
    assert [report.split("(")[0] for report in reports] == ["Started", "Ended"]
    assert "cause='key'" in reports[1]


def test_what_is_said_into_the_microphone_arrives(server: SoundServer, child: Child) -> None:
    child.expect("ready")
    child.ask("level", "level")
    assert eventually(lambda: child.ask("level", "level")["samples"] > 0, timeout_s=10)
    assert child.ask("level", "level")["dbfs"] < -60
    voice = 0.3 * np.sin(2 * np.pi * 300 * np.arange(8 * RATE_HZ) / RATE_HZ)
    with server.speaking(voice.astype(np.float32)):
        assert eventually(lambda: child.ask("level", "level")["dbfs"] > -20, timeout_s=10)
    child.ask("quit", "stopped")
    assert child.process.wait(timeout=10) == 0


def test_a_lost_sound_server_is_told_at_once_and_can_come_back(server: SoundServer, child: Child) -> None:
    child.expect("ready")
    assert eventually(lambda: child.ask("level", "level")["samples"] > 0, timeout_s=10)
    killed_s = time.monotonic()
    server.kill()
    lost = child.expect("lost", timeout_s=5)
    print(f"told {1000 * (lost['t'] - killed_s):.0f} ms after the server died: {lost['text']}")
    assert lost["code"] == "lost"
    assert lost["t"] - killed_s < 1.0
    assert child.ask("reopen", "refused")["code"] == "no_output"
    server.start()
    child.ask("reopen", "reopened")
    with server.recording() as recording:
        child.ask("play 20", "playing")
        recording.wait_for(LOUD, timeout_s=10)


def test_the_virtual_device_keeps_time_and_makes_up_for_a_stall() -> None:
    arrivals: list[float] = []

    def hear(_: object) -> None:
        arrivals.append(time.monotonic())
        if len(arrivals) == 20:
            time.sleep(0.3)

    device = VirtualDevice()
    device.start(hear, lambda n: np.zeros(n, np.float32), lambda trouble: pytest.fail(str(trouble)))
    assert device.origin_s is not None
    assert eventually(lambda: len(arrivals) >= 100, timeout_s=5)
    device.stop()
    late_ms = 1000 * (np.array(arrivals) - device.origin_s - 0.020 * np.arange(1, len(arrivals) + 1))
    print(f"blocks late by p50 {np.median(late_ms[40:]):.2f} ms, p95 {np.percentile(late_ms[40:], 95):.2f} ms")
    assert late_ms.min() > -1
    assert np.median(late_ms[40:]) < 10
    device.stop()
