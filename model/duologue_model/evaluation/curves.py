"""The trade-off between answering soon and cutting in: a curve over thresholds, and a test of who is better on it.

One point proves nothing: every engine can be made faster by cutting in more often. So an engine is better than another
only if, wherever the other stands, it has a setting that cuts in no more often and answers sooner.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from duologue_model.evaluation.bootstrap import REPEATS, Figure, Sample, draws, figure, interval, quantiles, ratios
from duologue_model.evaluation.metrics import MEASURES, Played, sample

CUT_INS, LATENCY = "cut_in_share", "decision_p50_s"


@dataclass(frozen=True, slots=True)
class Point:
    """An engine at one setting: its raw events."""

    setting: str
    cut_ins: Sample
    latencies: Sample

    @staticmethod
    def of(setting: str, sessions: Sequence[Played]) -> "Point":
        return Point(setting, sample(MEASURES[CUT_INS], sessions), sample(MEASURES[LATENCY], sessions))

    def figures(self, repeats: int = REPEATS, seed: int = 1) -> tuple[Figure, Figure]:
        """The share of pauses cut into, and the median latency; turns that are never answered count as infinite."""
        return figure(self.cut_ins, None, repeats, seed), figure(self.latencies, 0.5, repeats, seed)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best that one engine offers where another stands. Differences are ours minus theirs: negative is better."""

    theirs: str
    ours: str | None
    """Our fastest setting that cuts in no more often; None if there is none."""
    latency_s: tuple[float, float, float]
    """Difference of the median latencies, and its interval."""
    cut_ins: tuple[float, float, float]
    """Difference of the shares of pauses cut into, and its interval."""

    @property
    def better(self) -> bool:
        """Whether ours is sooner beyond chance at no more cut-ins."""
        return self.ours is not None and self.latency_s[2] < 0.0


def compare(ours: Sequence[Point], theirs: Sequence[Point], repeats: int = REPEATS, seed: int = 1) -> list[Comparison]:
    """For every setting of theirs that answers half of the turns at all, the best of ours at no more cut-ins.

    Engines that met the same sessions are compared session by session: then a difference is surer than either figure.
    """
    made = []
    for their in theirs:
        their_cuts, their_latency = _point(their)
        if not np.isfinite(their_latency):
            continue
        fitting = [our for our in ours if _point(our)[0] <= their_cuts]
        if not fitting:
            nothing = (np.inf, np.inf, np.inf)
            made.append(Comparison(their.setting, None, nothing, nothing))
            continue
        our = min(fitting, key=lambda point: _point(point)[1])
        made.append(_difference(our, their, repeats, seed))
    return made


def dominates(comparisons: Sequence[Comparison]) -> bool:
    """Whether ours is better at every setting of theirs."""
    return bool(comparisons) and all(one.better for one in comparisons)


def _point(point: Point) -> tuple[float, float]:
    once = np.ones((1, point.latencies.sessions))
    return float(ratios(point.cut_ins, once)[0]), float(quantiles(point.latencies, 0.5, once)[0])


def _difference(our: Point, their: Point, repeats: int, seed: int) -> Comparison:
    our_times, their_times = (draws(p.latencies.sessions, repeats, seed) for p in (our, their))
    ours, theirs = _point(our), _point(their)
    with np.errstate(invalid="ignore"):
        latency = quantiles(our.latencies, 0.5, our_times) - quantiles(their.latencies, 0.5, their_times)
        cuts = ratios(our.cut_ins, our_times) - ratios(their.cut_ins, their_times)
    return Comparison(
        their.setting,
        our.setting,
        (ours[1] - theirs[1], *interval(latency)),
        (ours[0] - theirs[0], *interval(cuts)),
    )
