"""What the session tells the editor, as messages of LSP and of our own."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, replace
from typing import Any, Literal

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from duologue_server.features.offers import HintRefresh, to_lsp_edit
from duologue_server.features.performing import Performing
from duologue_server.features.transcript import TranscriptDocument
from duologue_server.protocol import OFFER, STATE, TRANSCRIPT, ClientState, OfferShown, TranscriptLine
from duologue_server.suggest.findings import Fix

_SEVERITY = {
    "info": types.MessageType.Info,
    "warning": types.MessageType.Warning,
    "error": types.MessageType.Error,
}
TITLE = "Duologue"


class Client:
    """The editor; a ClientPort. Used on the event loop's thread only."""

    def __init__(self, ls: LanguageServer) -> None:
        self._ls = ls
        self._seq = 0
        self._progress = VoiceProgress(ls)
        self._hints = HintRefresh(ls)
        self._performing = Performing(ls)
        self.preview = self._performing.preview
        self.show = self._performing.show
        self.perform = self._performing.perform
        self.transcript_document = TranscriptDocument(ls)

    def state(self, state: ClientState) -> None:
        self._seq += 1
        if state.voice not in ("loading", "restarting"):
            self._progress.end("")
        self._ls.protocol.notify(STATE, asdict(replace(state, seq=self._seq)))

    def transcript(self, line: TranscriptLine) -> None:
        self._ls.protocol.notify(TRANSCRIPT, asdict(line))
        self.transcript_document.add(line)

    def offer(self, offer: OfferShown) -> None:
        self._ls.protocol.notify(OFFER, asdict(offer))
        self._hints.wanted()

    def apply(self, uri: str, fix: Fix, done: Callable[[str], None]) -> None:
        workspace = self._ls.client_capabilities.workspace
        if workspace is None or not workspace.apply_edit:
            done("your editor does not let a language server change code")
            return

        def answered(answer: "Future[Any]") -> None:
            error = None if answer.cancelled() else answer.exception()
            result = None if answer.cancelled() or error is not None else answer.result()
            if result is not None and result.applied:
                done("")
            else:
                done(str(error or getattr(result, "failure_reason", None) or "it did not say why"))

        wanted = types.ApplyWorkspaceEditParams(
            to_lsp_edit(uri, fix, workspace.workspace_edit), f"{TITLE}: {fix.label}"
        )
        self._ls.protocol.send_request(types.WORKSPACE_APPLY_EDIT, wanted).add_done_callback(answered)

    def progress(self, percent: int, message: str) -> None:
        if percent >= 100:
            self._progress.end(message)
        else:
            self._progress.report(percent, message)

    def tell(self, severity: Literal["info", "warning", "error"], text: str) -> None:
        self._ls.window_show_message(types.ShowMessageParams(type=_SEVERITY[severity], message=f"{TITLE}: {text}"))

    def log(self, severity: Literal["info", "warning", "error"], text: str) -> None:
        """One line into the client's log."""
        self._ls.window_log_message(types.LogMessageParams(type=_SEVERITY[severity], message=text))


class VoiceProgress:
    """`$/progress` while the voice loads, for a client that can show it. The client is asked for a token first; what
    happens until it answers is told then.
    """

    def __init__(self, ls: LanguageServer) -> None:
        self._ls = ls
        self._count = 0
        self._token: str | None = None
        self._begun = False
        self._latest: tuple[int, str] = (0, "")

    def report(self, percent: int, message: str) -> None:
        """Shows how far it is."""
        self._latest = (percent, message)
        if self._begun:
            self._send(types.WorkDoneProgressReport(percentage=percent, message=message))
        elif self._token is None and self._supported():
            self._count += 1
            token = self._token = f"duologue/voice/{self._count}"
            asked = self._ls.protocol.send_request(
                types.WINDOW_WORK_DONE_PROGRESS_CREATE, types.WorkDoneProgressCreateParams(token=token)
            )
            asked.add_done_callback(lambda answer: self._begin(token, answer))

    def end(self, message: str) -> None:
        """Takes it away; does nothing when there is none."""
        if self._begun:
            self._send(types.WorkDoneProgressEnd(message=message or None))
        self._token, self._begun = None, False

    def _begin(self, token: str, answer: "Future[Any]") -> None:
        if token != self._token or answer.cancelled() or answer.exception() is not None:
            return
        percent, message = self._latest
        self._begun = True
        self._send(types.WorkDoneProgressBegin(title=f"{TITLE} voice", percentage=percent, message=message))

    def _supported(self) -> bool:
        window = self._ls.client_capabilities.window
        return bool(window and window.work_done_progress)

    def _send(self, value: object) -> None:
        assert self._token is not None
        self._ls.protocol.notify(types.PROGRESS, types.ProgressParams(token=self._token, value=value))
