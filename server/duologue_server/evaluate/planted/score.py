"""Plants problems and clean edits, asks the detectors, and counts."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from duologue_server.context.languages import LANGUAGES
from duologue_server.context.matching import matcher_of
from duologue_server.evaluate.planted.clean import CLEAN
from duologue_server.evaluate.planted.problems import PROBLEMS, Planter
from duologue_server.evaluate.planted.text import Edit, Source
from duologue_server.suggest.agenda import SPOKEN_URGENCY
from duologue_server.suggest.findings import Detector, Finding
from duologue_server.suggest.ruff import Ruff
from duologue_server.suggest.structure.detector import Structure
from duologue_server.suggest.structure.rules import OWN

NEAR_LINES = 2
"""A remark this near to what was planted is about it: a call of several lines is named by its first."""
LIMIT_S = 60.0
"""For a rule: what it finds is measured here, not the machine."""


@dataclass(frozen=True)
class Case:
    """One edit of one file."""

    kind: str
    planted: bool
    source: Source
    edited: Source
    first_line: int
    """Zero-based, of the edit, and its last line in the edited file."""
    last_line: int


@dataclass(frozen=True)
class Outcome:
    """What would be spoken after an edit that would not have been before."""

    case: Case
    spoken: tuple[Finding, ...]

    @property
    def hits(self) -> tuple[Finding, ...]:
        first, last = self.case.first_line - NEAR_LINES, self.case.last_line + NEAR_LINES
        return tuple(one for one in self.spoken if self.case.planted and first <= one.line <= last)


@dataclass(frozen=True)
class Result:
    """All outcomes of a run, and what would be spoken of the files as they are."""

    outcomes: Sequence[Outcome]
    standing: Sequence[Finding]
    lines: int
    """Of the files as they are."""

    @property
    def planted(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.case.planted]

    @property
    def clean(self) -> list[Outcome]:
        return [one for one in self.outcomes if not one.case.planted]

    @property
    def spoken(self) -> int:
        return sum(len(one.spoken) for one in self.outcomes)

    @property
    def precision(self) -> float:
        """The share of what is spoken that is about what was planted; 1 when nothing is spoken."""
        return sum(len(one.hits) for one in self.outcomes) / self.spoken if self.spoken else 1.0

    @property
    def silent_share(self) -> float:
        """The share of clean edits on which nothing is spoken."""
        return sum(not one.spoken for one in self.clean) / max(1, len(self.clean))

    def recall(self, by: str) -> Mapping[str, tuple[int, int]]:
        """By `kind` or `language`: how many were found, of how many."""
        counts: dict[str, tuple[int, int]] = {}
        for one in self.planted:
            name = one.case.kind if by == "kind" else one.case.source.language_id
            found, of = counts.get(name, (0, 0))
            counts[name] = (found + bool(one.hits), of + 1)
        return dict(sorted(counts.items()))


def read_sources(folder: Path) -> list[Source]:
    """The files `LANGUAGE/NAME.txt` of the languages that have a grammar. Raises OSError; ValueError for none."""
    files = sorted(file for file in folder.glob("*/*.txt") if file.parent.name in LANGUAGES)
    if not files:
        raise ValueError(f"{folder} holds no LANGUAGE/NAME.txt; give the folder tests/data/planted with --sources")
    return [Source(file.stem, file.parent.name, file.read_text("utf-8")) for file in files]


def make_cases(sources: Sequence[Source], many: int, seed: int, each: int = 0) -> Iterator[Case]:
    """`many` planted problems and as many clean edits, spread evenly over languages, then over classes; or with
    `each`, so many of every class in every language."""
    for planted, planters in ((True, PROBLEMS), (False, CLEAN)):
        rng = random.Random(f"{seed}-{planted}")
        languages = sorted({source.language_id for source in sources})
        for number, language in enumerate(languages):
            own = [source for source in sources if source.language_id == language]
            wanted = len(planters) * each if each else many // len(languages) + (number < many % len(languages))
            yield from _of_language(own, planters, wanted, rng, planted)


def _of_language(
    sources: Sequence[Source], planters: Mapping[str, Planter], wanted: int, rng: random.Random, planted: bool
) -> Iterator[Case]:
    made: set[tuple[str, str]] = set()
    kinds = list(planters)
    rng.shuffle(kinds)
    for turn in range(wanted * 12):
        if len(made) == wanted:
            return
        kind = kinds[turn % len(kinds)]
        source = sources[rng.randrange(len(sources))]
        edits = planters[kind](source, rng)
        case = _case(kind, planted, source, edits[rng.randrange(len(edits))]) if edits else None
        if case is not None and (source.name, case.edited.text) not in made:
            made.add((source.name, case.edited.text))
            yield case


def _case(kind: str, planted: bool, source: Source, edit: Edit) -> Case | None:
    """None for an edit that changes nothing or no longer parses."""
    edited = source.edited(edit)
    if edited.text == source.text or edited.broken > source.broken:
        return None
    first, last = source.line_of(edit.start), edited.line_of(edit.start + len(edit.text.encode()))
    return Case(kind, planted, source, edited, first, last)


def run(sources: Sequence[Source], cases: Iterator[Case]) -> Result:
    """Opens every file, makes one edit, and notes what would be spoken after it that was not before."""
    detectors: dict[str, list[Detector]] = {source.name: [_structure(), Ruff()] for source in sources}
    standing = {source.name: _spoken(detectors[source.name], source) for source in sources}
    outcomes = []
    for case in cases:
        before = {finding.key for finding in standing[case.source.name]}
        after = _spoken(detectors[case.source.name], case.edited)
        outcomes.append(Outcome(case, tuple(one for one in after if one.key not in before)))
    lines = sum(source.text.count("\n") for source in sources)
    return Result(outcomes, [one for found in standing.values() for one in found], lines)


def _structure() -> Structure:
    return Structure(matcher_of, [OWN], LIMIT_S)


def _spoken(detectors: Sequence[Detector], source: Source) -> list[Finding]:
    """What is urgent enough to be spoken, each thing once, as the agenda merges it."""
    found = [finding for detector in detectors for finding in detector.inspect(source.view)]
    worth = [finding for finding in found if finding.urgency >= SPOKEN_URGENCY]
    return list({(finding.line, finding.about or finding.key): finding for finding in reversed(worth)}.values())
