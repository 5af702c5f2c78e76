"""Hands slices to the engine on its lane and gives the decisions back in order.

Most of a day nothing happens. Then several slices are handed over at once, which costs a fraction and gives the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from duologue_model.engine import Decision, Engine, ManyStepEngine, step_many
from duologue_model.slices import Samples, Slice
from duologue_model.vocabulary import Action
from duologue_server.trace.clock import Clock, run

MOST_PENDING = 4
"""An engine that falls further behind than so many handovers gets the slices in bulk, or loses them if it cannot:
late decisions are worse than none."""
CALM_AFTER_S = 4.0
"""So long after the last speech a turn is not still about to be ended: a late decision cannot be noticed."""
STIR_RATIO = 4.0
"""A slice 12 dB above the room is not quiet, whatever the detector of speech says."""
QUIETEST = 3e-4
"""-70 dBFS: below this nothing is called loud."""
RISE = 1.02
"""How fast the level of the room may rise in a slice: 2 dB a second."""

Decided = Callable[[float, Slice, Decision, float], None]
"""Takes the end of the slice, the slice with what was decided before it, the decision, and the seconds that it took."""


class Calm:
    """Whether the room is quiet: no speech for a while, no sound that stands out of it."""

    def __init__(self) -> None:
        self.room = QUIETEST
        """Level of the room: of the softest slices of late."""
        self.now = False
        """Whether the last slice was calm."""
        self._last_speech_s = 0.0

    def hear(self, t: float, microphone: Samples, speech: bool) -> bool:
        """Takes a slice. `speech`: somebody speaks in it, or may begin to."""
        level = float(np.sqrt(np.mean(np.square(microphone))))
        stands_out = level > STIR_RATIO * self.room
        self.room = max(QUIETEST, min(level, self.room * RISE))
        if speech:
            self._last_speech_s = t
        self.now = not stands_out and t - self._last_speech_s >= CALM_AFTER_S
        return self.now


class Decider:
    """Owned by the voice thread; the engine's state is touched on its lane alone."""

    def __init__(
        self, engine: Engine[Any], clock: Clock, decided: Decided, failed: Callable[[Exception], None]
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._decided = decided
        self._failed = failed
        self._state = engine.start()
        self._held: list[tuple[float, Slice]] = []
        self._most = engine.most_slices if isinstance(engine, ManyStepEngine) else 1
        self._pending = 0
        self._own = Action.SILENT
        self.dropped = 0
        """Slices that the engine was too late for."""

    def take(self, t: float, heard: Slice, calm: bool) -> None:
        """Takes the slice that ended at `t`. In a calm it may wait for others, and nothing waits after it ends."""
        self._held.append((t, heard))
        if self._pending >= MOST_PENDING:
            if len(self._held) > self._most or self._most == 1:
                self._held.pop(0)
                self.dropped += 1
            return
        if not calm or len(self._held) >= self._most:
            self._hand_over()

    def _hand_over(self) -> None:
        held, self._held = self._held[: self._most], self._held[self._most :]
        held[0] = (held[0][0], replace(held[0][1], own=self._own))
        self._pending += 1
        work = partial(self._clock.measure, partial(self._step, [heard for _, heard in held]))
        run(self._clock.lane("engine"), work, partial(self._done, held))

    def _step(self, heard: Sequence[Slice]) -> list[Decision]:
        self._state, decisions = step_many(self._engine, self._state, heard)
        return decisions

    def _done(self, held: list[tuple[float, Slice]], result: tuple[list[Decision], float] | Exception) -> None:
        self._pending -= 1
        if isinstance(result, Exception):
            self._failed(result)
            return
        decisions, took_s = result
        own = held[0][1].own
        for (t, heard), decision in zip(held, decisions, strict=True):
            told, own = replace(heard, own=own), decision.action
            self._own = own
            self._decided(t, told, decision, took_s / len(held))
