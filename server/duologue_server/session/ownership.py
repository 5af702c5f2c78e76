"""One microphone, several editors: whoever the user turned to last has it, and the others are silent until then.

Two partners that hear the same question would both answer it. Servers of one user agree by a small file that names the
owner; each looks at it while its voice runs.
"""

import contextlib
import logging
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

import psutil

from duologue_server.session.habits import habits_path
from duologue_server.trace.clock import Clock, Job

LOOK_EVERY_S = 0.2

logger = logging.getLogger(__name__)


def microphone_path() -> Path:
    """The file of this user on this machine; a home may be shared by several."""
    return habits_path().with_name(f"microphone.{socket.gethostname()}")


class Ownership:
    """Belongs to the session's thread. `changed(True)`: the microphone is ours from now on; False: another's."""

    def __init__(self, clock: Clock, path: Path, changed: Callable[[bool], None]) -> None:
        self._clock = clock
        self._path = path
        self._changed = changed
        self._token = f"{os.getpid()} {secrets.token_hex(8)}"
        self._watch: Job | None = None
        self.is_ours = False

    def claim(self) -> None:
        """The user has turned to us: whoever had the microphone loses it. Where no file can be written, nobody does."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = self._path.with_name(f"{self._path.name}.{self._token.replace(' ', '-')}")
            beside.write_text(self._token, "ascii")
            os.replace(beside, self._path)
        except OSError as error:
            logger.warning("two editors cannot agree on the microphone: %s", error)
        self._take(True)
        if self._watch is None:
            self._watch = self._clock.call_later(LOOK_EVERY_S, self._look)

    def release(self) -> None:
        """Our voice has ended: another may take the microphone again."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self.is_ours and self._owner() == self._token:
            with contextlib.suppress(OSError):
                self._path.unlink()
        self.is_ours = False

    def _look(self) -> None:
        self._watch = self._clock.call_later(LOOK_EVERY_S, self._look)
        owner = self._owner()
        if owner == self._token:
            self._take(True)
        elif owner and _lives(owner):
            self._take(False)
        elif not self.is_ours:  # it was given back, or its owner has died
            self.claim()

    def _owner(self) -> str:
        try:
            return self._path.read_text("ascii", errors="replace")
        except OSError:
            return ""

    def _take(self, ours: bool) -> None:
        if ours != self.is_ours:
            self.is_ours = ours
            self._changed(ours)


def _lives(owner: str) -> bool:
    pid = owner.partition(" ")[0]
    return pid.isdecimal() and psutil.pid_exists(int(pid))
