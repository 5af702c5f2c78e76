"""A language server that only listens: writes all messages down, answers politely, dies of an unknown method.

`stub_server.py RECORD lsp` speaks LSP over stdio; RECORD gets one JSON object a line. `stub/push` sends its `params`
back as a message, which is how a test plays the server's part; `stub/refuse` makes a command be refused from then on;
`stub/die` ends it with a code or by a signal.
`stub_server.py RECORD --version` is for health checks.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

UNKNOWN_METHOD_CODE = 70
CAPABILITIES = {
    "positionEncoding": "utf-16",
    "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
    "executeCommandProvider": {"commands": []},
    "inlayHintProvider": True,
    "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
}
NOTIFICATIONS = {
    "initialized",
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didSave",
    "textDocument/didClose",
    "workspace/didChangeConfiguration",
    "workspace/didChangeWorkspaceFolders",
    "duologue/activity",
    "duologue/context",
    "$/cancelRequest",
}


class Stub:
    """One connection."""

    def __init__(self, record: Path) -> None:
        self._record = record.open("a", encoding="utf-8")
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._refused = {"duologue.accept": "there is nothing to accept"}

    def run(self) -> int:
        """Serves until `exit` or the end of the input. The code is 70 after an unknown method."""
        while (message := self._read()) is not None:
            print(json.dumps(message), file=self._record, flush=True)
            method = message.get("method")
            if method == "exit":
                return 0
            if method == "stub/die":
                code: int = message["params"]["code"]
                if code < 0:
                    os.kill(os.getpid(), -code)
                return code
            if not self._handle(method, message):
                print(json.dumps({"unknown": method}), file=self._record, flush=True)
                print(f"stub: unknown method {method!r}", file=sys.stderr, flush=True)
                return UNKNOWN_METHOD_CODE
        return 0

    def _handle(self, method: str | None, message: dict[str, Any]) -> bool:
        """Whether the method was known."""
        if method == "initialized":
            items = [{"section": "duologue"}]
            self._write({"id": "settings", "method": "workspace/configuration", "params": {"items": items}})
        if method is None or method in NOTIFICATIONS:
            return True
        if method == "stub/push":
            self._write(message["params"])
        elif method == "stub/refuse":
            self._refused[message["params"]["command"]] = message["params"]["message"]
        elif method == "initialize":
            self._answer(message, {"capabilities": CAPABILITIES, "serverInfo": {"name": "stub"}})
        elif method in ("shutdown", "textDocument/inlayHint"):
            self._answer(message, None)
        elif method == "workspace/executeCommand":
            why = self._refused.get(message["params"]["command"], "")
            self._answer(message, {"ok": not why, "message": why})
        else:
            return False
        return True

    def _read(self) -> dict[str, Any] | None:
        length = 0
        while line := self._in.readline().strip():
            name, value = line.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            return None
        message: dict[str, Any] = json.loads(self._in.read(length))
        return message

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._out.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._out.flush()

    def _answer(self, request: dict[str, Any], result: object) -> None:
        self._write({"id": request["id"], "result": result})


if __name__ == "__main__":
    if sys.argv[2:] == ["--version"]:
        print("duologue 0.0.0 (stub)")
        sys.exit(0)
    sys.exit(Stub(Path(sys.argv[1])).run())
