"""Questions that a language model answers with look-ups, through the whole session."""

from duologue_server.link.messages import Guess, Reply
from duologue_server.options import Options
from duologue_server.session.answering import Answering, Question
from duologue_server.suggest.endpoint import EndpointAnswers
from duologue_server.trace.clock import VirtualClock
from support.desk import BUGGY, URI, Desk
from support.endpoint_server import endpoint_server

WHY = "Why would one want a cache here?"


def desk_at(url: str) -> Desk:
    return Desk(Options(endpoint_url=url, endpoint_model="tiny", detectors=()))


def test_a_question_is_answered_with_what_was_looked_up() -> None:
    look_up = [
        ("search", '{"text": "correcthorse"}'),
        ("read_buffer", '{"name": "tax.py", "first_line": 1, "last_line": 9}'),
    ]
    with endpoint_server("calls", calls=[look_up], before_calls="Let me see. ") as server:
        desk = desk_at(server.url)
        desk.session.open("file:///shop/.env", "dotenv", 1, "DB_PASSWORD=correcthorse\n")
        desk.session.open("file:///shop/tax.py", "python", 1, 'connect("ann", "correcthorse")\n')
        desk.session.open(URI, "python", 1, BUGGY + "# correcthorse is it\n")
        desk.session.cursor(URI, 2, 4)
        desk.later(1.0)
        assert desk.asked(WHY) == "Let me see. The cursor is never defined."
        assert desk.of(Reply)[-1].final
    asked, found = server.requests
    assert "def total(prices)" in asked["messages"][0]["content"]
    assert "tax.py" in found["messages"][-1]["content"]
    assert "correcthorse" not in str(asked) + str(found["messages"][-1]) + str(found["messages"][-2])


def test_what_a_model_thinks_is_not_prepared_either() -> None:
    with endpoint_server(words=("<think>Hm", "m.</think>", "It is ", "so.<|im_end|>")) as server:
        desk = desk_at(server.url)
        desk.session.from_voice(Guess(WHY))
        desk.later(1.0)
        assert desk.asked(WHY) == "It is so."


def test_the_user_is_told_how_long_to_wait() -> None:
    with endpoint_server("limited", retry_after="20") as server:
        desk = desk_at(server.url)
        assert desk.asked(WHY).strip() == "The language model is asked too often; ask again in 20 seconds."
        desk.asked("And what of the other one there?", turn=2)
        assert len(server.requests) == 1


def test_it_is_busy_while_an_answer_is_awaited() -> None:
    with endpoint_server() as server:
        clock = VirtualClock(free_compute=True)
        answering = Answering(clock, lambda turn, text: None, lambda turn, error: None, lambda question, text: None)
        endpoint = EndpointAnswers(server.url, "tiny", "")
        assert not answering.busy
        answering.foresee(Question(WHY, None), lambda: endpoint.stream(endpoint.messages(WHY, "")))
        assert answering.busy
        clock.advance_to(1.0)
        assert not answering.busy
        answering.ask(1, Question("And why?", None), lambda: endpoint.stream(endpoint.messages("And why?", "")), 0.0)
        assert answering.busy
        clock.advance_to(2.0)
        assert not answering.busy
