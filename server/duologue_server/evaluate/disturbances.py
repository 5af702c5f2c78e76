"""What the product makes of sounds that are not meant for it: typing, coughs, music, its own voice in the room.

Minutes of each go through the whole replay path. Counted is what a person would notice: words that nobody said,
answers that nobody asked for, and how often it broke off by itself. Run it with
`python -m duologue_server.evaluate.disturbances`.

Coughs, knocks and music are synthetic; typing is too, unless recordings are given.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.random import Generator
from rich.console import Console
from rich.table import Table

from duologue_model.training.floorlog import NoiseKind
from duologue_model.training.rooms import key_click, short_noise
from duologue_server.bench.ordinary import ORDINARY
from duologue_server.bench.rows import this_machine
from duologue_server.options import Options
from duologue_server.replay.virtual import Samples, replay_virtual
from duologue_server.trace.facts import Heard, SoundOff, SoundOn
from duologue_server.trace.folder import Echo, Event, SessionFolder
from duologue_server.voice.assembly import Voice, load_voice

RATE_HZ = 16_000
FLOOR = 3e-4
"""Root mean square of a quiet room: −70 dBFS."""
DELAYS_MS = (20, 100, 300)
"""No loudspeaker is heard sooner than 10 ms after it was handed its sound."""
GAINS_DB = (-30.0, -15.0, -6.0)
LINE_S = 6.0
"""Between the beginnings of two utterances."""
_KINDS: tuple[NoiseKind, ...] = ("cough", "knock", "click", "chair")
_CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
"""Semitones above the keynote."""
_SCALE = (0, 2, 4, 5, 7, 9, 11, 12)


@dataclass(frozen=True, slots=True)
class Noticed:
    """What came of minutes of one disturbance."""

    name: str
    minutes: float
    texts: tuple[str, ...]
    """Everything that was put down as said by the user, parts of turns too."""
    answers: int
    broke_off: int
    """Utterances of the partner that ended by themselves, with nobody there."""
    spoke_s: float


def typing(rng: Generator, seconds: float, recordings: Sequence[Samples] = ()) -> Samples:
    """Bursts of keys `[N]`: of recorded loops, or of synthetic clicks."""
    track = np.zeros(round(seconds * RATE_HZ), np.float32)
    at = RATE_HZ
    while at < len(track) - RATE_HZ:
        for _ in range(int(rng.integers(5, 40))):
            some = recordings[int(rng.integers(len(recordings)))] if recordings else key_click(rng)
            _mix(track, at, some[: RATE_HZ * 5] * np.float32(_gain(rng, -26.0, -10.0) / max(1e-6, np.abs(some).max())))
            at += min(len(some), round(float(rng.uniform(0.09, 0.24)) * RATE_HZ)) if len(some) < RATE_HZ else len(some)
        at += round(float(rng.uniform(0.5, 3.0)) * RATE_HZ)
    return track


def coughs(rng: Generator, seconds: float) -> Samples:
    """Coughs, knocks, clicks and a chair `[N]`, one every second or two."""
    track = np.zeros(round(seconds * RATE_HZ), np.float32)
    at = RATE_HZ
    while at < len(track) - 2 * RATE_HZ:
        kind = _KINDS[int(rng.integers(len(_KINDS)))]
        _mix(
            track, at, short_noise(rng, kind, round(float(rng.uniform(0.15, 0.6)) * RATE_HZ)) * _gain(rng, -18.0, -3.0)
        )
        at += round(float(rng.uniform(0.7, 2.5)) * RATE_HZ)
    return track


def music(rng: Generator, seconds: float) -> Samples:
    """Chords, a tune and a beat `[N]`, at the level of a radio in the room."""
    track = np.zeros(round(seconds * RATE_HZ), np.float32)
    beat = RATE_HZ // 2
    for number, at in enumerate(range(RATE_HZ, len(track) - 4 * beat, beat)):
        if number % 4 == 0:
            for semitone in _CHORDS[number // 4 % len(_CHORDS)]:
                _mix(track, at, _note(110.0 * 2 ** (semitone / 12), 4 * beat) * np.float32(0.25))
        tune = _SCALE[int(rng.integers(len(_SCALE)))]
        _mix(track, at, _note(440.0 * 2 ** (tune / 12), beat) * np.float32(0.35))
        _mix(track, at, short_noise(rng, "knock" if number % 2 else "click", beat // 4) * np.float32(0.3))
    return track * np.float32(_gain(rng, -20.0, -14.0) / max(1e-6, float(np.abs(track).max())))


def scenes(minutes: float, recordings: Sequence[Samples]) -> Iterator[tuple[str, SessionFolder]]:
    """Every disturbance with its name: as many minutes of each, of the own voice in each room."""
    seconds = 60.0 * minutes
    made: dict[str, Callable[[Generator, float], Samples]] = {
        "typing": lambda rng, length_s: typing(rng, length_s, recordings),
        "coughs and knocks": coughs,
        "music": music,
    }
    for name, make in made.items():
        rng = np.random.default_rng([1, len(name)])
        quiet = rng.normal(0.0, FLOOR, round(seconds * RATE_HZ)).astype(np.float32)
        yield name, SessionFolder(name, seconds, {}, None, (), quiet + make(rng, seconds))
    lines = tuple(
        Event(1.0 + at * LINE_S, "say", {"id": f"line-{at}", "text": f"{ORDINARY[2 * at]} {ORDINARY[2 * at + 1]}"})
        for at in range(min(int((seconds - LINE_S) / LINE_S), len(ORDINARY) // 2))
    )
    for gain_db in GAINS_DB:
        for delay_ms in DELAYS_MS:
            name = f"own voice, {gain_db:g} dB after {delay_ms} ms"
            quiet = np.random.default_rng(2).normal(0.0, FLOOR, round(seconds * RATE_HZ)).astype(np.float32)
            yield name, SessionFolder(name, seconds, {}, Echo(delay_ms, gain_db), lines, quiet)


def noticed(folder: SessionFolder, voice: Voice, options: Options) -> Noticed:
    """Replays the session and counts."""
    replayed = replay_virtual(folder, voice, options, free_compute=False)
    facts = replayed.facts
    texts = tuple(fact.text for fact in facts if isinstance(fact, Heard) and fact.text)
    answers = sum(isinstance(fact, SoundOn) and fact.cause == "reply" for fact in facts)
    off = [fact for fact in facts if isinstance(fact, SoundOff)]
    return Noticed(
        folder.description,
        folder.duration_s / 60,
        texts,
        answers,
        sum(fact.cause == "speech" for fact in off),
        sum(fact.heard_ms for fact in off) / 1000,
    )


def table(found: Sequence[Noticed]) -> Table:
    """What was noticed, a line for each disturbance."""
    shown = Table(title="nobody speaks: what the product makes of it")
    for name in ("sound", "minutes", "texts", "answers", "broke off by itself", "spoke, s"):
        shown.add_column(name)
    for one in found:
        shown.add_row(
            one.name,
            f"{one.minutes:g}",
            str(len(one.texts)),
            str(one.answers),
            str(one.broke_off),
            f"{one.spoke_s:.0f}",
        )
    return shown


def _gain(rng: Generator, least_db: float, most_db: float) -> np.float32:
    return np.float32(10 ** (float(rng.uniform(least_db, most_db)) / 20))


def _note(pitch_hz: float, length: int) -> Samples:
    t = np.arange(length) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * pitch_hz * partial * t) / partial**1.5 for partial in (1, 2, 3, 4))
    plucked: Samples = (tone * np.exp(-2.5 * t)).astype(np.float32)
    return plucked


def _mix(track: Samples, at: int, sound: Samples) -> None:
    end = min(len(track), at + len(sound))
    if at < end:
        track[at:end] += sound[: end - at]


def main(argv: Sequence[str] | None = None) -> int:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=2.5, help="of each disturbance")
    parser.add_argument(
        "--typing", type=Path, nargs="*", default=[], help="recordings of keys, 16 kHz, instead of clicks"
    )
    parser.add_argument("--engine", choices=("model", "baseline"), default="model")
    args = parser.parse_args(argv)
    recordings = [soundfile.read(file, dtype="float32")[0] for file in args.typing]
    options = Options(engine=args.engine, unprompted_per_hour=0)
    found = []
    for name, folder in scenes(args.minutes, recordings):
        found.append(noticed(folder, load_voice(options, lambda percent, text: None), options))
        print(name, *found[-1].texts, sep="\n    ", file=sys.stderr)
    console = Console()
    console.print(table(found))
    machine = this_machine()
    console.print(f"{machine.cpu}, {machine.commit}, {args.engine}; music, coughs and knocks synthetic")
    return 0


if __name__ == "__main__":
    sys.exit(main())
