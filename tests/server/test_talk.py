"""Talking in a terminal: files that change, keys, lines, and what is shown of it."""

import io
import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from duologue_server.context.documents import Documents, read_changes
from duologue_server.link.messages import Reply
from duologue_server.options import Options
from duologue_server.protocol import ClientState, OfferShown, TranscriptLine
from duologue_server.replay.virtual import DirectVoice
from duologue_server.talk.files import WatchedFile, difference, lines_of
from duologue_server.talk.keyboard import BACKSPACE, ENTER, ESCAPE, keys_of
from duologue_server.talk.partner import Partner, TypedTurns
from duologue_server.talk.run import Talk
from duologue_server.talk.screen import Terminal, finished
from duologue_server.trace.folder import read_session
from duologue_server.trace.recorder import Recorder

URI = "file:///a.py"
BUGGY = "def save(items):\n    return itmes\n"


def check_difference(before: str, after: str) -> None:
    """The change, applied as the product applies an editor's, gives the other text."""
    documents = Documents()
    documents.open(URI, "python", 1, before)
    change = difference(before, after)
    assert (change is None) == (before == after)
    if change is not None:
        documents.change(URI, 2, read_changes(URI, [change]))
    document = documents.get(URI)
    assert document is not None
    assert document.text == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "a\n"),
        ("a\n", ""),
        ("a", "a\n"),
        ("a\nb", "a\nb\nc"),
        ("a\r\nb\r\n", "a\r\nc\r\n"),
        ("a\rb", "a\r\nb"),
        ("😀 = 1", "😀😀 = 1"),
        ("x\x0cy\u2028z\n", "x\x0cy\u2028\n"),
        ("same\n", "same\n"),
    ],
)
def test_a_saved_file_becomes_one_change(before: str, after: str) -> None:
    check_difference(before, after)
    check_difference(after, before)


def test_any_two_texts() -> None:
    chance = random.Random(4)
    for _ in range(300):
        before, after = ("".join(chance.choices("ab\n\r😀", k=chance.randrange(9))) for _ in range(2))
        check_difference(before, after)
        assert "".join(lines_of(before)) == before


def test_only_the_lines_that_changed_are_sent() -> None:
    change = difference("one\ntwo\nthree\n", "one\n2\nthree\n")
    assert change == {
        "range": {"start": {"line": 1, "character": 0}, "end": {"line": 2, "character": 0}},
        "text": "2\n",
    }


def write(path: Path, text: str, at_s: int) -> None:
    path.write_text(text)
    os.utime(path, (at_s, at_s))


def test_a_file_is_opened_changed_saved_lost_and_found(tmp_path: Path) -> None:
    path = tmp_path / "store.py"
    write(path, "total = 1\n", 1000)
    file = WatchedFile(path)

    def kinds() -> list[str]:
        return [happened.kind for happened in file.look()]

    assert kinds() == ["open"]
    assert kinds() == []
    write(path, "total = 2\n", 1001)
    assert kinds() == ["change", "cursor", "save"]
    write(path, "total = 2\n", 1002)
    assert kinds() == ["save"]
    path.unlink()
    assert kinds() == ["close"]
    assert kinds() == []
    path.write_bytes(b"total = '\xff'\n")
    (opened,) = file.look()
    assert (opened.kind, opened.fields["language_id"], opened.fields["text"]) == (
        "open",
        "python",
        "total = '\ufffd'\n",
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        WatchedFile(tmp_path / "nowhere.py")


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("q", ["q"]),
        ("\x1b[A", [""]),
        ("\x1bOP\x1b[1;5Cx", ["", "", "x"]),
        ("\x1b", [ESCAPE]),
        ("é😀", ["é", "😀"]),
        ("\n\b\x7f", [ENTER, BACKSPACE, BACKSPACE]),
    ],
)
def test_what_a_terminal_sends_for_a_key(sent: str, keys: Sequence[str]) -> None:
    assert list(keys_of(sent)) == keys


class Desk:
    """A talk whose voice is never started: everything is text."""

    def __init__(self, *paths: Path, recorder: Recorder | None = None) -> None:
        self.console = Console(record=True, width=200, file=io.StringIO())
        self.terminal = Terminal(self.console)
        self.partner = Partner(self.terminal, Options(), [WatchedFile(path) for path in paths], recorder=recorder)
        self.talk = Talk(self.partner, self.terminal)
        self.partner.turn(0.0)

    def type(self, text: str) -> None:
        for key in keys_of(text):
            self.talk.key(key)

    def lines(self) -> list[str]:
        """What was printed since the last look."""
        return [line.strip() for line in self.console.export_text().splitlines()]

    def shown(self) -> str:
        """What stands below the printed lines now."""
        with self.console.capture() as capture:
            self.console.print(self.terminal.render())
        return capture.get()


def test_a_typed_question_is_answered_as_text_without_a_voice(tmp_path: Path) -> None:
    path = tmp_path / "store.py"
    path.write_text(BUGGY)
    desk = Desk(path)
    desk.type("twhere was I")
    assert "ask where was I" in desk.shown()
    desk.type("\x7f\x7f\x7f\x7f\x7fam I\r")
    asked, answered = desk.lines()
    assert asked == "you where am I"
    assert answered.startswith("partner You are in store.py, line 1")
    assert not desk.partner.waiting
    desk.type("tq")
    desk.type(ESCAPE)
    assert not desk.talk.over, "q was a letter of the question"
    desk.type("q")
    assert desk.talk.over


def test_keys_are_verbs(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r", "a test")
    desk = Desk(recorder=recorder)
    verbs: list[str] = []
    desk.partner._voice.start = lambda: verbs.append("voice started")  # type: ignore[method-assign]
    desk.type("m")
    desk.terminal.view.state = ClientState(voice="ready", microphone="muted")
    desk.type("m  swrn")
    desk.terminal.view.state = ClientState(voice="off")
    desk.type("s?")
    recorder.close()
    controls = [event.fields["name"] for event in read_session(tmp_path / "r").events]
    assert controls == ["mute", "unmute", "ptt_down", "ptt_up", "stop", "why", "repeat", "dismiss", "start"]
    assert verbs, "the voice is started when it is wanted"
    printed = desk.lines()
    assert "· there is nothing to dismiss" in printed
    assert any("silences the partner" in line for line in printed)


def test_lines_of_piped_input(tmp_path: Path) -> None:
    path = tmp_path / "store.py"
    path.write_text(BUGGY)
    desk = Desk(path)
    assert desk.talk.line("/wait 1.5") == 1.5
    desk.talk.line("/wait long")
    desk.talk.line("/dance")
    desk.talk.line("where am I")
    desk.partner.turn(0.0)
    desk.talk.line("/quit")
    assert desk.talk.over
    shown = desk.lines()
    assert shown[-1].startswith("partner You are in store.py, line 1")
    assert "'/dance' is no command" in shown[1]


def test_an_answer_in_pieces_is_told_once() -> None:
    answers: list[tuple[int, str]] = []
    turns = TypedTurns(DirectVoice(), lambda turn, text: answers.append((turn, text)))
    first, second = turns.begin(), turns.begin()
    turns.send(Reply(second, "Line two, ", False))
    turns.send(Reply(7, "spoken", True))
    turns.send(Reply(first, "Line one.", True))
    assert turns.waiting == {second: "Line two, "}
    turns.send(Reply(second, "I think.", True))
    assert answers == [(first, "Line one."), (second, "Line two, I think.")]


@pytest.mark.parametrize(
    ("heard", "cause", "shown"),
    [
        (None, "end", "All tests pass."),
        (15, "end", "All tests pass."),
        (9, "key", "All tests pass.  (stopped by a key)"),
        (0, "the code has changed", "All tests pass.  (the code has changed)"),
    ],
)
def test_what_was_not_heard_is_told(heard: int | None, cause: str, shown: str) -> None:
    line = TranscriptLine("1", "partner", "All tests pass.", True, heard, cause)
    assert finished(line).body.plain == shown


def test_the_screen_tells_one_truth() -> None:
    desk = Desk()
    desk.terminal.progress(40, "loading the ear")
    desk.terminal.state(ClientState(voice="loading"))
    assert "loading 40 % loading the ear" in desk.shown()
    desk.terminal.state(
        ClientState("ready", "open", "speaking", "ducked", "warning", "The microphone is silent.", None, 430.0)
    )
    desk.terminal.transcript(TranscriptLine("u", "user", "what is", False))
    desk.terminal.transcript(TranscriptLine("p", "partner", "In save, line two.", False, 8, "offer"))
    desk.terminal.offer(OfferShown("o", "undefined name itmes", 0.8, "ruff:F821", "file:///a%20b/store.py", 1))
    shown = desk.shown()
    for part in (
        "● microphone open",
        "partner ducked",
        "0.4 s",
        "The microphone is silent.",
        "you what is",
        "store.py:2",
    ):
        assert part in shown
    desk.terminal.transcript(TranscriptLine("p", "partner", "In save, line two.", True, 18, "end"))
    desk.terminal.offer(OfferShown("o", "undefined name itmes", 0.8, "ruff:F821", outcome="accepted"))
    assert "line two" not in desk.shown()
    assert "store.py:2" not in desk.shown()
    assert "partner In save, line two." in desk.lines()
