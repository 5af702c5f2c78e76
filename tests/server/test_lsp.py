"""The language server's manners: whatever a client sends, every request is answered and nothing is lost."""

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from duologue_server.context.documents import Documents, Encoding, TextChange
from duologue_server.features.activity import Fingers
from duologue_server.features.commands import read_verb
from duologue_server.features.headers import HeaderParser
from duologue_server.link.messages import FromVoice
from duologue_server.options import Options
from duologue_server.protocol import PROTOCOL_VERSION, VERBS, Activity, ClientState, OfferShown, TranscriptLine
from duologue_server.server import DuologueServer, build_server
from duologue_server.session.ports import ClientPort, VoicePort
from duologue_server.session.supervisor import VoiceStatus
from duologue_server.trace.clock import Clock
from support.lsp_client import LspClient, frame

URI = "file:///tmp/total.py"
INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, NOT_INITIALIZED, PARSE_ERROR = -32600, -32601, -32602, -32002, -32700


class Script:
    """A session that writes down what it is told; its texts are real."""

    position_encoding: Encoding = "utf-16"

    def __init__(self, clock: Clock, client: ClientPort, voice: VoicePort, options: Options) -> None:
        self.client, self.voice = client, voice
        self.calls: list[tuple[str, Any]] = []
        self.texts: Documents | None = None
        self.options = [options]
        self.answer: Mapping[str, Any] = {"ok": True, "message": ""}

    @property
    def documents(self) -> Documents:
        self.texts = self.texts or Documents(self.position_encoding)
        return self.texts

    def text(self, uri: str = URI) -> str:
        document = self.documents.get(uri)
        return document.text if document else ""

    def configure(self, options: Options) -> None:
        self.options.append(options)

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        self.calls.append(("open", language_id))
        self.documents.open(uri, language_id, version, text)

    def change(self, uri: str, version: int, changes: Sequence[TextChange]) -> None:
        self.calls.append(("change", version))
        self.documents.change(uri, version, changes)

    def save(self, uri: str) -> None:
        self.calls.append(("save", uri))

    def close(self, uri: str) -> None:
        self.calls.append(("close", uri))

    def cursor(self, uri: str, line: int, character: int) -> None:
        self.calls.append(("cursor", (uri, line, character)))

    def activity(self, activity: Activity) -> None:
        self.calls.append(("activity", activity))

    def keys(self, count: int) -> None:
        self.calls.append(("keys", count))

    def diagnostics(self, uri: str, items: Sequence[Mapping[str, Any]]) -> None:
        self.calls.append(("diagnostics", (uri, list(items))))

    def tests(self, passed: int, failed: int, message: str = "") -> None:
        self.calls.append(("tests", (passed, failed, message)))

    def focus(self, focused: bool) -> None:
        self.calls.append(("focus", focused))

    def verb(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls.append((name, dict(args)))
        return self.answer

    def from_voice(self, message: FromVoice) -> None:
        self.calls.append(("from_voice", message))

    def voice_changed(self, status: VoiceStatus, message: str = "") -> None:
        self.calls.append(("voice_changed", status))


class Stage:
    """A server on a thread of this process, its scripted session, and a client."""

    def __init__(self, observer: Callable[[str, Mapping[str, Any]], None] | None = None) -> None:
        self.made: list[Script] = []
        self.status: list[int] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        server_reads, client_writes = os.pipe()
        client_reads, server_writes = os.pipe()

        def make(clock: Clock, client: ClientPort, voice: VoicePort, options: Options) -> Script:
            self.made.append(Script(clock, client, voice, options))
            return self.made[-1]

        async def serve() -> None:
            self.loop = asyncio.get_running_loop()
            self.server: DuologueServer = build_server(make, ["/nowhere/voice"], observer)
            with os.fdopen(server_reads, "rb", 0) as reader, os.fdopen(server_writes, "wb", 0) as writer:
                self.status.append(await self.server.serve(reader, writer, watch_parent=False))

        self.thread = threading.Thread(target=lambda: asyncio.run(serve()))
        self.thread.start()
        self._writer = os.fdopen(client_writes, "wb", 0)
        self.client = LspClient(os.fdopen(client_reads, "rb"), self._writer)

    @property
    def session(self) -> Script:
        (session,) = self.made
        return session

    def settle(self) -> None:
        """Everything sent before has been handled."""
        assert self.client.ask("duologue/barrier")["error"]["code"] == METHOD_NOT_FOUND

    def calls(self, *names: str) -> list[tuple[str, Any]]:
        self.settle()
        return [call for call in self.session.calls if not names or call[0] in names]

    def on_loop(self, call: Callable[[], None]) -> None:
        assert self.loop is not None
        self.loop.call_soon_threadsafe(call)

    def end(self) -> None:
        self._writer.close()
        self.thread.join(10)
        assert not self.thread.is_alive()


MakeStage = Callable[..., Stage]


@pytest.fixture
def make_stage() -> Iterator[MakeStage]:
    stages: list[Stage] = []

    def make(observer: Callable[[str, Mapping[str, Any]], None] | None = None) -> Stage:
        stages.append(Stage(observer))
        return stages[-1]

    yield make
    for stage in stages:
        stage.end()


@pytest.fixture
def stage(make_stage: MakeStage) -> Stage:
    return make_stage()


def edit(line: int, start: int, end: int, text: str) -> dict[str, Any]:
    return {
        "range": {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}},
        "text": text,
    }


def check_error(answer: Mapping[str, Any], code: int, *says: str) -> None:
    error = answer["error"]
    assert (error["code"], [word for word in says if word not in error["message"]]) == (code, []), error


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

    def test_exit_without_shutdown_and_a_vanished_client_are_told_apart_from_that(self, make_stage: MakeStage) -> None:
        rude, gone = make_stage(), make_stage()
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


class TestFingers:
    def told(self, *bodies: object) -> list[int]:
        counts: list[int] = []
        fingers = Fingers(counts.append)
        for body in bodies:
            fingers.look(frame(body))
        return counts

    def test_a_change_is_a_key_until_the_client_tells_its_keys(self) -> None:
        change = {"method": "textDocument/didChange", "params": {}}
        keys = {"method": "duologue/activity", "params": {"keys": 3}}
        focus = {"method": "duologue/activity", "params": {"focused": True}}
        assert self.told(change, focus, change, keys, change, keys) == [1, 1, 3, 3]

    def test_slashes_may_be_escaped(self) -> None:
        assert self.told(b'{"params":{"keys" : 2},"method":"duologue\\/activity"}') == [2]

    def test_a_text_that_speaks_of_it_is_none(self) -> None:
        text = '{"method":"textDocument/didChange"}'
        assert self.told({"method": "textDocument/didOpen", "params": {"textDocument": {"text": text}}}) == []

    def test_activity_reaches_the_session(self, stage: Stage) -> None:
        stage.client.initialize()
        stage.client.notify("duologue/activity", {"keys": 2, "focused": False, "later": 1})
        assert stage.calls() == [("keys", 2), ("activity", Activity(keys=2, focused=False))]

    @pytest.mark.parametrize(
        ("params", "says"),
        [({"keys": "many"}, "keys"), ({"keys": -1}, "keys"), ({"focused": 1}, "focused"), ("keys", "object")],
    )
    def test_malformed_activity_is_named(self, stage: Stage, params: object, says: str) -> None:
        stage.client.initialize()
        stage.client.notify("duologue/activity", params)
        stage.client.wait_log("duologue/activity", says)
        assert stage.calls("keys", "focus") == []


class TestContext:
    def test_everything(self, stage: Stage) -> None:
        stage.client.initialize()
        items = [{"message": "undefined name", "severity": 1}]
        stage.client.notify(
            "duologue/context",
            {
                "cursor": {"uri": URI, "position": {"line": 3, "character": 4}},
                "diagnostics": {"uri": URI, "items": items},
                "tests": {"passed": 10, "failed": 1, "message": "test_total"},
                "visibleRanges": [],
                "git": {"event": "commit"},
            },
        )
        assert stage.calls() == [
            ("cursor", (URI, 3, 4)),
            ("diagnostics", (URI, items)),
            ("tests", (10, 1, "test_total")),
        ]

    @pytest.mark.parametrize(
        ("bad", "says"),
        [
            ({"cursor": {"uri": URI}}, "cursor"),
            ({"cursor": {"uri": URI, "position": {"line": -1, "character": 0}}}, "cursor"),
            ({"diagnostics": {"uri": URI, "items": ["oops"]}}, "diagnostics"),
            ({"diagnostics": 5}, "diagnostics"),
        ],
    )
    def test_a_bad_part_is_named_and_the_others_count(self, stage: Stage, bad: dict[str, Any], says: str) -> None:
        stage.client.initialize()
        stage.client.notify("duologue/context", {**bad, "tests": {"passed": 1, "failed": 0}})
        stage.client.wait_log("duologue/context", says)
        assert stage.calls() == [("tests", (1, 0, ""))]


class TestVerbs:
    @pytest.mark.parametrize(
        ("verb", "argument", "call"),
        [
            ("start", None, ("start", {})),
            ("pushToTalk", {"down": True}, ("ptt_down", {})),
            ("pushToTalk", {"down": False}, ("ptt_up", {})),
            ("snooze", None, ("snooze", {"minutes": 10})),
            ("snooze", {"minutes": 2.5}, ("snooze", {"minutes": 2.5})),
            ("accept", {"id": "o1"}, ("accept", {"id": "o1"})),
            ("dismiss", {}, ("dismiss", {})),
        ],
    )
    def test_becomes_a_control(self, verb: str, argument: object, call: object) -> None:
        assert read_verb(verb, () if argument is None else (argument,)) == call

    @pytest.mark.parametrize(
        ("verb", "arguments", "says"),
        [
            ("start", [{"loud": True}], "loud"),
            ("mute", ["now"], "one object"),
            ("mute", [{}, {}], "one object"),
            ("pushToTalk", [], "down"),
            ("pushToTalk", [{"down": 1}], "down"),
            ("snooze", [{"minutes": 0}], "minutes"),
            ("snooze", [{"minutes": "ten"}], "minutes"),
            ("accept", [{"id": 5}], "id"),
        ],
    )
    def test_arguments_that_it_does_not_take(self, stage: Stage, verb: str, arguments: list[Any], says: str) -> None:
        stage.client.initialize()
        check_error(stage.client.command(verb, *arguments), INVALID_PARAMS, f"duologue.{verb}", says)
        assert stage.calls() == []

    def test_the_answer_of_the_session_is_the_result(self, stage: Stage) -> None:
        stage.client.initialize()
        stage.settle()
        stage.session.answer = {"ok": False, "message": "Nothing was said yet."}
        assert stage.client.command("repeat")["result"] == {"ok": False, "message": "Nothing was said yet."}
        assert stage.calls("repeat") == [("repeat", {})]


class TestSettings:
    PULL: Mapping[str, Any] = {"workspace": {"configuration": True}}

    def test_pulled_over_what_came_at_initialize(self, stage: Stage) -> None:
        stage.client.answers["workspace/configuration"] = lambda params: [{"voice": "none", "speed": 2}]
        stage.client.initialize(self.PULL, initializationOptions={"duologue": {"voice": "flite", "microphone": "off"}})
        stage.client.wait_method("workspace/configuration", items=[{"section": "duologue"}])
        stage.settle()
        first, last = stage.session.options[0], stage.session.options[-1]
        assert (first.voice, first.microphone) == ("flite", "off")
        assert (last.voice, last.microphone, last.speed) == ("none", "off", 2.0)

    def test_pushed(self, stage: Stage) -> None:
        stage.client.initialize()
        stage.client.notify("workspace/didChangeConfiguration", {"settings": {"duologue": {"voice": "espeak-ng"}}})
        stage.settle()
        assert stage.session.options[-1].voice == "espeak-ng"

    def test_asked_again_after_a_change_without_content(self, stage: Stage) -> None:
        speeds = iter([1.0, 1.5])
        stage.client.answers["workspace/configuration"] = lambda params: [{"speed": next(speeds)}]
        stage.client.initialize(
            {"workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}}
        )
        stage.client.wait_method("client/registerCapability")
        stage.settle()
        stage.client.notify("workspace/didChangeConfiguration", {"settings": None})
        deadline_s = time.monotonic() + 10
        while stage.session.options[-1].speed != 1.5 and time.monotonic() < deadline_s:
            stage.settle()
        assert stage.session.options[-1].speed == 1.5

    def test_every_problem_is_shown_once_with_its_key(self, stage: Stage) -> None:
        bad = {"volume": 11, "speed": "fast", "microphone": "ajar"}
        stage.client.answers["workspace/configuration"] = lambda params: [bad]
        stage.client.initialize(self.PULL, initializationOptions={"volume": 11})
        stage.client.wait_log("duologue.speed")
        stage.client.notify("workspace/didChangeConfiguration", {"settings": {"duologue": bad}})
        stage.settle()
        for key in ("duologue.volume", "duologue.speed", "duologue.microphone"):
            assert len([text for text in stage.client.shown() if f"'{key}'" in text]) == 1, stage.client.shown()
        assert stage.session.options[-1] == Options()

    @pytest.mark.parametrize("raw", [17, ["voice"], "none"])
    def test_no_object(self, stage: Stage, raw: object) -> None:
        stage.client.initialize()
        stage.client.notify("workspace/didChangeConfiguration", {"settings": {"duologue": raw}})
        stage.client.wait_log("must be an object")


class TestToTheClient:
    def test_state_transcript_offer_and_words(self, stage: Stage) -> None:
        stage.client.initialize()
        stage.settle()
        to = stage.session.client
        stage.on_loop(lambda: to.state(ClientState(voice="loading")))
        stage.on_loop(lambda: to.state(ClientState(voice="ready", parts={"ear": "moonshine"}, latencyMs=410.5)))
        stage.on_loop(lambda: to.transcript(TranscriptLine("t1", "partner", "Hello 🙂", True, 5, "key")))
        stage.on_loop(lambda: to.offer(OfferShown("o1", "Undefined name.", 0.5, "ruff:F821", URI, 3)))
        stage.on_loop(lambda: to.tell("error", "No microphone. Plug one in."))
        assert stage.client.wait_method("duologue/state", seq=2)["latencyMs"] == 410.5
        assert stage.client.wait_method("duologue/state", seq=1)["voice"] == "loading"
        assert stage.client.wait_method("duologue/transcript", id="t1")["heardUpTo"] == 5
        assert stage.client.wait_method("duologue/offer", id="o1")["outcome"] == "waiting"
        assert "Plug one in" in stage.client.wait_method("window/showMessage", type=1)["message"]

    def test_progress_while_the_voice_loads(self, stage: Stage) -> None:
        stage.client.initialize({"window": {"workDoneProgress": True}})
        stage.settle()
        to = stage.session.client
        stage.on_loop(lambda: to.progress(10, "ear"))
        stage.on_loop(lambda: to.progress(60, "voice"))
        begun = stage.client.wait_method("$/progress")
        assert begun["value"]["kind"] == "begin"
        stage.on_loop(lambda: to.progress(100, "ready"))
        stage.client.wait_method("$/progress", value={"kind": "end", "message": "ready"})
        tokens = {m["params"]["token"] for m in stage.client.messages if m.get("method") == "$/progress"}
        assert tokens == {stage.client.wait_method("window/workDoneProgress/create")["token"]}

    def test_no_progress_for_a_client_that_cannot_show_it(self, stage: Stage) -> None:
        stage.client.initialize()
        stage.settle()
        to = stage.session.client
        stage.on_loop(lambda: to.progress(10, "ear"))
        stage.on_loop(lambda: to.progress(100, "ready"))
        stage.settle()
        assert [m for m in stage.client.messages if "rogress" in str(m.get("method"))] == []


def test_an_observer_sees_what_a_recording_needs(make_stage: MakeStage) -> None:
    seen: list[tuple[str, Mapping[str, Any]]] = []
    stage = make_stage(lambda kind, fields: seen.append((kind, fields)))
    capabilities = {"general": {"positionEncodings": ["utf-8", "utf-16"]}}
    assert stage.client.initialize(capabilities)["capabilities"]["positionEncoding"] == "utf-16"
    stage.client.open(URI, "x")
    stage.client.change(URI, 2, edit(0, 1, 1, "y"))
    stage.client.command("pushToTalk", {"down": True})
    assert [kind for kind, _ in seen] == ["open", "keys", "change", "control"]
    assert seen[0][1] == {"uri": URI, "language_id": "python", "version": 1, "text": "x"}
    assert seen[2][1] == {"uri": URI, "version": 2, "changes": [edit(0, 1, 1, "y")]}
    assert seen[3][1] == {"name": "ptt_down", "args": {}}
