"""The Neovim plugin in a real Neovim, against a stub server that writes down all that it gets."""

import sys
from typing import Any

import pytest
from editors.neovim import PLUGIN, Neovim

READY = {"voice": "ready", "microphone": "open"}


def line(text: str, **fields: Any) -> dict[str, Any]:
    """A finished line of the transcript."""
    return {"id": "1", "role": "partner", "text": text, "final": True, "heardUpTo": None, "cause": "", **fields}


def offer(**fields: Any) -> dict[str, Any]:
    """A waiting suggestion."""
    return {
        "id": "o1",
        "text": "totl is not defined",
        "urgency": 0.5,
        "trigger": "ruff:F821",
        "outcome": "waiting",
        **fields,
    }


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


def test_files_opened_before_setup_are_shown_and_nameless_ones_are_not(nvim: Neovim) -> None:
    path = nvim.folder / "early.py"
    path.write_text("x = 1\n")
    nvim.api.command(f"edit {path}")
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
    (nvim.folder / "b.rs").write_text("fn main() {}\n")
    nvim.api.command(f"edit {nvim.folder / 'b.rs'}")
    nvim.edit("a.py", "x = 1\n")
    assert len(nvim.messages("textDocument/didOpen")) == 1


def test_every_change_is_sent_at_once(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.api.input("i")
    for key in "world":
        nvim.api.input(key)
        nvim.sent("textDocument/didChange", lambda p, key=key: p["contentChanges"][0]["text"] == key)
    assert len(nvim.messages("textDocument/didChange")) == len("world")


# Fingers, cursor, diagnostics


def test_keys_are_told_only_while_the_voice_is_started_and_without_content(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "x = 1\n")
    nvim.api.input("ll")
    nvim.state(**READY, seq=1)
    nvim.api.input("iabc")
    nvim.sent("textDocument/didChange")
    nvim.until("four keys", lambda: sum(m["params"]["keys"] for m in nvim.messages("duologue/activity")) == 4)
    activity = [m["params"] for m in nvim.messages("duologue/activity")]
    assert activity[0] == {"keys": 1, "selecting": False}
    assert len(activity) <= 3

    nvim.api.input("<Esc>")
    nvim.state(voice="off", microphone="off", seq=2)
    before = len(nvim.messages("duologue/activity"))
    nvim.api.input("hhh")
    nvim.edit("b.py", "")
    assert len(nvim.messages("duologue/activity")) == before


def test_the_first_key_is_told_before_its_change(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "x\n")
    nvim.state(**READY, seq=1)
    nvim.api.input("x")
    nvim.sent("textDocument/didChange")
    methods = [m.get("method") for m in nvim.messages()]
    assert methods.index("duologue/activity") < methods.index("textDocument/didChange")


def test_what_the_server_sends_is_not_taken_for_a_key(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "x\n")
    nvim.state(**READY, seq=1)
    nvim.push("duologue/transcript", line("Line one is fine."))
    nvim.until("a caption", nvim.caption)
    nvim.lua('vim.cmd.normal({ "l", bang = true }); vim.api.nvim_feedkeys("h", "nx", false)')
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


# What is shown


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
    nvim.until("the partial", lambda: nvim.caption() == ["you  what is …"])
    nvim.push("duologue/transcript", line("what is wrong", id="u", role="user"))
    nvim.push("duologue/transcript", line("Line one is fine.", id="p"))
    nvim.until("both", lambda: nvim.caption() == ["you  what is wrong", " ◆   Line one is fine."])
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


def test_captions_go_away_once_nobody_speaks(nvim: Neovim) -> None:
    nvim.setup(captions={"timeout_ms": 50})
    nvim.edit("a.py", "x = 1\n")
    nvim.state(**READY, partner="speaking", seq=1)
    nvim.push("duologue/transcript", line("Still talking."))
    nvim.until("a caption", nvim.caption)
    nvim.lua("vim.wait(150)")
    assert nvim.caption()
    nvim.state(**READY, seq=2)
    nvim.until("no caption", lambda: not nvim.caption())


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
    nvim.until("a caption", lambda: nvim.caption() == [" ◆   Shown now."])


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


# Verbs


@pytest.mark.parametrize(
    ("typed", "command", "arguments"),
    [
        ("stop", "stop", {}),
        ("mute", "mute", {}),
        ("unmute", "unmute", {}),
        ("snooze", "snooze", {"minutes": 10}),
        ("snooze 25", "snooze", {"minutes": 25}),
        ("repeat", "repeat", {}),
        ("why", "why", {}),
        ("dismiss", "dismiss", {}),
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
    nvim.lua(
        'require("duologue.config"); package.loaded["duologue.config"].apply = function() end'
        '; package.loaded["duologue.config"].options.cmd = ...',
        [sys.executable, str(PLUGIN.parents[1] / "tests/editors/stub_server.py"), str(nvim.record), "lsp"],
    )
    nvim.api.command("Duologue start")
    nvim.sent("workspace/executeCommand", lambda p: p == {"command": "duologue.start", "arguments": [{}]})
    assert [m["method"] for m in nvim.messages() if "method" in m][:2] == ["initialize", "initialized"]
    assert not nvim.messages("textDocument/didOpen")


def test_accept_names_the_suggestion_at_the_cursor_and_a_refusal_is_told(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\ntwo\n")
    nvim.push("duologue/offer", offer(uri=path.as_uri(), line=1))
    nvim.until("a mark", lambda: nvim.marks("offers"))
    nvim.api.command("Duologue accept")
    nvim.sent("workspace/executeCommand", lambda p: p["arguments"] == [{}])
    nvim.noted("there is nothing to accept")
    nvim.api.command("2")
    nvim.api.command("Duologue accept")
    nvim.sent("workspace/executeCommand", lambda p: p["arguments"] == [{"id": "o1"}])


def test_push_to_talk_toggles_from_a_mapping(nvim: Neovim) -> None:
    nvim.setup(keymaps={"talk": "<F9>"})
    nvim.edit("a.py", "")
    nvim.state(voice="ready", microphone="push_to_talk", seq=1)
    statusline = 'return require("duologue").statusline()'
    assert nvim.lua(statusline) == "◍ push to talk"
    nvim.api.input("i<F9>")
    nvim.sent("workspace/executeCommand", lambda p: p["arguments"] == [{"down": True}])
    assert nvim.lua(statusline) == "◉ talk now"
    nvim.api.input("<F9>")
    nvim.sent("workspace/executeCommand", lambda p: p["arguments"] == [{"down": False}])
    assert nvim.lua(statusline) == "◍ push to talk"
    assert nvim.api.funcs.mode() == "i"


def test_every_verb_is_a_function_and_a_plug_mapping(nvim: Neovim) -> None:
    names = ["start", "stop", "mute", "unmute", "talk", "snooze", "repeat", "why", "accept", "dismiss"]
    for name in names:
        assert nvim.lua("return type(require('duologue')[...])", name) == "function"
        assert nvim.api.funcs.maparg(f"<Plug>(duologue-{name})", "i")


def test_completion(nvim: Neovim) -> None:
    assert nvim.api.funcs.getcompletion("Duologue s", "cmdline") == ["snooze", "start", "status", "stop"]
    assert nvim.api.funcs.getcompletion("Duologue talk ", "cmdline") == ["down", "up"]
    assert nvim.api.funcs.getcompletion("Duologue mute ", "cmdline") == []


def test_status_and_log(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.state(**READY, latencyMs=212.4, parts={"voice": "hibari"}, seq=1)
    nvim.api.command("Duologue status")
    nvim.noted("◉ listening · voice ready, microphone open · answers after 212 ms · voice: hibari")
    nvim.api.command("Duologue log")
    assert nvim.api.current.buffer.name.endswith("lsp.log")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("sing", "unknown verb 'sing'; the verbs are: accept, dismiss"),
        ("snooze soon", "snooze takes a number of minutes, not 'soon'"),
        ("talk louder", "talk takes down or up, or nothing to toggle, not 'louder'"),
        ("mute now", "mute takes no argument"),
        ("mute", "the server does not run. :Duologue start starts it."),
    ],
)
def test_commands_that_cannot_be(nvim: Neovim, typed: str, told: str) -> None:
    nvim.api.command(f"Duologue {typed}")
    assert told in nvim.noted(told)


# What goes wrong


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"captoins": True},
            "unknown option 'captoins' is ignored; "
            "the options are: captions, cmd, filetypes, keymaps, offers, settings",
        ),
        (
            {"captions": {"colour": "red"}},
            "unknown option 'captions.colour' is ignored; the options are: border, enabled, position, ",
        ),
        (
            {"captions": {"position": "left"}},
            "option 'captions.position' must be one of bottom, bottom_right, top_right",
        ),
        ({"offers": "yes"}, "option 'offers' must be a boolean, not a string; its default is used"),
        ({"filetypes": "python"}, "option 'filetypes' must be a list of strings"),
    ],
)
def test_bad_options_are_named(nvim: Neovim, options: dict[str, Any], told: str) -> None:
    nvim.setup(**options)
    assert told in nvim.noted(told)
    nvim.edit("a.py", "")


def test_a_missing_server_is_told_once_with_the_next_step(nvim: Neovim) -> None:
    nvim.setup(cmd=["no-such-duologue", "lsp"])
    for name in ("a.py", "b.py"):
        nvim.api.command(f"edit {nvim.folder / name}")
    note = nvim.noted("cannot find the command 'no-such-duologue'")
    assert "pip install duologue" in note
    assert 'require("duologue").setup({ cmd = ' in note
    assert len(nvim.notes()) == 1
    assert nvim.lua('return require("duologue").statusline()') == "✗ no server"


def test_a_server_that_dies_is_told_and_can_be_started_again(nvim: Neovim) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\n")
    nvim.state(**READY, seq=7)
    nvim.push("duologue/transcript", line("I am about to die."))
    nvim.push("duologue/offer", offer(uri=path.as_uri(), line=0))
    nvim.until("caption and mark", lambda: nvim.caption() and nvim.marks("offers"))
    nvim.notify("stub/die", {})
    nvim.noted("the language server ended with code 9")
    assert nvim.lua('return require("duologue").statusline()') == "✗ no server"
    assert (nvim.caption(), nvim.marks("offers")) == ([], [])

    nvim.api.command("Duologue start")
    nvim.until("a second server", lambda: len(nvim.messages("initialize")) == 2)
    nvim.until("the file again", lambda: len(nvim.messages("textDocument/didOpen")) == 2)
    nvim.state(**READY, seq=1)


def test_what_the_server_says_goes_to_the_user(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.push("window/showMessage", {"type": 1, "message": "no microphone was found"})
    nvim.noted("duologue: no microphone was found")
    assert nvim.lua("return seen.notes[1].level == vim.log.levels.ERROR")


def test_a_later_setup_changes_the_settings_of_the_running_server(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.setup(settings={"voice": "none"})
    nvim.sent("workspace/didChangeConfiguration", lambda p: p["settings"] == {"duologue": {"voice": "none"}})
    assert nvim.messages("workspace/didChangeConfiguration")[0]["params"]["settings"] == {"duologue": {}}
    assert len(nvim.messages("initialize")) == 1


# Health and help


def health(nvim: Neovim) -> str:
    """What `:checkhealth duologue` shows."""
    nvim.api.command("checkhealth duologue")
    return "\n".join(nvim.api.current.buffer[:])


def test_health_before_setup(nvim: Neovim) -> None:
    nvim.lua('require("duologue.config").options.cmd = { "no-such-duologue", "lsp" }')
    report = health(nvim)
    assert "OK Neovim 0.1" in report
    assert "setup() has not been called" in report
    assert "cannot find the command 'no-such-duologue'" in report
    assert "pip install duologue" in report


def test_health_when_all_is_well_and_when_it_is_not(nvim: Neovim) -> None:
    nvim.setup()
    assert "the server does not run" in health(nvim)
    nvim.edit("a.py", "")
    nvim.state(**READY, parts={"ear": "moonshine"}, seq=1)
    report = health(nvim)
    assert "OK server: duologue 0.0.0 (stub)" in report
    assert "OK the server runs and sees 1 buffer" in report
    assert "OK voice ready" in report
    assert "OK microphone open" in report
    assert "ear: moonshine" in report
    assert "WARNING" not in report
    assert "ERROR" not in report

    nvim.state(voice="failed", microphone="absent", health="error", message="PortAudio is missing", seq=2)
    report = health(nvim)
    assert "ERROR voice failed: PortAudio is missing" in report
    assert "ERROR no microphone" in report
    assert "duologue doctor" in report


def test_help_tags_build_and_every_option_and_function_is_documented(nvim: Neovim) -> None:
    doc = nvim.folder / "doc"
    doc.mkdir()
    text = (PLUGIN / "doc" / "duologue.txt").read_text(encoding="utf-8")
    (doc / "duologue.txt").write_text(text, encoding="utf-8")
    nvim.api.command(f"helptags {doc}")
    tags = {row.split("\t")[0] for row in (doc / "tags").read_text(encoding="utf-8").splitlines()}
    functions = nvim.lua('return vim.tbl_keys(require("duologue"))')
    assert {f"duologue.{name}()" for name in functions if name != "is_ready"} <= tags
    options = nvim.lua('return vim.tbl_keys(require("duologue.config").options)')
    assert {f"duologue-option-{name}" for name in [*options, "filetypes"]} <= tags
    assert {":Duologue", "duologue", "DuologueState", "hl-DuologueUnheard"} <= tags
    assert max(map(len, text.splitlines())) <= 78
