"""Levels, and microphones that are none."""

import numpy as np
import pytest

from duologue_server.audio.device import DeviceTrouble
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


def check(blocks: list[np.ndarray], told: dict[int, str], gap_s: float = 0.0) -> list[DeviceTrouble]:
    """The blocks after which something is told, by number, and the codes of it; gives back the troubles."""
    detector = SilentInputDetector(RATE_HZ, "Headset", gap_s=gap_s)
    found = {number: trouble for number, block in enumerate(blocks) if (trouble := detector.update(block))}
    assert {number: trouble.code for number, trouble in found.items()} == told
    return list(found.values())


def test_two_seconds_of_zeros_are_told_once() -> None:
    (trouble,) = check([ZEROS] * 300, {99: "silent_input"})
    assert "'Headset' has delivered nothing but zeros for 2 s, as if it were muted" in str(trouble)
    assert "privacy settings" in trouble.remedy


def test_silence_before_the_microphone_does_not_count() -> None:
    check([ZEROS] * 150, {149: "silent_input"}, gap_s=1.0)
    check([ZEROS] * 149, {}, gap_s=1.0)


def test_the_faintest_hum_is_a_microphone() -> None:
    check([HUM] * 300, {})
    check([ZEROS, ZEROS, HUM] * 100, {})


def test_sound_that_comes_back_is_told_and_a_microphone_that_was_heard_is_trusted_for_longer() -> None:
    seconds = 50
    blocks = [ZEROS] * 2 * seconds + [HUM] + [ZEROS] * 10 * seconds
    _, back, again = check(blocks, {99: "silent_input", 100: "found", 600: "silent_input"})
    assert "zeros for 10 s" in again.what
    assert back.what == "The microphone 'Headset' gives sound again"
    pauses = [HUM] + [ZEROS] * 10 * seconds + [HUM] + [ZEROS] * 20 * seconds + [HUM] + [ZEROS] * 39 * seconds
    check(pauses, {500: "silent_input", 501: "found", 1501: "silent_input", 1502: "found"})
    # A noise filter that gives zeros between words is no news.
    check(([HUM] * 20 + [ZEROS] * 9 * seconds) * 4, {})
