"""Open documents with their syntax, what the detectors find in them, and the agenda that comes of it.

Slow work, parsing above all, goes to lanes and is debounced: nothing here stands in the way of a key.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from duologue_server.commands.beginnings import beginnings
from duologue_server.context.changes import Recent
from duologue_server.context.digest import SuiteRun, Surroundings
from duologue_server.context.documents import INSPECT_LIMIT_BYTES, BadChange, Documents, TextChange, file_name
from duologue_server.context.matching import matcher_of
from duologue_server.context.positions import Encoding, Position, Range
from duologue_server.context.rhythm import Rhythm
from duologue_server.context.trees import ParseJob, Syntax, Trees
from duologue_server.context.view import View
from duologue_server.link.messages import EditorEvent, Offer, ToVoice, Vocabulary, Withdraw
from duologue_server.options import Options
from duologue_server.session.noticing import Noticing
from duologue_server.suggest.agenda import Agenda
from duologue_server.suggest.diagnostics import Diagnostics
from duologue_server.suggest.findings import Detector, DetectorTrouble, Finding
from duologue_server.suggest.items import Change, Item
from duologue_server.suggest.reports import as_given
from duologue_server.suggest.ruff import BROKEN, Ruff
from duologue_server.suggest.structure.detector import Structure
from duologue_server.trace.clock import Clock, run

PARSE_AFTER_S = 0.15
PARSE_LARGE_AFTER_S = 1.0
"""For documents that detectors leave alone: there a parse takes a tenth of a second."""
INSPECT_AFTER_S = 0.8
"""Quiet after an edit before detectors look."""
JUMP_LINES = 5
"""A cursor that moves further than this has jumped."""
VOCABULARY_WORDS = 200
VOCABULARY_FILES = 50

logger = logging.getLogger(__name__)


class Workspace:
    """All methods belong to the session's thread."""

    def __init__(
        self,
        clock: Clock,
        options: Options,
        to_voice: Callable[[ToVoice], None],
        on_change: Callable[[Change], None],
        warn: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._to_voice = to_voice
        self._on_change = on_change
        self._warn = warn
        self._trees = Trees()
        self._recent = Recent()
        self._rhythm = Rhythm()
        self._diagnostics = Diagnostics()
        self._detectors: dict[str, Detector] = {}
        self._findings: dict[tuple[str, str], list[Finding]] = {}
        self._waiting: set[tuple[str, str]] = set()
        self._edited_s: dict[str, float] = {}
        self._offered: Item | None = None
        self._complete = True
        self._vocabulary: tuple[str, ...] = ()
        self._warned: set[str] = set()
        self._settling = False
        self.documents = Documents()
        self._noticing = Noticing(clock, self.documents, self._recent, self.view, self._take, warn)
        self.agenda = Agenda(options.unprompted_per_hour)
        self.cursor_uri: str | None = None
        self.cursor_position = Position(0, 0)
        self.selection: Range | None = None
        """At the cursor; None when nothing is selected."""
        self.last_tests: SuiteRun | None = None
        self.configure(options)

    def configure(self, options: Options) -> None:
        """Takes over settings; detectors that were switched off find nothing any more."""
        self.agenda.unprompted_per_hour = options.unprompted_per_hour
        available: Mapping[str, Callable[[], Detector]] = {
            "diagnostics": lambda: self._diagnostics,
            "ruff": Ruff,
            "structure": lambda: Structure(matcher_of),
        }
        for name in set(self._detectors) - set(options.detectors):
            del self._detectors[name]
            for document in self.documents:
                self._take(name, document.uri, [])
        for name in options.detectors:
            if name not in self._detectors:
                self._detectors[name] = available[name]()
        self._noticing.configure(options.detectors)
        self.settle()

    @property
    def encoding(self) -> Encoding:
        """What `character` counts in; negotiated before the first document."""
        return self.documents.encoding

    @encoding.setter
    def encoding(self, encoding: Encoding) -> None:
        self.documents.encoding = encoding

    def view(self, uri: str | None) -> View | None:
        """A document with its newest syntax; None when it is not open."""
        document = self.documents.get(uri) if uri is not None else None
        return View(document.snapshot(), self._trees.syntax(document.uri)) if document else None

    def surroundings(self, view: View) -> Surroundings:
        """What is known beyond a document: the other open ones, what was changed lately, how the user types."""
        now_s = self._clock.now_s()
        others = [self.view(document.uri) for document in self.documents if document.uri != view.uri]
        changes = self._recent.describe(view, now_s)
        return Surroundings([other for other in others if other], changes, self._rhythm.describe(now_s))

    def problems(self, uri: str) -> list[Finding]:
        """Everything that is found in a document now, whether it was said or not; one for each thing."""
        found = [finding for (where, _), findings in self._findings.items() if where == uri for finding in findings]
        return list({(finding.line, finding.about or finding.key): finding for finding in found}.values())

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        document = self.documents.open(uri, language_id, version, text)
        if document.looks_binary or document.too_large_to_parse:
            logger.info("%s is too large or binary: it is kept as text and not inspected", uri)
        if self.cursor_uri is None:
            self._look_at(uri)
        view = self.view(uri)
        if view is not None and "diagnostics" in self._detectors:  # they may have come before the document
            self._take("diagnostics", uri, self._diagnostics.inspect(view))
        self._parse(uri)
        self._later("inspect", uri, PARSE_AFTER_S)

    def change(self, uri: str, version: int, changes: Sequence[TextChange]) -> None:
        """Raises BadChange for a range that cannot be; the document keeps its text."""
        now_s = self._clock.now_s()
        document = self.documents.get(uri)
        if document is not None:
            self._recent.before_change(document, self._trees.syntax(uri), now_s)
        try:
            changed = self.documents.change(uri, version, changes)
        except BadChange as error:
            if uri not in self._warned:
                self._warned.add(uri)
                self._warn(str(error))
            raise
        self._trees.edited(changed)
        self._recent.changed(changed, now_s)
        for splice in changed.splices:
            self.agenda.edited(uri, splice.line, splice.removed, splice.added, now_s)
            self._diagnostics.edited(uri, splice.line, splice.removed, splice.added)
        self._edited_s[uri] = now_s
        if uri != self.cursor_uri:
            self._look_at(uri, changed.splices[-1].line if changed.splices else 0)
        large = changed.document.byte_count > INSPECT_LIMIT_BYTES
        self._later("parse", uri, PARSE_LARGE_AFTER_S if large else PARSE_AFTER_S)
        self._later("inspect", uri, INSPECT_AFTER_S)
        self.settle()

    def save(self, uri: str) -> None:
        self.documents.save(uri)
        self._to_voice(EditorEvent("save"))
        self.agenda.boundary("save", self._clock.now_s(), uri)
        self._inspect(uri)
        self.settle()

    def close(self, uri: str) -> None:
        self.documents.close(uri)
        self._trees.close(uri)
        self._recent.close(uri)
        self._diagnostics.close(uri)
        self._noticing.close(uri)
        self.agenda.closed(uri)
        self._edited_s.pop(uri, None)
        self._findings = {key: found for key, found in self._findings.items() if key[0] != uri}
        self._warned.discard(uri)
        if self.cursor_uri == uri:
            self._look_at(next((document.uri for document in self.documents), None))
        self.settle()

    def cursor(self, uri: str, line: int, character: int, selection: Range | None = None) -> None:
        jumped = uri != self.cursor_uri or abs(line - self.cursor_position.line) > JUMP_LINES
        self.cursor_uri, self.cursor_position = uri, Position(line, character)
        self.selection = selection
        self.agenda.looking_at(uri, line)
        view = self.view(uri)
        if view is not None and view.syntax is not None and view.syntax.revision == view.snapshot.revision:
            self._tell_complete(view)
            if jumped:
                self._collect(view)
        if jumped:
            self._to_voice(EditorEvent("cursor_jump"))

    def keys(self, count: int) -> float:
        """How long there had been none; infinity before the first."""
        quiet_s = self._rhythm.quiet_s(self._clock.now_s())
        self._rhythm.keyed(self._clock.now_s(), count)
        self.agenda.keyed(self._clock.now_s(), count)
        self._noticing.keyed(quiet_s, self.cursor_uri)
        self.settle()
        return quiet_s

    def diagnostics(self, uri: str, items: Sequence[Mapping[str, Any]]) -> None:
        updated = self._diagnostics.update(uri, items)
        if updated.up:
            self._to_voice(EditorEvent("diagnostics_up", updated.up))
        if updated.down:
            self._to_voice(EditorEvent("diagnostics_down", updated.down))
        view = self.view(uri)
        if view is not None and "diagnostics" in self._detectors:
            self._take("diagnostics", uri, self._diagnostics.inspect(view))

    def tests(self, passed: int, failed: int, message: str, failures: Sequence[Mapping[str, Any]] = ()) -> None:
        """A test run ended; `failures` as in `duologue/context`, what cannot be read of them is left out."""
        listed, _ = as_given(failures)
        ran = self._noticing.tests(passed, failed, listed, message)
        if ran.failures and (not message or "\n" in message):
            message = ran.failures[0].written
        failed = max(failed, len(ran.failures))  # an editor that sees only how a program ended counts one
        self.last_tests = SuiteRun(passed, failed, message.strip().split("\n", 1)[0])
        if passed:
            self._to_voice(EditorEvent("tests_passed", passed))
        if failed:
            self._to_voice(EditorEvent("tests_failed", failed))
            self.agenda.boundary("tests_failed", self._clock.now_s())
        self.settle()

    def focus(self, focused: bool) -> None:
        self._to_voice(EditorEvent("focus", int(focused)))

    def settle(self) -> None:
        """Tells the editor what became of suggestions, and the voice which one now stands first."""
        now_s = self._clock.now_s()
        best = self.agenda.best(now_s)
        changes = self.agenda.take_changes()
        gone = {change.item.id: change.why for change in changes if change.outcome != "waiting"}
        for change in changes:
            self._on_change(change)
        before, self._offered = self._offered, best
        if best is not None:
            if before is None or (before.id, before.text, before.urgency) != (best.id, best.text, best.urgency):
                self._to_voice(Offer(best.id, best.text, best.urgency))
        elif before is not None:
            self._to_voice(Withdraw(before.id, gone.get(before.id, "its moment has passed")))
        next_s = self.agenda.next_s(now_s)
        if next_s is not None and not self._settling:
            self._settling = True
            self._clock.call_later(min(1.0, max(0.05, next_s - now_s)), self._settle_again)

    def offer_again(self) -> None:
        """A new voice process knows nothing of the agenda yet, nor of the names here."""
        self._offered = None
        self._complete = True
        self._vocabulary = ()
        view = self.view(self.cursor_uri)
        if view is not None:
            self._collect(view)
        self.settle()

    def _look_at(self, uri: str | None, line: int = 0) -> None:
        """The cursor is there, until the editor says where exactly."""
        self.cursor_uri, self.cursor_position, self.selection = uri, Position(line, 0), None

    def _settle_again(self) -> None:
        self._settling = False
        self.settle()

    def _later(self, what: str, uri: str, delay_s: float) -> None:
        """Does it when the document has rested for so long; one timer at a time, however many edits."""
        if (what, uri) in self._waiting:
            return
        self._waiting.add((what, uri))

        def due() -> None:
            self._waiting.discard((what, uri))
            rested_s = self._clock.now_s() - self._edited_s.get(uri, -delay_s)
            if rested_s < delay_s - 0.001:
                self._waiting.add((what, uri))
                self._clock.call_later(delay_s - rested_s, due)
            elif what == "parse":
                self._parse(uri)
            else:
                self._inspect(uri)

        self._clock.call_later(delay_s, due)

    def _parse(self, uri: str) -> None:
        document = self.documents.get(uri)
        job = self._trees.job(document.snapshot()) if document else None
        if job is not None:
            run(self._clock.lane("trees"), job.run, partial(self._parsed, uri, job))

    def _parsed(self, uri: str, job: ParseJob, result: Syntax | Exception | None) -> None:
        if isinstance(result, Exception):
            self._warn_once("trees", f"{job.snapshot.name} cannot be parsed: {result}")
        if not self._trees.finish(job, result):
            return
        self._parse(uri)
        view = self.view(uri)
        if view is None or view.syntax is None or uri != self.cursor_uri:
            return
        self._tell_complete(view)
        self._collect(view)

    def _collect(self, view: View) -> None:
        """The names around the cursor, which is in that view."""
        if view.syntax is not None:
            collect = partial(view.syntax.identifiers, VOCABULARY_WORDS, self.cursor_position)
            run(self._clock.lane("vocabulary"), collect, self._collected)

    def _tell_complete(self, view: View) -> None:
        """Whether the statement at the cursor is whole: nobody wants to be spoken to in the middle of one."""
        complete = view.statement_complete_at(self.cursor_position)
        if complete != self._complete:
            self._complete = complete
            self._to_voice(EditorEvent("complete", int(complete)))

    def _collected(self, words: tuple[str, ...] | Exception) -> None:
        if isinstance(words, Exception):
            self._warn_once("vocabulary", f"the names of the file cannot be collected: {words}")
            return
        files = [file_name(document.uri) for document in self.documents]
        words = tuple(dict.fromkeys((*words, *files[:VOCABULARY_FILES])))
        if words != self._vocabulary:
            self._vocabulary = words
            self._to_voice(Vocabulary(words, beginnings()))

    def _inspect(self, uri: str) -> None:
        view = self.view(uri)
        if view is None or not view.fit_to_inspect:
            return
        for name, detector in self._detectors.items():
            if name != "diagnostics":
                run(self._clock.lane("detect"), partial(detector.inspect, view), partial(self._found, name, view))
        self._noticing.rested(uri)

    def _found(self, name: str, view: View, findings: list[Finding] | Exception) -> None:
        if isinstance(findings, DetectorTrouble):
            self._warn_once(name, str(findings))
            return
        if isinstance(findings, Exception):
            self._warn_once(name, f"the detector '{name}' failed: {findings!r}; it is left out for this text")
            return
        detector, document = self._detectors.get(name), self.documents.get(view.uri)
        if isinstance(detector, Structure):
            for problem in detector.take_problems():
                self._warn(f"a structural rule is left out: {problem}")
        if document is None or detector is None or document.revision != view.snapshot.revision:
            return
        self._take(name, view.uri, findings)

    def _take(self, detector: str, uri: str, findings: list[Finding]) -> None:
        self._findings[uri, detector] = findings
        whole = all(finding.trigger != BROKEN for finding in findings)
        self.agenda.found(uri, detector, findings, self._clock.now_s(), whole)
        self.settle()

    def _warn_once(self, what: str, text: str) -> None:
        if what not in self._warned:
            self._warned.add(what)
            self._warn(text)
