"""The language server's manners: whatever a client sends, every request is answered and nothing is lost."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from duologue_server.features.headers import HeaderParser
from duologue_server.protocol import PROTOCOL_VERSION, VERBS
from support.lsp_client import frame
from support.lsp_stage import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    NOT_INITIALIZED,
    PARSE_ERROR,
    URI,
    Stage,
    check_error,
    edit,
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as one:
        yield one


class TestLifeCycle:
    def test_says_what_it_can(self, stage: Stage) -> None:
        result = stage.client.initialize()
        ours = result["capabilities"]["experimental"]["duologue"]
        assert ours["version"] == PROTOCOL_VERSION
        assert ours["verbs"] == list(VERBS)
        assert "duologue/activity" in ours["messages"]
        assert result["capabilities"]["executeCommandProvider"]["commands"] == [f"duologue.{verb}" for verb in VERBS]
        sync = result["capabilities"]["textDocumentSync"]
        assert (sync["openClose"], sync["change"]) == (True, 2)

    def test_capabilities_that_we_cannot_read_are_no_reason_to_refuse_a_client(self, stage: Stage) -> None:
        strange = {"general": {"positionEncodings": ["utf-8"]}, "textDocument": {"completion": {"completionItem": 7}}}
        assert stage.client.initialize(strange)["capabilities"]["positionEncoding"] == "utf-8"
        stage.settle()
        assert stage.session.position_encoding == "utf-8"

    @pytest.mark.parametrize("params", [None, {}, {"capabilities": None}, {"processId": "x", "capabilities": []}])
    def test_an_initialize_that_is_none(self, stage: Stage, params: object) -> None:
        check_error(stage.client.ask("initialize", params), INVALID_PARAMS, "initialize")
        stage.client.initialize()

    def test_before_initialize_requests_are_refused_and_the_server_lives(self, stage: Stage) -> None:
        check_error(stage.client.command("start"), NOT_INITIALIZED, "before initialize")
        check_error(stage.client.ask("shutdown"), NOT_INITIALIZED)
        stage.client.open(URI, "lost")
        stage.client.initialize()
        check_error(stage.client.ask("initialize", {"processId": None, "capabilities": {}}), INVALID_REQUEST, "once")
        assert stage.calls() == []

    def test_after_shutdown_only_exit(self, stage: Stage) -> None:
        stage.client.initialize()
        assert stage.client.ask("shutdown")["result"] is None
        check_error(stage.client.command("start"), INVALID_REQUEST, "shutdown")
        stage.client.notify("exit")
        stage.thread.join(10)
        assert stage.status == [0]

    def test_exit_without_shutdown_and_a_client_that_vanishes_are_told_apart_from_that(self) -> None:
        with Stage() as rude, Stage() as gone:
            rude.client.initialize()
            rude.client.notify("exit")
            rude.thread.join(10)
            gone.end()
            assert (rude.status, gone.status) == ([1], [1])

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"{not json", PARSE_ERROR),
            (b'{"jsonrpc":"2.0","id":1,"method":"x","params":"\xff\xfe"}', PARSE_ERROR),
            (b"[]", INVALID_REQUEST),
            (b"17", INVALID_REQUEST),
        ],
    )
    def test_a_body_that_is_no_message(self, stage: Stage, body: bytes, code: int) -> None:
        stage.client.initialize()
        stage.client.send(body)
        check_error(stage.client.wait_for(lambda m: "error" in m), code)
        stage.settle()

    def test_a_request_with_parameters_of_the_wrong_shape_is_answered(self, stage: Stage) -> None:
        stage.client.initialize()
        check_error(stage.client.ask("workspace/executeCommand", {"command": 7}), INVALID_PARAMS)
        check_error(stage.client.ask("workspace/executeCommand", {"command": "duologue.sing"}), INVALID_PARAMS, "sing")
        check_error(stage.client.ask("textDocument/sing"), METHOD_NOT_FOUND, "textDocument/sing")
        stage.client.notify("textDocument/didOpen", {"textDocument": {"uri": 3}})
        stage.client.wait_log("textDocument/didOpen")

    def test_bytes_that_are_no_header_are_skipped(self, stage: Stage) -> None:
        stage.client.initialize()
        stage.client.send_bytes(b"GET / HTTP/1.1\r\nHost: there\r\n\r\n")
        stage.client.wait_log("header", "GET / HTTP")
        stage.settle()


class TestHeaders:
    def check(self, data: bytes, bodies: list[bytes], complaints: int) -> None:
        for step in (1, 5, len(data)):
            said: list[str] = []
            parser = HeaderParser(said.append)
            got = [body for start in range(0, len(data), step) for body in parser.feed(data[start : start + step])]
            assert (got, len(said)) == (bodies, complaints), said

    def test_bodies_whatever_the_cuts(self) -> None:
        self.check(frame(b"{}") + frame("é🙂".encode()) + frame(b"x"), [b"{}", "é🙂".encode(), b"x"], 0)

    def test_other_headers_in_any_order(self) -> None:
        self.check(b"Content-Type: x\r\ncontent-length:2\r\n\r\n{}" + frame(b"y"), [b"{}", b"y"], 0)

    def test_what_cannot_be_read(self) -> None:
        self.check(b"Content-Length: two\r\n\r\n" + frame(b"y"), [b"y"], 1)
        self.check(b"Content-Length: 99999999999\r\n\r\n" + frame(b"y"), [b"y"], 1)


class TestDocuments:
    @pytest.mark.parametrize(
        ("offered", "chosen", "after"),
        [(None, "utf-16", 3), (["utf-16"], "utf-16", 3), (["utf-16", "utf-8"], "utf-8", 5), (["utf-32"], "utf-32", 2)],
    )
    def test_positions_beside_an_emoji(self, stage: Stage, offered: list[str] | None, chosen: str, after: int) -> None:
        capabilities = {"general": {"positionEncodings": offered}} if offered else {}
        assert stage.client.initialize(capabilities)["capabilities"]["positionEncoding"] == chosen
        stage.client.open(URI, 'a🙂"\n')
        stage.client.change(URI, 2, edit(0, after, after, "b"))
        stage.settle()
        assert stage.session.text() == 'a🙂b"\n'

    def test_a_thousand_changes_in_order(self, stage: Stage) -> None:
        stage.client.initialize()
        stage.client.open(URI, "")
        burst = b"".join(
            frame(
                {
                    "jsonrpc": "2.0",
                    "method": "textDocument/didChange",
                    "params": {
                        "textDocument": {"uri": URI, "version": count + 2},
                        "contentChanges": [edit(0, count, count, str(count % 10))],
                    },
                }
            )
            for count in range(1000)
        )
        stage.client.send_bytes(burst)
        assert [version for _, version in stage.calls("change")] == list(range(2, 1002))
        assert stage.session.text() == "0123456789" * 100

    def test_five_megabytes(self, stage: Stage) -> None:
        stage.client.initialize()
        text = "total = 1  # größer 🙂\n" * 200_000
        sender = threading.Thread(target=lambda: stage.client.open(URI, text))
        sender.start()
        sender.join()
        stage.client.change(URI, 2, edit(1, 0, 5, "sum"))
        stage.settle()
        assert stage.session.text()[:46].splitlines()[1].startswith("sum = 1")

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ([edit(99, 0, 0, "x")], URI),
            ([edit(-1, 0, 0, "x")], URI),
            ([edit(0, 5, 2, "x")], URI),
            ([{"range": {"start": 1}, "text": "x"}], URI),
            ([{"text": None}], URI),
            ("all of it", URI),
        ],
    )
    def test_an_impossible_change_is_named_and_the_server_lives(self, stage: Stage, changes: Any, says: str) -> None:
        stage.client.initialize()
        stage.client.open(URI, "one two three\n")
        params = {"textDocument": {"uri": URI, "version": 2}, "contentChanges": changes}
        stage.client.notify("textDocument/didChange", params)
        stage.client.wait_log("didChange", says)
        stage.client.change(URI, 3, {"text": "whole"})
        stage.settle()
        assert stage.session.text() == "whole"

    def test_a_change_of_a_document_that_is_not_open(self, stage: Stage) -> None:
        stage.client.initialize()
        stage.client.change("file:///tmp/never.py", 2, {"text": "x"})
        stage.client.wait_log("didChange", "never.py")
        stage.client.notify("textDocument/didChange", ["nonsense"])
        stage.client.wait_log("didChange", "textDocument")

    def test_save_and_close(self, stage: Stage) -> None:
        stage.client.initialize()
        stage.client.open(URI, "x", "klingon")
        stage.client.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
        stage.client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
        assert stage.calls() == [("open", "klingon"), ("save", URI), ("close", URI)]

    def test_a_known_language_is_a_plain_word(self, stage: Stage) -> None:
        stage.client.initialize()
        stage.client.open(URI, "x", "python")
        assert json.dumps(stage.calls("open")) == '[["open", "python"]]'
        assert str(stage.session.calls[0][1]) == "python"
