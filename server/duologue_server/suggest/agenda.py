"""The agenda: a short list of things worth saying, and when one of them may be said.

Pure logic: time comes in as `now_s`, what happened goes out through `take_changes`. A thought is first only a mark in
the editor. A boundary makes an urgent one speakable, and lets a lesser one catch the eye before a later boundary makes
it speakable, too; typing takes that back. It dies when its code changes, when it is no longer found, when it has been
said or dismissed, and of old age.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from duologue_server.suggest.backoff import LONGEST_WAIT_S, Backoff
from duologue_server.suggest.diagnostics import SURVIVES_S, survived
from duologue_server.suggest.findings import Finding
from duologue_server.suggest.items import (
    EXPIRES_S,
    Boundary,
    Change,
    Closed,
    Item,
    Outcome,
    Recent,
    as_given,
    as_item,
    found_again,
    is_urgent,
    merged,
    moved,
)
from duologue_server.suggest.reasons import BECAUSE, Waiting, why_silent, why_spoken

HOUR_S = 3600.0
SPOKEN_URGENCY = 0.4
"""Findings below this are shown and never spoken unasked."""
AT_ONCE_URGENCY = 0.6
"""Findings below this catch the eye before they may be spoken."""
CUED_S = 20.0
"""So long what has caught the eye is left to the user before it may be spoken."""
NEAR_LINES, FAR_WEIGHT = 40, 0.75
"""Further from the cursor than this, or in another document, a thought weighs less."""
URGENT_WAIT_S = 600.0
"""Who does not react to what is urgent hears of the like again after this: perhaps only the moment was wrong."""
IGNORED_S = 60.0
"""Said and, so long after, neither accepted nor dismissed nor fixed: ignored."""
REACH_S = 3.0
"""A boundary counts for what detectors find within this time after it."""
TYPED_AWAY_KEYS = 12
"""So many keys after its boundary, the moment for a thought has passed."""
IDLE_S = 300.0
"""A key after so long without one is a return after idle."""
REOPENS_S = 120.0
"""What was said or dismissed may be said anew when it had been gone for so long."""
MOST_ITEMS = 50
MOST_CLOSED = 500


class Agenda:
    """See the module. All methods belong to one thread; `now_s` never goes backwards."""

    def __init__(self, unprompted_per_hour: int = 4) -> None:
        self.unprompted_per_hour = unprompted_per_hour
        self._items: dict[str, Item] = {}
        self._closed: dict[str, Closed] = {}
        self.backoff = Backoff()
        """What experience has taught; for the user to see and reset."""
        self._said_s: deque[float] = deque()
        self._last_said: tuple[Item, float] | None = None
        self._keys_since: dict[str, int] = {}
        self._last_key_s: float | None = None
        self._edited_s: dict[str, float] = {}
        self._recent: Recent | None = None
        self._keys_since_recent = 0
        self._snoozed_until_s = 0.0
        self._cursor: tuple[str | None, int] = (None, 0)
        self._changes: deque[Change] = deque(maxlen=1000)
        self._count = 0

    def found(self, uri: str, detector: str, findings: Sequence[Finding], now_s: float, whole: bool = True) -> None:
        """Takes what a detector finds in a document now; if that is the `whole` of it, all else counts as fixed."""
        self._refresh(now_s)
        kept = {self._take(detector, finding, now_s) for finding in findings}
        if not whole:
            return
        for item in [item for item in self._items.values() if item.uri == uri and detector in item.found_by]:
            if item.id not in kept:
                left = item.found_by - {detector}
                if left:
                    self._items[item.id] = replace(item, found_by=left)
                else:
                    self._drop(item, "it is no longer found")
        topics = {as_item(finding, detector, "", now_s).topic for finding in findings}
        for topic, closed in list(self._closed.items()):
            if closed.item.uri == uri and detector in closed.item.found_by:
                self._watch_closed(topic, closed, topic in topics, now_s)
        self._forget_least()

    def given(
        self,
        id: str,  # noqa: A002 - the session format's name
        text: str,
        urgency: float,
        now_s: float,
        asked: bool = False,
    ) -> None:
        """Takes something ready to be said; one with the same id is replaced. `asked`: the user wants to be told."""
        item = as_given(id, text, urgency, now_s, asked)
        self._add(item, "it was given")

    def edited(self, uri: str, line: int, removed: int, added: int, now_s: float) -> None:
        """From `line` on, `removed` lines gave way to `added` others: items follow, or die with their code."""
        self._edited_s[uri] = now_s
        for item in [item for item in self._items.values() if item.uri == uri and item.line is not None]:
            assert item.line is not None
            if line <= item.line < line + removed:
                self._drop(item, "its code changed")
            elif item.line >= line + removed and added != removed:
                self._items[item.id] = moved(item, added - removed)

    def keyed(self, now_s: float, count: int = 1) -> None:
        """Keys were pressed: what waits to be spoken is lowered as typing goes on."""
        if self._last_key_s is not None and now_s - self._last_key_s >= IDLE_S:
            self.boundary("idle_return", now_s)
        self._last_key_s = now_s
        self._keys_since_recent += count
        for item in [item for item in self._items.values() if item.boundary and not item.given]:
            self._keys_since[item.id] = self._keys_since.get(item.id, 0) + count
            if self._keys_since[item.id] >= TYPED_AWAY_KEYS:
                self._items[item.id] = replace(item, boundary="", channel="mark" if item.cued_s is None else "cue")

    def boundary(self, kind: Boundary, now_s: float, uri: str | None = None) -> None:
        """A moment at which a remark is welcome; of one document, or of all."""
        self._recent, self._keys_since_recent = Recent(kind, now_s, uri), 0
        for item in list(self._items.values()):
            if uri is None or item.uri == uri:
                self._raise(item, kind, now_s)

    def said(self, id: str, now_s: float) -> None:  # noqa: A002
        """An item was spoken, or began to be; it counts against the hour and is not said again."""
        item = self._items.get(id)
        if item is None or not item.asked:
            self._said_s.append(now_s)
        if item is None:  # it was withdrawn while the voice had already begun
            return
        self._last_said = (item, now_s)
        if not item.given:
            self.backoff.spoke(item.trigger, now_s)
        self._close(item, "spoken", BECAUSE.get(item.boundary, "it was asked for"), now_s)

    def accepted(self, id: str, now_s: float) -> bool:  # noqa: A002
        """The user took it up, spoken or only shown: its trigger starts afresh. False for an unknown item."""
        return self._judge(id, "accepted", "it was accepted", now_s)

    def dismissed(self, id: str, now_s: float) -> bool:  # noqa: A002
        """The user does not want it: its trigger waits twice as long. False for an unknown item."""
        return self._judge(id, "dismissed", "it was dismissed", now_s)

    def forbid(self, id: str, now_s: float) -> bool:  # noqa: A002
        """The user never wants to hear of the like again. False for an unknown item."""
        item = self.find(id)
        if item is None or item.given:
            return False
        self.backoff.forbid(item.trigger)
        for same in [other for other in self._items.values() if other.trigger == item.trigger]:
            if same.id in self._items:  # one of the same topic has gone with another
                self._close(same, "dismissed", "it is never wanted", None)
        closed = self._closed.get(item.topic)
        if closed is not None and closed.said_s is not None:
            closed.said_s = None
            self._changes.append(Change(item, "dismissed", "it is never wanted"))
        return True

    def find(self, id: str) -> Item | None:  # noqa: A002
        """The item that waits, or was said and is neither accepted, dismissed nor ignored."""
        said = (closed.item for closed in self._closed.values() if closed.said_s is not None and closed.item.id == id)
        return self._items.get(id) or next(said, None)

    def looking_at(self, uri: str | None, line: int) -> None:
        """The cursor is there: what is near counts for more."""
        self._cursor = (uri, line)

    def snooze(self, until_s: float) -> None:
        """Nothing unprompted before; a time in the past ends it."""
        self._snoozed_until_s = until_s

    def closed(self, uri: str) -> None:
        """A document was closed: nothing about it is worth saying."""
        for item in [item for item in self._items.values() if item.uri == uri]:
            self._drop(item, "its file was closed")
        self._closed = {topic: closed for topic, closed in self._closed.items() if closed.item.uri != uri}
        self._edited_s.pop(uri, None)

    def best(self, now_s: float) -> Item | None:
        """What should be said now, if anything. Whether the floor is free is not decided here."""
        self._refresh(now_s)
        if now_s < self._snoozed_until_s:
            return None
        left = self.budget_left(now_s)
        lesser = left - (self.unprompted_per_hour > 1)  # the last of the hour is for what is urgent
        ready = [item for item in self._items.values() if self._ready(item, now_s)]
        ready = [item for item in ready if item.asked or (left if is_urgent(item) else lesser) > 0]
        return max(ready, key=lambda item: (self._weight(item), item.given, -item.added_s), default=None)

    def offers(self, now_s: float) -> list[Item]:
        """Everything that waits, speakable first, then by weight: for the editor."""
        self._refresh(now_s)
        return sorted(self._items.values(), key=lambda item: (not item.boundary, -self._weight(item), item.added_s))

    def latest(self) -> Item | None:
        """What was said last and is neither accepted nor dismissed: what a plain yes or no refers to."""
        if self._last_said is None:
            return None
        closed = self._closed.get(self._last_said[0].topic)
        return closed.item if closed is not None and closed.said_s is not None else None

    def budget_left(self, now_s: float) -> int:
        """How many remarks may still be made unasked in the present hour."""
        while self._said_s and now_s - self._said_s[0] >= HOUR_S:
            self._said_s.popleft()
        return max(0, self.unprompted_per_hour - len(self._said_s))

    def take_changes(self) -> list[Change]:
        """What became of items since the last call, in order; at most the newest thousand."""
        changes = list(self._changes)
        self._changes.clear()
        return changes

    def next_s(self, now_s: float) -> float | None:
        """When `best` may change without anything happening; None when only an event can change it."""
        times = [item.expires_s for item in self._items.values()]
        times += [self._survives_at_s(item) for item in self._items.values() if not item.boundary]
        times += [self.backoff.until_s(item.trigger) for item in self._items.values()]
        times += [closed.said_s + IGNORED_S for closed in self._closed.values() if closed.said_s is not None]
        times += [said_s + HOUR_S for said_s in self._said_s] + [self._snoozed_until_s]
        return min((at_s for at_s in times if now_s < at_s < math.inf), default=None)

    def why(self, now_s: float) -> str:
        """Why it spoke, when it just did; otherwise why it is silent."""
        self._refresh(now_s)
        if self._last_said is not None and now_s - self._last_said[1] < IGNORED_S:
            return why_spoken(self._last_said[0])
        return why_silent(self._waiting(now_s))

    def _waiting(self, now_s: float) -> Waiting:
        items = self.offers(now_s)
        worth = [item for item in items if item.given or item.urgency >= SPOKEN_URGENCY]
        until_s = [0.0 if item.given else self.backoff.until_s(item.trigger) for item in worth]
        return Waiting(
            items=len(items),
            worth=len(worth),
            held_back=sum(now_s < at_s for at_s in until_s),
            forbidden=sum(at_s == math.inf for at_s in until_s),
            ready=self.best(now_s) is not None,
            per_hour=self.unprompted_per_hour,
            snoozed_s=self._snoozed_until_s - now_s,
            next_in_hour_s=self._said_s[0] + HOUR_S - now_s if self._said_s and self.budget_left(now_s) <= 0 else 0.0,
        )

    def _take(self, detector: str, finding: Finding, now_s: float) -> str:
        """Merges a finding; returns the id of its item, or nothing when it has had its chance."""
        new = as_item(finding, detector, "", now_s)
        closed = self._closed.get(new.topic)
        if closed is not None:
            if closed.item.key == new.key:  # what was said of it still holds, perhaps of another version and line
                closed.item = found_again(closed.item, new)
            return ""
        old = self._same(new)
        if old is None:
            self._count += 1
            new = replace(new, id=f"offer-{self._count}")
            self._add(new, f"found by {detector}")
            recent = self._recent
            fresh = recent is not None and now_s - recent.at_s <= REACH_S and self._keys_since_recent < TYPED_AWAY_KEYS
            if recent is not None and fresh and recent.uri in (None, new.uri):
                self._raise(new, recent.kind, now_s)
            return new.id
        self._items[old.id] = merged(old, new)
        return old.id

    def _same(self, new: Item) -> Item | None:
        for item in self._items.values():
            if item.key == new.key:
                return item
            if item.about and (item.uri, item.line, item.about) == (new.uri, new.line, new.about):
                return item
        return None

    def _add(self, item: Item, why: str) -> None:
        self._items[item.id] = item
        self._changes.append(Change(item, "waiting", why))

    def _raise(self, item: Item, kind: Boundary, now_s: float) -> None:
        if item.given or item.urgency < SPOKEN_URGENCY or now_s < self._cued_until_s(item):
            return
        if item.urgency < AT_ONCE_URGENCY and item.cued_s is None:
            raised = replace(item, channel="cue", cued_s=now_s)
        else:
            raised = replace(item, channel="speech", boundary=kind)
            self._keys_since[item.id] = 0
        self._items[item.id] = raised
        if raised.channel != item.channel:
            self._changes.append(Change(raised, "raised", BECAUSE[kind]))

    def _ready(self, item: Item, now_s: float) -> bool:
        return bool(item.boundary) and (item.given or now_s >= self.backoff.until_s(item.trigger))

    def _held_back(self, item: Item, now_s: float) -> bool:
        waits = self.budget_left(now_s) <= 0 or now_s < self.backoff.until_s(item.trigger) < math.inf
        return waits and not item.given

    def _weight(self, item: Item) -> float:
        """Urgency, confidence included, less for what is far from the cursor; what was asked for goes first."""
        if item.asked:
            return 1.0
        uri, line = self._cursor
        near = item.given or uri is None or (item.uri == uri and abs((item.line or 0) - line) <= NEAR_LINES)
        return item.urgency * (1.0 if near else FAR_WEIGHT)

    def _cued_until_s(self, item: Item) -> float:
        return item.cued_s + CUED_S if item.cued_s is not None and item.channel == "cue" else 0.0

    def _survives_at_s(self, item: Item) -> float:
        if item.urgency < SPOKEN_URGENCY:
            return 0.0
        return max(max(item.added_s, self._touched_s(item)) + SURVIVES_S, self._cued_until_s(item))

    def _touched_s(self, item: Item) -> float:
        """The last edit of its document or key anywhere."""
        return max(self._edited_s.get(item.uri or "", 0.0), self._last_key_s or 0.0)

    def _refresh(self, now_s: float) -> None:
        for item in list(self._items.values()):
            if now_s >= item.expires_s and is_urgent(item) and self._held_back(item, now_s):
                self._items[item.id] = replace(item, expires_s=now_s + EXPIRES_S)  # it has had no chance yet
            elif now_s >= item.expires_s:
                self._drop(item, "it waited too long")
                if not item.given:
                    self._closed[item.topic] = Closed(item, None)
            elif not item.boundary and survived(item.added_s, self._touched_s(item), now_s):
                self._raise(item, "survived", now_s)
        for closed in self._closed.values():
            if closed.said_s is not None and now_s - closed.said_s >= IGNORED_S:
                longest_s = URGENT_WAIT_S if is_urgent(closed.item) else LONGEST_WAIT_S
                self._missed(closed.item, closed.said_s + IGNORED_S, longest_s)
                closed.said_s, closed.ignored = None, True

    def _judge(self, id: str, outcome: Literal["accepted", "dismissed"], why: str, now_s: float) -> bool:  # noqa: A002
        item = self.find(id)
        if item is None:
            return False
        if outcome == "accepted":
            self.backoff.welcomed(item.trigger)
        else:
            self._missed(item, now_s)
        self._close(item, outcome, why, None)
        return True

    def _missed(self, item: Item, at_s: float, longest_s: float = LONGEST_WAIT_S) -> None:
        if not item.given:
            self.backoff.missed(item.trigger, at_s, longest_s)

    def _close(self, item: Item, outcome: Outcome, why: str, said_s: float | None) -> None:
        self._remove(item)
        self._closed[item.topic] = Closed(item, said_s)
        self._changes.append(Change(item, outcome, why))
        for same in [other for other in self._items.values() if other.topic == item.topic]:
            self._drop(same, "the same was said of another line" if said_s is not None else why)

    def _watch_closed(self, topic: str, closed: Closed, still_found: bool, now_s: float) -> None:
        if still_found:
            closed.gone_since_s = None
            return
        if closed.said_s is not None:  # what was said has been fixed: that is taking it up
            self.backoff.welcomed(closed.item.trigger)
            self._changes.append(Change(closed.item, "accepted", "it was fixed"))
            closed.said_s = None
        elif closed.ignored:  # it was heeded after all, in its own time
            self.backoff.forgiven(closed.item.trigger)
            closed.ignored = False
        if closed.gone_since_s is None:
            closed.gone_since_s = now_s
        elif now_s - closed.gone_since_s >= REOPENS_S:
            del self._closed[topic]

    def _drop(self, item: Item, why: str) -> None:
        self._remove(item)
        self._changes.append(Change(item, "dropped", why))

    def _remove(self, item: Item) -> None:
        self._items.pop(item.id, None)
        self._keys_since.pop(item.id, None)

    def _forget_least(self) -> None:
        while len(self._items) > MOST_ITEMS:
            least = min(self._items.values(), key=lambda item: (bool(item.boundary), item.urgency, item.added_s))
            self._drop(least, "there is too much on the agenda")
        while len(self._closed) > MOST_CLOSED:
            self._closed.pop(next(iter(self._closed)))
