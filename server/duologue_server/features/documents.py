"""Text synchronisation: open, change, save, close. The session keeps the texts; pygls keeps none."""

from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from duologue_server.context.documents import read_changes
from duologue_server.features.host import Host

BUILT_IN = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
)
"""What pygls would do itself: a second copy of every text, whose errors keep a change from us."""


def register(ls: LanguageServer, host: Host) -> None:
    """Adds the handlers. A message that makes no sense is logged by name; nothing of it is applied."""

    @ls.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        language_id = str(getattr(item.language_id, "value", item.language_id))  # known languages come as an enum
        host.observe("open", uri=item.uri, language_id=language_id, version=item.version, text=item.text)
        host.attempt("didOpen", lambda: host.session.open(item.uri, language_id, item.version, item.text))

    @ls.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: Any) -> None:
        host.attempt("didChange", lambda: _change(host, params))

    @ls.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        host.observe("save", uri=params.text_document.uri)
        host.attempt("didSave", lambda: host.session.save(params.text_document.uri))

    @ls.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        host.observe("close", uri=params.text_document.uri)
        host.attempt("didClose", lambda: host.session.close(params.text_document.uri))


def _change(host: Host, params: Any) -> None:
    """`params` is JSON as it came: most messages are of this kind, and a bad range must be told, not lost."""
    if not isinstance(params, dict) or not isinstance(params.get("textDocument"), dict):
        raise ValueError("a change needs a textDocument and contentChanges")
    document, raw = params["textDocument"], params.get("contentChanges")
    uri, version = document.get("uri"), document.get("version")
    if not isinstance(uri, str):
        raise ValueError(f"the uri of a document cannot be {uri!r}")
    host.count_change()
    changes = read_changes(uri, raw)
    host.observe("change", uri=uri, version=version, changes=raw)
    host.session.change(uri, version if isinstance(version, int) else 0, changes)
