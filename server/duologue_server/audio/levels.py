"""How loud a microphone is, and whether it is a microphone at all."""

import math

import numpy as np

from duologue_server.audio.device import DeviceTrouble, Samples

FLOOR_DBFS = -120.0
SILENT_AFTER_S = 2.0


def level_dbfs(samples: Samples) -> float:
    """Root mean square in dB below a full-scale square wave; `FLOOR_DBFS` for silence and for nothing."""
    if not len(samples):
        return FLOOR_DBFS
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(FLOOR_DBFS, 10 * math.log10(power)) if power > 0 else FLOOR_DBFS


class LevelMeter:
    """Levels of a stream of blocks: a slow one for eyes, and the peak since the last look."""

    def __init__(self, rate_hz: int, settle_ms: float = 200) -> None:
        self._rate_hz = rate_hz
        self._settle_ms = settle_ms
        self._power = 0.0
        self._peak = 0.0

    @property
    def dbfs(self) -> float:
        """Level that follows the stream with a time constant of `settle_ms`."""
        return max(FLOOR_DBFS, 10 * math.log10(self._power)) if self._power > 0 else FLOOR_DBFS

    def update(self, block: Samples) -> None:
        """Takes the next block `[N]`."""
        if not len(block):
            return
        keep = math.exp(-1000 * len(block) / self._rate_hz / self._settle_ms)
        power = float(np.mean(np.square(block, dtype=np.float64)))
        self._power = keep * self._power + (1 - keep) * power
        self._peak = max(self._peak, float(np.max(np.abs(block))))

    def take_peak_dbfs(self) -> float:
        """The highest sample since the last call, in dB of full scale."""
        peak, self._peak = self._peak, 0.0
        return max(FLOOR_DBFS, 20 * math.log10(peak)) if peak > 0 else FLOOR_DBFS


class SilentInputDetector:
    """Notices a microphone that delivers exact zeros: no real one does, but a blocked one does.

    Exact zeros also come from a microphone that is muted in hardware, so this is a warning and not an end.
    """

    def __init__(self, rate_hz: int, device: str, after_s: float = SILENT_AFTER_S) -> None:
        self._device = device
        self._limit = round(rate_hz * after_s)
        self._after_s = after_s
        self._zeros = 0

    @property
    def silent(self) -> bool:
        """Whether the microphone has been delivering exact zeros for that long."""
        return self._zeros >= self._limit

    def update(self, block: Samples) -> DeviceTrouble | None:
        """Takes the next block `[N]`; gives the trouble once each time that it begins."""
        was_silent = self.silent
        nonzero = np.flatnonzero(block)
        self._zeros = self._zeros + len(block) if not len(nonzero) else len(block) - 1 - int(nonzero[-1])
        if self.silent and not was_silent:
            return DeviceTrouble(
                "silent_input",
                f"The microphone '{self._device}' has delivered nothing but zeros for {self._after_s:g} s",
                "Unmute it, allow this program to use it in the system's privacy settings, "
                "or choose another one with the setting duologue.inputDevice",
            )
        return None
