"""Undo by voice: the last thing that the voice did, whatever was typed since."""

from dataclasses import replace

from duologue_server.commands import History, Place, Plan, Refusal, apply, parse, plan
from support.command_cases import Case, place_of
from support.source import source_of

TEXT = "‸one = 1\ntwo = 2\nthree = 3\n"


def place(text: str) -> Place:
    return place_of(Case("", "", "python", text))


def said(words: str, here: Place, history: History) -> tuple[Place, History]:
    """A command spoken and carried out."""
    reading = parse(words, here)
    assert reading is not None
    made = plan(reading, here)
    assert isinstance(made, Plan)
    return typed(here, apply(here.text, made.changes)), history.did(reading.command, made, here)


def typed(here: Place, text: str) -> Place:
    return replace(here, view=source_of(text, "python", "store.py"))


def test_undo_brings_back_what_the_voice_changed_last() -> None:
    here, history = said("delete line two", place(TEXT), History())
    here, history = said("rename one to first", here, history)
    made, history = history.undo(here)
    assert isinstance(made, Plan)
    assert apply(here.text, made.changes) == "one = 1\nthree = 3\n"
    here = typed(here, "one = 1\nthree = 3\n")
    made, history = history.undo(here)
    assert isinstance(made, Plan)
    assert made.caption == "undo delete line 2"
    assert apply(here.text, made.changes) == "one = 1\ntwo = 2\nthree = 3\n"
    assert isinstance(history.undo(here)[0], Refusal)


def test_what_was_typed_elsewhere_since_stays() -> None:
    here, history = said("delete line two", place(TEXT), History())
    here = typed(here, "zero = 0\n" + here.text)
    made, _ = history.undo(here)
    assert isinstance(made, Plan)
    assert apply(here.text, made.changes) == "zero = 0\none = 1\ntwo = 2\nthree = 3\n"


def test_what_was_typed_over_is_not_undone() -> None:
    here, history = said("rename one to first", place(TEXT), History())
    made, after = history.undo(typed(here, "fir = 1\ntwo = 2\nthree = 3\n"))
    assert isinstance(made, Refusal)
    assert after is history


def test_redo_does_it_again() -> None:
    start = place(TEXT)
    here, history = said("delete line two", start, History())
    made, history = history.undo(here)
    assert isinstance(made, Plan)
    again, history = history.redo(start)
    assert isinstance(again, Plan)
    assert apply(start.text, again.changes) == here.text
    made, history = history.undo(here)
    assert isinstance(made, Plan)
    assert apply(here.text, made.changes) == start.text
    assert isinstance(history.redo(typed(here, "x"))[0], Refusal)


def test_again_means_the_last_command() -> None:
    here, history = said("delete line two", place(TEXT), History())
    assert history.last == parse("delete line two", here).command  # type: ignore[union-attr]
    assert History().last is None
