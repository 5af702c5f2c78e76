"""The bench of spoken commands measures what it says: what is success and what is not, and when something was done."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duologue_server.bench import command_accidents, command_speech, command_time, commands
from duologue_server.bench.command_cases import Case, cases, spoken
from duologue_server.bench.response import RATE_HZ, TEXT, URI
from duologue_server.commands import Place, parse
from duologue_server.options import Options
from duologue_server.replay.virtual import DirectVoice
from duologue_server.session.session import Session
from duologue_server.suggest.findings import Fix, Span, TextEdit
from duologue_server.trace.clock import VirtualClock
from duologue_server.voice.choose_speaker import choose_speaker
from support.command_cases import FOLDER

RENAME = Case(
    "python-rename",
    "rename load to read",
    "python",
    "def ‸load():\n    return 1\n",
    "def read():\n    return 1\n",
)
FIXTURE = """
language = "python"
[[case]]
say = "go to line two"
before = "‸a = 1\\nb = 2\\n"
after = "a = 1\\n‸b = 2\\n"
"""


@pytest.mark.parametrize(
    ("words", "grade"),
    [
        ("Rename load to read.", "success"),
        ("Rename load to reed.", "wrong edit"),
        ("Rename lobster to read.", "refused"),
        ("The load is high today.", "not taken"),
        ("Go to line two.", "wrong, harmless"),
    ],
)
def test_what_was_heard_is_held_against_what_was_meant(words: str, grade: str) -> None:
    assert command_speech.grade(RENAME, spoken(RENAME, words)) == grade


def test_a_question_is_right_when_yes_does_what_was_meant() -> None:
    outcome = replace(spoken(RENAME), question="Rename load to read?")
    assert command_speech.grade(RENAME, outcome) == "asked, right"
    assert command_speech.grade(RENAME, replace(outcome, after="def reed():\n")) == "asked, wrong"


def test_every_command_of_the_fixtures_has_a_family() -> None:
    place = Place(command_accidents.place().view, command_accidents.place().selection)
    said = {
        "go to line four": "navigate", "select this line": "select", "delete this line": "edit", "undo": "meta",
        "run the tests": "run", "scroll down": "window", "if total is none": "write", "find total": "navigate",
    }  # fmt: skip
    readings = {words: parse(words, place) for words in said}
    assert {words: command_speech.family(one.command if one else None) for words, one in readings.items()} == said
    assert command_speech.family(None) == "talk"


def test_a_smaller_sample_is_in_a_larger_one_and_no_form_comes_twice() -> None:
    everything = cases(FOLDER)
    larger = command_speech.sample(everything, 60, 7)
    assert command_speech.sample(everything, 20, 7) == larger[:20]
    assert len({case.say for case in larger}) == 60
    assert not any(case.heard_wrong for case in larger)


def test_a_command_is_understood_through_the_recogniser_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "heard.jsonl"
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "python.toml").write_text(FIXTURE, "utf-8")
    arguments = ["success", "--fixtures", str(tmp_path / "fixtures"), "--voices", "hibari", "--kept", str(kept)]
    assert commands.main(arguments) == 0
    assert "| hibari | all | 1 | 100.0 %" in capsys.readouterr().out
    assert json.loads(kept.read_text("utf-8"))["voice"] == "hibari"
    assert commands.main([*arguments, "--score-only"]) == 0
    assert "| hibari | navigate | 1 | 100.0 %" in capsys.readouterr().out


def test_recordings_that_are_not_there_are_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fixtures = str(FOLDER)
    assert commands.main(["accidents", "--fixtures", fixtures, "--n", "0", "--data", str(tmp_path)]) == 2
    assert "there is no train/index.csv" in capsys.readouterr().err


def test_what_is_taken_for_a_command_is_counted_and_listed() -> None:
    heard = [
        command_accidents.Overheard("reader", "a.flac", 90.0, "The load is high on the second machine."),
        command_accidents.Overheard("reader", "b.flac", 30.0, "Delete this line."),
    ]
    told = command_accidents.report(heard)
    assert "| reader | 2 | 2.0 | 1 | 0 | 0 | 0 |" in told
    assert "reader: done: 'b.flac' -> 'Delete this line.'" in told


def test_an_edit_is_timed_and_the_text_put_back() -> None:
    clock, editor = VirtualClock(free_compute=True), command_time.Editor()
    session = Session(clock, editor, DirectVoice(), Options())
    editor.attach(clock, session)
    session.open(URI, "python", 1, TEXT)
    clock.advance_to(3.0)
    answers: list[str] = []
    editor.apply(URI, Fix("delete line 1", (TextEdit(Span(0, 0, 1, 0), ""),), 1), answers.append)
    document = session._workspace.documents.get(URI)
    assert document is not None
    assert document.text == TEXT.removeprefix("import json\n")
    clock.advance_to(3.0 + command_time.PUT_BACK_S + 0.1)
    assert document.text == TEXT
    assert (editor.done_s, answers) == ([3.0], [""])


def test_commands_end_where_they_say() -> None:
    speaker = choose_speaker("hibari").speaker
    assert speaker is not None
    track, said = command_time.track(speaker)
    assert [one.kind for one in said[:2]] == ["harmless", "edit"]
    for one in said:
        end = round(one.ends_s * RATE_HZ)
        assert np.abs(track[end - 800 : end + 1]).max() > 0.02
        assert np.abs(track[end + 1600 : end + 16_000]).max() < 0.02
