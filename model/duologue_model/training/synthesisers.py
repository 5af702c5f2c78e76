"""The voices of synthesisers that play users: which there are, who speaks in which split, and how a phrase is made.

Few voices become many: each is heard in several `variants` of pitch, length of the vocal tract and pace, each of which
counts as a speaker of its own. Nothing here is needed to run the product.
"""

import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.random import Generator

from duologue_model.slices import Samples
from duologue_model.training.kokoro import Kokoro
from duologue_model.training.warp import Warp, warped

_KOKORO = (
    "am_adam", "af_bella", "bm_george", "bf_emma", "am_michael", "af_sarah", "am_onyx", "af_kore", "bm_lewis",
    "am_puck", "af_alloy", "am_fenrir", "am_adam+bm_lewis", "af_bella+bf_emma", "am_onyx+am_puck", "af_sarah+af_kore",
    "bm_george+am_michael", "af_alloy+am_fenrir",
)  # fmt: skip
"""Not af_heart and not its blends: that is the partner's voice."""
SYNTHETIC_VOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "train": (
        *(("flite", voice) for voice in ("awb", "rms", "slt")),
        ("festival", "cmu_us_slt_arctic_hts"),
        *(("kokoro", voice) for voice in _KOKORO),
    ),
    "dev": (("flite", "kal16"), *(("kokoro", voice) for voice in ("af_sky", "am_liam", "bm_fable"))),
    "held-out": (
        *(("espeak-ng", voice) for voice in ("en-us", "en-gb+f3", "en-us+m3", "en-gb-scotland+f2")),
        *(("kokoro", voice) for voice in ("af_nova", "am_eric", "bf_lily")),
    ),
}
"""Who speaks in which split. espeak-ng, flite's kal16 and the voices after the first 18 are never trained on."""
ENGINES = ("flite", "festival", "espeak-ng", "kokoro")
VARIANTS = {("train", "flite"): 6, ("train", "festival"): 3, ("dev", "flite"): 3}
"""How many speakers are made of each voice of an engine in a split; 1 where nothing is said."""
SHARES = {"festival": 0.6, "kokoro": 0.2}
"""Which share of the phrases a slow engine says."""
INSTALL = {
    "flite": "flite",
    "festival": "festival festvox-us-slt-hts",
    "espeak-ng": "espeak-ng",
}
"""The Debian packages of each engine that is a program."""
LICENCES = {
    "flite": "BSD-style (CMU)",
    "festival": "BSD-style (University of Edinburgh, Nagoya Institute of Technology, CMU)",
    "espeak-ng": "GPL-3.0-or-later program, output unencumbered",
    "kokoro": "Apache-2.0 (hexgrad; export by thewh1teagle, MIT)",
    "hibari": "Apache-2.0",
}


Engine = Callable[[str, str, Generator], tuple[Samples, int]]
"""Gives the samples and the rate of a phrase; takes the voice, the text and randomness for the pace."""


class SynthesiserMissing(Exception):
    """An engine is not on this machine; says which and what to do."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker made of a synthesiser's voice."""

    engine: str
    name: str
    variant: int
    warp: Warp

    @property
    def speaker(self) -> str:
        return f"{self.engine}/{self.name}/{self.variant}"


def voices_of(split: str, seed: int, without: Iterable[str] = ()) -> list[Voice]:
    """The speakers of a split; the first variant of each voice is the voice as it is."""
    left_out = set(without)
    found = []
    for engine, name in SYNTHETIC_VOICES[split]:
        for variant in range(VARIANTS.get((split, engine), 1) if engine not in left_out else 0):
            plain = Voice(engine, name, variant, Warp())
            found.append(replace(plain, warp=_drawn(randomness(plain, seed))) if variant else plain)
    return found


def randomness(voice: Voice, seed: int) -> Generator:
    """A speaker's own randomness: what it says is the same whoever else speaks."""
    return np.random.default_rng([seed, zlib.crc32(voice.speaker.encode())])


def speak(voice: Voice, text: str, rng: Generator, engines: Mapping[str, Engine]) -> Samples:
    """One phrase `[N]`, float32 at 16 kHz, in the speaker's own way and at a pace that varies a little.

    Raises `SynthesiserMissing` where the engine cannot be had.
    """
    try:
        samples, rate_hz = engines[voice.engine](voice.name, text, rng)
    except FileNotFoundError as missing:
        how = f"apt-get install {INSTALL[voice.engine]}" if voice.engine in INSTALL else str(missing)
        raise SynthesiserMissing(
            f"{voice.engine} is not here ({how}). Get it, or leave its voices out with `--without {voice.engine}`."
        ) from missing
    return warped(samples, rate_hz, voice.warp)


def _drawn(rng: Generator) -> Warp:
    """A speaker that could be a grown-up: longer and shorter vocal tracts, lower and higher, slower and faster."""
    formants = float(rng.uniform(0.84, 1.2))
    # Long vocal tracts go with low voices, but loosely.
    pitch = float(np.clip(formants ** rng.uniform(0.6, 1.8) * rng.uniform(0.9, 1.12), 0.72, 1.4))
    return Warp(formants, pitch, float(rng.uniform(0.82, 1.22)))


def _flite(voice: str, text: str, rng: Generator) -> tuple[Samples, int]:
    stretch = f"duration_stretch={rng.uniform(0.88, 1.14):.2f}"
    return _program(lambda file: ["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(file)])


def _espeak(voice: str, text: str, rng: Generator) -> tuple[Samples, int]:
    pace, pitch = int(rng.integers(140, 200)), int(rng.integers(30, 70))
    return _program(lambda file: ["espeak-ng", "-v", voice, "-s", str(pace), "-p", str(pitch), "-w", str(file), text])


def _festival(voice: str, text: str, rng: Generator) -> tuple[Samples, int]:
    stretch = f"(Parameter.set 'Duration_Stretch {rng.uniform(0.9, 1.15):.2f})"
    return _program(lambda file: ["text2wave", "-eval", f"(voice_{voice})", "-eval", stretch, "-o", str(file)], text)


def _program(command: Callable[[Path], list[str]], text: str | None = None) -> tuple[Samples, int]:
    """The samples and the rate of the file that a program writes; `text` goes to its standard input."""
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "phrase.wav"
        subprocess.run(command(sound), check=True, capture_output=True, input=text.encode() if text else None)
        samples, rate_hz = soundfile.read(sound, dtype="float32")
    return samples, int(rate_hz)


def engines(fetched: Path) -> Mapping[str, Engine]:
    """All engines by name; `fetched` holds, or will hold, what has to be downloaded for them."""
    loaded: list[Kokoro] = []

    def kokoro(voice: str, text: str, rng: Generator) -> tuple[Samples, int]:
        if not loaded:
            loaded.append(Kokoro(fetched))
        return loaded[0](voice, text, rng)

    return {"flite": _flite, "festival": _festival, "espeak-ng": _espeak, "kokoro": kokoro}
