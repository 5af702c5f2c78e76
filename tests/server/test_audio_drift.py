"""Two clocks that differ: by how much is found out, and the reference is stretched by it."""

import numpy as np
import pytest

from duologue_server.audio.drift import LEAST_PPM, ClockMeter, Stretcher, drift_ppm
from duologue_server.audio.echo import ECHO_RATE_HZ

BLOCK_S = 0.020


def run(meter: ClockMeter, rate_hz: int, ppm: float, duration_s: float, jitter_s: float, lost_at_s: float = -1) -> None:
    """A device whose clock is fast by `ppm` and whose blocks come late by some of `jitter_s` each."""
    draw = np.random.default_rng(round(ppm) + rate_hz)
    block, lost_s = rate_hz // 50, 0.0
    for number in range(round(duration_s / BLOCK_S)):
        if 0 <= lost_at_s < number * BLOCK_S and not lost_s:
            lost_s = 0.3
        due_s = number * BLOCK_S / (1 + ppm * 1e-6) + lost_s
        meter.count(block, 100.0 + due_s + float(draw.exponential(jitter_s)))


def check(ppm: tuple[float, float], duration_s: float, jitter_s: float = 0.003, lost_at_s: float = -1) -> float:
    """What is found out about a loudspeaker and a microphone with these clocks."""
    output, microphone = ClockMeter(48_000), ClockMeter(44_100)
    run(output, 48_000, ppm[0], duration_s, jitter_s)
    run(microphone, 44_100, ppm[1], duration_s, jitter_s, lost_at_s)
    found = drift_ppm(output, microphone)
    print(f"{ppm} ppm, {duration_s} s, late by {1000 * jitter_s:g} ms: {found:.1f} ppm")
    return found


@pytest.mark.parametrize("ppm", [(100, 0), (-40, 60), (0, -100), (30, -30)])
def test_a_difference_is_known_after_a_minute(ppm: tuple[float, float]) -> None:
    assert check(ppm, 60) == pytest.approx(ppm[0] - ppm[1], abs=12)
    assert check(ppm, 600) == pytest.approx(ppm[0] - ppm[1], abs=6)


def test_what_is_not_certain_is_no_difference() -> None:
    assert check((100, 0), 10) == 0
    assert check((0, 0), 60) == 0
    assert check((50, 50), 600) == 0
    assert abs(check((2, 0), 600)) < LEAST_PPM


def test_a_gap_begins_the_measurement_anew() -> None:
    assert check((100, 0), 62, lost_at_s=60) == 0
    assert check((100, 0), 180, lost_at_s=60) == pytest.approx(100, abs=12)


@pytest.mark.parametrize("ppm", [-100, 0, 100])
def test_a_stretched_tone_has_the_other_pitch_without_a_click(ppm: float) -> None:
    n, frequency = 10 * ECHO_RATE_HZ, 1000.0
    tone = np.sin(2 * np.pi * frequency * np.arange(n) / ECHO_RATE_HZ).astype(np.float32)
    stretcher = Stretcher()
    out = np.concatenate([stretcher.push(tone[at : at + 320], ppm) for at in range(0, n, 320)])
    assert len(out) == pytest.approx(n * (1 - ppm * 1e-6), abs=40)
    # Sample k of it is sample k·(1 + ppm) of the tone, some milliseconds earlier.
    at = np.arange(1000, len(out))
    phase = 2 * np.pi * frequency * at * (1 + ppm * 1e-6) / ECHO_RATE_HZ
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, out[at], rcond=None)
    left_db = 10 * np.log10(np.mean((out[at] - basis @ fit) ** 2) / np.mean(out[at] ** 2))
    print(f"{ppm:+g} ppm: {left_db:.1f} dB beside the tone")
    assert left_db < -50
    assert np.hypot(*fit) == pytest.approx(1.0, abs=0.01)
