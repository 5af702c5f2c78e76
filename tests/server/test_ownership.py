"""Two editors and one microphone, as timelines: the user turns to one, and the other is silent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from duologue_server.link.messages import Control, Ready, VoiceState
from support.desk import Desk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "duologue" / "microphone"


def desk_at(path: Path) -> Desk:
    desk = Desk()
    desk.session.share_microphone(path)
    return desk


def begin(desk: Desk, microphone: str = "open") -> None:
    """Its voice is started, and comes."""
    desk.session.verb("start", {})
    desk.session.voice_changed("loading")
    desk.session.from_voice(Ready(0.0, {}))
    tell(desk, microphone)


def tell(desk: Desk, microphone: str) -> None:
    desk.session.from_voice(VoiceState(microphone, "quiet", "silent", None, 0))  # type: ignore[arg-type]


def told(desk: Desk) -> list[str]:
    """What its voice was told to do since it was asked last."""
    names = [control.name for control in desk.of(Control)]
    desk.sent.clear()
    return names


def check(desk: Desk, microphone: str, *verbs: str) -> None:
    """After a moment, this is what the user sees in its window, and what its voice was told."""
    desk.later(0.5)
    assert (desk.states[-1].microphone, told(desk)) == (microphone, list(verbs))


def test_the_window_that_was_started_last_has_it(path: Path) -> None:
    one, two = desk_at(path), desk_at(path)
    begin(one)
    check(one, "open", "start")
    begin(two)
    check(two, "open", "start")
    check(one, "elsewhere", "sleep")
    tell(one, "asleep")
    check(one, "elsewhere")


@pytest.mark.parametrize("how", ["key", "focus", "talk"])
def test_it_follows_the_user_from_window_to_window(path: Path, how: str) -> None:
    one, two = desk_at(path), desk_at(path)
    begin(one)
    begin(two)
    check(one, "elsewhere", "start", "sleep")
    told(two)
    if how == "key":
        one.session.keys(1)
    elif how == "focus":
        one.session.focus(True)
    else:
        one.session.verb("ptt_down", {})
    assert told(one) == ["wake", "ptt_down"][: 2 if how == "talk" else 1]
    tell(one, "open")
    check(two, "elsewhere", "sleep")
    check(one, "open")


@pytest.mark.parametrize(("before", "verb"), [("muted", ["mute"]), ("asleep", [])])
def test_it_never_comes_back_more_open_than_it_was(path: Path, before: str, verb: list[str]) -> None:
    one, two = desk_at(path), desk_at(path)
    begin(one, before)
    begin(two)
    check(one, "elsewhere", "start", "sleep")
    one.session.focus(True)
    assert told(one) == verb


def test_a_window_that_ends_gives_it_back(path: Path) -> None:
    one, two = desk_at(path), desk_at(path)
    begin(one)
    begin(two)
    check(one, "elsewhere", "start", "sleep")
    two.session.voice_changed("off")
    check(one, "elsewhere", "wake")
    assert not list(path.parent.glob("microphone.*"))


def test_a_window_that_was_killed_gives_it_back(path: Path) -> None:
    one = desk_at(path)
    begin(one)
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        path.write_text(f"{other.pid} abc")
        check(one, "elsewhere", "start", "sleep")
    finally:
        other.kill()
        other.wait()
    check(one, "elsewhere", "wake")
    assert path.read_text().startswith(f"{os.getpid()} ")


def test_a_window_whose_voice_is_off_does_not_take_part(path: Path) -> None:
    one, two = desk_at(path), desk_at(path)
    begin(one)
    two.session.keys(3)
    two.session.focus(True)
    check(one, "open", "start")


def test_a_voice_that_died_elsewhere_comes_back_silent(path: Path) -> None:
    one, two = desk_at(path), desk_at(path)
    begin(one)
    begin(two)
    check(one, "elsewhere", "start", "sleep")
    one.session.voice_changed("restarting", "the voice died")
    one.session.from_voice(Ready(0.0, {}))
    assert told(one) == ["sleep"]


def test_where_no_file_can_be_written_every_window_listens(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    desk = desk_at(tmp_path / "file" / "microphone")
    begin(desk)
    check(desk, "open", "start")
