"""Figures of a microphone and of a room, from recordings: levels, noise, clipping, and the way from the loudspeaker.

All samples are `[N]` float32 mono at 16 kHz; levels are root mean squares in dBFS as `level_dbfs` gives them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duologue_server.audio.device import Samples
from duologue_server.audio.levels import FLOOR_DBFS, level_dbfs

RATE_HZ = 16_000
_FRAME = RATE_HZ * 20 // 1000
_ACTIVE_DB = 20.0
"""Frames so far below the loudest are pauses between words."""
_FULL_SCALE = 0.985
"""A converter that is overdriven stops a little below or at full scale."""
LONGEST_ECHO_MS = 500
_CERTAIN = 8.0
"""Of 8000 values of pure chance the highest lies near 4 standard deviations; a real echo gives 20 and more."""
_SPEECH_BAND_HZ = (150, 5000)


@dataclass(frozen=True, slots=True)
class Echo:
    """The way from the loudspeaker to the microphone."""

    delay_ms: float
    """How much later what was handed over for playing is heard."""
    loss_db: float
    """By how much it is quieter in the microphone than it was handed over."""


def noise_floor_dbfs(silence: Samples) -> float:
    """The level of a recording in which nobody speaks: the median over 20 ms, which a knock does not move."""
    return float(np.median(_frame_levels_db(silence))) if len(silence) >= _FRAME else FLOOR_DBFS


def speech_level_dbfs(speech: Samples) -> float:
    """The level while somebody speaks: of the frames within 20 dB of the loud ones, pauses left out."""
    active = _active(speech)
    return level_dbfs(_frames(speech)[active].ravel())


def clipped_share(samples: Samples) -> float:
    """Share of the loud frames' samples that lie at full scale, 0 to 1."""
    active = _frames(samples)[_active(samples)]
    return float(np.mean(np.abs(active) >= _FULL_SCALE)) if active.size else 0.0


def find_echo(near: Samples, far: Samples, noise_dbfs: float) -> Echo | None:
    """The echo of what was played, `far`, in the microphone `near`, `[N]` both; None where none is heard.

    The delay is the peak of the generalised cross-correlation with phase transform, over the frequencies of speech:
    Knapp, Carter, "The generalized correlation method for estimation of time delay", IEEE TASSP 24 (1976). The level of
    the echo is that of the microphone less its noise.
    """
    if not far.any() or not near.any():
        return None
    correlation = _phase_correlation(near, far)[: LONGEST_ECHO_MS * RATE_HZ // 1000]
    late = int(np.argmax(correlation))
    chance = float(np.median(np.abs(correlation))) / 0.6745
    if correlation[late] < _CERTAIN * chance:
        return None
    delay_ms = 1000 * late / RATE_HZ
    return Echo(delay_ms, echo_loss_db(near, far, delay_ms, noise_dbfs))


def echo_loss_db(near: Samples, far: Samples, delay_ms: float, noise_dbfs: float = FLOOR_DBFS) -> float:
    """By how much what was played, `far`, is quieter in `near`, while it sounds and is not a pause.

    The noise is taken off `near` as power; less than a tenth of it cannot be told from nothing.
    """
    late = round(delay_ms * RATE_HZ / 1000)
    played = far[: len(far) - late]
    active = _active(played)
    heard = level_dbfs(_frames(near[late:])[active].ravel())
    noise = 10 ** (noise_dbfs / 10)
    echo = max(10 ** (heard / 10) - noise, noise / 10)
    return level_dbfs(_frames(played)[active].ravel()) - 10 * float(np.log10(echo))


def _phase_correlation(near: Samples, far: Samples) -> NDArray[np.float64]:
    """How well `near` fits `far` at each delay, in samples from 0 on."""
    size = 1 << (len(near) + len(far) - 1).bit_length()
    far_spectrum = np.fft.rfft(far, size)
    cross = np.fft.rfft(near, size) * far_spectrum.conj()
    hertz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    kept = (hertz >= _SPEECH_BAND_HZ[0]) & (hertz <= _SPEECH_BAND_HZ[1])
    strength = np.abs(cross)
    weight = np.where(kept & (strength > 0), 1 / np.maximum(strength, 1e-30), 0.0)
    return np.asarray(np.fft.irfft(cross * weight, size), np.float64)


def _frames(samples: Samples) -> Samples:
    """`[F, 320]`; what is left over at the end is dropped."""
    count = len(samples) // _FRAME
    return samples[: count * _FRAME].reshape(count, _FRAME)


def _frame_levels_db(samples: Samples) -> NDArray[np.float64]:
    power = np.mean(np.square(_frames(samples), dtype=np.float64), axis=1)
    return np.asarray(np.maximum(FLOOR_DBFS, 10 * np.log10(np.maximum(power, 1e-12))), np.float64)


def _active(samples: Samples) -> NDArray[np.bool_]:
    """Which frames sound, `[F]`: within 20 dB of the 95th percentile."""
    levels = _frame_levels_db(samples)
    if not len(levels):
        return np.zeros(0, np.bool_)
    return np.asarray(levels >= np.percentile(levels, 95) - _ACTIVE_DB, np.bool_)
