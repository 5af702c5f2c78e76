"""Both clocks keep the same promises; the virtual one charges for work."""

import queue
from collections.abc import Callable, Iterator

import pytest

from duologue_server.trace.clock import RealClock, VirtualClock, run


def busy(items: list[str]) -> Callable[[], Iterator[str]]:
    def work() -> Iterator[str]:
        yield from items

    return work


def test_calls_happen_in_order_of_their_time() -> None:
    clock, seen = VirtualClock(), list[tuple[float, str]]()
    clock.call_later(0.2, lambda: seen.append((clock.now_s(), "late")))
    clock.call_later(0.1, lambda: seen.append((clock.now_s(), "early")))
    clock.call_later(0.3, lambda: seen.append((clock.now_s(), "never"))).cancel()
    clock.advance_to(1.0)
    assert seen == [(0.1, "early"), (0.2, "late")]
    assert clock.now_s() == 1.0


def test_a_result_exists_only_after_its_charge(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 0.043])
    monkeypatch.setattr("time.perf_counter", lambda: next(ticks))
    clock, seen = VirtualClock(), list[float]()
    run(clock.lane("slow"), lambda: "done", lambda result: seen.append(clock.now_s()))
    clock.advance_to(0.049)
    assert seen == []
    clock.advance_to(0.051)
    assert seen == [pytest.approx(0.05)]


def test_work_of_one_lane_waits_for_the_work_before(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 0.02, 1.0, 1.03])
    monkeypatch.setattr("time.perf_counter", lambda: next(ticks))
    clock, seen = VirtualClock(), list[float]()
    for _ in range(2):
        run(clock.lane("slow"), lambda: "done", lambda result: seen.append(clock.now_s()))
    clock.advance_to(1.0)
    assert seen == [pytest.approx(0.02), pytest.approx(0.05)]


def test_free_compute_charges_nothing() -> None:
    clock, seen = VirtualClock(free_compute=True), list[float]()
    run(clock.lane("slow"), lambda: sum(range(100_000)), lambda result: seen.append(clock.now_s()))
    clock.advance_to(0.0)
    assert seen == [0.0]
    assert clock.measure(lambda: 7) == (7, 0.0)


def test_an_exception_is_delivered_and_the_lane_lives_on() -> None:
    clock, seen = VirtualClock(free_compute=True), list[object]()
    run(clock.lane("slow"), lambda: 1 // 0, seen.append)
    run(clock.lane("slow"), lambda: "alive", seen.append)
    clock.advance_to(1.0)
    assert isinstance(seen[0], ZeroDivisionError)
    assert seen[1] == "alive"


def test_nothing_of_a_cancelled_job_is_delivered() -> None:
    clock, seen = VirtualClock(free_compute=True), list[object]()
    job = clock.lane("slow").stream(busy(["a", "b"]), seen.append, seen.append)
    job.cancel()
    clock.advance_to(1.0)
    assert seen == []


def test_real_lanes_deliver_on_the_owners_thread_in_order() -> None:
    inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    clock, seen = RealClock(inbox.put), list[object]()
    clock.lane("slow").stream(busy(["a", "b"]), seen.append, lambda error: seen.append(("done", error)))
    for _ in range(3):
        inbox.get(timeout=5)()
    assert seen == ["a", "b", ("done", None)]


def test_real_timers_come_in_order_of_their_time() -> None:
    inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    clock, seen = RealClock(inbox.put), list[str]()
    clock.call_later(0.02, lambda: seen.append("late"))
    clock.call_later(0.0, lambda: seen.append("early"))
    clock.call_later(0.01, lambda: seen.append("never")).cancel()
    for _ in range(3):
        inbox.get(timeout=5)()
    assert seen == ["early", "late"]
