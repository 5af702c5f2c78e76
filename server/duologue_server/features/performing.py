"""What spoken commands want of the editor: to show what they are about, to move the cursor, to do what only it can."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcMethodNotFound
from pygls.lsp.server import LanguageServer

from duologue_server.context.positions import Range
from duologue_server.protocol import CLIENT_COMMAND, PREVIEW, ClientCommand, Preview


class Performing:
    """Belongs to the event loop's thread."""

    def __init__(self, ls: LanguageServer) -> None:
        self._ls = ls

    def preview(self, uri: str, ranges: Sequence[Range], caption: str, question: str) -> None:
        told = tuple({"start": start._asdict(), "end": end._asdict()} for start, end in ranges)
        self._ls.protocol.notify(PREVIEW, asdict(Preview(uri, told, caption, question)))

    def show(self, uri: str, selection: Range) -> None:
        """By LSP's own request, for a client that takes it."""
        window = self._ls.client_capabilities.window
        if window is None or window.show_document is None or not window.show_document.support:
            return
        start, end = (types.Position(*place) for place in selection)
        wanted = types.ShowDocumentParams(uri, take_focus=True, selection=types.Range(start, end))
        self._ls.protocol.send_request(types.WINDOW_SHOW_DOCUMENT, wanted)

    def perform(self, name: str, argument: str, done: Callable[[str], None]) -> None:
        def answered(answer: "Future[Any]") -> None:
            error = None if answer.cancelled() else answer.exception()
            if isinstance(error, JsonRpcMethodNotFound):
                done("your editor does not take such commands")
            elif error is not None or answer.cancelled():
                done(f"your editor could not do it: {error or 'it has left'}")
            else:
                done(_why_not(answer.result()))

        wanted = asdict(ClientCommand(name, argument))
        self._ls.protocol.send_request(CLIENT_COMMAND, wanted).add_done_callback(answered)


def _why_not(result: Any) -> str:
    """Of an answer `{ok, message}`, however it was read."""
    raw = result if isinstance(result, dict) else getattr(result, "__dict__", None) or _named(result)
    return "" if raw.get("ok") is True else str(raw.get("message") or "your editor cannot do that")


def _named(result: Any) -> dict[str, Any]:
    return {name: getattr(result, name, None) for name in ("ok", "message")}
