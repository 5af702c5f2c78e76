"""One micro-turn of everything that the model perceives.

Sizes: `S` = samples of a slice (1,280 at 16 kHz).
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from duologue_model.vocabulary import Action, ForcedToken

RATE_HZ = 16_000
SLICE_MS = 80
SLICE_SAMPLES = RATE_HZ * SLICE_MS // 1000

Samples = NDArray[np.float32]


class WaitingKind(StrEnum):
    """What stands first on the agenda."""

    OFFER = "offer"
    """Unprompted: nobody asked for it."""
    REPLY = "reply"
    """The answer to the user's last turn."""


@dataclass(frozen=True, slots=True)
class EditorStream:
    """What the fingers and the tools did during the slice; content-free."""

    keys: int = 0
    """Keys pressed."""
    saves: int = 0
    cursor_jumps: int = 0
    diagnostics_up: int = 0
    """Diagnostics that appeared."""
    diagnostics_down: int = 0
    """Diagnostics that went away."""
    tests_passed: int = 0
    tests_failed: int = 0
    focused: bool = True
    statement_complete: bool = True
    """Whether the statement at the cursor is syntactically complete."""


@dataclass(frozen=True, slots=True)
class AgendaStream:
    """What waits to be said, and how far the present utterance has got."""

    waiting: WaitingKind | None = None
    urgency: float = 0.0
    """0 (whenever) to 1 (now)."""
    waiting_s: float = 0.0
    """Estimated duration of what waits, seconds."""
    sounding: bool = False
    """Whether the partner is heard now."""
    heard_s: float = 0.0
    """How much of the present utterance has been heard, seconds."""
    remaining_s: float = 0.0
    """How much of it is left, seconds."""
    ducked: bool = False
    resumable: bool = False
    """Whether the last utterance was yielded to speech and could still go on at the word."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds since things happened, capped at `Clocks.CAP_S`; never wall time."""

    since_user_s: float = 60.0
    since_key_s: float = 60.0
    since_own_s: float = 60.0

    CAP_S = 60.0


@dataclass(frozen=True, slots=True)
class Slice:
    """What is perceived in 80 ms.

    `microphone` and `playback` are `[S]` float32 in -1…1 at 16 kHz; the microphone is echo-cancelled, the playback is
    what the loudspeaker played in the same 80 ms.
    """

    microphone: Samples
    playback: Samples
    editor: EditorStream = EditorStream()
    agenda: AgendaStream = AgendaStream()
    own: Action = Action.SILENT
    """The action of the previous slice."""
    clocks: Clocks = Clocks()
    words: str = ""
    """What the ear has recognised of the user's present turn so far."""
    forced: tuple[ForcedToken, ...] = ()
    microphone_open: bool = True
    end_of_turn: bool = field(default=False)
    """The user ended the turn by hand (push-to-talk released)."""

    def __post_init__(self) -> None:
        assert self.microphone.shape == (SLICE_SAMPLES,), self.microphone.shape
        assert self.playback.shape == (SLICE_SAMPLES,), self.playback.shape
