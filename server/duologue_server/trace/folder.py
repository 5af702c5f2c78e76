"""Session folders, format version 1: everything that can happen to the product from outside, to record and replay.

A session is a folder, or the same files zipped with the suffix `.duologue`: `meta.json`, `events.jsonl`, and the
microphone as `mic.flac` or `mic.wav`. Errors name the file and the line, and nothing is run.
"""

import json
import math
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

FORMAT = 1
RATE_HZ = 16_000
CONTROLS = (
    "start", "stop", "mute", "unmute", "ptt_down", "ptt_up", "snooze", "sleep", "wake", "accept", "dismiss", "why",
    "repeat",
)  # fmt: skip

Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


KINDS: Mapping[str, Mapping[str, Check]] = {
    "open": {"uri": _text, "language_id": _text, "version": _whole, "text": _text},
    "change": {"uri": _text, "version": _whole, "changes": _objects},
    "save": {"uri": _text},
    "close": {"uri": _text},
    "cursor": {"uri": _text, "line": _count, "character": _count, "selection?": _object},
    "keys": {"count": _count},
    "diagnostics": {"uri": _text, "items": _objects},
    "tests": {"passed": _count, "failed": _count, "message?": _text},
    "focus": {"focused": lambda value: isinstance(value, bool)},
    "control": {"name": lambda value: value in CONTROLS, "args?": _object},
    "say": {"id": _text, "text": _text},
    "offer": {"id": _text, "text": _text, "urgency": lambda value: _number(value) and 0 <= value <= 1},
    "reply": {"text": _text, "delay_s": lambda value: _number(value) and value >= 0},
}
"""Fields of every kind of event; a name that ends in `?` may be absent."""


class BadSession(ValueError):
    """A session folder that cannot be replayed: which file, which line, why, and the next step."""


@dataclass(frozen=True, slots=True)
class Echo:
    """A loudspeaker in the room: what the partner plays comes back into the microphone."""

    delay_ms: float
    gain_db: float


@dataclass(frozen=True, slots=True)
class Event:
    """One line of `events.jsonl`; `t` is seconds from the first sample of the microphone."""

    t: float
    kind: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """A session that has been read and checked whole."""

    description: str
    duration_s: float
    options: Mapping[str, Any]
    echo: Echo | None
    events: tuple[Event, ...]
    microphone: NDArray[np.float32] | None = field(repr=False)
    """`[N]` at 16 kHz; None: the microphone was closed."""


def read_session(path: Path) -> SessionFolder:
    """Reads a folder or a `.duologue` file. Raises BadSession."""
    if path.suffix == ".duologue" and path.is_file():
        with tempfile.TemporaryDirectory() as unpacked:
            try:
                with zipfile.ZipFile(path) as archive:
                    archive.extractall(unpacked)
            except zipfile.BadZipFile as error:
                raise BadSession(f"{path}: not a zip file ({error}); a .duologue file is a zipped folder") from error
            return _read_folder(Path(unpacked))
    if not path.is_dir():
        raise BadSession(f"{path}: no such session; give a folder with meta.json in it, or a .duologue file")
    return _read_folder(path)


def parse_event(line: str, where: str, previous_s: float) -> Event:
    """Reads one line of `events.jsonl`. Raises BadSession that begins with `where`."""
    try:
        body = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadSession(f"{where}: not JSON ({error.msg} at column {error.colno})") from error
    if not isinstance(body, dict):
        raise BadSession(f"{where}: must be an object with 't' and 'kind'")
    t, kind = body.pop("t", None), body.pop("kind", None)
    if not _number(t) or t < 0:
        raise BadSession(f"{where}: 't' must be seconds from the start, not {t!r}")
    if t < previous_s:
        raise BadSession(f"{where}: time goes backwards, from {previous_s} to {t}; order the events by 't'")
    if kind not in KINDS:
        raise BadSession(f"{where}: unknown kind {kind!r}; the kinds are {', '.join(KINDS)}")
    checks = {name.rstrip("?"): check for name, check in KINDS[kind].items()}
    required = {name for name in KINDS[kind] if not name.endswith("?")}
    for name in body:
        if name not in checks:
            raise BadSession(f"{where}: '{kind}' has no field {name!r}; its fields are {', '.join(checks)}")
        if not checks[name](body[name]):
            raise BadSession(f"{where}: field {name!r} of '{kind}' cannot be {body[name]!r}")
    missing = sorted(required - set(body))
    if missing:
        raise BadSession(f"{where}: '{kind}' lacks the field {missing[0]!r}")
    return Event(float(t), kind, body)


def _read_folder(folder: Path) -> SessionFolder:
    meta = _read_meta(folder / "meta.json")
    events: list[Event] = []
    events_file = folder / "events.jsonl"
    if events_file.exists():
        for number, line in enumerate(events_file.read_text("utf-8").splitlines(), start=1):
            if line.strip():
                previous_s = events[-1].t if events else 0.0
                events.append(parse_event(line, f"events.jsonl line {number}", previous_s))
    return SessionFolder(
        description=str(meta.get("description", "")),
        duration_s=float(meta["duration_s"]),
        options=meta.get("options", {}),
        echo=_read_echo(meta.get("echo")),
        events=tuple(events),
        microphone=_read_microphone(folder),
    )


def _read_meta(file: Path) -> dict[str, Any]:
    try:
        meta = json.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadSession("meta.json: missing; a session needs it (see the session format)") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadSession(f"meta.json: not JSON ({error})") from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise BadSession(f"meta.json: 'format' must be {FORMAT}; this version replays no other")
    if not _number(meta.get("duration_s")) or not 0 < meta["duration_s"] <= 24 * 3600:
        raise BadSession(f"meta.json: 'duration_s' must be seconds, not {meta.get('duration_s')!r}")
    unknown = sorted(set(meta) - {"format", "description", "duration_s", "options", "echo"})
    if unknown:
        raise BadSession(f"meta.json: unknown field {unknown[0]!r}")
    if not isinstance(meta.get("options", {}), dict):
        raise BadSession("meta.json: 'options' must be an object")
    return meta


def _read_echo(raw: Any) -> Echo | None:
    if raw is None:
        return None
    if not isinstance(raw, dict) or set(raw) != {"delay_ms", "gain_db"} or not all(map(_number, raw.values())):
        raise BadSession('meta.json: \'echo\' must be {"delay_ms": …, "gain_db": …}')
    if not 0 <= raw["delay_ms"] <= 2000:
        raise BadSession("meta.json: 'echo.delay_ms' must be between 0 and 2000")
    return Echo(float(raw["delay_ms"]), float(raw["gain_db"]))


def _read_microphone(folder: Path) -> NDArray[np.float32] | None:
    found = [folder / name for name in ("mic.flac", "mic.wav") if (folder / name).exists()]
    if not found:
        return None
    if len(found) > 1:
        raise BadSession("mic.flac and mic.wav: only one microphone track can be replayed; remove one")
    file = found[0]
    try:
        samples, rate_hz = soundfile.read(str(file), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise BadSession(f"{file.name}: cannot be read as sound ({error})") from error
    if rate_hz != RATE_HZ or samples.shape[1] != 1:
        raise BadSession(f"{file.name}: must be mono at {RATE_HZ} Hz, not {samples.shape[1]} channels at {rate_hz} Hz")
    return np.ascontiguousarray(samples[:, 0])


class SessionWriter:
    """Records the events of a session as they come; usable up to its last line after a crash.

    Whoever owns the microphone writes `mic.flac` beside them.
    """

    def __init__(self, folder: Path, description: str, options: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise BadSession(f"{folder}: not empty; give a new folder to record into")
        self._folder = folder
        self._description = description
        self.options = dict(options)
        """Written when the session ends, and whenever it is noted how long it is so far."""
        self._events = (folder / "events.jsonl").open("w", encoding="utf-8")
        self._last_s = 0.0
        self._write_meta(0.001)

    def event(self, t: float, kind: str, fields: Mapping[str, Any]) -> None:
        """Writes one event. Raises BadSession for one that could not be replayed."""
        self._last_s = max(self._last_s, round(t, 4))
        line = json.dumps({"t": self._last_s, "kind": kind, **fields}, ensure_ascii=False)
        parse_event(line, f"event at {t:.3f} s", self._last_s)
        self._events.write(line + "\n")
        self._events.flush()

    def lasted(self, duration_s: float) -> None:
        """Notes how long the session is so far, for the case that it is never closed."""
        self._write_meta(max(duration_s, self._last_s, 0.001))

    def close(self, duration_s: float) -> None:
        """Ends the recording."""
        self._events.close()
        self._write_meta(max(duration_s, self._last_s, 0.001))

    def _write_meta(self, duration_s: float) -> None:
        meta = {
            "format": FORMAT,
            "description": self._description,
            "duration_s": round(duration_s, 3),
            "options": self.options,
        }
        (self._folder / "meta.json").write_text(json.dumps(meta, indent=2, ensure_ascii=False) + "\n", "utf-8")
