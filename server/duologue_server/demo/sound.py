"""What the demo leaves to be heard: one file with the developer on the left and the partner on the right."""

from pathlib import Path

import numpy as np
import soundfile

from duologue_server.audio.resample import resample
from duologue_server.demo.story import Samples
from duologue_server.trace.folder import RATE_HZ


def write_mix(microphone: Samples | None, partner: Path, mix: Path) -> None:
    """Stereo at the partner's rate. `microphone` `[N]` at 16 kHz; the shorter side ends in silence."""
    right, rate_hz = soundfile.read(str(partner), dtype="float32")
    left = resample(np.zeros(0, np.float32) if microphone is None else microphone, RATE_HZ, rate_hz)
    length = max(len(left), len(right))
    both = np.stack([np.pad(side, (0, length - len(side))) for side in (left, right)], axis=1)
    soundfile.write(str(mix), np.clip(both, -1.0, 1.0), rate_hz, subtype="PCM_16", format="FLAC")
