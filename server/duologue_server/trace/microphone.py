"""The microphone's track of a recorded session."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 16_000


class MicrophoneFile:
    """Writes `mic.flac` as it is heard: mono, 16 kHz, 16 bit."""

    def __init__(self, path: Path) -> None:
        """Raises OSError when the file cannot be made."""
        try:
            self._file = soundfile.SoundFile(
                str(path), "w", samplerate=RATE_HZ, channels=1, subtype="PCM_16", format="FLAC"
            )
        except soundfile.LibsndfileError as error:
            raise OSError(f"cannot record to {path}: {error}; check that its folder exists") from error

    def write(self, samples: NDArray[np.float32]) -> None:
        """Adds `[N]` samples in -1…1."""
        self._file.write(samples)

    def close(self) -> None:
        """Completes the file; idempotent."""
        self._file.close()
