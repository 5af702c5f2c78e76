"""Somebody who works: commit after commit of a history, with saves, test runs, slips, problems and breaks.

What the commits changed is real. In which order the hunks are done, how they are typed, when files are saved, tests run
and breaks taken, which tests fail, and the planted problems: all that is invented, from one seed.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from duologue_server.evaluate.editing.buffer import Buffer, Mark
from duologue_server.evaluate.editing.defects import Defect, Judge, plant
from duologue_server.evaluate.editing.fingers import MICRO_S, MID_S, SHORT_S, Fingers
from duologue_server.evaluate.editing.hands import Hands
from duologue_server.evaluate.editing.history import Commit, History, Hunk, apply, language_of
from duologue_server.trace.folder import Event

REPAIRED_AFTER_S = (240.0, 480.0)
MOST_OPEN = 6


class Habits(NamedTuple):
    """How often what is done (guesses, but for the rate of problems, which is chosen)."""

    defects_per_hour: float = 3.0
    saves_after_hunk: float = 0.5
    runs_tests: float = 0.7
    sees_defect_fail: float = 0.5
    tests_first: float = 0.25
    imports_last: float = 0.5
    thinks_between_hunks: float = 0.4
    takes_a_break: float = 0.12
    heeds: float = 0.0
    """How often what was told of a problem makes somebody repair it at once; then the work depends on what is said."""


class _Piece(NamedTuple):
    """A hunk, and the line where it begins now."""

    mark: Mark
    removed: int
    lines: tuple[str, ...]


class Typist:
    """Endless: after the last commit of the last history the first begins again, typed otherwise."""

    def __init__(
        self, histories: Sequence[History], seed: int, habits: Habits | None = None, first_commit: int = 0
    ) -> None:
        self._histories = histories
        self._fingers = Fingers(f"typist-{seed}")
        self._rng = self._fingers.random
        self._habits = habits or Habits()
        self._heeding = Random(f"heeding-{seed}")
        """Apart, so that who never heeds types the same whatever is said."""
        self._judge = Judge()
        self._first = first_commit
        self._hands = Hands(self._fingers, "", {})
        self._clean: dict[str, list[str]] = {}
        """The files as the commits have them; a buffer differs from that by the standing problem."""
        self._standing: Defect | None = None
        self._next_defect_s = self._interval_s()
        self.defects: list[Defect] = []
        self.commits: list[tuple[float, str]] = []
        """(time, project and id) of every commit that was finished."""

    def events(self, until_s: float) -> Iterator[Event]:
        """What the editor tells until then, in order."""
        for event in self._work():
            if event.t > until_s:
                return
            yield event

    def target(self, uri: str) -> str | None:
        """What a document is when the present commit is typed; None for one that is not known."""
        lines = self._clean.get(uri.removeprefix(self._hands.uri("")))
        return None if lines is None else "\n".join(lines)

    def _work(self) -> Iterator[Event]:
        first = self._first
        while True:
            for history in self._histories:
                yield from self._begin(history, first)
                for commit in history.commits[first:]:
                    yield from self._commit(commit)
                yield from self._repair()
                for path in list(self._hands.open):
                    yield from self._hands.close(path)
                first = 0

    def _begin(self, history: History, number: int) -> Iterator[Event]:
        self._clean = history.files_before(number)
        hands = Hands(self._fingers, history.name, {path: Buffer(list(text)) for path, text in self._clean.items()})
        hands.t = self._hands.t
        self._hands = hands
        hands.pause(MICRO_S)
        yield hands.event("focus", focused=True)

    def _commit(self, commit: Commit) -> Iterator[Event]:
        yield from self._tidy(commit)
        if self._standing is not None and self._in_the_way(commit):
            yield from self._repair()
        sources = sorted(commit.files, key=lambda path: "test" in path)
        if self._fingers.chance(self._habits.tests_first):
            sources.reverse()
        for path in sources:
            hunks = commit.files[path]
            if hunks is None:
                yield from self._remove(path)
            else:
                yield from self._edit(path, hunks)
        yield from self._finish(commit)

    def _edit(self, path: str, hunks: tuple[Hunk, ...]) -> Iterator[Event]:
        """All that a commit does to one file."""
        hands = self._hands
        buffer = hands.files.setdefault(path, Buffer([""]))
        target = apply(self._clean.get(path, [""]), hunks)
        yield from hands.look_at(path)
        pieces = self._in_order(
            [_Piece(buffer.mark(self._now(path, hunk.line)), hunk.removed, hunk.lines) for hunk in hunks]
        )
        self._clean[path] = target
        while pieces:
            piece = pieces.pop(0)
            hands.pause(SHORT_S if self._fingers.chance(self._habits.thinks_between_hunks) else MICRO_S)
            yield from hands.look_at(path)
            line = piece.mark.line
            yield from hands.rewrite(path, line, piece.removed, piece.lines)
            buffer.marks.remove(piece.mark)
            if self._fingers.chance(self._habits.saves_after_hunk):
                yield from hands.save(path)
            yield from self._maybe_plant(path, line, pieces)
            if self._is_due():
                yield from self._repair()
        hands.wait(self._fingers.pause_s((0.3, 1.5)))
        yield from hands.look_at(path)
        yield from hands.save(path)
        if self._standing is None or self._standing.path != path:
            assert buffer.lines == target, f"{path} was not typed as it should be"

    def _in_order(self, pieces: list[_Piece]) -> list[_Piece]:
        """From the top; imports perhaps last, when what needs them stands there."""
        if not self._fingers.chance(self._habits.imports_last):
            return pieces
        return sorted(pieces, key=lambda piece: bool(piece.lines) and all(map(_imports, piece.lines)))

    def _now(self, path: str, line: int) -> int:
        """A line of the clean file as it is numbered in the buffer."""
        standing = self._standing
        if standing is None or standing.path != path or line <= standing.mark.line:
            return line
        return line + len(standing.bad) - len(standing.good)

    def _in_the_way(self, commit: Commit) -> bool:
        """Whether the standing problem lies where the commit changes something, or in a file that it removes."""
        standing = self._standing
        if standing is None or standing.path not in commit.files:
            return False
        hunks = commit.files[standing.path]
        line, many = standing.mark.line, len(standing.good)
        return hunks is None or any(
            hunk.line - 3 <= line + many and line <= hunk.line + hunk.removed + 3 for hunk in hunks
        )

    def _maybe_plant(self, path: str, near: int, pieces: Sequence[_Piece]) -> Iterator[Event]:
        hands = self._hands
        if self._standing is not None or hands.t < self._next_defect_s or self._habits.defects_per_hour <= 0:
            return
        avoid = [(piece.mark.line, piece.mark.line + piece.removed) for piece in pieces]
        lines = hands.files[path].lines
        chosen = plant(self._judge, self._rng, path, language_of(path), lines, near, avoid)
        if chosen is None:
            return
        kind, line, good, bad, found, urgency = chosen
        mark = hands.files[path].mark(line)
        hands.pause(MICRO_S)
        yield from hands.rewrite(path, line, len(good), bad)
        mark.line = line
        defect = Defect(kind, path, mark, good, bad, found, urgency, hands.uri(path), hands.t)
        defect.due_s = hands.t + self._rng.uniform(*REPAIRED_AFTER_S)
        self._standing = defect
        self.defects.append(defect)
        self._next_defect_s = defect.due_s + self._interval_s()

    def _interval_s(self) -> float:
        """Until the next problem, after the repair of the last; so many an hour on average."""
        if self._habits.defects_per_hour <= 0:
            return float("inf")
        apart_s = 3600 / self._habits.defects_per_hour - sum(REPAIRED_AFTER_S) / 2
        return self._rng.uniform(0.2, 1.8) * max(0.0, apart_s)

    def _repair(self) -> Iterator[Event]:
        """The standing problem, if there is one, is put right."""
        defect, self._standing = self._standing, None
        if defect is None:
            return
        hands, buffer = self._hands, self._hands.files[defect.path]
        line = defect.mark.line
        assert tuple(buffer.lines[line : line + len(defect.bad)]) == defect.bad, f"{defect.path} lost its problem"
        yield from hands.look_at(defect.path)
        hands.pause(MICRO_S)
        defect.repaired_s = hands.t
        yield from hands.rewrite(defect.path, line, len(defect.bad), defect.good)
        buffer.marks.remove(defect.mark)
        yield from hands.save(defect.path)

    def _is_due(self) -> bool:
        """Whether the standing problem is put right now."""
        standing = self._standing
        if standing is None:
            return False
        if standing.heard_s is not None and standing.heeded is None:
            standing.heeded = self._heeding.random() < self._habits.heeds
        return bool(standing.heeded) or self._hands.t >= standing.due_s

    def _tidy(self, commit: Commit) -> Iterator[Event]:
        """Closes what is not needed, one file at a time."""
        idle = [path for path in self._hands.open if path not in commit.files]
        if idle and (len(self._hands.open) > MOST_OPEN or self._fingers.chance(0.3)):
            standing = self._standing
            if standing is None or standing.path != idle[0]:
                yield from self._hands.close(idle[0])

    def _remove(self, path: str) -> Iterator[Event]:
        yield from self._hands.close(path)
        del self._hands.files[path], self._clean[path]

    def _finish(self, commit: Commit) -> Iterator[Event]:
        """Tests, the commit in a terminal, a look around, perhaps a break."""
        hands, habits = self._hands, self._habits
        if self._fingers.chance(habits.runs_tests):
            yield hands.event("focus", focused=False)
            hands.wait(self._fingers.pause_s((3.0, 20.0)))
            failed = int(self._standing is not None and self._fingers.chance(habits.sees_defect_fail))
            passed = max(
                1, sum(line.lstrip().startswith("def test_") for f in hands.files.values() for line in f.lines)
            )
            yield hands.event("tests", passed=passed - failed, failed=failed)
            hands.wait(self._fingers.pause_s((1.0, 8.0)))
            yield hands.event("focus", focused=True)
        if self._is_due():
            yield from self._repair()
        yield hands.event("focus", focused=False)
        hands.wait(self._fingers.pause_s((8.0, 40.0)))
        self.commits.append((hands.t, f"{hands.project} {commit.id}"))
        yield hands.event("focus", focused=True)
        hands.pause(MID_S if self._fingers.chance(habits.takes_a_break) else SHORT_S)


def _imports(line: str) -> bool:
    return line.startswith(("import ", "from ")) or not line.strip()
