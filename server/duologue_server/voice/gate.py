"""When somebody speaks, to the frame: voice activity with hysteresis, in samples of the microphone's stream."""

from dataclasses import dataclass
from typing import Literal

import earshot
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE_HZ = 16_000
FRAME = 256
"""Samples in a frame of the detector, 16 ms."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Speech began or ended at `sample` of the stream. It is known some frames later."""

    kind: Literal["onset", "offset"]
    sample: int


class SpeechGate:
    """Opens after `open_frames` of speech on end, closes after `close_frames` without any.

    An onset is dated back to the first of those frames, an offset to the end of the last frame of speech. Between the
    two thresholds a frame changes nothing. The detector has a state of its own, which cannot be copied: one stream, one
    gate.
    """

    def __init__(
        self,
        open_at: float = 0.5,
        close_below: float = 0.35,
        open_frames: int = 4,
        close_frames: int = 9,
    ) -> None:
        self._open_at = open_at
        self._close_below = close_below
        self._open_frames = open_frames
        self._close_frames = close_frames
        self._detector = earshot.Detector()
        self.is_open = False
        self.speech_end_sample = 0
        """End of the last frame of speech."""
        self._rest: Samples = np.zeros(0, np.float32)
        self._at = 0
        self._run = 0
        self._quiet = 0

    @property
    def stirs(self) -> bool:
        """Whether the last frames may be the beginning of speech."""
        return self._run > 0

    def hear(self, block: Samples) -> list[Edge]:
        """Takes the next samples `[N]` at 16 kHz, in order; gives the edges that became known."""
        waiting = np.concatenate([self._rest, np.clip(block, -1.0, 1.0)])
        edges: list[Edge] = []
        used = 0
        while used + FRAME <= len(waiting):
            edge = self._frame(float(self._detector.predict_f32(waiting[used : used + FRAME])))
            if edge is not None:
                edges.append(edge)
            used += FRAME
        self._rest = waiting[used:]
        return edges

    def reset(self, next_sample: int) -> None:
        """Forgets everything; the stream goes on at `next_sample`."""
        self._detector.reset()
        self._rest = self._rest[:0]
        self._at = next_sample
        self.is_open = False
        self.speech_end_sample = next_sample
        self._run = self._quiet = 0

    def _frame(self, score: float) -> Edge | None:
        self._at += FRAME
        if score >= self._open_at:
            self._run += 1
            if self.is_open or self._run >= self._open_frames:
                self.speech_end_sample = self._at
        elif score < self._close_below:
            self._run = 0
        self._quiet = self._quiet + 1 if score < self._close_below else 0
        if not self.is_open and self._run >= self._open_frames:
            self.is_open = True
            return Edge("onset", self._at - self._run * FRAME)
        if self.is_open and self._quiet >= self._close_frames:
            self.is_open = False
            return Edge("offset", self.speech_end_sample)
        return None
