"""A voice without a sound that hears what a test says, word for word, and tells the test what it would answer.

`python scripted_voice.py SOCKET` is the voice process; `Voice` is the test's end, and serves it to the language
server's `--voice`.
"""

import itertools
import json
import os
import queue
import socket
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from duologue_server.link.messages import Ask, Message, Reply
from duologue_server.link.remote import TOKEN_VARIABLE, serve
from support.fake_voice import FakeVoice, parser

TESTS = Path(__file__).parents[1]
TOKEN = "a-token-of-some-length"
ANSWERED_S = 10.0


class ScriptedVoice(FakeVoice):
    """Ready at once; asks what its test says, and passes on what it is to answer."""

    def __init__(self, at: str) -> None:
        self._test = socket.socket(socket.AF_UNIX)
        self._test.connect(at)
        super().__init__(parser().parse_args([]))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self._test.makefile(encoding="utf-8"):
            said = json.loads(line)
            now_s = time.monotonic()
            self._channel.send(Ask(said["turn"], said["text"], now_s, now_s))

    def _take(self, message: Message) -> None:
        if isinstance(message, Reply):
            told = {"turn": message.turn, "text": message.text, "final": message.final}
            self._test.sendall(json.dumps(told).encode() + b"\n")
        super()._take(message)


class Voice:
    """The test's end: what it says is heard by the language server. One voice process at a time; by `with`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._at = str(folder / "voice.sock")
        self._inside = socket.socket(socket.AF_UNIX)
        self._inside.bind(self._at)
        self._inside.listen()
        self._remote = socket.create_server(("127.0.0.1", 0))
        self._connected = threading.Event()
        self._process: socket.socket | None = None
        self._replies: queue.Queue[tuple[int, str, bool]] = queue.Queue()
        self._turns = itertools.count(1)

    def __enter__(self) -> Self:
        command = ["env", f"PYTHONPATH={TESTS}", sys.executable, __file__, self._at]
        for work in (lambda: serve(self._remote, TOKEN, command, lambda told: None), self._read):
            threading.Thread(target=work, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for listener in (self._remote, self._inside):
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        if self._process is not None:
            self._process.close()

    @property
    def environment(self) -> dict[str, str]:
        """What the language server needs beside its arguments."""
        return {TOKEN_VARIABLE: TOKEN}

    @property
    def server(self) -> list[str]:
        """The command of the real language server that uses this voice."""
        address = f"127.0.0.1:{self._remote.getsockname()[1]}"
        return [sys.executable, "-m", "duologue_server", "lsp", "--voice", address]

    def say(self, text: str) -> str:
        """Says it, as a whole turn of the user, and returns the answer. Raises AssertionError without one."""
        assert self._connected.wait(ANSWERED_S), "no voice process was started"
        assert self._process is not None
        turn = next(self._turns)
        self._process.sendall(json.dumps({"turn": turn, "text": text}).encode() + b"\n")
        answer = ""
        while True:
            try:
                of, piece, final = self._replies.get(timeout=ANSWERED_S)
            except queue.Empty:
                raise AssertionError(f"no answer to “{text}” after {answer!r}") from None
            if of == turn:
                answer += piece
                if final:
                    return answer

    def _read(self) -> None:
        try:
            while True:
                self._process, _ = self._inside.accept()
                self._connected.set()
                for line in self._process.makefile(encoding="utf-8"):
                    told = json.loads(line)
                    self._replies.put((told["turn"], told["text"], told["final"]))
        except OSError:  # the test is over
            return


if __name__ == "__main__":
    os.environ.pop(TOKEN_VARIABLE, None)
    ScriptedVoice(sys.argv[1]).run()
