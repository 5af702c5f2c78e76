"""Intervals, curves and the definitions of a known benchmark, on figures that can be reckoned by hand."""

import math

import numpy as np
import pytest

from duologue_model.evaluation import fdb
from duologue_model.evaluation.bootstrap import Sample, figure, interval
from duologue_model.evaluation.curves import Point, compare, dominates
from duologue_model.evaluation.metrics import MEASURES, Played, measured
from duologue_model.vocabulary import UserState
from support.floor_logs import ASKS, hum, log, reply, turn


def shares(*by_session: tuple[int, int]) -> Sample:
    """Sessions with so many events that are true, and so many in all."""
    return Sample.of([[(float(n < hits), 1.0) for n in range(of)] for hits, of in by_session])


def latencies(*by_session: tuple[float, ...]) -> Sample:
    return Sample.of([[(value, 1.0) for value in values] for values in by_session])


def test_a_share_without_spread_between_sessions_has_no_interval() -> None:
    one = figure(shares(*[(1, 4)] * 30))
    assert (one.value, one.low, one.high) == pytest.approx((0.25, 0.25, 0.25))
    assert (one.events, one.sessions) == (120, 30)


def test_an_interval_is_as_wide_as_sessions_differ_and_covers_the_figure() -> None:
    one = figure(shares(*[(0, 4), (4, 4)] * 20))
    assert one.value == 0.5
    assert 0.3 < one.low < 0.45
    assert 0.55 < one.high < 0.7


def test_the_same_seed_gives_the_same_interval() -> None:
    rng = np.random.default_rng(1)
    sample = latencies(*[tuple(rng.normal(size=5)) for _ in range(20)])
    assert figure(sample) == figure(sample)
    assert figure(sample) != figure(sample, seed=2)


def test_a_median_may_be_infinite_but_two_thirds_answered_may_not() -> None:
    assert figure(latencies((0.1, math.inf, math.inf)), 0.5).value == math.inf
    assert figure(latencies((0.1, 0.3, math.inf)), 0.5).value == 0.3


def test_no_event_is_no_figure() -> None:
    assert math.isnan(figure(Sample.of([[], []])).value)
    assert math.isnan(interval(np.full(10, np.nan))[0])


def test_a_rate_divides_sums() -> None:
    assert figure(Sample.of([[(1.0, 0.5)], [(0.0, 1.5)]])).value == 0.5


def point(name: str, cut_ins: float, latency_s: float) -> Point:
    """Fifty sessions of ten pauses, one in each of which a share is cut into, and ten turns."""
    rng = np.random.default_rng(3)
    late = [tuple(latency_s + 0.02 * rng.standard_normal(10)) for _ in range(50)]
    return Point(name, shares(*[(round(10 * cut_ins), 10)] * 50), latencies(*late))


def test_sooner_at_no_more_cut_ins_is_better() -> None:
    timers = [point("0.4 s", 0.6, 0.4), point("1 s", 0.2, 1.0)]
    ours = [point("quick", 0.5, 0.2), point("careful", 0.1, 0.5)]
    compared = compare(ours, timers)
    assert [(one.theirs, one.ours, one.better) for one in compared] == [
        ("0.4 s", "quick", True), ("1 s", "careful", True),
    ]  # fmt: skip
    assert compared[0].latency_s[0] == pytest.approx(-0.2, abs=0.01)
    assert dominates(compared)


def test_being_quick_by_cutting_in_more_is_not_better() -> None:
    compared = compare([point("quick", 0.5, 0.1)], [point("1 s", 0.2, 1.0)])
    assert compared[0].ours is None
    assert not dominates(compared)
    assert not dominates([])


def test_the_same_engine_is_not_better_than_itself() -> None:
    assert not dominates(compare([point("a", 0.2, 0.5)], [point("a", 0.2, 0.5)]))


def test_every_measure_can_be_had_of_an_empty_session() -> None:
    found = measured([Played(log())], repeats=10)
    assert set(found) == set(MEASURES)


def test_a_figure_follows_from_the_logs() -> None:
    quick = Played(log(turn((1.0, 3.0), (3.5, 5.0)), delegated=(3.3, 5.3)))
    slow = Played(log(turn((1.0, 3.0), (3.5, 5.0)), delegated=(6.0,)))
    found = measured([quick, slow], ["decision_p50_s", "decision_p90_s", "cut_in_share"], repeats=50)
    assert found["decision_p50_s"].value == pytest.approx(0.3)
    assert found["decision_p90_s"].value == pytest.approx(1.0)
    assert found["cut_in_share"].value == 0.5


def test_as_published_a_start_before_the_end_looks_like_speed() -> None:
    early = log(turn((1.0, 3.0)), reply(2.0, 5.0))
    assert fdb.turn_latencies(early, corrected=False) == [(0.0, 1.0)]
    assert fdb.turn_latencies(early, corrected=True) == [(-1.0, 1.0)]


def test_as_published_the_last_segment_decides_about_a_takeover() -> None:
    taken_then_hummed = log(turn((1.0, 9.0)), reply(3.0, 5.0), hum(7.0))
    assert fdb.backchannel_takeovers(taken_then_hummed, corrected=False) == [(0.0, 1.0)]
    assert fdb.backchannel_takeovers(taken_then_hummed, corrected=True) == [(1.0, 1.0)]


def test_a_takeover_in_a_pause_is_heard_or_decided() -> None:
    decided = log(turn((1.0, 3.0), (4.0, 6.0)), delegated=(3.4,))
    assert fdb.pause_takeovers(decided, corrected=False) == [(0.0, 1.0)]
    assert fdb.pause_takeovers(decided, corrected=True) == [(1.0, 1.0)]


def test_acknowledging_where_a_listener_would_is_no_distance() -> None:
    told = turn((1.0, 3.0), (4.0, 7.0), humming=frozenset({0}))
    assert fdb.jsd([log(told, hum(3.25))], corrected=True) == pytest.approx(0.0)
    assert fdb.jsd([log(told)], corrected=True) == 1.0
    apart = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert fdb.distance(*apart, base=2.0) == pytest.approx(1.0)
    assert fdb.distance(*apart, base=np.e) == pytest.approx(math.sqrt(math.log(2)))


def test_behaviours_at_overlaps_are_symbolic() -> None:
    asked = log(reply(1.0, 3.4, stopped=True), turn((3.0, 5.0), state=ASKS), delegated=(5.2,))
    assert fdb.behaviours(asked) == [("user interruption", "RESPOND")]
    uhuh = turn((3.0, 3.4), state=UserState.BACKCHANNEL, answer=False)
    assert fdb.behaviours(log(reply(1.0, 6.0), uhuh)) == [("user backchannel", "RESUME")]
    assert fdb.behaviours(log(reply(1.0, 3.2, stopped=True), uhuh)) == [("user backchannel", "UNKNOWN")]


def test_only_what_the_partner_ended_is_a_stop() -> None:
    spoke_on = log(reply(1.0, 6.0), turn((3.0, 4.0), state=ASKS))
    assert fdb.stop_times(spoke_on, corrected=False) == [(1.0, 1.0)]
    assert fdb.stop_times(spoke_on, corrected=True) == []


def test_every_score_has_both_readings() -> None:
    found = fdb.scores([log(turn((1.0, 3.0)), reply(3.5, 6.0), delegated=(3.3,))], repeats=10)
    assert found["v1 smooth turn: latency, mean"].published.value == pytest.approx(0.5)
    assert all(one.published is not None and one.corrected is not None for one in found.values())
