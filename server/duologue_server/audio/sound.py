"""A sound device with its rates, its clocks and its gaps taken care of."""

import time
from collections.abc import Callable

import numpy as np

from duologue_server.audio.device import BLOCK_MS, DeviceTrouble, Samples, SoundDevice
from duologue_server.audio.drift import ClockMeter, Stretcher, drift_ppm
from duologue_server.audio.player import Player
from duologue_server.audio.resample import StreamResampler
from duologue_server.audio.ring import SampleRing

RATE_HZ = 16_000
BLOCK_SAMPLES = RATE_HZ * BLOCK_MS // 1000
RING_S = 2.0
RELAXED_BLOCKS = 4
"""While nothing waits, the voice thread is woken for a slice at a time."""
CALM_BLOCKS = 16
"""While nobody has spoken for a while either, for several, unless a block stands out of the room."""
STANDS_OUT = 2.0
"""6 dB: softer than that, speech is not noticed in any room."""
MOST_REFERENCE_LEAD = 4 * BLOCK_SAMPLES
"""A loudspeaker clock that runs fast may lead by this much before the excess is dropped."""
MOST_GAP_S = 10.0
STALLED_S = 5.0
"""No device is silent for so long; a sound server's first stream may take two seconds to begin."""


class Sound:
    """The device with its rates taken care of: 20 ms blocks at 16 kHz in, the player's samples out.

    What passes between one device and the next is counted as silence, so that samples go on telling the time.
    """

    def __init__(self, device: SoundDevice, wake: Callable[[], None], lost: Callable[[DeviceTrouble], None]) -> None:
        self.device = device
        self._wake = wake
        self._lost = lost
        self.player = Player(device.output_rate_hz)
        self.origin_s = 0.0
        """`time.monotonic()` of the first sample of the device that was opened last."""
        self.gap_s = 0.0
        """How long there was none before it."""
        self._last_s = 0.0
        self._near: Samples = np.zeros(0, np.float32)
        self._far: Samples = np.zeros(0, np.float32)
        self._wake_after = 1
        self._loud = 0.0
        self._adopt(device)

    @property
    def description(self) -> str:
        return self.device.description

    @property
    def microphone_name(self) -> str:
        return str(getattr(self.device, "microphone_name", self.description))

    @property
    def has_input(self) -> bool:
        return bool(getattr(self.device, "has_input", True))

    @property
    def has_output(self) -> bool:
        return bool(getattr(self.device, "has_output", True))

    @property
    def drift_ppm(self) -> float:
        """By how much faster the loudspeaker's clock runs than the microphone's; 0 while that is not known."""
        return self._drift_ppm

    @property
    def stalled(self) -> bool:
        """Nothing has come for so long that the device must be gone, though nobody said so."""
        return time.monotonic() - self._last_s > STALLED_S

    def start(self) -> None:
        """Opens the device. Raises DeviceTrouble."""
        now_s = self._last_s = time.monotonic()
        self.device.start(self._copy, self._fill, self._lost)
        # A virtual device knows it to the sample; a card is asked for its first block right after it was opened.
        exact_s = getattr(self.device, "origin_s", None)
        self.origin_s = now_s if exact_s is None else float(exact_s)

    def replace(self, device: SoundDevice) -> None:
        """Goes on with another device. Raises DeviceTrouble."""
        self.device.stop()
        self.player.abort("device")
        self._adopt(device)
        self.player.take_reference()  # nobody will hear it
        self.gap_s = min(MOST_GAP_S, max(0.0, time.monotonic() - self._last_s))
        missed = round(1000 * self.gap_s / BLOCK_MS)
        self._near = np.zeros(missed * BLOCK_SAMPLES, np.float32)
        self.player.fill(missed * self.player.rate_hz * BLOCK_MS // 1000)
        self.start()

    def stop(self) -> None:
        self.device.stop()

    def attend(self) -> None:
        """From now on the voice thread is woken for every block."""
        self._wake_after = 1

    def relax(self, calm: bool, room: float) -> None:
        """It is woken more seldom: most of a day nobody speaks. `room`: the level of a quiet room, as RMS."""
        self._wake_after = CALM_BLOCKS if calm else RELAXED_BLOCKS
        self._loud = STANDS_OUT * room

    def blocks(self) -> list[tuple[Samples, Samples]]:
        """What has arrived: pairs of microphone and own playback, `[320]` each at 16 kHz."""
        near, far = self._to_near.push(self._ring.take()), self._to_far.push(self.player.take_reference())
        if not far.any():  # the reference is bent only between two utterances
            self._drift_ppm = drift_ppm(self._output_clock, self._input_clock)
        self._near = np.concatenate([self._near, near])
        self._far = np.concatenate([self._far, self._stretcher.push(far, self._drift_ppm)])
        pairs = []
        while len(self._near) >= BLOCK_SAMPLES:
            near, self._near = self._near[:BLOCK_SAMPLES], self._near[BLOCK_SAMPLES:]
            far, self._far = self._far[:BLOCK_SAMPLES], self._far[BLOCK_SAMPLES:]
            pairs.append((near, np.pad(far, (0, BLOCK_SAMPLES - len(far)))))
        self._far = self._far[-MOST_REFERENCE_LEAD:]
        return pairs

    def _adopt(self, device: SoundDevice) -> None:
        self.device = device
        self._ring = SampleRing(round(RING_S * device.input_rate_hz))
        self._to_near = StreamResampler(device.input_rate_hz, RATE_HZ)
        self._to_far = StreamResampler(self.player.rate_hz, RATE_HZ)
        self._to_device = StreamResampler(self.player.rate_hz, device.output_rate_hz)
        self._spare: Samples = np.zeros(0, np.float32)
        self._near = self._far = np.zeros(0, np.float32)
        self._stretcher = Stretcher()
        self._input_clock, self._output_clock = ClockMeter(device.input_rate_hz), ClockMeter(device.output_rate_hz)
        self._drift_ppm = 0.0

    def _copy(self, block: Samples) -> None:
        self._ring.write(block)
        self._last_s = now_s = time.monotonic()
        self._input_clock.count(len(block), now_s)
        waiting = len(self._ring) / max(1, len(block))
        loud = waiting >= RELAXED_BLOCKS and float(np.dot(block, block)) > len(block) * self._loud**2
        if loud or waiting >= self._wake_after:
            self._wake()

    def _fill(self, n: int) -> Samples:
        self._output_clock.count(n, time.monotonic())
        if self.player.rate_hz == self.device.output_rate_hz:
            return self.player.fill(n)
        # Only after a change of device in the middle of a session: tracks keep the rate that they were made at.
        while len(self._spare) < n:
            block = self.player.fill(self.player.rate_hz * BLOCK_MS // 1000)
            self._spare = np.concatenate([self._spare, self._to_device.push(block)])
        out, self._spare = self._spare[:n], self._spare[n:]
        return out
