"""Offers as plain LSP shows them, and edits that an editor is asked to make."""

from collections.abc import Iterator
from typing import Any

import pytest

from duologue_server.protocol import OfferShown
from duologue_server.suggest.findings import Fix, Span, TextEdit
from duologue_server.suggest.items import Item, OfferAt
from support.lsp_stage import URI, Stage

FIX = Fix("Replace with None", (TextEdit(Span(3, 8, 3, 10), "None"),), 7)
OTHER = "file:///tmp/other.py"
EVERYTHING = {
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "changeAnnotationSupport": {}},
        "inlayHint": {"refreshSupport": True},
    }
}


def waiting(id_: str, line: int, fix: Fix | None = None, uri: str = URI) -> OfferAt:
    text = f"In load, line {line + 1}: a mutable default argument is shared."
    item = Item(id_, text, 0.7, "ruff:B006", id_, 0.0, 300.0, uri, line, 7, fix=fix, channel="cue" if fix else "mark")
    return OfferAt(item, line, 20)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as one:
        yield one


def ask(stage: Stage, method: str, first: int = 0, last: int = 9) -> Any:
    place = {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}
    more = {"context": {"diagnostics": [], "triggerKind": 1}, "position": {"line": first, "character": 0}}
    return stage.client.ask(method, {"textDocument": {"uri": URI}, "range": place, **more})["result"]


def test_a_mark_after_the_line(stage: Stage) -> None:
    stage.client.initialize()
    stage.settle()
    stage.session.waiting = [waiting("o1", 3, FIX), waiting("o2", 5), waiting("o3", 50), waiting("o4", 4, uri=OTHER)]
    hints = ask(stage, "textDocument/inlayHint")
    assert [(hint["position"], hint["label"]) for hint in hints] == [
        ({"line": 3, "character": 20}, "◆◆ a mutable default argument is shared."),
        ({"line": 5, "character": 20}, "◆ a mutable default argument is shared."),
    ]
    assert hints[0]["tooltip"].endswith("Accept: Replace with None.")


def test_code_actions_accept_what_has_a_fix_and_dismiss_anything(stage: Stage) -> None:
    stage.client.initialize()
    stage.settle()
    stage.session.waiting = [waiting("o1", 3, FIX), waiting("o2", 5)]
    actions = ask(stage, "textDocument/codeAction")
    assert [action["command"]["command"] for action in actions] == [
        "duologue.accept",
        "duologue.dismiss",
        "duologue.dismiss",
    ]
    assert actions[0]["title"] == "Duologue: Replace with None"
    assert ask(stage, "textDocument/codeAction", 4, 4) == []
    stage.client.ask("workspace/executeCommand", actions[0]["command"])
    assert stage.calls("accept") == [("accept", {"id": "o1"})]


def test_a_fix_in_the_cursors_line_can_be_completed(stage: Stage) -> None:
    stage.client.initialize()
    stage.settle()
    below = Fix("Add it", (TextEdit(Span(4, 0, 4, 0), "x\n"),), 7)
    stage.session.waiting = [waiting("o1", 3, FIX), waiting("o2", 3, below), waiting("o3", 3)]
    (completion,) = ask(stage, "textDocument/inlineCompletion", 3)
    assert completion["insertText"] == "None"
    assert completion["range"]["start"] == {"line": 3, "character": 8}
    assert ask(stage, "textDocument/inlineCompletion", 5) == []


def test_who_shows_offers_itself_gets_none_of_it(stage: Stage) -> None:
    stage.client.initialize({"experimental": {"duologue": {"offers": True}}, **EVERYTHING})
    stage.settle()
    stage.session.waiting = [waiting("o1", 3, FIX)]
    for what in ("inlayHint", "codeAction", "inlineCompletion"):
        assert ask(stage, f"textDocument/{what}", 3) == []
    stage.on_loop(lambda: stage.session.client.offer(OfferShown("o1", "One.", 0.5, "ruff:F821", URI, 3)))
    stage.client.wait_method("duologue/offer")
    stage.settle()
    assert [m for m in stage.client.messages if m.get("method") == "workspace/inlayHint/refresh"] == []


def test_hints_are_asked_for_again_when_an_offer_changes(stage: Stage) -> None:
    stage.client.initialize(EVERYTHING)
    stage.settle()
    for n in range(5):
        stage.on_loop(lambda n=n: stage.session.client.offer(OfferShown(f"o{n}", "One.", 0.5, "x", URI, 3)))  # type: ignore[misc]
    stage.client.wait_method("duologue/offer", id="o4")
    stage.client.wait_for(lambda message: message.get("method") == "workspace/inlayHint/refresh")
    stage.settle()
    asked = [m for m in stage.client.messages if m.get("method") == "workspace/inlayHint/refresh"]
    assert 1 <= len(asked) <= 5


@pytest.mark.parametrize(
    ("capabilities", "kind"),
    [
        (EVERYTHING, "annotated"),
        ({"workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}}, "versioned"),
        ({"workspace": {"applyEdit": True}}, "plain"),
    ],
)
def test_an_edit_in_the_fullest_form_that_the_editor_takes(stage: Stage, capabilities: Any, kind: str) -> None:
    stage.client.answers["workspace/applyEdit"] = lambda params: {"applied": True}
    stage.client.initialize(capabilities)
    stage.settle()
    told: list[str] = []
    stage.on_loop(lambda: stage.session.client.apply(URI, FIX, told.append))
    asked = stage.client.wait_method("workspace/applyEdit")
    assert asked["label"] == "Duologue: Replace with None"
    text = {"range": {"start": {"line": 3, "character": 8}, "end": {"line": 3, "character": 10}}, "newText": "None"}
    if kind == "plain":
        assert asked["edit"] == {"changes": {URI: [text]}}
    else:
        (change,) = asked["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": URI, "version": 7}
        annotated = {**text, "annotationId": "duologue"} if kind == "annotated" else text
        assert change["edits"] == [annotated]
    if kind == "annotated":
        assert asked["edit"]["changeAnnotations"]["duologue"]["label"] == "Replace with None"
    stage.settle()
    assert told == [""]


@pytest.mark.parametrize(
    ("capabilities", "answer", "why"),
    [
        ({}, None, "does not let"),
        (EVERYTHING, {"applied": False, "failureReason": "read-only"}, "read-only"),
        (EVERYTHING, {"applied": False}, "did not say why"),
    ],
)
def test_why_an_edit_was_not_made(stage: Stage, capabilities: Any, answer: Any, why: str) -> None:
    stage.client.answers["workspace/applyEdit"] = lambda params: answer
    stage.client.initialize(capabilities)
    stage.settle()
    told: list[str] = []
    stage.on_loop(lambda: stage.session.client.apply(URI, FIX, told.append))
    stage.settle()
    stage.settle()
    assert len(told) == 1
    assert why in told[0]
