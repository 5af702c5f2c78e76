"""A small OpenAI-compatible endpoint on this machine, which behaves well or badly on demand.

Source of the protocol: "Chat Completions", streaming: `data:` lines of server-sent events, ended by `data: [DONE]`.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Behaviour = Literal[
    "normal", "done_only", "slow", "comments", "stall", "endless", "status", "html", "bad_json", "bad_shape",
    "no_stream", "empty", "disconnect", "cut_body", "no_headers", "error_event",
]  # fmt: skip


@dataclass
class EndpointServer:
    """What the server does next, and what it was asked."""

    behaviour: Behaviour = "normal"
    words: Sequence[str] = ("The cursor ", "is never ", "defined.")
    status: int = 500
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    """The client went away in the middle."""
    waiting: threading.Event = field(default_factory=threading.Event)
    """A request is held: nothing more will come by itself."""
    ending: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@contextmanager
def endpoint_server(behaviour: Behaviour = "normal", **more: Any) -> Iterator[EndpointServer]:
    """Serves at `url` for as long as the context lasts."""
    script = EndpointServer(behaviour, **more)

    class Handler(_Handler):
        server_script = script

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        script.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_script: EndpointServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing on the terminal."""

    def do_POST(self) -> None:
        script = self.server_script
        script.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        script.keys.append(self.headers.get("Authorization", ""))
        try:
            getattr(self, f"_{script.behaviour}")()
        except (BrokenPipeError, ConnectionResetError):
            script.cancelled.set()
            self.close_connection = True

    def _normal(self) -> None:
        self._begin()
        self._say(*self.server_script.words)
        self._end()

    def _done_only(self) -> None:
        self._begin()
        self._say(*self.server_script.words)
        self._event("[DONE]")
        self._chunk(b"")

    def _slow(self) -> None:
        self._hold()

    def _comments(self) -> None:
        self._begin()
        while not self.server_script.ending.wait(0.02):
            self._chunk(b": still working\n\n")

    def _stall(self) -> None:
        self._begin()
        self._say(self.server_script.words[0])
        self._hold()

    def _endless(self) -> None:
        self._begin()
        while not self.server_script.ending.wait(0.01):
            self._say("word ")

    def _status(self) -> None:
        body = json.dumps({"error": {"message": "the weights are on fire", "type": "server_error"}}).encode()
        self._whole(self.server_script.status, "application/json", body)

    def _html(self) -> None:
        self._whole(200, "text/html", b"<html><body>Welcome to nginx!</body></html>")

    def _no_stream(self) -> None:
        body = {"choices": [{"message": {"role": "assistant", "content": "whole"}, "finish_reason": "stop"}]}
        self._whole(200, "application/json", json.dumps(body).encode())

    def _bad_json(self) -> None:
        self._begin()
        self._event('{"choices": [{"delta"')
        self._end()

    def _bad_shape(self) -> None:
        self._begin()
        self._event('{"choices": [42], "what": [1, 2]}')
        self._end()

    def _empty(self) -> None:
        self._begin()
        self._end()

    def _disconnect(self) -> None:
        self._begin()
        self._say(self.server_script.words[0])
        self.close_connection = True
        self.connection.close()

    def _cut_body(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(_chat(self.server_script.words[0]).join((b"data: ", b"\n\n")))
        self.close_connection = True

    def _no_headers(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _error_event(self) -> None:
        self._begin()
        self._event('{"error": {"message": "out of memory", "code": 500}}')
        self._end()

    def _hold(self) -> None:
        """Sends nothing more, until the client leaves or the test ends."""
        self.server_script.waiting.set()
        self.connection.settimeout(0.02)
        while not self.server_script.ending.is_set():
            try:
                if self.connection.recv(1) == b"":
                    raise BrokenPipeError
            except TimeoutError:
                continue
        self.close_connection = True

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _say(self, *words: str) -> None:
        for word in words:
            self._event(_chat(word).decode())

    def _end(self) -> None:
        self._event(_chat(None).decode())
        self._event("[DONE]")
        self._chunk(b"")

    def _event(self, data: str) -> None:
        self._chunk(f"data: {data}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _whole(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _chat(word: str | None) -> bytes:
    """One chunk of a completion; without a word, the last one."""
    choice = {"index": 0, "delta": {"content": word} if word else {}, "finish_reason": None if word else "stop"}
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "tiny", "choices": [choice]}
    return json.dumps(chunk).encode()
