"""A developer who says something, for a microphone of the sound server."""

from functools import cache

import numpy as np
import soxr
from numpy.typing import NDArray

from duologue_server.voice.hibari import HibariSpeaker
from support.sound_server import RATE_HZ


@cache
def _speaker() -> HibariSpeaker:
    return HibariSpeaker(1.15)


def speech(text: str, quiet_after_s: float = 4.0, quiet_before_s: float = 0.7) -> NDArray[np.float32]:
    """`[N]` at 48 kHz, in a quiet room: a sound server may swallow how a new stream begins."""
    speaker = _speaker()
    said = np.asarray(soxr.resample(speaker.speak(text).samples, speaker.rate_hz, RATE_HZ), np.float32)
    return np.concatenate([room(quiet_before_s), 0.6 * said, room(quiet_after_s)])


def room(seconds: float) -> NDArray[np.float32]:
    """A quiet one, and not the zeros of a microphone that is switched off."""
    return np.random.default_rng(3).normal(0, 0.0008, round(seconds * RATE_HZ)).astype(np.float32)
