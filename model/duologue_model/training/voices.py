"""The utterance bank: clips of people and of synthesisers, each with its speaker, licence, text and split.

People come from a data folder with an `index.csv` (path, group, label, speaker, dur_s, licence, source); synthesised
phrases from the `synthesisers` and, for the partner alone, from the installed `hibari` package. What a recogniser made
of the recorded texts lies in `transcripts/`. A speaker, voice or keyboard belongs to one split for ever.
"""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from duologue_model.slices import RATE_HZ, Samples
from duologue_model.training.phrases import PARTNER_KINDS, SPLITS, TEMPLATES, pause_places, texts
from duologue_model.training.synthesisers import (
    LICENCES,
    SHARES,
    SynthesiserMissing,
    engines,
    randomness,
    speak,
    voices_of,
)

SHORT_WORDS = {"stop": ("stop",), "yes": ("answer", "backchannel"), "right": ("answer", "backchannel")}
ANSWERS = frozenset({"no", "go", "on", "off", "up", "down", "left"})
COMMON_KINDS = {
    "turn": 1.0, "pausing": 1.0, "stop": 0.3, "answer": 0.3, "backchannel": 0.3, "colleague": 0.4, "timed": 0.3,
}  # fmt: skip
"""Which share of the phrases asked for is made of a kind; 0.4 of all others."""
FRAME = 160


class BankTrouble(Exception):
    """The bank cannot be made or read; says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What is known about a clip.

    `breaks` are samples at which a pause may be put in, `pauses` the silences that are there already: from and to.
    """

    id: str
    kind: str
    text: str
    speaker: str
    engine: str
    licence: str
    split: str
    breaks: tuple[int, ...] = ()
    pauses: tuple[tuple[int, int], ...] = ()


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


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a bank is made of."""

    data: Path | None = None
    """Folder with recordings."""
    seed: int = 1
    per_kind: int = 16
    """Phrases of the commonest kinds for each synthetic speaker."""
    transcripts: Path | None = None
    """CSV (path, text) instead of the texts that come with the simulator."""
    without: tuple[str, ...] = ()
    """Synthesisers that are left out."""
    fetched: Path = Path("build/fetched")
    """Where the weights of Kokoro lie, or are put."""


def open_bank(folder: Path, data: Path | None, split: str, seed: int, recipe: Recipe | None = None) -> Bank:
    """The bank of a split in `folder`, made there if it is not yet: some minutes on one core for the first time."""
    recipe = replace(recipe or Recipe(), data=data, seed=seed)
    if not (folder / f"{split}.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_bank(folder, split, make_clips(split, recipe))
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
        Clip(_facts(row), (part / np.float32(32767)).astype(np.float32)) for row, part in zip(rows, parts, strict=True)
    )


def _facts(row: dict[str, Any]) -> ClipFacts:
    lists = {"breaks": tuple(row["breaks"]), "pauses": tuple((a, b) for a, b in row.get("pauses", ()))}
    return ClipFacts(**{**row, **lists})


def make_clips(split: str, recipe: Recipe) -> Iterator[Clip]:
    """All clips of a split: synthesised phrases, the partner's voice, and what people recorded."""
    assert split in SPLITS, split
    rng = np.random.default_rng([recipe.seed, SPLITS.index(split)])
    if recipe.data is not None:
        yield from recorded(recipe.data, split, recipe.transcripts)
    yield from _partner(split, 2 * recipe.per_kind, rng)
    yield from _synthesised(split, recipe)


def split_of(speaker: str) -> str:
    """The split that a recorded speaker or a keyboard belongs to, by name: 76 % train, 12 % dev, 12 % held-out."""
    share = int(hashlib.sha256(speaker.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    return "train" if share < 0.76 else "dev" if share < 0.88 else "held-out"


def recorded(data: Path, split: str, transcripts: Path | None = None) -> Iterator[Clip]:
    """The clips of people and keyboards in a data folder that belong to the split.

    The index has no texts of longer clips: they come from `transcripts` (columns path, text), or from those that lie
    beside the simulator.
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
            level = centred(samples)
            trimmed = level if kinds[0] in ("key", "ambience") else trim(level)
            text = texts_of.get(row["path"], row["label"] if row["group"].startswith("speech_commands") else "")
            facts = ClipFacts(row["path"], kinds[0], text, owner or row["group"], "human", row["licence"], split)
            pauses = tuple(silences(trimmed)) if kinds[0] == "talk" else ()
            for kind in kinds:
                yield Clip(replace(facts, id=f"{kind}/{row['path']}", kind=kind, pauses=pauses), trimmed)


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
    if file is not None and not file.is_file():
        raise BankTrouble(f"There is no {file}. Give --transcripts a CSV file with the columns path and text.")
    shipped = resources.files("duologue_model.training").joinpath("transcripts/librispeech.csv")
    text = (file or shipped).read_text("utf-8")
    return {row["path"]: row["text"] for row in csv.DictReader(text.splitlines())}


def _synthesised(split: str, recipe: Recipe) -> Iterator[Clip]:
    sources = engines(recipe.fetched)
    for voice in voices_of(split, recipe.seed, recipe.without):
        rng = randomness(voice, recipe.seed)
        for kind in TEMPLATES:
            if kind in PARTNER_KINDS:
                continue
            most = max(1, round(recipe.per_kind * COMMON_KINDS.get(kind, 0.4) * SHARES.get(voice.engine, 1.0)))
            for number, text in enumerate(texts(kind, split, most, rng)):
                spoken, places = pause_places(text)
                try:
                    samples = trim(speak(voice, spoken, rng, sources))
                except SynthesiserMissing as missing:
                    raise BankTrouble(str(missing)) from missing
                id_ = f"{voice.speaker}/{kind}/{number}"
                breaks = tuple(break_near(samples, place) for place in places)
                licence = LICENCES[voice.engine]
                yield Clip(ClipFacts(id_, kind, spoken, voice.speaker, voice.engine, licence, split, breaks), samples)


def _partner(split: str, per_kind: int, rng: Generator) -> Iterator[Clip]:
    """The partner's own voice, as the product speaks; played back only, never a user."""
    import hibari
    import soxr

    speak = hibari.Hibari()
    for kind in PARTNER_KINDS:
        for number, text in enumerate(texts(kind, split, per_kind, rng)):
            sound = np.asarray(speak(text, seed=number), np.float32)
            samples = trim(soxr.resample(sound, hibari.SAMPLE_RATE, RATE_HZ).astype(np.float32))
            licence = LICENCES["hibari"]
            yield Clip(ClipFacts(f"hibari/{kind}/{number}", kind, text, "hibari", "hibari", licence, split), samples)


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


def centred(samples: Samples, low_hz: float = 40.0) -> Samples:
    """Without what lies below any voice: some recordings are not around zero, and their silences would not be found."""
    spectrum = np.fft.rfft(samples)
    spectrum[: round(low_hz * len(samples) / RATE_HZ)] = 0.0
    level: Samples = np.fft.irfft(spectrum, len(samples)).astype(np.float32)
    return level


def silences(samples: Samples, shortest_s: float = 0.15) -> list[tuple[int, int]]:
    """All silences inside a clip that last at least `shortest_s`: from and to, samples."""
    loud = levels(samples)
    quiet = np.flatnonzero(loud <= float(loud.max(initial=0.0)) * 0.04)
    runs = np.split(quiet, np.flatnonzero(np.diff(quiet) > 1) + 1)
    inside = (run for run in runs if len(run) and run[0] > 0 and run[-1] < len(loud) - 1)
    return [
        (int(run[0]) * FRAME, int(run[-1] + 1) * FRAME) for run in inside if len(run) * FRAME >= shortest_s * RATE_HZ
    ]


def break_near(samples: Samples, share: float) -> int:
    """The quietest place of a phrase near where a share of its letters has been said, as a sample."""
    loud = np.convolve(levels(samples), np.ones(3) / 3, mode="same")
    middle, reach = int(share * len(loud)), max(2, len(loud) // 6)
    first = min(max(1, middle - reach), len(loud) - 1)
    return int(first + np.argmin(loud[first : max(first + 1, middle + reach)])) * FRAME
