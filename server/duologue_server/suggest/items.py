"""What stands on the agenda, and what becomes of it."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from duologue_server.suggest.findings import Finding, Span

Boundary = Literal["save", "tests_failed", "survived", "idle_return"]
"""A moment at which a remark is welcome."""
Outcome = Literal["waiting", "spoken", "accepted", "dismissed", "dropped"]

EXPIRES_S = 300.0


@dataclass(frozen=True, slots=True)
class Item:
    """Something on the agenda."""

    id: str
    text: str
    urgency: float
    trigger: str
    key: str
    added_s: float
    expires_s: float
    uri: str | None = None
    line: int | None = None
    version: int | None = None
    source_range: Span | None = None
    written: str = ""
    about: str = ""
    boundary: str = ""
    """What made it speakable: a `Boundary`, or `given`; empty while it is only shown."""
    found_by: frozenset[str] = frozenset()

    @property
    def given(self) -> bool:
        """Came from outside, ready to be said."""
        return self.trigger == "given"

    @property
    def topic(self) -> str:
        """The same thought in other words or another line has the same topic."""
        return f"{self.trigger}|{self.uri}|{self.about}" if self.about else self.key


class Change(NamedTuple):
    """Something became of an item."""

    item: Item
    outcome: Outcome
    why: str


def as_item(finding: Finding, detector: str, id: str, now_s: float) -> Item:  # noqa: A002 - the session format's name
    """What a detector found, as it enters the agenda."""
    return Item(
        id,
        finding.text,
        finding.urgency,
        finding.trigger,
        finding.key,
        now_s,
        now_s + EXPIRES_S,
        finding.uri,
        finding.line,
        finding.version,
        finding.source_range,
        finding.written,
        finding.about,
        found_by=frozenset({detector}),
    )


def moved(item: Item, lines: int) -> Item:
    """The item some lines further down, its spoken place included."""
    assert item.line is not None
    span = item.source_range
    if span is not None:
        span = span._replace(line=span.line + lines, end_line=span.end_line + lines)
    text = item.text.replace(f"ine {item.line + 1}:", f"ine {item.line + lines + 1}:", 1)
    return replace(item, line=item.line + lines, source_range=span, text=text)
