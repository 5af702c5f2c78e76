"""What the Neovim plugin shows: statusline, captions, suggestions; in a real Neovim, its server played by the test."""

from typing import Any

import pytest

from editors.neovim import READY, Neovim, line


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ({"voice": "off"}, "○ off"),
        ({"voice": "loading"}, "… loading"),
        ({"voice": "restarting"}, "… restarting"),
        (READY, "◉ listening"),
        ({**READY, "user": "speaking"}, "◉ hearing you"),
        ({**READY, "microphone": "push_to_talk", "user": "speaking"}, "◉ hearing you"),
        ({**READY, "user": "speaking", "partner": "ducked"}, "▷ speaking low · ◉ hearing you"),
        ({**READY, "partner": "speaking"}, "▶ speaking"),
        ({"voice": "ready", "microphone": "elsewhere"}, "◌ in another editor"),
        ({**READY, "partner": "ducked"}, "▷ speaking low"),
        ({**READY, "health": "warning", "message": "the endpoint is slow"}, "◉ listening ⚠"),
        ({"voice": "ready", "microphone": "muted"}, "◌ muted"),
        ({"voice": "ready", "microphone": "muted", "partner": "speaking"}, "▶ speaking · ◌ muted"),
        ({"voice": "ready", "microphone": "absent", "health": "error"}, "✗ no microphone"),
        (
            {"voice": "failed", "health": "error", "message": "hibari-tts is at 80%; install it"},
            "✗ no voice: hibari-tts is at 80 percent",
        ),
    ],
)
def test_statusline(library: Neovim, state: dict[str, Any], shown: str) -> None:
    line = library.lua(
        """
        require("duologue.status").without("")
        require("duologue.status").set(...)
        return require("duologue").statusline()
        """,
        state,
    )
    assert line == shown


@pytest.mark.parametrize(
    ("state", "group"),
    [
        ({"voice": "off"}, "Quiet"),
        (READY, "Live"),
        ({"voice": "ready", "microphone": "muted"}, "Quiet"),
        ({"voice": "ready", "microphone": "muted", "partner": "speaking"}, "Live"),
        ({**READY, "health": "warning"}, "Warning"),
        ({"voice": "failed"}, "Error"),
    ],
)
def test_the_statusline_in_colour(nvim: Neovim, state: dict[str, Any], group: str) -> None:
    nvim.setup()
    nvim.lua('require("duologue.status").set(...)', state)
    nvim.api.options["statusline"] = "%{%v:lua.require'duologue'.statusline(v:true)%}"
    nvim.lua("vim.g.actual_curwin = tostring(vim.api.nvim_get_current_win())")  # as Neovim does while it draws
    drawn = nvim.lua("return vim.api.nvim_eval_statusline(vim.o.statusline, { highlights = true })")
    assert drawn["str"] == nvim.lua('return require("duologue").statusline()')
    assert drawn["highlights"][0]["groups"][-1] == f"DuologueStatus{group}"
    assert nvim.lua('return require("duologue").statusline_group()') == f"DuologueStatus{group}"


def test_state_is_announced_and_an_old_one_is_ignored(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.state(**READY, seq=5)
    nvim.push("duologue/state", {"voice": "loading", "seq": 4})
    nvim.state(**READY, partner="speaking", seq=6)
    assert nvim.lua("return seen.states") == ["ready", "ready"]


def test_captions_grow_in_place_and_leave_the_fingers_alone(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "x = 1\n")
    window = nvim.lua("return vim.api.nvim_get_current_win()")
    nvim.api.input("i")
    nvim.push("duologue/transcript", line("what is", id="u", role="user", final=False))
    nvim.until("the partial", lambda: nvim.caption() == [" you  what is …"])
    nvim.push("duologue/transcript", line("what is wrong", id="u", role="user"))
    nvim.push("duologue/transcript", line("Line one is fine.", id="p"))
    nvim.until("both", lambda: nvim.caption() == [" you  what is wrong", "  ◆   Line one is fine."])
    assert nvim.lua("return vim.api.nvim_get_current_win()") == window
    assert nvim.api.funcs.mode() == "i"
    assert {m[3]["hl_group"] for m in nvim.marks("captions", bufnr_of_caption(nvim))} == {
        "DuologueUser",
        "DuologuePartner",
    }


def bufnr_of_caption(nvim: Neovim) -> int:
    """The buffer in the caption window."""
    bufnr: int = nvim.lua(
        """
        for _, win in ipairs(vim.api.nvim_list_wins()) do
          if vim.api.nvim_win_get_config(win).relative ~= "" then
            return vim.api.nvim_win_get_buf(win)
          end
        end
        """
    )
    return bufnr


def test_what_was_not_heard_is_dim(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "x = 1\n")
    text = "Größe is used in line four before it is defined, and again in line nine, so I would move it up."
    heard = "Größe is used in line four before it is defined, and again in line"
    nvim.push("duologue/transcript", line(text, heardUpTo=len(heard), cause="key"))
    nvim.until("a caption", nvim.caption)
    rows = nvim.caption()
    dim = [
        rows[row].encode()[column : details["end_col"]].decode()
        for _, row, column, details in nvim.marks("captions", bufnr_of_caption(nvim))
        if details["hl_group"] == "DuologueUnheard"
    ]
    assert " ".join(dim) == text[len(heard) :].strip()
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", ["  ◆   "]),
        ("one two\nthree  four", ["  ◆   one two", "      three four"]),
        ("a_very_long_identifier", ["  ◆   a_very_lon", "      g_identifi", "      er"]),
        ("日本語日本語 ok", ["  ◆   日本語日本", "      語 ok"]),
        ("1 2 3 4 5 " * 5, ["      1 2 3 4 5"] * 4),
    ],
)
def test_captions_fit_the_width(library: Neovim, text: str, rows: list[str]) -> None:
    drawn = library.lua("local text = ...; return (require('duologue.layout').draw(text, 10, 4))", [line(text)])
    assert drawn == rows


@pytest.mark.parametrize(
    ("heard", "rows"),
    [
        (0, ["  ◆   row a", "      row b", "      row c"]),
        (5, ["  ◆   row a", "      row b", "      row c"]),
        (11, ["  ◆   row a", "      row b", "      row c"]),
        (17, ["      row b", "      row c", "      row d"]),
        (23, ["      row c", "      row d", "      row e"]),
        (29, ["      row c", "      row d", "      row e"]),
        (None, ["      row c", "      row d", "      row e"]),
    ],
)
def test_captions_scroll_with_the_voice_one_row_ahead(library: Neovim, heard: int | None, rows: list[str]) -> None:
    said = line("row a row b row c row d row e", final=False, heardUpTo=heard)
    drawn = library.lua("local said = ...; return (require('duologue.layout').draw(said, 6, 3))", [said])
    assert drawn == rows


def test_captions_go_away_once_nobody_speaks(nvim: Neovim) -> None:
    nvim.setup(captions={"timeout_ms": 1})
    nvim.edit("a.py", "x = 1\n")
    nvim.state(**READY, partner="speaking", seq=1)
    nvim.push("duologue/transcript", line("Still talking."))
    nvim.until("a caption", nvim.caption)
    for seq in range(2, 6):
        nvim.state(**READY, partner="ducked", seq=seq)
    assert nvim.caption()
    nvim.state(**READY, seq=6)
    nvim.until("no caption", lambda: not nvim.caption())


@pytest.mark.parametrize(
    ("position", "at_end", "corner"),
    [
        ("bottom", False, (19, 21)),
        ("bottom", True, (0, 21)),
        ("bottom_right", False, (19, 42)),
        ("top_right", False, (0, 42)),
    ],
)
def test_captions_make_way_for_the_cursor(nvim: Neovim, position: str, at_end: bool, corner: tuple[int, int]) -> None:
    nvim.setup(captions={"position": position})
    nvim.edit("a.py", f"{'x' * 40}\n" * 22)
    nvim.api.command("normal! G$" if at_end else "normal! gg0")
    nvim.push("duologue/transcript", line("Short."))
    nvim.until("a caption", nvim.caption)
    config = nvim.lua("return vim.api.nvim_win_get_config(vim.fn.win_getid(vim.fn.winnr('$')))")
    assert config["focusable"] is False
    assert (config["row"], config["col"]) == corner


def test_captions_can_be_off_and_survive_the_command_line_window(nvim: Neovim) -> None:
    nvim.setup(captions=False)
    nvim.edit("a.py", "x = 1\n")
    nvim.push("duologue/transcript", line("Nobody reads this."))
    nvim.state(**READY, seq=1)
    assert nvim.caption() == []

    nvim.setup(captions=True)
    nvim.api.input("q:")
    nvim.push("duologue/transcript", line("Shown later."))
    nvim.state(**READY, seq=2)
    assert nvim.caption() == []
    nvim.api.input(":q<CR>")
    nvim.push("duologue/transcript", line("Shown now."))
    nvim.until("a caption", lambda: nvim.caption() == ["  ◆   Shown now."])
