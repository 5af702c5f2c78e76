"""The door of the spoken commands: readings, alternatives, questions, help, the user's own commands."""

from dataclasses import replace

import pytest

from duologue_server.commands import (
    Action,
    BadOwnCommands,
    Place,
    Plan,
    Refusal,
    apply,
    cheat_sheet,
    parse,
    plan,
    read_own_commands,
    wakes,
    what_can_i_say,
)
from duologue_server.commands.grammar import FAMILIES, grammar
from duologue_server.commands.kinds import Client, Delete, Go, Own, Type
from duologue_server.commands.phrases import BadPhrase, compile_phrase
from support.command_cases import Case, place_of

CODE = """\
import os


def load_config(path, encoding):
    total = count = 0
    for item in items:
        if item.price > ‸total:
            total += item.price
    return check(path, "one", "two")
"""


def place(before: str = CODE, language: str = "python") -> Place:
    return place_of(Case("", "", language, before))


def planned(say: str, here: Place) -> Plan:
    reading = parse(say, here)
    assert reading is not None, say
    made = plan(reading, here)
    assert isinstance(made, Plan), made
    return made


@pytest.mark.parametrize("phrase", grammar().phrases, ids=lambda phrase: phrase.example)
def test_every_example_of_the_grammar_is_a_command(phrase: object) -> None:
    here = replace(place(), vocabulary=("load", "user", "ready", "is_none"))
    reading = parse(getattr(phrase, "example"), here)  # noqa: B009 - the row is opaque to the test
    assert reading is not None
    assert reading.confidence > 0.7


@pytest.mark.parametrize(
    ("said", "alike"),
    [
        ("go to line seven", "Go to line 7."),
        ("delete lines four to nine", "Delete lines 4-9."),
        ("delete the second argument of check", "Okay, can you delete the 2nd argument of check, please?"),
        ("if item dot price greater than total colon", "If item.price > total:"),
        ("total equals total plus one", "Total = total + 1"),
        ("rename total to amount", "Um, rename total to amount."),
        ("no the other one", "No, the other 1."),
        ("delete this line", "De-lete, no, delete this line."),
        ("write camel case load user file", 'Write "CamelCaseLoadUserFile".'),
        ("write total greater than one", "Bright total greater than one."),
        ("import json", "Import Jason."),
    ],
)
def test_the_same_words_in_a_recognisers_writing_are_the_same_command(said: str, alike: str) -> None:
    here = place()
    one, other = parse(said, here), parse(alike, here)
    assert one is not None
    assert other is not None
    first, second = plan(one.command, here), plan(other.command, here)
    assert isinstance(first, Plan)
    assert isinstance(second, Plan)
    assert (first.changes, first.selection, first.actions) == (second.changes, second.selection, second.actions)


def test_what_was_heard_badly_has_less_confidence_and_is_asked() -> None:
    here = place()
    sure, unsure = parse("delete this line", here), parse("delay this line", here)
    assert sure is not None
    assert unsure is not None
    assert sure.command == unsure.command
    assert sure.confidence > unsure.confidence
    made = plan(unsure, here)
    assert isinstance(made, Plan)
    assert (made.certainty, made.question) == ("ask", "Shall I delete this line?")


def test_the_other_one_is_the_next_best_piece() -> None:
    here = place('‸check(path, "one", "two")\n')
    made = planned("delete the string", here)
    assert made.certainty == "ask"
    assert apply(here.text, made.others[0].changes) == 'check(path, "one", )\n'


def test_an_alternative_is_taken_where_the_first_reading_makes_no_sense() -> None:
    here = place("def value():\n    pass\n\n\n‸x\n")
    assert planned("go to value", here).selection is not None


def test_edits_name_their_version_and_come_in_the_units_of_the_editor() -> None:
    here = place("é𝒳 = load(‸path, mode)\n")
    made = planned("delete the second argument", here)
    assert made.version == here.view.version
    ((range_, text),) = made.edits
    assert (range_.start.character, range_.end.character, text) == (15, 21, "")


def test_a_preview_shows_what_it_is_about() -> None:
    here = place()
    made = planned("select the condition", here)
    assert made.caption == "select the condition"
    assert [here.text[here.offset(a) : here.offset(b)] for a, b in made.highlights] == ["item.price > total"]


def test_line_endings_stay_those_of_the_document() -> None:
    here = place("if a:\r\n    ‸b = 1\r\n")
    made = planned("duplicate this line", here)
    assert apply(here.text, made.changes) == "if a:\r\n    b = 1\r\n    b = 1\r\n"


def test_a_document_out_of_step_is_not_changed() -> None:
    here = place()
    unsynced = replace(here, view=replace(here.view, snapshot=replace(here.view.snapshot, unsynced=True)))
    reading = parse("delete this line", unsynced)
    assert reading is not None
    assert isinstance(plan(reading, unsynced), Refusal)


def test_without_a_grammar_lines_and_words_still_work() -> None:
    here = place("one ‸two\nthree\n", "plaintext")
    assert apply(here.text, planned("delete this word", here).changes) == "one\nthree\n"
    assert apply(here.text, planned("delete line two", here).changes) == "one two\n"
    reading = parse("delete the function", here)
    assert reading is not None
    made = plan(reading, here)
    assert made == Refusal("I have no grammar for plaintext, so I see no function here")


@pytest.mark.parametrize("said", ["wake up", "Duologue, wake up!", "please wake up", "hey Duologue, wake up"])
def test_sleep_ends_with_its_phrase(said: str) -> None:
    assert wakes(said)


@pytest.mark.parametrize("said", ["wake me up later", "I did not wake up", "up", "delete this line", "he said wake up"])
def test_sleep_does_not_end_with_anything_else(said: str) -> None:
    assert not wakes(said)


def test_what_can_i_say_answers_for_the_place() -> None:
    inside = what_can_i_say(place())
    assert "change the condition to …" in inside.spoken
    assert len(inside.spoken) < 250
    outside = what_can_i_say(place("‸\n"))
    assert "condition" not in outside.spoken
    assert any("go to the next function" in line for line in inside.lines)
    assert not any("extract the condition into" in line for line in outside.lines)


def test_the_cheat_sheet_holds_every_row_of_the_grammar() -> None:
    sheet = cheat_sheet()
    assert all(f"| {phrase.example} |" in sheet for phrase in grammar().phrases)
    assert sheet.count("\n## ") == len(FAMILIES) + 2


OWN = """\
# Mine.
[commands]
"ship it" = ["save all", "run the tests"]
"banner" = { write = "# ----\\n" }
"deploy [to] {text}" = { client = "tasks.run", argument = "deploy {text}" }
"kill (it|this line)" = "delete this line"
"""


def test_a_users_own_commands_are_made_of_others() -> None:
    here = replace(place(), own=read_own_commands(OWN))
    ship = parse("please ship it", here)
    assert ship is not None
    assert ship.command == Own("ship it", (Client("saveAll"), Client("runTests")))
    made = plan(ship, here)
    assert isinstance(made, Plan)
    assert (made.actions, made.then) == ((Action("saveAll"),), (Client("runTests"),))
    banner, deploy, kill = (parse(said, here) for said in ("banner", "deploy to staging", "kill this line"))
    assert banner is not None
    assert banner.command == Own("banner", (Type("# ----\n"),))
    assert deploy is not None
    assert deploy.command == Own("deploy [to] {text}", (Client("tasks.run", "deploy staging"),))
    assert kill is not None
    assert isinstance(kill.command, Own)
    assert isinstance(kill.command.steps[0], Delete)


def test_a_step_that_is_no_command_is_told_when_it_is_said() -> None:
    here = replace(place(), own=read_own_commands('[commands]\n"ship it" = "please make it good"\n'))
    reading = parse("ship it", here)
    assert reading is not None
    made = plan(reading, here)
    assert isinstance(made, Refusal)
    assert "please make it good" in made.text


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('[commands]\n"a b" = [\n', 3, "no TOML"),
        ('\n[comands]\n"a" = "save"\n', 2, "no section"),
        ('[commands]\n"a" = "save"\n"b (c" = "save"\n', 3, "not closed"),
        ('[commands]\n"go {place}" = "save"\n', 2, "no slot"),
        ('[commands]\n"{text}" = "save"\n', 2, "no word"),
        ('[commands]\n"a" = { wirte = "x" }\n', 2, "wirte"),
        ('[commands]\n"a" = 3\n', 2, "a step is"),
        ('[commands]\n"a" = []\n', 2, "steps"),
        ("commands = 3\n", 1, "table"),
    ],
)
def test_what_is_wrong_in_the_users_file_is_told_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(BadOwnCommands, match=why) as raised:
        read_own_commands(text, "commands.toml")
    assert f"commands.toml, line {line}:" in str(raised.value)


@pytest.mark.parametrize("phrase", ["a [b", "a b]", "(a|)", "{unknown}", "a {b"])
def test_a_phrase_that_breaks_the_rules_says_why(phrase: str) -> None:
    with pytest.raises(BadPhrase):
        compile_phrase(phrase, {}, frozenset({"number"}))


def test_a_name_that_is_known_elsewhere_is_left_to_the_editor() -> None:
    here = replace(place(), vocabulary=("read_settings",))
    reading = parse("go to read settings", here)
    assert reading is not None
    assert isinstance(reading.command, Go)
    assert planned("go to read settings", here).actions == (Action("symbol", "read_settings"),)
