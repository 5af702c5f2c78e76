"""Suggestions as standard LSP shows them: code actions, inlay hints, inline completions, edits with annotations.

An editor that shows `duologue/offer` itself says so at `initialize`, with `experimental.duologue.offers`, and gets none
of the first three.
"""

from collections.abc import Iterator

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from duologue_server.features.announced import announced
from duologue_server.features.host import Host
from duologue_server.features.refresh import Refresh
from duologue_server.suggest.findings import Fix, Span
from duologue_server.suggest.items import Item, OfferAt

ANNOTATION = "duologue"
MARK = "◆"


def register(ls: LanguageServer, host: Host) -> None:
    """Adds the handlers."""

    def of(document: types.TextDocumentIdentifier) -> list[OfferAt]:
        return [] if shows_offers(ls) else host.session.offers(document.uri)

    @ls.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.QuickFix]))
    def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        first, last = params.range.start.line, params.range.end.line
        here = [item for item, line, _ in of(params.text_document) if first <= line <= last]
        return [action for item in here for action in _actions(item)]

    @ls.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    def inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint]:
        first, last = params.range.start.line, params.range.end.line
        return [_hint(offer) for offer in of(params.text_document) if first <= offer.line <= last]

    @ls.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION)
    def inline_completion(params: types.InlineCompletionParams) -> list[types.InlineCompletionItem]:
        here = [item for item, line, _ in of(params.text_document) if line == params.position.line]
        return [completion for item in here for completion in _completions(item, params.position.line)]


def shows_offers(ls: LanguageServer) -> bool:
    """Whether the client shows `duologue/offer` in its own way."""
    ours = announced(ls.client_capabilities.experimental)
    return (ours.get("offers") if isinstance(ours, dict) else getattr(ours, "offers", None)) is True


def to_lsp_edit(uri: str, fix: Fix, can: types.WorkspaceEditClientCapabilities | None) -> types.WorkspaceEdit:
    """The fix in the fullest form that the client takes: with its version and its label, if it can read them."""
    edits = [(_range(span), text) for span, text in fix.edits]
    if can is None or not can.document_changes:
        return types.WorkspaceEdit(changes={uri: [types.TextEdit(place, text) for place, text in edits]})
    document = types.OptionalVersionedTextDocumentIdentifier(uri, fix.version)
    if not can.change_annotation_support:
        plain = [types.TextEdit(place, text) for place, text in edits]
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, plain)])
    annotated = [types.AnnotatedTextEdit(ANNOTATION, place, text) for place, text in edits]
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(document, annotated)],
        change_annotations={ANNOTATION: types.ChangeAnnotation(fix.label, needs_confirmation=False)},
    )


class HintRefresh:
    """Has a client that shows hints ask for them again when an offer has changed."""

    def __init__(self, ls: LanguageServer) -> None:
        self._ls = ls
        self._refresh = Refresh(ls, types.WORKSPACE_INLAY_HINT_REFRESH)

    def wanted(self) -> None:
        """An offer has changed."""
        workspace = self._ls.client_capabilities.workspace
        if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support and not shows_offers(self._ls):
            self._refresh.wanted()


def _actions(item: Item) -> Iterator[types.CodeAction]:
    choices = [("accept", f"Duologue: {item.fix.label}")] if item.fix is not None else []
    choices.append(("dismiss", f"Duologue: not now: {_says(item)}"))
    for verb, title in choices:
        command = types.Command(title, f"duologue.{verb}", arguments=[{"id": item.id}])
        yield types.CodeAction(title, kind=types.CodeActionKind.QuickFix, command=command)


def _hint(offer: OfferAt) -> types.InlayHint:
    item = offer.item
    more = f" Accept: {item.fix.label}." if item.fix is not None else ""
    mark = MARK if item.channel == "mark" else f"{MARK}{MARK}"
    return types.InlayHint(
        types.Position(offer.line, offer.end_character),
        f"{mark} {_says(item)}",
        tooltip=item.text + more,
        padding_left=True,
    )


def _completions(item: Item, line: int) -> Iterator[types.InlineCompletionItem]:
    """A fix of one place in this line can be shown in it."""
    if item.fix is not None and len(item.fix.edits) == 1:
        span, text = item.fix.edits[0]
        if span.line == span.end_line == line and text:
            yield types.InlineCompletionItem(text, range=_range(span))


def _says(item: Item) -> str:
    """The remark without its place, which the eye sees."""
    return item.text.partition(": ")[2] or item.text


def _range(span: Span) -> types.Range:
    return types.Range(types.Position(span.line, span.character), types.Position(span.end_line, span.end_character))
