"""Spoken commands as timelines: what is said, what the editor does, and how it is undone."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from duologue_server.context.documents import TextChange
from duologue_server.context.positions import Position, Range
from duologue_server.link.messages import Control, Guess, Happened, Prepare, Say, VoiceState
from duologue_server.session.hands_free import EDIT_SETTLES_S, LONGER_SETTLES_S
from duologue_server.suggest.findings import Fix
from duologue_server.trace.facts import Heard
from support.desk import URI, Desk

CODE = "def load(path, encoding):\n    data = read(path)\n    return data\n\n\ndef save(path):\n    write(path)\n"


NOTHING = "I have changed nothing here that could be undone."


class Editor(Desk):
    """A desk whose editor makes the changes that it is asked for."""

    def __init__(self, text: str = CODE) -> None:
        super().__init__()
        self.refuses = ""
        self.turn = 0
        self.session.open(URI, "python", 1, text)
        self.session.cursor(URI, 1, 4)
        self.later(2.0)

    @property
    def text(self) -> str:
        document = self.session._workspace.documents.get(URI)
        assert document is not None
        return document.text

    @property
    def version(self) -> int:
        document = self.session._workspace.documents.get(URI)
        assert document is not None
        assert document.version is not None
        return document.version

    def apply(self, uri: str, fix: Fix, done: Callable[[str], None]) -> None:
        super().apply(uri, fix, done)
        if self.refuses:
            done(self.refuses)
            return
        assert fix.version == self.version
        changes = [
            TextChange(Range(Position(*edit.span[:2]), Position(*edit.span[2:])), edit.text)
            for edit in sorted(fix.edits, reverse=True)
        ]
        self.session.change(uri, self.version + 1, changes)
        done("")

    def type(self, line: int, text: str) -> None:
        place = Position(line, 0)
        self.session.change(URI, self.version + 1, [TextChange(Range(place, place), text)])

    def say(self, words: str, *others: str) -> str:
        self.turn += 1
        self.session.from_voice(Happened(Heard(self.clock.now_s(), words, True)))
        return self.asked(words, self.turn, others=others)


@pytest.fixture
def editor() -> Editor:
    return Editor()


def check(editor: Editor, words: str, text: str, answer: str = "") -> None:
    """These words get that answer, and the text has this in it afterwards."""
    assert editor.say(words) == answer
    assert text in editor.text, editor.text


def test_an_edit_is_made_and_undone_and_done_again(editor: Editor) -> None:
    check(editor, "delete line three", "read(path)\n\n\ndef")
    assert editor.previews[-1] == ("delete line 3", "")
    check(editor, "undo", "    return data\n")
    assert editor.text == CODE
    check(editor, "redo", "read(path)\n\n\ndef")
    check(editor, "undo that", "    return data\n")
    assert editor.text == CODE
    check(editor, "undo", CODE, NOTHING)


def test_undo_is_never_of_what_the_user_typed(editor: Editor) -> None:
    check(editor, "delete line three", "read(path)\n\n\ndef")
    editor.type(0, "import os\n")
    check(editor, "undo", "    return data\n")
    assert editor.text == "import os\n" + CODE
    check(editor, "delete line four", "read(path)\n\n\ndef")
    editor.type(3, "    return None\n")
    check(editor, "undo", "    return data\n")
    assert "    return None\n" in editor.text


def test_the_cursor_goes_where_it_is_told(editor: Editor) -> None:
    check(editor, "go to line six", CODE)
    assert editor.shown[-1].end == Position(5, 0)
    check(editor, "go to function save", CODE)
    assert editor.shown[-1].end.line == 5
    check(editor, "go to function safe", CODE)  # as a recogniser may hear it
    assert editor.shown[-1].end.line == 5


def test_what_takes_much_away_is_asked_first(editor: Editor) -> None:
    many = "".join(f"    a{n} = {n}\n" for n in range(20))
    editor = Editor(f"def load():\n{many}\n\ndef save():\n    pass\n")
    answer = editor.say("delete this function")
    assert answer.endswith("?")
    assert "a19" in editor.text
    check(editor, "no", "a19", "All right.")
    assert editor.say("delete this function").endswith("?")
    check(editor, "yes", "def save")
    assert "a19" not in editor.text


def test_a_question_that_is_not_answered_is_forgotten(editor: Editor) -> None:
    many = "".join(f"    a{n} = {n}\n" for n in range(20))
    editor = Editor(f"def load():\n{many}\n")
    assert editor.say("delete this function").endswith("?")
    assert editor.previews[-1][1].endswith("?")
    editor.later(30.0)
    assert editor.previews[-1] == ("", ""), "nor is it shown any longer"
    editor.say("yes")
    assert "a19" in editor.text


def test_a_command_is_taken_from_what_else_the_words_may_have_been(editor: Editor) -> None:
    assert editor.say("We lead line three.", "We leave line three.", "Delete line three.") == ""
    assert "return data" not in editor.text
    assert [line.text for line in editor.lines if line.role == "user"] == ["We lead line three.", "Delete line three."]
    assert len({line.id for line in editor.lines if line.role == "user"}) == 1, "the line is put right"


def test_code_without_a_verb_is_not_taken_from_what_else_was_heard(editor: Editor) -> None:
    editor.say("The data eagles path.", "Data equals path.")
    assert editor.text == CODE
    editor.say("Data equals path.")
    assert editor.text != CODE


def test_what_was_heard_first_goes_first_unless_it_is_unsure(editor: Editor) -> None:
    check(editor, "go to line two", CODE)
    editor.say("Go to line three.", "Go to line five.")
    assert editor.shown[-1].end.line == 2
    editor.say("You lead line two.", "Delete line two.")
    assert editor.previews[-1] == ("delete line 2", ""), "nothing is asked"


def test_a_question_of_the_partner_is_answered_by_what_else_the_word_may_have_been(editor: Editor) -> None:
    assert editor.say("commit with message done").endswith("?")
    assert editor.say("Guess.", "Yes.") == ""
    assert editor.performed == [("commit", "done")]


@pytest.mark.parametrize(
    "words",
    ["where am I", "what is wrong here", "what did you say", "thanks", "I think the parser is slow today", "hm"],
)
def test_conversation_changes_nothing(editor: Editor, words: str) -> None:
    editor.say(words)
    assert editor.applied == []
    assert editor.shown == []


def test_what_only_the_editor_can_do(editor: Editor) -> None:
    assert editor.say("save the file") == ""
    assert editor.performed[-1][0] == "save"
    editor.performs = "there is no test runner"
    editor.say("run the tests")
    assert editor.performed[-1][0] == "runTests"
    assert editor.of(Say)[-1].text == "There is no test runner."


def test_an_editor_that_refuses_is_told_of_and_there_is_nothing_to_undo(editor: Editor) -> None:
    editor.refuses = "the file is read-only"
    check(editor, "delete line three", CODE)
    assert editor.of(Say)[-1].text == "Your editor did not do it: the file is read-only."
    editor.refuses = ""
    check(editor, "undo", CODE, NOTHING)


def microphone(editor: Editor) -> str:
    return editor.states[-1].microphone


def test_asleep_by_voice_nothing_is_heard_but_the_phrase_that_ends_it(editor: Editor) -> None:
    editor.session.from_voice(VoiceState("open", "quiet", "silent", None, 0))
    assert editor.say("go to sleep") == "Say wake up when you need me."
    assert microphone(editor) == "dozing"
    assert Control("snooze", {"minutes": 1440.0}) in editor.of(Control)
    seen = len(editor.lines)
    editor.session.from_voice(Happened(Heard(1.0, "delete line three", True)))
    check(editor, "delete line three", CODE)
    assert len(editor.lines) == seen, "nothing of it is shown or kept"
    assert editor.say("wake up") == "I am listening."
    assert microphone(editor) == "open"
    check(editor, "delete line three", "read(path)\n\n\ndef")


def test_a_verb_wakes_as_well(editor: Editor) -> None:
    editor.say("go to sleep")
    editor.session.verb("wake", {})
    check(editor, "delete line three", "read(path)\n\n\ndef")


def test_a_sure_and_harmless_command_ends_the_turn_at_once(editor: Editor) -> None:
    editor.session.from_voice(Guess("go to line six"))
    editor.later(0.01)
    assert editor.of(Prepare)[-1] == Prepare("go to line six", "", certain=True)
    assert editor.shown == [], "nothing is done on a guess"
    editor.session.from_voice(Guess("delete line"))
    editor.later(0.5)
    editor.session.from_voice(Guess(""))  # the user goes on
    editor.session.from_voice(Guess("delete line three"))
    editor.later(0.2)
    assert len(editor.of(Prepare)) == 1
    editor.later(0.15)
    assert editor.of(Prepare)[-1] == Prepare("delete line three", "", certain=True)
    assert editor.applied == []


def test_the_silence_that_recognition_took_counts(editor: Editor) -> None:
    editor.session.from_voice(Guess("delete line three", silent_s=0.2))
    editor.later(0.05)
    assert editor.of(Prepare) == []
    editor.later(0.1)
    assert editor.of(Prepare) == [Prepare("delete line three", "", certain=True)]


def test_a_command_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "duologue").mkdir()
    (tmp_path / "duologue" / "commands.toml").write_text(
        '[commands]\n"clean up" = ["delete line three", "go to line one"]\n'
    )
    editor = Editor()
    check(editor, "clean up", "read(path)\n\n\ndef")
    assert editor.shown[-1].end.line == 0
    path = tmp_path / "duologue" / "commands.toml"
    path.write_text('[commands]\n"clean up" = 3\n')
    os.utime(path, (1, 1))
    editor.say("go to line two")
    assert "commands.toml" in editor.told[-1]
    assert "line 2" in editor.told[-1]


def test_what_can_be_said_here_is_spoken_and_listed(editor: Editor) -> None:
    answer = editor.say("what can I say")
    assert answer.startswith("Here you can say: ")
    ((name, lines),) = editor.performed
    assert name == "cheatSheet"
    assert "navigate: " in lines


def test_the_other_one_undoes_and_goes_to_the_next(editor: Editor) -> None:
    editor = Editor("def f(a, b):\n    return g(a, b) + h(b, a)\n")
    editor.session.cursor(URI, 1, 4)
    before = editor.text
    answer = editor.say("delete the call")
    first = editor.text if not answer.endswith("?") else (editor.say("yes"), editor.text)[1]
    assert first != before
    editor.say("the other one")
    assert editor.text not in (before, first)


@pytest.mark.parametrize(
    ("words", "after_s"),
    [
        ("go to line six", 0.0),
        ("go to line", LONGER_SETTLES_S),
        ("save", LONGER_SETTLES_S),
        ("save the file", 0.0),
        ("scroll", LONGER_SETTLES_S),
        ("scroll down", 0.0),
        ("delete line three", EDIT_SETTLES_S),
        ("delete line", LONGER_SETTLES_S),
        ("what is wrong here", None),
    ],
)
def test_how_long_nothing_more_need_be_said(editor: Editor, words: str, after_s: float | None) -> None:
    assert editor.session._hands_free.settles_after_s(words) == after_s
