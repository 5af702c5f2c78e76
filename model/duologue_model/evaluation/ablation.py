"""Engines that are not shown one of their streams, to see what it is worth.

The stream is blanked at run time. A network that was trained with it meets then what it never met, so the loss is an
upper bound: the honest ablation is a network trained without the stream, and where there is one it is reported instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

import numpy as np

from duologue_model.engine import Decision, Engine
from duologue_model.slices import SLICE_SAMPLES, Clocks, EditorStream, Slice
from duologue_model.training.rollout import Policy

State = TypeVar("State")
Blank = Callable[[Slice], Slice]

_SILENCE = np.zeros(SLICE_SAMPLES, np.float32)


def without_playback(heard: Slice) -> Slice:
    """Not told what the loudspeaker plays; that something plays is still on the agenda."""
    return replace(heard, playback=_SILENCE)


def without_editor(heard: Slice) -> Slice:
    """Not told of keys, tools and the time since the last key. That a key stopped the partner stays: a rule did it."""
    return replace(heard, editor=EditorStream(), clocks=replace(heard.clocks, since_key_s=Clocks.CAP_S))


def without_words(heard: Slice) -> Slice:
    """Not told what was recognised."""
    return replace(heard, words="")


def without_user_clock(heard: Slice) -> Slice:
    """Not told how long ago the user spoke."""
    return replace(heard, clocks=replace(heard.clocks, since_user_s=Clocks.CAP_S))


ABLATIONS: dict[str, Blank] = {
    "playback": without_playback,
    "editor": without_editor,
    "words": without_words,
    "user clock": without_user_clock,
}
"""What can be left out, by name."""


class BlankedEngine(Generic[State]):
    """An engine that is shown less."""

    def __init__(self, engine: Engine[State], left_out: str) -> None:
        self._engine, self._left_out = engine, left_out

    @property
    def name(self) -> str:
        return f"{self._engine.name}, {self._left_out} blanked"

    def start(self) -> State:
        return self._engine.start()

    def step(self, state: State, heard: Slice) -> tuple[State, Decision]:
        return self._engine.step(state, ABLATIONS[self._left_out](heard))


class BlankedPolicy(Generic[State]):
    """The same for many sessions at once."""

    def __init__(self, policy: Policy[State], left_out: str) -> None:
        self._policy, self._blank = policy, ABLATIONS[left_out]

    def start(self, sessions: int) -> State:
        return self._policy.start(sessions)

    def step(self, state: State, heard: Sequence[Slice]) -> tuple[State, list[Decision]]:
        return self._policy.step(state, [self._blank(one) for one in heard])

    def restart(self, state: State, rows: Sequence[int]) -> State:
        return self._policy.restart(state, rows)

    def keep(self, state: State, rows: Sequence[int]) -> State:
        return self._policy.keep(state, rows)
