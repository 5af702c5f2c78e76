"""What spoken commands want of an editor, as messages: previews, the cursor, and what only an editor can do."""

from collections.abc import Iterator
from typing import Any

import pytest

from duologue_server.context.positions import Position, Range
from support.lsp_stage import URI, Stage

THERE = Range(Position(3, 4), Position(3, 9))
AS_LSP = {"start": {"line": 3, "character": 4}, "end": {"line": 3, "character": 9}}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as one:
        yield one


def begin(stage: Stage, **capabilities: Any) -> Any:
    stage.client.initialize(capabilities)
    stage.settle()
    return stage.session.client


def sent(stage: Stage, method: str) -> list[Any]:
    stage.settle()
    return [message["params"] for message in stage.client.messages if message.get("method") == method]


def test_a_preview(stage: Stage) -> None:
    to = begin(stage)
    stage.on_loop(lambda: to.preview(URI, (THERE,), "delete the word", "Which one?"))
    assert sent(stage, "duologue/preview") == [
        {"uri": URI, "ranges": [AS_LSP], "caption": "delete the word", "question": "Which one?"}
    ]


@pytest.mark.parametrize(("support", "count"), [(True, 1), (False, 0)])
def test_the_cursor_is_moved_where_the_editor_takes_that(stage: Stage, support: bool, count: int) -> None:
    stage.client.answers["window/showDocument"] = lambda params: {"success": True}
    to = begin(stage, window={"showDocument": {"support": support}})
    stage.on_loop(lambda: to.show(URI, THERE))
    shown = sent(stage, "window/showDocument")
    assert len(shown) == count
    assert all(params["selection"] == AS_LSP and params["takeFocus"] for params in shown)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"ok": True, "message": ""}, ""),
        ({"ok": False, "message": "no git repository is open"}, "no git repository is open"),
        ({"ok": False}, "cannot do that"),
        (None, "cannot do that"),
    ],
)
def test_what_only_the_editor_can_do(stage: Stage, answer: Any, why: str) -> None:
    stage.client.answers["duologue/clientCommand"] = lambda params: answer
    to = begin(stage)
    told: list[str] = []
    stage.on_loop(lambda: to.perform("commit", "Add a guard", told.append))
    assert sent(stage, "duologue/clientCommand") == [{"name": "commit", "argument": "Add a guard"}]
    stage.settle()
    assert len(told) == 1
    assert told[0].endswith(why) if why else told == [""]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [(AS_LSP, THERE), (None, None), ({"start": AS_LSP["start"], "end": AS_LSP["start"]}, None)],
)
def test_the_selection_comes_with_the_cursor(stage: Stage, selection: Any, expected: Any) -> None:
    begin(stage)
    cursor = {"uri": URI, "position": {"line": 3, "character": 9}, "selection": selection}
    stage.client.notify("duologue/context", {"cursor": cursor})
    stage.settle()
    assert stage.session.selections == [expected]


def test_a_selection_that_makes_no_sense_is_named(stage: Stage) -> None:
    begin(stage)
    cursor = {"uri": URI, "position": {"line": 3, "character": 9}, "selection": {"start": 3}}
    stage.client.notify("duologue/context", {"cursor": cursor})
    stage.client.wait_log("duologue/context (cursor)")
