"""Fits and measures what tells words said by themselves: yes, no, stop, go, on, off, up, down, left, right.

  python -m duologue_server.evaluate.short_words --data DATA            # measures what ships, on DATA/dev
  python -m duologue_server.evaluate.short_words --data DATA --fit      # fits to DATA/train first, and ships that

DATA holds `train/index.csv` and `dev/index.csv` with the columns path, group and label. Everything that is not one of
the words counts as something else: other words, noises, and pieces cut out of sentences. With `--bank`, short clips
of the simulator's synthesisers are among the others too, so that "wait" and "okay" are not taken for a word of ours.
"""

import argparse
import csv
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from duologue_model.training.voices import read_bank
from duologue_server.bench.rows import this_machine
from duologue_server.voice import short_words
from duologue_server.voice.moonshine import RATE_HZ, MoonshineListener, Samples, encoded, prepare
from duologue_server.voice.moonshine_weights import BASE_EN, Opened, open_pack

WORDS = ("stop", "yes", "no", "go", "on", "off", "up", "down", "left", "right")
PIECES = 4
"""Cut out of each recording of a sentence."""
PIECE_S = (0.3, 1.0)
DECAY = 1e-3
"""Of squared weights, for features of unit variance."""
MOST_CLIPS = 500
"""Of a synthesiser bank."""
_MARGIN = np.zeros(RATE_HZ // 4, np.float32)


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody says `label` by itself; other labels than ours are something else."""

    label: str
    samples: Samples


def material(data: Path, split: str, bank: Path | None = None) -> Iterator[Said]:
    """Everything short of a split. Raises FileNotFoundError without an index."""
    rng = random.Random(5)
    with (data / split / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["group"].startswith(("speech_commands", "mycroft")):
            yield Said(row["label"].lower(), _read(data / split / row["path"]))
        elif row["group"].startswith("librispeech"):
            whole = _read(data / split / row["path"])
            for _ in range(PIECES):
                length = round(rng.uniform(*PIECE_S) * RATE_HZ)
                at = rng.randrange(max(1, len(whole) - length))
                yield Said("", whole[at : at + length])
    if bank is not None:
        clips = [clip for clip in read_bank(bank, split).clips.values() if len(clip.samples) < 1.3 * RATE_HZ]
        made = [clip for clip in clips if clip.facts.engine != "human"]
        for clip in rng.sample(made, min(MOST_CLIPS, len(made))):
            yield Said(clip.facts.text.lower().strip(" .?!"), np.asarray(clip.samples, np.float32))


def varied(said: Said, rng: np.random.Generator) -> Said:
    """The same, said by another throat in a noisier room."""
    pace = rng.uniform(0.88, 1.12)
    length = int(len(said.samples) / pace)
    faster = np.interp(np.linspace(0, len(said.samples) - 1, length), np.arange(len(said.samples)), said.samples)
    noise = rng.normal(size=length)
    level = np.sqrt((faster**2).mean() / (noise**2).mean()) * 10 ** (-rng.uniform(5.0, 30.0) / 20)
    return Said(said.label, (faster + level * noise).astype(np.float32))


def heard(model: Opened, said: Said) -> NDArray[np.float32] | None:
    """Features `[F]`, None where there is no speech."""
    speech = prepare(np.concatenate([_MARGIN, said.samples, _MARGIN]))
    if speech is None:
        return None
    return short_words.features_of(encoded(model, speech)[0], len(speech) / RATE_HZ)


def fit(features: NDArray[np.float32], labels: NDArray[np.int64]) -> short_words.ShortWords:
    """Logistic regression on features `[N, F]` of unit variance, labels `[N]` up to `len(WORDS)` for something else."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-5
    x, y = torch.tensor((features - mean) / spread), torch.tensor(labels)
    weight = torch.zeros(x.shape[1], len(WORDS) + 1, requires_grad=True)
    bias = torch.zeros(len(WORDS) + 1, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=60)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        total = torch.nn.functional.cross_entropy(x @ weight + bias, y) + DECAY * (weight**2).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    plain = weight.detach().numpy() / spread[:, None]
    return short_words.ShortWords(WORDS, plain.astype(np.float32), bias.detach().numpy() - mean @ plain)


def measure(said: Sequence[Said]) -> Table:
    """How many words of ours are recognised, through the recogniser as it ships and without the classifier."""
    shown = Table(title="words said by themselves")
    for name in ("", "clips", "as it ships", "without telling them by sound"):
        shown.add_column(name)
    ours = [one for one in said if one.label in WORDS]
    others = [one for one in said if one.label not in WORDS]
    listener, without = MoonshineListener(), MoonshineListener()
    without._short_words = None
    right: dict[MoonshineListener, int] = {}
    taken: dict[MoonshineListener, int] = {}
    for one in (listener, without):
        right[one] = sum(_bare(one.final(_padded(word))) == word.label for word in ours)
        taken[one] = sum(_bare(one.final(_padded(word))) in WORDS for word in others)
    shown.add_row("right", str(len(ours)), *(f"{right[one] / max(1, len(ours)):.1%}" for one in (listener, without)))
    shown.add_row(
        "something else, taken for a word", str(len(others)),
        *(f"{taken[one] / max(1, len(others)):.1%}" for one in (listener, without)),
    )  # fmt: skip
    return shown


def save(fitted: short_words.ShortWords, file: Path) -> None:
    """Writes the weights in half precision."""
    with file.open("wb") as out:
        np.savez(out, words=np.array(fitted.words), weight=fitted.weight.astype(np.float16), bias=fitted.bias)


def _padded(said: Said) -> Samples:
    return np.concatenate([_MARGIN, said.samples, _MARGIN])


def _bare(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalpha() or character == " ")


def _read(file: Path) -> Samples:
    samples, rate_hz = soundfile.read(file, dtype="float32")
    assert rate_hz == RATE_HZ, file
    return np.asarray(samples, np.float32)


def main(argv: Sequence[str] | None = None) -> int:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bank", type=Path, help="bank of the simulator's synthesisers")
    parser.add_argument("--fit", action="store_true", help="fit to the training split, and ship the weights")
    parser.add_argument("--most", type=int, default=400, help="clips to measure with, drawn at random")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    try:
        if args.fit:
            model = open_pack(BASE_EN)
            rng = np.random.default_rng(3)
            clips = list(material(args.data, "train", args.bank))
            clips += [varied(one, rng) for one in clips]
            found = [(one.label, heard(model, one)) for one in clips]
            features = np.stack([row for _, row in found if row is not None])
            labels = [WORDS.index(label) if label in WORDS else len(WORDS) for label, row in found if row is not None]
            save(fit(features, np.array(labels)), Path(short_words.__file__).with_name(short_words.FILE))
        said = [one for one in material(args.data, "dev") if len(one.samples) <= 1.2 * RATE_HZ]
    except FileNotFoundError as error:
        print(f"short_words: {error}", file=sys.stderr)
        return 2
    console = Console()
    console.print(measure(random.Random(7).sample(said, min(args.most, len(said)))))
    machine = this_machine()
    console.print(f"{machine.cpu}, {machine.commit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
