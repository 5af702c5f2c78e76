"""`duologue talk` as a person sees it: in a terminal with real keys, and without any sound device."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

BUGGY = "def save(items):\n    return itmes\n"
WAIT_S = 30.0
_CODES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class TerminalChild:
    """A program in a terminal of its own, 100 columns wide."""

    def __init__(self, *words: str) -> None:
        self._own, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        command = [sys.executable, "-m", "duologue_server", *words]
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.before = termios.tcgetattr(its)
        self._its = its
        self.process = subprocess.Popen(
            command,
            stdin=its,
            stdout=its,
            stderr=its,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # else Ctrl-C would interrupt nobody
        )
        self.seen = ""

    def __enter__(self) -> "TerminalChild":
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._own)
        os.close(self._its)

    def press(self, keys: str) -> None:
        self.seen = ""
        os.write(self._own, keys.encode())

    def wait_for(self, *words: str) -> None:
        """All the words have been drawn since the last key."""
        until_s = time.monotonic() + WAIT_S
        while not all(word in self.seen for word in words):
            ready, _, _ = select.select([self._own], [], [], max(0.0, until_s - time.monotonic()))
            assert ready, f"never drawn: {words} in {self.seen[-2000:]!r}"
            self._take()

    def end(self) -> int:
        """The exit status; what is drawn meanwhile is read."""
        until_s = time.monotonic() + WAIT_S
        while self.process.poll() is None and time.monotonic() < until_s:
            if select.select([self._own], [], [], 0.05)[0]:
                self._take()
        return self.process.wait(1.0)

    def restored(self) -> bool:
        return bool(termios.tcgetattr(self._its)[3] == self.before[3])

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            self.seen += _CODES.sub("", os.read(self._own, 65536).decode("utf-8", "replace"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "store.py"
    path.write_text(BUGGY)
    return path


@pytest.fixture
def terminal(file: Path, tmp_path: Path) -> Iterator[TerminalChild]:
    device = f"virtual:out={tmp_path / 'partner.flac'}"
    with TerminalChild("talk", str(file), "--device", device, "--set", "unpromptedPerHour=0") as child:
        yield child


def test_a_talk_with_keys(terminal: TerminalChild, file: Path) -> None:
    terminal.wait_for("loading")
    terminal.wait_for("microphone open", "undefined name itmes")
    terminal.press("t")
    terminal.wait_for("ask")
    terminal.press("where am I\r")
    terminal.wait_for("you where am I", "partner You are in store.py", "partner speaking")
    terminal.press("m")
    terminal.wait_for("stopped by a key", "muted")
    terminal.press(" ")
    terminal.wait_for("speak now")
    terminal.press("?w")
    terminal.wait_for("silences the partner", "partner One remark waits")
    file.write_text(BUGGY.replace("itmes", "items"))
    time.sleep(1.5)  # the file is looked at, and ruff with it
    terminal.press("w")
    terminal.wait_for("stopped by a key", "partner I have nothing to say")
    terminal.press("q")
    assert terminal.end() == 0
    assert terminal.restored()


def test_ctrl_c_while_it_loads(terminal: TerminalChild) -> None:
    terminal.wait_for("loading")
    terminal.press("\x03")
    assert terminal.end() == 0, terminal.seen
    assert terminal.restored()


def test_without_a_device_it_goes_on_as_text(file: Path) -> None:
    """No name fits this microphone, as if there were none."""
    command = [sys.executable, "-m", "duologue_server", "talk", str(file), "--set", "inputDevice=no such microphone"]
    ended = subprocess.run(command, input="where am I\n", capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0
    assert "you where am I" in ended.stdout
    assert "partner You are in store.py, line 1" in ended.stdout
    assert "until then everything goes on as text" in ended.stdout or "no such microphone" in ended.stdout


def test_a_file_that_is_not_there() -> None:
    command = [sys.executable, "-m", "duologue_server", "talk", "nowhere.py"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    assert ended.returncode == 2
    assert ended.stderr.startswith("duologue talk: ")
