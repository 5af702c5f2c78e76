"""`duologue voice`: the process that owns the ears. Its link is its stdin and stdout; it dies with its parent.

Threads: the device's (copy only), the link's (one flag for keys, then the inbox), one a lane of slow work, and the
voice thread, here the main one, which alone touches the loop.
"""

import os
import queue
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from duologue_server import __version__
from duologue_server.audio.device import BLOCK_MS, DeviceTrouble, Samples, SoundDevice
from duologue_server.audio.levels import SilentInputDetector
from duologue_server.audio.player import Player
from duologue_server.audio.resample import StreamResampler
from duologue_server.audio.ring import SampleRing
from duologue_server.audio.soundcard import SoundCard, refresh_devices
from duologue_server.audio.virtual import VIRTUAL_PREFIX, VirtualDevice, parse_device
from duologue_server.link.channel import Channel
from duologue_server.link.frames import LinkError
from duologue_server.link.messages import (
    LINK_VERSION,
    FromVoice,
    Goodbye,
    Hello,
    Message,
    Progress,
    Ready,
    Trouble,
)  # fmt: skip
from duologue_server.link.parent import die_with_parent
from duologue_server.options import EngineChoice, Options, read_options
from duologue_server.trace.clock import RealClock, run
from duologue_server.trace.microphone import MicrophoneFile
from duologue_server.voice.assembly import Voice, load_voice
from duologue_server.voice.floor import listening
from duologue_server.voice.loop import VoiceLoop

RATE_HZ = 16_000
BLOCK_SAMPLES = RATE_HZ * BLOCK_MS // 1000
REOPEN_EVERY_S = 2.0
RING_S = 2.0
RELAXED_BLOCKS = 4
"""While nothing waits, the voice thread is woken for a slice at a time."""
CALM_BLOCKS = 16
"""While nobody has spoken for a while either, for several, unless a block stands out of the room."""
STANDS_OUT = 2.0
"""6 dB: softer than that, speech is not noticed in any room."""
BEGAN = "the sound began at "
"""Precedes `time.monotonic()` of the first sample on stderr, for those who measure from outside."""
MOST_REFERENCE_LEAD = 4 * BLOCK_SAMPLES
"""A loudspeaker clock that runs fast may lead by this much before the excess is dropped."""


class Sound:
    """The device with its rates taken care of: 20 ms blocks at 16 kHz in, the player's samples out.

    A lost device is reopened every two seconds; meanwhile a virtual one keeps time, so that everything goes on as text.
    """

    def __init__(self, device: SoundDevice, wake: Callable[[], None], lost: Callable[[DeviceTrouble], None]) -> None:
        self._device = device
        self._wake = wake
        self._lost = lost
        self.player = Player(device.output_rate_hz)
        self.origin_s = 0.0
        """`time.monotonic()` of the first sample of the device that was opened last."""
        self._near: Samples = np.zeros(0, np.float32)
        self._far: Samples = np.zeros(0, np.float32)
        self._wake_after = 1
        self._loud = 0.0
        self._adopt(device)

    @property
    def description(self) -> str:
        return self._device.description

    @property
    def has_input(self) -> bool:
        return bool(getattr(self._device, "has_input", True))

    @property
    def has_output(self) -> bool:
        return bool(getattr(self._device, "has_output", True))

    def start(self) -> None:
        """Opens the device. Raises DeviceTrouble."""
        now_s = time.monotonic()
        self._device.start(self._copy, self._fill, self._lost)
        # A virtual device knows it to the sample; a card is asked for its first block right after it was opened.
        exact_s = getattr(self._device, "origin_s", None)
        self.origin_s = now_s if exact_s is None else float(exact_s)

    def replace(self, device: SoundDevice) -> None:
        """Goes on with another device. Raises DeviceTrouble."""
        self._device.stop()
        self.player.abort("device")
        self._adopt(device)
        self.start()

    def stop(self) -> None:
        self._device.stop()

    def attend(self) -> None:
        """From now on the voice thread is woken for every block."""
        self._wake_after = 1

    def relax(self, calm: bool, room: float) -> None:
        """It is woken more seldom: most of a day nobody speaks. `room`: the level of a quiet room, as RMS."""
        self._wake_after = CALM_BLOCKS if calm else RELAXED_BLOCKS
        self._loud = STANDS_OUT * room

    def blocks(self) -> list[tuple[Samples, Samples]]:
        """What has arrived: pairs of microphone and own playback, `[320]` each at 16 kHz."""
        self._near = np.concatenate([self._near, self._to_near.push(self._ring.take())])
        self._far = np.concatenate([self._far, self._to_far.push(self.player.take_reference())])
        pairs = []
        while len(self._near) >= BLOCK_SAMPLES:
            near, self._near = self._near[:BLOCK_SAMPLES], self._near[BLOCK_SAMPLES:]
            far, self._far = self._far[:BLOCK_SAMPLES], self._far[BLOCK_SAMPLES:]
            pairs.append((near, np.pad(far, (0, BLOCK_SAMPLES - len(far)))))
        self._far = self._far[-MOST_REFERENCE_LEAD:]
        return pairs

    def _adopt(self, device: SoundDevice) -> None:
        self._device = device
        self._ring = SampleRing(round(RING_S * device.input_rate_hz))
        self._to_near = StreamResampler(device.input_rate_hz, RATE_HZ)
        self._to_far = StreamResampler(self.player.rate_hz, RATE_HZ)
        self._to_device = StreamResampler(self.player.rate_hz, device.output_rate_hz)
        self._spare: Samples = np.zeros(0, np.float32)
        self._near = self._far = np.zeros(0, np.float32)

    def _copy(self, block: Samples) -> None:
        self._ring.write(block)
        waiting = len(self._ring) / max(1, len(block))
        loud = waiting >= RELAXED_BLOCKS and float(np.dot(block, block)) > len(block) * self._loud**2
        if loud or waiting >= self._wake_after:
            self._wake()

    def _fill(self, n: int) -> Samples:
        if self.player.rate_hz == self._device.output_rate_hz:
            return self.player.fill(n)
        # Only after a change of device in the middle of a session: tracks keep the rate that they were made at.
        while len(self._spare) < n:
            block = self.player.fill(self.player.rate_hz * BLOCK_MS // 1000)
            self._spare = np.concatenate([self._spare, self._to_device.push(block)])
        out, self._spare = self._spare[:n], self._spare[n:]
        return out


class VoiceHost:
    """One run of the voice process, from handshake to goodbye."""

    def __init__(
        self,
        reader: BinaryIO,
        writer: BinaryIO,
        device: str,
        record: Path | None,
        every_turn: bool = False,
        engine: EngineChoice | None = None,
    ) -> None:
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._device_spec = device
        self._every_turn = every_turn
        self._engine = engine
        self._microphone_file = MicrophoneFile(record) if record else None
        self._options: Options | None = None
        self._loop: VoiceLoop | None = None
        self._sound: Sound | None = None
        self._early: list[Message] = []
        self._running = True
        self._present = True
        """Whether a device was found at the start."""
        self._status = 0
        self._clock = RealClock(self._inbox.put)
        self._channel = Channel(
            reader,
            writer,
            on_message=lambda message: self._inbox.put(lambda: self._receive(message)),
            on_closed=lambda error: self._inbox.put(lambda: self._closed(error)),
            hello=Hello(LINK_VERSION, f"duologue {__version__}"),
            fast=lambda keys: self._sound.player.hush() if self._sound else None,
        )

    def run(self) -> int:
        """Runs until the link ends or goodbye is said; the exit status."""
        self._channel.start()
        while self._running:
            self._inbox.get()()
        if self._sound is not None:
            self._sound.stop()
            self._sound.player.abort("session")
        if self._loop is not None:
            self._loop.sweep()
        if self._microphone_file is not None:
            self._microphone_file.close()
        self._channel.close()
        return self._status

    def stop(self) -> None:
        """Ends the run; for a signal handler."""
        self._inbox.put(self._quit)

    def _quit(self) -> None:
        self._running = False

    def _closed(self, error: LinkError) -> None:
        if error.code != "closed":
            print(f"duologue voice: {error}", file=sys.stderr)
            self._status = 1
        self._running = False

    def _receive(self, message: Message) -> None:
        match message:
            case Hello(options=raw):
                options, _ = read_options(raw)
                self._options = options if self._engine is None else replace(options, engine=self._engine)
                run(self._clock.lane("load"), self._load, self._loaded)
            case Goodbye():
                self._running = False
            case _ if self._loop is None:
                self._early.append(message)
            case _:
                self._loop.receive(message)  # type: ignore[arg-type]
                if self._sound is not None:
                    self._sound.attend()

    def _load(self) -> Voice:
        assert self._options is not None
        return load_voice(self._options, lambda percent, text: self._send(Progress(percent, text)))

    def _loaded(self, voice: Voice | Exception) -> None:
        if isinstance(voice, Exception):
            self._send(Trouble("load", f"the voice cannot be loaded: {voice}", "Run 'duologue doctor'", fatal=True))
            return
        assert self._options is not None
        for trouble in voice.troubles:
            self._send(trouble)
        self._voice = voice
        sound = self._open_sound()
        self._sound = sound
        self._clock.restart(sound.origin_s)
        self._loop = voice.loop(sound.player, self._clock, self._send)
        self._loop.every_turn = self._every_turn
        self._loop.use_device(self._present and sound.has_input, self._present and sound.has_output)
        self._send(Progress(100, "ready"))
        print(f"duologue voice: {BEGAN}{sound.origin_s:.6f} s", file=sys.stderr, flush=True)
        parts = {**voice.names(), "device": sound.description if self._present else "none"}
        if self._microphone_file is not None:
            parts["recording"] = self._microphone_file.path.name
        self._send(Ready(sound.origin_s, parts))
        self._silence = SilentInputDetector(RATE_HZ, sound.description)
        for message in self._early:
            self._receive(message)
        self._loop.show()

    def _open_sound(self) -> Sound:
        """The device asked for, or one that only keeps time, with a word to the user about it."""
        wake = lambda: self._inbox.put(self._hear)  # noqa: E731 - a name for a callback
        lost = lambda trouble: self._inbox.put(lambda: self._device_lost(trouble))  # noqa: E731
        try:
            sound = Sound(self._open_device(), wake, lost)
            sound.start()
        except (DeviceTrouble, ValueError) as error:
            self._tell(error)
            sound = Sound(VirtualDevice(), wake, lost)
            sound.start()
            self._present = False
            if not (isinstance(error, DeviceTrouble) and error.code == "no_portaudio"):
                self._try_again()
        return sound

    def _open_device(self) -> SoundDevice:
        assert self._options is not None
        if self._device_spec.startswith(VIRTUAL_PREFIX):
            return parse_device(self._device_spec)
        card = SoundCard(self._options.input_device, self._options.output_device)
        for trouble in card.troubles:
            self._tell(trouble)
        return card

    def _hear(self) -> None:
        """Takes what the microphone has delivered."""
        sound, loop = self._sound, self._loop
        if sound is None or loop is None:
            return
        for near, far in sound.blocks():
            if self._microphone_file is not None:
                self._record(self._microphone_file, near if listening(loop.floor) else np.zeros_like(near))
            if loop.microphone_present and (trouble := self._silence.update(near)):
                self._tell(trouble)
            loop.hear(self._voice.canceller.process(near, far), far)
        if loop.idle:
            sound.relax(loop.calm.now, loop.calm.room)
        else:
            sound.attend()

    def _record(self, file: MicrophoneFile, heard: Samples) -> None:
        try:
            file.write(heard)
        except OSError as error:
            self._microphone_file = None
            self._send(Trouble("recording", str(error), "The recording of the microphone ends here"))

    def _device_lost(self, trouble: DeviceTrouble) -> None:
        """Goes on as text, and tries to get a device back."""
        self._tell(trouble)
        assert self._sound is not None
        assert self._loop is not None
        self._sound.replace(VirtualDevice())
        self._loop.lose_device()
        self._try_again()

    def _try_again(self) -> None:
        self._clock.call_later(REOPEN_EVERY_S, self._reopen)

    def _reopen(self) -> None:
        if not self._running or self._sound is None or self._loop is None:
            return
        try:
            if not self._device_spec:
                refresh_devices()
            device = self._open_device()
        except (DeviceTrouble, ValueError):
            self._try_again()
            return
        try:
            self._sound.replace(device)
        except DeviceTrouble:
            self._sound.replace(VirtualDevice())
            self._try_again()
            return
        self._voice.canceller.reset()
        self._loop.use_device(self._sound.has_input, self._sound.has_output)
        self._tell(DeviceTrouble("found", f"The sound device is back: {self._sound.description}", "Go on"))

    def _tell(self, error: DeviceTrouble | ValueError) -> None:
        if isinstance(error, DeviceTrouble):
            self._send(Trouble(error.code, error.what, error.remedy))
        else:
            self._send(Trouble("device", str(error), "Correct the name of the device"))

    def _send(self, message: FromVoice) -> None:
        self._channel.send(message)
        if isinstance(message, Trouble) and message.fatal:
            self._running, self._status = False, 1


def main(device: str, record: Path | None, every_turn: bool = False, engine: EngineChoice | None = None) -> int:
    """Runs the voice process on this process's stdin and stdout. `engine` instead of the one in the settings."""
    # Whatever a library prints must not end up in the link: stdout becomes stderr, the link keeps the old one.
    link_out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    link_in = os.fdopen(os.dup(0), "rb", buffering=0)
    sys.setswitchinterval(0.001)  # the device's thread must not wait 5 ms for its turn
    host = VoiceHost(link_in, link_out, device, record, every_turn, engine)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the editor's terminal is not meant for us
    signal.signal(signal.SIGTERM, lambda *_: host.stop())
    die_with_parent(os.getppid())
    return host.run()
