"""What a language model may look up while it answers, and every odd way in which it asks."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duologue_server.context.digest import is_config
from duologue_server.context.documents import Documents
from duologue_server.context.trees import parse
from duologue_server.context.view import View
from duologue_server.masking.mask import MASK
from duologue_server.suggest.answer_stream import MOST_ROUNDS
from duologue_server.suggest.endpoint import EndpointAnswers, EndpointTrouble
from duologue_server.suggest.prompt import TOOLS_NOTE, Message, build_messages
from duologue_server.suggest.tool_calls import ENOUGH, CallParts
from duologue_server.suggest.tools import LINE_CHARACTERS, MOST_CHARACTERS, MOST_HITS, MOST_LINES, BufferTools
from support.endpoint_server import Behaviour, EndpointServer, endpoint_server

STORE = "import db\n\nclass Store:\n    def load(self, path):\n        return db.fetch(path)\n"
ENV = "DB_PASSWORD=correcthorse\nDB_HOST=db\n"


def view_of(name: str, text: str, language_id: str = "python") -> View:
    snapshot = Documents().open(f"file:///home/ann/{name}", language_id, 1, text).snapshot()
    return View(snapshot, parse(snapshot) if language_id == "python" else None)


def tools_of(*views: View, secrets: Sequence[str] = ()) -> BufferTools:
    return BufferTools(views, lambda: secrets, is_config)


TOOLS = tools_of(
    view_of("shop/store.py", STORE), view_of("shop/.env", ENV, "dotenv"), secrets=["correcthorse", "fetch(path)"]
)


def call(tool: str, tools: BufferTools = TOOLS, /, **arguments: Any) -> str:
    return tools.call(tool, json.dumps(arguments))


def test_lines_are_numbered_and_masked() -> None:
    read = call("read_buffer", name="store.py", first_line=3, last_line=9)
    head, *rows = read.split("\n")
    assert head == "store.py, lines 3 to 6 of 6:"
    assert rows[1] == "    4 |     def load(self, path):"
    assert rows[2] == f"    5 |         return db.{MASK}"
    assert call("read_buffer", name=".env", first_line="1", last_line=1.0) == (
        f".env, lines 1 to 1 of 3:\n    1 | DB_PASSWORD={MASK}"
    )


def test_what_a_buffer_defines() -> None:
    assert call("list_symbols", name="shop/store.py") == (
        "store.py defines:\nclass Store, lines 3 to 5\nmethod load, lines 4 to 5"
    )
    assert call("list_symbols", name=".env") == "The structure of .env is not known."


def test_a_search_finds_what_may_be_seen_and_nothing_else() -> None:
    assert call("search", text="DEF LOAD") == "It stands in no open buffer."
    assert call("search", text="def load") == "store.py, line 4: def load(self, path):"
    assert call("search", text="correcthorse") == "It stands in no open buffer.", "it is no oracle for secrets"


def test_two_files_of_one_name_are_told_apart() -> None:
    tools = tools_of(view_of("shop/a/__init__.py", "a = 1\n"), view_of("shop/b/__init__.py", "b = 2\n"))
    assert "a/__init__.py, b/__init__.py" in json.dumps(tools.schemas())
    assert "ann" not in json.dumps(tools.schemas())
    assert "b = 2" in call("read_buffer", tools, name="b/__init__.py", first_line=1, last_line=1)
    assert call("read_buffer", tools, name="__init__.py", first_line=1, last_line=1).startswith(
        "There is more than one"
    )


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("delete_file", "{}", "There is no such tool"),
        ("read_buffer", '{"name": "sto', "not JSON"),
        ("read_buffer", "[1]", "must be a JSON object"),
        ("read_buffer", "[" * 900, "not JSON"),
        ("read_buffer", "", "name must be"),
        ("read_buffer", '{"name": "/etc/passwd", "first_line": 1, "last_line": 9}', "no such open buffer"),
        ("read_buffer", '{"name": "../store.py/../../x"}', "no such open buffer"),
        ("read_buffer", '{"name": ["store.py"]}', "name must be"),
        ("read_buffer", '{"name": "store.py", "first_line": true}', "whole numbers"),
        ("read_buffer", '{"name": "store.py", "first_line": -1}', "whole numbers"),
        ("read_buffer", '{"name": "store.py", "first_line": 1e400}', "whole numbers"),
        ("read_buffer", '{"name": "store.py", "first_line": 99}', "has only 6 lines"),
        ("search", '{"text": "  "}', "a few words"),
        ("search", '{"text": 7}', "a few words"),
        ("search", '{"text": "a\\nb"}', "a few words"),
    ],
)
def test_what_is_wrong_with_a_call_is_told(name: str, arguments: str, told: str) -> None:
    assert told in TOOLS.call(name, arguments)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.sampled_from(["read_buffer", "list_symbols", "search", "", "x"]),
    st.one_of(
        st.text(max_size=60),
        json_like.map(json.dumps),
        st.fixed_dictionaries(
            {"name": st.sampled_from(["store.py", ".env", ""]), "first_line": json_like, "text": json_like}
        ).map(json.dumps),
    ),
)
def test_no_call_is_too_odd(name: str, arguments: str) -> None:
    told = TOOLS.call(name, arguments)
    assert 0 < len(told) <= MOST_CHARACTERS
    assert "correcthorse" not in told


def test_results_are_bounded() -> None:
    tools = tools_of(view_of("long.py", "value = 1\n" * 5_000), view_of("wide.py", ("x" * 9_000 + "\n") * 300))
    read = call("read_buffer", tools, name="long.py", first_line=1, last_line=5_000)
    assert read.startswith(f"long.py, lines 1 to {MOST_LINES} of 5001:")
    assert read.count("\n") == MOST_LINES
    wide = call("read_buffer", tools, name="wide.py", first_line=1, last_line=300)
    assert len(wide) <= MOST_CHARACTERS
    assert max(map(len, wide.split("\n"))) <= LINE_CHARACTERS + 8
    found = call("search", tools, text="value")
    assert found.count("\n") == MOST_HITS
    assert found.endswith(f"and {5_000 - MOST_HITS} more.")


def test_what_detectors_leave_alone_is_left_alone() -> None:
    tools = tools_of(view_of("big.py", "value = 1\n" * 60_000), view_of("odd.py", "a\0b\n" * 50))
    for name in ("big.py", "odd.py"):
        assert "too large" in call("read_buffer", tools, name=name, first_line=1, last_line=2)
    assert call("search", tools, text="value") == "It stands in no open buffer."


QUESTION = build_messages("why?", "", tools=True)
LOAD = ("search", '{"text": "def load"}')


def ask(server: EndpointServer, messages: list[Message] = QUESTION) -> tuple[str, EndpointAnswers]:
    answers = EndpointAnswers(server.url, "tiny", "")
    return "".join(answers.stream(messages, TOOLS)), answers


def results(server: EndpointServer) -> list[str]:
    return [message["content"] for message in server.requests[-1]["messages"] if message["role"] == "tool"]


@pytest.mark.parametrize("behaviour", ["calls", "whole_calls"])
def test_a_model_looks_something_up_and_answers(behaviour: Behaviour) -> None:
    with endpoint_server(behaviour, calls=[[LOAD, ("list_symbols", '{"name": "store.py"}')]]) as server:
        assert ask(server)[0] == "The cursor is never defined."
    first, second = server.requests
    assert [tool["function"]["name"] for tool in first["tools"]] == ["read_buffer", "list_symbols", "search"]
    assert results(server) == [TOOLS.call(*LOAD), TOOLS.call("list_symbols", '{"name": "store.py"}')]
    told = next(message for message in second["messages"] if "tool_calls" in message)
    assert told["tool_calls"][0]["function"]["arguments"] == LOAD[1]
    ids = [one["id"] for one in told["tool_calls"]]
    assert ids == [message["tool_call_id"] for message in second["messages"] if message["role"] == "tool"]


def test_what_is_said_before_a_call_is_spoken() -> None:
    with endpoint_server("calls", calls=[[LOAD]], before_calls="Let me see.") as server:
        assert ask(server)[0] == "Let me see. The cursor is never defined."
    assert [message["content"] for message in server.requests[-1]["messages"] if "tool_calls" in message] == [
        "Let me see."
    ]


def test_a_model_that_never_stops_looking_has_to_answer() -> None:
    with endpoint_server("calls", calls=[[LOAD] * 3] * 20) as server, pytest.raises(EndpointTrouble) as caught:
        ask(server)
    assert caught.value.code == "empty"
    assert len(server.requests) == MOST_ROUNDS
    assert [request.get("tool_choice") for request in server.requests] == [None] * (MOST_ROUNDS - 1) + ["none"]
    assert results(server)[CallParts.MOST :] == [ENOUGH]


def test_garbage_in_a_call_is_told_to_the_model() -> None:
    rounds = [[("search", '{"text": '), ("rm -rf", "{}"), ("search", "x" * 50_000)]]
    with endpoint_server("calls", calls=rounds) as server:
        assert ask(server)[0] == "The cursor is never defined."
    assert results(server)[0] == results(server)[2] == "The arguments are not JSON."
    assert results(server)[1].startswith("There is no such tool")
    told = next(message for message in server.requests[-1]["messages"] if "tool_calls" in message)["tool_calls"]
    assert [one["function"]["arguments"] for one in told] == ["{}"] * 3, "endpoints fail on what is no JSON"
    with endpoint_server("odd_calls") as server:
        assert ask(server)[0] == "The cursor is never defined."


def test_breaking_off_in_the_middle_of_a_call() -> None:
    with endpoint_server("call_disconnect") as server, pytest.raises(EndpointTrouble) as caught:
        ask(server)
    assert caught.value.code == "disconnected"


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_endpoint_without_tools_is_asked_without_and_that_is_remembered(status: int) -> None:
    with endpoint_server("no_tools", status=status) as server:
        said, answers = ask(server)
        assert said == "The cursor is never defined."
        assert "".join(answers.stream(QUESTION, TOOLS)) == said
    assert ["tools" in request for request in server.requests] == [True, False, False]
    assert TOOLS_NOTE in server.requests[0]["messages"][0]["content"]
    assert TOOLS_NOTE not in server.requests[1]["messages"][0]["content"]


def test_any_other_refusal_is_one() -> None:
    with endpoint_server("status", status=400) as server, pytest.raises(EndpointTrouble):
        ask(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "written",
    [
        '<tool_call>\n{"name": "search"}\n</tool_call>',
        '<tool_call>\n{"name": "search"}',
        '```json\n{\n  "name": "search",\n  "arguments": {"text": "a"}\n}\n```',
        '{"name": "read_buffer", "arguments": {"name": "a"}}',
    ],
)
def test_a_model_that_writes_its_calls_as_text_is_asked_without_tools(written: str) -> None:
    with endpoint_server("text_calls", before_calls=written) as server:
        said, answers = ask(server)
        assert said == "The cursor is never defined."
        assert not answers.uses_tools
    assert ["tools" in request for request in server.requests] == [True, False]


def test_no_tools_are_offered_where_nothing_is_open() -> None:
    with endpoint_server() as server:
        list(EndpointAnswers(server.url, "tiny", "").stream(build_messages("why?", ""), None))
    assert "tools" not in server.requests[0]
