"""What is lived is recorded on the microphone's clock, and can be read back as a session folder."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from duologue_server.link.messages import Ready
from duologue_server.options import Options
from duologue_server.replay.quiet import QuietClient
from duologue_server.replay.virtual import DirectVoice
from duologue_server.session.ports import VoicePort
from duologue_server.session.recorded import RecordedSession
from duologue_server.trace.clock import VirtualClock
from duologue_server.trace.folder import BadSession, SessionFolder, read_session
from duologue_server.trace.microphone import RATE_HZ, MicrophoneFile, join_tracks
from duologue_server.trace.recorder import Recorder

URI = "file:///home/ann/store.py"
OPEN = {"uri": URI, "language_id": "python", "version": 1, "text": "total = 1\n"}


class Hand:
    """A clock moved by hand; `time.monotonic()` of these tests."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def hand() -> Hand:
    return Hand()


def track(path: Path, seconds: float, level: float = 0.25) -> None:
    file = MicrophoneFile(path)
    file.write(np.full(round(seconds * RATE_HZ), level, np.float32))
    file.close()


def check(folder: Path, *expected: tuple[float, str]) -> SessionFolder:
    """The folder can be replayed, and holds these kinds of events at these times."""
    session = read_session(folder)
    assert [(round(event.t, 2), event.kind) for event in session.events] == list(expected)
    return session


def test_events_are_on_the_clock_of_the_microphone(tmp_path: Path, hand: Hand) -> None:
    recorder = Recorder(tmp_path / "r", "a test", now_s=hand)
    recorder.observe("open", OPEN)
    hand.now_s = 103.0
    recorder.observe("control", {"name": "start", "args": {}})
    hand.now_s = 108.0
    track(tmp_path / "r" / "mic.wav", 5.0)
    recorder.voice_began(origin_s=107.5, track="mic.wav")
    recorder.observe("keys", {"count": 2})
    hand.now_s = 110.25
    recorder.observe("save", {"uri": URI})
    hand.now_s = 112.5
    recorder.close()
    session = check(tmp_path / "r", (0.0, "open"), (0.0, "control"), (0.5, "keys"), (2.75, "save"))
    assert session.duration_s == 5.0
    assert session.microphone is not None
    assert len(session.microphone) == 5 * RATE_HZ
    assert (tmp_path / "r" / "mic.wav").exists()


def test_a_packed_recording_is_flac(tmp_path: Path, hand: Hand) -> None:
    recorder = Recorder(tmp_path / "r", "a test", now_s=hand)
    track(tmp_path / "r" / "mic.wav", 1.0)
    recorder.voice_began(hand.now_s, "mic.wav")
    hand.now_s += 1.0
    recorder.close(pack=True)
    recorder.close(pack=True)
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == ["events.jsonl", "meta.json", "mic.flac"]
    assert check(tmp_path / "r").microphone is not None


@pytest.mark.parametrize("pack", [False, True])
def test_the_tracks_of_a_voice_that_was_started_twice_are_one(tmp_path: Path, hand: Hand, pack: bool) -> None:
    recorder = Recorder(tmp_path / "r", "a test", now_s=hand)
    track(tmp_path / "r" / "mic.wav", 2.0, 0.25)
    recorder.voice_began(100.0, "mic.wav")
    hand.now_s = 105.0
    track(tmp_path / "r" / "mic.wav", 1.0, 0.5)
    recorder.voice_began(104.0, "mic-2.wav")
    recorder.observe("keys", {"count": 1})
    recorder.close(pack)
    microphone = check(tmp_path / "r", (5.0, "keys")).microphone
    assert microphone is not None
    heard = [float(microphone[round(at_s * RATE_HZ)]) for at_s in (0.0, 1.9, 2.1, 3.9, 4.1, 4.9)]
    assert heard == [0.25, 0.25, 0.0, 0.0, 0.5, 0.5]
    assert len(list((tmp_path / "r").glob("*mic*"))) == 1


def test_a_recording_without_a_voice_has_a_closed_microphone(tmp_path: Path, hand: Hand) -> None:
    recorder = Recorder(tmp_path / "r", "a test", now_s=hand)
    recorder.observe("open", OPEN)
    hand.now_s = 103.0
    recorder.close()
    session = check(tmp_path / "r", (0.0, "open"))
    assert (session.microphone, session.duration_s) == (None, 3.0)


def test_a_crash_leaves_what_was_recorded(tmp_path: Path, hand: Hand) -> None:
    recorder = Recorder(tmp_path / "r", "a test", now_s=hand)
    file = MicrophoneFile(tmp_path / "r" / "mic.wav")
    for _ in range(400):
        file.write(np.full(320, 0.25, np.float32))
    recorder.voice_began(100.0, "mic.wav")
    hand.now_s = 108.0
    recorder.observe("keys", {"count": 1})
    session = check(tmp_path / "r", (8.0, "keys"))
    assert session.duration_s == 8.0
    assert session.microphone is not None
    assert len(session.microphone) == 8 * RATE_HZ
    file.close()


def test_what_could_not_be_replayed_is_left_out(tmp_path: Path, hand: Hand, caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(tmp_path / "r", "a test", now_s=hand)
    recorder.voice_began(hand.now_s, None)
    recorder.observe("dance", {"steps": 2})
    recorder.observe("keys", {"count": -1})
    recorder.observe("open", {**OPEN, "text": "\ud800"})
    recorder.observe("change", {"uri": URI, "version": None, "changes": [{"text": "x"}]})
    recorder.observe("tests", {"passed": 1, "failed": 0, "message": None})
    recorder.close()
    session = check(tmp_path / "r", (0.0, "change"), (0.0, "tests"))
    assert session.events[0].fields["version"] == 0
    assert caplog.text.count("is not recorded") == 3


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path: Path, hand: Hand) -> None:
    told: list[str] = []
    recorder = Recorder(tmp_path / "r", "a test", told.append, now_s=hand)
    recorder.voice_began(hand.now_s, None)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    recorder._writer.event = full  # type: ignore[union-attr, method-assign]
    recorder.observe("keys", {"count": 1})
    recorder.observe("keys", {"count": 1})
    recorder.close()
    assert len(told) == 1
    assert "No space left" in told[0]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadSession, match="not empty"):
        Recorder(tmp_path, "a test")


def test_the_session_tells_the_recorder(tmp_path: Path, hand: Hand) -> None:
    recorder = Recorder(tmp_path / "r", "a test", now_s=hand)
    voice: VoicePort = DirectVoice()
    options = Options(speed=1.2, endpoint_url="http://127.0.0.1:1/v1", input_device="Desk")
    session = RecordedSession(VirtualClock(), QuietClient(), voice, options, recorder)
    session.from_voice(Ready(99.0, {"recording": "mic.wav"}))
    recorder.observe("keys", {"count": 1})
    hand.now_s = 101.0
    session.configure(Options(speed=1.5))
    recorder.close()
    assert check(tmp_path / "r", (1.0, "keys")).options == {"speed": 1.5}


def test_where_the_microphone_cannot_be_recorded(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"end in \.flac or \.wav"):
        MicrophoneFile(tmp_path / "mic.mp3")
    with pytest.raises(OSError, match="make it first"):
        MicrophoneFile(tmp_path / "nowhere" / "mic.wav")


def test_tracks_that_overlap_are_joined_without_a_jump(tmp_path: Path) -> None:
    """Two clocks: the first track is 10 ms longer than its time."""
    track(tmp_path / "mic.wav", 1.01, 0.25)
    track(tmp_path / "mic.wav", 1.0, 0.5)
    join_tracks([(tmp_path / "mic.wav", 0), (tmp_path / "mic-2.wav", RATE_HZ)], tmp_path / "all.flac")
    samples, rate_hz = soundfile.read(tmp_path / "all.flac")
    assert (len(samples), rate_hz) == (2 * RATE_HZ, RATE_HZ)
