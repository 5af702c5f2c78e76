"""What reaches the session from an editor, and an editor from the session: keys, context, verbs, settings, state."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from duologue_server.features.activity import Fingers
from duologue_server.features.commands import read_verb
from duologue_server.options import Options
from duologue_server.protocol import Activity, ClientState, OfferShown, TranscriptLine
from support.lsp_client import frame
from support.lsp_stage import INVALID_PARAMS, URI, Stage, check_error, edit


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as one:
        yield one


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

    def test_whoever_announces_that_it_knows_us_is_believed_from_the_start(self, stage: Stage) -> None:
        stage.client.initialize({"experimental": {"duologue": {"version": 1}}})
        stage.client.open(URI, "x")
        stage.client.change(URI, 2, edit(0, 0, 0, "y"))
        assert stage.calls("keys") == [], "as what was commanded by voice"

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

    def test_failures_travel_with_the_run_and_a_bad_one_is_named(self, stage: Stage) -> None:
        stage.client.initialize()
        good = {"name": "test_total", "uri": URI, "line": 3, "message": "expected 3"}
        stage.client.notify(
            "duologue/context", {"tests": {"passed": 1, "failed": 2, "failures": [good, {"line": 3}, "oops"]}}
        )
        stage.client.wait_log("duologue/context", "name")
        stage.client.wait_log("duologue/context", "object")
        assert stage.calls() == [("tests", (1, 2, "", [good, {"line": 3}]))]

    def test_failures_that_are_no_list_are_named_and_the_run_counts(self, stage: Stage) -> None:
        stage.client.initialize()
        stage.client.notify("duologue/context", {"tests": {"passed": 1, "failed": 2, "failures": 5}})
        stage.client.wait_log("duologue/context", "list")
        assert stage.calls() == [("tests", (1, 2, ""))]


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


def test_an_observer_sees_what_a_recording_needs() -> None:
    seen: list[tuple[str, Mapping[str, Any]]] = []
    with Stage(lambda kind, fields: seen.append((kind, fields))) as stage:
        capabilities = {"general": {"positionEncodings": ["utf-8", "utf-16"]}}
        assert stage.client.initialize(capabilities)["capabilities"]["positionEncoding"] == "utf-16"
        stage.client.open(URI, "x")
        stage.client.change(URI, 2, edit(0, 1, 1, "y"))
        stage.client.command("pushToTalk", {"down": True})
    assert [kind for kind, _ in seen] == ["open", "keys", "change", "control"]
    assert seen[0][1] == {"uri": URI, "language_id": "python", "version": 1, "text": "x"}
    assert seen[2][1] == {"uri": URI, "version": 2, "changes": [edit(0, 1, 1, "y")]}
    assert seen[3][1] == {"name": "ptt_down", "args": {}}
