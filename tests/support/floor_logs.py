"""Floor logs by hand: who says what from when to when, as short timelines."""

from dataclasses import replace

import numpy as np

from duologue_model.training.floorlog import SLICE_S, FloorLog, Key, Noise, Perceived, Said, Sounded, Turn, Who
from duologue_model.vocabulary import Action, UserState

ACTIONS, USERS = list(Action), list(UserState)
TALKS, ASKS, STOPS = UserState.SPEAKING_TO_PARTNER, UserState.CLARIFICATION, UserState.STOP_REQUEST


def turn(
    *spans: tuple[float, float], state: UserState = TALKS, answer: bool = True, who: Who = "user",
    humming: frozenset[int] = frozenset(),
) -> Turn:  # fmt: skip
    """A turn of somebody, spoken in these spans."""
    parts = tuple(Said(from_s, to_s, "clip", 0, 1, 1.0) for from_s, to_s in spans)
    return Turn(who, state, parts, answer, 0.35, humming=humming)


def reply(from_s: float, to_s: float, stopped: bool = False, ducks: tuple[tuple[float, float], ...] = ()) -> Sounded:
    """What the partner answers; `stopped` by speech, or to its end."""
    return Sounded("reply", f"reply at {from_s}", from_s, to_s, 0, "speech" if stopped else "end", list(ducks))


def offer(from_s: float, to_s: float) -> Sounded:
    """Something unprompted, said to its end."""
    return Sounded("offer", "offer", from_s, to_s, 0)


def hum(at_s: float) -> Sounded:
    """An acknowledgement of half a second."""
    return Sounded("hum", "hum", at_s, at_s + 0.5, 0)


def log(
    *what: Turn | Sounded | Noise | Key,
    until_s: float = 20.0,
    delegated: tuple[float, ...] = (),
    echo_db: float = -20.0,
) -> FloorLog:
    """A session of these, in which nothing was labelled and no engine decided."""
    slices = round(until_s / SLICE_S)
    none = np.full(slices, -1, np.int64)
    perceived = Perceived(
        np.zeros((slices, 9), np.float32), np.zeros((slices, 9), np.float32), np.zeros((slices, 3), np.float32),
        none, none.copy(), none.copy(), np.full(slices, np.nan, np.float32), np.zeros(slices, np.bool_),
    )  # fmt: skip
    return FloorLog(
        name="by hand",
        scenario="by hand",
        speaker="nobody",
        slices=slices,
        turns=tuple(one for one in what if isinstance(one, Turn)),
        keys=tuple(one for one in what if isinstance(one, Key)),
        marks=(),
        noises=tuple(one for one in what if isinstance(one, Noise)),
        sounded=tuple(one for one in what if isinstance(one, Sounded)),
        forgotten_s=(),
        echo_db=echo_db,
        perceived=perceived,
        delegated_s=delegated,
    )


def deciding(one: FloorLog, *spans: tuple[float, float, Action | UserState]) -> FloorLog:
    """The same session with an engine's decisions: from, to, what; elsewhere it is silent and hears nobody."""
    decided = np.zeros((one.slices, 2), np.int64)
    for from_s, to_s, what in spans:
        rows = slice(round(from_s / SLICE_S), round(to_s / SLICE_S))
        column = 0 if isinstance(what, Action) else 1
        decided[rows, column] = ACTIONS.index(what) if isinstance(what, Action) else USERS.index(what)
    return replace(one, decided=decided)
