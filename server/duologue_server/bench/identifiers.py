"""How well the ear writes the identifiers of open files, and how often it writes one that nobody said.

Synthesisers say names of real files in sentences; the recogniser hears each sentence without and with the names of the
file, and what it gives is scored as it is and after `restore`. Run it alone with
`python -m duologue_server.bench.identifiers --help`.
"""

import argparse
import importlib.metadata
import itertools
import json
import random
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soxr

from duologue_server.bench.ordinary import ORDINARY
from duologue_server.bench.speakers import named_speaker
from duologue_server.context.documents import Documents
from duologue_server.context.trees import parse
from duologue_server.session.workspace import VOCABULARY_WORDS
from duologue_server.voice.moonshine import MoonshineListener, Samples
from duologue_server.voice.names import Names, restore

RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Source:
    """A file of an installed package, by its place below the packages."""

    package: str
    path: str
    language: str


SOURCES = (
    Source("requests", "requests/sessions.py", "python"),
    Source("rich", "rich/console.py", "python"),
    Source("Jinja2", "jinja2/environment.py", "python"),
    Source("attrs", "attr/_make.py", "python"),
    Source("matplotlib", "matplotlib/backends/web_backend/js/mpl.js", "javascript"),
)
"""Permissive licences: Apache-2.0, MIT, BSD-3-Clause, MIT, PSF-like."""

_FRAMES = (
    "Where is {} called?",
    "What does {} return?",
    "Please rename {} to something shorter.",
    "I think {} is wrong in this case.",
    "Look at {} again.",
    "We should not use {} here.",
    "Why is {} empty at this point?",
    "Go to the definition of {}.",
    "The bug must be in {} and nowhere else.",
    "Can you explain {} to me?",
    "First we call {} and then we wait.",
    "Is {} tested anywhere?",
)
_CLASS_FRAMES = (
    "What is the class {} for?",
    "Can you explain the class {} to me?",
    "Go to the definition of the class {}.",
    "The class {} is too large.",
)
"""For names that begin like classes do."""
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence to say; `name` is the identifier in it, or empty in ordinary talk."""

    source: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence that was said by a voice, and what the recogniser made of it without and with the file's names."""

    voice: str
    spoken: Spoken
    unbiased: str
    biased: str
    unbiased_s: float
    biased_s: float


def vocabulary(source: Source) -> tuple[str, ...]:
    """The names that the ear is given for the file. Raises FileNotFoundError when the package is not here."""
    found = importlib.metadata.distribution(source.package).locate_file(source.path)
    text = Path(str(found)).read_text("utf-8")
    document = Documents().open(f"file:///{source.path}", source.language, 1, text)
    syntax = parse(document.snapshot())
    assert syntax is not None, f"{source.path} was not parsed"
    return syntax.identifiers(VOCABULARY_WORDS)


def sentences(vocabularies: Sequence[tuple[str, ...]], n: int, seed: int) -> list[Spoken]:
    """`n` identifiers, as many of each file, each in a sentence."""
    rng = random.Random(seed)
    chosen: list[Spoken] = []
    for number, names in enumerate(vocabularies):
        sayable = [name for name in names if sum(c.isalpha() for c in name) >= _SHORTEST]
        for name in rng.sample(sayable, n // len(vocabularies)):
            is_class = bool(re.match(r"_*[A-Z]", name)) and not name.isupper()
            chosen.append(Spoken(number, name, rng.choice(_CLASS_FRAMES if is_class else _FRAMES).format(name)))
    rng.shuffle(chosen)
    return chosen


def talk(n: int) -> list[Spoken]:
    """`n` sentences of ordinary talk, each in one of the files by turns."""
    return [Spoken(at % len(SOURCES), "", text) for at, text in enumerate(ORDINARY[:n])]


def listen(
    voices: Sequence[str], spoken: Sequence[Spoken], vocabularies: Sequence[tuple[str, ...]], done: Sequence[Heard] = ()
) -> Iterable[Heard]:
    """Says and hears everything that is not done yet. The voices speak by turns, so that a part of it is a sample."""
    speakers = {voice: named_speaker(voice) for voice in voices}
    known = {(one.voice, one.spoken) for one in done}
    plain, favouring = MoonshineListener(), MoonshineListener()
    plain.load()
    favouring.load()
    margin = np.zeros(RATE_HZ // 4, np.float32)
    for one, voice in itertools.product(spoken, voices):
        if (voice, one) in known:
            continue
        speaker = speakers[voice]
        samples = soxr.resample(speaker.speak(one.text).samples, speaker.rate_hz, RATE_HZ)
        audio = np.concatenate([margin, samples, margin]).astype(np.float32)
        favouring.bias(vocabularies[one.source])
        unbiased, unbiased_s = _timed(plain.final, audio)
        biased, biased_s = _timed(favouring.final, audio)
        yield Heard(voice, one, unbiased, biased, unbiased_s, biased_s)


def mixed(named: Sequence[Spoken], ordinary: Sequence[Spoken]) -> list[Spoken]:
    """Both kinds of sentences, spread evenly over one another."""
    places = [(at / len(some), one) for some in (named, ordinary) for at, one in enumerate(some)]
    return [one for _, one in sorted(places, key=lambda place: place[0])]


def _kept(file: Path) -> list[Heard]:
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [Heard(**{**line, "spoken": Spoken(**line["spoken"])}) for line in lines]


def _timed(recognise: Callable[[Samples], str], audio: Samples) -> tuple[str, float]:
    began_s = time.perf_counter()
    text = recognise(audio)
    return text, time.perf_counter() - began_s


def holds(text: str, name: str) -> bool:
    """Whether the identifier stands in the text, letter for letter."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def inserted(text: str, said: str, names: Iterable[str]) -> list[str]:
    """The identifiers in a text that were not said: names whose letters are no word of what was said."""
    words = set(re.findall(r"\w+", said.lower()))
    return [name for name in names if name.lower() not in words and holds(text, name)]


def word_errors(said: str, text: str) -> tuple[int, int]:
    """Words wrong, missing or too many, and words said; identifiers count as their words, case and signs do not."""
    want, got = _words(said), _words(text)
    row = list(range(len(got) + 1))
    for at, word in enumerate(want, 1):
        last, row[0] = row[0], at
        for to, other in enumerate(got, 1):
            last, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, last + (word != other))
    return row[-1], len(want)


def _words(text: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_|(?<=[a-zA-Z])(?=\d)", " ", text.replace("'", ""))
    return re.findall(r"[a-z0-9]+", apart.lower())


def report(heard: Sequence[Heard], vocabularies: Sequence[tuple[str, ...]]) -> str:
    """The Markdown table of a run, a row for each voice and what was asked of it."""
    indices = [Names.of(names) for names in vocabularies]
    lines = [
        "| voice | what | n | unbiased | unbiased, restored | biased | biased, restored |",
        "| --- | --- | --: | --: | --: | --: | --: |",
    ]
    for voice in dict.fromkeys(one.voice for one in heard):
        mine = [one for one in heard if one.voice == voice]
        texts = [(one, _stages(one, indices[one.spoken.source])) for one in mine]
        named = [(one.spoken, stages) for one, stages in texts if one.spoken.name]
        several = [one for one in named if len(_words(one[0].name)) > 1]
        single = [one for one in named if len(_words(one[0].name)) == 1]
        for what, counted in (
            ("identifiers exact", named),
            ("… of several words", several),
            ("… of one word", single),
        ):
            lines.append(_row(voice, what, counted, lambda spoken, text: holds(text, spoken.name)))
        ordinary = [(one.spoken, stages) for one, stages in texts if not one.spoken.name]
        lines.append(
            _row(
                voice,
                "ordinary sentences with a false identifier",
                ordinary,
                lambda spoken, text: bool(inserted(text, spoken.text, vocabularies[spoken.source])),
            )
        )
        for what, some in (("word errors, with identifiers", named), ("word errors, ordinary talk", ordinary)):
            lines.append(_word_error_row(voice, what, some))
    return "\n".join(lines)


Stages = tuple[str, str, str, str]


def _stages(one: Heard, names: Names) -> Stages:
    return one.unbiased, restore(one.unbiased, names), one.biased, restore(one.biased, names)


def _row(voice: str, what: str, counted: Sequence[tuple[Spoken, Stages]], is_so: Callable[[Spoken, str], bool]) -> str:
    shares = [sum(is_so(spoken, stages[at]) for spoken, stages in counted) for at in range(4)]
    figures = [f"{100 * share / len(counted):.1f} %" if counted else "–" for share in shares]
    return f"| {voice} | {what} | {len(counted)} | {' | '.join(figures)} |"


def _word_error_row(voice: str, what: str, counted: Sequence[tuple[Spoken, Stages]]) -> str:
    figures = []
    said = 0
    for at in range(4):
        pairs = [word_errors(spoken.text, stages[at]) for spoken, stages in counted]
        said = sum(n for _, n in pairs)
        figures.append(f"{100 * sum(wrong for wrong, _ in pairs) / said:.1f} %" if said else "–")
    return f"| {voice} | {what} | {said} | {' | '.join(figures)} |"


def misses(heard: Sequence[Heard], vocabularies: Sequence[tuple[str, ...]]) -> list[str]:
    """What went wrong with names favoured and restored, a line each."""
    indices = [Names.of(names) for names in vocabularies]
    lines = []
    for one in heard:
        text = restore(one.biased, indices[one.spoken.source])
        if one.spoken.name and not holds(text, one.spoken.name):
            lines.append(f"{one.voice}: {one.spoken.name}: {one.unbiased!r} / {one.biased!r} -> {text!r}")
        false = inserted(text, one.spoken.text, vocabularies[one.spoken.source]) if not one.spoken.name else []
        if false:
            lines.append(f"{one.voice}: not said: {', '.join(false)}: {one.spoken.text!r} -> {text!r}")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. The exit status is 0: figures are no verdict."""
    parser = argparse.ArgumentParser(prog="python -m duologue_server.bench.identifiers", description=__doc__)
    parser.add_argument("--voices", default="hibari,flite", help="who speaks: hibari, flite, espeak-ng, with commas")
    parser.add_argument("--n", type=int, default=300, help="identifiers for each voice")
    parser.add_argument("--talk", type=int, default=len(ORDINARY), help="ordinary sentences for each voice")
    parser.add_argument("--seed", type=int, default=117)
    parser.add_argument("--misses", action="store_true", help="list what went wrong, too")
    parser.add_argument("--kept", type=Path, help="a file for what was heard: a run that was stopped goes on from it")
    parser.add_argument("--score-only", action="store_true", help="only score what is kept; nothing is spoken")
    chosen = parser.parse_args(arguments)
    vocabularies = [vocabulary(source) for source in SOURCES]
    heard = _kept(chosen.kept) if chosen.kept and chosen.kept.exists() else []
    if not chosen.score_only:
        spoken = mixed(sentences(vocabularies, chosen.n, chosen.seed), talk(chosen.talk))
        for one in listen(chosen.voices.split(","), spoken, vocabularies, heard):
            heard.append(one)
            if chosen.kept:
                with chosen.kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(one)) + "\n")
    print("; ".join(f"{s.package} {importlib.metadata.version(s.package)} {s.path}" for s in SOURCES), end="\n\n")
    print(report(heard, vocabularies))
    if chosen.misses:
        print("", *misses(heard, vocabularies), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
