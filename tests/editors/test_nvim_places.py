"""Where the Neovim plugin tells that the cursor is, where that is not plainly where it is drawn."""

from pathlib import Path
from typing import Any

from editors.neovim import Neovim

TEXT = "total = 1\n\nmean = 𝄞\n"


def show(nvim: Neovim, file: Path, line: int, character: int) -> None:
    """Has the server put the cursor there."""
    at = {"line": line, "character": character}
    shown = {"uri": file.as_uri(), "takeFocus": True, "selection": {"start": at, "end": at}}
    assert nvim.ask("window/showDocument", shown) == {"success": True}


def told(nvim: Neovim, line: int, character: int, file: Path | None = None) -> dict[str, Any]:
    """The cursor as the server has been told it last, once it is there."""
    at = {"line": line, "character": character}

    def last() -> dict[str, Any] | None:
        cursors = [m["params"]["cursor"] for m in nvim.messages("duologue/context") if "cursor" in m["params"]]
        found = bool(cursors) and cursors[-1]["position"] == at and (not file or cursors[-1]["uri"] == file.as_uri())
        return cursors[-1] if found else None

    cursor: dict[str, Any] = nvim.until(f"a cursor at {at}", last)
    return cursor


def test_behind_the_last_character_in_normal_mode_until_the_user_moves(nvim: Neovim, file: Path) -> None:
    show(nvim, file, 0, 9)
    assert nvim.api.current.window.cursor == (1, 8)
    told(nvim, 0, 9)
    nvim.api.input("h")
    told(nvim, 0, 7)
    nvim.api.input("l")
    told(nvim, 0, 8)
    show(nvim, file, 2, 9)
    told(nvim, 2, 9)
    nvim.api.input("x")
    told(nvim, 2, 6)


def test_an_empty_line_and_a_place_within_one_are_told_as_they_are(nvim: Neovim, file: Path) -> None:
    show(nvim, file, 1, 0)
    told(nvim, 1, 0)
    show(nvim, file, 0, 3)
    told(nvim, 0, 3)
    nvim.api.input("$")
    told(nvim, 0, 8)


def test_a_buffer_that_is_shown_at_the_same_line_and_column_as_the_last(nvim: Neovim, file: Path) -> None:
    other = nvim.edit("other.py", TEXT)
    told(nvim, 0, 0, other)
    nvim.api.command(f"buffer {file}")
    nvim.api.current.window.cursor = (3, 2)
    told(nvim, 2, 2, file)
    nvim.lua("vim.cmd.buffer(...) vim.api.nvim_win_set_cursor(0, { 3, 2 })", str(other))
    told(nvim, 2, 2, other)


def test_a_selection_of_one_character_ends_at_the_cursor_however_it_was_made(nvim: Neovim, file: Path) -> None:
    nvim.api.input("v")
    assert told(nvim, 0, 1)["selection"] == {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
    nvim.api.input("<Esc>")
    told(nvim, 0, 0)
    nvim.api.input("llvh")
    assert told(nvim, 0, 1)["selection"] == {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 3}}


def test_a_selection_with_the_end_of_its_last_line_is_told_with_it(nvim: Neovim, file: Path) -> None:
    lines = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
    shown = {"uri": file.as_uri(), "takeFocus": True, "selection": lines}
    assert nvim.ask("window/showDocument", shown) == {"success": True}
    assert told(nvim, 2, 0)["selection"] == lines
    nvim.api.input("<Esc>gg")
    told(nvim, 0, 0)
    nvim.api.input("v$")
    assert told(nvim, 1, 0)["selection"] == {"start": lines["start"], "end": {"line": 1, "character": 0}}
