"""The one door to whatever decides about the floor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar, runtime_checkable

from duologue_model.slices import Slice
from duologue_model.vocabulary import Action, UserState

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Decision:
    """What one micro-turn decided.

    `p` holds the probabilities behind it, by name of `Action` and `UserState`. A rule has none: then it is empty.
    """

    action: Action
    user: UserState
    speech: bool
    """Whether somebody is speaking into the microphone in this slice."""
    p: Mapping[str, float] = field(default_factory=dict)


class Engine(Protocol[State]):
    """Decides every 80 ms who has the floor. Holds no streaming state of its own: it is passed in and returned."""

    @property
    def name(self) -> str:
        """Name for reports; a rule-based engine says so here."""

    def start(self) -> State:
        """The state before the first slice."""

    def step(self, state: State, heard: Slice) -> tuple[State, Decision]:
        """Takes one slice, gives the next state and the decision. `state` must not be used again."""


@runtime_checkable
class ManyStepEngine(Engine[State], Protocol[State]):
    """An engine for which several slices at once cost less than one after the other."""

    @property
    def most_slices(self) -> int:
        """How many slices `step_many` takes."""

    def step_many(self, state: State, heard: Sequence[Slice]) -> tuple[State, list[Decision]]:
        """The same as `step` for each slice, told in `own` what was decided about the slice before.

        So `own` counts for the first slice only. `state` must not be used again.
        """


@runtime_checkable
class ExplainingEngine(Engine[State], Protocol[State]):
    """An engine that can tell what a decision hung on."""

    def influences(self, heard: Sequence[Slice], action: Action) -> Mapping[str, float]:
        """The probability of `action` after these slices: `""` with everything, and by name without one stream.

        A stream in which nothing happened is left out.
        """


def step_many(engine: Engine[State], state: State, heard: Sequence[Slice]) -> tuple[State, list[Decision]]:
    """Several slices with any engine: at once where it can, one by one where it cannot."""
    made: list[Decision] = []
    if isinstance(engine, ManyStepEngine):
        return engine.step_many(state, heard)
    for one in heard:
        state, decision = engine.step(state, one if not made else replace(one, own=made[-1].action))
        made.append(decision)
    return state, made
