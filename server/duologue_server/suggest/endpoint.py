"""Answers of a language model behind any OpenAI-compatible endpoint, streamed and cancellable.

Published protocol: "Chat Completions", streamed as server-sent events. The client library is imported when the first
answer is wanted, because that takes about a second; nothing here runs on the thread of the keys.
"""

import os
import socket
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from duologue_server.suggest.prompt import Message, build_messages
from duologue_server.trace.clock import RealClock

CONNECT_S = 3.0
FIRST_TOKEN_S = 15.0
"""Until the first word, and between one word and the next."""
TOTAL_S = 60.0
MOST_TOKENS = 300
"""An answer is spoken: more than this nobody listens to."""
_DONE = b"[DONE]"

TroubleCode = Literal[
    "address", "down", "slow", "key", "model", "limit", "refused", "server", "garbage", "empty", "disconnected"
]


class EndpointTrouble(Exception):
    """The endpoint did not answer as it should: what happened and the next step, each without a full stop."""

    def __init__(self, code: TroubleCode, what: str, remedy: str) -> None:
        self.code = code
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}; {remedy}")


class AnswerStream(Iterator[str]):
    """The words of one answer as they come. Raises EndpointTrouble, also in the middle.

    `close` may be called on any thread and ends the request at once; the iterator then just ends.
    """

    def __init__(self, endpoint: "EndpointAnswers", messages: Sequence[Message]) -> None:
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._done_seen = False
        self._first_seen = False
        self._tail = b""
        self._began_s = 0.0
        self.closed = False
        self._deltas = self._run(messages)

    def __iter__(self) -> Iterator[str]:
        try:
            while True:
                try:
                    delta = next(self)
                except StopIteration:
                    return
                yield delta
        finally:  # also when a loop over it is left early
            self.close()

    def __next__(self) -> str:
        try:
            return next(self._deltas)
        except EndpointTrouble:
            if self.closed:
                raise StopIteration from None
            raise

    def close(self) -> None:
        """Cancels the request; idempotent."""
        with self._lock:
            self.closed = True
            self._shut()

    def connected(self, connection: socket.socket) -> None:
        """The request has this connection, which `close` may cut."""
        with self._lock:
            self._socket = connection
            if self.closed:
                self._shut()

    def received(self, data: bytes) -> None:
        """Bytes of the body came. Raises EndpointTrouble when they come too late, whatever they are: some endpoints
        send comments forever to keep the line open."""
        self._tail = (self._tail + data)[-2 * len(_DONE) - len(data) :]
        self._done_seen = self._done_seen or _DONE in self._tail
        took_s = self._endpoint.now_s() - self._began_s
        if took_s > (self._endpoint.total_s if self._first_seen else self._endpoint.first_token_s):
            raise self._endpoint.slow(took_s)

    def _shut(self) -> None:
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._socket = None  # it was down already

    def _run(self, messages: Sequence[Message]) -> Iterator[str]:
        if self.closed:
            return
        client = self._endpoint.client()
        self._began_s = self._endpoint.now_s()
        token = _CURRENT.set(self)
        try:
            response = client.chat.completions.create(
                model=self._endpoint.model,
                messages=messages,
                stream=True,
                max_tokens=MOST_TOKENS,
            )
        except Exception as error:
            raise self._endpoint.explain(error) from error
        finally:
            _CURRENT.reset(token)
        try:
            yield from self._read(response)
        finally:
            response.close()

    def _read(self, response: Any) -> Iterator[str]:
        finished = False
        try:
            for chunk in response:
                if self.closed:
                    return
                for choice in chunk.choices or ():
                    finished = finished or bool(choice.finish_reason)
                    text = choice.delta.content if choice.delta else None
                    if text:
                        self._first_seen = True
                        yield str(text)
        except Exception as error:
            raise self._endpoint.explain(error, self._first_seen) from error
        if self.closed:
            return
        if not finished and not self._done_seen:
            code: TroubleCode = "disconnected" if self._first_seen else "garbage"
            raise self._endpoint.trouble(code)
        if not self._first_seen:
            raise self._endpoint.trouble("empty")


_CURRENT: ContextVar[AnswerStream | None] = ContextVar("duologue_answer", default=None)


class EndpointAnswers:
    """One configured endpoint. Streams may be opened on any thread; constructing it does nothing slow."""

    def __init__(
        self,
        url: str,
        model: str,
        key_env: str = "OPENAI_API_KEY",
        *,
        now_s: Callable[[], float] | None = None,
        connect_s: float = CONNECT_S,
        first_token_s: float = FIRST_TOKEN_S,
        total_s: float = TOTAL_S,
    ) -> None:
        self.url = url
        self.model = model
        self.key_env = key_env
        self.now_s = now_s or RealClock(lambda call: call()).now_s
        self.connect_s = connect_s
        self.first_token_s = first_token_s
        self.total_s = total_s
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._client: Any = None
        self._streams: weakref.WeakSet[AnswerStream] = weakref.WeakSet()

    def messages(
        self,
        question: str,
        digest: str,
        lines: Sequence[tuple[str, str]] = (),
        interrupted: str | None = None,
        waiting: Sequence[str] = (),
    ) -> list[Message]:
        """What the model is told; see `prompt.build_messages`."""
        return build_messages(question, digest, lines, interrupted, waiting)

    def stream(self, messages: Sequence[Message]) -> AnswerStream:
        """Asks; the request is sent when the first word is wanted."""
        stream = AnswerStream(self, messages)
        with self._lock:
            self._streams.add(stream)
        return stream

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine: then asking costs nothing and tells nobody anything."""
        return _host(self.url) in ("localhost", "127.0.0.1", "::1")

    def cancel(self) -> None:
        """Ends every request under way; on any thread."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.close()

    def client(self) -> Any:
        """The client library's object, made when first wanted. Raises EndpointTrouble for an address that is none."""
        with self._making:  # slow the first time, so not the lock that `cancel` takes
            if self._client is None:
                self._client = self._make_client()
            return self._client

    def slow(self, after_s: float) -> EndpointTrouble:
        return EndpointTrouble(
            "slow",
            f"The language model took longer than {after_s:.0f} seconds",
            "Try a smaller model, or see whether the endpoint is busy",
        )

    def trouble(self, code: TroubleCode, detail: str = "") -> EndpointTrouble:
        """The trouble of that code in words."""
        what, remedy = _TROUBLES[code]
        values = {
            "url": self.url,
            "model": self.model or "(none)",
            "key": self.key_env,
            "detail": detail or "no details",
        }
        return EndpointTrouble(code, what.format(**values), remedy.format(**values))

    def explain(self, error: Exception, begun: bool = False) -> EndpointTrouble:
        """Any failure of the library as a trouble. `begun`: words had come already."""
        import openai

        if isinstance(error, EndpointTrouble):
            return error
        if isinstance(error, openai.APIStatusError):
            return self.trouble(_code_of_status(error.status_code), _detail(error))
        if isinstance(error, openai.APIError) and not isinstance(error, openai.APIConnectionError):
            return self.trouble("server", _detail(error))
        cause = error.__cause__ if isinstance(error, openai.APIConnectionError) and error.__cause__ else error
        kind = type(cause).__name__
        if kind in ("ReadTimeout", "WriteTimeout"):
            return self.slow(self.first_token_s)
        if kind in ("UnsupportedProtocol", "InvalidURL"):
            return self.trouble("address")
        if kind in ("RemoteProtocolError", "ReadError", "WriteError"):
            return self.trouble("disconnected" if begun or kind != "RemoteProtocolError" else "garbage")
        if isinstance(error, openai.APIConnectionError) or kind in ("ConnectError", "ConnectTimeout", "PoolTimeout"):
            return self.trouble("down")
        return self.trouble("garbage")

    def _make_client(self) -> Any:
        host = _host(self.url)
        if not host:
            raise self.trouble("address")
        key = os.environ.get(self.key_env, "").strip() if self.key_env else ""
        if not key.isascii():
            raise self.trouble("key")

        import openai

        default = openai.DefaultHttpxClient
        library = sys.modules[default.__mro__[1].__module__.partition(".")[0]]
        http_client = cast(Any, default)(
            timeout=library.Timeout(self.first_token_s, connect=self.connect_s),
            # a connection for each answer, so that cutting one cannot hurt another
            limits=library.Limits(max_connections=8, max_keepalive_connections=0),
            event_hooks={
                "request": [_watch_request],
                "response": [lambda response: _watch_response(library, response)],
            },
            trust_env=not self.is_local,
        )
        return openai.OpenAI(base_url=self.url, api_key=key or "none", max_retries=0, http_client=http_client)


def _host(url: str) -> str:
    """The host of a web address; empty when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    return parts.hostname or "" if parts.scheme in ("http", "https") and port != 0 else ""


def _watch_request(request: Any) -> None:
    stream = _CURRENT.get()
    if stream is None:
        return

    def trace(event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            stream.connected(info["return_value"].get_extra_info("socket"))

    request.extensions["trace"] = trace


def _watch_response(library: Any, response: Any) -> None:
    current = _CURRENT.get()
    if current is None:
        return
    stream, inner = current, response.stream

    class Watched(library.SyncByteStream):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            for data in inner:
                stream.received(data)
                yield data

        def close(self) -> None:
            inner.close()

    response.stream = Watched()


def _code_of_status(status: int) -> TroubleCode:
    if status in (401, 403):
        return "key"
    if status == 404:
        return "model"
    if status == 429:
        return "limit"
    if status in (408, 504):
        return "slow"
    return "server" if status >= 500 else "refused"


def _detail(error: Exception) -> str:
    """What the endpoint said, in one short line."""
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    text = " ".join(str(said or getattr(error, "message", error)).split())
    status = getattr(error, "status_code", None)
    if "<" in text or not text:
        text = f"status {status}" if status else "no details"
    return text if len(text) <= 120 else text[:119] + "…"


_TROUBLES: dict[TroubleCode, tuple[str, str]] = {
    "address": (
        "The address of the language model is not a web address",
        "Set 'duologue.endpointUrl' to something like http://127.0.0.1:11434/v1, instead of {url!r}",
    ),
    "down": (
        "The language model cannot be reached",
        "Start what serves {url}, or correct 'duologue.endpointUrl'",
    ),
    "slow": (
        "The language model took too long",
        "Try a smaller model, or see whether the endpoint is busy",
    ),
    "key": (
        "The language model does not accept the key",
        "Put a valid key into the environment variable {key} and restart the editor",
    ),
    "model": (
        "The endpoint does not know that language model",
        "Set 'duologue.endpointModel' to one that {url} serves, instead of {model!r} ({detail})",
    ),
    "limit": (
        "The language model is asked too often",
        "Wait a little, or raise the limit of your account ({detail})",
    ),
    "refused": (
        "The language model refused the question",
        "See whether 'duologue.endpointModel' is a chat model ({detail})",
    ),
    "server": (
        "The language model failed",
        "Look into the log of the endpoint ({detail})",
    ),
    "garbage": (
        "The language model's answer cannot be read",
        "See whether {url} speaks the OpenAI protocol; most such addresses end in /v1",
    ),
    "empty": (
        "The language model gave an empty answer",
        "Try another model than {model!r}",
    ),
    "disconnected": (
        "The language model broke off in the middle",
        "Ask again; if it happens often, look into the log of the endpoint",
    ),
}
