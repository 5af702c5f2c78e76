"""One answer of a language model as it comes: its words made plain speech, and the look-ups that it asks for between.

Published protocol: "Chat Completions", streamed as server-sent events, with "tool calls" in pieces.
"""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from duologue_server.suggest.prompt import Message, without_tools
from duologue_server.suggest.speech import Speech
from duologue_server.suggest.tool_calls import CallParts, Tools, perform
from duologue_server.suggest.trouble import EndpointTrouble, limited, slow

if TYPE_CHECKING:
    from duologue_server.suggest.endpoint import EndpointAnswers

MOST_TOKENS = 300
"""An answer is spoken: more than this nobody listens to."""
MOST_ROUNDS = 4
"""Requests for one answer; in the last one the model has to answer with what it knows."""
MOST_VERBATIM = 8_000
"""Characters of an answer that is not spoken."""
ONLY_CODE = "The answer would be code, and I do not read code aloud."
_DONE = b"[DONE]"
_THOUGHTS = ("reasoning_content", "reasoning")
"""Where endpoints put what a model thinks; no part of the published protocol."""


class Manner(NamedTuple):
    """How an answer is wanted."""

    most_tokens: int = MOST_TOKENS
    temperature: float | None = None
    """None: what the endpoint thinks best."""
    first_token_s: float | None = None
    """Until the first word; None: as long as for a question."""
    spoken: bool = True
    """False: the text as it comes, for a program to read."""


SPOKEN = Manner()


class AnswerStream(Iterator[str]):
    """The words of one answer as they come. Raises EndpointTrouble, also in the middle.

    `close` may be called on any thread and ends the request at once; the iterator then just ends.
    """

    def __init__(
        self,
        endpoint: "EndpointAnswers",
        messages: Sequence[Message] | Callable[[], Sequence[Message]],
        tools: Tools | None = None,
        manner: Manner = SPOKEN,
    ) -> None:
        self._endpoint = endpoint
        self._messages = messages
        self._tools = tools
        self._manner = manner
        self._speech = Speech() if manner.spoken else None
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._done_seen = False
        self._alive = False
        self._tail = b""
        self._began_s = self._round_s = 0.0
        self._said = 0
        self._told: list[str] = []
        self._calls_left = CallParts.MOST
        self.closed = False
        self._deltas = self._run()

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
        now_s = self._endpoint.now_s()
        if not self._alive and now_s - self._round_s > self._first_token_s:
            raise slow(now_s - self._round_s)
        if now_s - self._began_s > self._endpoint.total_s:
            raise slow(now_s - self._began_s)

    @property
    def _first_token_s(self) -> float:
        return self._manner.first_token_s or self._endpoint.first_token_s

    def _shut(self) -> None:
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._socket = None  # it was down already

    def _run(self) -> Iterator[str]:
        """All rounds of the answer."""
        if self.closed:
            return
        wait_s = self._endpoint.wait_s()
        if wait_s > 0:
            raise limited(wait_s)
        messages: list[Any] = list(self._messages() if callable(self._messages) else self._messages)
        self._endpoint.client()
        self._began_s = self._endpoint.now_s()
        for number in range(MOST_ROUNDS):
            parts = CallParts()
            self._told.clear()
            yield from self._round(messages, parts, last=number == MOST_ROUNDS - 1)
            if self.closed or self._over:
                return
            calls = parts.calls()
            if not calls:
                yield from self._flush()
            if not calls and not self._said and self._wrote_calls():  # as text, which is no call: ask without
                self._endpoint.uses_tools = False
                messages, self._speech = without_tools(messages), Speech()
                continue
            if not calls or self._tools is None or number == MOST_ROUNDS - 1:
                break
            yield from self._hear(" ")
            self._calls_left = perform(self._tools, calls, messages, self._calls_left, "".join(self._told).strip())
        yield from self._end()

    def _round(self, messages: list[Any], parts: CallParts, last: bool) -> Iterator[str]:
        """One request: its words, and into `parts` what the model wants to look up."""
        self._round_s, self._done_seen, self._alive = self._endpoint.now_s(), False, False
        response = self._request(messages, last)
        try:
            yield from self._read(response, parts)
        finally:
            response.close()

    def _request(self, messages: list[Any], last: bool) -> Any:
        """Asks; once more without tools when the endpoint does not know them, which is remembered."""
        offered = self._tools is not None and self._endpoint.uses_tools
        try:
            return self._create(messages, offered, last)
        except Exception as error:
            if not offered or self.closed or not self._endpoint.refuses_tools(error):
                raise self._endpoint.explain(error, first_token_s=self._first_token_s) from error
        self._endpoint.uses_tools = False
        messages[:] = without_tools(messages)
        try:
            return self._create(messages, False, last)
        except Exception as error:
            raise self._endpoint.explain(error, first_token_s=self._first_token_s) from error

    def _create(self, messages: list[Any], offered: bool, last: bool) -> Any:
        more: dict[str, Any] = {}
        if offered and self._tools is not None:
            more["tools"] = self._tools.schemas()
            if last:
                more["tool_choice"] = "none"
        if self._manner.temperature is not None:
            more["temperature"] = self._manner.temperature
        token = _CURRENT.set(self)
        try:
            return self._endpoint.client().chat.completions.create(
                model=self._endpoint.model,
                messages=messages,
                stream=True,
                max_tokens=self._manner.most_tokens,
                timeout=self._endpoint.timeout(self._first_token_s),
                **more,
            )
        finally:
            _CURRENT.reset(token)

    def _read(self, response: Any, parts: CallParts) -> Iterator[str]:
        finished = False
        try:
            for chunk in response:
                for choice in chunk.choices or ():
                    if self.closed or self._over:
                        return
                    finished = finished or bool(choice.finish_reason)
                    delta = choice.delta
                    if not delta:
                        continue
                    if any(getattr(delta, name, None) for name in _THOUGHTS):
                        self._alive = True  # it thinks aloud elsewhere: that is not said, but it is not silence
                    for part in getattr(delta, "tool_calls", None) or ():
                        self._alive = True
                        parts.take(part)
                    if delta.content:
                        self._alive = True
                        yield from self._hear(str(delta.content))
        except Exception as error:
            raise self._endpoint.explain(error, self._alive, self._first_token_s) from error
        if not self.closed and not finished and not self._done_seen:
            raise self._endpoint.trouble("disconnected" if self._alive else "garbage")

    @property
    def _over(self) -> bool:
        """Enough was said."""
        return self._speech.over if self._speech else self._said >= MOST_VERBATIM

    def _wrote_calls(self) -> bool:
        return self._speech is not None and self._speech.calls_left_out and self._endpoint.uses_tools

    def _hear(self, text: str) -> Iterator[str]:
        plain = self._speech.feed(text) if self._speech else text
        if plain.strip() or (plain and self._said):
            self._said += len(plain)
            self._told.append(plain)
            yield plain

    def _flush(self) -> Iterator[str]:
        """The words that were held back: no more will come."""
        last = self._speech.end() if self._speech else ""
        self._said += len(last)
        if last:
            yield last

    def _end(self) -> Iterator[str]:
        """The end of all. Raises EndpointTrouble when there was not one word."""
        yield from self._flush()
        if not self._said and self._speech is not None and self._speech.code_left_out:
            yield ONLY_CODE
        elif not self._said:
            raise self._endpoint.trouble("empty")


_CURRENT: ContextVar[AnswerStream | None] = ContextVar("duologue_answer", default=None)


def watch_request(request: Any) -> None:
    """For the client library: tells the answer that is being asked for which connection it has."""
    stream = _CURRENT.get()
    if stream is None:
        return

    def trace(event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            stream.connected(info["return_value"].get_extra_info("socket"))

    request.extensions["trace"] = trace


def watch_response(library: Any, response: Any) -> None:
    """For the client library: shows the answer that is being asked for every byte that comes."""
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
