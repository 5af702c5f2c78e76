"""Recorded clips for tests, at 16 kHz: our own few, and those inside installed packages."""

import importlib.util
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE_HZ = 16_000
KEYS = ("key_alpaca", "key_telios", "key_typewriter")
BECKETT = "ever tried ever failed no matter try again fail again fail better"
"""The words of `beckett()`."""
BECKETT_BEGINS = slice(0, 16_000)
"""Its first second: "ever tried"."""
_CLIPS = Path(__file__).parents[1] / "data" / "clips"


def clip(name: str) -> Samples:
    """One of `tests/data/clips`, `[N]`."""
    return _read(_CLIPS / f"{name}.flac")


def beckett() -> Samples:
    """Ten seconds of a person with long pauses, `[N]`."""
    spec = importlib.util.find_spec("moonshine_cpp")
    assert spec is not None
    assert spec.origin is not None
    return _read(Path(spec.origin).parent / "test-data" / "beckett.wav")


def silence(seconds: float) -> Samples:
    """A quiet room: not digital zero, which no microphone gives."""
    noise = np.random.default_rng(7).standard_normal(round(seconds * RATE_HZ))
    return (noise * 1e-4).astype(np.float32)


def bare(text: str) -> str:
    """Text without case and punctuation, as it is compared."""
    return " ".join("".join(c for c in text.lower() if c.isalnum() or c in " '").split())


def _read(path: Path) -> Samples:
    samples, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == RATE_HZ, path
    return np.asarray(samples, np.float32)
