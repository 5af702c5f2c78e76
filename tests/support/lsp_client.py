"""A language client of few lines: it sends exactly what a test says, wrong things included."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self

WAIT_S = 20.0
FAKE_VOICE = Path(__file__).with_name("fake_voice.py")
SERVER = (sys.executable, "-m", "duologue_server", "lsp")


def with_fake_voice(*flags: str) -> list[str]:
    """The command of a language server whose voice process is the fake one with these flags."""
    return [sys.executable, str(FAKE_VOICE), "serve", *flags]


def frame(message: object) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class LspClient:
    """A client over two byte streams. Answers the server's requests from `answers`, by method."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        self._reader = reader
        self._writer = writer
        self._arrived = threading.Condition()
        self._last_id = 0
        self.messages: list[dict[str, Any]] = []
        """Everything the server sent, in order."""
        self.answers: dict[str, Callable[[Any], object]] = {}
        self.ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, message: object) -> None:
        """Sends a message, or bytes in place of its body, as they are."""
        self.send_bytes(frame(message))

    def send_bytes(self, data: bytes) -> None:
        self._writer.write(data)
        self._writer.flush()

    def notify(self, method: str, params: object = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: object = None) -> dict[str, Any]:
        """The whole response, `result` or `error`."""
        self._last_id += 1
        asked = self._last_id
        self.send({"jsonrpc": "2.0", "id": asked, "method": method, "params": params})
        return self.wait_for(lambda m: m.get("id") == asked and "method" not in m, method)

    def initialize(self, capabilities: Mapping[str, Any] | None = None, **params: object) -> dict[str, Any]:
        """Initialises as an editor does; the result."""
        body = {"processId": os.getpid(), "rootUri": None, "capabilities": capabilities or {}, **params}
        answer = self.ask("initialize", body)
        self.notify("initialized", {})
        result: dict[str, Any] = answer["result"]
        return result

    def command(self, verb: str, *arguments: object) -> dict[str, Any]:
        return self.ask("workspace/executeCommand", {"command": f"duologue.{verb}", "arguments": list(arguments)})

    def open(self, uri: str, text: str, language_id: str = "python") -> None:
        item = {"uri": uri, "languageId": language_id, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, version: int, *changes: Mapping[str, Any]) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool], what: str = "", since: int = 0) -> dict[str, Any]:
        """The first message that is wanted, whether it came already or not."""

        def found() -> dict[str, Any] | None:
            return next((message for message in self.messages[since:] if wanted(message)), None)

        with self._arrived:
            self._arrived.wait_for(lambda: found() is not None or self.ended, WAIT_S)
            message = found()
        assert message is not None, f"no {what or 'such message'}, only {self.messages}"
        return message

    def wait_method(self, method: str, **params: object) -> Any:
        """The parameters of the first message of that method whose parameters include these."""

        def wanted(message: dict[str, Any]) -> bool:
            got = message.get("params") or {}
            return message.get("method") == method and all(got.get(key) == value for key, value in params.items())

        return self.wait_for(wanted, f"{method} {params}")["params"]

    def wait_log(self, *words: str) -> str:
        """The first line in the log or shown to the user with all these words."""

        def wanted(message: dict[str, Any]) -> bool:
            text = str((message.get("params") or {}).get("message"))
            logged = message.get("method") in ("window/logMessage", "window/showMessage")
            return logged and all(word in text for word in words)

        text: str = self.wait_for(wanted, f"log line with {words}")["params"]["message"]
        return text

    def shown(self) -> list[str]:
        """What the user was shown so far."""
        return [m["params"]["message"] for m in self.messages if m.get("method") == "window/showMessage"]

    def _read(self) -> None:
        try:
            while (message := self._read_one()) is not None:
                # Answered before a test hears of it: what the test sends next comes after the answer.
                if "method" in message and "id" in message:
                    result = self.answers.get(message["method"], lambda params: None)(message.get("params"))
                    self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
                with self._arrived:
                    self.messages.append(message)
                    self._arrived.notify_all()
        except (OSError, ValueError):
            pass  # the server is gone; whoever waits is told below
        with self._arrived:
            self.ended = True
            self._arrived.notify_all()

    def _read_one(self) -> dict[str, Any] | None:
        length = 0
        while line := self._reader.readline():
            if line == b"\r\n":
                message: dict[str, Any] = json.loads(self._reader.read(length))
                return message
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return None


class ServerProcess(LspClient):
    """A language server in a process of its own, and its client."""

    def __init__(self, command: Sequence[str] = SERVER, env: Mapping[str, str] | None = None) -> None:
        self.started_s = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
        )
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        self.stderr: list[str] = []
        threading.Thread(target=self._read_stderr, daemon=True).start()
        super().__init__(self.process.stdout, self.process.stdin)  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def leave(self) -> int:
        """Shuts the server down as an editor does; its exit status."""
        self.ask("shutdown")
        self.notify("exit")
        return self.process.wait(WAIT_S)

    def _read_stderr(self) -> None:
        assert self.process.stderr
        for raw in self.process.stderr:
            self.stderr.append(raw.decode("utf-8", "replace").rstrip())
