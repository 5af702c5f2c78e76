"""Figures with intervals: sessions are drawn again, not events, since the events of a session resemble each other."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REPEATS = 1000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Sample:
    """Raw events of a measure, pooled over sessions. `N` events, `sessions` sessions, some without any event.

    A share has values 0 and 1 and weights 1; a rate has counts as values and the time they fell in as weights; a
    latency has seconds as values, infinity where nothing ever came, and weights 1.
    """

    values: NDArray[np.float64]
    """`[N]`"""
    weights: NDArray[np.float64]
    """`[N]`"""
    session: NDArray[np.int64]
    """`[N]`: the index of the session of each event"""
    sessions: int

    @staticmethod
    def of(by_session: Sequence[Sequence[tuple[float, float]]]) -> "Sample":
        """From (value, weight) pairs, one sequence for every session."""
        pairs = [pair for events in by_session for pair in events]
        index = [number for number, events in enumerate(by_session) for _ in events]
        array = np.array(pairs, np.float64).reshape(-1, 2)
        return Sample(array[:, 0], array[:, 1], np.array(index, np.int64), len(by_session))


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, its 95 % interval, and how many events in how many sessions it rests on. NaN without events."""

    value: float
    low: float
    high: float
    events: int
    sessions: int


@functools.lru_cache(maxsize=32)
def draws(sessions: int, repeats: int = REPEATS, seed: int = 1) -> NDArray[np.float64]:
    """`[repeats, sessions]`: how often each session comes in each drawing. Equal arguments give equal drawings, so two
    engines that met the same sessions are compared session by session."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, max(1, sessions), size=(repeats, sessions))
    counts = np.zeros((repeats, sessions))
    np.add.at(counts, (np.arange(repeats)[:, None], chosen), 1.0)
    return counts


def quantiles(sample: Sample, share: float, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """`[R]`: the value that at least `share` of the events do not exceed, for each row of `times` `[R, sessions]`."""
    if len(sample.values) == 0:
        return np.full(len(times), np.nan)
    order = np.argsort(sample.values, kind="stable")
    weights = times[:, sample.session[order]] * sample.weights[order]
    sums = np.cumsum(weights, axis=1)
    reached = sums >= share * sums[:, -1:] - 1e-9
    found = sample.values[order][np.argmax(reached, axis=1)]
    return np.where(sums[:, -1] > 0, found, np.nan)


def ratios(sample: Sample, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """`[R]`: sum of the values over sum of the weights, for each row of `times` `[R, sessions]`."""
    values = np.bincount(sample.session, sample.values, sample.sessions)
    weights = np.bincount(sample.session, sample.weights, sample.sessions)
    above, below = times @ values, times @ weights
    result: NDArray[np.float64] = np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)
    return result


def statistic(sample: Sample, share: float | None, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quantile at `share`, or without one the ratio."""
    return ratios(sample, times) if share is None else quantiles(sample, share, times)


def figure(sample: Sample, share: float | None = None, repeats: int = REPEATS, seed: int = 1) -> Figure:
    """The statistic of a sample with its percentile interval."""
    if len(sample.values) == 0:
        return Figure(np.nan, np.nan, np.nan, 0, sample.sessions)
    value = float(statistic(sample, share, np.ones((1, sample.sessions)))[0])
    low, high = interval(statistic(sample, share, draws(sample.sessions, repeats, seed)))
    return Figure(value, low, high, len(sample.values), sample.sessions)


def interval(drawn: NDArray[np.float64]) -> tuple[float, float]:
    """The middle 95 % of what was drawn; drawings without any event do not count."""
    known = np.sort(drawn[~np.isnan(drawn)])
    if len(known) == 0:
        return float("nan"), float("nan")
    # Not interpolated: a neighbour may be infinite.
    tail = (1.0 - LEVEL) / 2
    first, last = int(tail * (len(known) - 1)), int(np.ceil((1.0 - tail) * (len(known) - 1)))
    return float(known[first]), float(known[last])
