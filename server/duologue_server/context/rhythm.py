"""How the user types: in a burst, in a pause, or not for a while. Time is an argument."""

from collections import deque
from typing import Literal

BURST_GAP_S = 1.5
"""Keys further apart than this belong to two bursts."""
REST_S = 15.0
"""Longer than any pause for thought between two bursts."""
AWAY_S = 180.0
KEPT_BURSTS = 32
LONG_BURST_KEYS = 40

State = Literal["typing", "pausing", "resting", "away", "unknown"]


class Rhythm:
    """Bursts of keys and the pauses between them; the last `KEPT_BURSTS` are kept."""

    def __init__(self) -> None:
        self._keys = 0
        self._began_s = 0.0
        self._last_s: float | None = None
        self._pauses_s: deque[float] = deque(maxlen=KEPT_BURSTS)
        self._bursts: deque[tuple[int, float]] = deque(maxlen=KEPT_BURSTS)

    def keyed(self, now_s: float, count: int = 1) -> None:
        """So many keys were pressed just now."""
        if self._last_s is None or now_s - self._last_s > BURST_GAP_S:
            if self._last_s is not None:
                self._pauses_s.append(now_s - self._last_s)
                self._bursts.append((self._keys, self._last_s - self._began_s))
            self._keys, self._began_s = 0, now_s
        self._keys += count
        self._last_s = now_s

    def state(self, now_s: float) -> State:
        """What the user's fingers do."""
        if self._last_s is None:
            return "unknown"
        quiet_s = now_s - self._last_s
        if quiet_s <= BURST_GAP_S:
            return "typing"
        return "pausing" if quiet_s <= REST_S else "resting" if quiet_s <= AWAY_S else "away"

    def quiet_s(self, now_s: float) -> float:
        """Seconds since the last key; infinity before the first."""
        return float("inf") if self._last_s is None else max(0.0, now_s - self._last_s)

    def usual_pause_s(self) -> float | None:
        """The median of the pauses between bursts; None before there are three."""
        pauses = sorted(self._pauses_s)
        return pauses[len(pauses) // 2] if len(pauses) >= 3 else None

    def pause_is_long(self, now_s: float) -> bool:
        """Whether the present pause is longer than three of four before it: a good moment, more likely."""
        pauses = sorted(self._pauses_s)
        return len(pauses) >= 4 and self.quiet_s(now_s) > max(BURST_GAP_S, pauses[3 * len(pauses) // 4])

    def describe(self, now_s: float) -> str:
        """A sentence about it; empty before the first key."""
        state = self.state(now_s)
        if state == "unknown":
            return ""
        if state == "typing":
            long = self._keys >= LONG_BURST_KEYS
            return "The user is typing without a pause." if long else "The user is typing."
        length = "after a long burst of typing" if self._keys >= LONG_BURST_KEYS else "after a short burst of typing"
        quiet_s = self.quiet_s(now_s)
        if state == "pausing":
            return f"The user has paused for {quiet_s:.0f} seconds {length}."
        minutes = round(quiet_s / 60)
        told = f"{quiet_s:.0f} seconds" if minutes < 2 else f"{minutes} minutes"
        return f"The user has not typed for {told}."
