"""Plays somebody's work into the product's session, without sound, on a clock that runs as fast as it can."""

import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from duologue_server.evaluate.editing.history import History
from duologue_server.evaluate.editing.typist import Habits, Typist
from duologue_server.evaluate.editing.voice import HeadlessVoice
from duologue_server.evaluate.editing.watch import Watch, WatchedSession
from duologue_server.link.messages import Ready, ToVoice
from duologue_server.options import Options
from duologue_server.replay.feed import feed
from duologue_server.trace.clock import Job, Lane, VirtualClock
from duologue_server.trace.folder import Event

T = TypeVar("T")
HOUR_S = 3600.0
ASKS_EVERY_S = 10.0


class TimedClock(VirtualClock):
    """Charges nothing for work, and knows how much of it would not be on the event loop."""

    def __init__(self) -> None:
        super().__init__(free_compute=True)
        self.elsewhere_s = 0.0
        """Of lanes, of the voice, and of the watching itself."""
        self._depth = 0

    def lane(self, name: str) -> Lane:
        return _TimedLane(super().lane(name), self)

    def elsewhere(self, work: Callable[[], T]) -> T:
        """Runs work that an event loop would not do."""
        began, before = time.perf_counter(), self.elsewhere_s
        try:
            return work()
        finally:
            self.elsewhere_s = before + time.perf_counter() - began


class _TimedLane:
    def __init__(self, lane: Lane, clock: TimedClock) -> None:
        self._lane = lane
        self._clock = clock

    def stream(
        self, work: Callable[[], Iterable[T]], each: Callable[[T], None], done: Callable[[Exception | None], None]
    ) -> Job:
        return self._lane.stream(lambda: self._clock.elsewhere(lambda: list(work())), each, done)


@dataclass
class Run:
    """What an amount of work gave."""

    seed: int
    duration_s: float
    watch: Watch
    typist: Typist
    change_s: "array[float]" = field(default_factory=lambda: array("d"))
    """What the event loop took for each change, the timers that it set off not included."""
    loop_s: float = 0.0
    """What the event loop took for everything."""
    wall_s: float = 0.0

    @property
    def hours(self) -> float:
        return self.duration_s / HOUR_S


class _Port:
    """The way to the voice, which is not on the event loop."""

    def __init__(self, voice: HeadlessVoice, clock: TimedClock) -> None:
        self._voice = voice
        self._clock = clock

    def start(self) -> None:
        self._voice.start()

    def stop(self) -> None:
        self._voice.stop()

    def send(self, message: ToVoice) -> None:
        self._clock.elsewhere(lambda: self._voice.send(message))


def play(
    histories: list[History],
    duration_s: float,
    seed: int,
    *,
    habits: Habits | None = None,
    first_commit: int = 0,
    options: Options | None = None,
    each_hour: Callable[[int, WatchedSession, Run], None] | None = None,
    make_voice: Callable[[VirtualClock], HeadlessVoice] = HeadlessVoice,
) -> Run:
    """Everything from the first key to the last. `each_hour` is told when an hour is over."""
    typist = Typist(histories, seed, habits, first_commit)
    watch = Watch(typist.defects, typist.target)
    clock = TimedClock()
    voice = make_voice(clock)
    session = WatchedSession(clock, _Port(voice, clock), options or Options(), watch)
    voice.emit = session.from_voice
    session.verb("start", {})
    session.from_voice(Ready(0.0, {"engine": "baseline (VAD and timers)"}))
    _ask_why(clock, session, watch)
    run = Run(seed, duration_s, watch, typist)
    began, hour = time.perf_counter(), 1
    for event in _with_end(typist.events(duration_s), duration_s):
        while event.t >= hour * HOUR_S:
            _on_loop(clock, run, lambda hour=hour: clock.advance_to(hour * HOUR_S))  # type: ignore[misc]
            if each_hour is not None:
                each_hour(hour, session, run)
            hour += 1
        _on_loop(clock, run, lambda event=event: clock.advance_to(event.t))  # type: ignore[misc]
        watch.event(event)
        took_s = _on_loop(clock, run, lambda event=event: feed(session, event))  # type: ignore[misc]
        if event.kind == "change":
            run.change_s.append(took_s)
    run.wall_s = time.perf_counter() - began
    return run


def _ask_why(clock: TimedClock, session: WatchedSession, watch: Watch) -> None:
    """Every so often, why nothing is said of what was planted."""
    clock.elsewhere(lambda: watch.silent(session.why_silent()))
    clock.call_later(ASKS_EVERY_S, lambda: _ask_why(clock, session, watch))


def _with_end(events: Iterator[Event], duration_s: float) -> Iterator[Event]:
    """The events, and the window losing the focus at the end."""
    yield from events
    yield Event(duration_s, "focus", {"focused": False})


def _on_loop(clock: TimedClock, run: Run, work: Callable[[], object]) -> float:
    before, began = clock.elsewhere_s, time.perf_counter()
    work()
    took_s = time.perf_counter() - began - (clock.elsewhere_s - before)
    run.loop_s += took_s
    return took_s
