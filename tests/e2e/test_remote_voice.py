"""The language server here and the ears elsewhere: over loopback, as a forwarded port looks from both sides."""

import os
import re
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from duologue_server.link.remote import GREETING, TOKEN_VARIABLE, RemoteTrouble, check_token, serve
from support.lsp_client import FAKE_VOICE, SERVER, ServerProcess
from support.waiting import until

pytestmark = pytest.mark.e2e

TOKEN = "a-token-of-some-length"
FAKE = [sys.executable, str(FAKE_VOICE)]


class Ears:
    """The side where the ears are, on a thread of the test."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=serve, args=(self.listener, TOKEN, FAKE, self.told.append), daemon=True).start()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def ears() -> Iterator[Ears]:
    ears = Ears()
    yield ears
    ears.close()


def server_with(port: int, token: str = TOKEN) -> ServerProcess:
    return ServerProcess([*SERVER, "--voice", f"127.0.0.1:{port}"], {**os.environ, TOKEN_VARIABLE: token})


def voices() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if str(FAKE_VOICE) in child.cmdline()]


def check_shown(server: ServerProcess, *words: str) -> None:
    until(f"{words}", lambda: [text for text in server.shown() if all(word in text for word in words)])


def test_the_voice_is_used_and_leaves_with_the_editor(ears: Ears) -> None:
    with server_with(ears.port) as server:
        server.initialize()
        server.command("start")
        server.wait_method("duologue/state", voice="ready")
        server.command("mute")
        server.wait_method("duologue/state", microphone="muted")
        assert len(voices()) == 1
        assert server.leave() == 0
    until("the voice's end", lambda: voices() == [])
    until("the word of it", lambda: ears.told[-1].endswith("has left"))


def test_a_connection_that_breaks_comes_back(ears: Ears) -> None:
    with server_with(ears.port) as server:
        server.initialize()
        server.command("start")
        server.wait_method("duologue/state", voice="ready")
        (voice,) = voices()
        voice.kill()
        check_shown(server, "the voice stopped", "has gone", "restart 1 of 3")
        seen = len(server.messages)
        server.wait_for(
            lambda m: m.get("method") == "duologue/state" and m["params"]["voice"] == "ready", since=seen - 3
        )
        assert len(voices()) == 1
        server.leave()


def test_one_editor_at_a_time(ears: Ears) -> None:
    with server_with(ears.port) as first, server_with(ears.port) as second:
        for server in (first, second):
            server.initialize()
        first.command("start")
        first.wait_method("duologue/state", voice="ready")
        second.command("start")
        check_shown(second, "refuses: busy: another editor is connected")
        first.leave()
        second.leave()


def test_a_wrong_token_and_a_port_where_nobody_listens(ears: Ears) -> None:
    with server_with(ears.port, "another-token-of-some-length") as server:
        server.initialize()
        server.command("start")
        check_shown(server, "refuses: the token is wrong")
        server.leave()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with server_with(port) as server:
        server.initialize()
        server.command("start")
        check_shown(server, f"no voice at 127.0.0.1:{port}", "ssh -R")
        server.leave()
    assert voices() == []


@pytest.mark.parametrize("greeting", [b"GET / HTTP/1.1\r\n\r\n", GREETING + b"x" * 1000, GREETING + b"\n"])
def test_strangers_are_turned_away(ears: Ears, greeting: bytes) -> None:
    with socket.create_connection(("127.0.0.1", ears.port)) as stranger:
        stranger.sendall(greeting)
        readable, _, _ = select.select([stranger], [], [], 10)
        assert readable
        assert stranger.recv(100).startswith(b"no: ")
    assert voices() == []


@pytest.mark.parametrize("token", ["short", "with a space in the middle", "", "ö" * 20])
def test_a_token_that_cannot_be_one(token: str) -> None:
    with pytest.raises(RemoteTrouble, match="16 to 200"):
        check_token(token)


def test_the_real_voice_by_the_real_commands(tmp_path: Path) -> None:
    out = tmp_path / "heard.wav"
    command = [sys.executable, "-m", "duologue_server", "voice", "--listen", "127.0.0.1:0"]
    command += ["--device", f"virtual:out={out}", "--engine", "baseline"]
    environment = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
    voice = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert voice.stderr is not None
        port = re.findall(r"at 127\.0\.0\.1:(\d+)", voice.stderr.readline())[0]
        token = re.findall(rf"export {TOKEN_VARIABLE}=(\S+)", voice.stderr.readline())[0]
        threading.Thread(target=voice.stderr.read, daemon=True).start()
        with server_with(int(port), token) as server:
            server.initialize()
            server.command("start")
            until("a voice", lambda: _state(server, "voice") == "ready", 60.0)
            assert _state(server, "parts")["voice"].startswith("hibari")
            server.command("why")
            until("it is heard", lambda: [line for line in _lines(server) if line["heardUpTo"]])
            server.notify("duologue/activity", {"keys": 1})
            until("it is silent", lambda: _state(server, "partner") == "silent")
            until("the caption's end", lambda: _lines(server)[-1]["cause"] == "key")
            server.leave()
    finally:
        voice.terminate()
        voice.wait(10)
    assert out.stat().st_size > 1000


def _lines(server: ServerProcess) -> list[Any]:
    return [m["params"] for m in server.messages if m.get("method") == "duologue/transcript"]


def _state(server: ServerProcess, name: str) -> Any:
    states = [m["params"] for m in server.messages if m.get("method") == "duologue/state"]
    return states[-1][name] if states else None
