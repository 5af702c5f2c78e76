"""A man in the middle of an editor and the language server: passes everything on, and lets a test listen and join in.

`python between.py SOCKET COMMAND…` is the server that the editor starts; `Between` is the test's end. What the editor
alone could do, `duologue/clientCommand`, is answered here and only told to the test.
"""

import itertools
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from duologue_server.context.documents import Documents, TextChange
from duologue_server.context.positions import Position, Range
from support.lsp_client import frame
from support.waiting import until

TESTS = Path(__file__).parents[1]
SHOW = "window/showDocument"
CLIENT_COMMAND = "duologue/clientCommand"
OURS = "test-"
"""What the ids of the test's own requests begin with."""
DONE = {"ok": True, "message": ""}
Json = dict[str, Any]


def messages(reader: IO[bytes]) -> Iterator[Json]:
    """What comes in frames of the base protocol, until the end."""
    while True:
        length = 0
        while line := reader.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            return
        yield json.loads(reader.read(length))


class Writer:
    """Writes frames from several threads."""

    def __init__(self, to: IO[bytes]) -> None:
        self._to = to
        self._lock = threading.Lock()

    def write(self, message: Json) -> None:
        with self._lock:
            self._to.write(frame(message))
            self._to.flush()

    def close(self) -> None:
        with self._lock:
            self._to.close()


def main() -> int:
    test = socket.socket(socket.AF_UNIX)
    test.connect(sys.argv[1])
    server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    to = {"client": Writer(sys.stdout.buffer), "server": Writer(server.stdin)}
    lock = threading.Lock()

    def tell(side: str, message: Json) -> None:
        with lock:
            test.sendall(json.dumps({"from": side, "message": message}).encode() + b"\n")

    def from_client() -> None:
        for message in messages(sys.stdin.buffer):
            if not str(message.get("id")).startswith(OURS):
                to["server"].write(message)
            tell("client", message)
        to["server"].close()

    def from_test() -> None:
        for line in test.makefile(encoding="utf-8"):
            order = json.loads(line)
            to[order["to"]].write(order["message"])

    for work in (from_client, from_test):
        threading.Thread(target=work, daemon=True).start()
    for message in messages(server.stdout):
        if message.get("method") == CLIENT_COMMAND:
            to["server"].write({"jsonrpc": "2.0", "id": message["id"], "result": DONE})
            tell("server", message)
        elif str(message.get("id")).startswith(OURS):
            tell("server", message)
        else:
            to["client"].write(message)
            if message.get("method") == SHOW:
                tell("server", message)
    return server.wait()


class Between:
    """What the editor has told of its documents and its cursor; one editor at a time; by `with`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._at = str(folder / "between.sock")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self._at)
        self._listener.listen()
        self._ids = itertools.count(1)
        self._answers: dict[str, Json] = {}
        self._documents = Documents()
        self._test: socket.socket | None = None
        self.cursor: Json = {}
        """As in `duologue/context`."""
        self.actions: list[tuple[str, str]] = []
        """What only the editor could have done."""
        self.shown = 0
        """How often the server has put the cursor somewhere."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._test is not None:
            self._test.close()

    def command(self, server: list[str]) -> list[str]:
        """The command of a language server with this in front of it."""
        return ["env", f"PYTHONPATH={TESTS}", sys.executable, __file__, self._at, *server]

    def text(self, uri: str) -> str | None:
        """Of an open document, as the editor has told it."""
        document = self._documents.get(uri)
        return document.text if document is not None else None

    def ask(self, to: str, method: str, params: Json) -> Any:
        """The answer of the client or the server to a request of the test's own."""
        assert self._test is not None
        asked = f"{OURS}{next(self._ids)}"
        message = {"jsonrpc": "2.0", "id": asked, "method": method, "params": params}
        self._test.sendall(json.dumps({"to": to, "message": message}).encode() + b"\n")
        return until(method, lambda: self._answers.get(asked))["result"]

    def _read(self) -> None:
        try:
            while True:
                self._test, _ = self._listener.accept()
                self._documents = Documents()
                for line in self._test.makefile(encoding="utf-8"):
                    self._take(json.loads(line)["message"])
        except OSError:  # the test is over
            return

    def _take(self, message: Json) -> None:
        take: dict[str, Callable[[Json], None]] = {
            "textDocument/didOpen": self._open,
            "textDocument/didChange": self._change,
            "textDocument/didClose": lambda params: self._documents.close(params["textDocument"]["uri"]),
            "duologue/context": self._context,
            SHOW: self._show,
            CLIENT_COMMAND: lambda params: self.actions.append((params["name"], params["argument"])),
        }
        method = message.get("method")
        if method in take:
            take[method](message["params"])
        elif method is None and str(message.get("id")).startswith(OURS):
            self._answers[message["id"]] = message

    def _open(self, params: Json) -> None:
        item = params["textDocument"]
        self._documents.open(item["uri"], item["languageId"], item["version"], item["text"])

    def _change(self, params: Json) -> None:
        changes = [TextChange(_range(change.get("range")), change["text"]) for change in params["contentChanges"]]
        self._documents.change(params["textDocument"]["uri"], params["textDocument"]["version"], changes)

    def _show(self, params: Json) -> None:
        self.shown += 1

    def _context(self, params: Json) -> None:
        self.cursor = params.get("cursor", self.cursor)


def _range(raw: Json | None) -> Range | None:
    if raw is None:
        return None
    start, end = (Position(raw[name]["line"], raw[name]["character"]) for name in ("start", "end"))
    return Range(start, end)


if __name__ == "__main__":
    sys.exit(main())
