"""How often the device wakes the voice thread: for every block, for a slice, or in a calm for several."""

from collections.abc import Callable

import numpy as np

from duologue_server.audio.device import DeviceTrouble, Samples
from duologue_server.audio.sound import CALM_BLOCKS, RELAXED_BLOCKS, Sound

ROOM = 3e-4


class ByHand:
    """A device whose blocks are made by the test."""

    input_rate_hz = output_rate_hz = 16_000
    description = "by hand"

    def start(
        self,
        on_block: Callable[[Samples], None],
        fill_block: Callable[[int], Samples],
        on_lost: Callable[[DeviceTrouble], None],
    ) -> None:
        self.deliver = on_block

    def stop(self) -> None:
        """Nothing runs."""


def check(relax: Callable[[Sound], None], blocks: int, level: float = ROOM) -> list[int]:
    """Numbers of the blocks, from 1, after which the voice thread was woken; it then takes all that there is."""
    device = ByHand()
    wakes: list[bool] = []
    woken: list[int] = []
    sound = Sound(device, lambda: wakes.append(True), lambda trouble: None)
    sound.start()
    relax(sound)
    draw = np.random.default_rng(0)
    for number in range(1, blocks + 1):
        device.deliver((draw.normal(size=320) * level).astype(np.float32))
        if wakes:
            woken.append(number)
            wakes.clear()
            sound.blocks()
    return woken


def test_while_something_goes_on_every_block_counts() -> None:
    assert check(Sound.attend, 5) == [1, 2, 3, 4, 5]


def test_while_nothing_waits_a_slice_at_a_time_is_enough() -> None:
    assert check(lambda sound: sound.relax(calm=False, room=ROOM), 9) == [RELAXED_BLOCKS, 2 * RELAXED_BLOCKS]


def test_in_a_calm_it_sleeps_longer_but_no_longer_than_a_slice_once_somebody_speaks() -> None:
    assert check(lambda sound: sound.relax(calm=True, room=ROOM), 2 * CALM_BLOCKS) == [CALM_BLOCKS, 2 * CALM_BLOCKS]
    spoken = check(lambda sound: sound.relax(calm=True, room=ROOM), 8, level=0.01)
    assert spoken == [RELAXED_BLOCKS, 2 * RELAXED_BLOCKS]
