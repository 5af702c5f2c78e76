"""Neovims with the plugin: a fresh one for a test, and one for all that only call functions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from editors.neovim import READY, Neovim
from support.sound_server import SoundServer, require_sound_server
from support.vscode_host import require_vscode


@pytest.fixture
def nvim(tmp_path: Path) -> Iterator[Neovim]:
    """Headless, with the plugin, before setup()."""
    editor = Neovim(tmp_path)
    try:
        yield editor
    finally:
        editor.close()


@pytest.fixture
def file(nvim: Neovim, request: pytest.FixtureRequest) -> Path:
    """`prices.py` with the module's `TEXT`, in a Neovim that knows a ready voice."""
    nvim.api.command("set hidden")
    nvim.setup()
    path = nvim.edit("prices.py", request.module.TEXT)
    nvim.state(**READY, seq=1)
    return path


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    """A sound server for all tests of a module with VS Code."""
    require_vscode()
    require_sound_server()
    with SoundServer(tmp_path_factory.mktemp("sound")) as server:
        yield server


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    """The same for a whole module of tests: they call functions, and leave nothing behind."""
    editor = Neovim(tmp_path_factory.mktemp("library"))
    try:
        yield editor
    finally:
        editor.close()
