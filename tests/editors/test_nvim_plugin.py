"""What the Neovim plugin sends and answers, in a real Neovim; a stub server writes down all that it gets."""

import subprocess

from editors.neovim import READY, Neovim, line


def press(nvim: Neovim, keys: str, method: str) -> None:
    """Types `keys`, and waits for the one message of `method` that they cause."""
    before = len(nvim.messages(method))
    nvim.api.input(keys)
    nvim.until(f"{method} for {keys}", lambda: len(nvim.messages(method)) == before + 1)


# Opening files


def test_setup_starts_one_server_for_all_buffers_and_roots(nvim: Neovim) -> None:
    nvim.setup(settings={"speed": 1.25})
    first = nvim.edit("one/a.py", "x = 1\n")
    nvim.edit("two/b.rs", "fn main() {}\n")
    nvim.edit("one/notes", "no file type\n")

    assert len(nvim.messages("initialize")) == 1
    opened = nvim.messages("textDocument/didOpen")
    assert [m["params"]["textDocument"]["languageId"] for m in opened] == ["python", "rust", ""]
    assert opened[0]["params"]["textDocument"]["text"] == "x = 1\n"
    hello = nvim.sent("initialize")
    assert hello["capabilities"]["general"]["positionEncodings"] == ["utf-16"]
    assert hello["capabilities"]["experimental"] == {"duologue": {"version": 1}}
    assert hello["rootUri"] == first.parent.as_uri()
    added = nvim.sent("workspace/didChangeWorkspaceFolders")["event"]["added"]
    assert [folder["uri"] for folder in added] == [first.parent.with_name("two").as_uri()]
    assert nvim.sent("workspace/didChangeConfiguration")["settings"] == {"duologue": {"speed": 1.25}}
    pulled = nvim.until("settings", lambda: [m for m in nvim.messages() if m.get("id") == "settings"])
    assert pulled[0]["result"] == [{"speed": 1.25}]


def test_files_opened_before_setup_are_shown_and_nameless_ones_are_not(nvim: Neovim) -> None:
    nvim.edit_unseen("early.py")
    nvim.api.command("new")
    nvim.setup()
    nvim.sent("textDocument/didOpen")
    nvim.api.command("help help")
    nvim.edit("late.py", "y = 2\n")
    assert [m["params"]["textDocument"]["uri"][-8:] for m in nvim.messages("textDocument/didOpen")] == [
        "early.py",
        "/late.py",
    ]


def test_filetypes_narrow_what_is_shown(nvim: Neovim) -> None:
    nvim.setup(filetypes=["python"])
    nvim.edit_unseen("b.rs")
    nvim.edit("a.py", "x = 1\n")
    assert len(nvim.messages("textDocument/didOpen")) == 1


def test_every_change_is_sent_at_once(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.api.input("i")
    for key in "world":
        press(nvim, key, "textDocument/didChange")
    typed = [m["params"]["contentChanges"][0]["text"] for m in nvim.messages("textDocument/didChange")]
    assert typed == list("world")


# Fingers, cursor, diagnostics


def test_keys_are_told_only_while_the_voice_is_started_and_without_content(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "x = 1\n")
    nvim.api.input("ll")
    nvim.state(**READY, seq=1)
    nvim.api.input("i" + "a" * 199)
    nvim.until("200 keys", lambda: sum(m["params"]["keys"] for m in nvim.messages("duologue/activity")) == 200)
    activity = [m["params"] for m in nvim.messages("duologue/activity")]
    assert activity[0] == {"keys": 1, "selecting": False}
    assert len(activity) < 100

    nvim.api.input("<Esc>")
    nvim.state(voice="off", microphone="off", seq=2)
    before = len(nvim.messages("duologue/activity"))
    nvim.api.input("hhh")
    nvim.edit("b.py", "")
    assert len(nvim.messages("duologue/activity")) == before


def test_every_kind_of_key_counts(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "x y\n")
    nvim.api.command("inoremap jk <Esc>")
    nvim.state(**READY, seq=1)
    for keys in ("i", "jk", "<F5>", "<C-l>", "é", ":", "<Up>", "<C-c>", "<Esc>"):
        press(nvim, keys, "duologue/activity")
        assert nvim.messages("duologue/activity")[-1]["params"]["keys"] == 1


def test_the_first_key_is_told_before_its_change(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "x\n")
    nvim.state(**READY, seq=1)
    nvim.api.input("x")
    nvim.sent("textDocument/didChange")
    methods = [m.get("method") for m in nvim.messages()]
    assert methods.index("duologue/activity") < methods.index("textDocument/didChange")


def test_what_no_finger_pressed_is_not_a_key(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "x\n")
    nvim.state(**READY, seq=1)
    nvim.push("duologue/transcript", line("Line one is fine."))
    nvim.until("a caption", nvim.caption)
    nvim.lua('vim.cmd.normal({ "l", bang = true }); vim.api.nvim_feedkeys("h", "nx", false)')
    nvim.lua(
        'vim.o.mouse = "a"; vim.o.updatetime = 1; vim.api.nvim_create_autocmd("CursorHold", { command = "let g:h=1" })'
    )
    nvim.api.input("<LeftMouse><0,0><LeftDrag><1,0><LeftRelease><1,0><ScrollWheelDown><0,0>")
    nvim.until("a rest", lambda: nvim.lua("return vim.g.h == 1"))
    nvim.edit("b.py", "")
    assert not nvim.messages("duologue/activity")


def test_a_selection_and_the_focus_are_told(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "one two\n")
    nvim.state(**READY, seq=1)
    nvim.api.input("v")
    nvim.api.input("e")
    nvim.sent("duologue/activity", lambda p: p.get("selecting") is True)
    nvim.api.command("doautocmd FocusLost")
    nvim.sent("duologue/activity", lambda p: p == {"focused": False})
    nvim.api.command("doautocmd FocusGained")
    nvim.sent("duologue/activity", lambda p: p == {"focused": True})


def test_the_cursor_is_told_in_utf_16(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "first\n'𝄞é' x\n")
    nvim.api.input("jfx")
    cursor = nvim.sent("duologue/context", lambda p: p.get("cursor", {}).get("position", {}).get("line") == 1)
    nvim.sent("duologue/context", lambda p: p["cursor"]["position"] == {"line": 1, "character": 6})
    assert cursor["visibleRanges"]["ranges"] == [
        {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
    ]
    assert cursor["cursor"]["uri"] == path.as_uri()


def test_diagnostics_of_others_are_told_and_our_own_are_not(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "'é' + totl\n")
    publish = """
        local name, text = ...
        vim.diagnostic.set(vim.api.nvim_create_namespace(name), 0, { {
          lnum = 0, col = 7, end_lnum = 0, end_col = 11, severity = 1, message = text, source = "pyright", code = "E1",
        } })
    """
    nvim.lua(publish, "vim.lsp.duologue.1", "ours")
    nvim.lua(publish, "vim.lsp.pyright.2", "totl is not defined")
    told = nvim.sent("duologue/context", lambda p: len(p.get("diagnostics", {}).get("items", [])) > 0)
    assert told["diagnostics"]["uri"] == path.as_uri()
    assert told["diagnostics"]["items"] == [
        {
            "range": {"start": {"line": 0, "character": 6}, "end": {"line": 0, "character": 10}},
            "severity": 1,
            "message": "totl is not defined",
            "source": "pyright",
            "code": "E1",
        }
    ]
    nvim.lua("vim.diagnostic.reset(vim.api.nvim_create_namespace('vim.lsp.pyright.2'))")
    heard = len(nvim.messages("duologue/context"))
    nvim.until("an empty list", lambda: nvim.messages("duologue/context")[heard - 1 :][-1]["params"])
    nvim.sent("duologue/context", lambda p: p.get("diagnostics", {}).get("items") == [])


def test_a_test_program_in_a_terminal_is_told_by_how_it_ended(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    (nvim.folder / "pytest").write_text("#!/bin/sh\necho FAILED test_a.py::test_total\nexit $1\n")
    (nvim.folder / "pytest").chmod(0o755)
    nvim.api.command(f"terminal {nvim.folder}/pytest 3")
    told = nvim.sent("duologue/context", lambda p: "tests" in p)["tests"]
    assert told["failed"] == 1
    assert "pytest 3 ended with code 3\nFAILED test_a.py::test_total" in told["message"]
    nvim.api.command(f"terminal {nvim.folder}/pytest 0")
    nvim.sent("duologue/context", lambda p: p.get("tests") == {"passed": 1, "failed": 0, "message": ""})
    nvim.lua('require("duologue").tests({ passed = 41, failed = 1, message = "test_total" })')
    nvim.sent("duologue/context", lambda p: p.get("tests", {}).get("passed") == 41)


def test_commits_and_checkouts_are_told(nvim: Neovim) -> None:
    def git(*words: str) -> None:
        name = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *name, *words], cwd=nvim.folder, check=True, capture_output=True)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    nvim.setup()
    nvim.edit("a.py", "")
    git("commit", "-q", "--allow-empty", "-m", "second")
    nvim.sent("duologue/context", lambda p: p.get("git") == {"event": "commit"})
    git("checkout", "-q", "-b", "other")
    nvim.sent("duologue/context", lambda p: p.get("git") == {"event": "checkout"})
