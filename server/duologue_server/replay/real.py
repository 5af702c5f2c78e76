"""A replay in real time: the session here, the voice in its own process on a virtual device, as with a sound card."""

import queue
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import soundfile

from duologue_server.audio.virtual import VIRTUAL_PREFIX
from duologue_server.link.messages import FromVoice, Happened, Ready
from duologue_server.options import Options
from duologue_server.replay.feed import feed
from duologue_server.replay.quiet import QuietClient
from duologue_server.replay.report import Responses, summarise
from duologue_server.session.session import Session
from duologue_server.session.supervisor import VoiceStatus, VoiceSupervisor, voice_command
from duologue_server.trace.clock import RealClock
from duologue_server.trace.facts import Fact, SoundOff, SoundOn
from duologue_server.trace.folder import SessionFolder

RATE_HZ = 16_000
LONGEST_AFTER_S = 30.0
LONGEST_START_S = 60.0


class VoiceFailed(OSError):
    """The voice process did not come up or did not stay; the reason is its message."""


class Stage:
    """One run. Everything but the voice happens on the thread that calls `run`."""

    def __init__(
        self,
        folder: SessionFolder,
        options: Options,
        device: str,
        watch: Callable[[float, Fact | None], None],
    ) -> None:
        self._folder = folder
        self._options = options
        self._watch = watch
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._clock = RealClock(self._inbox.put)
        self._voice = VoiceSupervisor(self._clock, self._inbox.put, voice_command(["--device", device, "--every-turn"]))
        self._voice.options = options
        self._session = Session(self._clock, QuietClient(), self._voice, options, observe=self._note)
        self._voice.on_message = self._take
        self._voice.on_status = self._status
        self._began_s: float | None = None
        self._sounding = 0
        self._failure = ""
        self.facts: list[Fact] = []
        self.responses = Responses()
        self.parts: dict[str, str] = {}

    def run(self) -> None:
        """Raises VoiceFailed."""
        try:
            self._play()
        finally:
            self._voice.close()
        self._drain()

    def _play(self) -> None:
        self._session.verb("start", {})
        started_s = time.monotonic()
        while not self._over():
            if self._failure:
                raise VoiceFailed(self._failure)
            if self._began_s is None and time.monotonic() - started_s > LONGEST_START_S:
                raise VoiceFailed(f"the voice was not ready after {LONGEST_START_S:g} seconds; run 'duologue doctor'")
            self._turn(0.1)
            if self._began_s is not None:
                self._watch(self._clock.now_s(), None)

    def _over(self) -> bool:
        if self._began_s is None:
            return False
        late_s = self._clock.now_s() - self._folder.duration_s
        return late_s > LONGEST_AFTER_S or (late_s > 0.2 and self._sounding == 0)

    def _turn(self, wait_s: float) -> None:
        try:
            self._inbox.get(timeout=wait_s)()
        except queue.Empty:
            return

    def _drain(self) -> None:
        while not self._inbox.empty():
            self._inbox.get()()

    def _take(self, message: FromVoice) -> None:
        match message:
            case Ready(origin_s=origin_s, parts=parts) if self._began_s is None:
                self._clock.restart(origin_s)
                self._began_s = origin_s
                self.parts = dict(parts)
                for event in self._folder.events:
                    self._clock.call_later(event.t - self._clock.now_s(), partial(feed, self._session, event))
            case Happened(fact=fact):
                self._note(fact)
            case _:
                pass
        self.responses.take(message)
        self._session.from_voice(message)

    def _status(self, status: VoiceStatus, message: str) -> None:
        if status == "failed":
            self._failure = message
        self._session.voice_changed(status, message)

    def _note(self, fact: Fact) -> None:
        self.facts.append(fact)
        if isinstance(fact, SoundOn):
            self._sounding += 1
        if isinstance(fact, SoundOff):
            self._sounding -= 1
        self._watch(self._clock.now_s(), fact)


def replay_real(
    folder: SessionFolder, options: Options, out: Path, watch: Callable[[float, Fact | None], None]
) -> tuple[list[Fact], dict[str, Any]]:
    """Runs the session in real time and leaves `partner.flac` in `out`. Raises VoiceFailed."""
    with tempfile.TemporaryDirectory() as temporary:
        parts = [f"out={out / 'partner.flac'}"]
        if folder.microphone is not None:
            microphone = Path(temporary) / "mic.wav"
            soundfile.write(str(microphone), folder.microphone, RATE_HZ, subtype="PCM_16")
            parts.append(f"mic={microphone}")
        if folder.echo is not None:
            parts += [f"echo_ms={folder.echo.delay_ms:g}", f"echo_db={folder.echo.gain_db:g}"]
        stage = Stage(folder, options, VIRTUAL_PREFIX + ",".join(parts), watch)
        stage.run()
    keys_s = [event.t for event in folder.events if event.kind == "keys"]
    return stage.facts, summarise(stage.facts, keys_s, stage.responses.latencies_ms, options, stage.parts, "real")
