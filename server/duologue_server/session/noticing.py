"""What is noticed in what happens, and not in a text alone: failed tests, a return after idle, a note that was done.

All run in a lane on copies, each bounded and on its own: one that fails, or is late again and again, is switched off
and named once.
"""

import time
from collections.abc import Callable, Collection, Sequence
from functools import partial

from duologue_server.context.changes import Recent
from duologue_server.context.compared import Compared
from duologue_server.context.documents import Documents
from duologue_server.context.view import View
from duologue_server.suggest.agenda import IDLE_S
from duologue_server.suggest.changed import Changed
from duologue_server.suggest.failures import Run, read_run, remark
from duologue_server.suggest.findings import Finding
from duologue_server.suggest.notes import done_notes
from duologue_server.suggest.reminders import reminder
from duologue_server.suggest.reports import Failure
from duologue_server.trace.clock import Clock, run

RECENT_S = 300.0
"""How far back a cause, a note or what was under way is looked for."""
LIMIT_S = 1.0
"""For one look at all open documents."""
MOST_LATE = 3
MOST_DOCUMENTS = 12
PARTS = {"tests": "diagnostics", "notes": "structure", "return": "structure"}
"""The detectors of this module, and the one of the setting `detectors` that each goes with."""

Take = Callable[[str, str, list[Finding]], None]
Look = Callable[[Sequence[Changed]], list[Finding]]


class Noticing:
    """All methods belong to the session's thread. `take` takes a detector's name, a document and its findings."""

    def __init__(
        self,
        clock: Clock,
        documents: Documents,
        recent: Recent,
        view: Callable[[str], View | None],
        take: Take,
        warn: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._documents = documents
        self._recent = recent
        self._view = view
        self._take = take
        self._warn = warn
        self._on: frozenset[str] = frozenset()
        self._off: set[str] = set()
        self._late: dict[str, int] = {}
        self._found: dict[str, set[str]] = {}
        """By detector, the documents that it found something in."""
        self._green_s: float | None = None
        self._away_s: float | None = None
        """When the user went away, while a reminder of that stands."""
        self._round: dict[str, int] = {}

    def configure(self, detectors: Collection[str]) -> None:
        """Takes over the setting; what goes with a detector that is off finds nothing any more."""
        self._on = frozenset(name for name, part in PARTS.items() if part in detectors)
        for name in PARTS:
            if name not in self._on:
                self._give(name, [])

    def tests(self, passed: int, failed: int, listed: Sequence[Failure], message: str) -> Run:
        """A test run ended; returns what could be read of it. A run that failed and names no test changes nothing."""
        now_s = self._clock.now_s()
        since_s = now_s - RECENT_S if self._green_s is None else self._green_s
        ran = read_run(failed, listed, message, self._green_s is not None)
        if not failed:
            self._green_s = now_s if passed else self._green_s
            self._next_round("tests")
            self._give("tests", [])
        elif ran.failures:
            self._look("tests", since_s, partial(remark, ran))
        return ran

    def keyed(self, quiet_s: float, first_uri: str | None) -> None:
        """Keys come, after so long without one."""
        if quiet_s >= IDLE_S and quiet_s != float("inf"):
            self._away_s = self._clock.now_s() - quiet_s
            self._remind(first_uri)

    def rested(self, uri: str) -> None:
        """A document rests after edits: its notes are looked at, and whether a reminder still holds."""
        if self._documents.get(uri) is None:
            return
        since_s = self._clock.now_s() - RECENT_S
        self._look("notes", since_s, lambda compared: done_notes(compared[0]) if compared else [], uri, alone=True)
        if self._found.get("return"):
            self._remind(uri)

    def close(self, uri: str) -> None:
        for found in self._found.values():
            found.discard(uri)

    def _remind(self, first_uri: str | None) -> None:
        assert self._away_s is not None
        self._look("return", self._away_s - RECENT_S, reminder, first_uri)

    def _look(self, name: str, since_s: float, look: Look, first_uri: str | None = None, alone: bool = False) -> None:
        """Looks in a lane at the open documents, one of them first or alone, each beside what it was."""
        if name not in self._on or name in self._off:
            return
        compared = [
            Compared(view, self._recent.past(view.uri, since_s))
            for view in self._views(first_uri)
            if view.fit_to_inspect
        ]
        compared = [one for one in compared if not alone or one.uri == first_uri]

        def work() -> tuple[list[Finding], float]:
            began_s = time.perf_counter()
            found = look(compared)
            return found, time.perf_counter() - began_s

        revisions = {one.uri: one.revision for one in compared}
        within = {first_uri} if alone and first_uri is not None else None
        key = f"{name} {first_uri}" if alone else name
        done = partial(self._looked, name, (key, self._next_round(key)), revisions, within)
        run(self._clock.lane("detect"), work, done)

    def _looked(
        self,
        name: str,
        round_: tuple[str, int],
        revisions: dict[str, int],
        within: set[str] | None,
        result: tuple[list[Finding], float] | Exception,
    ) -> None:
        if isinstance(result, Exception):
            self._switch_off(name, f"the detector '{name}' failed: {result!r}")
            return
        findings, took_s = result
        self._late[name] = self._late.get(name, 0) + 1 if took_s > LIMIT_S else 0
        if self._late[name] >= MOST_LATE:
            self._switch_off(name, f"the detector '{name}' took longer than {LIMIT_S:g} s {MOST_LATE} times in a row")
            return
        if round_[1] != self._round[round_[0]] or name not in self._on:
            return  # another look has begun since
        self._give(name, [one for one in findings if name == "tests" or self._is_fresh(one.uri, revisions)], within)

    def _is_fresh(self, uri: str, revisions: dict[str, int]) -> bool:
        document = self._documents.get(uri)
        return document is not None and document.revision == revisions.get(uri)

    def _give(self, name: str, findings: list[Finding], within: set[str] | None = None) -> None:
        """What a detector finds now, in all documents or within some; what it found before and no longer finds is
        gone."""
        before = self._found.get(name, set())
        asked = before if within is None else within & before
        now = {finding.uri for finding in findings}
        self._found[name] = (before - asked) | now
        for uri in sorted(asked | now):
            self._take(name, uri, [finding for finding in findings if finding.uri == uri])

    def _switch_off(self, name: str, why: str) -> None:
        if name not in self._off:
            self._off.add(name)
            self._warn(f"{why}; it is switched off until the next start")
            self._give(name, [])

    def _next_round(self, key: str) -> int:
        self._round[key] = self._round.get(key, 0) + 1
        return self._round[key]

    def _views(self, first_uri: str | None) -> list[View]:
        uris = [document.uri for document in self._documents]
        uris.sort(key=lambda uri: uri != first_uri)
        views = [self._view(uri) for uri in uris[:MOST_DOCUMENTS]]
        return [view for view in views if view is not None]
