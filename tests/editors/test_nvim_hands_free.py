"""A working session on a real project without a key: spoken to the real product in a real Neovim, and recorded."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from duologue_server.trace.folder import read_session
from editors.neovim import until
from editors.terminal import TerminalNeovim, duologue
from support.hands_free import ENDED, PARSER, TESTS, Session, project, work
from support.sound_server import SoundServer, require_sound_server
from support.spoken import room

pytestmark = pytest.mark.e2e

PATIENCE_S = 60.0
SAVES = 'vim.api.nvim_create_autocmd("BufModifiedSet", { command = "silent! write" })'
RUNS = """
local run, root = ...
vim.api.nvim_create_user_command("TestSuite", function() vim.system({ "sh", "-c", run }, { cwd = root }) end, {})
"""
"""As vim-test has it: the suite of the project, in the background."""


@dataclass(frozen=True)
class NeovimEyes:
    """A developer in front of Neovim's terminal."""

    nvim: TerminalNeovim

    def line(self) -> int:
        return int(self.nvim.api.current.window.cursor[0])

    def file(self) -> str:
        return Path(self.nvim.api.current.buffer.name).name

    def shown(self) -> str:
        return " ".join(self.nvim.caption())

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def seen(self) -> str:
        return f"{self.transcript()[-8:]}, {self.nvim.caption()}, {self.nvim.notes()[-3:]}"

    def transcript(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self.nvim.lua("return require('duologue.transcript').list()")
        return lines


def test_a_working_session_without_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require_sound_server()
    folder, recorded = project(tmp_path / "project"), tmp_path / "recorded"
    with SoundServer(tmp_path / "sound") as sound, sound.speaking(room(900.0)):
        names = ("HOME", "XDG_RUNTIME_DIR", "PULSE_SERVER")
        nvim = TerminalNeovim(tmp_path / "nvim", **{name: sound.environment[name] for name in names})
        nvim.cmd = [str(duologue()), "lsp", "--record", str(recorded)]
        try:
            nvim.api.command("set hidden autoread")
            nvim.lua(SAVES)
            run = f"PYTHONPATH=src {sys.executable} -m pytest -q tests/test_parser.py; echo $? > {ENDED}"
            nvim.lua(RUNS, run, str(folder))
            nvim.setup(settings={"unpromptedPerHour": 0})
            nvim.api.command(f"edit {folder / PARSER}")
            nvim.api.command(f"edit {folder / TESTS}")
            nvim.api.command("Duologue start")
            ready = "return require('duologue').state().voice"
            until("the voice", lambda: nvim.lua(ready) == "ready", nvim.notes, PATIENCE_S)
            time.sleep(2.0)
            told = work(Session(NeovimEyes(nvim), folder, sound))
        finally:
            nvim.close()
    kinds = {event.kind for event in read_session(recorded).events}
    assert {"open", "change", "cursor"} <= kinds
    assert "keys" not in kinds, "nobody touched one"
    assert (recorded / "mic.wav").stat().st_size > 16_000 * 2 * 30
    with capsys.disabled():
        print(f"\nNeovim: {told}")
