"""A Neovim in a real terminal: its keys are bytes on a pseudo-terminal, as they come from a person's."""

import contextlib
import os
import pty
import signal
import termios
import threading
import time
from pathlib import Path
from typing import Any

import pynvim

from editors.neovim import BARE, NVIM, Neovim, until


class TerminalNeovim(Neovim):
    """Driven by `press`; everything else of Neovim works as well."""

    def _run(self, environment: dict[str, str]) -> Any:
        address = self.folder / "terminal.sock"
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            with contextlib.suppress(OSError):
                os.execve(
                    NVIM,
                    [str(NVIM), *BARE, "--listen", str(address)],
                    {**os.environ, "TERM": "xterm-256color", **environment},
                )
            os._exit(127)
        termios.tcsetwinsize(self._terminal, (24, 96))
        threading.Thread(target=self._drain, daemon=True).start()
        until("Neovim's socket", address.exists)
        return pynvim.attach("socket", path=str(address))

    def press(self, keys: bytes) -> float:
        """Types; when, on the clock of `time.monotonic`."""
        at_s = time.monotonic()
        os.write(self._terminal, keys)
        return at_s

    def close(self) -> None:
        super().close()
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self._terminal)

    def _drain(self) -> None:
        """A terminal that nobody reads would stop its program."""
        with contextlib.suppress(OSError):
            while os.read(self._terminal, 1 << 16):
                pass


def duologue() -> Path:
    """The program beside this Python."""
    return NVIM.with_name("duologue")
