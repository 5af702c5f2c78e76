"""Single keys of a terminal, as they are pressed, on a thread of their own."""

import codecs
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self

ESCAPE = "\x1b"
ENTER = "\r"
BACKSPACE = "\x7f"
_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.|\[M...)", re.DOTALL)
"""What arrow and function keys send."""


class Keyboard:
    """Calls `on_key` with every key between `with` and its end; the terminal then is as it was.

    Arrow and function keys come as "" : a key, but none that means anything here.
    """

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self._on_key = on_key
        self._restore: Callable[[], None] = lambda: None
        self._stopped = threading.Event()
        self._wake: tuple[int, int] | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        target = self._read_windows if sys.platform == "win32" else self._prepare()
        self._thread = threading.Thread(target=target, name="keyboard", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        if self._wake is not None:
            os.write(self._wake[1], b"x")
        if self._thread is not None:
            self._thread.join(1.0)
        for end in self._wake or ():
            os.close(end)
        self._restore()

    def _prepare(self) -> Callable[[], None]:
        """Puts the terminal into the mode without lines and echo; Ctrl-C still interrupts."""
        import termios
        import tty

        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        tty.setcbreak(terminal)
        self._restore = lambda: termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        self._wake = os.pipe()
        return lambda: self._read(terminal)

    def _read(self, terminal: int) -> None:
        import select

        assert self._wake is not None
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while not self._stopped.is_set():
            ready, _, _ = select.select([terminal, self._wake[0]], [], [])
            if terminal not in ready:
                return
            data = os.read(terminal, 1024)
            if not data:
                return  # the terminal is gone; whoever owns this process is told by SIGHUP
            for key in keys_of(decoder.decode(data)):
                self._on_key(key)

    def _read_windows(self) -> None:
        import msvcrt

        console: Any = msvcrt  # its functions are known to mypy on Windows only
        while not self._stopped.wait(0.02):
            while console.kbhit():
                key = console.getwch()
                if key in ("\x00", "\xe0"):
                    console.getwch()
                    key = ""
                self._on_key(BACKSPACE if key == "\b" else key)


def keys_of(text: str) -> Iterator[str]:
    """The keys in what a terminal sent at once."""
    at = 0
    while at < len(text):
        sequence = _SEQUENCE.match(text, at)
        if sequence is not None:
            at = sequence.end()
            yield ""
            continue
        key = text[at]
        at += 1
        yield {"\n": ENTER, "\b": BACKSPACE}.get(key, key)
