"""The microphone's track of a recorded session."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 16_000
_SAVE_EVERY_SAMPLES = RATE_HZ
_COPY_SAMPLES = 60 * RATE_HZ
_FORMATS = {".flac": "FLAC", ".wav": "WAV"}


class MicrophoneFile:
    """Writes what is heard: mono, 16 kHz, 16 bit, FLAC or WAV after the name's suffix.

    A file that exists is kept: `mic.wav` is then followed by `mic-2.wav`. Nothing is made before the first sample. A
    WAV file is readable up to a second ago even when the process is killed; a FLAC file only once it is closed.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError for a folder or a kind of file that cannot be."""
        if path.suffix.lower() not in _FORMATS:
            raise OSError(f"cannot record to {path}: the name must end in .flac or .wav")
        if not path.parent.is_dir():
            raise OSError(f"cannot record to {path}: there is no folder {path.parent}; make it first")
        self.path = _free(path)
        self._file: soundfile.SoundFile | None = None
        self._unsaved = 0

    def write(self, samples: NDArray[np.float32]) -> None:
        """Adds `[N]` samples in -1…1. Raises OSError when the disk does not take them."""
        try:
            if self._file is None:
                kind = _FORMATS[self.path.suffix.lower()]
                self._file = soundfile.SoundFile(
                    str(self.path), "w", samplerate=RATE_HZ, channels=1, subtype="PCM_16", format=kind
                )
            self._file.write(samples)
            self._unsaved += len(samples)
            if self._unsaved >= _SAVE_EVERY_SAMPLES:
                self._unsaved = 0
                self._file.flush()
        except soundfile.SoundFileError as error:
            raise OSError(f"cannot record to {self.path}: {error}; check the disk") from error

    def close(self) -> None:
        """Completes the file; idempotent."""
        if self._file is not None:
            self._file.close()


def join_tracks(pieces: list[tuple[Path, int]], target: Path) -> None:
    """Joins tracks into one, each from its own sample of the whole on, silence between them; the pieces stay.

    Raises OSError for a piece that cannot be read or a target that cannot be written.
    """
    try:
        with soundfile.SoundFile(
            str(target), "w", RATE_HZ, 1, subtype="PCM_16", format=_FORMATS[target.suffix.lower()]
        ) as out:
            at = 0
            for path, start in pieces:
                with soundfile.SoundFile(str(path)) as piece:
                    while at < start:
                        n = min(start - at, _COPY_SAMPLES)
                        out.write(np.zeros(n, np.float32))
                        at += n
                    piece.seek(min(at - start, piece.frames))
                    for block in piece.blocks(_COPY_SAMPLES, dtype="float32"):
                        out.write(block)
                        at += len(block)
    except soundfile.SoundFileError as error:
        raise OSError(f"cannot join the microphone's tracks into {target}: {error}") from error


def _free(path: Path) -> Path:
    """The path itself, or the first of its numbered followers that does not exist."""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return candidate
