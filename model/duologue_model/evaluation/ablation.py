"""Policies that are not shown one of their streams, to see what it is worth.

Blanked at run time, a network that was trained with the stream meets what it never met, so the loss is an upper bound.
The honest ablation is a network that was trained without it (`train --without`), and is never shown it.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

from duologue_model.blanks import BLANKS
from duologue_model.engine import Decision
from duologue_model.slices import Slice
from duologue_model.training.rollout import Policy

State = TypeVar("State")

ABLATIONS = ("playback", "editor", "words", "user clock")
"""What is left out, by name."""


class BlankedPolicy(Generic[State]):
    """A policy that is shown less."""

    def __init__(self, policy: Policy[State], left_out: str) -> None:
        self._policy, self._blank = policy, BLANKS[left_out]

    def start(self, sessions: int) -> State:
        return self._policy.start(sessions)

    def step(self, state: State, heard: Sequence[Slice]) -> tuple[State, list[Decision]]:
        return self._policy.step(state, [self._blank(one) for one in heard])

    def restart(self, state: State, rows: Sequence[int]) -> State:
        return self._policy.restart(state, rows)

    def keep(self, state: State, rows: Sequence[int]) -> State:
        return self._policy.keep(state, rows)
