"""Turns and their answers as timelines: what is said at once, what a language model says, what is prepared."""

import queue
from collections.abc import Callable

import pytest

from duologue_server.link.messages import (
    Ask,
    Guess,
    Happened,
    Prepare,
    Reply,
    Unask,
    VoiceState,
)
from duologue_server.options import Options
from duologue_server.session.answering import ACKNOWLEDGEMENTS, Answering, Question, acknowledgement
from duologue_server.suggest.endpoint import EndpointAnswers
from duologue_server.trace.clock import RealClock
from duologue_server.trace.facts import SoundOff, SoundOn
from support.desk import BUGGY, LONG, URI, Desk, insert
from support.endpoint_server import endpoint_server


@pytest.fixture
def desk() -> Desk:
    return Desk()


def endpoint_options(url: str) -> Options:
    return Options(endpoint_url=url, endpoint_model="tiny")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is wrong here?", "undefined name"),
        ("Where am I?", "prices.py, line 3, in the function total"),
        ("What is this?", "the function total"),
        ("What did you say?", "have not said anything yet"),
        ("How are the tests?", "not seen the tests"),
        ("What does the cache do?", "need a language model"),
        ("Stop.", ""),
    ],
)
def test_built_in_answers(desk: Desk, question: str, expected: str) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.session.cursor(URI, 2, 6)
    desk.later(2.0)
    answer = desk.asked(question)
    assert expected in answer if expected else answer == ""


def test_what_was_not_heard_is_said_again_when_asked(desk: Desk) -> None:
    desk.session.from_voice(Happened(SoundOn(1.0, "s1", LONG, "say")))
    desk.session.from_voice(Happened(SoundOff(2.0, "s1", "key", "The tests are", 800.0)))
    assert desk.asked("What did you say?") == f"I was saying: {LONG}"


def test_the_voices_state_is_the_clients(desk: Desk) -> None:
    desk.session.from_voice(VoiceState("muted", "quiet", "speaking", 310.0, 0))
    shown = desk.states[-1]
    assert (shown.microphone, shown.partner, shown.latencyMs) == ("muted", "speaking", 310.0)


def test_a_language_model_answers_what_nobody_else_can() -> None:
    with endpoint_server() as server:
        desk = Desk(endpoint_options(server.url))
        desk.session.open(URI, "python", 1, BUGGY)
        desk.later(1.0)
        answer = desk.asked("Why would one want a cache here?", interrupted="The tests")
    assert answer
    assert desk.of(Reply)[-1].final
    assert len(desk.of(Reply)) > 2, "it is passed on in pieces"


def test_the_caption_of_a_streamed_answer_is_the_answer() -> None:
    with endpoint_server(words=("The cursor ", "is never ", "defined.")) as server:
        desk = Desk(endpoint_options(server.url))
        desk.asked("Why would one want a cache here?")
    desk.session.from_voice(Happened(SoundOn(3.0, "reply-1", "The cursor is", "reply")))
    assert desk.lines[-1].text == "The cursor is never defined."


def test_a_word_that_breaks_in_and_means_nothing_is_not_answered(desk: Desk) -> None:
    assert desk.asked("Done.", turn=1, interrupted="You are in") == ""
    assert desk.of(Reply)[-1].final
    assert desk.asked("Done.", turn=2)
    assert desk.asked("Done with that now?", turn=3, interrupted="You are in")
    assert desk.asked("Why?", turn=4, interrupted="You are in"), "what is understood is answered"


def test_an_answer_is_prepared_while_nothing_is_asked(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.session.from_voice(Guess("Where am I?"))
    (prepared,) = desk.of(Prepare)
    assert prepared.certain
    assert prepared.text == desk.asked("Where am I?")
    desk.session.from_voice(Guess("No, leave it."))
    assert desk.of(Prepare)[-1] == Prepare("No, leave it.", "All right."), "words that do something wait for the model"
    desk.session.from_voice(Guess("What was?"))
    assert not desk.of(Prepare)[-1].certain, "so do a word or two"
    desk.session.from_voice(Guess("Stop."))
    assert desk.of(Prepare)[-1] == Prepare("Stop.", "", certain=True), "but not the word that matters most"
    sent = len(desk.sent)
    desk.session.from_voice(Guess(""))
    assert len(desk.sent) == sent


def test_a_language_model_on_this_machine_is_asked_before_the_user_has_ended() -> None:
    with endpoint_server() as server:
        desk = Desk(endpoint_options(server.url))
        desk.session.from_voice(Guess("Why would one want a cache here?"))
        desk.later(1.0)
        assert [prepared.text for prepared in desk.of(Prepare)][-1] == "The cursor is never defined."
        assert desk.of(Reply) == [], "nothing was asked"
        assert desk.asked("Why would one want a cache here?") == "The cursor is never defined."
        assert len(server.requests) == 1
        desk.session.from_voice(Guess("Why would one want a cache here?"))
        assert desk.asked("Why would one want a cache here? And a lock?", turn=2) == "The cursor is never defined."
        desk.later(1.0)
        assert len(server.requests) == 3, "other words are another question"


def test_a_language_model_elsewhere_is_not_told_what_nobody_asked() -> None:
    desk = Desk(endpoint_options("http://models.invalid/v1"))
    desk.session.from_voice(Guess("Why would one want a cache here?"))
    desk.later(5.0)
    assert desk.told == [], "no request, so no trouble"
    (prepared,) = desk.of(Prepare)
    assert prepared.text in ACKNOWLEDGEMENTS


def test_who_waits_for_the_first_word_is_told_so() -> None:
    """In real time, because a model that takes its time is real: the word comes first, in the same answer."""
    posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    pieces: list[str] = []
    ended: list[Exception | None] = []
    answering = Answering(
        RealClock(posted.put), lambda turn, text: pieces.append(text), lambda turn, error: ended.append(error),
        lambda question, text: None,
    )  # fmt: skip
    with endpoint_server("slow") as server:
        endpoint = EndpointAnswers(server.url, "tiny", "")
        question = Question("Why?", None)
        answering.ask(1, question, lambda: endpoint.stream(endpoint.messages("Why?", "")), waited_s=0.25)
        posted.get(timeout=10)()
        assert pieces == [acknowledgement(1) + " "]
        assert pieces[0].strip() in ACKNOWLEDGEMENTS
        answering.unask(1)
    assert ended == []


def test_an_edit_elsewhere_moves_the_eye_there(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.session.open("file:///shop/tax.py", "python", 1, "a = 1\nb = 2\n")
    desk.session.cursor(URI, 2, 4)
    desk.session.change("file:///shop/tax.py", 2, [insert(1, 0, "#")])
    assert "tax.py, line 2" in desk.asked("Where am I?")


def test_an_endpoint_that_is_down_is_said_once() -> None:
    desk = Desk(endpoint_options("http://127.0.0.1:9/v1"))
    first = desk.asked("Why would one want a cache here?", turn=1)
    second = desk.asked("And what of the other one?", turn=2)
    assert first.strip()
    assert second == ""
    assert [reply.final for reply in desk.of(Reply)] == [True, True]
    assert len([text for text in desk.told if text.startswith("warning")]) == 2


def test_an_unwanted_answer_is_not_sent() -> None:
    with endpoint_server() as server:
        desk = Desk(endpoint_options(server.url))
        desk.session.from_voice(Ask(1, "Why would one want a cache here?", 0.0, 0.0))
        desk.session.from_voice(Unask(1))
        desk.later(5.0)
    assert desk.of(Reply) == []
