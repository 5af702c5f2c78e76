"""Rates: what comes out is the same sound at its own time, however it is cut into blocks."""

import numpy as np
import pytest
from numpy.typing import NDArray

from duologue_server.audio.resample import StreamResampler, resample

RATES = [(48_000, 16_000), (44_100, 16_000), (24_000, 16_000), (24_000, 44_100), (24_000, 48_000), (16_000, 24_000)]


def tone(rate_hz: int, hertz: float, duration_s: float = 1.0) -> NDArray[np.float32]:
    return np.sin(2 * np.pi * hertz * np.arange(round(rate_hz * duration_s)) / rate_hz).astype(np.float32)


def stream(resampler: StreamResampler, samples: NDArray[np.float32], block: int) -> NDArray[np.float32]:
    """The whole stream, in blocks of that many samples."""
    pieces = [resampler.push(samples[start : start + block]) for start in range(0, len(samples), block)]
    return np.concatenate([*pieces, resampler.flush()])


def check_same_sound(got: NDArray[np.float32], rate_hz: int, hertz: float, error_db: float) -> None:
    """`got` is the tone at its own time, to that error, apart from its ends."""
    want = tone(rate_hz, hertz)
    assert len(got) == len(want)
    middle = slice(rate_hz // 10, -rate_hz // 10)
    error = np.mean((got[middle] - want[middle]) ** 2) / np.mean(want[middle] ** 2)
    assert 10 * np.log10(error) < error_db


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("hertz", [200, 1000, 4000, 6500])
def test_a_tone_stays_a_tone_at_its_own_time(from_hz: int, to_hz: int, hertz: int) -> None:
    streamed = stream(StreamResampler(from_hz, to_hz), tone(from_hz, hertz), from_hz // 50)
    check_same_sound(streamed, to_hz, hertz, error_db=-80)
    check_same_sound(resample(tone(from_hz, hertz), from_hz, to_hz), to_hz, hertz, error_db=-60)


@pytest.mark.parametrize("hertz", [8_200, 10_000, 15_000])
def test_what_the_lower_rate_cannot_hold_is_removed_not_folded(hertz: int) -> None:
    folded = stream(StreamResampler(48_000, 16_000), tone(48_000, hertz), 960)
    assert 20 * np.log10(np.std(folded[1600:-1600])) < -80


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_blocks_of_any_size_give_the_same_stream(from_hz: int, to_hz: int) -> None:
    noise = np.random.default_rng(1).standard_normal(from_hz // 5).astype(np.float32)
    whole = stream(StreamResampler(from_hz, to_hz), noise, len(noise))
    for block in (1, 97, from_hz // 50):
        np.testing.assert_allclose(stream(StreamResampler(from_hz, to_hz), noise, block), whole, atol=1e-5)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_after_the_first_a_block_in_is_a_block_out_and_late_by_the_delay(from_hz: int, to_hz: int) -> None:
    resampler = StreamResampler(from_hz, to_hz)
    sizes = [len(resampler.push(np.zeros(from_hz // 50, np.float32))) for _ in range(50)]
    assert set(sizes[1:]) == {to_hz // 50}
    assert sizes[0] / to_hz == pytest.approx(0.020 - resampler.delay_ms / 1000, abs=1.5 / to_hz)
    assert resampler.delay_ms <= 2.1


def test_equal_rates_pass_through() -> None:
    samples = tone(16_000, 440)
    resampler = StreamResampler(16_000, 16_000)
    assert resampler.push(samples) is samples
    assert len(resampler.flush()) == 0
    assert resampler.delay_ms == 0
    assert resample(samples, 16_000, 16_000) is samples


def test_a_flushed_resampler_begins_anew() -> None:
    resampler = StreamResampler(24_000, 16_000)
    first = stream(resampler, tone(24_000, 440), 480)
    np.testing.assert_array_equal(stream(resampler, tone(24_000, 440), 480), first)


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        StreamResampler(0, 16_000)
