"""A language server on a thread of the test, a session that writes everything down, and a client."""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from duologue_server.context.documents import Documents, TextChange
from duologue_server.context.positions import Encoding, Range
from duologue_server.link.messages import FromVoice
from duologue_server.options import Options
from duologue_server.protocol import Activity
from duologue_server.server import DuologueServer, build_server
from duologue_server.session.ports import ClientPort, VoicePort
from duologue_server.session.supervisor import VoiceStatus
from duologue_server.suggest.items import OfferAt
from duologue_server.trace.clock import Clock
from support.lsp_client import LspClient

URI = "file:///tmp/total.py"
INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, NOT_INITIALIZED, PARSE_ERROR = -32600, -32601, -32602, -32002, -32700


def edit(line: int, start: int, end: int, text: str) -> dict[str, Any]:
    """A content change within one line."""
    return {
        "range": {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}},
        "text": text,
    }


def check_error(answer: Mapping[str, Any], code: int, *says: str) -> None:
    """The answer is an error with that code, and its message has these words."""
    error = answer["error"]
    assert (error["code"], [word for word in says if word not in error["message"]]) == (code, []), error


class Script:
    """A session that writes down what it is told; its texts are real."""

    position_encoding: Encoding = "utf-16"

    def __init__(self, clock: Clock, client: ClientPort, voice: VoicePort, options: Options) -> None:
        self.client, self.voice = client, voice
        self.calls: list[tuple[str, Any]] = []
        self.texts: Documents | None = None
        self.waiting: list[OfferAt] = []
        self.selections: list[Range | None] = []
        self.options = [options]
        self.answer: Mapping[str, Any] = {"ok": True, "message": ""}

    @property
    def documents(self) -> Documents:
        self.texts = self.texts or Documents(self.position_encoding)
        return self.texts

    def text(self, uri: str = URI) -> str:
        document = self.documents.get(uri)
        return document.text if document else ""

    def configure(self, options: Options) -> None:
        self.options.append(options)

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        self.calls.append(("open", language_id))
        self.documents.open(uri, language_id, version, text)

    def change(self, uri: str, version: int, changes: Sequence[TextChange]) -> None:
        self.calls.append(("change", version))
        self.documents.change(uri, version, changes)

    def save(self, uri: str) -> None:
        self.calls.append(("save", uri))

    def close(self, uri: str) -> None:
        self.calls.append(("close", uri))

    def cursor(self, uri: str, line: int, character: int, selection: Range | None = None) -> None:
        self.calls.append(("cursor", (uri, line, character)))
        self.selections.append(selection)

    def activity(self, activity: Activity) -> None:
        self.calls.append(("activity", activity))

    def keys(self, count: int) -> None:
        self.calls.append(("keys", count))

    def diagnostics(self, uri: str, items: Sequence[Mapping[str, Any]]) -> None:
        self.calls.append(("diagnostics", (uri, list(items))))

    def tests(self, passed: int, failed: int, message: str = "", failures: Sequence[Mapping[str, Any]] = ()) -> None:
        self.calls.append(("tests", (passed, failed, message, *([list(failures)] if failures else []))))

    def focus(self, focused: bool) -> None:
        self.calls.append(("focus", focused))

    def offers(self, uri: str) -> list[OfferAt]:
        return [offer for offer in self.waiting if offer.item.uri == uri]

    def verb(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls.append((name, dict(args)))
        return self.answer

    def from_voice(self, message: FromVoice) -> None:
        self.calls.append(("from_voice", message))

    def voice_changed(self, status: VoiceStatus, message: str = "") -> None:
        self.calls.append(("voice_changed", status))


class Stage:
    """A server on a thread of this process, its scripted session, and a client."""

    def __init__(self, observer: Callable[[str, Mapping[str, Any]], None] | None = None) -> None:
        self.made: list[Script] = []
        self.status: list[int] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        server_reads, client_writes = os.pipe()
        client_reads, server_writes = os.pipe()

        def make(clock: Clock, client: ClientPort, voice: VoicePort, options: Options) -> Script:
            self.made.append(Script(clock, client, voice, options))
            return self.made[-1]

        async def serve() -> None:
            self.loop = asyncio.get_running_loop()
            self.server: DuologueServer = build_server(make, ["/nowhere/voice"], observer)
            with os.fdopen(server_reads, "rb", 0) as reader, os.fdopen(server_writes, "wb", 0) as writer:
                self.status.append(await self.server.serve(reader, writer, watch_parent=False))

        self.thread = threading.Thread(target=lambda: asyncio.run(serve()))
        self.thread.start()
        self._writer = os.fdopen(client_writes, "wb", 0)
        self.client = LspClient(os.fdopen(client_reads, "rb"), self._writer)

    @property
    def session(self) -> Script:
        (session,) = self.made
        return session

    def settle(self) -> None:
        """Everything sent before has been handled."""
        assert self.client.ask("duologue/barrier")["error"]["code"] == METHOD_NOT_FOUND

    def calls(self, *names: str) -> list[tuple[str, Any]]:
        self.settle()
        return [call for call in self.session.calls if not names or call[0] in names]

    def on_loop(self, call: Callable[[], None]) -> None:
        assert self.loop is not None
        self.loop.call_soon_threadsafe(call)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def end(self) -> None:
        """The client goes away."""
        self._writer.close()
        self.thread.join(10)
        assert not self.thread.is_alive()
