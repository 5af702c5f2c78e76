"""What of speech that commands nothing is taken for a command: people who read, and talk between programmers."""

import csv
import json
import random
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile

from duologue_server.bench.command_speech import RATE_HZ, Hearing, said, vocabulary
from duologue_server.bench.ordinary import ORDINARY
from duologue_server.bench.speakers import named_speaker
from duologue_server.commands import Place, Reading, Refusal, is_harmless, likeliest, plan
from duologue_server.context.documents import Documents
from duologue_server.context.positions import Position, Range
from duologue_server.context.trees import parse as parse_tree
from duologue_server.context.view import View
from duologue_server.session.conversation import COMMANDS
from duologue_server.suggest.answers import understand
from duologue_server.voice.moonshine import Samples

NOISE = ("keyboardsounds", "typing_loops", "ambience")
"""Groups of recordings in which nobody speaks."""
SOURCE = """import os

class Parser:
    def load(self, path, mode, user):
        total = 0
        items = os.listdir(path)
        for item in items:
            if item.price > total and user.is_admin:
                total += item.price
        return total

def test_load(name, value, text, cache, window, server, list):
    assert load("name", 1)
"""
MEANT = ("Undo that, please.", "Run the tests again.")
"""Of the ordinary sentences: these are commands."""
Kind = Literal["harmless", "refused", "asked", "done"]
KINDS: tuple[Kind, ...] = ("done", "asked", "refused", "harmless")


@dataclass(frozen=True)
class Accident:
    """Talk that was taken for a command."""

    said: str
    reading: Reading
    kind: Kind
    """`asked` is a change that is asked about before, `done` one, or a run of something, that is made at once."""


@dataclass(frozen=True, slots=True)
class Overheard:
    """An utterance that commanded nothing, and what was heard of it."""

    source: str
    said: str
    """What was said, or the recording's path."""
    seconds: float
    text: str
    others: tuple[str, ...] = ()
    """What else it may have been, the likeliest first."""

    @classmethod
    def of_json(cls, line: str) -> "Overheard":
        row = json.loads(line)
        return cls(**{**row, "others": tuple(row.get("others", ()))})


def place() -> Place:
    """In the middle of a function, in a file whose names are ordinary words."""
    snapshot = Documents().open("file:///home/ann/store.py", "python", 1, SOURCE).snapshot()
    here = Range(Position(8, 16), Position(8, 16))
    return Place(View(snapshot, parse_tree(snapshot)), here, buffers=("utils.py", "cache.py"))


def accident(here: Place, text: str, *others: str) -> Accident | None:
    """What an utterance is taken for there, in any text that it may be; None when it stays talk."""
    found = likeliest((text, *others), here)
    if found is None:
        return None
    text, reading = found
    made = plan(reading, here)
    if isinstance(made, Refusal):
        return Accident(text, reading, "refused")
    if is_harmless(reading.command):
        return Accident(text, reading, "harmless")
    return Accident(text, reading, "asked" if made.certainty == "ask" else "done")


def recordings(data: Path, most: int) -> Iterator[tuple[str, str, Samples]]:
    """(group, path, samples) of people who speak and of noise, up to `most` of each group, by chance.

    `data` holds `train/index.csv` and `dev/index.csv`, or one of them. Raises FileNotFoundError without any.
    """
    indices = [file for file in (data / split / "index.csv" for split in ("train", "dev")) if file.exists()]
    if not indices:
        raise FileNotFoundError(f"{data}: there is no train/index.csv and no dev/index.csv")
    by_group: dict[str, list[Path]] = {}
    for index in indices:
        with index.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                group = "noise" if row["group"] in NOISE or row["label"] == "_silence_" else row["group"]
                by_group.setdefault(group, []).append(index.parent / row["path"])
    for group, paths in by_group.items():
        random.Random(11).shuffle(paths)
        for path in paths[:most]:
            samples, rate_hz = soundfile.read(path, dtype="float32")
            assert rate_hz == RATE_HZ, path
            yield group, str(path.relative_to(data)), np.asarray(samples, np.float32)


def talk(fixtures: Path) -> list[str]:
    """Sentences in which nobody commands."""
    lines = (fixtures / "conversation.txt").read_text(encoding="utf-8").splitlines()
    own = [line for line in lines if line and not line.startswith("#")]
    return [*own, *(line for line in ORDINARY if line not in MEANT)]


def overhear(
    voices: Sequence[str], sentences: Sequence[str], data: Path | None, most: int, known: Collection[tuple[str, str]]
) -> Iterator[Overheard]:
    """Everything but what is `known`, by its source and what was said, as the ear writes it with the names of `place`
    favoured."""
    hearing = Hearing()
    names = vocabulary(place())
    speakers = {voice: named_speaker(voice) for voice in voices}
    for sentence in sentences:
        for voice, speaker in speakers.items():
            if (voice, sentence) not in known:
                speech = said(speaker, sentence)
                yield Overheard(voice, sentence, len(speech) / RATE_HZ, *hearing.texts(speech, names))
    for group, path, samples in recordings(data, most) if data is not None else ():
        if (group, path) not in known:
            yield Overheard(group, path, len(samples) / RATE_HZ, *hearing.texts(samples, names))


def report(overheard: Sequence[Overheard]) -> str:
    """A Markdown table of what was taken for a command, by source, and a line for each."""
    here = place()
    lines = [f"| source | utterances | minutes | {' | '.join(KINDS)} |", f"| --- | --: | --: {'| --: ' * len(KINDS)}|"]
    listed: list[str] = []
    for source in dict.fromkeys(one.source for one in overheard):
        mine = [one for one in overheard if one.source == source]
        found = [(one, accident(here, one.text, *one.others)) for one in mine]
        counts = Counter(taken.kind for _, taken in found if taken is not None)
        minutes = sum(one.seconds for one in mine) / 60
        lines.append(f"| {source} | {len(mine)} | {minutes:.1f} | {' | '.join(str(counts[kind]) for kind in KINDS)} |")
        listed += [_told(one, taken) for one, taken in found if taken is not None]
    return "\n".join([*lines, "", *listed])


def _told(one: Overheard, taken: Accident) -> str:
    before = "" if understand(one.text).kind in COMMANDS else "; the partner takes it first"
    return f"{one.source}: {taken.kind}: {one.said!r} -> {taken.said!r} ({taken.reading.command}{before})"
