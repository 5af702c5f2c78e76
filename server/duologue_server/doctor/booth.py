"""The product's own sound path under measurement: device, rings, resampling, player and echo canceller."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from duologue_server.audio.device import DeviceTrouble, Samples, SoundDevice
from duologue_server.audio.echo import EchoCanceller
from duologue_server.audio.player import Ended, Track
from duologue_server.audio.resample import resample
from duologue_server.audio.sound import RATE_HZ, Sound

FIRST_BLOCK_S = 3.0
"""No device needs longer until it delivers."""
SETTLE_S = 0.5
"""What a device delivers first is often a click."""
TAIL_S = 0.6
"""Heard on after the last sample was handed over: the echo is on its way."""
LONGEST_S = 60.0
"""What is played takes a sixth of that, unless the machine is too busy for sound."""


@dataclass(frozen=True, slots=True)
class Take:
    """A piece of time, `[N]` each at 16 kHz."""

    near: Samples
    """The microphone as it is."""
    far: Samples
    """What was handed over for playing meanwhile, as it is really played."""
    clean: Samples
    """The microphone behind the echo canceller."""


class Booth:
    """Records and plays through `device`. Every method raises DeviceTrouble when the device fails or says nothing."""

    def __init__(
        self,
        device: SoundDevice,
        canceller: EchoCanceller,
        volume: float = 1.0,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """`wait(seconds)` waits until the device has delivered, at most so long; a test lets time pass instead."""
        woken = threading.Event()
        self._lost: list[DeviceTrouble] = []
        self._sound = Sound(device, woken.set, self._lost.append)
        self._sound.player.volume = volume
        self._canceller = canceller

        def waited(seconds: float) -> bool:
            came = woken.wait(seconds)
            woken.clear()
            return came

        self._wait = wait or waited

    @property
    def has_input(self) -> bool:
        return self._sound.has_input

    @property
    def has_output(self) -> bool:
        return self._sound.has_output

    def start(self) -> None:
        self._sound.start()
        self.listen(SETTLE_S)

    def stop(self) -> None:
        self._sound.stop()

    def listen(self, seconds: float) -> Take:
        """Records for so long."""
        blocks: list[Take] = []
        while sum(len(block.near) for block in blocks) < seconds * RATE_HZ:
            blocks += self._next()
        return _joined(blocks)

    def play(self, samples: Samples, rate_hz: int) -> Take:
        """Plays `[N]` to its end and records meanwhile, and for a little longer."""
        player = self._sound.player
        track = Track("measurement", player.rate_hz)
        track.append(resample(samples, rate_hz, player.rate_hz))
        track.close()
        player.drain_reports()
        player.play(track)
        blocks: list[Take] = []
        give_up_s = time.monotonic() + LONGEST_S
        while not any(isinstance(report, Ended) for report in player.drain_reports()):
            if time.monotonic() > give_up_s:
                raise DeviceTrouble("no_output", "The loudspeaker opens, but plays nothing", "Restart the sound server")
            blocks += self._next()
        return _joined([*blocks, self.listen(TAIL_S)])

    def _next(self) -> list[Take]:
        """What has arrived since the last call; waits until there is something."""
        give_up_s = time.monotonic() + FIRST_BLOCK_S
        while not (pairs := self._sound.blocks()):
            if self._lost:
                raise self._lost[0]
            if not self._wait(0.1) and time.monotonic() > give_up_s:
                raise DeviceTrouble(
                    "lost",
                    "The microphone opens, but delivers no sound",
                    "Choose another one with --set inputDevice=NAME, or restart the sound server",
                )
        return [Take(near, far, self._canceller.process(near, far)) for near, far in pairs]


def _joined(blocks: list[Take]) -> Take:
    return Take(*(np.concatenate([getattr(block, part) for block in blocks]) for part in ("near", "far", "clean")))
