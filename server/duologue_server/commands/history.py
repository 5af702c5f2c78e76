"""What was done by voice, so that "undo" always means the last thing the voice did, whatever was typed meanwhile."""

from dataclasses import dataclass, replace

from duologue_server.commands.draft import draft
from duologue_server.commands.kinds import Command, Meta
from duologue_server.commands.place import Place
from duologue_server.commands.plans import Change, Plan, Refusal, apply, inverse

MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Done:
    """A plan that was carried out."""

    command: Command
    caption: str
    uri: str
    changes: tuple[Change, ...]
    back: tuple[Change, ...]
    """What brings the text back, in offsets of the text after the changes."""
    after: str
    """The text that the changes left; tells where they are when somebody typed since."""
    before_cursor: int

    @property
    def is_edit(self) -> bool:
        return bool(self.changes)


@dataclass(frozen=True, slots=True)
class History:
    """What the voice did, the newest last. Never changes: each step gives a new one."""

    done: tuple[Done, ...] = ()
    undone: tuple[Done, ...] = ()

    def did(self, command: Command, made: Plan, place: Place) -> "History":
        """Notes a plan that the editor has carried out at a place."""
        if isinstance(command, Meta):
            return self
        entry = Done(
            command,
            made.caption,
            made.uri,
            made.changes,
            inverse(place.text, made.changes),
            apply(place.text, made.changes) if made.changes else "",
            place.cursor,
        )
        return History((*self.done, entry)[-MOST_KEPT:])

    @property
    def last(self) -> Command | None:
        """What "do that again" means."""
        return self.done[-1].command if self.done else None

    def undo(self, place: Place) -> "tuple[Plan | Refusal, History]":
        """The plan that takes back the last edit of this document, and the history once that is done."""
        found = next((n for n in reversed(range(len(self.done))) if self._is_edit_of(self.done[n], place)), None)
        if found is None:
            return Refusal("I have changed nothing here that could be undone"), self
        entry = self.done[found]
        changes = _moved_along(entry.back, entry.after, place.text)
        if changes is None:
            return Refusal(f"The text has changed there since, so I leave “{entry.caption}” as it is"), self
        cursor = None if place.text != entry.after else entry.before_cursor
        made = draft(place, f"undo {entry.caption}", changes, cursor=cursor)
        return made, History((*self.done[:found], *self.done[found + 1 :]), (*self.undone, entry))

    def redo(self, place: Place) -> "tuple[Plan | Refusal, History]":
        """The same for what was undone last."""
        entry = self.undone[-1] if self.undone else None
        if entry is None or entry.uri != place.view.uri:
            return Refusal("There is nothing to redo here"), self
        before = apply(entry.after, entry.back)
        changes = _moved_along(entry.changes, before, place.text)
        if changes is None:
            return Refusal(f"The text has changed there since, so I can not redo “{entry.caption}”"), self
        made = draft(place, f"redo {entry.caption}", changes)
        entry = replace(entry, after=apply(place.text, made.changes), back=inverse(place.text, made.changes))
        return made, History((*self.done, entry), self.undone[:-1])

    @staticmethod
    def _is_edit_of(entry: Done, place: Place) -> bool:
        return entry.is_edit and entry.uri == place.view.uri


def _moved_along(changes: tuple[Change, ...], old: str, new: str) -> tuple[Change, ...] | None:
    """Changes of an old text in a newer one; None where what they are about was changed itself. What was typed since
    is taken as one stretch, from the first difference to the last."""
    if old == new:
        return changes
    most = min(len(old), len(new))
    head = next((n for n in range(most) if old[n] != new[n]), most)
    tail = next((n for n in range(most - head) if old[-1 - n] != new[-1 - n]), most - head)
    last = len(old) - tail
    shift = len(new) - len(old)
    moved = []
    for start, end, text in changes:
        if end < head or (end == head and start < end):
            moved.append(Change(start, end, text))
        elif start >= last:
            moved.append(Change(start + shift, end + shift, text))
        else:
            return None
    return tuple(moved)
