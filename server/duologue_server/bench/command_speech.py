"""The fixtures of spoken commands said by synthesisers, as the recogniser hears them, and what comes of that."""

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import soxr

from duologue_server.bench.command_cases import Case, Outcome, differences, place_of, spoken
from duologue_server.bench.speakers import named_speaker
from duologue_server.commands import Command, Place, is_harmless
from duologue_server.commands.beginnings import beginnings
from duologue_server.commands.grammar import FAMILIES, grammar
from duologue_server.commands.kinds import Client, Go, Meta, Select, Step, Template, Type, Write
from duologue_server.context.documents import file_name
from duologue_server.session.workspace import VOCABULARY_WORDS
from duologue_server.voice.moonshine import MoonshineListener, Samples
from duologue_server.voice.names import Names, restored
from duologue_server.voice.speaker import Speaker

RATE_HZ = 16_000
Grade = Literal["success", "asked, right", "asked, wrong", "refused", "not taken", "wrong, harmless", "wrong edit"]
GRADES: tuple[Grade, ...] = get_args(Grade)
_MARGIN = np.zeros(RATE_HZ // 4, np.float32)
_TALK = "talk"
"""The family of what is no command."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a voice said, by the fixture's name, and what the ear wrote."""

    voice: str
    case: str
    text: str
    others: tuple[str, ...] = ()
    """What else it may have been, the likeliest first."""


class Hearing:
    """Utterances as the ear hears them at the end of a turn."""

    def __init__(self) -> None:
        self._listener = MoonshineListener()
        self._listener.load()

    def texts(self, speech: Samples, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """The text of speech `[N]` at 16 kHz, the names favoured and written as they are, and what else it may be."""
        self._listener.bias(names, beginnings())
        texts = self._listener.texts(np.concatenate([_MARGIN, speech, _MARGIN]))
        first, *others = restored(texts, Names.of(names))
        return first, tuple(others)


def said(speaker: Speaker, text: str) -> Samples:
    """The sentence in that voice, `[N]` at 16 kHz."""
    return np.asarray(soxr.resample(speaker.speak(text).samples, speaker.rate_hz, RATE_HZ), np.float32)


def vocabulary(place: Place) -> tuple[str, ...]:
    """What the session tells the voice of the names there."""
    syntax = place.view.syntax
    names = syntax.identifiers(VOCABULARY_WORDS, place.selection.end) if syntax is not None else ()
    return tuple(dict.fromkeys((*names, *place.vocabulary, file_name(place.view.uri), *place.buffers)))


def sample(cases: Sequence[Case], n: int, seed: int) -> list[Case]:
    """`n` of the spoken forms, each with one of the fixtures that it stands in; a smaller sample is in a larger one."""
    rng = random.Random(seed)
    by_form: dict[str, list[Case]] = {}
    for case in cases:
        if not case.heard_wrong:
            by_form.setdefault(case.say, []).append(case)
    forms = sorted(by_form)
    rng.shuffle(forms)
    return [rng.choice(by_form[form]) for form in forms[:n]]


def listen(voices: Sequence[str], cases: Sequence[Case], done: Iterable[Heard]) -> Iterator[Heard]:
    """Says and hears everything that is not done yet, the voices by turns."""
    speakers = {voice: named_speaker(voice) for voice in voices}
    known = {(one.voice, one.case) for one in done}
    hearing = Hearing()
    for case in cases:
        names = vocabulary(place_of(case))
        for voice, speaker in speakers.items():
            if (voice, case.id) not in known:
                yield Heard(voice, case.id, *hearing.texts(said(speaker, case.say), names))


def kept(file: Path | None) -> list[Heard]:
    """What an earlier run heard; nothing without a file."""
    if file is None or not file.exists():
        return []
    rows = map(json.loads, file.read_text("utf-8").splitlines())
    return [Heard(row["voice"], row["case"], row["text"], tuple(row.get("others", ()))) for row in rows]


def keep(one: Heard, file: Path | None) -> None:
    """Adds it to the file, if there is one."""
    if file is not None:
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(one)) + "\n")


def grade(case: Case, got: Outcome) -> Grade:
    """What became of a case, held against what it expects as the tests do it."""
    if not differences(case, got):
        return "success"
    if not got.is_command or got.command is None:
        return "not taken"
    if got.refusal:
        return "refused"
    if got.question:
        return "asked, wrong" if differences(case, replace(got, question="")) else "asked, right"
    return "wrong, harmless" if is_harmless(got.command) else "wrong edit"


def family(command: Command | None) -> str:
    """The part of the grammar that a command belongs to; that of a user's own command is "edit"."""
    match command:
        case None:
            return _TALK
        case Go() | Step():
            return "navigate"
        case Select():
            return "select"
        case Write() | Type() | Template():
            return "write"
        case Meta():
            return "meta"
        case Client(action=action):
            return next((row.family for row in grammar().phrases if row.given.get("action") == action), "run")
        case _:
            return "edit"


@dataclass(frozen=True, slots=True)
class Graded:
    """One utterance with what became of it."""

    heard: Heard
    case: Case
    family: str
    grade: Grade
    why: tuple[str, ...]


def graded(heard: Iterable[Heard], cases: Iterable[Case]) -> list[Graded]:
    """Every utterance of a fixture that is still there."""
    by_id = {case.id: case for case in cases}
    found = []
    for one in heard:
        case = by_id.get(one.case)
        if case is not None:
            got = spoken(case, one.text, *one.others)
            meant = family(spoken(case).command)
            found.append(Graded(one, case, meant, grade(case, got), tuple(differences(case, got))))
    return found


def report(found: Sequence[Graded]) -> str:
    """The Markdown table: every voice, as a whole and by family."""
    lines = [f"| voice | family | n | {' | '.join(GRADES)} |", f"| --- | --- | --: {'| --: ' * len(GRADES)}|"]
    for voice in dict.fromkeys(one.heard.voice for one in found):
        mine = [one for one in found if one.heard.voice == voice]
        lines.append(_row(voice, "all", mine))
        for name in (*FAMILIES, _TALK):
            some = [one for one in mine if one.family == name]
            if some:
                lines.append(_row(voice, name, some))
    return "\n".join(lines)


def _row(voice: str, what: str, some: Sequence[Graded]) -> str:
    counts = Counter(one.grade for one in some)
    figures = [f"{100 * counts[grade] / len(some):.1f} %" for grade in GRADES]
    return f"| {voice} | {what} | {len(some)} | {' | '.join(figures)} |"


def failures(found: Iterable[Graded]) -> list[str]:
    """Whatever was no success, a line each."""
    return [
        f"{one.heard.voice}: {one.grade}: {one.case.say!r} -> {one.heard.text!r} ({one.case.language}; {one.why[0]})"
        for one in found
        if one.grade != "success"
    ]
