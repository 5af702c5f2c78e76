"""What else a machine may be busy with while it is measured."""

import subprocess
import sys
import threading
from types import TracebackType
from typing import Self

from duologue_server.link.language_client import LanguageServerChild, ServerGone

_SPIN = (
    "import os, sys, threading\n"
    "threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()\n"
    "while True: pass\n"
)
"""Ends with whoever holds its stdin."""
FILE_BYTES = 490_000
"""Just below the size up to which the language server parses a document; a larger one is kept as text."""
CHANGE_EVERY_S = 0.2


class BusyCores:
    """Two processes that keep two cores busy, from `with` to its end."""

    def __init__(self, count: int = 2) -> None:
        self._count = count
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        for _ in range(self._count):
            self._processes.append(subprocess.Popen([sys.executable, "-c", _SPIN], stdin=subprocess.PIPE))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()


class Parsing:
    """Two Python files, about 1 MB together, whose syntax changes all the time, from `with` to its end."""

    def __init__(self, server: LanguageServerChild) -> None:
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        text = large_python()
        for uri in self._uris():
            item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
            self._server.notify("textDocument/didOpen", {"textDocument": item})
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _uris(self) -> tuple[str, str]:
        return "file:///bench/one.py", "file:///bench/two.py"

    def _run(self) -> None:
        """Makes the whole file a string and back: nothing of the old tree can be used again."""
        version, quoted = 1, False
        first = {"line": 0, "character": 0}
        while not self._over.wait(CHANGE_EVERY_S):
            version, quoted = version + 1, not quoted
            change = {"range": {"start": first, "end": first}, "text": '"""'}
            if not quoted:
                change = {"range": {"start": first, "end": {"line": 0, "character": 3}}, "text": ""}
            uris = self._uris()
            uri = uris[version // 2 % 2]
            body = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}
            try:
                self._server.notify("textDocument/didChange", body)
            except ServerGone:
                return  # whoever measures notices too, and says it better


def large_python(size_bytes: int = FILE_BYTES) -> str:
    """A Python file of that size, of functions that each do something else."""
    parts: list[str] = []
    length = 0
    number = 0
    while length < size_bytes:
        number += 1
        part = (
            f"def total_{number}(numbers, factor={number}):\n"
            f"    result = [factor * number + {number % 97} for number in numbers if number > {number % 13}]\n"
            f"    return sum(result) / max(1, len(result))\n\n\n"
        )
        parts.append(part)
        length += len(part)
    return "".join(parts)
