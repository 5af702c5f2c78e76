"""The whole product through a real sound server: a question goes in, an answer comes out, a key ends it."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr

from duologue_server.voice.hibari import HibariSpeaker
from support.lsp_client import SERVER, ServerProcess
from support.sound_server import RATE_HZ, SoundServer, require_sound_server

pytestmark = pytest.mark.e2e

AUDIBLE = 0.01
URI = "file:///tmp/prices.py"
TEXT = "def total(prices):\n    result = sum(prices)\n    print(result)\n    return resutl\n"
SILENT_WITHIN_S = 0.4
"""Generous: a real sound server buffers, and the recording arrives in pieces."""


@pytest.fixture
def sound(tmp_path: Path) -> Iterator[SoundServer]:
    require_sound_server()
    with SoundServer(tmp_path) as server:
        yield server


def speech(text: str) -> np.ndarray:
    """A developer who asks, `[N]` at 48 kHz, with a second of quiet room before."""
    speaker = HibariSpeaker(1.15)
    said = np.asarray(soxr.resample(speaker.speak(text).samples, speaker.rate_hz, RATE_HZ), np.float32)
    room = np.random.default_rng(3).normal(0, 0.0008, RATE_HZ).astype(np.float32)
    return np.concatenate([room, 0.6 * said, np.tile(room, 4)])


def test_a_question_is_heard_and_answered_and_a_key_ends_it(sound: SoundServer) -> None:
    server = ServerProcess(list(SERVER), env=dict(sound.environment))
    try:
        server.initialize()
        server.open(URI, TEXT)
        server.command("start")
        state = server.wait_method("duologue/state", voice="ready")
        with sound.recording() as recording, sound.speaking(speech("What is wrong here?")):
            server.wait_for(
                lambda m: (
                    m.get("method") == "duologue/transcript"
                    and m["params"]["role"] == "user"
                    and m["params"]["final"]
                    and "wrong" in m["params"]["text"].lower()
                ),
                "the question, recognised",
            )
            recording.wait_for(AUDIBLE, timeout_s=10)
            since = len(server.messages)
            server.wait_for(
                lambda m: m.get("method") == "duologue/transcript" and (m["params"].get("heardUpTo") or 0) > 10, "words"
            )
            pressed_s = time.monotonic()
            server.notify("duologue/activity", {"keys": 1})
            server.wait_for(
                lambda m: m.get("method") == "duologue/transcript" and m["params"].get("cause") == "key",
                "the end",
                since,
            )
            quiet_until_s = time.monotonic() + 1.0
            while time.monotonic() < quiet_until_s:
                time.sleep(0.05)
            assert recording.last_louder_than(AUDIBLE) - pressed_s < SILENT_WITHIN_S
        assert "virtual" not in state["parts"]["device"]
    finally:
        server.__exit__()
