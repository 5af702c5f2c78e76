"""One training session: everything that the model perceives in each slice, and what it should have said about it.

The simulator makes these, the training loop eats them, the evaluation scores on them. Letters: `T` slices of 80 ms, `S`
samples of a slice.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duologue_model.slices import Samples
from duologue_model.streams import AGENDA_BORDERS, CLOCK_BORDERS, EDITOR_BORDERS

EDITOR_FIELDS, AGENDA_FIELDS, CLOCK_FIELDS = tuple(EDITOR_BORDERS), tuple(AGENDA_BORDERS), tuple(CLOCK_BORDERS)
"""The columns of these streams."""
IGNORED = -1
"""A label that no loss looks at: within 80 ms of a boundary, or where people disagree."""


@dataclass(frozen=True, slots=True)
class SessionExample:
    """A simulated or recorded session, slice by slice. Everything that is perceived is what the product would have."""

    name: str
    scenario: str
    microphone: Samples
    """`[T·S]` float32 at 16 kHz, echo and room included."""
    playback: Samples
    """`[T·S]` float32 at 16 kHz: what the loudspeaker played."""
    editor: NDArray[np.float32]
    """`[T, 9]`, in the order of EDITOR_FIELDS."""
    agenda: NDArray[np.float32]
    """`[T, 9]`, in the order of AGENDA_FIELDS."""
    clocks: NDArray[np.float32]
    """`[T, 3]`, seconds capped at 60, in the order of CLOCK_FIELDS."""
    words: tuple[str, ...]
    """`T` strings: what the ear has recognised of the user's present turn by then, with delay and errors."""
    own: NDArray[np.int64]
    """`[T]`: the partner's action of the slice before, as an index into `list(Action)`."""
    action: NDArray[np.int64]
    """`[T]`: the right action, as an index into `list(Action)`, or IGNORED."""
    user: NDArray[np.int64]
    """`[T]`: the user's state, as an index into `list(UserState)`, or IGNORED."""
    user_voice: NDArray[np.bool_]
    """`[T, 4]`: whether the user's own speech (nobody else's, no echo) sounds in each 20 ms."""
    own_voice: NDArray[np.bool_]
    """`[T, 4]`: whether the partner's voice sounds in each 20 ms."""
    turn_end: NDArray[np.float32]
    """`[T]`: seconds until the user's present turn ends, negative after its end; NaN when no turn is open."""
    transcript: tuple[tuple[float, float, str], ...]
    """Every word of the user: from and to, in seconds, and the text; for the auxiliary CTC."""
    forced: NDArray[np.bool_] | None = None
    """`[T, 4]`, in the order of ForcedToken; None: no rule ever stepped in."""
    end_of_turn: NDArray[np.bool_] | None = None
    """`[T]`: the user let the key of push-to-talk go; None: never."""
    microphone_open: NDArray[np.bool_] | None = None
    """`[T]`; None: always."""
