"""`duologue lsp` as a process: with a voice process that is real in all but the voice, and with what kills both."""

import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.lsp_client import SERVER, WAIT_S, LspClient, ServerProcess, with_fake_voice

pytestmark = pytest.mark.e2e

URI = "file:///tmp/total.py"
GONE_S = 2.0
MakeServer = Callable[..., ServerProcess]


@pytest.fixture
def make_server() -> Iterator[MakeServer]:
    servers: list[ServerProcess] = []

    def make(*flags: str, command: list[str] | None = None) -> ServerProcess:
        servers.append(ServerProcess(command or with_fake_voice(*flags)))
        return servers[-1]

    yield make
    for server in servers:
        server.__exit__()


def start_voice(server: LspClient) -> int:
    """Starts the voice as a user does; the process id of the voice."""
    assert server.command("start")["result"]["ok"]
    server.wait_method("duologue/state", voice="ready")
    assert isinstance(server, ServerProcess)
    (voice,) = voices(server)
    return voice


def voices(server: ServerProcess) -> list[int]:
    """Voice processes that the server has running.

    Between fork and exec, any child of the server (a linter, say) bears the server's own command line.
    """
    parent = psutil.Process(server.process.pid)
    lines = {child.pid: child.cmdline() for child in parent.children(recursive=True)}
    return [pid for pid, line in lines.items() if "fake_voice.py" in " ".join(line) and line != parent.cmdline()]


def check_gone(*pids: int) -> None:
    """Every process is gone within the promised time."""
    deadline_s = time.monotonic() + GONE_S
    while [pid for pid in pids if alive(pid)] and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert [pid for pid in pids if alive(pid)] == []


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def states(server: LspClient) -> list[Any]:
    return [m["params"] for m in server.messages if m.get("method") == "duologue/state"]


def is_voice(message: dict[str, Any], now: str) -> bool:
    """Whether the message tells that state of the voice."""
    return message.get("method") == "duologue/state" and message["params"]["voice"] == now


def path(server: LspClient) -> list[str]:
    """What the voice went through, repetitions left out."""
    names = [state["voice"] for state in states(server)]
    return [name for before, name in zip(["", *names], names, strict=False) if name != before]


def test_initialize_is_answered_quickly(capsys: pytest.CaptureFixture[str]) -> None:
    took_s = []
    for _ in range(5):
        with ServerProcess(SERVER) as server:
            server.initialize()
            took_s.append(time.monotonic() - server.started_s)
            assert server.leave() == 0
    with capsys.disabled():
        print(f"\ninitialize: median {statistics.median(took_s):.2f} s of {[round(s, 2) for s in took_s]}")
    assert statistics.median(took_s) < 5.0, "a bound for a very busy machine; the figure is printed"


def test_the_voice_loads_is_used_and_leaves_with_the_editor(make_server: MakeServer) -> None:
    server = make_server()
    server.initialize({"window": {"workDoneProgress": True}})
    server.open(URI, "total = 1\n")
    assert voices(server) == [], "nothing listens before it was asked for"
    voice = start_voice(server)
    assert path(server) == ["loading", "ready"]
    assert states(server)[-1]["parts"]["voice"] == "fake"
    server.wait_log("voice process: fake voice: ready")
    server.command("mute")
    server.wait_method("duologue/state", microphone="muted")
    seqs = [state["seq"] for state in states(server)]
    assert seqs == sorted(set(seqs))
    assert server.leave() == 0
    check_gone(voice)


def test_autostart_from_initialization_options(make_server: MakeServer) -> None:
    server = make_server()
    server.initialize(initializationOptions={"autostart": True})
    server.wait_method("duologue/state", voice="ready")


def test_autostart_from_pulled_settings(make_server: MakeServer) -> None:
    server = make_server()
    server.answers["workspace/configuration"] = lambda params: [{"autostart": True}]
    server.initialize({"workspace": {"configuration": True}})
    server.wait_method("duologue/state", voice="ready")


def test_kill_9_of_the_voice(make_server: MakeServer) -> None:
    server = make_server()
    server.initialize()
    voice = start_voice(server)
    os.kill(voice, signal.SIGKILL)
    restarting = server.wait_for(lambda m: is_voice(m, "restarting"), "news of the kill")
    assert "signal 9" in restarting["params"]["message"]
    # What the first voice still had to say of itself, "ready" too, may come between the kill and the news of it.
    server.wait_for(lambda m: is_voice(m, "ready"), "second start", server.messages.index(restarting))
    assert path(server) == ["loading", "ready", "restarting", "ready"]
    assert states(server)[-1]["health"] == "ok"
    assert voices(server) != [voice]
    assert server.leave() == 0


def test_a_voice_that_cannot_start(make_server: MakeServer) -> None:
    server = make_server("--crash")
    server.initialize()
    server.command("start")
    failed = server.wait_method("duologue/state", voice="failed")
    assert path(server) == ["loading", "restarting", "failed"]
    assert failed["health"] == "error"
    assert "no voice today" in failed["message"]
    assert "duologue doctor" in failed["message"]
    assert failed["message"] in " ".join(server.shown())
    server.open(URI, "the editor goes on")
    assert server.leave() == 0


def test_the_editor_is_killed(make_server: MakeServer) -> None:
    """The editor's end of stdin closes, as when it dies."""
    server = make_server()
    server.initialize()
    voice = start_voice(server)
    assert server.process.stdin
    server.process.stdin.close()
    check_gone(voice, server.process.pid)


def test_the_editor_is_killed_and_somebody_else_holds_stdin(make_server: MakeServer) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as editor:
        server = make_server()
        server.initialize(processId=editor.pid)
        voice = start_voice(server)
        editor.kill()
        check_gone(voice, server.process.pid)


def test_the_server_is_killed(make_server: MakeServer) -> None:
    server = make_server()
    server.initialize()
    voice = start_voice(server)
    server.process.kill()
    check_gone(voice)


def test_the_server_is_killed_while_the_voice_is_deaf(make_server: MakeServer) -> None:
    server = make_server("--deaf")
    server.initialize()
    voice = start_voice(server)
    assert server.leave() == 0
    check_gone(voice)


def test_what_others_print_does_not_reach_the_editor(make_server: MakeServer) -> None:
    code = (
        "import os, sys; from duologue_server import server; from duologue_server.cli.lsp import take_stdio\n"
        "def make(*parts):\n"
        "    print('noise'); os.system('echo noise; cat')\n"
        "    return server._real_session(*parts)\n"
        "sys.exit(server.serve_stdio(*take_stdio(), make_session=make))"
    )
    server = make_server(command=[sys.executable, "-c", code])
    server.initialize()
    server.open(URI, "x")
    assert server.leave() == 0
    assert server.stderr.count("noise") == 2


def test_over_tcp() -> None:
    command = [*SERVER, "--tcp", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        found = re.search(r"127\.0\.0\.1:(\d+)", server.stderr.readline())
        assert found
        with socket.create_connection(("127.0.0.1", int(found.group(1)))) as connection:
            client = LspClient(connection.makefile("rb"), connection.makefile("wb"))
            assert client.initialize()["serverInfo"]["name"] == "duologue"
            client.open(URI, "x = 1\n")
            client.ask("shutdown")
            client.notify("exit")
            assert server.wait(WAIT_S) == 0


def test_everything_wrong_at_once_and_it_lives(make_server: MakeServer) -> None:
    server = make_server()
    assert server.command("start")["error"]["code"] == -32002
    server.initialize(initializationOptions={"volume": 11, "speed": "fast"})
    server.open("file:///tmp/klingon.kl", "nuqneH", "klingon")
    server.open("file:///tmp/binary.py", "\x00\x01\ufffd" * 1000)
    server.open("file:///tmp/large.py", "total = 1  # a line\n" * 250_000)
    server.send_bytes(b'Content-Length: 4\r\n\r\n"\xff\xfe"')
    where = {"start": {"line": 9, "character": 0}, "end": {"line": 0, "character": 0}}
    server.change(URI, 2, {"range": where, "text": "x"})
    server.notify("duologue/activity", {"keys": "all"})
    server.notify("duologue/context", [])
    server.open(URI, "total = totl\n")
    for version in range(2, 1002):
        at = {"line": 0, "character": 0}
        server.change(URI, version, {"range": {"start": at, "end": at}, "text": "#"})
    for words in (("volume",), ("speed",), ("didChange", URI), ("duologue/activity",), ("duologue/context",)):
        server.wait_log(*words)
    assert server.wait_for(lambda m: m.get("error", {}).get("code") == -32700)
    start_voice(server)
    assert server.leave() == 0


def test_the_real_voice_is_killed_and_comes_back(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DUOLOGUE_VOICE_ARGS", "--device virtual:")
    server = make_server(command=list(SERVER))
    server.initialize()
    began_s = time.monotonic()
    server.command("start")
    server.wait_method("duologue/state", voice="ready")
    ready_s = time.monotonic() - began_s
    (voice,) = psutil.Process(server.process.pid).children()
    began_s = time.monotonic()
    voice.kill()
    restarting = server.wait_for(lambda m: is_voice(m, "restarting"), "news of the kill")
    server.wait_for(lambda m: is_voice(m, "ready"), "second start", server.messages.index(restarting))
    with capsys.disabled():
        print(f"\nreal voice: ready after {ready_s:.1f} s, back after kill -9 in {time.monotonic() - began_s:.1f} s")
    (voice,) = psutil.Process(server.process.pid).children()
    server.process.kill()
    check_gone(voice.pid)


def test_how_long_a_key_takes_to_the_voice(
    make_server: MakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    server = make_server("--log", str(log))
    server.initialize()
    server.open(URI, "total = 1\n" * 5000)
    start_voice(server)
    sent_s = []
    at = {"line": 2500, "character": 0}
    for version in range(2, 202):
        time.sleep(0.01)
        sent_s.append(time.monotonic())
        server.change(URI, version, {"range": {"start": at, "end": at}, "text": "x"})
    server.leave()
    lines = [line.split("\t") for line in log.read_text().splitlines()]
    seen = [(float(line[0]), int(line[2].split("count=")[1].split(",")[0])) for line in lines if line[1] == "keys"]
    arrived_s = [at_s for at_s, count in seen for _ in range(count)]
    assert len(arrived_s) == len(sent_s), "every key arrives once"
    took_ms = sorted(1000 * (b - a) for a, b in zip(sent_s, arrived_s, strict=True))
    with capsys.disabled():
        print(f"\nkey, client write to voice reader: p50 {took_ms[100]:.2f} ms, p95 {took_ms[190]:.2f} ms")
