"""What was recorded can be replayed, and the same is heard in it: from a terminal, and from an editor."""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import soundfile

from duologue_server.bench.response import PITCH, ask
from duologue_server.replay.run import replay
from duologue_server.session.supervisor import ARGS_VARIABLE
from duologue_server.trace.facts import FACTS, Fact, Heard, SoundOn, from_json
from duologue_server.trace.folder import SessionFolder, read_session
from duologue_server.voice.hibari import HibariSpeaker
from support.clips import bare
from support.lsp_client import SERVER, ServerProcess

pytestmark = pytest.mark.e2e

BUGGY = "def save(items):\n    return itmes\n"
QUESTION = "where am i"
"""The first question of the bench."""


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A question after two seconds, from a voice that is not the partner's; then a quiet room."""
    samples, _ = ask(HibariSpeaker(1 / PITCH), 1)
    path = tmp_path_factory.mktemp("microphone") / "question.wav"
    soundfile.write(str(path), samples, 16_000, subtype="PCM_16")
    return path


def replayed(folder: Path) -> list[Fact]:
    """What happens in a replay of the recording."""
    out = folder.with_name(f"{folder.name}-out")
    replay(folder, out, "virtual")
    return [from_json(json.loads(line)) for line in (out / "trace.jsonl").read_text().splitlines()]


def check(folder: Path, *kinds: str) -> tuple[SessionFolder, list[Fact]]:
    """The recording has these kinds of events, and its replay hears the question and answers it."""
    session = read_session(folder)
    assert [event.kind for event in session.events if event.kind in kinds] == list(kinds)
    facts = replayed(folder)
    assert all(type(fact) in FACTS.values() for fact in facts)
    finals = [bare(fact.text) for fact in facts if isinstance(fact, Heard) and fact.final]
    assert finals == [QUESTION]
    answers = [fact.text for fact in facts if isinstance(fact, SoundOn) and fact.cause == "reply"]
    assert answers
    assert answers[0].startswith("You are in store.py")
    return session, facts


def test_a_talk_is_recorded_and_replayed(tmp_path: Path, microphone: Path) -> None:
    file, folder = tmp_path / "store.py", tmp_path / "session"
    file.write_text(BUGGY)
    device = f"virtual:mic={microphone},out={tmp_path / 'partner.flac'}"
    command = [sys.executable, "-m", "duologue_server", "record", str(folder), str(file), "--device", device]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as talk:
        assert talk.stdin
        assert talk.stdout
        talk.stdin.write("/wait 6\n")
        talk.stdin.flush()
        guard = threading.Timer(40, talk.kill)
        guard.start()
        assert any("partner You are in" in line for line in talk.stdout), "the question was not answered"
        guard.cancel()
        file.write_text(BUGGY.replace("itmes", "items"))
        talk.stdin.write("/keys\n/wait 1\n/why\n/wait 1.5\n/keys\n/wait 0.5\n/quit\n")
        talk.stdin.close()
        shown = talk.stdout.read()
        assert talk.wait(20) == 0
    assert "recorded into" in shown
    session, facts = check(folder, "open", "control", "change", "save", "control")
    assert session.options == {}
    assert [event.fields["name"] for event in session.events if event.kind == "control"] == ["start", "why"]
    assert sum(event.kind == "keys" for event in session.events) == 2
    assert any(isinstance(fact, SoundOn) and fact.cause == "confirm" for fact in facts)
    assert session.microphone is not None
    # The recording lasts until the voice process has gone, which takes it a second.
    assert abs(len(session.microphone) / 16_000 - session.duration_s) < 2.0


def test_an_editor_is_recorded_while_its_voice_dies(tmp_path: Path, microphone: Path) -> None:
    """The voice is killed after the question; what came before and after is one track."""
    folder, uri = tmp_path / "session", "file:///home/ann/store.py"
    device = f"--device {shlex.quote(f'virtual:mic={microphone}')}"
    with ServerProcess([*SERVER, "--record", str(folder)], {ARGS_VARIABLE: device}) as server:
        capabilities = {"general": {"positionEncodings": ["utf-8", "utf-16"]}}
        assert server.initialize(capabilities)["capabilities"]["positionEncoding"] == "utf-16"
        server.open(uri, BUGGY)
        server.command("start")
        ready = server.wait_method("duologue/state", voice="ready")
        assert ready["parts"]["recording"] == "mic.wav"
        server.wait_method("duologue/transcript", role="partner", final=True)
        at = {"line": 1, "character": 11}
        server.change(uri, 2, {"range": {"start": at, "end": {"line": 1, "character": 16}}, "text": "items"})
        server.notify("duologue/activity", {"keys": 3})
        server.command("mute")
        (voice,) = [p for p in psutil.Process(server.process.pid).children() if "voice" in p.cmdline()]
        os.kill(voice.pid, signal.SIGKILL)
        server.wait_method("duologue/state", voice="restarting")
        before = len(server.messages)
        server.wait_for(
            lambda m: m.get("method") == "duologue/state" and m["params"]["voice"] == "ready", "second start", before
        )
        time.sleep(1.0)
        assert server.leave() == 0
    session, _ = check(folder, "open", "control", "change", "control")
    assert [path.name for path in folder.glob("*mic*")] == ["mic.wav"]
    assert session.microphone is not None
    assert len(session.microphone) / 16_000 == pytest.approx(session.duration_s, abs=1.5)
    assert sum(event.fields["count"] for event in session.events if event.kind == "keys") >= 3


def test_a_folder_with_something_in_it_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for words in (["record", str(tmp_path)], ["lsp", "--record", str(tmp_path)]):
        command = [sys.executable, "-m", "duologue_server", *words]
        ended = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)
        assert ended.returncode in (1, 2)
        assert "not empty; give a new folder" in ended.stderr
