"""What the Neovim plugin sends and answers, in a real Neovim; a stub server writes down all that it gets."""

import subprocess
from typing import Any

import pytest

from duologue_server.protocol import VERBS
from editors.neovim import READY, Neovim, line, offer


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


# Verbs


@pytest.mark.parametrize(
    ("typed", "command", "arguments"),
    [
        ("stop", "stop", {}),
        ("mute", "mute", {}),
        ("unmute", "unmute", {}),
        ("toggle-mute", "mute", {}),
        ("sleep", "sleep", {}),
        ("wake", "wake", {}),
        ("snooze", "snooze", {"minutes": 10}),
        ("snooze 25", "snooze", {"minutes": 25}),
        ("repeat", "repeat", {}),
        ("why", "why", {}),
        ("dismiss", "dismiss", {}),
        ("dismiss forever", "dismiss", {"forever": True}),
        ("talk down", "pushToTalk", {"down": True}),
        ("talk up", "pushToTalk", {"down": False}),
    ],
)
def test_commands(nvim: Neovim, typed: str, command: str, arguments: dict[str, Any]) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.api.command(f"Duologue {typed}")
    assert nvim.sent("workspace/executeCommand") == {"command": f"duologue.{command}", "arguments": [arguments]}


def test_start_needs_neither_setup_nor_a_file(nvim: Neovim) -> None:
    nvim.lua('require("duologue.config").defaults.cmd = ...', nvim.cmd)
    nvim.api.command("Duologue start")
    nvim.sent("workspace/executeCommand", lambda p: p == {"command": "duologue.start", "arguments": [{}]})
    assert [m["method"] for m in nvim.messages() if "method" in m][:2] == ["initialize", "initialized"]
    assert not nvim.messages("textDocument/didOpen")


def test_start_without_a_server_is_told_once(nvim: Neovim) -> None:
    nvim.lua('require("duologue.config").defaults.cmd = { "no-such-duologue", "lsp" }')
    nvim.edit_unseen("a.py")
    nvim.api.command("Duologue start")
    nvim.noted("cannot find the command")
    assert len(nvim.notes()) == 1


def test_accept_names_the_suggestion_at_the_cursor_and_a_refusal_is_told(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\ntwo\n")
    nvim.api.command("Duologue accept")
    nvim.sent("workspace/executeCommand", lambda p: p["arguments"] == [{}])
    nvim.noted("there is nothing to accept")
    nvim.push("duologue/offer", offer(uri=path.as_uri(), line=1))
    nvim.push("duologue/offer", offer(id="newest", uri=path.as_uri(), line=0))
    nvim.until("both marks", lambda: len(nvim.marks("offers")) == 2)
    nvim.api.command("2 | Duologue accept")
    nvim.sent("workspace/executeCommand", lambda p: p["arguments"] == [{"id": "o1"}])
    nvim.push("duologue/offer", offer(uri=path.as_uri(), line=1, outcome="dropped"))
    nvim.until("one mark", lambda: len(nvim.marks("offers")) == 1)
    nvim.api.command("Duologue dismiss")
    nvim.sent("workspace/executeCommand", lambda p: p["arguments"] == [{"id": "newest"}])


def talked(nvim: Neovim) -> list[bool]:
    """What the server was told of push-to-talk."""
    asked = [m["params"] for m in nvim.messages("workspace/executeCommand")]
    return [p["arguments"][0]["down"] for p in asked if p["command"] == "duologue.pushToTalk"]


def test_push_to_talk_by_tapping_a_key(nvim: Neovim) -> None:
    nvim.setup(keymaps={"talk": "<F9>"})
    nvim.edit("a.py", "")
    nvim.state(voice="ready", microphone="push_to_talk", seq=1)
    statusline = 'return require("duologue").statusline()'
    assert nvim.lua(statusline) == "◍ push to talk"
    nvim.api.input("i<F9>")
    nvim.until("down", lambda: talked(nvim) == [True])
    assert nvim.lua(statusline) == "◉ talk now"
    nvim.api.input("<F9>")
    nvim.until("up", lambda: talked(nvim) == [True, False])
    assert nvim.lua(statusline) == "◍ push to talk"
    assert nvim.api.funcs.mode() == "i"


def test_push_to_talk_by_holding_a_key_ends_when_its_repeats_do(nvim: Neovim) -> None:
    nvim.setup(keymaps={"talk": "<F9>"})
    nvim.edit("a.py", "")
    nvim.state(voice="ready", microphone="push_to_talk", seq=1)
    for _ in range(5):
        nvim.api.input("<F9>")
    nvim.until("up", lambda: talked(nvim) == [True, False])


def test_a_voice_that_refuses_to_listen_is_not_shown_as_listening(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.state(voice="ready", microphone="push_to_talk", seq=1)
    nvim.refuse("pushToTalk", "there is no microphone")
    nvim.api.command("Duologue talk down")
    nvim.noted("there is no microphone")
    nvim.until("not held", lambda: nvim.lua('return require("duologue").statusline()') == "◍ push to talk")


def test_hush_is_a_key_that_types_nothing(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.state(**READY, seq=1)
    nvim.api.command("Duologue hush")
    nvim.sent("duologue/activity", lambda p: p == {"keys": 1})


def test_the_menu_offers_what_can_be_done_now(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\n")
    nvim.lua("vim.ui.select = function(items, opts, on) seen.menu = vim.tbl_map(opts.format_item, items) end")
    nvim.api.command("Duologue")
    assert nvim.lua("return seen.menu")[0] == "Start the voice"
    nvim.state(voice="ready", microphone="muted", seq=1)
    nvim.push("duologue/offer", offer(uri=path.as_uri(), line=0))
    nvim.until("a mark", lambda: nvim.marks("offers"))
    nvim.api.command("Duologue menu")
    shown = nvim.lua("return seen.menu")
    assert shown[0] == "Accept the suggestion: totl is not defined"
    assert "Unmute the microphone" in shown
    assert "Mute the microphone" not in shown
    assert "Start the voice" not in shown


def test_choosing_from_the_menu_runs_the_verb(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.state(**READY, seq=1)
    nvim.lua(
        """
        vim.ui.select = function(items, opts, on)
          for _, item in ipairs(items) do
            if item.verb == "snooze" or item == "60" then return on(item) end
          end
        end
        """
    )
    nvim.api.command("Duologue menu")
    nvim.sent("workspace/executeCommand", lambda p: p["arguments"] == [{"minutes": 60}])


def test_every_verb_is_a_function_and_a_plug_mapping(nvim: Neovim) -> None:
    maps = {lhs for lhs in nvim.maps("i") if lhs.startswith("<Plug>(duologue-")}
    names = nvim.lua("return require('duologue.config').verbs")
    assert maps == {f"<Plug>(duologue-{name})" for name in names}
    commands = nvim.lua("return require('duologue.commands').names()")
    assert set(names) <= set(commands)
    for name in names:
        assert nvim.lua("return type(require('duologue')[...])", name.replace("-", "_")) == "function"
        for mode in "nxit":
            assert nvim.api.funcs.maparg(f"<Plug>(duologue-{name})", mode)


def test_every_verb_of_the_protocol_is_there(nvim: Neovim) -> None:
    names = nvim.lua("return require('duologue.config').verbs")
    assert {verb for verb in VERBS if verb != "pushToTalk"} <= set(names)


def test_nothing_is_mapped_unless_asked(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.state(**READY, seq=1)
    assert not [lhs for mode in "nxit" for lhs in nvim.maps(mode, "Duologue") if not lhs.startswith("<Plug>(duologue-")]


def test_completion(nvim: Neovim) -> None:
    assert nvim.api.funcs.getcompletion("Duologue s", "cmdline") == ["sleep", "snooze", "start", "status", "stop"]
    assert nvim.api.funcs.getcompletion("Duologue talk ", "cmdline") == ["down", "up"]
    assert nvim.api.funcs.getcompletion("Duologue mute ", "cmdline") == []


def test_status_and_log(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.state(**READY, latencyMs=212.4, parts={"voice": "hibari"}, seq=1)
    nvim.api.command("Duologue status")
    nvim.noted("◉ listening · voice ready, microphone open · the last answer began after 212 ms · voice: hibari")
    nvim.api.command("Duologue log")
    assert nvim.api.current.buffer.name.endswith("lsp.log")
    nvim.edit("b.py", "")
    assert len(nvim.messages("textDocument/didOpen")) == 2


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("sing", "unknown verb 'sing'; the verbs are: accept, check, dismiss"),
        ("snooze soon", "snooze takes a number of minutes, not 'soon'"),
        ("talk louder", "talk takes down or up, or nothing to toggle, not 'louder'"),
        ("mute now", "mute takes no argument"),
        ("dismiss never", "dismiss takes forever, or nothing for now, not 'never'"),
        ("snooze 10 20", "snooze takes one argument at most"),
        ("transcript forget", "transcript takes clear, or nothing to open it, not 'forget'"),
        ("mute", "the server does not run. :Duologue start starts it."),
    ],
)
def test_commands_that_cannot_be(nvim: Neovim, typed: str, told: str) -> None:
    nvim.api.command(f"Duologue {typed}")
    assert told in nvim.noted(told)
