"""Simulated sessions on disk: one compressed file a session, readable without any code of ours."""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np

from duologue_model.training.example import SessionExample

_TEXT = ("name", "scenario", "words", "transcript")


def write_shard(folder: Path, example: SessionExample) -> Path:
    """Writes `NAME.npz`: arrays as they are but sound in 16 bit, and one JSON text for everything in words."""
    arrays = {field.name: getattr(example, field.name) for field in fields(example) if field.name not in _TEXT}
    for sound in ("microphone", "playback"):
        arrays[sound] = np.round(np.clip(arrays[sound], -1, 1) * 32767).astype(np.int16)
    told = {name: getattr(example, name) for name in _TEXT}
    path = folder / f"{example.name}.npz"
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, told=np.array(json.dumps(told)), **arrays)
    return path


def read_shard(path: Path) -> SessionExample:
    """Raises ValueError for a file that is no shard."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files if name != "told"}
            told = json.loads(str(stored["told"]))
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{path} is no shard of the simulator ({error}); simulate it again") from error
    for sound in ("microphone", "playback"):
        arrays[sound] = arrays[sound].astype(np.float32) / 32767
    return SessionExample(
        name=told["name"],
        scenario=told["scenario"],
        words=tuple(told["words"]),
        transcript=tuple((float(start_s), float(end_s), str(text)) for start_s, end_s, text in told["transcript"]),
        **arrays,
    )


def read_shards(folder: Path) -> Iterator[SessionExample]:
    """All shards of a folder, in order of their names. Raises ValueError when there are none."""
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise ValueError(f"{folder} holds no shards; make some with python -m duologue_model.training.simulate")
    for path in paths:
        yield read_shard(path)
