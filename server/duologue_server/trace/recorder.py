"""Records a session as it is lived: every input of the editor, on the clock of the microphone's first sample."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from duologue_server.trace.folder import BadSession, SessionWriter

logger = logging.getLogger(__name__)

RATE_HZ = 16_000
SAVE_EVERY_S = 5.0
TRACK = "mic.wav"
"""What the voice process writes: readable even if everything is killed."""
PACKED = "mic.flac"


class Recorder:
    """Takes inputs from any thread. What comes before the microphone's first sample is recorded at t = 0.

    A voice that is started again writes another track; `close` joins them. A recording that cannot go on, for want of
    disk space say, tells so once to `on_trouble` and ends; whoever is recorded never notices otherwise.
    """

    def __init__(
        self,
        folder: Path,
        description: str,
        on_trouble: Callable[[str], None] = logger.warning,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises BadSession for a folder that is not empty, OSError for one that cannot be made."""
        self.folder = folder.absolute()
        self._writer: SessionWriter | None = SessionWriter(self.folder, description, {})
        self._on_trouble = on_trouble
        self._now_s = now_s
        self._lock = threading.Lock()
        self._began_s = now_s()
        self._origin_s: float | None = None
        self._saved_s = self._began_s
        self._early: list[tuple[str, Mapping[str, Any]]] = []
        self._tracks: list[tuple[Path, float]] = []

    @property
    def voice_args(self) -> list[str]:
        """What the voice process must be started with."""
        return ["--record-microphone", str(self.folder / TRACK)]

    def configure(self, options: Mapping[str, Any]) -> None:
        """The settings that a replay needs; the last ones count."""
        with self._lock:
            if self._writer is not None:
                self._writer.options = dict(options)

    def observe(self, kind: str, fields: Mapping[str, Any]) -> None:
        """An input of the session happens now. One that could not be replayed is left out, and logged."""
        with self._lock:
            if self._origin_s is None:
                self._early.append((kind, dict(fields)))
            else:
                self._write(self._now_s() - self._origin_s, kind, fields)

    def voice_began(self, origin_s: float, track: str | None) -> None:
        """The microphone's first sample was at `time.monotonic()` `origin_s`, and goes into the file `track`."""
        with self._lock:
            if track is not None:
                self._tracks.append((self.folder / track, origin_s))
            if self._origin_s is None:
                self._origin_s = origin_s
                self._write_early()

    def close(self, pack: bool = False) -> None:
        """Ends the recording; the voice must have ended before. `pack`: the track becomes FLAC, which takes a second
        for some minutes of it. Idempotent."""
        with self._lock:
            if self._writer is None:
                return
            origin_s = self._began_s if self._origin_s is None else self._origin_s
            self._write_early()
            try:
                if self._writer is not None:
                    self._writer.close(self._now_s() - origin_s)
                self._join(origin_s, pack)
            except OSError as error:
                self._on_trouble(f"the recording in {self.folder} is not complete: {error}")
            self._writer = None

    def _write_early(self) -> None:
        early, self._early = self._early, []
        for kind, fields in early:
            self._write(0.0, kind, fields)

    def _write(self, t: float, kind: str, fields: Mapping[str, Any]) -> None:
        if self._writer is None:
            return
        body = {name: value for name, value in fields.items() if value is not None}
        if kind in ("open", "change"):
            body.setdefault("version", 0)  # a client may leave it out, a session folder may not
        try:
            self._writer.event(max(0.0, t), kind, body)
            if self._now_s() - self._saved_s > SAVE_EVERY_S:
                self._saved_s = self._now_s()
                self._writer.lasted(t)
        except (BadSession, UnicodeError, TypeError) as error:
            logger.warning("'%s' is not recorded: %s", kind, error)
        except OSError as error:
            self._writer = None
            self._on_trouble(f"the recording in {self.folder} ended: {error}")

    def _join(self, origin_s: float, pack: bool) -> None:
        """One track out of those that there are."""
        pieces = [(path, round((at_s - origin_s) * RATE_HZ)) for path, at_s in self._tracks if path.exists()]
        whole = self.folder / TRACK
        if not pieces or (not pack and pieces == [(whole, 0)]):
            return
        from duologue_server.trace.microphone import join_tracks  # late: it brings numpy

        target = self.folder / (PACKED if pack else f"whole-{TRACK}")
        join_tracks(pieces, target)
        for path, _ in pieces:
            path.unlink()
        if not pack:
            target.rename(whole)
