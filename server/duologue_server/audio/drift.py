"""The clocks of a microphone and of a loudspeaker differ, by up to some 100 ppm when they are two devices.

Then the echo comes a little later, or earlier, with every second, and a canceller that learns a room to the sample
never knows it. So the difference is measured from how many samples came and went, and the reference is stretched by it.
"""

import math

import numpy as np

from duologue_server.audio.device import Samples
from duologue_server.audio.resample import filter_phases

MOST_PPM = 400.0
"""More is no clock: samples were lost."""
LEAST_PPM = 8.0
_MEMORY_S = 120.0
_SETTLED_S = 15.0
_CERTAIN = 4.0
"""Standard errors by which a difference must be more than nothing."""
_HALF = 16
_PHASES = 256
_LOST_S = 0.060
_LOST_BLOCKS = 10
"""As many blocks in a row that are so late were lost, not delayed."""
_NOTHING = (0.0,) * 7
"""Seconds, weight, and sums of t, y, t·t, t·y, y·y: t against now, y by how many seconds the device is ahead."""


class ClockMeter:
    """How fast a device's clock runs against this machine's: a straight line through what has come by when, least
    squares, in which older blocks weigh less. For the device's thread: some twenty additions a block.

    Blocks arrive late by some milliseconds each, and a minute of them tells the rate to some 5 ppm.
    """

    def __init__(self, rate_hz: int) -> None:
        """`rate_hz`: what the device says of itself."""
        self._rate_hz = rate_hz
        self._samples = 0
        self._began_s = self._last_s = 0.0
        self._offset_s = self._ahead_s = 0.0
        self._late = 0
        self._sums = _NOTHING  # replaced as a whole: another thread reads it

    def count(self, samples: int, now_s: float) -> None:
        """So many samples have come, or were asked for."""
        if not self._samples:
            self._began_s = self._last_s = now_s
        self._samples += samples
        step_s, self._last_s = now_s - self._last_s, now_s
        age_s, w, t, y, tt, ty, yy = self._sums
        ahead_s = self._samples / self._rate_hz - (now_s - self._began_s) - self._offset_s
        if not w:
            self._offset_s += ahead_s
            ahead_s = self._ahead_s = 0.0
        self._ahead_s += 0.05 * (ahead_s - self._ahead_s)
        self._late = self._late + 1 if abs(ahead_s - self._ahead_s) > _LOST_S else 0
        if self._late > _LOST_BLOCKS:
            self._sums, self._late = _NOTHING, 0
            return
        kept = math.exp(-step_s / _MEMORY_S)
        self._sums = (
            age_s + step_s,
            kept * w + 1,
            kept * (t - step_s * w),
            kept * y + ahead_s,
            kept * (tt - 2 * step_s * t + step_s * step_s * w),
            kept * (ty - step_s * y),
            kept * yy + ahead_s * ahead_s,
        )

    def rate(self) -> tuple[float, float]:
        """Parts in a million by which the device is fast, and the standard error of that, infinite at first."""
        age_s, w, t, y, tt, ty, yy = self._sums
        spread = tt - t * t / w if w else 0.0
        if age_s < _SETTLED_S or spread <= 0:
            return 0.0, math.inf
        slope = (ty - t * y / w) / spread
        rest = max(0.0, yy - y * y / w - slope * slope * spread)
        return 1e6 * slope, 1e6 * math.sqrt(rest / w / spread)


def drift_ppm(fast: ClockMeter, slow: ClockMeter) -> float:
    """By how much the first clock is faster than the second; 0 until that is certain, and where it is no clock."""
    (one, one_error), (other, other_error) = fast.rate(), slow.rate()
    ppm, error = one - other, math.hypot(one_error, other_error)
    return ppm if max(LEAST_PPM, _CERTAIN * error) < abs(ppm) < MOST_PPM else 0.0


class Stretcher:
    """A stream at a rate that is another one by some parts in a million, which may change at any time.

    A windowed sinc of 32 taps at the nearest of 256 places between two samples; 1 ms late.
    """

    def __init__(self) -> None:
        self._phases = filter_phases(_HALF, _PHASES, 1.0)
        self._tail: Samples = np.zeros(2 * _HALF - 1, np.float32)
        self._at = float(_HALF - 1)
        """Place of the next sample that is given, in the tail."""

    def push(self, block: Samples, ppm: float) -> Samples:
        """Takes `[N]`, of a clock that runs fast by `ppm`, gives about N·(1 − ppm/1e6) samples."""
        buffer = np.concatenate([self._tail, block])
        step = 1 + ppm * 1e-6
        last = len(buffer) - _HALF - 1 - 0.5 / _PHASES  # the place is rounded
        count = max(0, math.floor((last - self._at) / step) + 1)
        places = np.round((self._at + step * np.arange(count)) * _PHASES).astype(np.int64)
        starts = places // _PHASES - (_HALF - 1)
        out: Samples = np.zeros(count, np.float32)
        if buffer.any() and count:  # most of a day nothing sounds
            windows = np.lib.stride_tricks.sliding_window_view(buffer, 2 * _HALF)
            out = np.einsum("kt,kt->k", windows[starts], self._phases[places % _PHASES])
        kept = len(buffer) - (2 * _HALF - 1)
        self._at += step * count - kept
        self._tail = buffer[kept:]
        return out
