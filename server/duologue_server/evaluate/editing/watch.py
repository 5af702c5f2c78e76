"""What was shown and spoken, and whether the code was still as it had been found: judged apart from the agenda."""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from duologue_server.evaluate.editing.buffer import Buffer
from duologue_server.evaluate.editing.defects import Defect, Judge, says
from duologue_server.link.messages import FromVoice, Happened, Offer, ToVoice
from duologue_server.options import Options
from duologue_server.replay.quiet import QuietClient
from duologue_server.session.ports import VoicePort
from duologue_server.session.session import Session
from duologue_server.suggest.agenda import SPOKEN_URGENCY
from duologue_server.suggest.findings import Finding
from duologue_server.suggest.items import Item
from duologue_server.trace.clock import Clock
from duologue_server.trace.facts import SoundOff, SoundOn
from duologue_server.trace.folder import Event

KEPT_EVIDENCE, KEPT_VERSIONS = 2000, 200
AGAIN_S = 300.0
SURVIVES_S, IDLE_S, AT_BOUNDARY_KEYS = 10.0, 300.0, 12
"""What a boundary is, said again here, so that the agenda is not asked about itself: how long without a key, and how
many keys later it has passed."""
RECALLED = ("memory:", "tests:", "test:")
"""Triggers that speak of what happened; only their line and its definition can be judged."""
_LINE = re.compile(r"\b[Ll]ine (\d+):")


class Evidence(NamedTuple):
    """What a detector saw when it found something."""

    line: str
    around: str
    """The whole top-level definition."""


class Staleness(NamedTuple):
    """In what way the code of a remark was no longer what had been found."""

    line_changed: bool
    around_changed: bool
    found_no_more: bool

    @property
    def stale(self) -> bool:
        return any(self)


@dataclass(slots=True)
class Remark:
    """One utterance that nobody had asked for."""

    t: float
    id: str
    text: str
    uri: str
    trigger: str
    urgency: float
    boundary: str
    proved: bool
    """Whether that boundary was seen to happen, at most `AT_BOUNDARY_KEYS` keys before."""
    since_key_s: float
    staleness: Staleness
    defect: Defect | None
    code: str
    """The line that it names."""
    truth: str = ""
    """`planted`, `recalled` from what happened, `standing` in the project's own code, or `unfinished`: gone when the
    commit is typed."""
    ended: str = ""
    heard_ms: float = 0.0


@dataclass
class Watch:
    """Sees every event before the session does, and everything that the session says."""

    defects: Sequence[Defect] = ()
    target: Callable[[str], str | None] = lambda uri: None
    """What a document will be when its commit is typed, if that is known."""
    remarks: list[Remark] = field(default_factory=list)
    shown: int = 0
    shown_speakable: int = 0
    """Of these, urgent enough to be spoken."""
    shown_again: int = 0
    """The same thought of the same document within `AGAIN_S`, as another offer."""
    keys: int = 0
    changes: int = 0
    last_key_s: float = -60.0
    buffers: dict[str, Buffer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._evidence: OrderedDict[tuple[str, str], Evidence] = OrderedDict()
        self._opened: dict[str, tuple[str, str]] = {}
        self._versions: dict[str, dict[int | None, tuple[str, ...]]] = {}
        """By document, the lines of its last versions."""
        self._shown_s: dict[tuple[str | None, str], float] = {}
        self._boundaries: dict[tuple[str, str], int] = {}
        """How many keys had been pressed when it last happened; of one document, or of all."""
        self._judge = Judge()

    def event(self, event: Event) -> None:
        """Keeps texts and clocks of its own."""
        uri = event.fields.get("uri", "")
        match event.kind:
            case "open":
                self.buffers[uri] = Buffer(event.fields["text"].split("\n"))
                self._opened[uri] = (event.fields["language_id"], event.fields["text"])
                self._versions[uri] = {event.fields["version"]: tuple(self.buffers[uri].lines)}
            case "change":
                self.changes += 1
                self.buffers[uri].take(event.fields["changes"])
                versions = self._versions[uri]
                versions[event.fields["version"]] = tuple(self.buffers[uri].lines)
                if len(versions) > KEPT_VERSIONS:
                    del versions[next(iter(versions))]
            case "close":
                self.buffers.pop(uri)
                self._opened.pop(uri)
                self._versions.pop(uri)
                self._boundaries.pop(("save", uri), None)
            case "keys":
                self._rested(event.t)
                self.keys += event.fields["count"]
                self.last_key_s = event.t
            case "save":
                self._boundaries["save", uri] = self.keys
            case "tests" if event.fields["failed"]:
                self._boundaries["tests_failed", ""] = self.keys
            case _:
                pass

    def found(self, findings: Iterable[Finding]) -> None:
        """This is about to enter the agenda: notes what the text was in the version in which it was found."""
        for finding in findings:
            lines = self._versions.get(finding.uri, {}).get(finding.version)
            if lines is not None and finding.line < len(lines):
                self._evidence[finding.uri, finding.key] = Evidence(lines[finding.line], around(lines, finding.line))
                self._evidence.move_to_end((finding.uri, finding.key))
        while len(self._evidence) > KEPT_EVIDENCE:
            self._evidence.popitem(last=False)

    def item_shown(self, item_id: str, text: str, urgency: float, uri: str | None, t: float, speakable: bool) -> None:
        self.shown += 1
        thought = (uri, says(text))
        self.shown_again += t - self._shown_s.pop(thought, -AGAIN_S) < AGAIN_S
        self._shown_s[thought] = t
        if len(self._shown_s) > KEPT_EVIDENCE:
            del self._shown_s[next(iter(self._shown_s))]
        self.shown_speakable += speakable
        defect = self._defect(text, uri)
        if defect is not None and defect.shown_s is None:
            defect.shown_s = t

    def spoken(self, fact: SoundOn, item: Item | None) -> None:
        """An offer begins to sound; `item` as the agenda last had it."""
        uri = (item.uri if item else None) or ""
        buffer = self.buffers.get(uri)
        named = _LINE.search(fact.text)
        line = int(named.group(1)) - 1 if named else -1
        code = buffer.lines[line] if buffer and 0 <= line < len(buffer.lines) else ""
        defect = self._defect(fact.text, uri)
        remark = Remark(
            fact.t,
            fact.utterance,
            fact.text,
            uri,
            item.trigger if item else "",
            item.urgency if item else 0.0,
            item.boundary if item else "",
            self._at_boundary(item.boundary if item else "", uri, fact.t),
            fact.t - self.last_key_s,
            self._staleness(fact.text, item, buffer, line),
            defect,
            code.strip(),
        )
        if defect is not None:
            remark.truth = "planted"
        elif remark.trigger.startswith(RECALLED):
            remark.truth = "recalled"
        else:
            remark.truth = "standing" if self._will_stand(uri, fact.text) else "unfinished"
        if defect is not None and defect.spoken_s is None:
            defect.spoken_s = fact.t
        self.remarks.append(remark)

    def ended(self, fact: SoundOff) -> None:
        for remark in reversed(self.remarks):
            if remark.id == fact.utterance:
                remark.ended, remark.heard_ms = fact.cause, fact.heard_ms
                if remark.defect is not None and fact.cause == "end":
                    remark.defect.heard_s = fact.t
                return

    def _rested(self, t: float) -> None:
        """Before a key, and when something is said: how long no key had been pressed."""
        if t - self.last_key_s >= SURVIVES_S:
            self._boundaries["survived", ""] = self.keys
        if t - self.last_key_s >= IDLE_S:
            self._boundaries["idle_return", ""] = self.keys

    def _at_boundary(self, name: str, uri: str, t: float) -> bool:
        self._rested(t)
        at = self._boundaries.get((name, uri if name == "save" else ""))
        return at is not None and self.keys - at <= AT_BOUNDARY_KEYS

    def silent(self, why: str) -> None:
        """What the agenda says of its silence now."""
        for defect in self.defects[-1:]:
            if defect.repaired_s is None and defect.shown_s is not None and defect.spoken_s is None:
                defect.silences[_reason(why)] += 1

    def _staleness(self, text: str, item: Item | None, buffer: Buffer | None, line: int) -> Staleness:
        evidence = self._evidence.get((item.uri or "", item.key)) if item else None
        if item is None or evidence is None or buffer is None or not 0 <= line < len(buffer.lines):
            return Staleness(True, True, True)
        named, same = buffer.lines[line] == evidence.line, around(buffer.lines, line) == evidence.around
        if item.trigger.startswith(RECALLED):
            return Staleness(not named, not same, False)
        language, opened = self._opened[item.uri or ""]
        found = self._judge.spoken(_name(item.uri or ""), language, buffer.text, opened)
        return Staleness(
            not named,
            not same,
            not any(finding.line == line and says(finding.text) == says(text) for finding in found),
        )

    def _will_stand(self, uri: str, text: str) -> bool:
        target = self.target(uri)
        if target is None or uri not in self._opened:
            return False
        language, opened = self._opened[uri]
        found = self._judge.spoken(_name(uri), language, target, opened)
        return any(says(finding.text) == says(text) for finding in found)

    def _defect(self, text: str, uri: str | None) -> Defect | None:
        for defect in reversed(self.defects):
            if defect.uri == uri and defect.repaired_s is None and says(text) in defect.says:
                return defect
        return None


def _reason(why: str) -> str:
    """Without what differs from time to time."""
    return re.sub(r"^(One remark waits|\d+ remarks wait),? (but )?", "", re.sub(r"; the next in .*", "", why)).rstrip(
        "."
    )


class WatchedSession(Session):
    """A session whose findings, offers and utterances are seen by a `Watch`."""

    def __init__(self, clock: Clock, voice: VoicePort, options: Options, watch: Watch) -> None:
        self._watch = watch
        self._last_items: dict[str, Item] = {}
        super().__init__(clock, _Client(clock, watch), voice, options)
        agenda = self._workspace.agenda
        take = agenda.found

        def found(uri: str, detector: str, findings: Sequence[Finding], now_s: float, whole: bool = True) -> None:
            watch.found(findings)
            take(uri, detector, findings, now_s, whole)

        setattr(agenda, "found", found)  # noqa: B010 - a method, replaced on this one

    def why_silent(self) -> str:
        return self._workspace.agenda.why(self._clock.now_s())

    def _to_voice(self, message: ToVoice) -> None:
        if isinstance(message, Offer):
            self._remember(message.id)
        super()._to_voice(message)

    def from_voice(self, message: FromVoice) -> None:
        fact = message.fact if isinstance(message, Happened) else None
        if isinstance(fact, SoundOn) and fact.cause == "offer":
            self._remember(fact.utterance)
            self._watch.spoken(fact, self._last_items.pop(fact.utterance, None))
        elif isinstance(fact, SoundOff):
            self._watch.ended(fact)
        super().from_voice(message)

    def _remember(self, id_: str) -> None:
        """The item as it is now; when it is gone, it stays as it last was."""
        for item in self._workspace.agenda.offers(self._clock.now_s()):
            if item.id == id_:
                self._last_items[id_] = item
        while len(self._last_items) > 50:
            del self._last_items[next(iter(self._last_items))]


class _Client(QuietClient):
    """An editor that only counts what it is shown."""

    def __init__(self, clock: Clock, watch: Watch) -> None:
        super().__init__()
        self._clock = clock
        self._watch = watch
        self._seen: OrderedDict[str, None] = OrderedDict()

    def offer(self, offer: Any) -> None:
        if offer.outcome == "waiting" and offer.id not in self._seen:
            self._seen[offer.id] = None
            if len(self._seen) > 500:
                self._seen.popitem(last=False)
            speakable = offer.urgency >= SPOKEN_URGENCY
            self._watch.item_shown(offer.id, offer.text, offer.urgency, offer.uri, self._clock.now_s(), speakable)


def around(lines: Sequence[str], line: int) -> str:
    """The lines from the last unindented one to before the next: a whole top-level definition."""
    first = line
    while first > 0 and not _begins(lines[first]):
        first -= 1
    end = line + 1
    while end < len(lines) and not _begins(lines[end]):
        end += 1
    return "\n".join(lines[first:end]).rstrip()


def _begins(line: str) -> bool:
    return bool(line) and not line[0].isspace() and line[0] not in ")]}"


def _name(uri: str) -> str:
    return uri.removeprefix("file:///")
