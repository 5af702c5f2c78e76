"""What the user says is understood as a whole or not at all; answers are short and true."""

from dataclasses import dataclass

import pytest

from duologue_server.suggest.answers import Intent, Situation, answer, understand


@dataclass(frozen=True)
class Scope:
    kind: str
    name: str


@dataclass(frozen=True)
class Problem:
    text: str
    line: int
    urgency: float


CURSOR = Problem("In load, line 6: undefined name cursor.", 5, 0.85)
UNUSED = Problem("Line 1: the import of os is not used.", 0, 0.15)
HERE = Situation(
    document="store.py",
    language="Python",
    line=5,
    scopes=(Scope("method", "load"), Scope("class", "Store")),
    name_at_cursor="cursor",
)


def check(said: str, kind: str, **args: object) -> None:
    intent = understand(said)
    assert (intent.kind, dict(intent.args)) == (kind, args), said


SAID = {
    "what_is_this": (
        "What is this?",
        "what's this",
        "um, what's that",
        "Hey Duologue, what is this function?",
        "what am I looking at",
    ),
    "where_am_i": (
        "Where am I?",
        "where are we now",
        "which function am I in",
        "what line is this",
        "where's the cursor",
    ),
    "what_is_wrong": (
        "What's wrong here?",
        "what is wrong with this",
        "So, what's the problem?",
        "is there anything wrong",
        "any errors here",
        "why is this red",
        "are there any problems in this file",
        "what did I do wrong",
        "what's broken",
        "do I have any errors",
        "how many warnings are there",
    ),
    "read_error": (
        "Read the error.",
        "read me the error",
        "can you read that error please",
        "what does the error say",
        "what's the error",
        "Give me the next problem",
    ),
    "tests": (
        "are the tests green",
        "did the tests pass",
        "How are the tests?",
        "do my tests pass",
        "which tests are failing",
    ),
    "what_did_you_say": (
        "What did you say?",
        "what did you just say",
        "sorry?",
        "What?",
        "pardon",
        "I didn't catch that",
        "what was that",
    ),
    "repeat": (
        "repeat",
        "Repeat that.",
        "say that again",
        "again please",
        "once more",
        "could you say it again",
    ),
    "stop": (
        "Stop.",
        "stop stop stop",
        "STOP!",
        "be quiet",
        "shut up",
        "okay, stop talking",
        "hold on",
        "wait",
        "never mind",
        "that's enough",
    ),
    "accept": (
        "yes",
        "Yes, do it.",
        "apply that",
        "go ahead",
        "Okay, do it.",
        "fix it",
        "yeah go for it",
        "Sure",
        "apply the fix please",
        "yes please",
    ),
    "dismiss": (
        "no",
        "No, thanks.",
        "not now",
        "nope",
        "ignore that",
        "leave it",
        "skip it",
        "forget it",
        "no not now",
        "maybe later",
        "dismiss",
    ),
    "why": (
        "Why did you say that?",
        "why",
        "how do you know that",
        "why are you telling me this",
        "why are you so quiet",
    ),
    "help": (
        "What can you do?",
        "help",
        "what can I say",
        "who are you",
        "how do you work",
    ),
    "thanks": (
        "thanks",
        "Thank you very much.",
        "good catch",
        "great, thanks",
        "okay, thank you",
    ),
    "hello": (
        "hello",
        "Hi there",
        "can you hear me",
        "are you there",
    ),
    "nothing": (
        "",
        "um",
        "uh, er",
        "Hmm.",
        "okay so",
        "...",
    ),
    "unknown": (
        "no wait what does a decorator do",
        "stop the server in the test",
        "what is the capital of France",
        "yes but why is it slow",
        "rename cursor to rows",
        "why did you say that the loop is wrong",
        "wrong",
        "write a test for this",
        "is this fast enough",
        "what is this in aid of anyway",
        "repeat the loop ten times",
        "do not do that in the loop",
        "why now and not in the constructor",
    ),
}


@pytest.mark.parametrize(("kind", "said"), SAID.items())
def test_what_is_understood(kind: str, said: tuple[str, ...]) -> None:
    for words in said:
        check(words, kind)


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("snooze", 10),
        ("be quiet for ten minutes", 10),
        ("Please be quiet for the next 20 minutes.", 20),
        ("don't disturb me for an hour", 60),
        ("leave me alone for half an hour", 30),
        ("no more suggestions for two hours", 120),
        ("snooze for a while", 10),
        ("don't interrupt me", 10),
        ("give me five minutes of quiet", 5),
        ("stop talking for a bit", 10),
        ("be quiet for 90 seconds", 2),
        ("be quiet for 99999 hours", 1440),
    ],
)
def test_how_long_to_be_quiet(said: str, minutes: int) -> None:
    check(said, "snooze", minutes=minutes)


def test_an_explanation_is_a_question_for_a_language_model_about_this() -> None:
    for said in ("what does this do", "explain this function to me", "How does this work?", "what's this code doing"):
        check(said, "unknown", about="this")


def test_anything_at_all_can_be_said() -> None:
    for said in ("\0", "?" * 5000, "what " * 3000, "be quiet for " + "a " * 2000, "ß😀", "stop " * 4000 + "it"):
        understand(said)


def says(kind: str, situation: Situation, text: str) -> None:
    assert answer(Intent(kind), situation) == text  # type: ignore[arg-type]


def test_where_and_what() -> None:
    says("where_am_i", HERE, "You are in store.py, line 6, in the method load of the class Store.")
    says("what_is_this", HERE, "This is the method load of the class Store, in store.py. The cursor is on cursor.")
    top = Situation(document="store.py", language="Python", line=0)
    says("where_am_i", top, "You are in store.py, line 1, at the top level.")
    says("what_is_this", top, "This is the top level of store.py, line 1.")
    cobol = Situation(document="pay.cbl", language="cobol", line=2, structure_known=False)
    says("what_is_this", cobol, "This is line 3 of pay.cbl, a cobol file whose structure I cannot read.")
    says("where_am_i", cobol, "You are in pay.cbl, line 3.")
    large = Situation(document="dump.py", note="It is too large for me to read closely.")
    says("what_is_this", large, "This is dump.py. It is too large for me to read closely.")
    says("where_am_i", Situation(), "I do not see an open file.")


def with_problems(*problems: Problem, tests: tuple[int, int, str] | None = None) -> Situation:
    return Situation(document="store.py", language="Python", line=0, problems=problems, tests=tests)


def test_what_is_wrong() -> None:
    says("what_is_wrong", with_problems(CURSOR), CURSOR.text)
    says(
        "what_is_wrong",
        with_problems(UNUSED, CURSOR),
        "There are two problems. The most important: in load, line 6: undefined name cursor.",
    )
    says("read_error", with_problems(UNUSED, CURSOR), UNUSED.text)
    says("what_is_wrong", with_problems(), "No tool reports a problem in store.py.")
    says(
        "what_is_this",
        with_problems(CURSOR),
        "This is the top level of store.py, line 1. One problem is known in this file.",
    )
    says(
        "what_is_wrong",
        with_problems(tests=(3, 1, "test_load: assert 1 == 2")),
        "Nothing is reported in store.py, but one test failed and 3 passed: test_load: assert 1 == 2.",
    )


def test_tests() -> None:
    says("tests", Situation(), "I have not seen the tests run.")
    says("tests", Situation(tests=(12, 0, "")), "The tests are green: 12 tests passed.")
    says("tests", Situation(tests=(0, 2, "x" * 500)), "Two tests failed and none passed.")


def test_what_was_said_and_what_of_it_was_heard() -> None:
    says("what_did_you_say", Situation(), "I have not said anything yet.")
    said = "In load, line 6: undefined name cursor."
    says("what_did_you_say", Situation(last_said=said, last_heard=said), f"I said: {said}")
    says("what_did_you_say", Situation(last_said=said, last_heard="In load,"), f"I was saying: {said}")
    says("repeat", Situation(last_said=said), said)


def test_small_talk_and_reasons() -> None:
    says("stop", HERE, "")
    says("nothing", HERE, "")
    says("why", Situation(why="I spoke because you had just saved."), "I spoke because you had just saved.")
    says("thanks", HERE, "You are welcome.")
    assert answer(Intent("snooze", {"minutes": 10}), HERE) == "I will be quiet for ten minutes."


def test_what_it_cannot_answer_it_says_and_how_to_change_that() -> None:
    unknown = answer(understand("what is the capital of France"), HERE)
    assert unknown == (
        "I can say where you are, what this is and what is wrong, but not that. "
        "For more I need a language model: set an endpoint in the settings of duologue."
    )
    explain = answer(understand("what does this do"), HERE)
    assert explain.startswith("This is the method load of the class Store, in store.py. For more I need")


def test_every_answer_is_at_most_two_sentences() -> None:
    situations = (HERE, Situation(), with_problems(CURSOR, UNUSED), Situation(document="a.b.py", note="It is binary."))
    for situation in situations:
        for kind in set(SAID) - {"stop", "nothing", "accept", "dismiss"}:
            text = answer(Intent(kind), situation)  # type: ignore[arg-type]
            assert text.endswith(".")
            assert text.count(". ") <= 1, text
