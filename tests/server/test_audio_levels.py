"""Levels, and microphones that are none."""

import numpy as np
import pytest

from duologue_server.audio.levels import FLOOR_DBFS, SilentInputDetector, level_dbfs

RATE_HZ = 16_000
BLOCK = RATE_HZ // 50
ZEROS = np.zeros(BLOCK, np.float32)
HUM = np.full(BLOCK, 1e-5, np.float32)


@pytest.mark.parametrize(
    ("samples", "dbfs"),
    [(np.ones(10), 0.0), (np.full(10, 0.1), -20.0), (np.zeros(10), FLOOR_DBFS), (np.zeros(0), FLOOR_DBFS)],
)
def test_level(samples: np.ndarray[tuple[int], np.dtype[np.float32]], dbfs: float) -> None:
    assert level_dbfs(samples.astype(np.float32)) == pytest.approx(dbfs)


def test_two_seconds_of_zeros_are_told_once() -> None:
    detector = SilentInputDetector(RATE_HZ, "Headset")
    troubles = [detector.update(ZEROS) for _ in range(300)]
    told = [number for number, trouble in enumerate(troubles) if trouble is not None]
    assert told == [99]
    trouble = troubles[99]
    assert trouble is not None
    assert trouble.code == "silent_input"
    assert "'Headset' has delivered nothing but zeros for 2 s" in str(trouble)
    assert "privacy settings" in trouble.remedy


def test_the_faintest_hum_is_a_microphone() -> None:
    detector = SilentInputDetector(RATE_HZ, "Headset")
    assert not any(detector.update(HUM) for _ in range(300))
    assert not any(detector.update(block) for block in [ZEROS, ZEROS, HUM] * 100)


def test_a_microphone_that_is_lost_again_is_told_again() -> None:
    detector = SilentInputDetector(RATE_HZ, "Headset")
    blocks = [ZEROS] * 120 + [HUM] + [ZEROS] * 120
    assert [n for n, block in enumerate(blocks) if detector.update(block)] == [99, 220]
    assert detector.silent
