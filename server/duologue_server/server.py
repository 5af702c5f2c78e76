"""The language server `duologue`: pygls between our transport and the session.

This module and `features/` are all that knows of pygls. The session, and with it the syntax trees, is imported only
after `initialize` was answered.
"""

import asyncio
import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any, BinaryIO, cast

import attrs
from cattrs import Converter
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidRequest,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter, lsp_method

from duologue_server import __version__
from duologue_server.context.positions import Encoding
from duologue_server.features import activity, commands, documents, offers, settings, transcript
from duologue_server.features.announced import announced
from duologue_server.features.client import Client
from duologue_server.features.greeting import Greeted, choose_encoding, initialize_result
from duologue_server.features.host import MakeSession, Observer, SessionPort
from duologue_server.features.transport import Transport
from duologue_server.link.parent import die_with_parent
from duologue_server.options import Options
from duologue_server.protocol import ACTIVITY, CONTEXT
from duologue_server.session.ports import ClientPort, VoicePort
from duologue_server.session.supervisor import VoiceSupervisor
from duologue_server.trace.clock import Clock, RealClock

logger = logging.getLogger(__name__)

RAW_METHODS = (types.TEXT_DOCUMENT_DID_CHANGE, ACTIVITY, CONTEXT)
"""Notifications whose parameters reach their handler as JSON: frequent ones, and those whose errors we word."""
NOT_GREETED = Greeted(b"", None)
LEAVE_S = 1.8
"""Threads that do not end by themselves may not keep the process longer than this."""


@attrs.define
class RawNotification:
    """A notification whose parameters stay as they came."""

    method: str
    jsonrpc: str
    params: Any


class DuologueProtocol(LanguageServerProtocol):
    """pygls' protocol, with the rules of the LSP life cycle, our capability, and no second copy of the texts."""

    _server: "DuologueServer"

    def __init__(self, server: "DuologueServer", converter: Converter) -> None:
        super().__init__(server, converter)
        converter.register_structure_hook(
            RawNotification, lambda raw, kind: kind(raw["method"], raw["jsonrpc"], raw.get("params"))
        )
        self._asked_to_initialize = False
        self.answered_early: int | str | None = None
        """The `initialize` request that was answered before this object existed."""

    def _register_builtin_features(self) -> None:
        super()._register_builtin_features()  # type: ignore[no-untyped-call]
        for method in documents.BUILT_IN:
            del self.fm.builtin_features[method]

    def get_message_type(self, method: str) -> Any:  # type: ignore[override] # theirs is wrapped in a cache
        return RawNotification if method in RAW_METHODS else super().get_message_type(method)

    def receive(self, body: bytes) -> None:
        """Handles one message. Never raises for anything that a client can send."""
        try:
            raw = json.loads(body)
        except ValueError as error:  # UnicodeDecodeError is one too
            self._refuse(None, JsonRpcParseError(f"a message is not JSON in UTF-8: {error}"))
            return
        if not isinstance(raw, dict):
            self._refuse(None, JsonRpcInvalidRequest("a message must be a JSON object; batches are not part of LSP"))
            return
        method, wants_answer = raw.get("method"), "id" in raw and "method" in raw
        refusal = self._refusal(method) if "method" in raw else None
        if refusal is not None:
            if wants_answer:
                self._refuse(raw["id"], refusal)
            else:
                logger.warning("%s is ignored: %s", method, refusal)
            return
        try:
            raw.setdefault("jsonrpc", "2.0")
            self.handle_message(self._structure(raw))
        except JsonRpcException as error:
            what = f"{method or 'a response'} cannot be read: {_reason(error)}"
            if method == types.INITIALIZE:
                self._asked_to_initialize = False
            if wants_answer:
                self._refuse(raw["id"], type(error)(what))
            else:
                self._server.log(what)

    def _structure(self, raw: dict[str, Any]) -> Any:
        try:
            return self.structure_message(raw)
        except JsonRpcException as error:
            params = raw.get("params")
            if raw.get("method") != types.INITIALIZE or not _dig(params, "capabilities"):
                raise
            # A client may have capabilities that these types do not know. What we need of them is little.
            logger.warning("some of the client's capabilities cannot be read: %s", _reason(error))
            return self.structure_message({**raw, "params": _essential(params)})

    def _refusal(self, method: object) -> JsonRpcException | None:
        """Why a message is not handled in this state of the life cycle. Source: LSP 3.17, "Server lifecycle"."""
        if method == types.EXIT:
            return None
        if self._shutdown:
            return JsonRpcInvalidRequest(f"{method} came after shutdown; only exit is left")
        if method == types.INITIALIZE:
            again, self._asked_to_initialize = self._asked_to_initialize, True
            return JsonRpcInvalidRequest("initialize may be sent only once") if again else None
        if not self._asked_to_initialize:
            return JsonRpcServerNotInitialized(f"{method} came before initialize")
        return None

    def _refuse(self, message_id: Any, error: JsonRpcException) -> None:
        self._send_data({"jsonrpc": "2.0", "id": message_id, "error": {"code": error.code, "message": error.message}})

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        general = params.capabilities.general
        encoding = choose_encoding(general.position_encodings if general else None, self._server.utf16_only)
        yield from super().lsp_initialize(params)
        result = self._converter.structure(initialize_result(encoding), types.InitializeResult)
        self.server_capabilities = result.capabilities
        self._server.initialize(params, encoding)
        return result

    def _send_response(self, msg_id: Any, result: Any = None, error: types.ResponseError | None = None) -> None:
        if error is None and msg_id is not None and msg_id == self.answered_early:
            self.answered_early = None
            return
        super()._send_response(msg_id, result, error)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> None:  # type: ignore[override] # theirs is a generator that ends the process
        self._server.leave(0 if self._shutdown else 1)


class DuologueServer(LanguageServer):
    """One client, one session, at most one voice process. Made and used on an event loop's thread."""

    protocol: DuologueProtocol

    def __init__(
        self,
        make_session: MakeSession | None = None,
        voice_command: Sequence[str] | None = None,
        observer: Observer | None = None,
    ) -> None:
        super().__init__("duologue", __version__, protocol_cls=DuologueProtocol, converter_factory=default_converter)
        self._make_session = make_session or _real_session
        self._observer = observer
        self._session: SessionPort | None = None
        self._options = Options()
        self._encoding: Encoding = "utf-16"
        self._transport: Transport | None = None
        self._exit_code = 1
        self._watch_parent = True
        self.client = Client(self)
        self.supervisor: VoiceSupervisor | None = None
        self._voice_command = voice_command
        self._settings = settings.Settings(
            self, lambda text: self.client.tell("warning", text), self.log, self._configure
        )
        self._fingers = activity.Fingers(self._keys_seen)
        documents.register(self, self)
        activity.register(self, self)
        commands.register(self, self)
        settings.register(self, self, self._settings)
        offers.register(self, self)
        transcript.register(self, self.client.transcript_document)

    async def serve(
        self,
        reader: BinaryIO,
        writer: BinaryIO,
        watch_parent: bool = True,
        greeted: Greeted = NOT_GREETED,
    ) -> int:
        """Serves one client until it leaves. Returns the exit status that LSP wants."""
        self.protocol.answered_early = greeted.answered
        loop = asyncio.get_running_loop()

        def post(call: Callable[[], None]) -> None:
            try:
                loop.call_soon_threadsafe(call)
            except RuntimeError:
                logger.debug("the event loop has ended; a late call is dropped")

        self._watch_parent = watch_parent
        self._clock = RealClock(post)
        self.supervisor = VoiceSupervisor(
            self._clock, post, self._voice_command, lambda line: post(lambda: self.client.log("info", line))
        )
        self._transport = Transport(reader, writer, self._fingers.look, self.log, greeted.data)
        self.protocol.set_writer(self._transport)
        try:
            await self._transport.run(self.protocol.receive)
        finally:
            self.supervisor.close()
        return self._exit_code

    def leave(self, exit_code: int) -> None:
        """Ends `serve`."""
        self._exit_code = exit_code
        if self._transport is not None:
            self._transport.stop()

    def initialize(self, params: types.InitializeParams, encoding: str) -> None:
        """Takes what the client says of itself, and the position encoding that was agreed on."""
        self._encoding = cast(Encoding, encoding)
        self._fingers.told_by_activity = announced(params.capabilities.experimental) is not None
        self._options = self._settings.begin(params)
        if params.process_id is not None and self._watch_parent and self.supervisor is not None:
            try:
                die_with_parent(params.process_id, self.supervisor.kill)
            except ProcessLookupError:  # it may live in another container; its end of our stdin is watched anyway
                logger.warning("the client's process %d is not on this machine", params.process_id)

    @property
    def utf16_only(self) -> bool:
        """Whether positions must be in UTF-16: the files of an observer are."""
        return self._observer is not None

    @property
    def session(self) -> SessionPort:
        if self._session is None:
            assert self.supervisor is not None, "a session needs `serve`"
            self.supervisor.options = self._options
            self._session = session = self._make_session(self._clock, self.client, self.supervisor, self._options)
            session.position_encoding = self._encoding
            self.supervisor.on_message = session.from_voice
            self.supervisor.on_status = session.voice_changed
        return self._session

    def wake(self) -> None:
        session = self.session
        if self._options.autostart:
            session.verb("start", {})

    def count_change(self) -> None:
        if not self._fingers.told_by_activity:
            self.observe("keys", count=1)
            self.session.keys(1)

    def observe(self, kind: str, **fields: Any) -> None:
        if self._observer is not None:
            self._observer(kind, fields)

    def attempt(self, what: str, call: Callable[[], object]) -> None:
        try:
            call()
        except ValueError as error:
            self.log(f"{what}: {error}")

    def log(self, text: str) -> None:
        logger.warning("%s", text)
        self.client.log("warning", text)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """A handler failed: into the log, for there is nothing that a user could do at this moment."""
        if not isinstance(error, JsonRpcException) or isinstance(error, JsonRpcInternalError):
            logger.error("%s: %s", source.__name__, error)
            self.client.log("error", f"internal error, please report it: {error}")

    def _keys_seen(self, count: int) -> None:
        """On the thread that reads from the client."""
        if self.supervisor is not None:
            self.supervisor.fingers(count)

    def _configure(self, options: Options) -> None:
        self._options = options
        if self.supervisor is not None:
            self.supervisor.options = options
        self.session.configure(options)


def build_server(
    make_session: MakeSession | None = None,
    voice_command: Sequence[str] | None = None,
    observer: Observer | None = None,
) -> DuologueServer:
    """A language server that is ready to `serve`.

    `make_session` and `voice_command` replace the real ones in tests; `observer` sees every input of the session, as
    a recording needs it.
    """
    return DuologueServer(make_session, voice_command, observer)


def serve_stdio(reader: BinaryIO, writer: BinaryIO, greeted: Greeted = NOT_GREETED, **parts: Any) -> int:
    """Serves the client at the other end of these streams; `parts` as `build_server` takes them.

    Returns the exit status. When the client's process dies, so does this one.
    """
    return _serve(build_server(**parts).serve(reader, writer, True, greeted))


def serve_tcp(host: str, port: int, announce: Callable[[str, int], None], **parts: Any) -> int:
    """Serves the first client that connects. `announce` is called with the address once it can. Raises OSError."""
    with socket.create_server((host, port)) as listener:
        announce(*listener.getsockname()[:2])
        connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        reader, writer = connection.makefile("rb", 0), connection.makefile("wb", 0)
        # not watched: the client may live on another machine
        return _serve(build_server(**parts).serve(cast(BinaryIO, reader), cast(BinaryIO, writer), False))


def _serve(serving: Coroutine[Any, Any, int]) -> int:
    sys.setswitchinterval(0.001)  # the thread that reads keys must not wait 5 ms for its turn, nor the one that writes
    status = asyncio.run(serving)
    guard = threading.Timer(LEAVE_S, os._exit, (status,))
    guard.daemon = True
    guard.start()
    return status


def _real_session(clock: Clock, client: ClientPort, voice: VoicePort, options: Options) -> SessionPort:
    from duologue_server.session.habits import habits_path
    from duologue_server.session.ownership import microphone_path
    from duologue_server.session.session import Session  # late: it brings the syntax trees

    session = Session(clock, client, voice, options)
    session.remember(habits_path())
    session.share_microphone(microphone_path())
    return session


def _reason(error: JsonRpcException) -> str:
    """The innermost words of an error of the converter."""
    cause: BaseException | None = error.__cause__
    while isinstance(cause, BaseExceptionGroup) and cause.exceptions:
        cause = cause.exceptions[0]
    return f"{type(cause).__name__}: {cause}" if cause is not None else error.message


def _essential(params: Any) -> dict[str, Any]:
    """What we use of the parameters of `initialize`, as far as it has the right type."""
    process_id = params.get("processId")
    return {
        "processId": process_id if isinstance(process_id, int) else None,
        "rootUri": None,
        "initializationOptions": params.get("initializationOptions"),
        "capabilities": {
            "general": {
                "positionEncodings": [choose_encoding(_dig(params, "capabilities", "general", "positionEncodings"))]
            },
            "workspace": {"configuration": _dig(params, "capabilities", "workspace", "configuration") is True},
            "window": {"workDoneProgress": _dig(params, "capabilities", "window", "workDoneProgress") is True},
        },
    }


def _dig(raw: Any, *names: str) -> Any:
    for name in names:
        raw = raw.get(name) if isinstance(raw, dict) else None
    return raw
