"""An echo is told from a user who says something like it."""

import pytest

from duologue_server.voice.own_words import is_own

HELP = "Ask me where you are, what this is, what is wrong, how the tests are, or why I spoke."
LONG = "I can say where you are, what this is and what is wrong, but not that. For more I need a language model."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what this is and what", LONG),
        ("I can say where you are, what this was in what it's wrong, but not that.", LONG),
        ("but not that. From more I need a language model", LONG),
        ("the tests are, or why I spoke", HELP),
    ],
)
def test_an_echo_with_its_errors_is_our_own(text: str, said: str) -> None:
    assert is_own(text, said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("What is wrong here?", HELP),
        ("Where am I?", LONG),
        ("tell me what is wrong please", LONG),
        ("how the tests", HELP),
        ("what does this language model need", LONG),
        ("what is wrong", ""),
        (f"{HELP} {LONG}", HELP),
    ],
)
def test_a_user_who_says_something_like_it_is_heard(text: str, said: str) -> None:
    assert not is_own(text, said)
