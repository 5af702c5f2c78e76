"""When the system's devices are looked at, and what passes between one device and the next."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from duologue_server.audio import watch
from duologue_server.audio.device import DeviceInfo, DeviceTrouble, Samples
from duologue_server.audio.sound import BLOCK_SAMPLES, Sound
from duologue_server.audio.watch import DeviceWatch
from support import device_lists
from support.device_lists import listed

BEFORE = listed(device_lists.ALSA_ONLY)
DESK = replace(BEFORE[2], index=9, name="Blue Yeti: USB Audio (hw:2,0)")


def check(
    monkeypatch: pytest.MonkeyPatch, signatures: list[str | None], found: list[list[DeviceInfo]]
) -> list[str | None]:
    """The microphones that the looks give, of which each sees the next signature; the first is seen at the start."""
    monkeypatch.setattr(watch, "list_devices_anew", lambda: found.pop(0))
    monkeypatch.setattr(watch, "server_devices", lambda devices: [])
    monkeypatch.setattr(DeviceWatch, "_signature", lambda self: signatures.pop(0))
    looker = DeviceWatch("yeti")
    choices = [looker.look(BEFORE) for _ in range(len(signatures))]
    assert not found, "fewer looks than expected"
    return [choice.microphone.device.name if choice and choice.microphone else None for choice in choices]


def test_alsa_is_looked_at_only_when_its_cards_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    given = check(monkeypatch, ["a", "a", "b", "b", "a"], [[*BEFORE, DESK], BEFORE])
    assert given == [None, DESK.name, None, "default"]


def test_a_look_that_found_nothing_is_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(monkeypatch, ["a", "b", "b"], [[], [*BEFORE, DESK]]) == [None, DESK.name]


def test_where_nothing_tells_every_look_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(monkeypatch, [None, None, None], [BEFORE, [*BEFORE, DESK]]) == ["default", DESK.name]


class ByHand:
    """A device whose blocks are made by the test."""

    description = "by hand"

    def __init__(self, rate_hz: int) -> None:
        self.input_rate_hz = self.output_rate_hz = rate_hz

    def start(
        self,
        on_block: Callable[[Samples], None],
        fill_block: Callable[[int], Samples],
        on_lost: Callable[[DeviceTrouble], None],
    ) -> None:
        self.on_block, self.fill_block = on_block, fill_block

    def stop(self) -> None:
        """Nothing runs."""

    def step(self) -> None:
        self.fill_block(self.input_rate_hz // 50)
        self.on_block(np.full(self.input_rate_hz // 50, 0.5, np.float32))


def test_what_passes_between_two_devices_is_silence_at_whatever_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr("duologue_server.audio.sound.time.monotonic", lambda: now_s[0])
    first, second = ByHand(48_000), ByHand(16_000)
    sound = Sound(first, lambda: None, lambda trouble: None)
    sound.start()
    for _ in range(10):
        first.step()
        now_s[0] += 0.02
    heard = sound.blocks()
    assert len(heard) in (9, 10)  # the resampler keeps two milliseconds
    now_s[0] += 0.58
    assert not sound.stalled
    sound.replace(second)
    assert sound.gap_s == pytest.approx(0.6)
    second.step()
    heard = sound.blocks()
    assert [near.any() for near, far in heard] == [False] * 30 + [True]
    assert all(len(near) == len(far) == BLOCK_SAMPLES for near, far in heard)
    assert sound.player.position_samples == pytest.approx(48_000 * 0.82, abs=48_000 * 0.02)  # a block ahead
    now_s[0] += 6
    assert sound.stalled
