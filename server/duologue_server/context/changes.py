"""What the user changed in the last minutes, as a person would tell it. Time is an argument."""

import re
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from duologue_server.context.documents import Changed, Document, Snapshot, Splice
from duologue_server.context.trees import Defined, Syntax
from duologue_server.context.view import View

WINDOW_S = 300.0
"""What is longer ago is not told."""
CHECKPOINT_EVERY_S = 120.0
KEPT_DOCUMENTS = 8
KEPT_REGIONS = 48
TOLD = 4
COMPARED_LINES = 400

COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--|<!--|\"\"\"|$)")
IMPORT = re.compile(
    r"\s*(?:import\b|from\b.*\bimport\b|use\b|#include\b|require|local\b.*\brequire|source\b|const\b.*\brequire\(|@import|$)"
)


@dataclass(slots=True)
class Region:
    """Lines `line`..`end` now, which were `base_line`..`base_end` at the checkpoint; ends are not included."""

    line: int
    end: int
    base_line: int
    base_end: int
    last_s: float


@dataclass(slots=True)
class _Checkpoint:
    at_s: float
    snapshot: Snapshot
    syntax: Syntax | None
    regions: list[Region] = field(default_factory=list)

    def splice(self, splice: Splice, now_s: float) -> None:
        """Takes a change into the regions: those that it touches become one."""
        start, end, grown = splice.line, splice.line + splice.removed, splice.added - splice.removed
        touched = [region for region in self.regions if region.line <= end and start <= region.end]
        before = [region for region in self.regions if region.end < start]
        after = [region for region in self.regions if region.line > end]
        if touched:
            first, last = touched[0], touched[-1]
            base_line = first.base_line - max(0, first.line - start)
            base_end = last.base_end + max(0, end - last.end)
            merged = Region(min(first.line, start), max(last.end, end) + grown, base_line, base_end, now_s)
        else:
            shift = before[-1].base_end - before[-1].end if before else 0
            merged = Region(start, end + grown, start + shift, end + shift, now_s)
        for region in after:
            region.line += grown
            region.end += grown
        self.regions = [*before, merged, *after]
        if len(self.regions) > KEPT_REGIONS:
            self._join_nearest()

    def _join_nearest(self) -> None:
        gaps = [
            (after.line - before.end, n)
            for n, (before, after) in enumerate(zip(self.regions, self.regions[1:], strict=False))
        ]
        n = min(gaps)[1]
        one, two = self.regions[n : n + 2]
        self.regions[n : n + 2] = [Region(one.line, two.end, one.base_line, two.base_end, max(one.last_s, two.last_s))]


@dataclass(frozen=True, slots=True)
class Past:
    """What a document was, and which of its lines were changed since. Never changes."""

    snapshot: Snapshot
    syntax: Syntax | None
    regions: tuple[Region, ...]


class Recent:
    """The documents that were changed last, each with what it was some minutes ago; old trees share what is equal."""

    def __init__(self) -> None:
        self._checkpoints: OrderedDict[str, deque[_Checkpoint]] = OrderedDict()

    def before_change(self, document: Document, syntax: Syntax | None, now_s: float) -> None:
        """Call it before each change with the newest syntax: remembers what the document is, now and then."""
        kept = self._checkpoints.setdefault(document.uri, deque())
        self._checkpoints.move_to_end(document.uri)
        if len(self._checkpoints) > KEPT_DOCUMENTS:
            self._checkpoints.popitem(last=False)
        if kept and now_s - kept[-1].at_s < CHECKPOINT_EVERY_S:
            return
        while len(kept) > 1 and kept[1].at_s <= now_s - WINDOW_S:
            kept.popleft()
        in_step = syntax is not None and syntax.revision == document.revision
        kept.append(_Checkpoint(now_s, document.snapshot(), syntax if in_step else None))

    def changed(self, changed: Changed, now_s: float) -> None:
        """Takes a change, after it was applied."""
        for checkpoint in self._checkpoints.get(changed.document.uri, ()):
            for splice in changed.splices:
                checkpoint.splice(splice, now_s)

    def close(self, uri: str) -> None:
        self._checkpoints.pop(uri, None)

    def past(self, uri: str, since_s: float) -> Past | None:
        """What a document was at a time, or as long ago as is known, with the changes since; None without any."""
        kept = self._checkpoints.get(uri)
        if not kept:
            return None
        checkpoint = next((one for one in reversed(kept) if one.at_s <= since_s), kept[0])
        regions = tuple(replace(region) for region in checkpoint.regions if region.last_s >= since_s)
        return Past(checkpoint.snapshot, checkpoint.syntax, regions) if regions else None

    def describe(self, view: View, now_s: float) -> tuple[str, ...]:
        """What was done in a document in the last minutes, the newest first: `changed load and added the parameter
        mode`, `added the function save`, `wrote a comment in load`."""
        kept = self._checkpoints.get(view.uri)
        if not kept:
            return ()
        checkpoint = kept[0]
        recent = [region for region in checkpoint.regions if now_s - region.last_s <= WINDOW_S]
        told: dict[str, int] = {}
        for region in sorted(recent, key=lambda region: -region.last_s)[: 2 * TOLD]:
            for what, lines in _tell(checkpoint, region, view):
                told[what] = told.get(what, 0) + lines
        sentences = [_count(what, lines) for what, lines in told.items()]
        return tuple(sentences[:TOLD])


def _tell(checkpoint: _Checkpoint, region: Region, view: View) -> Iterator[tuple[str, int]]:
    """(what, number of changed lines) of one region; `#` in `what` stands for that number."""
    new, old = (
        view.snapshot.lines[region.line : region.end],
        checkpoint.snapshot.lines[region.base_line : region.base_end],
    )
    head = 0
    while head < min(len(new), len(old)) and new[head].strip() == old[head].strip():
        head += 1
    tail = 0
    while tail < min(len(new), len(old)) - head and new[-1 - tail].strip() == old[-1 - tail].strip():
        tail += 1
    changed, gone = new[head : len(new) - tail], old[head : len(old) - tail]
    count = max(len(changed), len(gone))
    if count == 0:
        return
    line, end = region.line + head, region.end - tail
    if all(IMPORT.match(text) for text in (*changed, *gone)) and any(text.strip() for text in (*changed, *gone)):
        yield _imports(checkpoint.syntax, view.syntax), 0
        return
    if checkpoint.syntax is not None and view.syntax is not None and count <= COMPARED_LINES:
        before = checkpoint.syntax.defined_in(region.base_line + head, region.base_end - tail)
        told = list(_definitions(before, view.syntax.defined_in(line, end), count))
        if told:
            yield from ((what, 0) for what in told)
            return
    scope = view.scope_name(min(line, view.line_count - 1))
    place = f" in {scope}" if scope else f" near line {line + 1}"
    if not changed:
        yield f"removed #{place}", count
    elif all(COMMENT.match(text) for text in changed):
        yield f"wrote a comment{place}", 0
    else:
        yield f"changed #{place}", count


def _definitions(old: Sequence[Defined], new: Sequence[Defined], count: int) -> Iterator[str]:
    """What became of the definitions of a region."""
    before = {(item.symbol.kind, item.symbol.name): item for item in old}
    after = {(item.symbol.kind, item.symbol.name): item for item in new}
    added = outermost([item for key, item in after.items() if key not in before])
    removed = outermost([item for key, item in before.items() if key not in after])
    if len(added) == 1 and len(removed) == 1 and added[0].symbol.kind == removed[0].symbol.kind:
        yield f"renamed the {added[0].symbol.kind} {removed[0].symbol.name} to {added[0].symbol.name}"
        yield from _parameters(removed[0], added[0], 1)
    else:
        yield from (f"added the {item.symbol.kind} {item.symbol.name}" for item in added)
        yield from (f"removed the {item.symbol.kind} {item.symbol.name}" for item in removed)
    for key, item in after.items():
        if key in before:
            yield from _parameters(before[key], item, count)


def outermost(items: Sequence[Defined]) -> list[Defined]:
    """Without what lies inside another one."""
    return [
        item
        for item in items
        if not any(
            other is not item
            and other.symbol.line <= item.symbol.line
            and item.symbol.end_line <= other.symbol.end_line
            for other in items
        )
    ]


def _parameters(old: Defined, new: Defined, count: int) -> Iterator[str]:
    before, after = old.parameters or (), new.parameters or ()
    added = [name for name in after if name not in before]
    removed = [name for name in before if name not in after]
    name = new.symbol.name
    start = f"changed {name} and " if count > 1 else ""
    to, of = ("", "") if start else (f" to {name}", f" of {name}")
    if len(added) == 1 and len(removed) == 1:
        yield f"{start}renamed the parameter {removed[0]}{of} to {added[0]}"
    elif added:
        yield f"{start}added the {_named('parameter', added)}{to}"
    elif removed:
        yield f"{start}removed the {_named('parameter', removed)}{of}"
    elif before != after:
        yield f"{start}changed the order of the parameters{of}"


def _imports(old: Syntax | None, new: Syntax | None) -> str:
    before, after = (set(syntax.imports()) if syntax else set() for syntax in (old, new))
    added, removed = sorted(after - before), sorted(before - after)
    if added:
        return f"added the {_named('import', added)}"
    return f"removed the {_named('import', removed)}" if removed else "changed the imports"


def _named(what: str, names: Sequence[str]) -> str:
    return f"{what} {names[0]}" if len(names) == 1 else f"{what}s {', '.join(names[:-1])} and {names[-1]}"


def _count(what: str, lines: int) -> str:
    return what.replace("#", "a line" if lines == 1 else f"{lines} lines", 1) if lines else what
