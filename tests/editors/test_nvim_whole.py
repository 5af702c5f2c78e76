"""The plugin in a real Neovim with the real language server; its voice process makes no sound."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from editors.neovim import Neovim, until
from editors.screen import Screen

pytestmark = pytest.mark.e2e

TESTS = Path(__file__).parents[1]
VOICE = str(TESTS / "support" / "vscode_voice.py")
PATIENCE_S = 60.0
"""A whole server starts in two seconds, and in many on a machine that has other things to do."""
SHARED = "def load(path, into=[]):\n    into.append(path)\n    return into\n"
CODE = "def total(prices):\n    result = 0\n    for price in prices:\n        result += price\n    return resutl\n"


class Whole(Neovim):
    """A Neovim whose server is the real one."""

    def __init__(self, folder: Path, **environment: str) -> None:
        super().__init__(folder, PYTHONPATH=str(TESTS), **environment)
        self.log = folder / "voice.log"
        self.cmd = [sys.executable, VOICE, "serve", "--log", str(self.log)]
        self.api.command("set hidden")

    def begin(self, text: str, **options: object) -> None:
        """Opens a file of this text and starts the voice."""
        path = self.folder / "prices.py"
        path.write_text(text)
        self.setup(**options)
        self.api.command(f"edit {path}")
        self.api.command("Duologue start")
        self.status("◉ listening")

    def status(self, words: str) -> None:
        """Waits for the statusline to say so."""
        line = 'return require("duologue").statusline()'
        until(words, lambda: self.lua(line) == words, lambda: (self.lua(line), self.notes()), PATIENCE_S)

    def voice(self, kind: str) -> list[str]:
        """The messages of a kind that the voice has got."""
        text = self.log.read_text() if self.log.exists() else ""
        rows = [row.split("\t") for row in text[: text.rfind("\n") + 1].splitlines()]
        return [message for _, got, message in rows if got == kind]

    def controls(self) -> list[str]:
        """The verbs that the voice was told."""
        return [verb for message in self.voice("control") for verb in re.findall(r"name='(\w+)'", message)]

    def speak(self) -> None:
        """Has the partner say something, and waits for the words."""
        self.api.command("Duologue why")
        self.status("▶ speaking")
        self.until("a caption", self.caption)


@pytest.fixture
def nvim(tmp_path: Path) -> Iterator[Whole]:
    editor = Whole(tmp_path)
    try:
        yield editor
    finally:
        editor.close()


def test_a_key_silences_the_partner_and_the_transcript_says_what_was_heard(nvim: Whole) -> None:
    nvim.begin(CODE)
    screen = Screen(nvim)
    nvim.speak()
    screen.shot("whole-speaking")
    assert not nvim.voice("keys")
    nvim.api.input("i")
    nvim.status("◉ listening")
    assert len(nvim.voice("keys")) == 1
    nvim.api.input("# a note")
    nvim.api.input("<Esc>")
    nvim.api.command("Duologue transcript")
    rows = nvim.api.current.buffer[:]
    assert any("Duologue: " in row and "(silenced by a key after “" in row for row in rows), rows
    screen.shot("whole-transcript")
    screen.close()


def test_accepting_by_key_changes_the_code_in_one_step_and_the_edit_is_no_key(nvim: Whole) -> None:
    nvim.begin(SHARED, keymaps={"accept": "<F10>"})
    mark = nvim.until("an offer", lambda: nvim.marks("offers"))[0]
    assert mark[1] == 0
    assert any("✎ " in text for text, _ in mark[3]["virt_text"])
    keys = len(nvim.voice("keys"))
    nvim.api.input("<F10>")
    nvim.until("the edit", lambda: "def load(path, into=None):" in nvim.api.current.buffer[:])
    assert "    if into is None:" in nvim.api.current.buffer[:]
    nvim.until("no mark", lambda: not nvim.marks("offers"))
    nvim.until("the key", lambda: len(nvim.voice("keys")) == keys + 1)
    nvim.api.command("undo")
    assert "\n".join(nvim.api.current.buffer[:]) + "\n" == SHARED


def test_a_suggestion_is_a_code_action_too(nvim: Whole) -> None:
    nvim.begin(SHARED)
    nvim.until("an offer", lambda: nvim.marks("offers"))
    nvim.lua(
        """
        vim.ui.select = function(items, opts, on)
          seen.titles = vim.tbl_map(function(item) return item.action.title end, items)
          on(items[1])
        end
        vim.lsp.buf.code_action()
        """
    )
    nvim.until("the edit", lambda: "def load(path, into=None):" in nvim.api.current.buffer[:])
    titles = nvim.lua("return seen.titles")
    assert len(titles) >= 2
    assert any(title.startswith("Duologue: not now") for title in titles)


def test_dismissing_by_key_takes_the_mark_away(nvim: Whole) -> None:
    nvim.begin(CODE, keymaps={"dismiss": "<F11>"})
    nvim.until("an offer", lambda: nvim.marks("offers"))
    nvim.api.input("<F11>")
    nvim.until("no mark", lambda: not nvim.marks("offers"))
    assert nvim.api.current.buffer[:] == CODE.splitlines()


def test_push_to_talk_follows_a_held_key(nvim: Whole) -> None:
    nvim.begin(CODE, keymaps={"talk": "<F9>"})

    def told() -> list[str]:
        return [verb for verb in nvim.controls() if verb.startswith("ptt")]

    for _ in range(5):
        nvim.api.input("<F9>")
    nvim.until("down and up", lambda: told() == ["ptt_down", "ptt_up"])
    nvim.api.input("<F9>")
    nvim.until("down", lambda: told() == ["ptt_down", "ptt_up", "ptt_down"])
    nvim.api.input("<F9>")
    nvim.until("up", lambda: told() == ["ptt_down", "ptt_up"] * 2)


def test_all_verbs_reach_the_voice(nvim: Whole) -> None:
    nvim.begin(CODE)
    for verb, words in (("mute", "◌ muted"), ("unmute", "◉ listening"), ("sleep", "◌ asleep"), ("wake", "◉ listening")):
        nvim.api.command(f"Duologue {verb}")
        nvim.status(words)
    nvim.api.command("Duologue stop")
    nvim.status("○ off")


def test_a_server_that_is_killed_comes_back_as_it_was(nvim: Whole) -> None:
    nvim.begin(CODE)
    nvim.api.command("Duologue mute")
    nvim.status("◌ muted")
    server = next(process for process in psutil.process_iter(["cmdline"]) if is_server(process, nvim))
    server.kill()
    nvim.noted("was killed by signal 9, and is started again")
    nvim.status("◌ muted")
    nvim.until("an offer again", lambda: nvim.marks("offers"))


def is_server(process: psutil.Process, nvim: Whole) -> bool:
    line = process.info["cmdline"] or []
    return VOICE in line and "serve" in line and str(nvim.log) in line


def test_settings_changed_live_reach_the_voice(nvim: Whole) -> None:
    nvim.begin(CODE)
    nvim.setup(settings={"speed": 1.5})
    nvim.until("the pace", lambda: any("1.5" in message for message in nvim.voice("manner")))
    nvim.setup(settings={"sped": 1.5})
    nvim.noted("unknown setting 'duologue.sped' is ignored")


def test_two_neovims_have_one_microphone_and_it_is_where_the_fingers_are(tmp_path: Path) -> None:
    shared = tmp_path / "state"
    shared.mkdir()
    first = Whole(tmp_path / "first", XDG_STATE_HOME=str(shared))
    second = Whole(tmp_path / "second", XDG_STATE_HOME=str(shared))
    try:
        first.begin(CODE)
        second.begin(CODE)
        first.status("◌ in another editor")
        first.api.input("j")
        first.status("◉ listening")
        second.status("◌ in another editor")
        second.api.command("Duologue unmute")
        second.status("◉ listening")
        first.status("◌ in another editor")
        second.api.command("Duologue stop")
        first.status("◉ listening")
    finally:
        first.close()
        second.close()
