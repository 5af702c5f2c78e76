"""What experience has taught about triggers, in a file that a person can read, change and delete.

The file wins: whatever somebody, or another editor's server, has written there is taken over before anything is
written. Times in it are of the wall clock, so that they outlive a session.
"""

import logging
import math
import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from duologue_server.suggest.backoff import WAIT_S, Backoff, Record
from duologue_server.trace.clock import Clock, run, wall_clock_s

HEADER = (
    "# What Duologue has learned about when to hold its tongue: one block for each kind of remark that you dismissed\n"
    "# or did not react to. Delete a block, or all of them, to start afresh. `never = true` silences a kind for good.\n"
)
MOST_TRIGGERS = 500

logger = logging.getLogger(__name__)


class BadHabits(ValueError):
    """The file cannot be read; names it and what is wrong."""


def habits_path() -> Path:
    """Where the file lies, unless XDG_STATE_HOME says otherwise: ~/.local/state/duologue/habits.toml."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "duologue" / "habits.toml"


def read_habits(path: Path) -> dict[str, Record]:
    """The records of the file, `until_s` in seconds of the wall clock. Raises BadHabits; no file holds no records."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BadHabits(f"{path} cannot be read: {error}; mend it, or delete it to start afresh") from error
    return {trigger: _read(path, trigger, block) for trigger, block in raw.items()}


def write_habits(path: Path, records: Mapping[str, Record]) -> None:
    """Replaces the file, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    blocks = [_block(trigger, record) for trigger, record in sorted(records.items())]
    beside.write_text(HEADER + "".join(blocks), "utf-8")
    os.replace(beside, path)


class Habits:
    """Keeps a Backoff and the file in step. Belongs to the session's thread; reads and writes in a lane."""

    def __init__(self, clock: Clock, path: Path, backoff: Backoff) -> None:
        self._clock = clock
        self._path = path
        self._backoff = backoff
        self._seen: object = None
        self._kept: Mapping[str, Record] = {}

    def look(self) -> None:
        """Takes over what the file says, if it is not what was last seen there."""
        run(self._clock.lane("habits"), self._read, self._took)

    def keep(self) -> None:
        """Writes what was learned, if that has changed since."""
        now_s = self._clock.now_s()
        records = {trigger: record for trigger, record in self._backoff.records().items() if _is_worth_it(record)}
        if records == self._kept:
            return
        before, self._kept = self._kept, records
        ahead_s = wall_clock_s() - now_s
        changed = {name: _shift(record, ahead_s) for name, record in records.items() if before.get(name) != record}
        gone = set(before) - set(records)
        run(self._clock.lane("habits"), partial(self._write, changed, gone), self._wrote)

    def _read(self) -> dict[str, Record] | None:
        """In the lane. None when there is nothing new."""
        seen = _stamp(self._path)
        if seen == self._seen:
            return None
        records = read_habits(self._path)
        self._seen = seen
        return records

    def _took(self, records: dict[str, Record] | Exception | None) -> None:
        if isinstance(records, Exception):
            logger.warning("what was learned is not read: %s", records)
        elif records is not None:
            ahead_s = wall_clock_s() - self._clock.now_s()
            mine = {name: record for name, record in self._backoff.records().items() if not _is_worth_it(record)}
            theirs = {name: _shift(record, -ahead_s) for name, record in records.items()}
            self._kept = theirs
            self._backoff.replace({**mine, **theirs})

    def _write(self, changed: Mapping[str, Record], gone: set[str]) -> None:
        """In the lane: what others have written stays."""
        records = {name: record for name, record in read_habits(self._path).items() if name not in gone}
        records.update(changed)
        newest = sorted(records.items(), key=lambda item: (item[1].never, item[1].until_s))[-MOST_TRIGGERS:]
        write_habits(self._path, dict(newest))
        self._seen = _stamp(self._path)

    def _wrote(self, result: object) -> None:
        if isinstance(result, Exception):
            logger.warning("what was learned is not kept: %s", result)


def _is_worth_it(record: Record) -> bool:
    return record.misses > 0 or record.never


def _shift(record: Record, seconds: float) -> Record:
    return record._replace(until_s=record.until_s + seconds)


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _block(trigger: str, record: Record) -> str:
    until = datetime.fromtimestamp(max(0.0, record.until_s), UTC).replace(microsecond=0)
    name = trigger.replace("\\", "\\\\").replace('"', '\\"')
    lines = [f"misses = {record.misses}", f"wait_minutes = {record.wait_s / 60:g}", f"until = {until.isoformat()}"]
    return "\n".join([f'\n["{name}"]', *lines, *(["never = true"] if record.never else [])]) + "\n"


def _read(path: Path, trigger: str, block: Any) -> Record:
    try:
        wait_s, misses, never = (
            60.0 * block.get("wait_minutes", WAIT_S / 60),
            block.get("misses", 1),
            block.get("never"),
        )
        until = block.get("until")
        until_s = until.timestamp() if until is not None else 0.0
        good = isinstance(misses, int) and misses >= 0 and 0 < wait_s < math.inf and never in (None, True, False)
    except (AttributeError, TypeError):
        good = False
    if not good:
        raise BadHabits(
            f'{path}: the block ["{trigger}"] needs misses, wait_minutes and until, as numbers and a time; '
            "mend it, or delete it to start afresh"
        )
    return Record(wait_s, until_s, misses, never is True)
