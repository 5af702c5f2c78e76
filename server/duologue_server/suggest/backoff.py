"""How often a trigger may speak, learned from what became of its remarks; pure, and kept by whoever owns it."""

import math
from collections.abc import Mapping
from typing import NamedTuple

WAIT_S = 120.0
"""Between two remarks of the same trigger, at first; each one dismissed or ignored doubles it."""
LONGEST_WAIT_S = 8 * 3600.0


class Record(NamedTuple):
    """What experience has taught about one trigger."""

    wait_s: float
    """From one remark to the next."""
    until_s: float
    """No remark before."""
    misses: int
    """How many were dismissed or ignored in a row."""
    never: bool = False
    """The user does not want to hear of it at all."""


class Backoff:
    """The records of all triggers, in memory; visible and resettable."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def until_s(self, trigger: str) -> float:
        """When the trigger may speak again; 0 for one without a record, infinity for one that never may."""
        record = self._of(trigger)
        return math.inf if record.never else record.until_s

    def spoke(self, trigger: str, at_s: float) -> None:
        record = self._of(trigger)
        self._records[trigger] = record._replace(until_s=at_s + record.wait_s)

    def missed(self, trigger: str, at_s: float, longest_s: float = LONGEST_WAIT_S) -> None:
        """A remark of the trigger was dismissed or ignored: it waits twice as long, at most `longest_s`."""
        record = self._of(trigger)
        wait_s = max(record.wait_s, min(longest_s, record.wait_s * 2))
        self._records[trigger] = Record(wait_s, at_s + wait_s, record.misses + 1, record.never)

    def welcomed(self, trigger: str) -> None:
        """A remark of the trigger was taken up: it starts afresh, unless it was never to speak."""
        if not self._of(trigger).never:
            self._records.pop(trigger, None)

    def forgiven(self, trigger: str) -> None:
        """A remark that had counted as ignored was heeded later: one miss less."""
        record = self._of(trigger)
        if record.misses <= 1:
            self.welcomed(trigger)
        else:
            half_s = max(WAIT_S, record.wait_s / 2)
            self._records[trigger] = record._replace(
                wait_s=half_s, until_s=record.until_s - (record.wait_s - half_s), misses=record.misses - 1
            )

    def forbid(self, trigger: str) -> None:
        """The trigger never speaks again, until it is forgotten."""
        self._records[trigger] = self._of(trigger)._replace(never=True)

    def records(self) -> Mapping[str, Record]:
        """What was learned of each trigger; for the user to see."""
        return dict(self._records)

    def replace(self, records: Mapping[str, Record]) -> None:
        """Takes over what was learned elsewhere or earlier, and nothing else."""
        self._records = dict(records)

    def forget(self, trigger: str | None = None) -> None:
        """Resets what was learned, of one trigger or of all."""
        for name in [trigger] if trigger is not None else list(self._records):
            self._records.pop(name, None)

    def _of(self, trigger: str) -> Record:
        return self._records.get(trigger, Record(WAIT_S, 0.0, 0))
