"""From one sample rate to another: in pieces with next to no delay, or all at once."""

import math

import numpy as np
import soxr

from duologue_server.audio.device import Samples

ZERO_CROSSINGS = 32
"""Half length of the filter in samples of the lower rate: 32 at 16 kHz is a delay of 2 ms."""
_KAISER_BETA = 8.0


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """All of `samples` `[N]` at the other rate, `[round(N·to/from)]`."""
    if from_hz == to_hz or not len(samples):
        return samples
    resampled: Samples = soxr.resample(samples, from_hz, to_hz, quality="HQ")
    return np.asarray(resampled, dtype=np.float32)


class StreamResampler:
    """A stream at another rate, block by block; output sample k lies at the time of input sample k·from/to.

    A windowed sinc in polyphase form. `soxr.ResampleStream` hands out nothing for one or two blocks of 20 ms and then
    several at once (measured: up to 40 ms late at its qualities MQ and HQ, 20 ms at LQ), which would delay every
    decision about the floor; this one is late by `delay_ms`, and after the first a block of 20 ms in is 20 ms out.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        """Raises ValueError for a rate below 1."""
        if min(from_hz, to_hz) < 1:
            raise ValueError(f"rates must be positive, not {from_hz} and {to_hz} Hz")
        common = math.gcd(from_hz, to_hz)
        self.from_hz, self.to_hz = from_hz, to_hz
        self._up, self._down = to_hz // common, from_hz // common
        widening = max(1.0, from_hz / to_hz)
        self._half = math.ceil(ZERO_CROSSINGS * widening)
        self._phases = filter_phases(self._half, self._up, widening)
        self.reset()

    @property
    def delay_ms(self) -> float:
        """How much later than its time a sample comes out, apart from the block it is in."""
        return 0.0 if self.from_hz == self.to_hz else 1000 * self._half / self.from_hz

    def reset(self) -> None:
        """Begins a new stream."""
        # `_tail[0]` is input sample `_tail_start`; the stream is preceded by silence.
        self._tail: Samples = np.zeros(self._half - 1, np.float32)
        self._tail_start = 1 - self._half
        self._given = 0
        self._taken = 0

    def push(self, block: Samples) -> Samples:
        """Takes `[N]`, gives what is complete by now, `[M]`."""
        if self.from_hz == self.to_hz:
            return block
        self._taken += len(block)
        buffer = np.concatenate([self._tail, block])
        # The last input sample that output k needs is floor(k·down/up) + half.
        complete = max(self._given, -(-(self._taken - self._half) * self._up // self._down))
        positions = np.arange(self._given, complete, dtype=np.int64) * self._down
        starts = positions // self._up - (self._half - 1) - self._tail_start
        out = self._filter(buffer, starts, positions % self._up)
        self._given = complete
        keep_from = complete * self._down // self._up - (self._half - 1)
        self._tail = buffer[keep_from - self._tail_start :]
        self._tail_start = keep_from
        return out

    def flush(self) -> Samples:
        """The rest, as if silence followed: N samples have then given round(N·to/from) in all. Begins a new stream."""
        if self.from_hz == self.to_hz:
            return np.zeros(0, np.float32)
        total = round(self._taken * self.to_hz / self.from_hz)
        before = self._given
        rest = self.push(np.zeros(self._half + self._down // self._up + 1, np.float32))
        self.reset()
        return rest[: max(0, total - before)]

    def _filter(self, buffer: Samples, starts: np.ndarray, phases: np.ndarray) -> Samples:
        if not len(starts):
            return np.zeros(0, np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(buffer, 2 * self._half)
        filtered: Samples = np.einsum("kt,kt->k", windows[starts], self._phases[phases])
        return filtered


def filter_phases(half: int, up: int, widening: float) -> Samples:
    """A Kaiser-windowed sinc of sum 1 for each of the `up` positions between two input samples, `[up, 2·half]`."""
    taps = np.arange(2 * half) - (half - 1)
    distance = taps[None, :] - np.arange(up)[:, None] / up
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (distance / half) ** 2, 0, 1))) / np.i0(_KAISER_BETA)
    # The cut lies half a transition band below the lower Nyquist frequency, so that nothing folds back above it.
    transition = _KAISER_BETA / 0.1102 / (2.285 * 2 * half * math.pi)
    cutoff = 1 / widening - transition / 2
    phases = np.sinc(distance * cutoff) * window
    return np.asarray(phases / phases.sum(axis=1, keepdims=True), dtype=np.float32)
