"""A bounded queue of samples between a device's thread and the voice thread."""

import queue
from collections import deque

import numpy as np

from duologue_server.audio.device import Samples


class SampleRing:
    """One producer, one consumer, float32 samples; when full it drops the oldest blocks and counts their samples.

    Neither end takes a lock that the other could hold for longer than a copy: blocks travel through a deque, and each
    counter has one writer. `write` therefore fits into a device's callback.
    """

    def __init__(self, capacity: int) -> None:
        """`capacity` in samples; a block longer than that keeps only its newest part. Raises ValueError below 1."""
        if capacity < 1:
            raise ValueError(f"a ring needs room for at least one sample, not {capacity}")
        self.capacity = capacity
        self._blocks: deque[Samples] = deque()
        # A C queue rather than an Event: its `put` cannot wait for a consumer that was descheduled inside a lock.
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._written = 0
        self._read = 0
        self._dropped = 0

    def __len__(self) -> int:
        """Samples that wait."""
        return max(0, self._written - self._dropped - self._read)

    @property
    def dropped(self) -> int:
        """Samples dropped so far."""
        return self._dropped

    def write(self, block: Samples) -> None:
        """Copies `block` `[N]` in; makes room by dropping the oldest. Producer only."""
        size = len(block)
        if size == 0:
            return
        while len(self) + min(size, self.capacity) > self.capacity:
            try:
                self._dropped += len(self._blocks.popleft())
            except IndexError:  # the consumer was quicker
                break
        kept = np.array(block[-self.capacity :], dtype=np.float32)
        self._dropped += size - len(kept)
        self._written += size
        self._blocks.append(kept)
        if self._bell.empty():
            self._bell.put(None)

    def read_block(self) -> Samples | None:
        """The oldest block, or None. Consumer only."""
        try:
            block = self._blocks.popleft()
        except IndexError:
            return None
        self._read += len(block)
        return block

    def take(self) -> Samples:
        """Everything that waits, `[N]`, possibly empty. Consumer only."""
        blocks = []
        while (block := self.read_block()) is not None:
            blocks.append(block)
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)

    def wait(self, timeout_s: float) -> bool:
        """Waits for samples; False when none came. May take twice the timeout after a quiet spell. Consumer only."""
        while not self._blocks:
            try:
                self._bell.get(timeout=timeout_s)
            except queue.Empty:
                return bool(self._blocks)
        return True
