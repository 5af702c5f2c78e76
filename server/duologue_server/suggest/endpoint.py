"""Answers of a language model behind any OpenAI-compatible endpoint, streamed and cancellable.

Published protocol: "Chat Completions", streamed as server-sent events. The client library is imported when the first
answer is wanted, because that takes about a second; nothing here runs on the thread of the keys.
"""

import os
import re
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import urlsplit

from duologue_server.suggest.answer_stream import SPOKEN, AnswerStream, Manner, watch_request, watch_response
from duologue_server.suggest.prompt import Message, build_messages
from duologue_server.suggest.tool_calls import Tools
from duologue_server.suggest.trouble import EndpointTrouble, TroubleCode, code_of_status, limited, slow, trouble
from duologue_server.trace.clock import RealClock

__all__ = ["AnswerStream", "EndpointAnswers", "EndpointTrouble"]

CONNECT_S = 3.0
FIRST_TOKEN_S = 15.0
"""Until the first word, and between one word and the next."""
TOTAL_S = 60.0
LONGEST_LIMIT_S = 3600.0
"""An endpoint that wants to be left alone for longer is asked again after so long."""
_TOOLS_REFUSED = (400, 404, 422, 500, 501)
"""llama.cpp refuses tools with 500, some routers with 404; only when the message names them."""


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
        self._limited_until_s = 0.0
        self.uses_tools = True
        """False once it has refused them, or has not known what they are."""
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

    def stream(
        self,
        messages: Sequence[Message] | Callable[[], Sequence[Message]],
        tools: Tools | None = None,
        manner: Manner = SPOKEN,
    ) -> AnswerStream:
        """Asks; the request is sent when the first word is wanted, and `messages` are made then, if they are a call."""
        stream = AnswerStream(self, messages, tools, manner)
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

    def wait_s(self) -> float:
        """For how long the endpoint still wants to be left alone."""
        return max(0.0, self._limited_until_s - self.now_s())

    def timeout(self, first_token_s: float) -> Any:
        """For one request."""
        return _http_library().Timeout(first_token_s, connect=self.connect_s)

    def refuses_tools(self, error: Exception) -> bool:
        """Whether this is how an endpoint says that it knows no tools."""
        import openai

        if not isinstance(error, openai.APIStatusError) or error.status_code not in _TOOLS_REFUSED:
            return False
        return re.search(r"(?i)\btool|function.?call|\bfunctions\b", f"{error.body} {error.message}") is not None

    def trouble(self, code: TroubleCode, detail: str = "") -> EndpointTrouble:
        """The trouble of that code in words."""
        return trouble(
            code, url=self.url, model=self.model or "(none)", key=self.key_env, detail=detail or "no details"
        )

    def explain(self, error: Exception, begun: bool = False, first_token_s: float | None = None) -> EndpointTrouble:
        """Any failure of the library as a trouble. `begun`: words had come already."""
        import openai

        if isinstance(error, EndpointTrouble):
            return error
        if isinstance(error, openai.APIStatusError):
            wait_s = _retry_after_s(error) if error.status_code == 429 else 0.0
            if wait_s > 0:
                self._limited_until_s = self.now_s() + wait_s
                return limited(wait_s)
            return self.trouble(code_of_status(error.status_code), _detail(error))
        if isinstance(error, openai.APIError) and not isinstance(error, openai.APIConnectionError):
            return self.trouble("server", _detail(error))
        cause = error.__cause__ if isinstance(error, openai.APIConnectionError) and error.__cause__ else error
        kind = type(cause).__name__
        if kind in ("ReadTimeout", "WriteTimeout"):
            return slow(first_token_s or self.first_token_s)
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

        library = _http_library()
        http_client = cast(Any, openai.DefaultHttpxClient)(
            timeout=self.timeout(self.first_token_s),
            # a connection for each answer, so that cutting one cannot hurt another
            limits=library.Limits(max_connections=8, max_keepalive_connections=0),
            event_hooks={
                "request": [watch_request],
                "response": [lambda response: watch_response(library, response)],
            },
            trust_env=not self.is_local,
        )
        return openai.OpenAI(base_url=self.url, api_key=key or "none", max_retries=0, http_client=http_client)


def _http_library() -> Any:
    """The module that the client library sends its requests with."""
    import openai

    return sys.modules[openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]]


def _retry_after_s(error: Any) -> float:
    """How long a refusal asks to wait, by `Retry-After`: seconds or a date; 0 when it does not say."""
    headers = error.response.headers
    value = str(headers.get("retry-after", "")).strip()
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", value):
        wait_s = float(value)
    else:
        try:
            wait_s = (parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
        except (TypeError, ValueError):
            return 0.0
    return min(max(0.0, wait_s), LONGEST_LIMIT_S)


def _host(url: str) -> str:
    """The host of a web address; empty when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    return parts.hostname or "" if parts.scheme in ("http", "https") and port != 0 else ""


def _detail(error: Exception) -> str:
    """What the endpoint said, in one short line."""
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    text = " ".join(str(said or getattr(error, "message", error)).split())
    status = getattr(error, "status_code", None)
    if "<" in text or not text:
        text = f"status {status}" if status else "no details"
    return text if len(text) <= 120 else text[:119] + "…"
