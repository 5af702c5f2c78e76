"""The transcript as a read-only document that grows: LSP 3.18, `workspace/textDocumentContent`."""

from collections import OrderedDict

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from duologue_server.features.refresh import Refresh
from duologue_server.protocol import TranscriptLine

SCHEME = "duologue-transcript"
URI = f"{SCHEME}:/Transcript.md"
KEPT_LINES = 500
_EMPTY = "*Nothing has been said yet.*\n"


class TranscriptDocument:
    """What was said, newest last, as Markdown; what was not heard is told apart."""

    def __init__(self, ls: LanguageServer) -> None:
        self._lines: OrderedDict[str, TranscriptLine] = OrderedDict()
        self._refresh = Refresh(
            ls, types.WORKSPACE_TEXT_DOCUMENT_CONTENT_REFRESH, types.TextDocumentContentRefreshParams(uri=URI)
        )
        self._ls = ls

    def add(self, line: TranscriptLine) -> None:
        """A line that will not change any more; others are captions."""
        if not line.final or not line.text.strip():
            return
        self._lines[line.id] = line
        while len(self._lines) > KEPT_LINES:
            self._lines.popitem(last=False)
        workspace = self._ls.client_capabilities.workspace
        if workspace is not None and workspace.text_document_content is not None:
            self._refresh.wanted()

    @property
    def text(self) -> str:
        return "".join(f"{_told(line)}\n\n" for line in self._lines.values()) or _EMPTY


def register(ls: LanguageServer, document: TranscriptDocument) -> None:
    """Adds the handler. Raises ValueError, which the client gets as an error, for any other document."""

    @ls.feature(types.WORKSPACE_TEXT_DOCUMENT_CONTENT, types.TextDocumentContentOptions([SCHEME]))
    def text_document_content(params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
        if params.uri.partition(":")[0] != SCHEME:
            raise ValueError(f"there is no document {params.uri}; the transcript is {URI}")
        return types.TextDocumentContentResult(document.text)


def _told(line: TranscriptLine) -> str:
    if line.role == "user":
        return f"**You**: {line.text}"
    heard = len(line.text) if line.heardUpTo is None else line.heardUpTo
    said, rest = line.text[:heard].rstrip(), line.text[heard:].strip()
    if not rest:
        return f"**Duologue**: {said}"
    return f"**Duologue**: {f'{said} ' if said else ''}~~{rest}~~ *({line.cause or 'not said'})*"
