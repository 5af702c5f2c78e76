"""What stands on the agenda, and what becomes of it."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from duologue_server.suggest.findings import Finding, Fix, Span

Boundary = Literal["save", "tests_failed", "survived", "idle_return"]
"""A moment at which a remark is welcome."""
Channel = Literal["mark", "cue", "speech"]
"""How loud a thought may be, from the quietest: a mark in the editor, a sign that catches the eye, a sentence."""
Outcome = Literal["waiting", "raised", "spoken", "accepted", "dismissed", "dropped"]
"""`raised`: it still waits, and has reached another channel."""

EXPIRES_S = 300.0
URGENT = 0.7
ASKED_EXPIRES_S = 3600.0
"""What the user asked to be told is not so soon stale."""


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
    fix: Fix | None = None
    asked: bool = False
    """The user asked to be told: it counts against no budget."""
    channel: Channel = "mark"
    cued_s: float | None = None
    """When it first caught the eye."""
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


class OfferAt(NamedTuple):
    """An item at its place in a document."""

    item: Item
    line: int
    end_character: int
    """Of the line, in the editor's units."""


@dataclass(slots=True)
class Closed:
    """A thought that has had its chance; kept so that it is not brought up again while it is still found."""

    item: Item
    said_s: float | None
    """When it was said, while its outcome is open."""
    ignored: bool = False
    """It counted as ignored, and may still be heeded."""
    gone_since_s: float | None = None


class Recent(NamedTuple):
    """The last moment at which a remark was welcome."""

    kind: Boundary
    at_s: float
    uri: str | None


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
        finding.fix,
        found_by=frozenset({detector}),
    )


def as_given(id: str, text: str, urgency: float, now_s: float, asked: bool) -> Item:  # noqa: A002
    """What came from outside, ready to be said; `asked`: because the user wants to be told."""
    expires_s = now_s + (ASKED_EXPIRES_S if asked else EXPIRES_S)
    urgency = min(1.0, max(0.0, urgency))
    item = Item(id, text, urgency, "given", f"given|{id}", now_s, expires_s, channel="speech")
    return replace(item, boundary="given", asked=asked)


def is_urgent(item: Item) -> bool:
    """Whether it may have what others may not: the last remark of the hour, and more time where it had no chance."""
    return item.urgency >= URGENT


def moved(item: Item, lines: int) -> Item:
    """The item some lines further down, its spoken place included."""
    assert item.line is not None
    span = item.source_range
    if span is not None:
        span = span._replace(line=span.line + lines, end_line=span.end_line + lines)
    text = item.text.replace(f"ine {item.line + 1}:", f"ine {item.line + lines + 1}:", 1)
    return replace(item, line=item.line + lines, source_range=span, text=text)


def found_again(item: Item, new: Item) -> Item:
    """The item at the place where the same was found anew; whoever found it may know no fix."""
    return replace(item, line=new.line, version=new.version, source_range=new.source_range, fix=new.fix or item.fix)


def merged(old: Item, new: Item) -> Item:
    """One item for what two tools, or one tool twice, have found; in the words of whoever finds it more urgent."""
    found_by = old.found_by | new.found_by
    if new.urgency < old.urgency and old.found_by != new.found_by:
        return replace(old, found_by=found_by, line=new.line, version=new.version)
    return replace(
        new, id=old.id, added_s=old.added_s, expires_s=old.expires_s, boundary=old.boundary, found_by=found_by,
        channel=old.channel, cued_s=old.cued_s, fix=new.fix or old.fix,
    )  # fmt: skip
