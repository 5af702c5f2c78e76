"""A working session on a real project without a key, said to whatever editor stands behind `Eyes`.

The project is a part of python-dotenv (`tests/data/editing`, BSD-3-Clause); the speech is synthetic.
"""

import gzip
import json
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from support.sound_server import SoundServer
from support.spoken import speech

HISTORY = Path(__file__).parents[1] / "data" / "editing" / "python-dotenv.json.gz"
PARSER, TESTS = "src/dotenv/parser.py", "tests/test_parser.py"
FILES = ("src/dotenv/compat.py", PARSER, TESTS)
TRIES = 4
PATIENCE_S = 8.0
"""For the effect of what was said, before it is said again."""
MOST_RETRIES = 6
"""Of all steps together."""
ENDED = "ended"
"""The file in which a run of the tests notes its exit status."""
SETTLED_S = 0.7


def project(folder: Path) -> Path:
    """A clone with one commit. Whoever runs its tests notes their exit status in `ENDED`."""
    start = json.loads(gzip.decompress(HISTORY.read_bytes()))["start"]
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(start[name])
    (folder / "src" / "dotenv" / "__init__.py").write_text("")
    (folder / ".gitignore").write_text(f"{ENDED}\n.pytest_cache\n__pycache__\n")
    for command in (
        ["init", "-q"],
        ["config", "user.name", "Ada"],
        ["config", "user.email", "ada@example.org"],
        ["add", "."],
        ["commit", "-q", "-m", "Start"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


class Eyes(Protocol):
    """What the developer sees of the editor."""

    def line(self) -> int:
        """The cursor's line, from 1."""

    def file(self) -> str:
        """The name of the file that is edited."""

    def shown(self) -> str:
        """What is shown of the voice: captions, questions."""

    def wait(self, seconds: float) -> None:
        """Lets the editor go on for so long."""

    def seen(self) -> str:
        """What else helps to understand why nothing happened."""


@dataclass
class Session:
    """What is said, and how often it had to be said."""

    eyes: Eyes
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
        raise AssertionError(f"said {TRIES} times without effect: {words}; seen: {self.eyes.seen()}")

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
                    self.eyes.wait(SETTLED_S)
                    return True
                self.eyes.wait(0.05)
        return False

    def has(self, name: str, *words: str) -> Callable[[], bool]:
        """What is in a file; the editor saves it a moment after every change."""
        return lambda: all(word in (self.project / name).read_text() for word in words)

    def ended(self, status: str) -> Callable[[], bool]:
        file = self.project / ENDED
        return lambda: file.exists() and file.read_text().strip() == status

    def at(self, line: int) -> Callable[[], bool]:
        return lambda: self.eyes.line() == line

    def edits(self, name: str) -> Callable[[], bool]:
        return lambda: self.eyes.file() == name

    def asks(self, words: str) -> Callable[[], bool]:
        """Whether the partner asks about that; what the user says has other words."""
        return lambda: bool(re.search(rf"{words}[^?]*\?", self.eyes.shown(), re.IGNORECASE))

    def log(self) -> str:
        return subprocess.run(
            ["git", "log", "--format=%s"], cwd=self.project, capture_output=True, text=True, check=True
        ).stdout

    def told(self, took_s: float) -> str:
        """How it went, in a line."""
        return f"{self.said} utterances, {len(self.retries)} of them said again {self.retries}, {took_s:.0f} s"


def work(session: Session) -> str:
    """Find, rename, guard, test, run, mend, run, commit. From here on nobody touches a key. Gives how it went."""
    began_s = time.monotonic()
    session.say("Switch to parser dot pie.", session.edits("parser.py"))
    session.say("Go to function parse key.", session.at(156))
    session.say(
        "Rename the parameter reader to buffer.", session.has(PARSER, "def parse_key(buffer):", "buffer.peek(1)")
    )
    session.say(
        "Insert below if buffer is none.", session.has(PARSER, "def parse_key(buffer):\n    if buffer is None:\n")
    )
    session.say("Return none.", session.has(PARSER, "if buffer is None:\n        return None\n    # type"))
    session.say("Switch to test parser dot pie.", session.edits("test_parser.py"))
    session.say("Go to the end of the file.", lambda: session.eyes.line() >= 151)
    session.say("Insert function test missing reader.", session.has(TESTS, "\ndef test_missing_reader():\n"))
    session.say("Assert that parse key of none is none.", session.has(TESTS, "assert parse_key(None) is None"))
    session.say("Run the tests.", session.ended("1"))
    session.say("Switch to test parser dot pie.", session.edits("test_parser.py"))
    session.say("Go to line five.", session.at(5))
    session.say("Change parse stream to parse stream comma parse key.", session.has(TESTS, "parse_stream, parse_key"))
    (session.project / ENDED).unlink()
    session.say("Run the tests.", session.ended("0"))
    session.say("Commit with message guard against a missing reader.", session.asks("Commit guard against"))
    session.say("Yes.", lambda: "guard against a missing reader" in session.log().lower())
    assert len(session.retries) <= MOST_RETRIES, session.retries
    return session.told(time.monotonic() - began_s)
