"""The utterance bank: clips of people and of synthesisers, each with its speaker, licence, text and split.

People come from a data folder with an `index.csv` (path, group, label, speaker, dur_s, licence, source); synthesised
phrases from flite and espeak-ng, run as programs, and, for the partner alone, from the installed `hibari` package.
A speaker, voice or keyboard belongs to one split for ever.
"""

import csv
import hashlib
import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from duologue_model.slices import RATE_HZ, Samples
from duologue_model.training.phrases import PARTNER_KINDS, SPLITS, TEMPLATES, pause_places, texts

SYNTHETIC_VOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "train": (("flite", "awb"), ("flite", "rms"), ("flite", "slt")),
    "dev": (("flite", "kal16"),),
    "held-out": tuple(("espeak-ng", voice) for voice in ("en-us", "en-gb+f3", "en-us+m3", "en-gb-scotland+f2")),
}
"""Who speaks in which split. espeak-ng and flite's kal16 are never trained on."""
ENGINE_LICENCES = {
    "flite": "BSD-style (CMU)",
    "espeak-ng": "GPL-3.0-or-later program, output unencumbered",
    "hibari": "Apache-2.0",
}
SHORT_WORDS = {"stop": ("stop",), "yes": ("answer", "backchannel"), "right": ("answer", "backchannel")}
ANSWERS = frozenset({"no", "go", "on", "off", "up", "down", "left"})
FRAME = 160


class BankTrouble(Exception):
    """The bank cannot be made or read; says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What is known about a clip. `breaks` are samples at which a pause may be put in."""

    id: str
    kind: str
    text: str
    speaker: str
    engine: str
    licence: str
    split: str
    breaks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A clip and its samples `[N]`, float32 at 16 kHz, peak at most 1."""

    facts: ClipFacts
    samples: Samples

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE_HZ


class Bank:
    """All clips of one split, by kind. Raises `BankTrouble` when a kind is asked for that it lacks."""

    def __init__(self, clips: Iterable[Clip]) -> None:
        self.clips = {clip.facts.id: clip for clip in clips}
        self._kinds: dict[str, list[Clip]] = defaultdict(list)
        for clip in self.clips.values():
            self._kinds[clip.facts.kind].append(clip)

    def has(self, kind: str) -> bool:
        return bool(self._kinds[kind])

    def speakers(self, kind: str) -> list[str]:
        """Who has clips of the kind, sorted."""
        return sorted({clip.facts.speaker for clip in self._kinds[kind]})

    def pick(self, rng: Generator, kind: str, speaker: str | None = None, human_share: float = 0.0) -> Clip:
        """A clip of the kind: by a person in `human_share` of the cases, otherwise by the speaker, if there is one."""
        clips = self._kinds[kind]
        if not clips:
            raise BankTrouble(f"The bank has no clip of the kind {kind!r}. Make it again with `--rebuild-bank`.")
        if speaker is not None:
            people = [clip for clip in clips if clip.facts.engine == "human"]
            own = [clip for clip in clips if clip.facts.speaker == speaker]
            clips = (people if people and rng.random() < human_share else own) or clips
        return clips[int(rng.integers(len(clips)))]

    def licences(self) -> dict[str, int]:
        """How many clips there are under each licence."""
        counts: dict[str, int] = defaultdict(int)
        for clip in self.clips.values():
            counts[f"{clip.facts.engine}: {clip.facts.licence}"] += 1
        return dict(sorted(counts.items()))


def open_bank(
    folder: Path, data: Path | None, split: str, seed: int, per_kind: int = 24, transcripts: Path | None = None
) -> Bank:
    """The bank of a split in `folder`, made there if it is not yet: some minutes on one core for the first time."""
    if not (folder / f"{split}.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_bank(folder, split, make_clips(data, split, seed, per_kind, transcripts))
    return read_bank(folder, split)


def write_bank(folder: Path, split: str, clips: Iterable[Clip]) -> None:
    """Writes `SPLIT.npy` (16-bit samples, one after the other) and `SPLIT.json` (facts and lengths)."""
    kept = list(clips)
    rows = [{**asdict(clip.facts), "samples": len(clip.samples)} for clip in kept]
    joined = np.concatenate([np.round(clip.samples * 32767).astype(np.int16) for clip in kept])
    np.save(folder / f"{split}.npy", joined)
    (folder / f"{split}.json").write_text(json.dumps(rows, indent=0), "utf-8")


def read_bank(folder: Path, split: str) -> Bank:
    """Reads what `write_bank` wrote."""
    rows = json.loads((folder / f"{split}.json").read_text("utf-8"))
    joined: NDArray[np.int16] = np.load(folder / f"{split}.npy")
    ends = np.cumsum([row.pop("samples") for row in rows])
    parts = np.split(joined, ends[:-1])
    return Bank(
        Clip(ClipFacts(**{**row, "breaks": tuple(row["breaks"])}), (part / np.float32(32767)).astype(np.float32))
        for row, part in zip(rows, parts, strict=True)
    )


def make_clips(
    data: Path | None, split: str, seed: int, per_kind: int, transcripts: Path | None = None
) -> Iterator[Clip]:
    """All clips of a split: synthesised phrases, the partner's voice, and what people recorded."""
    assert split in SPLITS, split
    rng = np.random.default_rng([seed, SPLITS.index(split)])
    yield from _synthesised(split, per_kind, rng)
    yield from _partner(split, per_kind, rng)
    if data is not None:
        yield from recorded(data, split, transcripts)


def split_of(speaker: str) -> str:
    """The split that a recorded speaker or a keyboard belongs to, by name: 76 % train, 12 % dev, 12 % held-out."""
    share = int(hashlib.sha256(speaker.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    return "train" if share < 0.76 else "dev" if share < 0.88 else "held-out"


def recorded(data: Path, split: str, transcripts: Path | None = None) -> Iterator[Clip]:
    """The clips of people and keyboards in a data folder that belong to the split.

    The index has no texts of longer clips: `transcripts` (columns path, text) may hold what a recogniser made of them.
    """
    import soundfile

    indices = sorted(data.glob("*/index.csv"))
    if not indices:
        raise BankTrouble(f"No index.csv in the folders of {data}. Give --data the folder that holds train/ and dev/.")
    texts_of = _transcripts(transcripts)
    for index in indices:
        for row in csv.DictReader(index.read_text("utf-8").splitlines()):
            kinds, owner = _kinds_of(row)
            belongs = "dev" if index.parent.name == "dev" else "train" if owner == "" else split_of(owner)
            if not kinds or belongs != split:
                continue
            samples, rate_hz = soundfile.read(index.parent / row["path"], dtype="float32")
            assert rate_hz == RATE_HZ, f"{row['path']} has {rate_hz} Hz"
            trimmed = samples if kinds[0] in ("key", "ambience") else trim(samples)
            text = texts_of.get(row["path"], row["label"] if row["group"].startswith("speech_commands") else "")
            facts = ClipFacts(row["path"], kinds[0], text, owner or row["group"], "human", row["licence"], split)
            breaks = tuple(quiet_places(trimmed)) if kinds[0] == "talk" else ()
            for kind in kinds:
                yield Clip(replace(facts, id=f"{kind}/{row['path']}", kind=kind, breaks=breaks), trimmed)


def _kinds_of(row: dict[str, str]) -> tuple[tuple[str, ...], str]:
    """What a recorded clip is good for, and whose it is ("" when it may be used in training only)."""
    group, label = row["group"], row["label"]
    if group == "keyboardsounds":
        return (("key",) if "press" in row["path"] or "key" in row["path"].rsplit("/", 1)[-1] else ()), label
    if group == "ambience":
        return ("ambience",), ""
    if group.startswith("librispeech"):
        return ("talk",), row["speaker"]
    if group.startswith("speech_commands") and row["speaker"]:
        short = ("answer",) if label in ANSWERS else ("other",) if label.startswith("unk_") else ()
        return SHORT_WORDS.get(label, short), row["speaker"]
    return (("other",) if group.startswith("mycroft") and label != "bg_noise" else ()), ""


def _transcripts(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    if not file.is_file():
        raise BankTrouble(f"There is no {file}. Give --transcripts a CSV file with the columns path and text.")
    return {row["path"]: row["text"] for row in csv.DictReader(file.read_text("utf-8").splitlines())}


def _synthesised(split: str, per_kind: int, rng: Generator) -> Iterator[Clip]:
    for kind in TEMPLATES:
        if kind in PARTNER_KINDS:
            continue
        for engine, voice in SYNTHETIC_VOICES[split]:
            for number, text in enumerate(texts(kind, split, per_kind, rng)):
                spoken, places = pause_places(text)
                samples = trim(_speak(engine, voice, spoken, rng))
                id_ = f"{engine}/{voice}/{kind}/{number}"
                licence = ENGINE_LICENCES[engine]
                breaks = tuple(break_near(samples, place) for place in places)
                yield Clip(ClipFacts(id_, kind, spoken, f"{engine}/{voice}", engine, licence, split, breaks), samples)


def _partner(split: str, per_kind: int, rng: Generator) -> Iterator[Clip]:
    """The partner's own voice, as the product speaks; played back only, never a user."""
    import hibari
    import soxr

    speak = hibari.Hibari()
    for kind in PARTNER_KINDS:
        for number, text in enumerate(texts(kind, split, per_kind, rng)):
            sound = np.asarray(speak(text, seed=number), np.float32)
            samples = trim(soxr.resample(sound, hibari.SAMPLE_RATE, RATE_HZ).astype(np.float32))
            licence = ENGINE_LICENCES["hibari"]
            yield Clip(ClipFacts(f"hibari/{kind}/{number}", kind, text, "hibari", "hibari", licence, split), samples)


def _speak(engine: str, voice: str, text: str, rng: Generator) -> Samples:
    """One phrase by a program, at a pace and pitch that vary, resampled to 16 kHz."""
    import soundfile
    import soxr

    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "phrase.wav"
        if engine == "flite":
            stretch = f"duration_stretch={rng.uniform(0.8, 1.25):.2f}"
            command = ["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(sound)]
        else:
            pace, pitch = int(rng.integers(140, 200)), int(rng.integers(30, 70))
            command = ["espeak-ng", "-v", voice, "-s", str(pace), "-p", str(pitch), "-w", str(sound), text]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except FileNotFoundError as missing:
            raise BankTrouble(
                f"{engine} is not installed. Install the system package {engine} and run again."
            ) from missing
        samples, rate_hz = soundfile.read(sound, dtype="float32")
    resampled: Samples = soxr.resample(samples, rate_hz, RATE_HZ).astype(np.float32)
    return resampled


def levels(samples: Samples) -> NDArray[np.float32]:
    """`[N // 160]` root mean square of each 10 ms."""
    whole = len(samples) - len(samples) % FRAME
    frames: NDArray[np.float32] = np.sqrt(np.mean(samples[:whole].reshape(-1, FRAME) ** 2, axis=1, dtype=np.float32))
    return frames


def trim(samples: Samples) -> Samples:
    """Without what is 32 dB below the loudest 10 ms at both ends, with 20 ms left; peak at 0.7."""
    loud = levels(samples)
    sounding = np.flatnonzero(loud > max(float(loud.max(initial=0.0)) * 0.025, 1e-5))
    if len(sounding) == 0:
        return samples
    start, end = max(0, (int(sounding[0]) - 2) * FRAME), (int(sounding[-1]) + 3) * FRAME
    cut = samples[start:end]
    return (cut * (0.7 / max(float(np.abs(cut).max()), 1e-6))).astype(np.float32)


def quiet_places(samples: Samples, shortest_s: float = 0.15) -> list[int]:
    """The middles of all silences inside a clip that last at least `shortest_s`."""
    loud = levels(samples)
    quiet = np.flatnonzero(loud <= float(loud.max(initial=0.0)) * 0.04)
    runs = np.split(quiet, np.flatnonzero(np.diff(quiet) > 1) + 1)
    return [int((run[0] + run[-1] + 1) // 2) * FRAME for run in runs if len(run) * FRAME >= shortest_s * RATE_HZ]


def break_near(samples: Samples, share: float) -> int:
    """The quietest place of a phrase near where a share of its letters has been said, as a sample."""
    loud = np.convolve(levels(samples), np.ones(3) / 3, mode="same")
    middle, reach = int(share * len(loud)), max(2, len(loud) // 6)
    first = min(max(1, middle - reach), len(loud) - 1)
    return int(first + np.argmin(loud[first : max(first + 1, middle + reach)])) * FRAME
