"""The transcript as a document of LSP 3.18."""

from collections.abc import Iterator
from typing import Any

import pytest

from duologue_server.protocol import TranscriptLine
from support.lsp_stage import Stage

URI = "duologue-transcript:/Transcript.md"
REFRESH = "workspace/textDocumentContent/refresh"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as one:
        yield one


def begin(stage: Stage, **workspace: Any) -> None:
    stage.client.initialize({"workspace": workspace})
    stage.settle()


def say(stage: Stage, *lines: TranscriptLine) -> None:
    for line in lines:
        stage.on_loop(lambda line=line: stage.session.client.transcript(line))  # type: ignore[misc]
    stage.settle()


def check(stage: Stage, *paragraphs: str) -> None:
    text = stage.client.ask("workspace/textDocumentContent", {"uri": URI})["result"]["text"]
    assert text == "".join(f"{paragraph}\n\n" for paragraph in paragraphs)


def test_what_was_said_and_what_of_it_was_heard(stage: Stage) -> None:
    begin(stage)
    assert "Nothing has been said" in stage.client.ask("workspace/textDocumentContent", {"uri": URI})["result"]["text"]
    said = "Line four uses totl."
    say(
        stage,
        TranscriptLine("u1", "user", "What is", False),
        TranscriptLine("u1", "user", "What is wrong?", True),
        TranscriptLine("p1", "partner", said, False, 4, "reply"),
        TranscriptLine("p1", "partner", said, True, 9, "key"),
        TranscriptLine("p2", "partner", "Never said.", True, 0, "its code changed"),
        TranscriptLine("p3", "partner", "All of it.", True, 10, "end"),
    )
    check(
        stage,
        "**You**: What is wrong?",
        "**Duologue**: Line four ~~uses totl.~~ *(key)*",
        "**Duologue**: ~~Never said.~~ *(its code changed)*",
        "**Duologue**: All of it.",
    )


def test_only_the_last_lines_are_kept(stage: Stage) -> None:
    begin(stage)
    say(stage, *(TranscriptLine(f"u{n}", "user", f"{n}", True) for n in range(510)))
    check(stage, *(f"**You**: {n}" for n in range(10, 510)))


def test_a_client_that_can_show_it_is_told_when_it_grows(stage: Stage) -> None:
    begin(stage, textDocumentContent={"dynamicRegistration": False})
    say(stage, TranscriptLine("u1", "user", "Hello.", True))
    assert stage.client.wait_method(REFRESH) == {"uri": URI}


def test_others_are_not(stage: Stage) -> None:
    begin(stage)
    say(stage, TranscriptLine("u1", "user", "Hello.", True))
    assert [m for m in stage.client.messages if m.get("method") == REFRESH] == []


def test_any_other_document_is_an_error(stage: Stage) -> None:
    begin(stage)
    answer = stage.client.ask("workspace/textDocumentContent", {"uri": "file:///etc/passwd"})
    assert URI in answer["error"]["message"]
