"""The fixtures of spoken commands in a real Neovim with the real language server; what is said is a script."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from editors.neovim import Neovim, until
from support.command_cases import Case
from support.editor_cases import BUFFERS, Seen, asked_for, file_of, left_out, report, run, sample
from support.scripted_voice import Voice

pytestmark = pytest.mark.e2e

CASES = 600
PATIENCE_S = 60.0

WATCH = """
local client = require("duologue.client")
local notify = client.notify
seen.actions = {}
client.notify = function(method, params)
  if params.cursor then
    seen.told = params.cursor
  end
  return notify(method, params)
end
local ours = vim.lsp.get_clients({ name = "duologue" })[1]
local show = ours.handlers["window/showDocument"] or vim.lsp.handlers["window/showDocument"]
seen.shown = 0
ours.handlers["window/showDocument"] = function(...)
  seen.shown = seen.shown + 1
  return show(...)
end
ours.handlers["duologue/clientCommand"] = function(_, params)
  table.insert(seen.actions, { params.name, params.argument })
  return { ok = true, message = "" }
end
"""
BARRIER = """
local ours = vim.lsp.get_clients({ name = "duologue" })[1]
local answer = ours:request_sync("workspace/executeCommand", { command = "duologue.unmute", arguments = {} }, 5000)
return answer ~= nil and answer.err == nil
"""
OPEN = """
local path, row, byte, is_last_gone = ...
local last = vim.api.nvim_get_current_buf()
vim.cmd.edit(path)
vim.api.nvim_win_set_cursor(0, { row, byte })
if is_last_gone then
  vim.cmd.bwipeout({ last, bang = true })
end
"""
SEEN = """
local cursor, anchor = vim.fn.getpos("."), vim.fn.getpos("v")
return {
  mode = vim.api.nvim_get_mode().mode,
  name = vim.api.nvim_buf_get_name(0),
  lines = vim.api.nvim_buf_get_lines(0, 0, -1, false),
  eol = vim.bo.eol,
  cursor = { cursor[2] - 1, cursor[3] - 1 },
  anchor = { anchor[2] - 1, anchor[3] - 1 },
}
"""


class Spoken(Neovim):
    """A Neovim that is spoken to."""

    plain = "text"

    def __init__(self, folder: Path, voice: Voice) -> None:
        super().__init__(folder, **voice.environment)
        self.cmd = voice.server
        self._voice = voice
        self._count = 0
        self.api.command("set hidden nofixeol noswapfile")
        self.setup(settings={"detectors": [], "unprompted_per_hour": 0})
        for name in BUFFERS:
            (folder / name).write_text("")
            self.api.command(f"edit {folder / name}")
        self.api.command("Duologue start")
        line = 'return require("duologue").statusline()'
        until("listening", lambda: self.lua(line) == "◉ listening", lambda: (self.lua(line), self.notes()), PATIENCE_S)
        self.lua(WATCH)

    def put(self, case: Case, at: Seen) -> None:
        """In Insert mode every other time, and where only that has the place."""
        line, column = at.place(at.start)
        inserts = self._count % 2 == 1 or 0 < column == len(at.lines[line])
        self.open(file_of(case), at, inserts)

    def open(self, name: str, at: Seen, inserts: bool) -> None:
        """As `put`."""
        self._normal()
        self._count += 1
        path = self.folder / str(self._count) / name
        path.parent.mkdir()
        path.write_bytes(at.text.encode())
        row, first = self._bytes(at, at.start)
        self.lua(OPEN, str(path), row + 1, first, self._count > 1)
        if at.start != at.end:
            end_row, last = self._bytes(at, at.end - 1)
            self.api.input("v")
            self.until("Visual mode", lambda: self.api.funcs.mode() == "v")
            self.api.current.window.cursor = (end_row + 1, last)
        elif inserts:
            self.api.input("A" if first == len(at.lines[row].encode()) else "i")
            self.until("Insert mode", lambda: self.api.funcs.mode() == "i")
        self.knows(path.as_uri(), at)
        self.lua("seen.actions, seen.shown = {}, 0")

    def knows(self, uri: str, at: Seen) -> None:
        """Waits until the server knows of this cursor."""

        def is_told() -> bool:
            told = self.lua("return seen.told") or {}
            if told.get("uri") != uri:
                return False
            wanted = {"start": at.utf16(at.start), "end": at.utf16(at.end)}
            return told.get("selection") == wanted if at.start != at.end else told["position"] == wanted["start"]

        until("the server knows the cursor", is_told, lambda: (at, self.lua("return seen.told"), self.notes()))
        assert self.lua(BARRIER)

    def _normal(self) -> None:
        self.api.input("<C-\\><C-n>")
        self.until("Normal mode", lambda: self.api.funcs.mode() == "n")

    @staticmethod
    def _bytes(at: Seen, offset: int) -> tuple[int, int]:
        line, column = at.place(offset)
        return line, len(at.lines[line][:column].encode())

    def say(self, words: str) -> str:
        return self._voice.say(words)

    def acted(self) -> list[tuple[str, str]]:
        return [(name, argument) for name, argument in self.lua("return seen.actions")]

    def was_moved(self) -> bool:
        return bool(self.lua("return seen.shown > 0"))

    def undo(self) -> None:
        assert self.lua(BARRIER)
        self._normal()
        self.api.command("normal! u")

    def seen(self) -> Seen:
        return self._look()[0]

    def shows(self, wanted: Seen) -> bool:
        return fits(wanted, *self._look())

    def _look(self) -> tuple[Seen, str]:
        """The text and the selection; the mode."""
        raw = self.lua(SEEN)
        text = "\n".join(raw["lines"]) + ("\n" if raw["eol"] else "")
        starts = [0]
        for line in raw["lines"]:
            starts.append(starts[-1] + len(line) + 1)

        def offset(place: list[int]) -> int:
            row, byte = place
            return starts[row] + len(raw["lines"][row].encode()[:byte].decode())

        at, anchor = offset(raw["cursor"]), offset(raw["anchor"])
        if raw["mode"] not in ("v", "V"):
            return Seen(text, at, at), raw["mode"]
        first, last = sorted((at, anchor))
        if raw["mode"] == "V":
            rows = sorted((raw["anchor"][0], raw["cursor"][0]))
            first, last = starts[rows[0]], starts[rows[1] + 1] - 1
        return Seen(text, first, min(last + 1, len(text))), raw["mode"]


def is_behind_last_line(seen: Seen) -> bool:
    """Whether the cursor is where other editors show an empty last line, and Neovim nothing."""
    return seen.text.endswith("\n") and seen.start == seen.end == len(seen.text)


def left_out_in_neovim(case: Case) -> str:
    """Why a case is nothing for Neovim."""
    return left_out(case) or ("needs a place that Neovim has not" if is_behind_last_line(Seen.of(case.before)) else "")


def fits(wanted: Seen, got: Seen, mode: str) -> bool:
    """Whether an editor shows it. Neovim ends every text with a line end, or shows none; in Normal mode its cursor is
    on a character, so that behind the last one of a line is on it."""
    if wanted.text.removesuffix("\n") != got.text.removesuffix("\n"):
        return False
    if (wanted.start, wanted.end) == (got.start, got.end):
        return True
    if is_behind_last_line(wanted):
        wanted = Seen(wanted.text, wanted.end - 1, wanted.end - 1)
        if got == wanted:
            return True
    line, column = wanted.place(wanted.end)
    behind = wanted.start == wanted.end and column > 0 and column == len(wanted.lines[line])
    return mode == "n" and behind and got.start == got.end == wanted.end - 1


@pytest.fixture
def voice(tmp_path: Path) -> Iterator[Voice]:
    with Voice(tmp_path / "voice") as voice:
        yield voice


@pytest.fixture
def nvim(tmp_path: Path, voice: Voice) -> Iterator[Spoken]:
    editor = Spoken(tmp_path / "nvim", voice)
    try:
        yield editor
    finally:
        editor.close()


def test_the_fixtures_in_neovim(nvim: Spoken, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = sample(asked_for(CASES), left_out_in_neovim)
    began_s = time.monotonic()
    wrong = run(nvim, chosen)
    with capsys.disabled():
        print(report("Neovim", chosen, time.monotonic() - began_s, left_out_in_neovim))
    assert not wrong, "\n".join(wrong)


def test_what_is_written_follows_what_was_written_although_normal_mode_has_no_place_there(nvim: Spoken) -> None:
    nvim.open("store.py", Seen.of("‸a = 1\n"), inserts=False)
    uri = Path(nvim.api.current.buffer.name).as_uri()
    for words, text in (
        ("go to the end of the line", "a = 1‸\n"),
        ("write plus two", "a = 1 + 2‸\n"),
        ("insert below total equals a", "a = 1 + 2\ntotal = a‸\n"),
        ("write times two", "a = 1 + 2\ntotal = a * 2‸\n"),
    ):
        wanted = Seen.of(text)
        assert nvim.say(words) == ""
        nvim.until(words, lambda wanted=wanted: nvim.seen().text == wanted.text)  # type: ignore[misc]
        nvim.knows(uri, wanted)
