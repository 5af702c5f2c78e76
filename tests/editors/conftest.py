"""Neovims with the plugin: a fresh one for a test, and one for all that only call functions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from editors.neovim import Neovim


@pytest.fixture
def nvim(tmp_path: Path) -> Iterator[Neovim]:
    """Headless, with the plugin, before setup()."""
    editor = Neovim(tmp_path)
    try:
        yield editor
    finally:
        editor.close()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    """The same for a whole module of tests: they call functions, and leave nothing behind."""
    editor = Neovim(tmp_path_factory.mktemp("library"))
    try:
        yield editor
    finally:
        editor.close()
