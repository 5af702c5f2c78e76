"""The detector `diagnostics`: what the editor's other tools report, forwarded by the editor.

LSP gives a server no foreign diagnostics, so our clients send them as `duologue/context`. Source of the shape: LSP
3.17, `Diagnostic`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from duologue_server.suggest.findings import Finding, Source, Span, find
from duologue_server.suggest.wording import first_name, spoken

SURVIVES_S = 10.0
"""A diagnostic that has lived this long without anybody editing is not a half-typed line: a boundary."""
ERROR, WARNING = 1, 2
_URGENCY = {ERROR: 0.7, WARNING: 0.45}
_UNIMPORTANT_URGENCY = 0.15
_UNNECESSARY, _DEPRECATED = 1, 2
MOST_READ, MOST_ITEMS = 5_000, 200
"""Of one document, read and kept; a tool that reports more has misunderstood the file."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning of another tool."""

    span: Span
    severity: int
    message: str
    source: str
    code: str
    unimportant: bool
    """Marked as unnecessary or deprecated code."""

    @property
    def trigger(self) -> str:
        """`tool:rule`; the same as our own detector's for the same rule."""
        return ":".join(part for part in (self.source.lower() or "diagnostics", self.code) if part)


class Updated(NamedTuple):
    """What a new report changed."""

    up: int
    """How many appeared."""
    down: int
    """How many went away."""
    unreadable: int
    """How many items were not diagnostics."""


def survived(found_s: float, edited_s: float | None, now_s: float) -> bool:
    """Whether something found at `found_s` has outlived `SURVIVES_S` without an edit since."""
    since_s = found_s if edited_s is None else max(found_s, edited_s)
    return now_s - since_s >= SURVIVES_S


class Diagnostics:
    """The newest report of every document, and a `Detector` over it."""

    name = "diagnostics"

    def __init__(self) -> None:
        self._items: dict[str, tuple[Diagnostic, ...]] = {}

    def update(self, uri: str, items: object) -> Updated:
        """Takes a report, which replaces the one before. Hints and information are left out."""
        raw = items if isinstance(items, Sequence) and not isinstance(items, str | bytes) else ()
        unreadable = 0 if raw is items else 1
        read: list[Diagnostic] = []
        for item in raw[:MOST_READ]:
            diagnostic = read_diagnostic(item)
            if diagnostic is None:
                unreadable += 1
            elif diagnostic.severity <= WARNING:
                read.append(diagnostic)
        new = tuple(sorted(dict.fromkeys(read), key=lambda item: (item.severity, item.span)))[:MOST_ITEMS]
        # counted without their places, so that a shift by a line is neither up nor down
        before = [(item.message, item.code) for item in self._items.get(uri, ())]
        after = [(item.message, item.code) for item in new]
        self._items[uri] = new
        return Updated(_surplus(after, before), _surplus(before, after), unreadable)

    def edited(self, uri: str, line: int, removed: int, added: int) -> None:
        """Lets the report follow an edit of whole lines until the next one comes."""
        kept = []
        for item in self._items.get(uri, ()):
            shift = added - removed if item.span.line >= line + removed else 0
            if item.span.line < line or item.span.line >= line + removed:
                span = item.span._replace(line=item.span.line + shift, end_line=item.span.end_line + shift)
                kept.append(replace(item, span=span))
        if uri in self._items:
            self._items[uri] = tuple(kept)

    def close(self, uri: str) -> None:
        self._items.pop(uri, None)

    def of(self, uri: str) -> tuple[Diagnostic, ...]:
        """Errors first, then warnings, each by place."""
        return self._items.get(uri, ())

    def inspect(self, source: Source) -> list[Finding]:
        """The report as findings; ask after `update`, not after every edit."""
        inside = [item for item in self.of(source.uri) if item.span.line < source.line_count]
        return list(
            {finding.key: finding for finding in (to_finding(source, item) for item in reversed(inside))}.values()
        )


def to_finding(source: Source, item: Diagnostic) -> Finding:
    """A diagnostic as one sentence; the wording of its tool where that can be spoken."""
    kind = "an error" if item.severity == ERROR else "a warning"
    says = spoken(item.message) or f"{kind} from {item.source or 'another tool'}, shown in the editor"
    urgency = _UNIMPORTANT_URGENCY if item.unimportant else _URGENCY[item.severity]
    label = ":".join(part for part in (item.source, item.code) if part)
    written = f"{label}: {item.message}" if label else item.message
    return find(source, item.span, item.trigger, says, urgency, written, first_name(item.message))


def read_diagnostic(item: object) -> Diagnostic | None:
    """Reads an LSP diagnostic, as JSON or as an object with the same names; None when it is none. A missing severity
    counts as a warning."""
    area = _get(item, "range")
    start, end = _get(area, "start"), _get(area, "end")
    numbers = [_get(position, name) for position in (start, end) for name in ("line", "character")]
    message, severity = _get(item, "message"), _get(item, "severity")
    severity = WARNING if severity is None else severity
    if not all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers):
        return None
    if not isinstance(message, str) or not message.strip() or not isinstance(severity, int) or not 1 <= severity <= 4:
        return None
    code, source, tags = _get(item, "code"), _get(item, "source"), _get(item, "tags")
    return Diagnostic(
        Span(*numbers),
        int(severity),
        message,
        source if isinstance(source, str) else "",
        str(code) if isinstance(code, str | int) else "",
        isinstance(tags, Sequence) and any(tag in (_UNNECESSARY, _DEPRECATED) for tag in tags),
    )


def _surplus(many: Iterable[object], few: list[tuple[str, str]]) -> int:
    left: list[object] = list(few)
    surplus = 0
    for item in many:
        if item in left:
            left.remove(item)
        else:
            surplus += 1
    return surplus


def _get(item: object, name: str) -> Any:
    return item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)
