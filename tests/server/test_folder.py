"""Session folders: what is read, and what is refused with the line that is to blame."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from duologue_server.trace.folder import BadSession, Echo, SessionWriter, read_session

META = {"format": 1, "description": "a test", "duration_s": 2.0}
OPEN = {"t": 0.0, "kind": "open", "uri": "file:///a.py", "language_id": "python", "version": 1, "text": "x = 1\n"}


def write(folder: Path, meta: Any = META, events: list[Any] | None = None, rate_hz: int | None = 16_000) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "meta.json").write_text(meta if isinstance(meta, str) else json.dumps(meta))
    lines = [line if isinstance(line, str) else json.dumps(line) for line in events or [OPEN]]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")
    if rate_hz is not None:
        soundfile.write(str(folder / "mic.wav"), np.zeros(rate_hz, np.float32), rate_hz, subtype="PCM_16")
    return folder


def check(folder: Path, *expected: str) -> None:
    """The session is refused, and the message holds every expected part."""
    with pytest.raises(BadSession) as refused:
        read_session(folder)
    for part in expected:
        assert part in str(refused.value)


def test_a_whole_session_is_read(tmp_path: Path) -> None:
    meta = {**META, "options": {"speed": 1.1}, "echo": {"delay_ms": 60, "gain_db": -20}}
    events = [OPEN, {"t": 0.5, "kind": "keys", "count": 2}, {"t": 0.5, "kind": "control", "name": "mute"}]
    session = read_session(write(tmp_path / "s", meta, events))
    assert session.echo == Echo(60.0, -20.0)
    assert [event.kind for event in session.events] == ["open", "keys", "control"]
    assert session.microphone is not None
    assert len(session.microphone) == 16_000


def test_no_track_means_a_closed_microphone(tmp_path: Path) -> None:
    assert read_session(write(tmp_path / "s", rate_hz=None)).microphone is None


def test_a_zipped_session_is_the_same(tmp_path: Path) -> None:
    folder = write(tmp_path / "s")
    with zipfile.ZipFile(tmp_path / "s.duologue", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
    assert read_session(tmp_path / "s.duologue").events == read_session(folder).events


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{broken", "not JSON"),
        ("[1]", "must be an object"),
        ({"t": 1, "kind": "dance"}, "unknown kind 'dance'"),
        ({"t": 1, "kind": "keys"}, "lacks the field 'count'"),
        ({"t": 1, "kind": "keys", "count": 1, "why": "?"}, "no field 'why'"),
        ({"t": 1, "kind": "keys", "count": -1}, "cannot be -1"),
        ({"t": 1, "kind": "control", "name": "explode"}, "cannot be 'explode'"),
        ({"t": 1, "kind": "offer", "id": "a", "text": "b", "urgency": 2}, "field 'urgency'"),
        ({"t": "now", "kind": "save", "uri": "a"}, "'t' must be seconds"),
        ({"kind": "save", "uri": "a"}, "'t' must be seconds"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: Any, expected: str) -> None:
    check(write(tmp_path / "s", events=[OPEN, line]), "events.jsonl line 2", expected)


def test_time_must_not_go_backwards(tmp_path: Path) -> None:
    events = [OPEN, {"t": 1.0, "kind": "keys", "count": 1}, {"t": 0.9, "kind": "keys", "count": 1}]
    check(write(tmp_path / "s", events=events), "line 3", "backwards", "1.0")


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ("{", "not JSON"),
        ({"format": 2, "duration_s": 1}, "'format' must be 1"),
        ({"format": 1}, "'duration_s'"),
        ({**META, "colour": "red"}, "unknown field 'colour'"),
        ({**META, "echo": {"delay_ms": 10}}, "'echo'"),
        ({**META, "options": []}, "'options'"),
    ],
)
def test_a_broken_meta_is_named(tmp_path: Path, meta: Any, expected: str) -> None:
    check(write(tmp_path / "s", meta), "meta.json", expected)


def test_a_wrong_rate_is_named(tmp_path: Path) -> None:
    check(write(tmp_path / "s", rate_hz=8_000), "mic.wav", "16000 Hz", "8000 Hz")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    check(tmp_path / "nowhere", "nowhere", "meta.json")


def test_what_is_recorded_can_be_read(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "r", "recorded", {"speed": 1.2})
    writer.event(0.0, "open", {key: OPEN[key] for key in ("uri", "language_id", "version", "text")})
    writer.event(1.25, "keys", {"count": 1})
    writer.event(1.20, "keys", {"count": 1})
    writer.close(3.0)
    session = read_session(tmp_path / "r")
    assert [event.t for event in session.events] == [0.0, 1.25, 1.25]
    assert session.duration_s == 3.0
    assert session.options == {"speed": 1.2}


def test_what_could_not_be_replayed_is_not_recorded(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "r", "recorded", {})
    with pytest.raises(BadSession, match="unknown kind"):
        writer.event(0.0, "dance", {})


def test_a_recording_needs_a_new_folder(tmp_path: Path) -> None:
    with pytest.raises(BadSession, match="not empty"):
        SessionWriter(write(tmp_path / "s"), "again", {})
