"""A whole session in Neovim through a real sound server: the partner offers, the user says yes, the code changes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from duologue_server.voice.hibari import HibariSpeaker
from editors.neovim import until
from editors.terminal import TerminalNeovim, duologue
from support.sound_server import RATE_HZ, SoundServer, require_sound_server

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


def speech(text: str) -> NDArray[np.float32]:
    """A developer who says it, `[N]` at 48 kHz, in a quiet room."""
    speaker = HibariSpeaker(1.15)
    said = np.asarray(soxr.resample(speaker.speak(text).samples, speaker.rate_hz, RATE_HZ), np.float32)
    room = np.random.default_rng(3).normal(0, 0.0008, RATE_HZ).astype(np.float32)
    return np.concatenate([room, 0.6 * said, np.tile(room, 8)])


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
    with sound.speaking(speech("Accept the change.")):
        changed = "def load(path, into=None):"
        until("the edit", lambda: changed in nvim.api.current.buffer[:], transcript, PATIENCE_S)
    assert nvim.lua("return require('duologue').offers()") == []
    assert any(line["role"] == "user" for line in transcript())
