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
