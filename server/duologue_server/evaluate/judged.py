"""What would have been right in a replayed session, slice by slice: the labels of training, from what happened."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from duologue_model.training import labels
from duologue_model.training.example import AGENDA_FIELDS, IGNORED
from duologue_model.training.floorlog import SLICE_S, FloorLog, Perceived, Said, Sounded, Turn
from duologue_model.training.stage import FAR_DB
from duologue_model.vocabulary import Action, UserState
from duologue_server.trace.folder import Event

ACTIONS, USERS = list(Action), list(UserState)
LONG_AGO_S = -60.0
RESUMABLE_S = 8.0
"""So long after it was broken off an utterance may still go on."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An offer on the agenda: from when to when, and how urgent."""

    from_s: float
    to_s: float
    urgency: float


def waiting(events: Sequence[Event], log: FloorLog) -> list[Waiting]:
    """Every offer of the session, until it was said or the session ended."""
    said = {sounded.clip: sounded.start_s for sounded in reversed(log.sounded)}
    return [
        Waiting(event.t, said.get(event.fields["id"], log.duration_s), float(event.fields["urgency"]))
        for event in events
        if event.kind == "offer"
    ]


def judged(log: FloorLog, offers: Sequence[Waiting]) -> Perceived:
    """The labels of every slice, and of what was perceived the agenda; the rest is zero."""
    slices = log.slices
    agenda = np.zeros((slices, len(AGENDA_FIELDS)), np.float32)
    action = np.full(slices, IGNORED, np.int64)
    user = np.full(slices, IGNORED, np.int64)
    turn_end = np.full(slices, np.nan, np.float32)
    empty = np.zeros(slices, np.bool_)
    for index in range(slices):
        moment = moment_at(log, offers, (index + 1) * SLICE_S)
        label = labels.judge(moment)
        action[index] = IGNORED if label.action is None else ACTIONS.index(label.action)
        user[index] = IGNORED if label.user is None else USERS.index(label.user)
        turn_end[index] = moment.turn.end_s - moment.t if moment.turn else np.nan
        agenda[index, AGENDA_FIELDS.index("waiting_offer")] = moment.offer
        agenda[index, AGENDA_FIELDS.index("urgency")] = moment.urgency
        agenda[index, AGENDA_FIELDS.index("sounding")] = moment.sounding is not None
        quiet = moment.since_key_s >= labels.TYPING_S and moment.since_speech_s > 0 and not moment.noise
        empty[index] = quiet and not (moment.sounding or moment.turn or moment.waiting)
    zeros = np.zeros((slices, 9), np.float32)
    own = np.zeros(slices, np.int64) if log.decided is None else log.decided[:, 0]
    return Perceived(zeros, agenda, np.zeros((slices, 3), np.float32), own, action, user, turn_end, empty)


def moment_at(log: FloorLog, offers: Sequence[Waiting], t: float) -> labels.Moment:
    """The truth at the end of a slice, as the simulator knows it."""
    loud = [part for turn in log.turns if turn.gain_db > FAR_DB for part in turn.parts]
    now = next((said for said in log.sounded if said.start_s < t <= said.end_s), None)
    typed = [key.at_s for key in log.keys if not key.elsewhere]
    last_key_s = max((at_s for at_s in typed if at_s < t), default=LONG_AGO_S)
    due = [offer for offer in offers if offer.from_s <= t < offer.to_s]
    return labels.Moment(
        t=t,
        turn=_open_turn(log, t),
        other=next((o for o in log.turns if o.who == "other" and o.start_s < t < o.end_s + 0.5), None),
        noise=next((n for n in log.noises if n.start_s < t < n.end_s + 0.5), None),
        sounding=now.kind if now else None,
        sounding_since_s=now.start_s if now else 0.0,
        ducked=now is not None and any(from_s < t <= to_s for from_s, to_s in now.ducks),
        resumable=now is None and _resumable(log, t, last_key_s),
        asked=_asked(log, t),
        offer=bool(due),
        urgency=max((offer.urgency for offer in due), default=0.0),
        since_key_s=t - last_key_s,
        since_speech_s=t - max((min(part.end_s, t) for part in loud if part.start_s < t), default=LONG_AGO_S),
        until_next_s=min(_ahead(typed, loud, t), default=-LONG_AGO_S),
        echo=log.echo_db > -30.0,
    )


def _ahead(typed: Sequence[float], loud: Sequence[Said], t: float) -> list[float]:
    return [at_s - t for at_s in (*typed, *(part.start_s for part in loud)) if at_s >= t]


def _open_turn(log: FloorLog, t: float) -> Turn | None:
    """The user's latest turn that has begun, unless nothing more comes of it: handed over, or it asked for nothing."""
    begun = [turn for turn in log.turns if turn.who == "user" and turn.start_s <= t]
    if not begun:
        return None
    turn = begun[-1]
    if turn.answer:
        over = any(turn.end_s <= at_s < t for at_s in log.delegated_s)
    else:
        over = t >= turn.end_s + (labels.STOP_SHOWN_S if turn.state is UserState.STOP_REQUEST else 2 * SLICE_S)
    return None if over else turn


def _asked(log: FloorLog, t: float) -> bool:
    """Whether an answer is awaited: a turn was handed over, and nothing has been said since."""
    handed_s = max((at_s for at_s in log.delegated_s if at_s < t), default=None)
    return handed_s is not None and not any(handed_s <= said.start_s < t for said in log.sounded)


def _resumable(log: FloorLog, t: float, last_key_s: float) -> bool:
    """Whether what was broken off last could go on: not after a key, a request to stop, or a turn handed over."""
    before: list[Sounded] = [said for said in log.sounded if said.end_s <= t and said.kind != "hum"]
    if not before or before[-1].ended_by != "speech" or t - before[-1].end_s > RESUMABLE_S:
        return False
    since_s = before[-1].end_s
    stopped = any(
        turn.state is UserState.STOP_REQUEST and turn.start_s <= since_s <= turn.end_s + 1.0 for turn in log.turns
    )
    return not stopped and last_key_s < since_s and not any(since_s <= at_s < t for at_s in log.delegated_s)
