"""How loud a microphone is, and whether it is a microphone at all."""

import math

import numpy as np

from duologue_server.audio.device import DeviceTrouble, Samples

FLOOR_DBFS = -120.0
SILENT_AFTER_S = 2.0
GATED_AFTER_S = 10.0


def level_dbfs(samples: Samples) -> float:
    """Root mean square in dB below a full-scale square wave; `FLOOR_DBFS` for silence and for nothing."""
    if not len(samples):
        return FLOOR_DBFS
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(FLOOR_DBFS, 10 * math.log10(power)) if power > 0 else FLOOR_DBFS


class SilentInputDetector:
    """Notices a microphone that delivers exact zeros: no real one does, but a blocked or muted one does.

    So do some noise filters between two words. So a microphone that has been heard is trusted for longer, and each
    time that it came back after that, for twice as long.
    """

    def __init__(self, rate_hz: int, device: str, after_s: float = SILENT_AFTER_S, gap_s: float = 0.0) -> None:
        """`gap_s`: so much silence precedes the microphone, and does not count."""
        self._device = device
        self._rate_hz = rate_hz
        self._patience_s = after_s
        self._zeros = -round(rate_hz * gap_s)
        self._heard = False
        self._told = False

    @property
    def silent(self) -> bool:
        """Whether the microphone has been delivering exact zeros for that long."""
        return self._told

    def update(self, block: Samples) -> DeviceTrouble | None:
        """Takes the next block `[N]`; gives the trouble once each time that it begins, and `found` when it is over."""
        nonzero = np.flatnonzero(block)
        if len(nonzero):
            self._zeros = len(block) - 1 - int(nonzero[-1])
            came_back, told = self._heard and self._told, self._told
            self._patience_s = max(GATED_AFTER_S, 2 * self._patience_s if came_back else self._patience_s)
            self._heard, self._told = True, False
            if told:
                return DeviceTrouble("found", f"The microphone '{self._device}' gives sound again", "Go on")
            return None
        self._zeros += len(block)
        if self._told or self._zeros < self._patience_s * self._rate_hz:
            return None
        self._told = True
        return DeviceTrouble(
            "silent_input",
            f"The microphone '{self._device}' has delivered nothing but zeros for {self._patience_s:g} s, "
            "as if it were muted",
            "Unmute it, allow this program to use it in the system's privacy settings, "
            "or choose another one with the setting duologue.inputDevice",
        )
