"""How much a session holds, hour by hour: of the process, of our own objects, and in each of its tables."""

import tracemalloc
from collections.abc import Mapping, Sequence, Set
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import psutil

import duologue_server
from duologue_server.evaluate.editing.watch import WatchedSession

OURS = Path(duologue_server.__file__).parent
DEEPEST = 6


class Hour(NamedTuple):
    """At the end of an hour of the session."""

    hour: int
    rss_mb: float
    ours_mb: float
    """Allocated by the product's own lines, those of this evaluation left out; 0 when not traced."""
    tables: Mapping[str, int]
    """How many entries each dictionary, list, set or queue of the session has."""


def measure(hour: int, session: WatchedSession) -> Hour:
    rss_mb = psutil.Process().memory_info().rss / 2**20
    return Hour(hour, rss_mb, _ours_mb() if tracemalloc.is_tracing() else 0.0, tables(session))


def tables(root: object) -> dict[str, int]:
    """The sizes of all containers that an object of ours holds, directly or through others of ours."""
    found: dict[str, int] = {}
    _walk(root, type(root).__name__.lstrip("_").lower(), found, {id(root)}, 0)
    return found


def _walk(value: Any, path: str, found: dict[str, int], seen: set[int], depth: int) -> None:
    for name, inner in _attributes(value).items():
        if id(inner) in seen or name in ("_watch", "_client", "_clock"):
            continue
        here = f"{path}.{name.lstrip('_')}"
        if isinstance(inner, Mapping | Sequence | Set) or type(inner).__name__ == "deque":
            if isinstance(inner, str | bytes | tuple | frozenset):
                continue
            seen.add(id(inner))
            found[here] = found.get(here, 0) + len(inner)
            inside = list(inner.values()) if isinstance(inner, Mapping) else list(inner)
            for one in inside[:50]:
                if _is_ours(one) and depth < DEEPEST and id(one) not in seen:
                    seen.add(id(one))
                    _walk(one, here + "[]", found, seen, depth + 1)
        elif _is_ours(inner) and depth < DEEPEST:
            seen.add(id(inner))
            _walk(inner, here, found, seen, depth + 1)


def _is_ours(value: object) -> bool:
    return type(value).__module__.startswith("duologue_server.")


def _attributes(value: object) -> dict[str, Any]:
    held = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = getattr(kind, "__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                held[name] = getattr(value, name)
    return held


def _ours_mb() -> float:
    inside = tracemalloc.Filter(True, f"{OURS}/*")
    outside = tracemalloc.Filter(False, f"{OURS}/evaluate/*")
    snapshot = tracemalloc.take_snapshot().filter_traces((inside, outside))
    return sum(one.size for one in snapshot.statistics("filename")) / 2**20


def report(hours: Sequence[Hour]) -> str:
    """Hour by hour, and what grew after the third hour."""
    shown = _largest(hours)
    rows = [
        "| hour | process MB | ours MB | " + " | ".join(f"`{_short(name)}`" for name in shown) + " |",
        "|" + "---|" * (3 + len(shown)),
    ]
    for hour in hours:
        sizes = " | ".join(str(hour.tables.get(name, 0)) for name in shown)
        rows.append(f"| {hour.hour} | {hour.rss_mb:.1f} | {hour.ours_mb:.2f} | {sizes} |")
    later = [hour.rss_mb for hour in hours[1:]]
    if later:
        rows += [
            "",
            f"Process after the first hour: {min(later):.1f} to {max(later):.1f} MB, {_slope(later):+.2f} MB an hour.",
        ]
    growing = grown(hours)
    rows += ["", "Grew steadily: " + (", ".join(f"`{name}`" for name in growing) if growing else "nothing") + "."]
    return "\n".join(rows)


def _slope(values: Sequence[float]) -> float:
    """Of the straight line nearest to values that are one apart."""
    many, mean = len(values), sum(values) / len(values)
    middle = (many - 1) / 2
    spread = sum((number - middle) ** 2 for number in range(many))
    return sum((number - middle) * (value - mean) for number, value in enumerate(values)) / spread if spread else 0.0


def grown(hours: Sequence[Hour]) -> list[str]:
    """Tables that are larger in every third of the time than at any moment of the third before."""
    third = len(hours) // 3
    if third == 0:
        return []
    parts = [hours[:third], hours[third : 2 * third], hours[2 * third :]]
    names = sorted({name for hour in hours for name in hour.tables})
    return [
        name
        for name in names
        if all(
            min(hour.tables.get(name, 0) for hour in after) > max(hour.tables.get(name, 0) for hour in before)
            for before, after in pairwise(parts)
        )
    ]


def _largest(hours: Sequence[Hour]) -> list[str]:
    """The tables worth a column: those that hold the most of what is the session's own."""
    sizes: dict[str, int] = {}
    for hour in hours:
        for name, size in hour.tables.items():
            sizes[name] = max(size, sizes.get(name, 0))
    wanted = ("agenda", "offered", "findings", "trees", "recent", "conversation", "rhythm", "detectors")
    kept = [name for name in sizes if any(word in name for word in wanted) and "rules" not in name and sizes[name] > 3]
    return sorted(kept, key=lambda name: -sizes[name])[:14]


def _short(name: str) -> str:
    return name.removeprefix("watchedsession.").removeprefix("workspace.")
