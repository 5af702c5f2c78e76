"""A small OpenAI-compatible endpoint on this machine, which behaves well or badly on demand.

Source of the protocol: "Chat Completions", streaming: `data:` lines of server-sent events, ended by `data: [DONE]`; the
pieces of a tool call have the same `index`, and only the first one has its `id` and its name.
"""

import itertools
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Behaviour = Literal[
    "normal", "done_only", "slow", "comments", "stall", "endless", "status", "html", "bad_json", "bad_shape",
    "no_stream", "empty", "disconnect", "cut_body", "no_headers", "error_event", "babble", "limited", "no_tools",
    "calls", "whole_calls", "odd_calls", "text_calls", "call_disconnect", "thinks",
]  # fmt: skip


@dataclass
class EndpointServer:
    """What the server does next, and what it was asked."""

    behaviour: Behaviour = "normal"
    words: Sequence[str] = ("The cursor ", "is never ", "defined.")
    status: int = 500
    retry_after: str = "20"
    calls: Sequence[Sequence[tuple[str, str]]] = ()
    """What is called, as (name, arguments), round by round; after that come the words."""
    before_calls: str = ""
    """Said before the first call."""
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
        for number in itertools.count():
            if self.server_script.ending.wait(0.01):
                return
            self._say(f"word{number} ")

    def _thinks(self) -> None:
        """Thinks for a while where nobody hears it, and answers."""
        self._begin()
        for _ in range(12):
            self._event(_chunk({"reasoning_content": "hm "}, None).decode())
            self.server_script.ending.wait(0.05)
        self._say(*self.server_script.words)
        self._end()

    def _babble(self) -> None:
        self._begin()
        while not self.server_script.ending.wait(0.001):
            self._say("word ")

    def _status(self) -> None:
        self._refuse(self.server_script.status, "the weights are on fire")

    def _limited(self) -> None:
        self._refuse(429, "slow down", {"Retry-After": self.server_script.retry_after})

    def _no_tools(self) -> None:
        if "tools" in self.server_script.requests[-1]:
            self._refuse(self.server_script.status, "registry/tiny does not support tools")
        else:
            self._normal()

    def _calls(self) -> None:
        """Calls in pieces, as the protocol has it."""
        done = sum("tool_calls" in message for message in self.server_script.requests[-1]["messages"])
        if done >= len(self.server_script.calls):
            self._normal()
            return
        self._begin()
        if self.server_script.before_calls and not done:
            self._say(self.server_script.before_calls)
        for index, (name, arguments) in enumerate(self.server_script.calls[done]):
            self._call({"index": index, "id": f"c{done}-{index}", "type": "function", "function": {"name": name}})
            for start in range(0, len(arguments), 5):
                self._call({"index": index, "function": {"arguments": arguments[start : start + 5]}})
        self._end("tool_calls")

    def _whole_calls(self) -> None:
        """Calls whole and without an index, as some endpoints send them."""
        if any(message["role"] == "tool" for message in self.server_script.requests[-1]["messages"]):
            self._normal()
            return
        self._begin()
        for number, (name, arguments) in enumerate(self.server_script.calls[0]):
            self._call({"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": arguments}})
        self._end("stop")

    def _odd_calls(self) -> None:
        """Shapes that no protocol has."""
        if any(message["role"] == "tool" for message in self.server_script.requests[-1]["messages"]):
            self._normal()
            return
        self._begin()
        for odd in ({"index": "x"}, {"index": 3, "function": None}, {"function": {"name": 7, "arguments": [1]}}):
            self._call(odd)
        self._end("tool_calls")

    def _text_calls(self) -> None:
        """As small models call: `before_calls` where tools are offered."""
        if "tools" not in self.server_script.requests[-1]:
            self._normal()
            return
        self._begin()
        self._say(*self.server_script.before_calls.split(" "))
        self._end()

    def _call_disconnect(self) -> None:
        self._begin()
        self._call({"index": 0, "id": "c0", "type": "function", "function": {"name": "sea", "arguments": '{"te'}})
        self.close_connection = True
        self.connection.close()

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

    def _call(self, part: dict[str, Any]) -> None:
        self._event(_chunk({"tool_calls": [part]}, None).decode())

    def _end(self, reason: str = "stop") -> None:
        self._event(_chunk({}, reason).decode())
        self._event("[DONE]")
        self._chunk(b"")

    def _event(self, data: str) -> None:
        self._chunk(f"data: {data}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _refuse(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        body = json.dumps({"error": {"message": message, "type": "server_error"}}).encode()
        self._whole(status, "application/json", body, headers)

    def _whole(self, status: int, content_type: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": content_type, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _chat(word: str) -> bytes:
    """One chunk of a completion with a word."""
    return _chunk({"content": word}, None)


def _chunk(delta: dict[str, Any], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "tiny", "choices": [choice]}
    return json.dumps(chunk).encode()
