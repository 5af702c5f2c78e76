"""What a person sees: screens of a real Neovim, written to `build/nvim` as text and as pictures."""

from collections.abc import Iterator
from typing import Any

import pytest

from editors.neovim import READY, Neovim, line, offer
from editors.screen import Screen

CODE = '''def total(prices, vat):
    """The sum with tax."""
    result = 0.0
    for price in prices:
        result += price * (1 + vat)
    return resutl


def mean(prices):
    return total(prices, 0.0) / len(prices)
'''
PROBLEM = "In total, line 6: undefined name resutl."
STATUSLINE = " %t %m%=%{%v:lua.require'duologue'.statusline(v:true)%}   %l:%c "


@pytest.fixture
def screen(nvim: Neovim) -> Iterator[Screen]:
    nvim.api.command("colorscheme default | set termguicolors number laststatus=2 noruler noshowcmd shortmess+=F")
    nvim.api.options["statusline"] = STATUSLINE
    shown = Screen(nvim)
    yield shown
    shown.close()


def begin(nvim: Neovim, **options: Any) -> str:
    """Opens the file and starts; its URI."""
    nvim.setup(**options)
    path = nvim.edit("prices.py", CODE)
    nvim.api.command("syntax enable | normal! 3G")
    nvim.state(**READY, seq=1)
    return path.as_uri()


def talk(nvim: Neovim, heard: int, **fields: Any) -> None:
    """A question, and an answer of which so much has been heard."""
    nvim.push("duologue/transcript", line("What is wrong here?", id="u", role="user"))
    nvim.push("duologue/transcript", line(PROBLEM, id="p", **{"final": False, "heardUpTo": heard, **fields}))


def has(nvim: Neovim, screen: Screen, words: str) -> None:
    nvim.until(words, lambda: any(words in row for row in screen.text()))


@pytest.mark.parametrize("background", ["dark", "light"])
def test_captions_and_a_suggestion_beside_the_code(nvim: Neovim, screen: Screen, background: str) -> None:
    nvim.api.options["background"] = background
    uri = begin(nvim)
    nvim.push("duologue/offer", offer(uri=uri, line=5, text=PROBLEM, channel="cue", fix="Replace resutl by result"))
    talk(nvim, PROBLEM.index("undefined"))
    nvim.state(**READY, partner="speaking", seq=2)
    has(nvim, screen, "◆   In total, line 6")
    screen.shot(f"speaking-{background}")
    rows = screen.text()
    assert any("return resutl" in row and "◆ In total" in row and "✎ Replace" in row for row in rows)
    assert "▶ speaking" in rows[-2]
    assert any("╭ ▶ speaking ─" in row for row in rows)
    for row in (5, -2, *(n for n, text in enumerate(rows) if "╭" in text or "│" in text)):
        assert screen.least_contrast(row) >= 4.5, rows[row]


def test_what_was_cut_off_stays_dim_and_the_transcript_says_it_in_words(nvim: Neovim, screen: Screen) -> None:
    begin(nvim)
    talk(nvim, PROBLEM.index("undefined"), final=True, cause="key")
    has(nvim, screen, "undefined name")
    screen.shot("cut-off")
    nvim.api.command("Duologue transcript")
    nvim.until("it in words", lambda: "(silenced by a key after “In total, line 6:”)" in " ".join(screen.text()))
    nvim.push("duologue/transcript", line("Never mind.", id="v", role="user"))
    has(nvim, screen, "You: Never mind.")
    screen.shot("transcript")


def test_a_mark_is_quiet(nvim: Neovim, screen: Screen) -> None:
    uri = begin(nvim)
    nvim.push("duologue/offer", offer(uri=uri, line=5, text=PROBLEM, channel="mark"))
    has(nvim, screen, "◆ In total")
    screen.shot("mark")
    assert screen.least_contrast(5) >= 4.5


def test_a_spoken_command_is_asked_about_before_it_is_done(nvim: Neovim, screen: Screen) -> None:
    uri = begin(nvim)
    nvim.push("duologue/transcript", line("Delete the function mean.", id="u", role="user"))
    lines = {"start": {"line": 8, "character": 0}, "end": {"line": 10, "character": 0}}
    question = "Delete two lines, the function mean?"
    nvim.push("duologue/preview", {"uri": uri, "ranges": [lines], "caption": "delete mean", "question": question})
    has(nvim, screen, f"?   {question}")
    screen.shot("asked")
    for row in (8, 9, *(n for n, text in enumerate(screen.text()) if "│" in text)):
        assert screen.least_contrast(row) >= 4.5, screen.text()[row]


def test_the_edit_is_shown_for_a_moment(nvim: Neovim, screen: Screen) -> None:
    uri = begin(nvim)
    span = {"start": {"line": 5, "character": 11}, "end": {"line": 5, "character": 17}}
    edit = {"changes": {uri: [{"range": span, "newText": "result"}]}}
    nvim.ask("workspace/applyEdit", {"label": "Replace resutl by result", "edit": edit})
    has(nvim, screen, "return result")
    screen.shot("edited")


def test_the_menu(nvim: Neovim, screen: Screen) -> None:
    begin(nvim)
    nvim.lua("vim.schedule(function() vim.cmd.Duologue() end)")
    has(nvim, screen, "Why did you say that?")
    screen.shot("menu")
    nvim.api.input("q<CR>")


def test_the_health_page(nvim: Neovim, screen: Screen) -> None:
    begin(nvim)
    nvim.api.command("checkhealth duologue | only")
    has(nvim, screen, "voice ready")
    screen.shot("health")
