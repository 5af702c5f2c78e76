"""What the voice process asks of a microphone and a loudspeaker."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
BLOCK_MS = 20
Kind = Literal["input", "output"]


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One microphone or loudspeaker, or both, as the system lists it."""

    index: int
    """PortAudio's number of it, or of the way to the sound server that has it."""
    name: str
    host: str
    input_channels: int
    output_channels: int
    rate_hz: int
    default_input: bool
    default_output: bool
    route: str = ""
    """A sound server's own name of it; '' when PortAudio opens it directly."""
    bluetooth: bool = False
    """Known to be; few systems tell."""


@dataclass(eq=False)
class DeviceTrouble(Exception):
    """A device cannot be used: which, why, and what to do next.

    Not frozen: context managers set the traceback of the exceptions that pass through them.
    """

    code: str
    """no_portaudio, no_input, no_output, lost, silent_input, wrong_rate, not_there, ambiguous, hands_free; found: all
    is well (again)"""
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}. {self.remedy}"


OnBlock = Callable[[Samples], None]
"""Takes one block of microphone samples `[N]`, device rate. Called on the device's thread: must only copy."""
FillBlock = Callable[[int], Samples]
"""Gives `n` samples `[n]` to play, device rate. Called on the device's thread: must only copy."""


class SoundDevice(Protocol):
    """A microphone and a loudspeaker with two independent streams. `start` raises DeviceTrouble."""

    @property
    def input_rate_hz(self) -> int:
        """Rate of the blocks that arrive; known once constructed."""

    @property
    def output_rate_hz(self) -> int:
        """Rate of the blocks that are asked for; known once constructed."""

    @property
    def description(self) -> str:
        """Names of both ends for a person."""

    def start(self, on_block: OnBlock, fill_block: FillBlock, on_lost: Callable[[DeviceTrouble], None]) -> None:
        """Opens both streams. `on_lost` is called when one ends without `stop`."""

    def stop(self) -> None:
        """Closes both streams; idempotent."""
