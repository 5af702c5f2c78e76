"""The whole product through a real sound server: a question goes in, an answer comes out, a key ends it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.lsp_client import SERVER, ServerProcess
from support.sound_server import SoundServer, require_sound_server
from support.spoken import speech

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


def test_a_question_is_heard_and_answered_and_a_key_ends_it(sound: SoundServer) -> None:
    server = ServerProcess(list(SERVER), env=dict(sound.environment))
    try:
        server.initialize()
        server.open(URI, TEXT)
        server.command("start")
        state = server.wait_method("duologue/state", voice="ready")
        with sound.recording() as recording, sound.speaking(speech("What is wrong here?", 4.0, 1.0)):
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
