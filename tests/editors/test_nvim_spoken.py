"""Spoken commands in the Neovim plugin: what only the editor can do, what is lit up, and where the cursor goes."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from editors.neovim import READY, Neovim, line

PAGE = (Path(__file__).parents[2] / "editors" / "PROTOCOL.md").read_text(encoding="utf-8")
TEXT = "def total(prices):\n    return sum('𝄞é', prices)\n\n\ndef mean(prices):\n    return total(prices)\n"


def perform(nvim: Neovim, name: str, argument: str = "") -> tuple[bool, str]:
    """Has the server ask for it; what the plugin answers."""
    answer = nvim.ask("duologue/clientCommand", {"name": name, "argument": argument})
    return answer["ok"], answer["message"]


def span(line: int, first: int, end_line: int, last: int) -> dict[str, Any]:
    return {"start": {"line": line, "character": first}, "end": {"line": end_line, "character": last}}


def test_every_command_of_the_protocol_is_known(nvim: Neovim) -> None:
    section = PAGE[PAGE.index("### `duologue/clientCommand`") : PAGE.index("### Offers in plain LSP")]
    block = section[section.index("`back`") : section.index("**Without it**")]
    known = nvim.lua('return vim.tbl_keys(require("duologue.actions").actions)')
    assert set(re.findall(r"`(\w+)`", block)) == set(known)


def test_windows_and_buffers(nvim: Neovim, file: Path) -> None:
    assert perform(nvim, "splitRight") == (True, "")
    assert perform(nvim, "splitDown") == (True, "")
    assert len(nvim.api.windows) == 3
    perform(nvim, "closeWindow")
    perform(nvim, "closeOthers")
    assert len(nvim.api.windows) == 1
    nvim.edit("mean.py", "x = 1\n")
    assert perform(nvim, "buffer", "Prices.py") == (True, "")
    assert nvim.api.current.buffer.name == str(file)
    assert perform(nvim, "openFile", "mean dot pie")[0] is False
    assert perform(nvim, "openFile", "mean.py") == (True, "")


def test_a_file_that_is_not_open_is_found_below_the_root(nvim: Neovim, file: Path) -> None:
    (nvim.folder / ".git").mkdir()
    (nvim.folder / "deep").mkdir()
    (nvim.folder / "deep" / "tax.py").write_text("")
    assert perform(nvim, "openFile", "tax.py") == (True, "")
    assert nvim.api.current.buffer.name.endswith("deep/tax.py")


def test_finding_and_moving_through_the_text(nvim: Neovim, file: Path) -> None:
    assert perform(nvim, "find", "Total") == (True, "")
    assert nvim.api.current.window.cursor == (1, 4)
    assert perform(nvim, "nextMatch") == (True, "")
    assert nvim.api.current.window.cursor == (6, 11)
    assert perform(nvim, "previousMatch") == (True, "")
    assert nvim.api.current.window.cursor == (1, 4)
    assert perform(nvim, "find", "nowhere") == (False, "'nowhere' is not in this file")
    nvim.api.command("normal! G")
    assert perform(nvim, "back")[0]
    assert perform(nvim, "forward")[0]


def test_save_and_what_cannot_be_saved_or_folded(nvim: Neovim, file: Path) -> None:
    nvim.api.command("normal! x")
    assert perform(nvim, "save") == (True, "")
    assert file.read_text().startswith("ef total")
    ok, why = perform(nvim, "fold")
    assert (ok, why) == (False, "E490: No fold found")
    nvim.api.command("enew")
    ok, why = perform(nvim, "save")
    assert not ok
    assert why.startswith("E32: No file name")


def test_commit(nvim: Neovim, file: Path) -> None:
    def git(*words: str) -> str:
        name = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        done = subprocess.run(["git", *name, *words], cwd=nvim.folder, check=True, capture_output=True, text=True)
        return done.stdout

    assert perform(nvim, "commit", "Add a guard") == (False, "this file is in no git repository")
    git("init", "-q")
    git("config", "user.name", "Ada")
    git("config", "user.email", "ada@example.org")
    git("add", "prices.py")
    assert perform(nvim, "commit", "Add a guard") == (True, "")
    assert git("log", "--format=%s") == "Add a guard\n"


def test_what_needs_a_plugin_that_is_not_here_says_so_and_one_that_is_here_is_used(nvim: Neovim, file: Path) -> None:
    assert perform(nvim, "runTests") == (False, "there is no plugin here that can run tests")
    assert perform(nvim, "breakpoint") == (False, "there is no plugin here that can debug")
    nvim.lua("package.loaded.dap = { toggle_breakpoint = function() seen.stopped = true end }")
    assert perform(nvim, "breakpoint") == (True, "")
    assert nvim.lua("return seen.stopped")
    nvim.api.command("command TestNearest let g:tested = 1")
    assert perform(nvim, "runThisTest") == (True, "")
    assert nvim.lua("return vim.g.tested") == 1


def test_a_command_of_the_users_own(nvim: Neovim, file: Path) -> None:
    assert perform(nvim, "Sing", "loud") == (False, "Neovim has nothing for 'Sing'")
    nvim.api.command("command -nargs=1 Sing let g:sung = <q-args>")
    assert perform(nvim, ":Sing", "loud") == (True, "")
    assert nvim.lua("return vim.g.sung") == "loud"


def test_what_can_be_said_is_shown_beside_the_code(nvim: Neovim, file: Path) -> None:
    assert perform(nvim, "cheatSheet", "go to line five\nundo that") == (True, "")
    assert perform(nvim, "cheatSheet", "go to line five\nundo that\nsave") == (True, "")
    assert nvim.api.current.buffer.name == str(file)
    (sheet,) = [window.buffer for window in nvim.api.windows if "duologue-commands:" in window.buffer.name]
    assert sheet[:] == ["go to line five", "undo that", "save"]


def test_what_a_command_is_about_lights_up_and_is_told(nvim: Neovim, file: Path) -> None:
    preview = {"uri": file.as_uri(), "caption": "delete the second argument", "question": ""}
    nvim.push("duologue/preview", {**preview, "ranges": [span(1, 20, 1, 26)]})
    nvim.until("the caption", lambda: nvim.caption() == ["  ▸   delete the second argument"])
    ((_, row, byte, details),) = nvim.marks("previews")
    assert TEXT.splitlines()[row].encode()[byte : details["end_col"]].decode() == ", pric"
    nvim.until("no caption", lambda: not nvim.caption())
    assert not nvim.marks("previews")


def test_a_question_stays_until_it_is_answered(nvim: Neovim, file: Path) -> None:
    nvim.setup(captions={"timeout_ms": 1})
    nvim.push("duologue/transcript", line("Delete the file?"))
    asked = {"uri": file.as_uri(), "ranges": [span(0, 0, 6, 0)], "caption": "delete all", "question": "Delete all?"}
    nvim.push("duologue/preview", asked)
    nvim.until("the question", lambda: nvim.caption()[-1:] == ["  ?   Delete all?"])
    for seq in range(2, 6):
        nvim.state(**READY, seq=seq)
    assert nvim.marks("previews")
    assert nvim.caption()[-1] == "  ?   Delete all?"
    nvim.push("duologue/preview", {"uri": "", "ranges": [], "caption": "", "question": ""})
    nvim.until("nothing", lambda: not nvim.caption() and not nvim.marks("previews"))


@pytest.mark.parametrize("insert", [False, True])
def test_a_selection_is_shown_and_told(nvim: Neovim, file: Path, insert: bool) -> None:
    if insert:
        nvim.api.input("i")
    # counted in UTF-16: the clef is two
    shown = {"uri": file.as_uri(), "takeFocus": True, "selection": span(1, 15, 1, 20)}
    assert nvim.ask("window/showDocument", shown) == {"success": True}
    nvim.until("visual mode", lambda: nvim.api.funcs.mode() == "v")
    nvim.sent("duologue/context", lambda p: p.get("cursor", {}).get("selection") == span(1, 15, 1, 20))
    nvim.api.command('normal! "ay')
    assert nvim.api.funcs.getreg("a") == "'𝄞é'"


def test_whole_lines_and_a_bare_place(nvim: Neovim, file: Path) -> None:
    nvim.ask("window/showDocument", {"uri": file.as_uri(), "selection": span(0, 0, 2, 0)})
    nvim.api.command('normal! "ay')
    assert nvim.api.funcs.getreg("a") == "".join(TEXT.splitlines(keepends=True)[:2])
    nvim.ask("window/showDocument", {"uri": file.as_uri(), "selection": span(4, 4, 4, 4)})
    assert nvim.api.funcs.mode() == "n"
    assert nvim.api.current.window.cursor == (5, 4)


def test_a_selection_by_line_is_told_as_lines(nvim: Neovim, file: Path) -> None:
    nvim.api.input("jVj")
    nvim.sent("duologue/context", lambda p: p.get("cursor", {}).get("selection") == span(1, 0, 3, 0))
    nvim.api.input("<Esc>")
    nvim.until(
        "none any more",
        lambda: "selection" not in nvim.messages("duologue/context")[-1]["params"].get("cursor", {"selection": 1}),
    )
