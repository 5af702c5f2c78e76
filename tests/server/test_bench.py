"""The bench measures what it says: on sound whose silence is known, with load that is there and goes away."""

import io
import subprocess
import sys

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from rich.console import Console

from duologue_model.vocabulary import Action, UserState
from duologue_server.bench.keys import Press, _ends
from duologue_server.bench.load import FILE_BYTES, BusyCores, large_python
from duologue_server.bench.response import EVERY_S, LEAD_S, PITCH, RATE_HZ, Question, ask, stages_of
from duologue_server.bench.rows import row, this_machine
from duologue_server.bench.run import as_json, table
from duologue_server.context.documents import PARSE_LIMIT_BYTES, Documents
from duologue_server.context.trees import parse
from duologue_server.link.language_client import LanguageServerChild, ServerGone
from duologue_server.trace.facts import Command, Fact, Heard, SoundOn, Turn
from duologue_server.voice.hibari import HibariSpeaker

SPEAKER_HZ = 24_000


def sound(*stretches: tuple[float, float]) -> NDArray[np.float32]:
    """Three seconds, audible from and to these times."""
    level = np.zeros(3 * SPEAKER_HZ, np.float32)
    for start_s, end_s in stretches:
        level[round(start_s * SPEAKER_HZ) : round(end_s * SPEAKER_HZ)] = 0.1
    return level


def check_ends(level: NDArray[np.float32], *expected_ms: float, keys_s: tuple[float, ...]) -> None:
    """Each key, told of 20 ms later, was followed by sound for so long; the file began at 50 s of the clock."""
    presses = [Press(50.0 + key_s, 50.0 + key_s + 0.02) for key_s in keys_s]
    assert _ends(level, SPEAKER_HZ, 50.0, presses) == pytest.approx(list(expected_ms), abs=0.1)


def test_a_key_is_timed_to_the_last_audible_sample() -> None:
    check_ends(sound((0.5, 1.025)), 25.0, keys_s=(1.0,))


def test_each_key_has_its_own_end() -> None:
    check_ends(sound((0.5, 1.025), (1.5, 2.040)), 25.0, 40.0, keys_s=(1.0, 2.0))


def test_a_key_in_a_pause_is_not_counted() -> None:
    check_ends(sound((0.5, 0.9), (1.5, 2.030)), 30.0, keys_s=(1.0, 2.0))


def test_a_voice_that_is_not_silenced_is_not_missed() -> None:
    check_ends(sound((0.5, 3.0)), 170.0, keys_s=(1.0,))


def test_the_large_file_is_parsed() -> None:
    snapshot = Documents().open("file:///a.py", "python", 1, large_python()).snapshot()
    assert FILE_BYTES <= len(snapshot.text) < PARSE_LIMIT_BYTES
    small = Documents().open("file:///a.py", "python", 1, large_python(2000)).snapshot()
    syntax = parse(small)
    assert syntax is not None
    assert not syntax.tree.root_node.has_error


def test_busy_cores_are_busy_and_then_gone() -> None:
    with BusyCores() as busy:
        pids = [process.pid for process in busy._processes]
        assert all(psutil.pid_exists(pid) for pid in pids)
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []


def test_questions_end_where_they_say() -> None:
    track, questions = ask(HibariSpeaker(1 / PITCH), 2)
    assert len(track) == round((LEAD_S + 2 * EVERY_S) * RATE_HZ)
    for question in questions:
        end = round(question.ends_s * RATE_HZ)
        assert np.abs(track[end - RATE_HZ // 20 : end + 1]).max() > 0.02
        assert np.abs(track[end + RATE_HZ // 10 : end + RATE_HZ]).max() < 0.02


def test_a_figure_that_is_missing_is_missed() -> None:
    with pytest.raises(ValueError, match=r"nothing was measured for 'key', quiet\. all fell into pauses"):
        row("key", "quiet", "ms", [], "all fell into pauses")


def test_the_table_has_machine_and_commit() -> None:
    machine = this_machine()
    assert machine.cpu
    assert machine.commit
    rows = [row("key → silence", "quiet", "ms", [20.0, 30.0, 40.0]), row("memory", "quiet", "MB", [600.123])]
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(table(machine, rows))
    shown = console.export_text()
    for part in (machine.commit, machine.cpu, "key → silence", "30.0", "600"):
        assert part in shown
    told = as_json(machine, rows, ["idle: no voice"])
    assert told["rows"][0] == {
        "what": "key → silence",
        "condition": "quiet",
        "unit": "ms",
        "n": 3,
        "p50": 30.0,
        "p95": 39.0,
        "most": 40.0,
        "note": "",
    }
    assert told["rows"][1]["p95"] is None
    assert told["not_measured"] == ["idle: no voice"]


def test_a_server_that_ends_is_told() -> None:
    with LanguageServerChild([sys.executable, "-c", "pass"]) as server, pytest.raises(ServerGone):
        server.initialize()


def test_a_server_that_is_silent_is_told() -> None:
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with (
        LanguageServerChild(command) as server,
        pytest.raises(ServerGone, match=r"silent for 0\.2 s about: initialize"),
    ):
        server.initialize(timeout_s=0.2)


def test_the_real_server_answers_and_leaves() -> None:
    with LanguageServerChild() as server:
        assert server.initialize()["serverInfo"]["name"] == "duologue"
        assert server.leave() == 0


def test_help_is_quick_to_say_what_quick_means() -> None:
    command = [sys.executable, "-m", "duologue_server", "bench", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "not to quote" in " ".join(told.split())


@pytest.mark.parametrize(
    ("over", "by_rule"),
    [
        (Command(1.3, "end_turn", "a whole question"), True),
        (Turn(1.3, Action.DELEGATE, UserState.QUIET, {}, 10.0), False),
    ],
)
def test_an_answer_is_told_by_stages(over: Fact, by_rule: bool) -> None:
    facts = [
        Turn(1.1, Action.SILENT, UserState.QUIET, {}, 10.0),
        over,
        Heard(1.35, "Where am I?", True),
        SoundOn(1.4, "reply-1", "You are here.", "reply"),
    ]
    found = stages_of(Question("Where am I?", 1.0), facts)
    assert found is not None
    assert [round(ms) for ms in (found.decided_ms, found.words_ms, found.sound_ms)] == [300, 50, 50]
    assert found.by_rule == by_rule
    assert stages_of(Question("Where am I?", 1.0), facts[:-1]) is None
