"""The stub server for VS Code: `duologue.start` makes it tell of a voice that is ready, as if one were there."""

import sys
from pathlib import Path
from typing import Any

from editors.stub_server import Stub

READY = {"voice": "ready", "microphone": "open", "user": "quiet", "partner": "silent", "health": "ok", "message": ""}


class ReadyStub(Stub):
    """Dies of an unknown method, as the other does."""

    def _handle(self, method: str | None, message: dict[str, Any]) -> bool:
        if method == "$/setTrace":  # VS Code's own client says it to everybody
            return True
        known = super()._handle(method, message)
        if method == "workspace/executeCommand" and message["params"]["command"] == "duologue.start":
            state = {**READY, "parts": None, "latencyMs": None, "seq": 1}
            self._write({"method": "duologue/state", "params": state})
        return known


if __name__ == "__main__":
    sys.exit(ReadyStub(Path(sys.argv[1])).run())
