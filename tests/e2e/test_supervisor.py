"""The supervisor against real processes that speak the real link and die in every way there is."""

import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from duologue_server.link.messages import Control, FromVoice, Happened, Keys, Ready, Say, Trouble, VoiceState
from duologue_server.options import Options
from duologue_server.session.supervisor import VoiceSupervisor
from duologue_server.trace.clock import RealClock
from duologue_server.trace.facts import SoundOff

pytestmark = pytest.mark.e2e

FAKE = Path(__file__).parents[1] / "support" / "fake_voice.py"
WAIT_S = 20.0


class Stage:
    """A supervisor whose session is this test: it sees statuses and messages in order."""

    def __init__(self, *flags: str, command: list[str] | None = None) -> None:
        self.calls: queue.Queue[Callable[[], None]] = queue.Queue()
        self.statuses: list[tuple[str, str]] = []
        self.messages: list[FromVoice] = []
        self.log: list[str] = []
        command = command or [sys.executable, str(FAKE), *flags]
        self.supervisor = VoiceSupervisor(RealClock(self.calls.put), self.calls.put, command, self.log.append)
        self.supervisor.on_status = lambda status, message: self.statuses.append((status, message))
        self.supervisor.on_message = self.messages.append

    def run_until(self, enough: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + WAIT_S
        while not enough():
            left_s = deadline_s - time.monotonic()
            assert left_s > 0, (self.statuses, self.messages, self.log)
            try:
                self.calls.get(timeout=min(left_s, 0.2))()
            except queue.Empty:
                continue

    def run_to(self, status: str) -> str:
        self.run_until(lambda: bool(self.statuses) and self.statuses[-1][0] == status)
        return self.statuses[-1][1]

    def path(self) -> list[str]:
        """The statuses, repetitions left out."""
        names = [status for status, _ in self.statuses]
        return [name for before, name in zip(["", *names], names, strict=False) if name != before]


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    stages: list[Stage] = []

    def make(*flags: str, command: list[str] | None = None) -> Stage:
        stages.append(Stage(*flags, command=command))
        return stages[-1]

    yield make
    for one in stages:
        one.supervisor.close()


MakeStage = Callable[..., Stage]


def test_loads_speaks_and_ends(stage: MakeStage, tmp_path: Path) -> None:
    log = tmp_path / "log"
    it = stage("--log", str(log))
    it.supervisor.options = Options(voice="none")
    it.supervisor.start()
    it.supervisor.start()
    it.run_to("ready")
    assert it.path() == ["loading", "ready"]
    assert any(isinstance(message, Ready) for message in it.messages)
    it.supervisor.send(Say("s1", "Hello."))
    it.run_until(lambda: any(isinstance(m, Happened) and isinstance(m.fact, SoundOff) for m in it.messages))
    pid = it.supervisor.pid
    assert pid is not None
    it.supervisor.stop()
    assert it.path()[-1] == "off"
    it.supervisor.close()
    assert not psutil.pid_exists(pid)
    said = log.read_text()
    assert "'voice': 'none'" in said.splitlines()[0]
    assert "goodbye" in said.splitlines()[-1]


def test_the_session_does_not_count_the_fingers_twice(stage: MakeStage, tmp_path: Path) -> None:
    log = tmp_path / "log"
    it = stage("--log", str(log))
    it.supervisor.fingers(5)
    it.supervisor.start()
    it.run_to("ready")
    it.supervisor.fingers(1)
    it.supervisor.send(Keys(1))
    it.supervisor.fingers(2)
    it.supervisor.send(Keys(2))
    it.supervisor.send(Keys(4))
    it.supervisor.close()
    counts = [int(line.split("count=")[1].split(",")[0]) for line in log.read_text().splitlines() if "\tkeys\t" in line]
    assert sum(counts) == 7


def test_killed_then_restarted(stage: MakeStage) -> None:
    it = stage()
    it.supervisor.start()
    it.run_to("ready")
    pid = it.supervisor.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    message = it.run_to("restarting")
    assert "signal 9" in message
    assert "restart 1 of 3" in message
    it.supervisor.send(Say("lost", "There is no voice now."))
    it.run_to("ready")
    assert it.supervisor.pid != pid
    assert it.path() == ["loading", "ready", "restarting", "ready"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_microphone_that_was_muted_stays_so(stage: MakeStage, tmp_path: Path, when: str) -> None:
    """Muted before the voice dies, or while there is none."""
    log = tmp_path / "log"
    it = stage("--log", str(log))
    it.supervisor.start()
    it.run_to("ready")
    if when == "before":
        it.supervisor.send(Control("mute"))
        it.run_until(lambda: any(isinstance(m, VoiceState) and m.microphone == "muted" for m in it.messages))
    assert it.supervisor.pid is not None
    os.kill(it.supervisor.pid, signal.SIGKILL)
    it.run_to("restarting")
    log.write_text("")
    if when == "after":
        it.supervisor.send(Control("mute"))
    it.run_to("ready")
    it.run_until(lambda: "name='mute'" in log.read_text())


def test_push_to_talk_stays_so(stage: MakeStage, tmp_path: Path) -> None:
    log = tmp_path / "log"
    it = stage("--log", str(log))
    it.supervisor.start()
    it.run_to("ready")
    assert it.supervisor.pid is not None
    os.kill(it.supervisor.pid, signal.SIGKILL)
    it.run_to("restarting")
    log.write_text("")
    it.supervisor.send(Control("ptt_up"))
    it.run_to("ready")
    assert "'microphone': 'push_to_talk'" in log.read_text()
    assert it.supervisor.options.microphone == "open"


def test_fails_three_restarts_later_and_starts_afresh_when_asked(stage: MakeStage) -> None:
    it = stage("--crash")
    it.supervisor.start()
    began_s = time.monotonic()
    message = it.run_to("failed")
    assert [status for status, _ in it.statuses] == ["loading", "restarting", "restarting", "restarting", "failed"]
    assert time.monotonic() - began_s >= 3.5
    assert "no voice today" in message
    assert "duologue doctor" in message
    it.supervisor.start()
    assert it.statuses[-1][0] == "loading"
    it.run_to("restarting")


def test_recovers_when_the_next_start_works(stage: MakeStage, tmp_path: Path) -> None:
    it = stage("--crash-once", str(tmp_path / "crashed"))
    it.supervisor.start()
    it.run_to("ready")
    assert it.path() == ["loading", "restarting", "ready"]


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--version", "99"], ["version", "99", "install the same version"]),
        (["--print"], ["oversized"]),
    ],
)
def test_a_link_that_cannot_be_understood(stage: MakeStage, flags: list[str], says: list[str]) -> None:
    it = stage(*flags)
    it.supervisor.start()
    message = it.run_to("restarting")
    assert [word for word in says if word not in message] == []


def test_no_such_program(stage: MakeStage) -> None:
    it = stage(command=["/nowhere/duologue-voice"])
    it.supervisor.start()
    assert "could not be started" in it.run_to("restarting")


def test_a_fatal_trouble_is_not_tried_again(stage: MakeStage) -> None:
    it = stage("--fatal")
    it.supervisor.start()
    assert "Install duologue again" in it.run_to("failed")
    assert any(isinstance(message, Trouble) for message in it.messages)
    assert it.path() == ["loading", "failed"]


def test_one_that_will_not_listen_is_killed(stage: MakeStage) -> None:
    it = stage("--deaf")
    it.supervisor.start()
    it.run_to("ready")
    pid = it.supervisor.pid
    assert pid is not None
    began_s = time.monotonic()
    it.supervisor.close()
    assert not psutil.pid_exists(pid)
    assert time.monotonic() - began_s < 2.5


def test_its_words_reach_the_log(stage: MakeStage) -> None:
    it = stage()
    it.supervisor.start()
    it.run_until(lambda: "voice process: fake voice: ready" in it.log)
