"""The verbs of the Neovim plugin: commands, keys, menu; in a real Neovim, against a stub."""

from typing import Any

import pytest

from duologue_server.protocol import VERBS
from editors.neovim import READY, Neovim, offer


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
    assert [m["params"]["keys"] for m in nvim.messages("duologue/activity")] == [1], "the press, no repeat"


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
