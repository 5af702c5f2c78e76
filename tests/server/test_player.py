"""The output side as timelines: no device, no real time, every sample counted. 1 kHz, so a sample is a millisecond."""

import threading
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from duologue_server.audio.player import Ended, Player, Report, Started, Track

RATE_HZ = 1000
BLOCK = 20


def track(track_id: str, samples: int = 0, value: float = 1.0, closed: bool = True) -> Track:
    """A track of a constant, so that the output shows the gain."""
    made = Track(track_id, RATE_HZ)
    made.append(np.full(samples, value, np.float32))
    if closed:
        made.close()
    return made


def blocks(player: Player, count: int) -> NDArray[np.float32]:
    """The next `count` blocks as one array."""
    return np.concatenate([player.fill(BLOCK) for _ in range(count)])


def check(player: Player, *reports: Report) -> None:
    """What was reported since the last check is exactly this."""
    assert player.drain_reports() == list(reports)


def test_silence_until_something_is_played() -> None:
    player = Player(RATE_HZ)
    assert not blocks(player, 3).any()
    assert (player.position_samples, player.playing, player.heard_samples) == (60, None, 0)
    check(player)


def test_a_track_sounds_from_its_first_sample_to_its_last() -> None:
    player = Player(RATE_HZ)
    blocks(player, 2)
    player.play(track("a", 50))
    heard = blocks(player, 4)
    np.testing.assert_allclose(heard[:2], [0.5, 1.0])
    assert (heard[2:50] == 1).all()
    assert not heard[50:].any()
    check(player, Started("a", 40), Ended("a", 90, 50, "end", 50))


def test_present_track_and_how_much_of_it_was_heard() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 50))
    now = [(player.playing, player.heard_samples)]
    for _ in range(3):
        blocks(player, 1)
        now.append((player.playing, player.heard_samples))
    assert now == [(None, 0), ("a", 20), ("a", 40), (None, 0)]


def test_chunks_join_without_a_seam_whatever_their_sizes() -> None:
    ramp = np.arange(1, 101, dtype=np.float32)
    grown = Track("a", RATE_HZ)
    player = Player(RATE_HZ)
    player.play(grown)
    heard = []
    for start, stop in ((0, 1), (1, 1), (1, 33), (33, 60), (60, 100)):
        grown.append(ramp[start:stop])
    grown.close()
    for size in (1, 7, 19, 40, 33, 5):
        heard.append(player.fill(size))
    np.testing.assert_array_equal(np.concatenate(heard)[2:100], ramp[2:])
    check(player, Started("a", 0), Ended("a", 100, 100, "end", 100))


def test_playing_from_the_middle_fades_in_and_counts_from_there() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 50), start_sample=30)
    heard = blocks(player, 2)
    np.testing.assert_allclose(heard[:20], [0.5] + [1.0] * 19)
    check(player, Started("a", 0), Ended("a", 20, 20, "end", 50))


def test_stop_fades_from_the_very_next_block_and_counts_the_fade() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 500))
    blocks(player, 2)
    player.stop("speech", fade_ms=10)
    heard = blocks(player, 1)
    np.testing.assert_allclose(heard[:10], np.arange(9, -1, -1) / 10, atol=1e-6)
    assert not heard[10:].any()
    check(player, Started("a", 0), Ended("a", 50, 50, "speech", 50))


def test_a_fade_longer_than_a_block_goes_on_in_the_next() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 500))
    blocks(player, 1)
    player.stop("control", fade_ms=30)
    heard = blocks(player, 3)
    np.testing.assert_allclose(heard[:30], 1 - np.arange(1, 31) / 30, atol=1e-6)
    check(player, Started("a", 0), Ended("a", 50, 50, "control", 50))


def test_stop_without_a_fade_ends_at_the_block() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 500))
    blocks(player, 1)
    player.stop("session", fade_ms=0)
    assert not blocks(player, 1).any()
    check(player, Started("a", 0), Ended("a", 20, 20, "session", 20))


def test_the_first_cause_stays_and_the_quicker_fade_wins() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 500))
    blocks(player, 1)
    player.stop("speech", fade_ms=200)
    blocks(player, 1)
    player.hush()
    heard = blocks(player, 1)
    assert not heard[10:].any()
    check(player, Started("a", 0), Ended("a", 50, 50, "speech", 50))


def test_stop_of_what_has_not_sounded_yet() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 50))
    player.stop("control")
    assert not blocks(player, 1).any()
    check(player, Ended("a", 0, 0, "control", 0))
    player.stop("control")
    blocks(player, 1)
    check(player)


def test_ducking_and_raising_move_the_gain_steadily() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 1000))
    blocks(player, 1)
    player.duck(-20, fade_ms=30)
    down = blocks(player, 3)
    np.testing.assert_allclose(down[:30], 1 - 0.9 * np.arange(1, 31) / 30, atol=1e-6)
    np.testing.assert_allclose(down[30:], 0.1, atol=1e-6)
    player.unduck(fade_ms=60)
    up = blocks(player, 4)
    np.testing.assert_allclose(up[:60], 0.1 + 0.9 * np.arange(1, 61) / 60, atol=1e-6)
    assert (up[60:] == 1).all()


def test_no_clicks_whatever_comes_in_the_middle_of_a_ramp() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 1000))
    heard = [blocks(player, 1)[5:]]
    orders: tuple[Callable[[], None], ...] = (
        lambda: player.duck(-12),
        player.unduck,
        lambda: player.duck(-20),
        lambda: player.stop("speech", fade_ms=50),
        player.unduck,
        player.hush,
    )
    for order in orders:
        order()
        heard.append(blocks(player, 1))
    # The steepest ramp is the hush: 10 ms from full voice.
    assert np.abs(np.diff(np.concatenate(heard))).max() <= 0.1 + 1e-6
    assert not heard[-1][10:].any()


def test_a_duck_ends_with_its_utterance() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 500))
    player.duck(-20)
    blocks(player, 2)
    player.play(track("b", 100), replacing="speech")
    heard = blocks(player, 2)
    assert (heard[12:] == 1).all()


def test_a_new_track_begins_when_the_old_one_has_faded() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 500))
    blocks(player, 1)
    player.play(track("b", 100, value=-1.0), replacing="speech")
    heard = blocks(player, 2)
    assert (heard[:9] > 0).all()
    assert (heard[10:] < 0).all()
    check(player, Started("a", 0), Ended("a", 30, 30, "speech", 30), Started("b", 30))


def test_a_stale_writer_cannot_reach_the_new_track() -> None:
    player = Player(RATE_HZ)
    old = track("old", 100, closed=False)
    player.play(old)
    blocks(player, 1)
    player.play(track("new", 30, value=0.25))
    blocks(player, 1)
    old.append(np.ones(1000, np.float32))
    heard = blocks(player, 3)
    assert heard.max() == 0.25
    check(
        player,
        Started("old", 0),
        Ended("old", 30, 30, "control", 30),
        Started("new", 30),
        Ended("new", 60, 30, "end", 30),
    )


def test_of_several_scheduled_tracks_only_the_last_sounds_and_each_ends_once() -> None:
    player = Player(RATE_HZ)
    for name in "abc":
        player.play(track(name, 20))
    assert blocks(player, 2).any()
    check(
        player,
        Ended("a", 0, 0, "control", 0),
        Ended("b", 0, 0, "control", 0),
        Started("c", 0),
        Ended("c", 20, 20, "end", 20),
    )


def test_hush_silences_within_ten_milliseconds_of_the_next_block() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 500))
    blocks(player, 2)
    player.hush()
    heard = blocks(player, 2)
    np.testing.assert_allclose(heard[:10], np.arange(9, -1, -1) / 10, atol=1e-6)
    assert not heard[10:].any()
    check(player, Started("a", 0), Ended("a", 50, 50, "key", 50))


def test_hush_reaches_what_was_scheduled_and_never_what_is_played_afterwards() -> None:
    player = Player(RATE_HZ)
    player.play(track("before", 100))
    player.hush()
    player.play(track("after", 30))
    heard = blocks(player, 2)
    assert (heard[2:30] == 1).all()
    check(player, Ended("before", 0, 0, "key", 0), Started("after", 0), Ended("after", 30, 30, "end", 30))


def test_hush_between_two_tracks_hits_the_fading_one_and_the_next() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 500))
    blocks(player, 1)
    player.stop("speech", fade_ms=100)
    player.play(track("b", 100))
    blocks(player, 1)
    player.hush()
    heard = blocks(player, 2)
    assert not heard[10:].any()
    causes = [(report.track_id, report.cause) for report in player.drain_reports() if isinstance(report, Ended)]
    assert causes == [("b", "key"), ("a", "speech")] or causes == [("a", "speech"), ("b", "key")]


def test_an_old_hush_is_spent() -> None:
    player = Player(RATE_HZ)
    player.hush()
    player.play(track("a", 30))
    player.hush()
    blocks(player, 2)
    player.play(track("b", 30))
    assert blocks(player, 2)[2:30].all()
    check(player, Ended("a", 0, 0, "key", 0), Started("b", 40), Ended("b", 70, 30, "end", 30))


def test_hush_from_many_threads_while_tracks_come_and_go() -> None:
    player = Player(RATE_HZ)
    stop = threading.Event()

    def press() -> None:
        while not stop.is_set():
            player.hush()

    fingers = [threading.Thread(target=press) for _ in range(3)]
    for finger in fingers:
        finger.start()
    for number in range(300):
        player.play(track(str(number), 30))
        blocks(player, 1)
    stop.set()
    for finger in fingers:
        finger.join()
    blocks(player, 3)
    ended = [report.track_id for report in player.drain_reports() if isinstance(report, Ended)]
    assert ended == [str(number) for number in range(300)]


def test_samples_that_come_late_are_a_gap_and_not_the_end() -> None:
    player = Player(RATE_HZ)
    late = track("a", 30, closed=False)
    player.play(late)
    assert not blocks(player, 2)[30:].any()
    blocks(player, 2)
    assert player.underruns == 0
    late.append(np.ones(30, np.float32))
    late.close()
    assert blocks(player, 2)[:30].all()
    assert player.underruns == 1
    check(player, Started("a", 0), Ended("a", 110, 60, "end", 60))


def test_a_track_that_is_closed_late_ended_with_its_last_sample() -> None:
    player = Player(RATE_HZ)
    late = track("a", 30, closed=False)
    player.play(late)
    blocks(player, 5)
    late.close()
    blocks(player, 1)
    assert player.underruns == 0
    check(player, Started("a", 0), Ended("a", 30, 30, "end", 30))


def test_a_track_without_samples_waits_and_can_be_hushed() -> None:
    player = Player(RATE_HZ)
    empty = track("a", closed=False)
    player.play(empty)
    blocks(player, 2)
    assert player.playing is None
    player.hush()
    blocks(player, 1)
    empty.append(np.ones(50, np.float32))
    assert not blocks(player, 2).any()
    check(player, Ended("a", 40, 0, "key", 0))


def test_stopped_in_a_gap() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 30, closed=False))
    blocks(player, 3)
    player.stop("speech")
    blocks(player, 1)
    check(player, Started("a", 0), Ended("a", 30, 30, "speech", 30))


def test_everything_ends_when_the_device_is_gone() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 100))
    blocks(player, 1)
    player.play(track("b", 100))
    player.abort("device")
    check(player, Started("a", 0), Ended("a", 20, 20, "control", 20), Ended("b", 20, 0, "device", 0))
    assert not blocks(player, 1).any()


def test_the_reference_is_what_was_put_out() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 100))
    player.duck(-6)
    first = blocks(player, 2)
    np.testing.assert_array_equal(player.take_reference(), first)
    player.hush()
    second = blocks(player, 2)
    np.testing.assert_array_equal(player.take_reference(), second)
    assert len(player.take_reference()) == 0


def test_a_reference_that_nobody_takes_stays_bounded() -> None:
    player = Player(RATE_HZ)
    blocks(player, 1000)
    assert len(player.take_reference()) == 4 * RATE_HZ
    assert player.reference_dropped == 1000 * BLOCK - 4 * RATE_HZ


def test_what_cannot_be_played_is_refused_at_the_door() -> None:
    player = Player(RATE_HZ)
    with pytest.raises(ValueError, match="24000 Hz and the player 1000 Hz"):
        player.play(Track("a", 24_000))
    with pytest.raises(ValueError, match="sample -1"):
        player.play(track("a", 10), start_sample=-1)
    with pytest.raises(ValueError, match="mono"):
        Track("a", RATE_HZ).append(np.zeros((2, 3), np.float32))
    with pytest.raises(ValueError, match="closed"):
        track("a", 10).append(np.zeros(3, np.float32))


def test_a_start_behind_the_end_ends_at_once_when_the_track_is_complete() -> None:
    player = Player(RATE_HZ)
    player.play(track("a", 10), start_sample=50)
    assert not blocks(player, 1).any()
    check(player, Ended("a", 0, 0, "end", 50))
