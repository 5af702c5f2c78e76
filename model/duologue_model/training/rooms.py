"""Rooms, loudspeakers and noises, all synthetic: tails, the way of the echo, ambience, coughs and knocks."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from duologue_model.slices import RATE_HZ, Samples
from duologue_model.training.floorlog import NoiseKind

_FRAME = RATE_HZ // 100
_WANDERS = 25
"""Frames in which a canceller's appetite changes."""
_SOUNDS = 0.003
"""Root mean square of a playback that is worth cancelling."""


def room_tail(rng: Generator, decay_s: float, direct_share: float) -> Samples:
    """An impulse response `[N]`: the direct sound, a few reflections, and noise that falls by 60 dB in `decay_s`."""
    length = max(160, int(decay_s * RATE_HZ * 0.6))
    times_s = np.arange(length) / RATE_HZ
    tail = rng.normal(size=length) * np.exp(-6.9 * times_s / decay_s)
    tail[: int(0.003 * RATE_HZ)] = 0.0
    for _ in range(5):
        at = int(rng.uniform(0.002, 0.03) * RATE_HZ)
        if at < length:
            tail[at] += rng.choice([-1.0, 1.0]) * rng.uniform(1.0, 4.0)
    tail *= np.sqrt((1.0 - direct_share) / max(float((tail**2).sum()), 1e-12))
    tail[0] = np.sqrt(direct_share)
    return tail.astype(np.float32)


def colour(tilt_db: float, low_hz: float, high_hz: float) -> Samples:
    """A microphone's impulse response `[N]`, causal: a tilt of so many dB per octave, and little below and above."""
    if tilt_db == 0.0 and low_hz == 0.0 and high_hz >= RATE_HZ / 2:
        return np.ones(1, np.float32)
    size = 1024
    at_hz = np.maximum(np.fft.rfftfreq(size, 1 / RATE_HZ), 20.0)
    gain = (at_hz / 1000.0) ** (tilt_db / 6.02) / np.sqrt(1.0 + (at_hz / high_hz) ** 16)
    if low_hz > 0.0:
        gain /= np.sqrt(1.0 + (low_hz / at_hz) ** 4)
    # Minimum phase, by folding the cepstrum: nothing rings before the sound.
    cepstrum = np.fft.irfft(np.log(np.clip(gain, 1e-3, 30.0)))
    cepstrum[1 : size // 2] *= 2.0
    cepstrum[size // 2 + 1 :] = 0.0
    response: Samples = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[: size // 2].astype(np.float32)
    return response


def convolve(samples: Samples, response: Samples) -> Samples:
    """`[N]` of `samples` through `response`, in blocks, so that hours cost as much per second as seconds do."""
    if len(response) == 1:
        scaled: Samples = samples * response[0]
        return scaled
    block = 8192
    size = 1 << int(np.ceil(np.log2(block + len(response))))
    spectrum = np.fft.rfft(response, size)
    out = np.zeros(len(samples) + size, np.float32)
    for start in range(0, len(samples), block):
        part = samples[start : start + block]
        if part.any():
            out[start : start + size] += np.fft.irfft(np.fft.rfft(part, size) * spectrum, size).astype(np.float32)
    kept: Samples = out[: len(samples)]
    return kept


def echo(playback: Samples, delay_s: float, gain_db: float, response: Samples) -> Samples:
    """What of the playback `[N]` comes back into the microphone."""
    delay = round(delay_s * RATE_HZ)
    returned = np.zeros_like(playback)
    if delay < len(playback):
        returned[delay:] = playback[: len(playback) - delay] * np.float32(10 ** (gain_db / 20))
    return convolve(returned, response)


def residue(rng: Generator, returned: Samples) -> Samples:
    """An echo as an imperfect canceller leaves it: its level wanders, and it is rough."""
    points = max(2, len(returned) // RATE_HZ)
    wander_db = np.interp(
        np.linspace(0, points - 1, len(returned), dtype=np.float32), np.arange(points), rng.normal(-4.0, 6.0, points)
    )
    rough = returned * (10 ** (np.minimum(wander_db, 0.0) / 20)).astype(np.float32)
    peak = max(float(np.abs(rough).max(initial=0.0)), 1e-6)
    bent: Samples = (np.tanh(2.0 * rough / peak) * (peak / 2.0)).astype(np.float32)
    return bent


class Dimming:
    """What a canceller takes of everything else while the partner's voice sounds: up to `most_db`, and it wanders.

    Called once for all of a session, or for its blocks in order.
    """

    def __init__(self, rng: Generator, most_db: float) -> None:
        self._rng, self._most_db = rng, most_db
        self._shares = [float(rng.uniform())]
        """Of `most_db`, at every fourth of a second."""

    def __call__(self, heard: Samples, playback: Samples, start: int = 0) -> Samples:
        """`heard` `[N]` from sample `start` on, dimmed where `playback` `[N]` sounds; N in whole frames of 10 ms."""
        if not self._most_db or not playback.any():
            return heard
        frames = len(heard) // _FRAME
        loud = np.sqrt(np.mean(playback.reshape(frames, _FRAME) ** 2, axis=1)) > _SOUNDS
        at = (start / _FRAME + np.arange(frames)) / _WANDERS
        while len(self._shares) < at[-1] + 2:
            self._shares.append(float(self._rng.uniform()))
        share = np.interp(at, np.arange(len(self._shares)), self._shares)
        gain = 10 ** (-self._most_db * share * loud / 20)
        dimmed: Samples = heard * np.repeat(gain, _FRAME).astype(np.float32)
        return dimmed


def ambience(rng: Generator, length: int) -> Samples:
    """Noise of a room `[length]` with root mean square 1: coloured noise that swells, perhaps with a hum."""
    size = 1 << 17
    slope = rng.uniform(0.0, 1.8)
    frequencies = np.fft.rfftfreq(size, 1 / RATE_HZ)
    shape = (np.maximum(frequencies, 30.0) / 30.0) ** (-slope / 2)
    loop = np.fft.irfft(np.fft.rfft(rng.normal(size=size)) * shape, size).astype(np.float32)
    sound = np.resize(np.roll(loop, int(rng.integers(size))), length)
    if rng.random() < 0.5:
        hum_hz = rng.choice([50.0, 60.0, 100.0, 120.0])
        sound = sound + np.float32(rng.uniform(0.1, 0.6) * loop.std()) * np.sin(
            2 * np.pi * hum_hz * np.arange(length, dtype=np.float32) / RATE_HZ, dtype=np.float32
        )
    swell = np.interp(np.linspace(0, 8, length, dtype=np.float32), np.arange(9), rng.uniform(0.7, 1.3, 9))
    sound = sound * swell.astype(np.float32)
    level = max(float(sound.std()), 1e-9)
    return (sound / level).astype(np.float32)


def short_noise(rng: Generator, kind: NoiseKind, length: int) -> Samples:
    """A sound that is not speech `[length]`, with its peak at 1."""
    t: NDArray[np.float64] = np.arange(length) / RATE_HZ
    hiss = rng.normal(size=length)
    if kind == "cough":
        throat = np.convolve(hiss, np.sin(2 * np.pi * rng.uniform(350, 900) * np.arange(160) / RATE_HZ), mode="same")
        burst = np.exp(-((t - 0.04) ** 2) / 0.0006) + 0.6 * np.exp(-((t - 0.22) ** 2) / 0.006)
        sound = (throat / max(np.abs(throat).max(), 1e-9) + 0.3 * hiss / 3.0) * burst
    elif kind == "knock":
        sound = np.sin(2 * np.pi * rng.uniform(90, 300) * t) * np.exp(-t * 45) + 0.3 * hiss * np.exp(-t * 200)
    elif kind == "chair":
        sound = np.cumsum(hiss)
        sound = (sound - np.linspace(sound[0], sound[-1], length)) * np.sin(np.pi * t / t[-1])
    else:
        sound = hiss * np.exp(-t * 400)
    even: Samples = (sound / max(float(np.abs(sound).max()), 1e-9)).astype(np.float32)
    return even


def key_click(rng: Generator) -> Samples:
    """A key hit `[N]` for banks without recorded keys: two short bursts, peak at 1."""
    click = short_noise(rng, "click", int(0.06 * RATE_HZ))
    twice: Samples = click + np.roll(click, int(0.03 * RATE_HZ)) * np.float32(0.4)
    return twice
