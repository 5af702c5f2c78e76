"""A language client of few lines: the doctor and the bench see `duologue lsp` as an editor does."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, Self, cast

SERVER_COMMAND = (sys.executable, "-m", "duologue_server", "lsp")
LEAVE_S = 3.0

Json = dict[str, Any]


class ServerGone(Exception):
    """The language server ended, or did not say in time what was waited for."""


class LanguageServerChild:
    """A language server in a process of its own. Requests of the server are answered with null.

    Used by `with`, which ends the process whatever happened.
    """

    def __init__(self, command: Sequence[str] = SERVER_COMMAND, environment: Mapping[str, str] | None = None) -> None:
        """`environment` is added to this process's own. Raises OSError when the server cannot be started."""
        self.started_s = time.monotonic()
        self.process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )
        self._writer = cast(BinaryIO, self.process.stdin)
        self._writing = threading.Lock()
        self._arrived = threading.Condition()
        self._ended = False
        self._last_id = 0
        self.messages: list[tuple[float, Json]] = []
        """Everything that the server sent, each with `time.monotonic()` of its arrival."""
        threading.Thread(target=self._read, name="lsp-client", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def notify(self, method: str, params: object) -> float:
        """Sends a notification; `time.monotonic()` before its first byte was written. Raises ServerGone."""
        return self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: object, timeout_s: float = 20.0) -> Any:
        """The result of a request. Raises ServerGone, also when the answer is an error."""
        self._last_id += 1
        asked = self._last_id
        self._send({"jsonrpc": "2.0", "id": asked, "method": method, "params": params})
        _, answer = self.wait(lambda m: m.get("id") == asked and "method" not in m, method, timeout_s)
        if "error" in answer:
            raise ServerGone(f"{method} was refused: {answer['error'].get('message')}")
        return answer["result"]

    def initialize(self, timeout_s: float = 20.0, **more: object) -> Json:
        """Initialises as an editor does; the server's answer. Raises ServerGone."""
        body = {"processId": os.getpid(), "rootUri": None, "capabilities": {}, **more}
        result: Json = self.ask("initialize", body, timeout_s)
        self.notify("initialized", {})
        return result

    def command(self, verb: str, timeout_s: float = 20.0) -> Any:
        """Asks for one of the product's verbs. Raises ServerGone."""
        return self.ask("workspace/executeCommand", {"command": f"duologue.{verb}", "arguments": []}, timeout_s)

    def wait(
        self, wanted: Callable[[Json], bool], what: str, timeout_s: float = 20.0, since: int = 0
    ) -> tuple[float, Json]:
        """The first message from number `since` on that is wanted, and when it came. Raises ServerGone."""
        until_s = time.monotonic() + timeout_s
        with self._arrived:
            while True:
                for arrived_s, message in self.messages[since:]:
                    if wanted(message):
                        return arrived_s, message
                since = len(self.messages)
                if self._ended:
                    raise ServerGone(f"the language server ended before: {what}")
                if not self._arrived.wait(until_s - time.monotonic()) and time.monotonic() >= until_s:
                    raise ServerGone(f"the language server was silent for {timeout_s:g} s about: {what}")

    def wait_state(self, timeout_s: float = 20.0, **fields: object) -> tuple[float, Json]:
        """The first `duologue/state` with these fields. Raises ServerGone."""

        def wanted(message: Json) -> bool:
            state = message.get("params") or {}
            is_state = message.get("method") == "duologue/state"
            return is_state and all(state.get(name) == value for name, value in fields.items())

        arrived_s, message = self.wait(wanted, f"a state with {fields}", timeout_s)
        return arrived_s, message["params"]

    def leave(self) -> int:
        """Ends the session as an editor does; the server's exit status. Raises ServerGone."""
        self.ask("shutdown", None)
        self.notify("exit", None)
        try:
            return self.process.wait(LEAVE_S)
        except subprocess.TimeoutExpired as error:
            raise ServerGone(f"the language server still ran {LEAVE_S:g} s after exit") from error

    def _send(self, message: Json) -> float:
        body = json.dumps(message, ensure_ascii=False).encode()
        data = memoryview(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        with self._writing:
            sent_s = time.monotonic()
            try:
                while data:
                    data = data[self._writer.write(data) :]
            except OSError as error:
                raise ServerGone(f"the language server reads no more: {error}") from error
        return sent_s

    def _read(self) -> None:
        with cast(BinaryIO, self.process.stdout) as raw, os.fdopen(os.dup(raw.fileno()), "rb") as reader:
            try:
                while (message := _read_one(reader)) is not None:
                    arrived_s = time.monotonic()
                    with self._arrived:
                        self.messages.append((arrived_s, message))
                        self._arrived.notify_all()
                    if "method" in message and "id" in message:
                        self._send({"jsonrpc": "2.0", "id": message["id"], "result": None})
            except (OSError, ValueError, ServerGone):
                pass  # the server is gone; whoever waits is told below
        with self._arrived:
            self._ended = True
            self._arrived.notify_all()


def _read_one(reader: BinaryIO) -> Json | None:
    """The next message; None at the end."""
    length = 0
    while line := reader.readline():
        if line == b"\r\n":
            message: Json = json.loads(reader.read(length))
            return message
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return None
