"""One fresh Neovim a test."""

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
