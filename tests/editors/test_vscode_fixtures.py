"""Fixtures of spoken commands in a real VS Code with the real language server; what is said is a script."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.between import SHOW, Between
from support.command_cases import Case
from support.editor_cases import BUFFERS, PLAIN, Seen, asked_for, file_of, report, run, sample
from support.scripted_voice import Voice
from support.vscode_host import Host, require_vscode
from support.waiting import until

pytestmark = pytest.mark.e2e

CASES = 90


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voice]:
    require_vscode()
    with Voice(tmp_path_factory.mktemp("voice")) as voice:
        yield voice


@pytest.fixture(scope="module")
def between(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Between]:
    with Between(tmp_path_factory.mktemp("between")) as between:
        yield between


class Spoken:
    """A VS Code that is spoken to."""

    plain = PLAIN

    def __init__(self, host: Host, voice: Voice, between: Between, folder: Path) -> None:
        self._folder = folder
        self._voice = voice
        self._between = between
        self._count = 0
        self._uri = ""
        for name in BUFFERS:
            (folder / name).write_text("")
        host.configure(detectors=[], unpromptedPerHour=0)
        alone = {"XDG_STATE_HOME": str(host.folder / "state")}  # else the microphone may be another window's
        host.serve_with(*between.command(voice.server), environment={**voice.environment, **alone})
        self.window = host.open(folder)
        self.window.until_status("off")
        for name in BUFFERS:
            self.window.edit(name)
        self.window.command("Duologue: Start the Voice")
        self.window.until_status("listening")

    def put(self, case: Case, at: Seen) -> None:
        self._count += 1
        path = self._folder / str(self._count) / file_of(case)
        path.parent.mkdir()
        path.write_bytes(at.text.encode())
        self._uri = path.as_uri()
        selection = {"start": at.utf16(at.start), "end": at.utf16(at.end)}
        shown = {"uri": self._uri, "takeFocus": True, "selection": selection}
        assert self._between.ask("client", SHOW, shown) == {"success": True}
        until("the server knows the cursor", lambda: self.seen() == at, 20, lambda: (at, self._between.cursor))
        self._between.ask("server", "workspace/executeCommand", {"command": "duologue.unmute", "arguments": []})
        self._between.actions.clear()
        self._between.shown = 0

    def seen(self) -> Seen | None:
        cursor, text = self._between.cursor, self._between.text(self._uri)
        if text is None or cursor.get("uri") != self._uri:
            return None
        selection = cursor.get("selection") or {"start": cursor["position"], "end": cursor["position"]}
        start, end = (offset(text, selection[name]) for name in ("start", "end"))
        return Seen(text, start, end)

    def say(self, words: str) -> str:
        return self._voice.say(words)

    def shows(self, wanted: Seen) -> bool:
        return self.seen() == wanted

    def acted(self) -> list[tuple[str, str]]:
        return self._between.actions

    def was_moved(self) -> bool:
        return self._between.shown > 0

    def undo(self) -> None:
        """By its key; the editor itself then finds the file as it is on the disk."""
        self.window.page.keyboard.press("Control+z")
        self.window.page.locator(".tab.active:not(.dirty)").wait_for()


def offset(text: str, position: dict[str, Any]) -> int:
    """Of a position as LSP counts, in code points."""
    lines = text.split("\n")
    line = lines[min(position["line"], len(lines) - 1)]
    column = len(line.encode("utf-16-le")[: 2 * position["character"]].decode("utf-16-le"))
    return sum(len(one) + 1 for one in lines[: position["line"]]) + column


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory, voice: Voice, between: Between) -> Iterator[Spoken]:
    with Host(tmp_path_factory.mktemp("vscode")) as host:
        code = Spoken(host, voice, between, tmp_path_factory.mktemp("folder"))
        yield code
        code.window.shot("end of the fixtures")


def test_fixtures_in_vs_code(code: Spoken, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = sample(asked_for(CASES))
    began_s = time.monotonic()
    wrong = run(code, chosen, lambda number: number % 2 == 0)
    with capsys.disabled():
        print(report("VS Code", chosen, time.monotonic() - began_s))
    assert not wrong, "\n".join(wrong)
