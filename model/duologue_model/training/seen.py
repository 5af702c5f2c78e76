"""What the partner of a simulated session perceives besides sound, and who decides for it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from duologue_model.engine import Decision
from duologue_model.training import labels
from duologue_model.training.floorlog import Perceived
from duologue_model.vocabulary import Action

if TYPE_CHECKING:
    from duologue_model.training.stage import Stage


@dataclass(slots=True)
class Rows:
    """What was perceived and right, slice by slice."""

    editor: list[list[float]] = field(default_factory=list)
    agenda: list[list[float]] = field(default_factory=list)
    clocks: list[list[float]] = field(default_factory=list)
    own: list[int] = field(default_factory=list)
    action: list[int] = field(default_factory=list)
    user: list[int] = field(default_factory=list)
    turn_end: list[float] = field(default_factory=list)
    empty: list[bool] = field(default_factory=list)
    forced: list[list[bool]] = field(default_factory=list)
    end_of_turn: list[bool] = field(default_factory=list)
    microphone_open: list[bool] = field(default_factory=list)

    def arrays(self) -> Perceived:
        return Perceived(
            np.array(self.editor, np.float32), np.array(self.agenda, np.float32), np.array(self.clocks, np.float32),
            np.array(self.own, np.int64), np.array(self.action, np.int64), np.array(self.user, np.int64),
            np.array(self.turn_end, np.float32), np.array(self.empty, np.bool_),
            np.array(self.forced, np.bool_), np.array(self.end_of_turn, np.bool_),
            np.array(self.microphone_open, np.bool_),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to decide from at the end of a slice, besides its sound, and what would be right."""

    start_s: float
    t: float
    editor: list[float]
    """`[9]`"""
    agenda: list[float]
    """`[9]`"""
    clocks: list[float]
    """`[3]`"""
    own: Action
    forced: list[bool]
    """`[4]`, in the order of ForcedToken"""
    end_of_turn: bool
    microphone_open: bool
    right: labels.Label


class Mind(Protocol):
    """Decides for the partner, slice by slice, in sessions where an engine has the floor."""

    def decide(self, stage: "Stage", seen: Seen) -> Decision:
        """What to do about the slice that has just ended; it is done from the next slice on."""
