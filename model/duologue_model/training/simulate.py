"""Makes simulated sessions to train and to measure the interaction model with.

Event logs come first: who speaks, types and waits, drawn from measured timings and from twenty scenario classes. Their
sound comes second: recorded people and synthesised phrases in a room, with echo, keys and noise. The same seed gives
the same sessions, whatever their number: session 7 is the same in a hundred as in ten thousand.

  python -m duologue_model.training.simulate --data data --out build/sim --sessions 100 --split train

The first run for a split makes its utterance bank in --bank, which takes some minutes; later runs read it. train speaks
with three voices of flite and one of festival, dev with a fourth of flite, held-out with espeak-ng; recorded speakers
are disjoint as well. Debian has all of them: flite, festival, festvox-us-slt-hts, espeak-ng. A synthesiser that is not
installed stops the bank, unless it is left out with --without.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from duologue_model.slices import RATE_HZ
from duologue_model.training import scenarios
from duologue_model.training.example import IGNORED, SessionExample
from duologue_model.training.floorlog import FloorLog
from duologue_model.training.phrases import SPLITS
from duologue_model.training.render import example
from duologue_model.training.synthesisers import ENGINES
from duologue_model.training.voices import Bank, BankTrouble, Recipe, open_bank
from duologue_model.vocabulary import Action, UserState

PER_SHARD = 25
SOUNDS = ("microphone", "playback")


def session(bank: Bank, seed: int, number: int, seconds: float, scenario: str | None = None) -> tuple[
    FloorLog, SessionExample
]:  # fmt: skip
    """Session `number` of a seed: its log and its arrays."""
    rng = np.random.default_rng([seed, number])
    scenario = scenario or scenarios.draw_scenario(rng)
    log = scenarios.play(scenario, bank, rng, seconds, f"{seed}-{number:06d}")
    return log, example(log, bank, rng)


def session_seed(seed: int, split: str) -> int:
    """The seed of a split's sessions: no two splits share one."""
    return seed * len(SPLITS) + SPLITS.index(split)


def write_shard(file: Path, sessions: Sequence[SessionExample]) -> None:
    """Writes sessions to an .npz: sound as 16-bit integers, texts as JSON, names `NUMBER.FIELD`."""
    arrays: dict[str, Any] = {}
    for number, one in enumerate(sessions):
        for field in fields(SessionExample):
            value = getattr(one, field.name)
            if field.name in SOUNDS:
                value = np.round(value * 32767).astype(np.int16)
            elif not isinstance(value, np.ndarray):
                value = np.frombuffer(json.dumps(_packed(field.name, value)).encode(), np.uint8)
            arrays[f"{number}.{field.name}"] = value
    np.savez(file, **arrays)


def read_shard(file: Path) -> Iterator[SessionExample]:
    """The sessions of a shard, one after the other."""
    with np.load(file) as arrays:
        count = len({name.split(".", 1)[0] for name in arrays.files})
        for number in range(count):
            values: dict[str, Any] = {}
            for field in fields(SessionExample):
                value = arrays[f"{number}.{field.name}"]
                if field.name in SOUNDS:
                    value = value.astype(np.float32) / 32767
                elif value.dtype == np.uint8:
                    value = _unpacked(field.name, json.loads(value.tobytes()))
                values[field.name] = value
            yield SessionExample(**values)


def _packed(name: str, value: Any) -> Any:
    """The text of a turn grows word by word: only its changes are written."""
    if name != "words":
        return value
    return [[i, text] for i, text in enumerate(value) if i == 0 or text != value[i - 1]] + [[len(value), ""]]


def _unpacked(name: str, value: Any) -> Any:
    if name == "transcript":
        return tuple((float(start_s), float(end_s), str(text)) for start_s, end_s, text in value)
    if name != "words":
        return value
    pairs = pairwise(value)
    return tuple(text for (index, text), (following, _) in pairs for _ in range(following - index))


class Tally:
    """What a set of sessions holds, for its manifest."""

    def __init__(self) -> None:
        self.scenarios: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.users: Counter[str] = Counter()
        self.slices = self.empty = self.differs = 0
        self.speakers: Counter[str] = Counter()

    def add(self, log: FloorLog) -> None:
        perceived = log.perceived
        self.scenarios[log.scenario] += 1
        self.speakers[log.speaker] += 1
        self.slices += log.slices
        self.empty += int(perceived.empty.sum())
        for counter, values, names in (
            (self.actions, perceived.action, list(Action)),
            (self.users, perceived.user, list(UserState)),
        ):
            for value, count in zip(*np.unique(values, return_counts=True), strict=True):
                counter["IGNORED" if value == IGNORED else str(names[value])] += int(count)
        right, done = perceived.action[:-1], perceived.own[1:]
        self.differs += int(((right != done) & (right != IGNORED)).sum())

    def report(self) -> dict[str, Any]:
        def shares(counter: Counter[str]) -> dict[str, float]:
            return {name: round(count / max(1, self.slices), 5) for name, count in counter.most_common()}

        return {
            "hours": round(self.slices * 0.08 / 3600, 4),
            "slices": self.slices,
            "share_of_empty_slices": round(self.empty / max(1, self.slices), 4),
            "share_of_wrong_own_actions": round(self.differs / max(1, self.slices), 4),
            "scenarios": dict(self.scenarios.most_common()),
            "share_of_actions": shares(self.actions),
            "share_of_user_states": shares(self.users),
            "user_voices": dict(self.speakers.most_common()),
        }


def listen(folder: Path, one: SessionExample) -> None:
    """Writes a session as stereo sound (left the microphone, right the playback) and, with matplotlib, as a picture."""
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / f"{one.name}.flac", np.stack([one.microphone, one.playback], axis=1), RATE_HZ)
    try:
        from duologue_model.training.picture import draw

        draw(one, folder / f"{one.name}.png")
    except ImportError:
        print("No pictures: matplotlib is not installed. Install duologue[picture].", file=sys.stderr)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Makes the sessions that the options ask for; gives the manifest, which is also written."""
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    if options.rebuild_bank:
        (options.bank / f"{options.split}.json").unlink(missing_ok=True)
    recipe = Recipe(per_kind=options.phrases, transcripts=options.transcripts, without=tuple(options.without))
    bank = open_bank(options.bank, options.data, options.split, options.bank_seed, recipe)
    seed = session_seed(options.seed, options.split)
    tally, shard, shards = Tally(), [], 0
    started_s = time.process_time()
    for number in range(options.first, options.first + options.sessions):
        log, one = session(bank, seed, number, options.seconds, options.scenario)
        tally.add(log)
        shard.append(one)
        if number - options.first < options.listen:
            listen(out / "listen", one)
        if len(shard) == PER_SHARD or number == options.first + options.sessions - 1:
            write_shard(out / f"{options.split}-{options.first:06d}-{shards:04d}.npz", shard)
            shard, shards = [], shards + 1
            print(f"{number - options.first + 1} of {options.sessions} sessions", file=sys.stderr)
    cpu_s = time.process_time() - started_s
    manifest = {
        "split": options.split,
        "seed": options.seed,
        "sessions": options.sessions,
        "first": options.first,
        "shards": shards,
        **tally.report(),
        "licences": bank.licences(),
        "note": "Two-channel sessions are synthetic: no human conversation was recorded for them.",
    }
    (out / f"{options.split}-{options.first:06d}.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    manifest["cpu_s"] = round(cpu_s, 1)
    manifest["audio_hours_per_cpu_hour"] = round(manifest["hours"] * 3600 / max(cpu_s, 1e-9), 1)
    return manifest


def parser() -> argparse.ArgumentParser:
    """The command line."""
    assert __doc__ is not None
    made = argparse.ArgumentParser(
        prog="python -m duologue_model.training.simulate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--out", type=Path, required=True, help="folder for the shards and the manifest")
    add(
        "--data",
        type=Path,
        help="folder with train/ and dev/, with index.csv in each; without it only synthesis",
    )
    add(
        "--transcripts",
        type=Path,
        help="CSV (path, text): what a recogniser made of the recorded clips, for a new bank",
    )
    add("--bank", type=Path, default=Path("build/bank"), help="folder of the utterance bank (default: build/bank)")
    add("--rebuild-bank", action="store_true", help="make the bank of the split again")
    add("--bank-seed", type=int, default=1, help="seed of the phrases in the bank (default: 1)")
    add("--phrases", type=int, default=16, help="most phrases of a kind for each speaker in a new bank (default: 16)")
    add(
        "--without",
        action="append",
        default=[],
        metavar="ENGINE",
        choices=ENGINES,
        help="no such voices in a new bank",
    )
    add("--sessions", type=int, default=100, help="how many (default: 100)")
    add("--first", type=int, default=0, help="number of the first session, to make a set in several runs (default: 0)")
    add("--seconds", type=float, default=60.0, help="least length of a session (default: 60)")
    add("--seed", type=int, default=1, help="the same seed gives the same sessions (default: 1)")
    add("--split", choices=SPLITS, default="train", help="speakers, voices and templates (default: train)")
    add("--scenario", choices=list(scenarios.SCENARIOS), help="only this class; otherwise a day's mix")
    add("--listen", type=int, default=0, metavar="N", help="also write the first N sessions as sound and picture")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 1 if the bank could not be made."""
    try:
        print(json.dumps(run(parser().parse_args(arguments)), indent=2))
    except BankTrouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
