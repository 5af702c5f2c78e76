"""Other speakers out of one: formants, pitch and pace of a recording, each changed by itself.

Formants move by warping the smoothed spectrum of each frame (the method of cepstral envelopes), pitch and formants
together by resampling, and the pace is restored by overlapping similar stretches (WSOLA, Verhelst and Roelands 1993).
"""

from dataclasses import dataclass

import numpy as np

from duologue_model.slices import RATE_HZ, Samples

FRAME, HOP = 512, 128
LIFTER = 28
"""Cepstral coefficients of the envelope at 16 kHz: fewer than any pitch period has samples."""
STRIDE, REACH = 320, 160


@dataclass(frozen=True, slots=True)
class Warp:
    """Ratios: formants higher by, pitch higher by, faster by."""

    formants: float = 1.0
    pitch: float = 1.0
    pace: float = 1.0


def warped(samples: Samples, rate_hz: int, warp: Warp) -> Samples:
    """`[N]` at any rate to `[M]` at 16 kHz, changed by the ratios."""
    import soxr

    sound: Samples = soxr.resample(samples, rate_hz * warp.pitch, RATE_HZ).astype(np.float32)
    stretch = warp.pitch / warp.pace
    if abs(stretch - 1.0) > 0.01:
        sound = stretched(sound, stretch)
    formants = warp.formants / warp.pitch
    return shifted(sound, formants) if abs(formants - 1.0) > 0.01 else sound


def stretched(sound: Samples, ratio: float) -> Samples:
    """`[N]` to about `[N·ratio]` at the same pitch."""
    window = np.hanning(2 * STRIDE + 1)[:-1].astype(np.float32)
    padded = np.pad(sound, (REACH, 4 * STRIDE + REACH))
    count = int(len(sound) * ratio / STRIDE)
    out = np.zeros((count + 2) * STRIDE, np.float32)
    at = REACH
    for index in range(count):
        if index:
            like = padded[at + STRIDE : at + 3 * STRIDE]
            middle = min(REACH + int(index * STRIDE / ratio), len(padded) - 2 * STRIDE - REACH)
            around = padded[middle - REACH : middle + REACH + 2 * STRIDE]
            if len(like) < 2 * STRIDE:
                break
            at = middle - REACH + int(np.argmax(np.correlate(around, like, mode="valid")))
        out[index * STRIDE : (index + 2) * STRIDE] += padded[at : at + 2 * STRIDE] * window
    return out[: int(len(sound) * ratio)]


def shifted(sound: Samples, ratio: float) -> Samples:
    """`[N]` with the formants `ratio` times as high and the pitch as it was."""
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    padded = np.pad(sound, (FRAME, 2 * FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP] * window
    spectra = np.fft.rfft(frames)
    log = np.log(np.abs(spectra) + 1e-6)
    cepstra = np.fft.irfft(log)
    cepstra[:, LIFTER : FRAME - LIFTER + 1] = 0.0
    envelopes = np.fft.rfft(cepstra).real
    bins = np.arange(envelopes.shape[1])
    source = np.minimum(bins / ratio, bins[-1])
    low = np.minimum(source.astype(np.int64), bins[-1] - 1)
    part = source - low
    moved = envelopes[:, low] * (1.0 - part) + envelopes[:, low + 1] * part
    changed = np.fft.irfft(spectra * np.exp(np.clip(moved - envelopes, -4.0, 4.0))) * window
    out = np.zeros(len(padded) + FRAME, np.float32)
    for index, frame in enumerate(changed):
        out[index * HOP : index * HOP + FRAME] += frame.astype(np.float32)
    return (out[FRAME : FRAME + len(sound)] * np.float32(HOP / (FRAME * 0.375))).astype(np.float32)
