"""Time and slow work behind one door, so that the same code runs live and in a replay that is faster than life.

Only this package reads the wall clock. `RealClock` runs work on threads and posts results to the thread that owns the
clock; `VirtualClock` runs it at once, and lets its result exist only when the time it took has passed.
"""

import heapq
import itertools
import math
import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")
CHARGE_STEP_S = 0.010
"""Measured work is charged to a virtual clock in steps of this many seconds, rounded up."""


class Job:
    """Work under way. Cancelling is idempotent; nothing of a cancelled job is delivered any more."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Lane(Protocol):
    """A queue of slow work, done one after the other, never on the thread that owns the clock."""

    def stream(
        self, work: Callable[[], Iterable[T]], each: Callable[[T], None], done: Callable[[Exception | None], None]
    ) -> Job:
        """Runs `work`; every item it yields goes to `each`, then the error or None to `done`, on the clock's thread."""


class Clock(Protocol):
    """What the parts of the product know of time."""

    def now_s(self) -> float:
        """Seconds from the start of the session, monotonic."""

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Job:
        """Calls once, after `delay_s`, on the thread that owns the clock."""

    def lane(self, name: str) -> Lane:
        """The lane of that name; made when first asked for."""

    def measure(self, work: Callable[[], T]) -> tuple[T, float]:
        """Runs `work` now and says how many seconds it took on this clock."""


def run(lane: Lane, work: Callable[[], T], done: Callable[[T | Exception], None]) -> Job:
    """Runs one piece of work in a lane and delivers its result, or the exception it raised."""
    results: list[T] = []

    def perform() -> Iterable[T]:
        results.append(work())  # not handed over on its own: result and end are delivered in one call
        return ()

    def finish(error: Exception | None) -> None:
        done(error if error is not None else results[0])

    return lane.stream(perform, lambda nothing: None, finish)


def wall_clock_s() -> float:
    """Seconds since 1970: for what is kept from one session to the next."""
    return time.time()


class RealClock:
    """Wall time. `post` hands a call to the thread that owns the clock."""

    def __init__(self, post: Callable[[Callable[[], None]], None], origin_s: float | None = None) -> None:
        self._post = post
        self._origin_s = time.monotonic() if origin_s is None else origin_s
        self._lanes: dict[str, _ThreadLane] = {}
        self._timers: _Timers | None = None

    def now_s(self) -> float:
        return time.monotonic() - self._origin_s

    def restart(self, origin_s: float | None = None) -> None:
        """Makes this moment, or that of `time.monotonic()`, the start of the session."""
        self._origin_s = time.monotonic() if origin_s is None else origin_s

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Job:
        job = Job()
        if self._timers is None:
            self._timers = _Timers(self._post)
        self._timers.add(time.monotonic() + max(0.0, delay_s), _unless_cancelled(job, call))
        return job

    def lane(self, name: str) -> Lane:
        if name not in self._lanes:
            self._lanes[name] = _ThreadLane(name, self._post)
        return self._lanes[name]

    def measure(self, work: Callable[[], T]) -> tuple[T, float]:
        return _measured(work)


class _Timers:
    """All timers of a clock, on one daemon thread."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="timers", daemon=True).start()

    def add(self, when_s: float, call: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._due, (when_s, next(self._order), call))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                _, _, call = heapq.heappop(self._due)
            self._post(call)


class _ThreadLane:
    """A lane on one daemon thread."""

    def __init__(self, name: str, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=f"lane-{name}", daemon=True).start()

    def stream(
        self, work: Callable[[], Iterable[T]], each: Callable[[T], None], done: Callable[[Exception | None], None]
    ) -> Job:
        job = Job()

        def perform() -> None:
            error: Exception | None = None
            try:
                for item in () if job.cancelled else work():
                    if job.cancelled:
                        break
                    self._post(_unless_cancelled(job, lambda item=item: each(item)))  # type: ignore[misc]
            except Exception as caught:  # the lane must live on; the owner of the job is told
                error = caught
            self._post(_unless_cancelled(job, lambda: done(error)))

        self._work.put(perform)
        return job

    def _run(self) -> None:
        while True:
            self._work.get()()


class VirtualClock:
    """Time that moves only when told. Deterministic with `free_compute`, which charges nothing for work."""

    def __init__(self, free_compute: bool = False) -> None:
        self.free_compute = free_compute
        self._now_s = 0.0
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._lanes: dict[str, _VirtualLane] = {}

    def now_s(self) -> float:
        return self._now_s

    def advance_to(self, until_s: float) -> None:
        """Moves on to `until_s`, making every call that falls due on the way, in order."""
        while self._due and self._due[0][0] <= until_s + 1e-9:
            due_s, _, call = heapq.heappop(self._due)
            self._now_s = max(self._now_s, due_s)
            call()
        self._now_s = max(self._now_s, until_s)

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Job:
        return self.call_at(self._now_s + max(0.0, delay_s), call)

    def call_at(self, when_s: float, call: Callable[[], None]) -> Job:
        """Calls at that time of the session."""
        job = Job()
        heapq.heappush(self._due, (when_s, next(self._order), _unless_cancelled(job, call)))
        return job

    def charge_s(self, took_s: float) -> float:
        """What work that took `took_s` costs on this clock."""
        return 0.0 if self.free_compute else math.ceil(took_s / CHARGE_STEP_S - 1e-9) * CHARGE_STEP_S

    def lane(self, name: str) -> Lane:
        return self._lanes.setdefault(name, _VirtualLane(self))

    def measure(self, work: Callable[[], T]) -> tuple[T, float]:
        result, took_s = _measured(work)
        return result, 0.0 if self.free_compute else took_s


class _VirtualLane:
    """A lane whose work is done at once and delivered when its measured time has passed."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._busy_until_s = 0.0

    def stream(
        self, work: Callable[[], Iterable[T]], each: Callable[[T], None], done: Callable[[Exception | None], None]
    ) -> Job:
        job = Job()
        starts_s = max(self._clock.now_s(), self._busy_until_s)
        self._busy_until_s = starts_s

        def deliver(call: Callable[[], None], began: float) -> None:
            self._busy_until_s = starts_s + self._clock.charge_s(time.perf_counter() - began)
            self._clock.call_at(self._busy_until_s, _unless_cancelled(job, call))

        began = time.perf_counter()
        error: Exception | None = None
        try:
            for item in work():
                deliver(lambda item=item: each(item), began)  # type: ignore[misc]
        except Exception as caught:  # as on a thread: the owner of the job is told
            error = caught
        deliver(lambda: done(error), began)
        return job


def _measured(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def _unless_cancelled(job: Job, call: Callable[[], None]) -> Callable[[], None]:
    def maybe() -> None:
        if not job.cancelled:
            call()

    return maybe
