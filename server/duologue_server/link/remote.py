"""The voice link over a socket: ears and loudspeaker here, the language server on another machine.

`serve` waits where the ears are, and `relay` takes the place of the voice process where the code is. The first line
that is sent is a token; what follows are the frames of the link. Nothing is encrypted: the socket is meant to be
forwarded by SSH, from loopback to loopback.
"""

import hmac
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import BinaryIO, cast

GREETING = b"duologue-voice 1 "
TOKEN_VARIABLE = "DUOLOGUE_VOICE_TOKEN"
CONNECT_S = 5.0
GREETING_S = 5.0
"""For whoever connects, to say the token."""
LEAVE_S = 2.0
_LINE_BYTES = 512
_READ_BYTES = 65536
_TOKEN = re.compile(r"[!-~]{16,200}\Z")


class RemoteTrouble(Exception):
    """The other side cannot be reached or does not want us: what, and the next step."""


def check_token(token: str) -> str:
    """The token. Raises RemoteTrouble for one that is too short or cannot be sent."""
    if not _TOKEN.match(token):
        raise RemoteTrouble(
            f"the token must have 16 to 200 visible ASCII characters; set {TOKEN_VARIABLE} to one, or leave it out "
            "where the voice listens, and one is made"
        )
    return token


def serve(listener: socket.socket, token: str, command: Sequence[str], tell: Callable[[str], None]) -> None:
    """Gives every client that knows the token a voice process of its own, one client at a time; until the listener is
    closed. `command` starts a voice process whose link is its stdin and stdout."""
    busy = threading.Lock()

    def attend(client: socket.socket, address: str) -> None:
        with client:
            refusal = _refusal(client, token)
            if not refusal and not busy.acquire(blocking=False):
                refusal = "busy: another editor is connected"
            if refusal:
                tell(f"{address} was turned away: {refusal}")
                _try_send(client, f"no: {refusal}\n".encode())
                return
            try:
                tell(f"{address} is connected")
                client.sendall(b"ok\n")
                _host(client, command)
            except OSError as error:
                tell(f"{address}: {error}")
            finally:
                busy.release()
                tell(f"{address} has left")

    while True:
        try:
            client, (host, port, *_) = listener.accept()
        except OSError:
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=attend, args=(client, f"{host}:{port}"), name="voice-client", daemon=True).start()


def relay(host: str, port: int, token: str, reader: BinaryIO, writer: BinaryIO) -> None:
    """Is the voice process for a language server, and passes everything on to the one that listens there.

    Returns when the language server has ended the link. Raises RemoteTrouble.
    """
    where = f"{host}:{port}"
    try:
        remote = socket.create_connection((host, port), CONNECT_S)
    except OSError as error:
        raise RemoteTrouble(
            f"no voice at {where}: {error}; start 'duologue voice --listen' where your ears are, and forward the port "
            f"(ssh -R {port}:127.0.0.1:{port} …)"
        ) from error
    with remote:
        remote.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            remote.sendall(GREETING + token.encode() + b"\n")
            answer = _line(remote)
        except OSError as error:
            raise RemoteTrouble(f"the voice at {where} does not answer: {error}; see what it prints") from error
        if answer != b"ok":
            said = answer.decode("ascii", "replace").removeprefix("no: ") or "it hung up"
            raise RemoteTrouble(f"the voice at {where} refuses: {said}")
        remote.settimeout(None)
        left = threading.Event()

        def outwards() -> None:
            _pump(lambda: os.read(reader.fileno(), _READ_BYTES), remote.sendall)
            left.set()
            _shut(remote)

        threading.Thread(target=outwards, name="relay-out", daemon=True).start()
        _pump(lambda: remote.recv(_READ_BYTES), lambda data: _write_all(writer, data))
        if not left.is_set():
            raise RemoteTrouble(f"the voice at {where} has gone; is the forwarded port still open?")


def _host(client: socket.socket, command: Sequence[str]) -> None:
    """One voice process for this client; ends with the connection."""
    client.settimeout(None)
    process = subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr)
    into, out_of = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)

    def inwards() -> None:
        _pump(lambda: client.recv(_READ_BYTES), lambda data: _write_all(into, data))
        try:
            into.close()  # the voice process leaves when its link ends
        except OSError:
            return

    thread = threading.Thread(target=inwards, name="voice-in", daemon=True)
    thread.start()
    try:
        _pump(lambda: os.read(out_of.fileno(), _READ_BYTES), client.sendall)
        _shut(client)
        thread.join(LEAVE_S)
    finally:
        try:
            process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        out_of.close()


def _refusal(client: socket.socket, token: str) -> str:
    """Why this client is not let in; empty when it is."""
    client.settimeout(GREETING_S)
    try:
        line = _line(client)
    except OSError:
        return "it did not say the token in time"
    if not line.startswith(GREETING):
        return "it does not speak the voice link; connect with 'duologue lsp --voice'"
    return "" if hmac.compare_digest(line.removeprefix(GREETING), token.encode()) else "the token is wrong"


def _line(connection: socket.socket) -> bytes:
    """The first line, byte by byte so that nothing after it is taken. Raises OSError when it does not come."""
    line = b""
    while len(line) < _LINE_BYTES:
        byte = connection.recv(1)
        if not byte or byte == b"\n":
            break
        line += byte
    return line


def _pump(read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
    """Passes bytes on until either side has ended."""
    try:
        while data := read():
            write(data)
    except (OSError, ValueError):
        return


def _write_all(writer: BinaryIO, data: bytes) -> None:
    """Raw streams may take only a part."""
    view = memoryview(data)
    while view:
        view = view[writer.write(view) :]


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _try_send(connection: socket.socket, data: bytes) -> None:
    try:
        connection.sendall(data)
    except OSError:
        return
