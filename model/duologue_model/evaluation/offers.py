"""Unprompted speech, and agreement with the labels slice by slice."""

import math

import numpy as np
from numpy.typing import NDArray

from duologue_model.evaluation.floor import ACTIONS, Events
from duologue_model.training.example import AGENDA_FIELDS, IGNORED
from duologue_model.training.floorlog import SLICE_S, FloorLog, Sounded
from duologue_model.training.labels import QUIET_AFTER_KEY_S
from duologue_model.vocabulary import Action

CUE_S = 0.5
"""Timed speech is on time within this of the right moment."""
GAP_S = 0.16
"""Between the decision to take the floor and the first sound: a slice and the way to the loudspeaker."""
_TAKE = ACTIONS.index(Action.TAKE)
_OFFER = AGENDA_FIELDS.index("waiting_offer")


def starts_while_typing(log: FloorLog) -> Events:
    """How often something unprompted began within 1.5 s of a key of the user's; the weight is hours."""
    return [(float(sum(_since_key_s(log, said.start_s) < QUIET_AFTER_KEY_S for said in _offers(log))), _hours(log))]


def wishes_while_typing(log: FloorLog) -> Events:
    """How often the engine would have begun then, whatever a rule said after it; the weight is hours."""
    if log.decided is None:
        return []
    wished = (log.decided[:, 0] == _TAKE) & (log.perceived.agenda[:, _OFFER] > 0)
    begun = wished & ~np.concatenate([[False], wished[:-1]])
    times = (np.flatnonzero(begun) + 1) * SLICE_S
    return [(float(sum(_since_key_s(log, float(t)) < QUIET_AFTER_KEY_S for t in times)), _hours(log))]


def delays(log: FloorLog) -> Events:
    """From the first right moment for an offer to its first sound; infinite if it was never said."""
    return [(delay_s, 1.0) for delay_s in _delays(log)]


def delivered(log: FloorLog) -> Events:
    """For each offer that had a right moment, whether it was said."""
    return [(float(not math.isinf(delay_s)), 1.0) for delay_s in _delays(log)]


def on_cue(log: FloorLog) -> Events:
    """For each timed or cued request, whether it was said within 0.5 s of the first right moment."""
    return [(float(abs(delay_s) <= CUE_S), 1.0) for delay_s in _delays(log)] if log.scenario == "timed_request" else []


def ill_timed(log: FloorLog) -> Events:
    """For each offer that was said, whether it came when it should have waited."""
    events: Events = []
    for said in _offers(log):
        index = _decided_at(log, said)
        right = log.perceived.action[max(0, index - 1) : index + 1]
        if len(right):
            events.append((float(not np.isin(right, (_TAKE, IGNORED)).any()), 1.0))
    return events


def action_agreement(log: FloorLog) -> Events:
    """Slices in which the engine decided for the right action; the weight is the slices with a label."""
    return [] if log.decided is None else _agreement(log.decided[:, 0], log.perceived.action)


def user_agreement(log: FloorLog) -> Events:
    """The same for the user's state."""
    return [] if log.decided is None else _agreement(log.decided[:, 1], log.perceived.user)


def _agreement(decided: NDArray[np.int64], right: NDArray[np.int64]) -> Events:
    known = right != IGNORED
    return [(float((decided[known] == right[known]).sum()), float(known.sum()))] if known.any() else []


def _offers(log: FloorLog) -> list[Sounded]:
    """What was said unprompted and by choice: not what had to be said, nor what went on after a stop."""
    said = [one for one in log.sounded if one.kind == "offer" and one.clip_start == 0]
    waited = log.perceived.agenda[:, _OFFER] > 0
    if waited.any():
        at = [_decided_at(log, one) for one in said]
        return [one for one, i in zip(said, at, strict=True) if waited[max(0, i - 1) : i + 2].any()]
    # A log without streams: only what had been offered by then can have been chosen.
    chosen: list[Sounded] = []
    for one in said:
        if sum(t <= one.start_s for t in log.offered_s) > len(chosen):
            chosen.append(one)
    return chosen


def _delays(log: FloorLog) -> list[float]:
    """Of each offer with a right moment, the delay from it to the offer's first sound."""
    starts = sorted(said.start_s for said in _offers(log))
    times = (np.arange(log.slices) + 1) * SLICE_S
    waiting = log.perceived.agenda[:, _OFFER] > 0
    right = (log.perceived.action == _TAKE) & waiting
    found = []
    offered = sorted(log.offered_s)
    for number, offered_s in enumerate(offered):
        until_s = offered[number + 1] if number + 1 < len(offered) else log.duration_s
        inside = (times >= offered_s) & (times < until_s)
        said_s = next((s for s in starts if offered_s <= s < until_s), math.inf)
        moments = times[right & inside]
        if len(moments):
            found.append(said_s - float(moments[0]))
        elif not math.isinf(said_s) and _unlabelled(log, said_s):
            found.append(0.0)
    return found


def _unlabelled(log: FloorLog, start_s: float) -> bool:
    """Whether an offer began at the very edge of its right moment, where no label is."""
    index = int(np.clip(round((start_s - GAP_S / 2) / SLICE_S) - 1, 0, log.slices - 1))
    return bool((log.perceived.action[max(0, index - 1) : index + 1] == IGNORED).any())


def _decided_at(log: FloorLog, said: Sounded) -> int:
    """The slice at whose end an utterance was begun."""
    return int(np.clip(int(said.start_s / SLICE_S + 1e-6) - 1, 0, log.slices - 1))


def _since_key_s(log: FloorLog, t: float) -> float:
    return t - max((key.at_s for key in log.keys if key.at_s <= t and not key.elsewhere), default=-60.0)


def _hours(log: FloorLog) -> float:
    return log.duration_s / 3600
