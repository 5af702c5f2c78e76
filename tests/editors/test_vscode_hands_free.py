"""A working session on a real project without a key: spoken to the real product in a real VS Code.

The project is a part of python-dotenv (`tests/data/editing`, BSD-3-Clause); the speech is synthetic.
"""

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from support.sound_server import SoundServer, require_sound_server
from support.spoken import room, speech
from support.vscode_host import ROOT, Host, Window, require_vscode

pytestmark = pytest.mark.e2e

HISTORY = ROOT / "tests" / "data" / "editing" / "python-dotenv.json.gz"
FILES = ("src/dotenv/compat.py", "src/dotenv/parser.py", "tests/test_parser.py")
TRIES = 4
PATIENCE_S = 8.0
"""For the effect of what was said, before it is said again."""
MOST_RETRIES = 6
"""Of all steps together."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    require_vscode()
    require_sound_server()
    with SoundServer(tmp_path_factory.mktemp("sound")) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone with one commit, and a task that runs its tests and notes how they ended."""
    start = json.loads(gzip.decompress(HISTORY.read_bytes()))["start"]
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(start[name])
    (tmp_path / "src" / "dotenv" / "__init__.py").write_text("")
    run = f"PYTHONPATH=src {sys.executable} -m pytest -q tests/test_parser.py; echo $? > ended"
    task = {"label": "tests", "type": "shell", "command": run, "group": {"kind": "test", "isDefault": True}}
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode" / "tasks.json").write_text(json.dumps({"version": "2.0.0", "tasks": [task]}))
    (tmp_path / ".gitignore").write_text("ended\n.pytest_cache\n__pycache__\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Start"]):
        subprocess.run(
            ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *command], cwd=tmp_path, check=True
        )
    for name, value in (("user.name", "Ada"), ("user.email", "ada@example.org")):
        subprocess.run(["git", "config", name, value], cwd=tmp_path, check=True)
    return tmp_path


@dataclass
class Session:
    """What is said, and how often it had to be said."""

    window: Window
    project: Path
    sound: SoundServer
    said: int = 0
    retries: list[str] = field(default_factory=list)

    def say(self, words: str, done: Callable[[], bool]) -> None:
        """Says it until it is done, and takes back what it was mistaken for. Raises AssertionError when it never is."""
        for attempt in range(TRIES):
            before = self.files()
            if attempt:
                self.retries.append(words)
            if self._speak(words, done):
                return
            if self.files() != before:
                self._speak("Undo that.", partial(self._reads, before))
        raise AssertionError(f"said {TRIES} times without effect: {words}; seen: {self.files()[1][-3500:]}")

    def files(self) -> list[str]:
        return [(self.project / name).read_text() for name in FILES]

    def _reads(self, texts: list[str]) -> bool:
        return self.files() == texts

    def _speak(self, words: str, done: Callable[[], bool]) -> bool:
        self.said += 1
        samples = speech(words, 1.0)
        give_up = time.monotonic() + len(samples) / 48_000 + PATIENCE_S
        with self.sound.speaking(samples):
            while time.monotonic() < give_up:
                if done():
                    self.window.page.wait_for_timeout(700)
                    return True
                self.window.page.wait_for_timeout(50)
        return False

    def at(self, line: int) -> Callable[[], bool]:
        status = self.window.page.locator("#status\\.editor\\.selection")
        return lambda: f"Ln {line}," in (status.text_content() or "")

    def has(self, name: str, *words: str) -> Callable[[], bool]:
        """What is in a file; the editor saves it a moment after every change."""
        return lambda: all(word in (self.project / name).read_text() for word in words)

    def ended(self, status: str) -> Callable[[], bool]:
        file = self.project / "ended"
        return lambda: file.exists() and file.read_text().strip() == status

    def tab(self, name: str) -> Callable[[], bool]:
        return lambda: self.window.page.locator(f'.tab.active[data-resource-name="{name}"]').count() == 1

    def log(self) -> str:
        return subprocess.run(
            ["git", "log", "--format=%s"], cwd=self.project, capture_output=True, text=True, check=True
        ).stdout


def test_a_working_session_without_a_key(
    tmp_path_factory: pytest.TempPathFactory, sound: SoundServer, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Host(tmp_path_factory.mktemp("vscode")) as host, sound.speaking(room(900.0)):
        environment = {name: sound.environment[name] for name in ("HOME", "XDG_RUNTIME_DIR", "PULSE_SERVER")}
        host.serve_with(sys.executable, "-m", "duologue_server", "lsp", environment=environment)
        host.configure({"files.autoSave": "afterDelay", "files.autoSaveDelay": 200}, unpromptedPerHour=0)
        window = host.open(project)
        window.until_status("off")
        window.edit("parser.py")
        window.edit("test_parser.py")
        window.command("Duologue: Start the Voice")
        window.until_status("listening")
        window.page.wait_for_timeout(2000)
        session = Session(window, project, sound)
        began_s = time.monotonic()
        try:
            work(session)
        finally:
            window.shot("end of the session without a key")
        took_s = time.monotonic() - began_s
    with capsys.disabled():
        print(
            f"\n{session.said} utterances, {len(session.retries)} of them said again {session.retries}, {took_s:.0f} s"
        )
    assert len(session.retries) <= MOST_RETRIES


def work(session: Session) -> None:
    """From here on nobody touches a key."""
    parser, tests = "src/dotenv/parser.py", "tests/test_parser.py"
    session.say("Switch to parser dot pie.", session.tab("parser.py"))
    session.say("Go to function parse key.", session.at(156))
    session.say(
        "Rename the parameter reader to buffer.", session.has(parser, "def parse_key(buffer):", "buffer.peek(1)")
    )
    session.say(
        "Insert below if buffer is none.", session.has(parser, "def parse_key(buffer):\n    if buffer is None:\n")
    )
    session.say("Return none.", session.has(parser, "if buffer is None:\n        return None\n    # type"))
    session.say("Switch to test parser dot pie.", session.tab("test_parser.py"))
    session.say("Go to the end of the file.", session.at(152))
    session.say("Insert function test missing reader.", session.has(tests, "\ndef test_missing_reader():\n"))
    session.say("Assert that parse key of none is none.", session.has(tests, "assert parse_key(None) is None"))
    session.say("Run the tests.", session.ended("1"))
    session.say("Go to line five.", session.at(5))
    session.say("Change parse stream to parse stream comma parse key.", session.has(tests, "parse_stream, parse_key"))
    (session.project / "ended").unlink()
    session.say("Run the tests.", session.ended("0"))
    session.say("Commit with message guard against a missing reader.", asked(session.window))
    session.say("Yes.", lambda: "guard against a missing reader" in session.log().lower())


def asked(window: Window) -> Callable[[], bool]:
    """A question about a commit is open."""
    return lambda: "?" in (window.page.locator(".statusbar").text_content() or "")
