"""What the Neovim plugin shows: statusline, captions, suggestions; in a real Neovim, its server played by the test."""

from typing import Any

import pytest

from editors.neovim import READY, Neovim, line, offer


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ({"voice": "off"}, "○ off"),
        ({"voice": "loading"}, "… loading"),
        ({"voice": "restarting"}, "… restarting"),
        (READY, "◉ listening"),
        ({**READY, "user": "speaking"}, "◉ hearing you"),
        ({**READY, "partner": "speaking"}, "▶ speaking"),
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
def test_statusline(nvim: Neovim, state: dict[str, Any], shown: str) -> None:
    line = nvim.lua(
        'local status = require("duologue.status"); status.set(...); return require("duologue").statusline()',
        state,
    )
    assert line == shown


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
def test_captions_fit_the_width(nvim: Neovim, text: str, rows: list[str]) -> None:
    drawn = nvim.lua("local text = ...; return (require('duologue.layout').draw(text, 10, 4))", [line(text)])
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


def test_a_suggestion_stands_at_its_line_until_its_outcome(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\ntwo\nthree\n")
    shown = offer(uri=path.as_uri(), line=2)
    nvim.push("duologue/offer", shown)
    mark = nvim.until("a mark", lambda: nvim.marks("offers"))[0]
    assert mark[1] == 2
    assert mark[3]["virt_text"] == [["  ◆ totl is not defined", "DuologueOffer"]]

    nvim.api.command("1delete")
    nvim.push("duologue/offer", {**shown, "outcome": "spoken"})
    nvim.state(**READY, seq=1)
    assert [m[1] for m in nvim.marks("offers")] == [1]

    nvim.push("duologue/offer", {**shown, "outcome": "dismissed"})
    nvim.until("no mark", lambda: not nvim.marks("offers"))


def test_a_suggestion_waits_for_its_file_and_for_nowhere(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "one\n")
    uri = (nvim.folder / "b.py").as_uri()
    nvim.push("duologue/offer", offer(id="nowhere"))
    nvim.push("duologue/offer", offer(uri=uri, line=99))
    nvim.edit("b.py", "one\ntwo\n")
    assert [m[1] for m in nvim.until("a mark", lambda: nvim.marks("offers"))] == [1]
