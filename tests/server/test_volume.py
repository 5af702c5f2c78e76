"""The volume: everything alike, nothing beyond full scale, and the canceller's reference as it is really played."""

import numpy as np
import pytest
from numpy.typing import NDArray

from duologue_server.audio.player import Ended, Player, Started, Track

RATE_HZ = 1000
BLOCK = 20


def track(track_id: str, samples: int, value: float = 1.0) -> Track:
    made = Track(track_id, RATE_HZ)
    made.append(np.full(samples, value, np.float32))
    made.close()
    return made


def blocks(player: Player, count: int) -> NDArray[np.float32]:
    return np.concatenate([player.fill(BLOCK) for _ in range(count)])


@pytest.mark.parametrize("volume", [0.1, 0.5, 2.0])
def test_the_volume_scales_the_voice_and_what_is_ducked_alike(volume: float) -> None:
    player = Player(RATE_HZ)
    player.volume = volume
    player.play(track("a", 100, value=0.25))
    aloud = blocks(player, 2)[-1]
    player.duck(-12, fade_ms=0)
    ducked = blocks(player, 1)[-1]
    player.unduck(fade_ms=0)
    again = blocks(player, 1)[-1]
    np.testing.assert_allclose([aloud, ducked, again], 0.25 * volume * np.array([1, 10 ** (-12 / 20), 1]), rtol=1e-6)


def test_the_canceller_gets_the_voice_as_it_is_really_played() -> None:
    player = Player(RATE_HZ)
    player.volume = 2.0
    player.play(track("a", 60, value=0.7))
    heard = blocks(player, 3)
    assert heard.max() == 1.0, "cut at full scale, as the device would do it"
    np.testing.assert_array_equal(player.take_reference(), heard)


def test_the_volume_changes_nothing_about_what_was_heard() -> None:
    player = Player(RATE_HZ)
    player.volume = 0.1
    player.play(track("a", 50))
    blocks(player, 4)
    assert player.drain_reports() == [Started("a", 0), Ended("a", 50, 50, "end", 50)]
