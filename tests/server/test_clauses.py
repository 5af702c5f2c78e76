"""Clauses: text in, pieces for the voice out, the same however the text arrives."""

import random

import pytest

from duologue_server.voice.clauses import ClauseStream, split_clauses

_MATERIAL = """
the a test fails returns value of in main.py:117 3.11 1,000 e.g. i.e. etc. Dr. foo(a, b) `x, y` (see below)
and but because or which if, so; then: — – … end. really? yes! No. 80 ms. 1. A. 'quoted.' "Said," `a ( ) [ ]
naïve 日本 😀 ... , . ; it's user_id std::vector != -> https://example.com/a,b?c=1.
"""
_GAPS = [" ", " ", " ", " ", " ", "  ", "\n", "\n\n", "\t", " \n "]


def check(text: str, *expected: str) -> None:
    """The text gives these clauses, whole and character by character."""
    assert split_clauses(text) == list(expected)
    assert _streamed(text, [1] * len(text)) == list(expected)


def _streamed(text: str, sizes: list[int]) -> list[str]:
    stream = ClauseStream()
    clauses: list[str] = []
    position = 0
    for size in sizes:
        clauses += stream.feed(text[position : position + size])
        position += size
    return [*clauses, *stream.feed(text[position:]), *stream.end()]


def test_sentences_end_clauses() -> None:
    check("Yes. It fails! Why?", "Yes.", "It fails!", "Why?")
    check("He said “no.” Then he left.", "He said “no.”", "Then he left.")
    check("It fails. main.py is broken.", "It fails.", "main.py is broken.")
    check("It takes 80 ms. No. Ten.", "It takes 80 ms.", "No.", "Ten.")


def test_the_first_clause_is_short_and_later_ones_are_not_chopped() -> None:
    check(
        "In this loop, the list grows while you iterate, so it never ends, and memory fills up.",
        "In this loop,",
        "the list grows while you iterate, so it never ends,",
        "and memory fills up.",
    )
    check(
        "The session tests fail because the fixture is gone.",
        "The session tests fail",
        "because the fixture is gone.",
    )
    check(
        "You could use a dictionary here instead of the loop.",
        "You could use a dictionary here",
        "instead of the loop.",
    )
    check("Yes, it is.", "Yes, it is.")


def test_words_are_never_cut() -> None:
    check("Look at main.py:117 in v3.11.2 now.", "Look at main.py:117 in v3.11.2 now.")
    check("It costs 1,000.50 a day.", "It costs 1,000.50 a day.")
    check("See https://example.com/a,b;c now.", "See https://example.com/a,b;c now.")


def test_abbreviations_initials_and_list_numbers_end_nothing() -> None:
    check("Use a set, e.g. for names.", "Use a set,", "e.g. for names.")
    check("Ask Dr. Smith.", "Ask Dr. Smith.")
    check("Ask J. Smith now.", "Ask J. Smith now.")
    check("1. Install it.\n2. Run it.", "1. Install it.", "2. Run it.")
    check("Lists, tuples, etc. are fine.", "Lists, tuples,", "etc. are fine.")
    check("It takes lists, etc. Then it ends.", "It takes lists,", "etc.", "Then it ends.")


def test_brackets_and_backticks_hold_together() -> None:
    check("Call foo(a, b) here.", "Call foo(a, b) here.")
    check("The pair `a, b` is new.", "The pair `a, b` is new.")


def test_a_clause_without_an_end_is_bounded() -> None:
    clauses = split_clauses("word " * 100)
    assert max(len(clause.split()) for clause in clauses) <= 28
    clauses = split_clauses("`open " + "word. " * 100)
    assert max(len(clause.split()) for clause in clauses) <= 28


def test_streamed_text_is_spoken_before_its_end() -> None:
    """0: a sentence arrives; 1: its space; 2: the next one begins; 3: the text ends."""
    stream = ClauseStream()
    assert stream.feed("It fails.") == []
    assert stream.feed(" ") == ["It fails."]
    assert stream.feed("The fixture") == []
    assert stream.feed(" is") == []
    assert stream.end() == ["The fixture is"]
    assert stream.end() == []
    assert stream.feed("In short, yes. ") == ["In short,", "yes."]


@pytest.mark.parametrize("nothing", ["", " ", "\n\n\t"])
def test_nothing_gives_nothing(nothing: str) -> None:
    check(nothing)


@pytest.mark.parametrize("seed", range(200))
def test_any_text_in_any_chunks(seed: int) -> None:
    dice = random.Random(seed)
    material = _MATERIAL.split()
    text = "".join(dice.choice(material) + dice.choice(_GAPS) for _ in range(dice.randrange(1, 80)))
    whole = split_clauses(text)
    assert " ".join(whole).split() == text.split(), "clauses joined give the text back"
    assert all(clause and clause == clause.strip() for clause in whole)
    sizes = [dice.randrange(0, 9) for _ in range(len(text))]
    assert _streamed(text, sizes) == whole, "chunks make no difference"
