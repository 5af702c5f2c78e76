"""The bounded queue between a device and the voice."""

import threading

import numpy as np
import pytest

from duologue_server.audio.ring import SampleRing


def ramp(start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.arange(start, stop, dtype=np.float32)


def test_samples_come_out_in_order() -> None:
    ring = SampleRing(100)
    ring.write(ramp(0, 30))
    ring.write(ramp(30, 40))
    assert len(ring) == 40
    np.testing.assert_array_equal(ring.take(), ramp(0, 40))
    assert (len(ring), ring.dropped, len(ring.take())) == (0, 0, 0)


def test_when_full_the_oldest_is_dropped_and_counted() -> None:
    ring = SampleRing(100)
    for start in range(0, 200, 40):
        ring.write(ramp(start, start + 40))
    assert ring.dropped == 120
    np.testing.assert_array_equal(ring.take(), ramp(120, 200))


def test_of_a_block_longer_than_the_ring_the_newest_is_kept() -> None:
    ring = SampleRing(100)
    ring.write(ramp(0, 10))
    ring.write(ramp(0, 250))
    assert (len(ring), ring.dropped) == (100, 160)
    np.testing.assert_array_equal(ring.take(), ramp(150, 250))


def test_the_writer_may_use_its_buffer_again() -> None:
    ring = SampleRing(100)
    buffer = ramp(0, 10)
    ring.write(buffer)
    buffer[:] = -1
    np.testing.assert_array_equal(ring.take(), ramp(0, 10))


def test_an_empty_ring_is_told_by_waiting() -> None:
    ring = SampleRing(100)
    assert not ring.wait(0.001)
    ring.write(ramp(0, 10))
    ring.write(ramp(10, 20))
    assert ring.wait(0.001)
    ring.take()
    assert not ring.wait(0.001)


def test_a_ring_needs_room() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        SampleRing(0)


def test_two_threads_lose_nothing_and_count_what_they_drop() -> None:
    ring = SampleRing(500)
    total = 200_000
    received: list[float] = []

    def produce() -> None:
        for start in range(0, total, 50):
            ring.write(ramp(start, start + 50))

    producer = threading.Thread(target=produce)
    producer.start()
    while producer.is_alive() or len(ring):
        if ring.wait(0.001):
            received.extend(ring.take())
    producer.join()
    assert len(received) + ring.dropped == total
    assert (np.diff(received) > 0).all()
    assert received[-1] == total - 1
