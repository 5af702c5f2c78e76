"""The whole product: a real Neovim, the real server, the real voice process, a virtual sound device."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile

from editors.neovim import Neovim
from support.lsp_client import SERVER, ServerProcess

pytestmark = pytest.mark.e2e

RATE_HZ = 24_000
BACK_WITHIN_S = 20.0
"""A bound for a very busy machine; how long it takes is measured by the bench."""
GONE_WITHIN_S = 2.0
TEXT = """def total(prices):
    result = 0
    for price in prices:
        result += price
    return result
"""


@pytest.fixture
def partner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the voice process writes what it plays."""
    path = tmp_path / "partner.wav"
    monkeypatch.setenv("DUOLOGUE_VOICE_ARGS", f"--device virtual:out={path}")
    return path


@pytest.fixture
def nvim(partner: Path, tmp_path: Path) -> Iterator[Neovim]:
    editor = Neovim(tmp_path)
    editor.cmd = [sys.executable, "-m", "duologue_server", "lsp"]
    editor.setup()
    try:
        yield editor
    finally:
        editor.close()


def state(nvim: Neovim) -> dict[str, Any]:
    told: dict[str, Any] = nvim.lua('return require("duologue").state()')
    return told


def sounding_s(path: Path) -> tuple[float, float]:
    """First and last audible moment of a recording, in seconds."""
    samples, rate_hz = soundfile.read(str(path), dtype="float32")
    assert rate_hz == RATE_HZ
    audible = np.flatnonzero(np.abs(samples) > 0.003)
    assert len(audible), "nothing was audible at all"
    return float(audible[0]) / RATE_HZ, float(audible[-1]) / RATE_HZ


def test_a_suggestion_at_the_pause_is_silenced_by_a_key(nvim: Neovim, partner: Path, tmp_path: Path) -> None:
    file = tmp_path / "prices.py"
    file.write_text(TEXT)
    nvim.api.command(f"edit {file}")
    nvim.api.command("Duologue start")
    nvim.until("the voice is ready", lambda: state(nvim).get("voice") == "ready")
    nvim.api.input("5G$ciwresutl<Esc>")
    nvim.until("the suggestion is shown", lambda: nvim.marks("offers"))
    nvim.api.command("write")
    nvim.until("the partner speaks", lambda: state(nvim).get("partner") == "speaking")
    began_s = time.monotonic()
    nvim.until("a second of it is heard", lambda: time.monotonic() - began_s > 1.0)
    assert "undefined name" in " ".join(nvim.caption())
    pressed_s = time.monotonic()
    nvim.api.input("j")
    nvim.until("the partner is silent", lambda: state(nvim).get("partner") == "silent")
    assert time.monotonic() - pressed_s < 1.0
    # A second of silence must follow in the recording: the sound is gone, not only the log.
    nvim.until("a second passes", lambda: time.monotonic() - pressed_s > 1.5)
    nvim.api.command("Duologue stop")
    nvim.until("the voice is off", lambda: state(nvim).get("voice") == "off")
    nvim.until("the recording is complete", lambda: not _voices())
    first_s, last_s = sounding_s(partner)
    samples, _ = soundfile.read(str(partner), dtype="float32")
    assert 0.2 < last_s - first_s < 2.6, "the whole sentence takes three seconds"
    assert len(samples) / RATE_HZ - last_s > 1.0


@pytest.fixture
def server(partner: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(list(SERVER))
    try:
        yield process
    finally:
        process.__exit__()


def _voices(parent: int | None = None) -> list[psutil.Process]:
    """Living voice processes below this process, or below `parent`."""
    found = []
    for child in psutil.Process(parent or os.getpid()).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # a zombie too: it is gone, and only not yet reaped
            if "voice" in child.cmdline()[:5]:
                found.append(child)
    return found


def test_a_killed_voice_comes_back_and_what_was_heard_stays(server: ServerProcess) -> None:
    server.initialize()
    server.open("file:///tmp/prices.py", TEXT.replace("return result", "return resutl"))
    server.command("start")
    server.wait_method("duologue/state", voice="ready")
    assert server.command("why")["result"]["ok"]
    server.wait_method("duologue/state", partner="speaking")
    server.wait_for(
        lambda m: m.get("method") == "duologue/transcript" and (m["params"].get("heardUpTo") or 0) > 5, "words heard"
    )
    (voice,) = _voices(server.process.pid)
    since = len(server.messages)
    killed_s = time.monotonic()
    os.kill(voice.pid, signal.SIGKILL)
    server.wait_method("duologue/state", voice="restarting")
    server.wait_for(
        lambda m: m.get("method") == "duologue/state" and m["params"]["voice"] == "ready", "ready again", since
    )
    assert time.monotonic() - killed_s < BACK_WITHIN_S
    lines = [m["params"] for m in server.messages[since:] if m.get("method") == "duologue/transcript"]
    last = lines[0]
    assert last["role"] == "partner"
    assert last["final"]
    assert 0 < last["heardUpTo"] < len(last["text"])
    answer = server.ask("workspace/executeCommand", {"command": "duologue.mute", "arguments": []})
    assert answer["result"]["ok"]


def test_typing_after_the_kill_reaches_the_editor_undisturbed(server: ServerProcess) -> None:
    server.initialize()
    server.open("file:///tmp/prices.py", TEXT)
    server.command("start")
    server.wait_method("duologue/state", voice="ready")
    (voice,) = _voices(server.process.pid)
    os.kill(voice.pid, signal.SIGKILL)
    for version in range(2, 52):
        place = {"line": 0, "character": 0}
        server.change("file:///tmp/prices.py", version, {"range": {"start": place, "end": place}, "text": "#"})
        server.notify("duologue/activity", {"keys": 1})
    assert server.command("snooze", {"minutes": 5})["result"]["ok"]


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_nothing_outlives_the_server(partner: Path, how: str) -> None:
    process = ServerProcess(list(SERVER))
    process.initialize()
    process.command("start")
    process.wait_method("duologue/state", voice="ready")
    (voice,) = _voices(process.process.pid)
    getattr(process.process, how)()
    process.process.wait(5)
    deadline_s = time.monotonic() + GONE_WITHIN_S
    while _alive(voice) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert not _alive(voice)
    process.__exit__()


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
