"""What the user asks for in so many words, as timelines: done at once, at another time, or never again."""

import pytest

from duologue_server.context.documents import TextChange
from duologue_server.link.messages import Happened, Manner, Offer, Ready
from duologue_server.options import Options
from duologue_server.session.requests import PACE
from duologue_server.suggest.intents import understand
from duologue_server.trace.facts import SoundOff, SoundOn
from support.desk import LONG, URI, Desk, insert
from support.endpoint_server import endpoint_server

TWO = "import os\n\n\ndef total(prices):\n    result = sum(prices)\n    print(summ, result)\n    return resutl\n"


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.session.open(URI, "python", 1, TWO)
    desk.session.cursor(URI, 5, 4)
    desk.later(1.0)
    return desk


def check(desk: Desk, words: str, answer: str, turn: int = 1) -> None:
    """The answer to these words begins so."""
    said = desk.asked(words, turn)
    assert said.startswith(answer), said


def said(desk: Desk, text: str, heard: str = "", cause: str = "say") -> None:
    """The partner has said it, and so much of it was heard."""
    now_s = desk.clock.now_s()
    desk.session.from_voice(Happened(SoundOn(now_s, "s1", text, cause)))  # type: ignore[arg-type]
    desk.session.from_voice(Happened(SoundOff(now_s + 1, "s1", "speech" if heard else "end", heard or text, 900.0)))


def speak(desk: Desk) -> None:
    desk.session.save(URI)
    offer = desk.of(Offer)[-1]
    desk.session.from_voice(Happened(SoundOn(desk.clock.now_s(), offer.id, offer.text, "offer")))
    desk.session.from_voice(Happened(SoundOff(desk.clock.now_s(), offer.id, "end", offer.text, 900.0)))


def test_one_problem_after_the_other(desk: Desk) -> None:
    check(desk, "What is wrong?", "There are three problems. The most important: in total, line 6", 1)
    check(desk, "And the other one?", "In total, line 7: undefined name resutl.", 2)
    check(desk, "What else?", "Line 1: the import of os is not used.", 3)
    check(desk, "Anything else?", "That was all.", 4)
    check(desk, "What is wrong?", "There are three problems.", 5)
    check(desk, "No, the other one.", "In total, line 7", 6)


def test_who_was_interrupted_goes_on_at_the_word(desk: Desk) -> None:
    said(desk, LONG, "The tests are red again,")
    check(desk, "Go on.", "And two of them are new.")
    said(desk, LONG)
    check(desk, "Continue.", "That was all of it.", 2)


def test_shorter(desk: Desk) -> None:
    said(desk, "In total, line 6: undefined name summ. There is more of this below.")
    check(desk, "Shorter, please.", "Undefined name summ.")


def test_slower_and_quieter_until_the_settings_change(desk: Desk) -> None:
    check(desk, "Could you speak a bit slower?", "Is this better?", 1)
    assert desk.of(Manner) == [Manner(PACE, 1.0)]
    check(desk, "Quieter.", "Is this better?", 2)
    assert desk.of(Manner)[-1] == Manner(PACE, 0.71)
    desk.session.from_voice(Ready(0.0, {}))
    assert len(desk.of(Manner)) == 3, "a new voice process is told"
    for turn in range(3, 12):
        answer = desk.asked("Slower.", turn)
    assert answer == "I cannot speak slower."
    desk.session.configure(Options(speed=1.2))
    assert desk.of(Manner)[-1] == Manner(1.2, 1.0)


def test_say_that_as_a_comment(desk: Desk) -> None:
    speak(desk)
    check(desk, "Say that as a comment.", "It is written.")
    ((uri, fix, _),) = desk.applied
    (edit,) = fix.edits
    assert (uri, edit.span[:2], edit.text) == (URI, (5, 0), "    # Undefined name summ.\n")


def test_a_comment_about_an_answer_goes_above_the_cursor(desk: Desk) -> None:
    check(desk, "Write that down.", "I have not said anything yet.")
    said(desk, "The cache is never emptied, because nobody calls clear, and it is not clear who should. " * 2)
    check(desk, "Write that down.", "It is written.", 2)
    rows = desk.applied[0][1].edits[0].text.splitlines()
    assert len(rows) == 2
    assert all(row.startswith("    # ") and len(row) < 100 for row in rows)


def test_never_again(desk: Desk) -> None:
    check(desk, "Never again.", "There is nothing that I could keep to myself.")
    speak(desk)
    check(desk, "Never again.", "I will not speak of that again.", 2)
    desk.later(24 * 3600.0)
    desk.session.save(URI)
    assert len(desk.of(Offer)) == 1


@pytest.mark.parametrize(
    ("words", "runs", "told"),
    [
        ("Tell me when the tests are green.", [(3, 1), (4, 0)], "The tests pass now."),
        ("Let me know if the tests fail.", [(4, 0), (3, 1)], "The tests fail now."),
        ("Tell me when the tests are done.", [(3, 1)], "The tests fail now."),
    ],
)
def test_when_the_tests_have_run(desk: Desk, words: str, runs: list[tuple[int, int]], told: str) -> None:
    desk.session.configure(Options(unprompted_per_hour=0))
    desk.asked(words)
    for passed, failed in runs[:-1]:
        desk.session.tests(passed, failed)
    assert desk.of(Offer) == []
    desk.session.tests(*runs[-1])
    assert [offer.text for offer in desk.of(Offer)] == [told], "asked for, so it counts against no budget"
    desk.session.tests(*runs[-1])
    assert len(desk.of(Offer)) == 1, "once"


def test_a_reminder(desk: Desk) -> None:
    check(desk, "Remind me to commit in ten minutes.", "I will remind you in ten minutes.")
    desk.later(9 * 60.0)
    assert "reminded" not in str(desk.of(Offer))
    desk.later(2 * 60.0)
    assert desk.of(Offer)[-1].text == "You wanted to be reminded to commit."


@pytest.mark.parametrize(
    ("words", "kind", "args"),
    [
        ("Remind me in half an hour.", "remind", {"minutes": 30, "what": ""}),
        ("Remind me later about the cache.", "remind", {"minutes": 15, "what": "about the cache"}),
        ("Remind me in a fortnight minutes", "unknown", {}),
        ("Have a look at load and tell me what you find.", "delegate", {"what": "have a look at load"}),
        ("When you have time, check whether it leaks.", "delegate", {"what": "check whether it leaks"}),
        ("Look at this and tell me.", "delegate", {"what": "look at this"}),
        ("Go and tell me.", "unknown", {}),
        ("Stop saying that.", "never", {}),
        ("Stop.", "stop", {}),
        ("Be quiet.", "stop", {}),
        ("That was too fast.", "slower", {}),
        ("Turn it down.", "quieter", {}),
    ],
)
def test_what_is_asked_for(words: str, kind: str, args: dict[str, object]) -> None:
    intent = understand(words)
    assert (intent.kind, dict(intent.args)) == (kind, args)


def test_what_is_delegated_comes_back_at_a_good_moment() -> None:
    with endpoint_server(words=("The cache is ", "never emptied. And more.")) as server:
        desk = Desk(Options(endpoint_url=server.url, endpoint_model="tiny"))
        desk.session.open(URI, "python", 1, TWO)
        check(desk, "Look into the cache and tell me.", "I will look into it and come back to you.")
        desk.later(2.0)
    assert [offer.text for offer in desk.of(Offer)] == ["The cache is never emptied."]


def test_without_a_language_model_nothing_is_promised(desk: Desk) -> None:
    check(desk, "Look into the cache and tell me.", "I cannot look into that. For more I need a language model")


def test_a_local_language_model_may_remark_on_what_was_saved() -> None:
    remark = '{"line": 3, "says": "resutl does not exist here.", "urgency": 1.0, "confidence": 1.0}'
    good = "def total(prices):\n    result = sum(prices)\n    return result\n"
    with endpoint_server(words=(remark,)) as server:
        desk = Desk(Options(endpoint_url=server.url, endpoint_model="tiny", detectors=()))
        desk.session.open(URI, "python", 1, good)
        desk.session.change(
            URI, 2, [insert(2, 0, ""), TextChange(None, good.replace("return result", "return resutl"))]
        )
        desk.later(1.0)
        desk.session.save(URI)
        desk.later(5.0)
    assert [offer.trigger for offer in desk.offers][:1] == ["model:candidate"]
    assert desk.offers[0].text == "In total, line 3: resutl does not exist here."
