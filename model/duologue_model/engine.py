"""The one door to whatever decides about the floor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

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
