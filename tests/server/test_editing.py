"""Real commits typed again: exactly, the same from the same seed, and judged apart from the agenda."""

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from duologue_server.evaluate.editing import __main__ as command
from duologue_server.evaluate.editing.buffer import Buffer, Place
from duologue_server.evaluate.editing.folder import write_folder
from duologue_server.evaluate.editing.history import Commit, History, Hunk, apply, read_histories
from duologue_server.evaluate.editing.memory import Hour, grown, tables
from duologue_server.evaluate.editing.report import report
from duologue_server.evaluate.editing.run import TimedClock, play
from duologue_server.evaluate.editing.typist import Habits, Typist
from duologue_server.evaluate.editing.voice import HeadlessVoice
from duologue_server.evaluate.editing.watch import Watch, WatchedSession, around
from duologue_server.link.messages import Keys, Offer, ToVoice, Withdraw
from duologue_server.options import Options
from duologue_server.replay.feed import feed
from duologue_server.trace.folder import Event, read_session

FOLDER = Path(__file__).parents[1] / "data" / "editing"
SHOP = """import os


def total(prices, vat):
    result = 0.0
    for price in prices:
        result += price * (1 + vat)
    return result


def load(path, encoding=None):
    size = os.path.getsize(path)
    with open(path, encoding=encoding) as file:
        lines = file.readlines()
    return size, lines
"""
SAVED = tuple(
    ("\n\ndef save(path, prices):\n    with open(path, 'w') as file:\n" + "        file.write(str(prices))\n").split(
        "\n"
    )
)
STEADY = Habits(0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""No problems, no breaks."""


class ContraryVoice(HeadlessVoice):
    """Minds no keys, keeps to itself what it is offered, and says it when it is withdrawn."""

    _kept: Offer | None = None

    def send(self, message: ToVoice) -> None:
        if isinstance(message, Offer):
            self._kept = message
        elif isinstance(message, Withdraw) and self._kept is not None:
            super().send(self._kept)
        elif not isinstance(message, Keys | Withdraw):
            super().send(message)


def shop(*commits: Commit) -> History:
    return History("shop", {"prices.py": tuple(SHOP.split("\n"))}, commits)


def add_save() -> Commit:
    return Commit("1", "Save prices", {"prices.py": (Hunk(15, 1, SAVED),)})


def undefined_then_mended() -> tuple[Commit, Commit]:
    wrong = Commit("1", "Break it", {"prices.py": (Hunk(7, 1, ("    return resutl",)),)})
    return wrong, Commit("2", "Mend it", {"prices.py": (Hunk(7, 1, ("    return result",)),)})


def test_what_is_typed_is_what_the_commits_made_key_by_key_with_slips_and_their_corrections() -> None:
    history = read_histories(FOLDER)[1]
    assert history.name == "python-dotenv"
    typist, buffers, kinds = Typist([history], 3, Habits(defects_per_hour=4)), dict[str, Buffer](), Counter[str]()
    for event in typist.events(3600.0):
        kinds[event.kind] += 1
        if event.kind == "open":
            buffers[event.fields["uri"]] = Buffer(event.fields["text"].split("\n"))
        elif event.kind == "change":
            buffers[event.fields["uri"]].take(event.fields["changes"])
    assert len(typist.commits) > 4  # each was compared with its files when it was typed
    assert kinds["change"] > 1500 < kinds["keys"]
    assert {"open", "change", "save", "cursor", "tests", "focus", "keys", "close"} <= set(kinds)
    assert typist.defects
    assert all(defect.urgency >= 0.7 for defect in typist.defects)
    for path, buffer in typist._hands.files.items():
        if (uri := typist._hands.uri(path)) in buffers and path in typist._hands.open:
            assert buffers[uri].lines == buffer.lines


def test_the_same_seed_types_the_same_and_another_otherwise() -> None:
    histories = read_histories(FOLDER)
    typed = [[(event.t, event.kind) for event in Typist(histories, seed, STEADY).events(300.0)] for seed in (1, 1, 2)]
    assert typed[0] == typed[1] != typed[2]
    assert typed[0] == sorted(typed[0], key=lambda one: one[0])


def test_a_planted_problem_is_spoken_of_before_it_is_repaired_and_nothing_is_stale() -> None:
    run = play([shop(add_save())], 800.0, 2, habits=STEADY._replace(defects_per_hour=9.0))
    assert run.typist.defects
    first = run.typist.defects[0]
    assert first.spoken_s is not None
    assert first.planted_s < first.spoken_s < (first.repaired_s or 0.0)
    remarks = run.watch.remarks
    assert [remark.truth for remark in remarks].count("planted") >= 1
    assert not any(remark.staleness.stale for remark in remarks)
    assert all(remark.since_key_s >= 1.5 and remark.boundary for remark in remarks)


def test_who_never_heeds_types_the_same_whatever_is_said() -> None:
    habits = STEADY._replace(defects_per_hour=9.0)
    run = play([shop(add_save())], 700.0, 2, habits=habits)
    alone = Typist([shop(add_save())], 2, habits)
    changes = sum(event.kind == "change" for event in alone.events(700.0))
    assert run.watch.remarks
    assert (run.watch.changes, len(run.typist.defects)) == (changes, len(alone.defects))


def test_a_remark_about_what_is_being_mended_is_caught() -> None:
    """A voice that listens says it in time or never; one that does the contrary says it too late."""
    history = shop(*undefined_then_mended())
    listening, contrary = (
        play([history], 900.0, 5, habits=STEADY, make_voice=kind) for kind in (HeadlessVoice, ContraryVoice)
    )
    assert listening.watch.remarks
    assert not any(remark.staleness.stale for remark in listening.watch.remarks)
    assert any(remark.staleness.line_changed for remark in contrary.watch.remarks)
    assert "stale when spoken | 0 of" in report([listening])
    assert "stale when spoken | 0 of" not in report([contrary])


def test_the_session_folder_is_one_that_can_be_replayed_and_the_truth_lies_beside(tmp_path: Path) -> None:
    write_folder(tmp_path / "hour", read_histories(FOLDER), 240.0, 1)
    folder = read_session(tmp_path / "hour")
    assert folder.duration_s == 240.0
    assert folder.microphone is None
    assert {"open", "change", "keys"} <= {event.kind for event in folder.events}
    truth = json.loads((tmp_path / "hour" / "truth.json").read_text("utf-8"))
    assert set(truth) == {"format", "commits", "planted"}


def test_changes_carry_utf16_positions_and_marks_follow_their_lines() -> None:
    buffer = Buffer(["a = '😀'", "b = 1", "c = 2"])
    mark = buffer.mark(2)
    change = buffer.replace(Place(0, 6), Place(0, 6), "\nx = 0")
    assert change["range"]["start"] == {"line": 0, "character": 7}
    assert (buffer.lines, mark.line) == (["a = '😀", "x = 0'", "b = 1", "c = 2"], 3)
    other = Buffer(["a = '😀'", "b = 1", "c = 2"])
    other.take([change])
    assert other.lines == buffer.lines


def test_a_definition_is_all_that_is_indented_below_its_head() -> None:
    lines = SHOP.split("\n")
    assert around(lines, 6).startswith("def total(")
    assert around(lines, 6).endswith("return result")
    assert around(lines, 0) == "import os"


def test_tables_are_counted_wherever_they_are_and_what_grows_is_named() -> None:
    clock, watch = TimedClock(), Watch()
    session = WatchedSession(clock, HeadlessVoice(clock), Options(), watch)
    text = SHOP.replace("return result", "return resutl")
    event = Event(0.0, "open", {"uri": "file:///prices.py", "language_id": "python", "version": 1, "text": text})
    watch.event(event)
    feed(session, event)
    clock.advance_to(5.0)
    sizes = tables(session)
    assert sizes["watchedsession.workspace.agenda.items"] == 1
    assert "watchedsession.workspace.findings" in sizes
    assert any("detectors[]" in name for name in sizes)
    hours = [Hour(hour, 50.0, 1.0, {"flat": 3 + hour % 2, "leak": hour}) for hour in range(9)]
    assert grown(hours) == ["leak"]


def test_the_histories_are_those_that_are_attributed_and_every_commit_applies() -> None:
    listed = (FOLDER / "ATTRIBUTION.md").read_text("utf-8")
    histories = read_histories(FOLDER)
    for history in histories:
        assert f"`{history.name}.json.gz`" in listed
        assert (FOLDER / "licences" / f"{history.name}.txt").exists()
        assert history.files_before(len(history.commits))
    assert sum(file.stat().st_size for file in FOLDER.rglob("*")) < 200_000


def test_a_history_is_made_again_from_a_clone(tmp_path: Path) -> None:
    repository = tmp_path / "shop"
    repository.mkdir()

    def git(*args: str) -> str:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        done = subprocess.run(["git", "-C", str(repository), *identity, *args], capture_output=True, check=True)
        return done.stdout.decode().strip()

    git("init", "-q")
    for text in (SHOP, SHOP.replace("vat", "tax"), SHOP.replace("vat", "tax") + "\n\nNAME = 'shop'\n"):
        (repository / "prices.py").write_text(text, "utf-8")
        git("add", "prices.py")
        git("commit", "-q", "-m", "Change the shop")
    first, out = git("rev-list", "--max-parents=0", "HEAD"), tmp_path / "shop.json.gz"
    made = [sys.executable, str(FOLDER / "remake.py"), str(repository), first, "HEAD", str(out), "prices.py"]
    subprocess.run(made, check=True)
    (history,) = read_histories(tmp_path)
    assert "\n".join(history.files_before(2)["prices.py"]) == SHOP.replace("vat", "tax") + "\n\nNAME = 'shop'\n"
    assert json.loads(gzip.decompress(out.read_bytes()))["name"] == "shop"
    assert apply(["a", "b"], [Hunk(1, 1, ("c", "d"))]) == ["a", "c", "d"]


def test_a_folder_without_histories_is_named_with_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["editing", "--data", str(tmp_path)])
    assert command.main() == 2
    assert "give the folder tests/data/editing" in capsys.readouterr().err
    (tmp_path / "broken.json.gz").write_bytes(b"nothing")
    assert command.main() == 2
    assert "make it again with remake.py" in capsys.readouterr().err
