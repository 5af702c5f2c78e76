"""What experience has taught, from one session to the next, and by hand."""

import os
from pathlib import Path

import pytest

from duologue_server.cli import main
from duologue_server.link.messages import Happened, Offer
from duologue_server.session.habits import BadHabits, habits_path, read_habits, write_habits
from duologue_server.suggest.backoff import WAIT_S, Record
from duologue_server.trace.clock import wall_clock_s
from duologue_server.trace.facts import SoundOn
from support.desk import BUGGY, URI, Desk

TRIGGER = "ruff:F821"


def check(path: Path, trigger: str, misses: int, never: bool = False, wait_s: float | None = None) -> None:
    """What the file says of a trigger; `wait_s`: how long from now on it may not speak, give or take some seconds."""
    record = read_habits(path)[trigger]
    assert (record.misses, record.never) == (misses, never)
    if wait_s is not None:
        assert abs(record.until_s - wall_clock_s() - wait_s) < 10


def desk_that_remembers(path: Path) -> Desk:
    desk = Desk()
    desk.session.remember(path)
    desk.session.open(URI, "python", 1, BUGGY)
    desk.later(1.0)
    return desk


def offered(desk: Desk) -> list[str]:
    desk.session.save(URI)
    desk.later(0.2)
    return [offer.id for offer in desk.of(Offer)]


def speak(desk: Desk) -> str:
    (id_,) = offered(desk)
    desk.session.from_voice(Happened(SoundOn(desk.clock.now_s(), id_, "…", "offer")))
    return id_


def test_what_was_dismissed_is_held_back_by_the_next_session(tmp_path: Path) -> None:
    path = tmp_path / "duologue" / "habits.toml"
    first = desk_that_remembers(path)
    first.session.verb("dismiss", {"id": speak(first)})
    first.later(0.2)
    check(path, TRIGGER, 1, wait_s=2 * WAIT_S)
    second = desk_that_remembers(path)
    assert offered(second) == []
    second.later(2 * WAIT_S + 5)
    assert offered(second), "the time was served"


def test_what_was_ignored_counts_as_well(tmp_path: Path) -> None:
    path = tmp_path / "habits.toml"
    desk = desk_that_remembers(path)
    speak(desk)
    desk.later(50.0)
    assert not path.exists()
    desk.later(20.0)
    check(path, TRIGGER, 1)


def test_never_is_for_good_until_the_user_unlearns_it(tmp_path: Path) -> None:
    path = tmp_path / "habits.toml"
    desk = desk_that_remembers(path)
    desk.session.verb("dismiss", {"id": speak(desk), "forever": True})
    desk.later(0.2)
    check(path, TRIGGER, 0, never=True)
    later = desk_that_remembers(path)
    later.later(24 * 3600.0)
    assert offered(later) == []
    path.unlink()
    later.session.save(URI)
    later.session.close(URI)
    later.session.open(URI, "python", 2, BUGGY)
    later.later(1.0)
    assert offered(later), "the file is gone, and with it what was learned"


def test_two_editors_do_not_undo_each_other(tmp_path: Path) -> None:
    path = tmp_path / "habits.toml"
    desk = desk_that_remembers(path)
    write_habits(path, {"structure:empty-if": Record(480.0, wall_clock_s() + 480.0, 2)})
    desk.session.verb("dismiss", {"id": speak(desk)})
    desk.later(0.2)
    check(path, TRIGGER, 1)
    check(path, "structure:empty-if", 2, wait_s=480.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[broken\n", "cannot be read"),
        ('["ruff:F821"]\nmisses = "many"\n', 'the block ["ruff:F821"] needs'),
        ('["ruff:F821"]\nuntil = 3\n', 'the block ["ruff:F821"] needs'),
        ("misses = 3\n", 'the block ["misses"] needs'),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_left_alone(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "habits.toml"
    path.write_text(text)
    with pytest.raises(BadHabits, match="habits") as error:
        read_habits(path)
    assert says in str(error.value)
    desk = desk_that_remembers(path)
    desk.session.verb("dismiss", {"id": speak(desk)})
    desk.later(0.2)
    assert path.read_text() == text


def test_any_trigger_can_be_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "habits.toml"
    records = {'odd "quoted" \\ name': Record(240.0, 1000.0, 1), "a:b": Record(120.0, 0.0, 0, True)}
    write_habits(path, records)
    assert read_habits(path) == records
    assert [file.name for file in tmp_path.iterdir()] == ["habits.toml"]


def test_the_command_shows_and_unlearns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(["habits"]) == 0
    assert "nothing learned" in capsys.readouterr().out
    write_habits(habits_path(), {TRIGGER: Record(240.0, wall_clock_s() + 240.0, 1), "a:b": Record(120.0, 0.0, 0, True)})
    assert main(["habits"]) == 0
    said = capsys.readouterr().out
    assert "ruff:F821" in said
    assert "not for 4 minutes" in said
    assert "never again" in said
    assert main(["habits", "--forget", "ruff:F82"]) == 2
    assert "known: a:b, ruff:F821" in capsys.readouterr().err
    assert main(["habits", "--forget", TRIGGER]) == 0
    assert set(read_habits(habits_path())) == {"a:b"}
    assert main(["habits", "--forget", "all"]) == 0
    assert read_habits(habits_path()) == {}
    os.truncate(habits_path(), 0)
    habits_path().write_text("[")
    assert main(["habits"]) == 1
