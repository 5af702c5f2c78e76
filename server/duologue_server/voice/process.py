"""`duologue voice`: the process that owns the ears. Its link is its stdin and stdout; it dies with its parent.

Threads: the device's (copy only), the link's (one flag for keys, then the inbox), one a lane of slow work, and the
voice thread, here the main one, which alone touches the loop.
"""

import os
import queue
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from duologue_server import __version__
from duologue_server.audio.choice import Choice, moved, must_reopen
from duologue_server.audio.device import DeviceTrouble, Samples, SoundDevice
from duologue_server.audio.levels import SilentInputDetector
from duologue_server.audio.sound import RATE_HZ, Sound
from duologue_server.audio.soundcard import SoundCard, refresh_devices
from duologue_server.audio.virtual import VIRTUAL_PREFIX, VirtualDevice, parse_device
from duologue_server.audio.watch import DeviceWatch
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

REOPEN_EVERY_S = 2.0
WATCH_EVERY_S = 5.0
WAIT_FOR_IDLE_S = 0.5
BEGAN = "the sound began at "
"""Precedes `time.monotonic()` of the first sample on stderr, for those who measure from outside."""


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
        self._watch: DeviceWatch | None = None
        self._decided: set[str] = set()
        """What was decided for the user, and told."""
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
        self._expect_sound()
        if not self._device_spec:
            self._watch = DeviceWatch(self._options.input_device, self._options.output_device)
            self._look_later(WATCH_EVERY_S)
        for message in self._early:
            self._receive(message)
        self._loop.show()

    def _open_sound(self) -> Sound:
        """The device asked for, or one that only keeps time, with a word to the user about it."""
        wake = lambda: self._inbox.put(self._hear)  # noqa: E731 - a name for a callback
        lost = lambda trouble: self._inbox.put(lambda: self._device_lost(trouble))  # noqa: E731
        try:
            device = self._open_device()
            sound = Sound(device, wake, lost)
            sound.start()
            self._tell_all(device)
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
        return SoundCard(self._options.input_device, self._options.output_device, make_do=True)

    def _hear(self) -> None:
        """Takes what the microphone has delivered."""
        sound, loop = self._sound, self._loop
        if sound is None or loop is None:
            return
        for near, far in sound.blocks():
            if self._microphone_file is not None:
                self._record(self._microphone_file, near if listening(loop.floor) else np.zeros_like(near))
            if loop.microphone_present and listening(loop.floor) and (trouble := self._silence.update(near)):
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
        self._use(device, "The sound device is back:")

    def _use(self, device: SoundDevice, why: str) -> None:
        """Goes on with this device, or as text, and then tries again."""
        assert self._sound is not None
        assert self._loop is not None
        try:
            self._sound.replace(device)
        except DeviceTrouble:
            self._sound.replace(VirtualDevice())
            self._loop.use_device(has_input=False, has_output=False)
            self._try_again()
            return
        self._voice.canceller.reset()
        self._loop.use_device(self._sound.has_input, self._sound.has_output)
        self._expect_sound()
        self._tell(DeviceTrouble("found", f"{why} {self._sound.description}", "Go on"))
        self._tell_all(device)

    def _expect_sound(self) -> None:
        """Zeros count from now on."""
        assert self._sound is not None
        self._silence = SilentInputDetector(RATE_HZ, self._sound.microphone_name, gap_s=self._sound.gap_s)

    def _look_later(self, delay_s: float) -> None:
        self._clock.call_later(delay_s, self._look)

    def _look(self) -> None:
        """Has the system's devices looked at, in a lane of its own."""
        if not self._running or self._sound is None or self._watch is None:
            return
        card = self._sound.device
        if isinstance(card, SoundCard) and self._sound.stalled:
            self._device_lost(DeviceTrouble("lost", f"No more sound comes {card.description}", "It is tried again"))
        elif isinstance(card, SoundCard):
            run(self._clock.lane("devices"), partial(self._watch.look, card.listed), partial(self._looked, card))
            return
        self._look_later(WATCH_EVERY_S)

    def _looked(self, card: SoundCard, wanted: Choice | Exception | None) -> None:
        """Goes over to other devices once nobody speaks, if others are wanted than those in use."""
        sound, loop = self._sound, self._loop
        if not self._running or sound is None or loop is None:
            return
        delay_s = WATCH_EVERY_S
        if isinstance(wanted, Choice) and sound.device is card:
            if not must_reopen(card.choice, wanted):
                self._follow(card, wanted)
            elif loop.idle:
                self._switch(card)
            else:
                delay_s = WAIT_FOR_IDLE_S
        self._look_later(delay_s)

    def _switch(self, card: SoundCard) -> None:
        """A short silence: PortAudio learns of new devices only while nothing is open."""
        card.stop()
        try:
            refresh_devices()
            device = self._open_device()
        except DeviceTrouble as trouble:
            self._device_lost(trouble)
            return
        self._use(device, "The sound now goes")

    def _follow(self, card: SoundCard, now: Choice) -> None:
        """The same streams, though the sound server may have moved them."""
        assert self._sound is not None
        assert self._loop is not None
        if not moved(card.choice, now):
            return
        card.choice = now
        if self._loop.idle:
            self._voice.canceller.reset()
        self._expect_sound()
        self._tell(DeviceTrouble("found", f"The sound now goes {self._sound.description}", "Go on"))
        self._tell_all(card)

    def _tell_all(self, device: SoundDevice) -> None:
        """What there is to say about a device that is used from now on; what was decided for the user, only once."""
        troubles: Sequence[DeviceTrouble] = getattr(device, "troubles", ())
        for trouble in sorted(troubles, key=lambda trouble: trouble.code != "found"):
            if trouble.code == "found" and str(trouble) in self._decided:
                continue
            self._decided.add(str(trouble))
            self._tell(trouble)

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
