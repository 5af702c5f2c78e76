"""Takes the partner's own voice out of the microphone."""

from typing import Protocol

import numpy as np
from pywebrtc_audio import EchoCanceller as WebRtcAec3

from duologue_server.audio.device import Samples

ECHO_RATE_HZ = 16_000
ECHO_FRAME = 160
"""Samples of the 10 ms frames that cancellers work in."""


class EchoCanceller(Protocol):
    """Cancels echo frame by frame, at 16 kHz, on one thread."""

    @property
    def name(self) -> str:
        """Name for reports."""

    def process(self, near: Samples, far: Samples) -> Samples:
        """The microphone `near` without what the loudspeaker played, `far`; all `[N]`, N a multiple of 160.

        `far` must lead its echo in `near` by 10 ms at least: hand it over when the device asked for it, not when it was
        heard. By how much it leads, up to 300 ms at least, is found by the canceller. Raises ValueError for other or
        unequal lengths.
        """

    def reset(self) -> None:
        """Forgets the room: after a change of device."""


class NoEchoCanceller:
    """For headphones: the microphone as it is."""

    name = "none"

    def process(self, near: Samples, far: Samples) -> Samples:
        _check_lengths(near, far)
        return near

    def reset(self) -> None:
        """Nothing to forget."""


class WebRtcEchoCanceller:
    """WebRTC's AEC3, from the package `pywebrtc-audio`: finds the delay by itself, holds the microphone back by 8 ms.

    Its `stream_delay_ms` is left at 0: telling it the true delay changed nothing that could be measured.
    """

    name = "webrtc-aec3"

    def __init__(self) -> None:
        self._aec = WebRtcAec3(sample_rate=ECHO_RATE_HZ, num_channels=1)

    def process(self, near: Samples, far: Samples) -> Samples:
        _check_lengths(near, far)
        near, far = np.ascontiguousarray(near, np.float32), np.ascontiguousarray(far, np.float32)
        frames = [
            self._aec.process(near[start : start + ECHO_FRAME], far[start : start + ECHO_FRAME])
            for start in range(0, len(near), ECHO_FRAME)
        ]
        return np.concatenate(frames) if frames else near

    def reset(self) -> None:
        self._aec.reset()


def _check_lengths(near: Samples, far: Samples) -> None:
    if near.shape != far.shape or near.ndim != 1 or len(near) % ECHO_FRAME:
        raise ValueError(
            f"near and far must both be [N], N a multiple of {ECHO_FRAME}, not {list(near.shape)} and {list(far.shape)}"
        )
