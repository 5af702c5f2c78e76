"""How often a trigger may speak, learned from what became of its remarks."""

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


class Backoff:
    """The records of all triggers, in memory; visible and resettable."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def until_s(self, trigger: str) -> float:
        """When the trigger may speak again; 0 for one without a record."""
        return self._of(trigger).until_s

    def spoke(self, trigger: str, at_s: float) -> None:
        record = self._of(trigger)
        self._records[trigger] = record._replace(until_s=at_s + record.wait_s)

    def missed(self, trigger: str, at_s: float) -> None:
        """A remark of the trigger was dismissed or ignored."""
        record = self._of(trigger)
        wait_s = min(LONGEST_WAIT_S, record.wait_s * 2)
        self._records[trigger] = Record(wait_s, at_s + wait_s, record.misses + 1)

    def welcomed(self, trigger: str) -> None:
        """A remark of the trigger was taken up: it starts afresh."""
        self._records.pop(trigger, None)

    def records(self) -> Mapping[str, Record]:
        """What was learned of each trigger; for the user to see."""
        return dict(self._records)

    def forget(self, trigger: str | None = None) -> None:
        """Resets what was learned, of one trigger or of all."""
        for name in [trigger] if trigger is not None else list(self._records):
            self._records.pop(name, None)

    def _of(self, trigger: str) -> Record:
        return self._records.get(trigger, Record(WAIT_S, 0.0, 0))
