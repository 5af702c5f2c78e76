"""Neovim with the real voice: a spoken yes changes the code, and the ears may be on another machine."""

import os
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from duologue_server.link.remote import TOKEN_VARIABLE
from editors.neovim import Neovim, until
from editors.terminal import TerminalNeovim, duologue
from support.sound_server import SoundServer, require_sound_server
from support.spoken import speech

pytestmark = pytest.mark.e2e

SHARED = "def load(path, into=[]):\n    into.append(path)\n    return into\n"
PATIENCE_S = 60.0


@pytest.fixture
def sound(tmp_path: Path) -> Iterator[SoundServer]:
    require_sound_server()
    with SoundServer(tmp_path / "sound") as server:
        yield server


@pytest.fixture
def nvim(tmp_path: Path, sound: SoundServer) -> Iterator[TerminalNeovim]:
    names = ("HOME", "XDG_RUNTIME_DIR", "PULSE_SERVER")
    editor = TerminalNeovim(tmp_path / "nvim", **{name: sound.environment[name] for name in names})
    editor.cmd = [str(duologue()), "lsp"]
    try:
        yield editor
    finally:
        editor.close()


def test_an_offer_is_spoken_accepted_by_voice_and_the_code_changes(nvim: TerminalNeovim, sound: SoundServer) -> None:
    path = nvim.folder / "load.py"
    path.write_text(SHARED)
    nvim.setup()
    nvim.edit_unseen("load.py")
    nvim.api.command("Duologue start")
    until("the voice", lambda: nvim.lua("return require('duologue').state().voice") == "ready", nvim.notes, PATIENCE_S)

    def transcript() -> list[dict[str, object]]:
        lines: list[dict[str, object]] = nvim.lua("return require('duologue.transcript').list()")
        return lines

    nvim.press(b":write\r")
    said = "the offer, said"
    until(said, lambda: any(p["role"] == "partner" and p["final"] for p in transcript()), transcript, PATIENCE_S)
    with sound.speaking(speech("Accept the change.", 8.0, 1.0)):
        changed = "def load(path, into=None):"
        until("the edit", lambda: changed in nvim.api.current.buffer[:], transcript, PATIENCE_S)
    left = "return require('duologue').offers()"
    until("no offer any more", lambda: nvim.lua(left) == [], nvim.notes, PATIENCE_S)
    assert any(line["role"] == "user" for line in transcript())


def test_a_voice_that_listens_where_the_ears_are(tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    command = [str(duologue()), "voice", "--listen", "127.0.0.1:0", "--device", f"virtual:out={heard}"]
    environment = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
    voice = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert voice.stderr is not None
        (port,) = re.findall(r"at 127\.0\.0\.1:(\d+)", voice.stderr.readline())
        (token,) = re.findall(rf"export {TOKEN_VARIABLE}=(\S+)", voice.stderr.readline())
        threading.Thread(target=voice.stderr.read, daemon=True).start()
        nvim = Neovim(tmp_path / "nvim", **{TOKEN_VARIABLE: token})
        nvim.cmd = [str(duologue()), "lsp", "--voice", f"127.0.0.1:{port}"]
        try:
            nvim.setup()
            nvim.api.command("Duologue start")
            line = "return require('duologue').statusline()"
            until("the voice", lambda: nvim.lua(line) == "◉ listening", nvim.notes, PATIENCE_S)
            nvim.api.command("Duologue why")
            until("a caption", nvim.caption)
            nvim.api.input("j")
            until("silence", lambda: nvim.lua(line) == "◉ listening")
            until("its cause", lambda: nvim.lua("return require('duologue.transcript').list()")[-1]["cause"] == "key")
        finally:
            nvim.close()
    finally:
        voice.terminate()
        voice.wait(10)
    assert heard.stat().st_size > 1000
