"""A language model behind an endpoint: its words as they come, and every way in which it can fail."""

import socket
import subprocess
import sys
import threading

import pytest

from duologue_server.suggest.answer_stream import ONLY_CODE, Manner
from duologue_server.suggest.endpoint import EndpointAnswers, EndpointTrouble
from duologue_server.suggest.prompt import Message, build_messages
from support.endpoint_server import Behaviour, endpoint_server

QUESTION: list[Message] = [{"role": "user", "content": "what is this"}]


def endpoint(url: str, first_token_s: float = 10.0, total_s: float = 20.0) -> EndpointAnswers:
    return EndpointAnswers(url, "tiny", "TEST_ENDPOINT_KEY", first_token_s=first_token_s, total_s=total_s)


def check(
    behaviour: Behaviour, code: str, heard: str = "", *, wait_s: float = 10.0, status: int = 500
) -> EndpointTrouble:
    """What came before the trouble, and the trouble in one sentence with a next step."""
    words: list[str] = []
    with endpoint_server(behaviour, status=status) as server, pytest.raises(EndpointTrouble) as caught:
        words += endpoint(server.url, wait_s, 2 * wait_s).stream(QUESTION)  # += keeps what came before the error
    trouble = caught.value
    assert (trouble.code, "".join(words)) == (code, heard), trouble
    for sentence in (trouble.what, trouble.remedy):
        assert sentence[0].isupper()
        assert sentence[-1] not in "."
        assert "\n" not in sentence
    assert len(trouble.what) < 80
    return trouble


def test_the_words_come_as_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_ENDPOINT_KEY", "sk-123")
    with endpoint_server() as server:
        answers = endpoint(server.url)
        for _ in range(2):
            assert list(answers.stream(QUESTION)) == ["The cursor ", "is never ", "defined."]
    request = server.requests[0]
    assert (request["model"], request["stream"], request["messages"]) == ("tiny", True, QUESTION)
    assert server.keys == ["Bearer sk-123"] * 2


def test_an_answer_that_ends_with_done_alone_is_whole() -> None:
    with endpoint_server("done_only") as server:
        assert "".join(endpoint(server.url).stream(QUESTION)) == "The cursor is never defined."


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "key"), (403, "key"), (404, "model"), (429, "limit"), (400, "refused"), (500, "server"), (503, "server")],
)
def test_refusals(status: int, code: str) -> None:
    trouble = check("status", code, status=status)
    if code == "key":
        assert "TEST_ENDPOINT_KEY" in trouble.remedy
    if code == "server":
        assert "the weights are on fire" in trouble.remedy


def test_nonsense() -> None:
    check("html", "garbage")
    check("no_stream", "garbage")
    check("bad_json", "garbage")
    check("bad_shape", "garbage")
    check("no_headers", "garbage")
    check("empty", "empty")
    assert "out of memory" in check("error_event", "server").remedy


def test_breaking_off_in_the_middle_keeps_what_was_said() -> None:
    check("disconnect", "disconnected", "The cursor ")
    check("cut_body", "disconnected", "The cursor ")


def test_slowness_has_an_end() -> None:
    check("slow", "slow", wait_s=0.2)
    check("comments", "slow", wait_s=0.2)
    check("stall", "slow", "The cursor ", wait_s=0.2)


def test_a_model_that_thinks_first_is_not_slow() -> None:
    with endpoint_server("thinks") as server:
        assert "".join(endpoint(server.url, 0.3).stream(QUESTION)) == "The cursor is never defined."


def test_an_answer_that_repeats_itself_is_cut_off() -> None:
    with endpoint_server("babble") as server:
        assert "".join(endpoint(server.url).stream(QUESTION)).split() == ["word"] * 6
        assert server.cancelled.wait(5)


def test_an_answer_without_end_has_an_end() -> None:
    with endpoint_server("endless") as server, pytest.raises(EndpointTrouble) as caught:
        list(endpoint(server.url, total_s=0.2).stream(QUESTION))
    assert caught.value.code == "slow"


def test_nobody_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    with pytest.raises(EndpointTrouble) as caught:
        list(endpoint(url).stream(QUESTION))
    assert (caught.value.code, caught.value.what) == ("down", "The language model cannot be reached")
    assert url in caught.value.remedy


@pytest.mark.parametrize("url", ["nonsense", "ftp://host/v1", "http://", "", "http://host:99999/v1", "http://[::1"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(EndpointTrouble) as caught:
        list(endpoint(url).stream(QUESTION))
    assert caught.value.code == "address"


def test_a_key_that_cannot_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_ENDPOINT_KEY", "schlüssel")
    with pytest.raises(EndpointTrouble) as caught:
        list(endpoint("http://127.0.0.1:9/v1").stream(QUESTION))
    assert caught.value.code == "key"


@pytest.mark.parametrize("behaviour", ["slow", "stall"])
@pytest.mark.parametrize("how", ["stream", "endpoint"])
def test_cancelling_from_another_thread_ends_the_request_at_once(behaviour: Behaviour, how: str) -> None:
    with endpoint_server(behaviour) as server:
        answers = endpoint(server.url)
        stream = answers.stream(QUESTION)
        words: list[str] = []
        reader = threading.Thread(target=lambda: words.extend(stream))
        reader.start()
        assert server.waiting.wait(10)
        stream.close() if how == "stream" else answers.cancel()
        reader.join(5)
        assert not reader.is_alive()
        assert server.cancelled.wait(5)
    assert list(stream) == []


def test_leaving_the_loop_cancels_the_request() -> None:
    with endpoint_server("endless") as server:
        for number, _ in enumerate(endpoint(server.url).stream(QUESTION)):
            if number == 3:
                break
        assert server.cancelled.wait(5)


def test_a_stream_closed_before_it_began_asks_nothing() -> None:
    with endpoint_server() as server:
        stream = endpoint(server.url).stream(QUESTION)
        stream.close()
        stream.close()
        assert list(stream) == []
        assert server.requests == []


def test_what_a_model_thinks_and_how_it_formats_is_not_said() -> None:
    words = (
        "<thi",
        "nk>let me ",
        "see</think>\n",
        "**It is** ",
        "`load`:\n",
        "```py\nx = 1\n```",
        "\nDone.<|im_",
        "end|>",
    )
    with endpoint_server(words=words) as server:
        said = "".join(endpoint(server.url).stream(QUESTION))
        assert said.split() == ["**It", "is**", "`load`:", "Done."]
        server.words = ("```py\nx = 1\n```",)
        assert "".join(endpoint(server.url).stream(QUESTION)) == ONLY_CODE
        server.words = ("<think>x</think>",)
        with pytest.raises(EndpointTrouble) as caught:
            list(endpoint(server.url).stream(QUESTION))
        assert caught.value.code == "empty"
        server.words = ('{"line": 1}\n', "```")
        assert "".join(endpoint(server.url).stream(QUESTION, None, Manner(spoken=False))) == '{"line": 1}\n```'


@pytest.mark.parametrize(
    ("retry_after", "told"), [("20", "20 seconds"), ("1", "1 second"), ("300", "5 minutes"), ("99999", "60 minutes")]
)
def test_an_endpoint_that_wants_to_be_left_alone_is_left_alone(retry_after: str, told: str) -> None:
    now_s = 0.0
    with endpoint_server("limited", retry_after=retry_after) as server:
        answers = EndpointAnswers(server.url, "tiny", "", now_s=lambda: now_s)
        for _ in range(2):
            with pytest.raises(EndpointTrouble) as caught:
                list(answers.stream(QUESTION))
            assert caught.value.what.endswith(f"ask again in {told}")
        assert len(server.requests) == 1, "the second question was not sent"
        server.behaviour, now_s = "normal", answers.wait_s() + 0.1
        assert list(answers.stream(QUESTION))


@pytest.mark.parametrize("retry_after", ["soon", "-5", "", "nan", "1e99", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_limit_without_a_time_asks_for_no_pause(retry_after: str) -> None:
    with endpoint_server("limited", retry_after=retry_after) as server:
        answers = endpoint(server.url)
        for _ in range(2):
            with pytest.raises(EndpointTrouble):
                list(answers.stream(QUESTION))
        assert len(server.requests) == 2


def test_one_failure_does_not_hurt_the_next_question() -> None:
    with endpoint_server("status") as server:
        answers = endpoint(server.url)
        with pytest.raises(EndpointTrouble):
            list(answers.stream(QUESTION))
        server.behaviour = "normal"
        assert list(answers.stream(QUESTION))


def test_the_library_is_loaded_only_when_it_is_needed() -> None:
    code = (
        "import sys; from duologue_server.suggest.endpoint import EndpointAnswers as E; "
        "E('http://x/v1', 'm').stream([]); sys.exit('openai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_what_the_model_is_told() -> None:
    messages = build_messages(
        "and\nwhy",
        "File store.py, Python, 8 lines.",
        [("user", "what is this"), ("partner", "This is load,"), ("partner", "  ")],
        interrupted="This is load,",
        waiting=["In load, line 6: undefined name cursor."],
    )
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    system = messages[0]["content"]
    assert "at most two short sentences" in system
    assert "Never read code aloud" in system
    assert "File store.py, Python, 8 lines." in system
    assert "undefined name cursor" in system
    assert messages[-1]["content"] == "(I interrupted you after “This is load,”; I did not hear the rest.) and why"
    assert build_messages("x", "")[1]["content"] == "x"
    assert "before a word of it was heard" in build_messages("x", "", interrupted="")[-1]["content"]


def test_the_prompt_is_bounded() -> None:
    lines = [("user", "word " * 1000)] * 100
    assert sum(len(message["content"]) for message in build_messages("why " * 9000, "d" * 1600, lines)) < 12_000


def test_the_first_word_is_there_while_the_second_is_still_being_made() -> None:
    with endpoint_server("stall") as server:
        stream = endpoint(server.url).stream(QUESTION)
        assert next(stream) == "The cursor "
        assert server.waiting.wait(5)
        stream.close()
