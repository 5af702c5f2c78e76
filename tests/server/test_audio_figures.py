"""Levels, noise, clipping and echo on signals of which the figures are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from duologue_server.audio.figures import (
    RATE_HZ,
    clipped_share,
    echo_loss_db,
    find_echo,
    noise_floor_dbfs,
    speech_level_dbfs,
)
from duologue_server.audio.levels import level_dbfs
from support.clips import beckett

Samples = NDArray[np.float32]


def noise(seconds: float, dbfs: float, seed: int = 1) -> Samples:
    made = np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))
    return np.asarray(made * 10 ** (dbfs / 20), np.float32)


def tone(seconds: float, dbfs: float) -> Samples:
    """A sine of that root mean square."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(np.sqrt(2) * 10 ** (dbfs / 20) * np.sin(2 * np.pi * 440 * at), np.float32)


def echo_of(far: Samples, delay_ms: float, loss_db: float, room: bool = False) -> Samples:
    """The echo `[N]`; with `room`, spread over 120 ms of dying reflections of the same total power."""
    late = round(delay_ms * RATE_HZ / 1000)
    response = np.zeros(RATE_HZ * 120 // 1000 if room else 1)
    response[0] = 1.0
    if room:
        tail = np.random.default_rng(3).standard_normal(len(response)) * np.exp(-np.arange(len(response)) / 400)
        response += 0.15 * tail
        response /= np.sqrt(np.sum(response**2))
    heard = np.convolve(far, response)[: len(far)] * 10 ** (-loss_db / 20)
    return np.concatenate([np.zeros(late), heard])[: len(far)].astype(np.float32)


def check(value: float, expected: float, within: float = 0.3) -> None:
    assert value == pytest.approx(expected, abs=within)


@pytest.mark.parametrize("dbfs", [-75, -60, -40])
def test_the_noise_floor_is_the_level_of_the_noise_and_a_knock_does_not_move_it(dbfs: float) -> None:
    room = noise(2.0, dbfs)
    check(noise_floor_dbfs(room), dbfs)
    room[5000:9000] += tone(0.25, -12)
    check(noise_floor_dbfs(room), dbfs)


def test_digital_silence_and_nothing_at_all() -> None:
    for samples in (np.zeros(0, np.float32), np.zeros(32_000, np.float32)):
        assert noise_floor_dbfs(samples) == speech_level_dbfs(samples) == -120.0
        assert clipped_share(samples) == 0.0
        assert find_echo(samples, samples, -120.0) is None


def test_the_level_of_speech_leaves_the_pauses_out() -> None:
    words = np.concatenate([noise(1.0, -65), tone(0.5, -20), noise(1.0, -65, 2), tone(0.5, -20), noise(1.0, -65, 3)])
    check(level_dbfs(words), -26.0)
    check(speech_level_dbfs(words), -20.0)


@pytest.mark.parametrize(("gain", "low", "high"), [(0.3, 0.0, 0.0), (0.95, 0.0, 0.0), (1.5, 0.4, 0.6), (30, 0.95, 1.0)])
def test_clipping_is_the_share_of_samples_at_full_scale(gain: float, low: float, high: float) -> None:
    driven = np.clip(gain * tone(1.0, -3.01), -1.0, 1.0)
    assert low <= clipped_share(np.concatenate([driven, noise(3.0, -60)])) <= high


@pytest.mark.parametrize("room", [False, True])
@pytest.mark.parametrize(("delay_ms", "loss_db"), [(10, 0), (60, 20), (125.5, 30), (300, 12)])
def test_an_echo_is_found_with_its_delay_and_its_loss(delay_ms: float, loss_db: float, room: bool) -> None:
    far = beckett()
    echo = find_echo(echo_of(far, delay_ms, loss_db, room) + noise(len(far) / RATE_HZ, -65), far, -65.0)
    assert echo is not None
    check(echo.delay_ms, delay_ms, within=0.1)
    check(echo.loss_db, loss_db, within=1.0)


def test_an_echo_below_the_noise_is_found_too() -> None:
    far = beckett()
    soft = echo_of(far, 80, 25)
    hiss = level_dbfs(soft) + 6
    echo = find_echo(soft + noise(len(far) / RATE_HZ, hiss), far, hiss)
    assert echo is not None
    check(echo.delay_ms, 80, within=0.1)
    check(echo.loss_db, 25, within=1.5)


@pytest.mark.parametrize("dbfs", [-70, -50, -30])
def test_no_echo_is_found_where_there_is_none(dbfs: float) -> None:
    far = beckett()
    assert find_echo(noise(len(far) / RATE_HZ, dbfs), far, dbfs) is None
    somebody_else = np.roll(far[::-1], 12_345) * np.float32(0.3)
    assert find_echo(somebody_else + noise(len(far) / RATE_HZ, dbfs), far, dbfs) is None


def test_what_is_left_of_an_echo_is_measured_at_its_delay() -> None:
    far = beckett()
    check(echo_loss_db(echo_of(far, 60, 45), far, 60), 45)
