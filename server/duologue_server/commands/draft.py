"""How plans are made: changes, where the cursor goes, and the caption, put together in one place."""

from collections.abc import Iterable, Sequence

from duologue_server.commands.found import Found
from duologue_server.commands.place import Place
from duologue_server.commands.plans import Action, Change, Plan, edits_of, moved, ordered, selection_after

MOST_LINES_UNASKED = 5
"""Who deletes more lines is asked first."""


def draft(
    place: Place,
    caption: str,
    changes: Iterable[Change] = (),
    *,
    cursor: int | None = None,
    selected: tuple[int, int] | None = None,
    highlights: Sequence[Found] = (),
    copied: str | None = None,
    actions: Sequence[Action] = (),
) -> Plan:
    """A plan. `cursor` and `selected` are offsets in the text after the changes; without either the cursor stays at
    its place in the text. Raises Overlap."""
    made = ordered(changes, len(place.text))
    snapshot = place.view.snapshot
    if selected is None and cursor is not None:
        selected = (cursor, cursor)
    if selected is None and made:
        stays = moved(place.cursor, made)
        selected = (stays, stays)
    return Plan(
        caption,
        edits_of(made, place),
        made,
        snapshot.uri,
        snapshot.version,
        snapshot.revision,
        selection_after(place, made, *selected) if selected is not None else None,
        tuple(place.range(found.start, found.end) for found in highlights),
        tuple(actions),
        copied,
    )


def lines_lost(place: Place, changes: Sequence[Change]) -> int:
    """How many lines with something on them vanish and are not written again."""
    lost = 0
    for start, end, text in changes:
        before = sum(1 for line in place.text[start:end].splitlines() if line.strip())
        after = sum(1 for line in text.splitlines() if line.strip())
        lost += max(0, before - after)
    return lost


def indented(text: str, old: str, new: str, newline: str) -> str:
    """Lines with another indentation; what was deeper stays deeper."""
    lines = []
    for number, line in enumerate(text.splitlines()):
        if number == 0 or not line.strip():
            lines.append(line.strip() and line)
        elif line.startswith(old):
            lines.append(new + line[len(old) :])
        else:
            lines.append(new + line.lstrip(" \t"))
    return newline.join(lines)


def apart(place: Place, indent: str) -> str:
    """What stands between two definitions: Python's have two blank lines at the outermost level, all others one."""
    return place.newline * (3 if place.language_id == "python" and not indent else 2)


def line_span(place: Place, found: Found) -> tuple[int, int]:
    """Whole lines with the ending of the last; of a text's last line, the ending before the first."""
    first, last = place.line_of(found.start), place.line_of(found.end)
    start, end = place.line_start(first), place.line_start(last + 1)
    if last + 1 >= place.line_count and start > 0 and end == len(place.text):
        before = first - 1
        return place.line_end(before), end
    return start, end
