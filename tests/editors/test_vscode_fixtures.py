"""Fixtures of spoken commands in a real VS Code with the real language server; what is said is a script."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.between import Between
from support.command_cases import Case, cases
from support.editor_cases import BUFFERS, Seen, expected, file_of, left_out, report, sample
from support.scripted_voice import Voice
from support.vscode_host import Host, require_vscode
from support.waiting import until

pytestmark = pytest.mark.e2e

CASES = int(os.environ.get("CASES", "120"))
SETTLED_S = 3.0
"""For an editor on a busy machine to show what was said."""


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

    def __init__(self, host: Host, voice: Voice, between: Between, folder: Path) -> None:
        self._folder = folder
        self._voice = voice
        self.between = between
        self._count = 0
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

    def put(self, case: Case, at: Seen) -> str:
        """Opens a file of this text, with this selected; its URI, once the server knows."""
        self._count += 1
        path = self._folder / str(self._count) / file_of(case)
        path.parent.mkdir()
        path.write_bytes(at.text.encode())
        uri = path.as_uri()
        selection = {"start": at.utf16(at.start), "end": at.utf16(at.end)}
        shown = {"uri": uri, "takeFocus": True, "selection": selection}
        assert self.between.ask("client", "window/showDocument", shown) == {"success": True}
        seen = self.seen
        until("the server knows the cursor", lambda: seen(uri) == at, 20, lambda: (at, self.between.cursor))
        self.between.ask("server", "workspace/executeCommand", {"command": "duologue.unmute", "arguments": []})
        return uri

    def seen(self, uri: str) -> Seen | None:
        """The text and the selection; None while the cursor is elsewhere."""
        cursor, text = self.between.cursor, self.between.text(uri)
        if text is None or cursor.get("uri") != uri:
            return None
        selection = cursor.get("selection") or {"start": cursor["position"], "end": cursor["position"]}
        start, end = (offset(text, selection[name]) for name in ("start", "end"))
        return Seen(text, start, end)

    def say(self, words: str) -> str:
        return self._voice.say(words)


def offset(text: str, position: dict[str, Any]) -> int:
    """Of a position as LSP counts, in code points."""
    lines = text.split("\n")
    line = lines[min(position["line"], len(lines) - 1)]
    column = len(line.encode("utf-16-le")[: 2 * position["character"]].decode("utf-16-le"))
    return sum(len(one) + 1 for one in lines[: position["line"]]) + column


def difference(code: Spoken, case: Case, is_undone: bool) -> str:
    """Speaks a case; what came otherwise than it must."""
    wanted = expected(case)
    code.between.actions.clear()
    uri = code.put(case, wanted.before)
    answers = [code.say(case.say)]
    if wanted.is_command and answers[0] != wanted.answer:
        return f"the answer is {answers[0]!r} and not {wanted.answer!r}"
    if wanted.is_asked:
        if code.seen(uri) != wanted.before:
            return "it was done before the yes"
        answers.append(code.say("yes"))
    deadline_s = time.monotonic() + SETTLED_S
    while (got := code.seen(uri)) != wanted.after or code.between.actions != list(wanted.actions):
        if time.monotonic() > deadline_s:
            return f"came {got} with {code.between.actions}, not {wanted.after} with {wanted.actions}; said {answers}"
        time.sleep(0.005)
    return undone(code, uri, wanted.before.text) if is_undone and wanted.after.text != wanted.before.text else ""


def undone(code: Spoken, uri: str, before: str) -> str:
    """One undo by its key takes it back, to the byte; the editor itself finds the file as it was saved."""
    code.window.page.keyboard.press("Control+z")
    deadline_s = time.monotonic() + SETTLED_S
    dirty = code.window.page.locator(".tab.active.dirty")
    while code.between.text(uri) != before or dirty.count():
        if time.monotonic() > deadline_s:
            return f"one undo left {code.between.text(uri)!r} and not {before!r}"
        time.sleep(0.01)
    return ""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory, voice: Voice, between: Between) -> Iterator[Spoken]:
    with Host(tmp_path_factory.mktemp("vscode")) as host:
        code = Spoken(host, voice, between, tmp_path_factory.mktemp("folder"))
        yield code
        code.window.shot("end of the fixtures")


def test_fixtures_in_vs_code(code: Spoken, capsys: pytest.CaptureFixture[str]) -> None:
    every = cases()
    able = [case for case in every if not left_out(case)]
    chosen = sample(able, CASES, lambda case: (case.language, expected(case).family))
    began_s = time.monotonic()
    wrong = {case.id: (case.say, found) for case in chosen if (found := difference(code, case, True))}
    with capsys.disabled():
        print(report("VS Code", chosen, every, time.monotonic() - began_s))
        for identity, (say, found) in wrong.items():
            print(f"\n== {identity}: “{say}”\n   {found}")
    assert not wrong
