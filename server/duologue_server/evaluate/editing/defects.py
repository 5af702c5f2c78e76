"""Problems with known truth: planted while somebody types, and repaired some minutes later."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from duologue_server.context.matching import matcher_of
from duologue_server.evaluate.editing.buffer import Mark
from duologue_server.evaluate.planted.problems import PROBLEMS
from duologue_server.evaluate.planted.score import LIMIT_S
from duologue_server.evaluate.planted.text import Source
from duologue_server.suggest.agenda import SPOKEN_URGENCY
from duologue_server.suggest.findings import Detector, Finding
from duologue_server.suggest.ruff import Ruff
from duologue_server.suggest.structure.detector import Structure
from duologue_server.suggest.structure.rules import OWN

URGENT = 0.7
"""A finding at least so urgent is one that should be told before it is repaired."""
NEAR_LINES = 80
"""How far from what was just typed a problem is planted."""
TRIES = 12


@dataclass(slots=True)
class Defect:
    """A planted problem; `good` became `bad` at `mark`."""

    kind: str
    path: str
    mark: Mark
    good: tuple[str, ...]
    bad: tuple[str, ...]
    says: frozenset[str]
    """What is found of it, without the place."""
    urgency: float
    uri: str = ""
    planted_s: float = 0.0
    due_s: float = 0.0
    repaired_s: float | None = None
    shown_s: float | None = None
    spoken_s: float | None = None
    heard_s: float | None = None
    """When it had been spoken of to the end."""
    heeded: bool | None = None
    """Whether that made somebody repair it; None while nobody has been told."""
    silences: Counter[str] = field(default_factory=Counter)
    """What the agenda said when it was asked, now and then, why it was silent, until it spoke of this."""


def says(text: str) -> str:
    """A spoken sentence without its place."""
    return text.partition(": ")[2] or text


class Judge:
    """The detectors, asked about one text, without a session around them."""

    def spoken(self, name: str, language_id: str, text: str, opened: str | None = None) -> list[Finding]:
        """What is worth speaking of in `text`; with `opened`, as in a document that was opened with that."""
        detectors: list[Detector] = [Structure(matcher_of, [OWN], LIMIT_S), Ruff()]
        if opened is not None:
            detectors[0].inspect(Source(name, language_id, opened).view)
        source = Source(name, language_id, text)
        found = [finding for detector in detectors for finding in detector.inspect(source.view)]
        return [finding for finding in found if finding.urgency >= SPOKEN_URGENCY]


def plant(
    judge: Judge,
    rng: random.Random,
    path: str,
    language_id: str,
    lines: Sequence[str],
    near: int,
    avoid: Sequence[tuple[int, int]],
) -> tuple[str, int, tuple[str, ...], tuple[str, ...], frozenset[str], float] | None:
    """(kind, line, good, bad, what is found of it, urgency) of an urgent problem near a line, outside the ranges of
    lines to avoid; None when none was found."""
    source = Source(path, language_id, "\n".join(lines))
    before = {says(finding.text) for finding in judge.spoken(path, language_id, source.text)}
    kinds = list(PROBLEMS)
    rng.shuffle(kinds)
    for kind in kinds[:TRIES]:
        edits = [edit for edit in PROBLEMS[kind](source, rng) if abs(source.line_of(edit.start) - near) <= NEAR_LINES]
        rng.shuffle(edits)
        for edit in edits[:2]:
            edited = source.edited(edit)
            line, good, bad = _difference(lines, edited.text.split("\n"))
            if edited.broken > source.broken or not (good or bad) or _touches(line, len(good), avoid):
                continue
            found = judge.spoken(path, language_id, edited.text, source.text)
            new = {says(one.text): one.urgency for one in found if says(one.text) not in before}
            if max(new.values(), default=0.0) >= URGENT:
                return kind, line, good, bad, frozenset(new), max(new.values())
    return None


def _difference(old: Sequence[str], new: Sequence[str]) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """The first line that differs, and the lines before and after."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tuple(old[head : len(old) - tail]), tuple(new[head : len(new) - tail])


def _touches(line: int, many: int, avoid: Sequence[tuple[int, int]]) -> bool:
    return any(line - 2 <= end and start <= line + many + 2 for start, end in avoid)


def by_kind(defects: Sequence[Defect]) -> Mapping[str, list[Defect]]:
    kinds: dict[str, list[Defect]] = {}
    for defect in defects:
        kinds.setdefault(defect.kind, []).append(defect)
    return dict(sorted(kinds.items()))
