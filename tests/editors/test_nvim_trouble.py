"""What the Neovim plugin says when something is wrong: messages, `:checkhealth`, help; in a real Neovim."""

from typing import Any

import pytest

from editors.neovim import READY, Neovim, line, offer


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
        ({"offers": "yes"}, "option 'offers' must be one of true, false, inlay_hint; its default is used"),
        ({"keymaps": {"sing": "<F9>"}}, "option 'keymaps' names 'sing', and knows only start, stop, mute"),
        ({"keymaps": {"talk": 9}}, "option 'keymaps' must be a table of verbs and keys"),
        ({"filetypes": "python"}, "option 'filetypes' must be a list of strings"),
    ],
)
def test_bad_options_are_named(nvim: Neovim, options: dict[str, Any], told: str) -> None:
    nvim.setup(**options)
    assert told in nvim.noted(told)
    nvim.edit("a.py", "")


def test_a_missing_server_is_told_once_with_the_next_step(nvim: Neovim) -> None:
    nvim.setup(cmd=["no-such-duologue", "lsp"])
    nvim.edit_unseen("a.py")
    nvim.edit_unseen("b.py")
    note = nvim.noted("cannot find the command 'no-such-duologue'")
    assert "pip install duologue" in note
    assert 'require("duologue").setup({ cmd = ' in note
    assert len(nvim.notes()) == 1
    assert nvim.lua('return require("duologue").statusline()') == "✗ no server"


STATUSLINE = 'return require("duologue").statusline()'


def die(nvim: Neovim, code: int, deaths: int) -> None:
    """Ends the server; back when a new one has the file."""
    nvim.notify("stub/die", {"code": code})
    nvim.until("the file again", lambda: len(nvim.messages("textDocument/didOpen")) == deaths + 1)


@pytest.mark.parametrize(("code", "told"), [(9, "ended with code 9"), (-9, "was killed by signal 9")])
@pytest.mark.parametrize(("microphone", "verbs"), [("open", ["start"]), ("muted", ["start", "mute"])])
def test_a_server_that_dies_is_started_again_and_goes_on_as_it_was(
    nvim: Neovim, code: int, told: str, microphone: str, verbs: list[str]
) -> None:
    nvim.setup()
    path = nvim.edit("a.py", "one\n")
    nvim.state(voice="ready", microphone=microphone, seq=7)
    nvim.push("duologue/transcript", line("I am about to die."))
    nvim.push("duologue/offer", offer(uri=path.as_uri(), line=0))
    nvim.until("caption and mark", lambda: nvim.caption() and nvim.marks("offers"))
    die(nvim, code, deaths=1)
    nvim.noted(f"the language server {told}, and is started again")
    assert (nvim.caption(), nvim.marks("offers")) == ([], [])

    def asked() -> list[str]:
        return [m["params"]["command"] for m in nvim.messages("workspace/executeCommand")]

    nvim.until("as before", lambda: asked() == [f"duologue.{verb}" for verb in verbs])
    nvim.state(voice="ready", microphone=microphone, seq=1)


def test_a_voice_that_was_off_stays_off_when_the_server_is_started_again(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "one\n")
    die(nvim, 9, deaths=1)
    nvim.state(voice="off", seq=1)
    assert not nvim.messages("workspace/executeCommand")
    assert nvim.lua(STATUSLINE) == "○ off"


def test_a_server_that_dies_over_and_over_is_left_alone_until_it_is_asked_for(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "one\n")
    for deaths in range(1, 5):
        die(nvim, 9, deaths)
    nvim.notify("stub/die", {"code": 9})
    nvim.noted("the language server ended with code 9. :Duologue log may say why")
    assert nvim.lua(STATUSLINE) == "✗ no server"
    nvim.api.command("edit")
    nvim.api.command("Duologue mute")
    nvim.noted("the server does not run")
    assert len(nvim.messages("initialize")) == 5
    nvim.api.command("Duologue start")
    nvim.until("the file again", lambda: len(nvim.messages("textDocument/didOpen")) == 6)


def test_a_server_that_never_answers_is_not_started_again(nvim: Neovim) -> None:
    nvim.setup(cmd=["false"])
    nvim.edit_unseen("a.py")
    nvim.noted("the language server ended with code 1. :Duologue log may say why")
    assert nvim.lua(STATUSLINE) == "✗ no server"


def test_what_the_server_says_goes_to_the_user(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.push("window/showMessage", {"type": 1, "message": "Duologue: no microphone was found"})
    assert nvim.noted("no microphone") == "Duologue: no microphone was found"
    assert nvim.lua("return seen.notes[1].level == vim.log.levels.ERROR")


def test_a_later_setup_changes_the_settings_of_the_running_server(nvim: Neovim) -> None:
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.setup(settings={"voice": "none"})
    nvim.sent("workspace/didChangeConfiguration", lambda p: p["settings"] == {"duologue": {"voice": "none"}})
    assert nvim.messages("workspace/didChangeConfiguration")[0]["params"]["settings"] == {"duologue": {}}
    assert len(nvim.messages("initialize")) == 1


def test_nothing_is_left_in_the_global_table(nvim: Neovim) -> None:
    names = "return vim.tbl_keys(_G)"
    before = set(nvim.lua(names))
    nvim.setup()
    nvim.edit("a.py", "")
    nvim.state(**READY, seq=1)
    nvim.push("duologue/transcript", line("Hello."))
    nvim.until("a caption", nvim.caption)
    health(nvim)
    for command in ("status", "transcript", "check"):
        nvim.api.command(f"Duologue {command}")
    assert set(nvim.lua(names)) == before


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
