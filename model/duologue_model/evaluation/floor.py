"""Answering and stopping: latencies of decisions, false cut-ins, stops when interrupted. Times are seconds."""

import math
from itertools import pairwise

import numpy as np

from duologue_model.training.floorlog import SLICE_S, FloorLog, Sounded, Turn
from duologue_model.vocabulary import Action, UserState

Events = list[tuple[float, float]]
"""Events of one session as (value, weight)."""

PAUSE_S = 0.2
"""A shorter silence inside a turn is no pause. Source: the analysis of Switchboard behind the timing files."""
EARLY_S = 0.5
"""A decision so long before the end of speech still belongs to that end; people do so too."""
LATE_S = 2 * SLICE_S
"""A decision so long after speech went on was made before that could be heard."""
ONSET_S = 0.3
"""A decision so soon after a turn began was made before that could be known: both began at once."""
ANSWER_S = 6.0
"""A turn that is not answered within this is not answered."""
CENSOR_S = 1.0
"""A turn that is followed so soon by the next, or by the end of the session, says nothing when unanswered."""
STOP_S = 2.0
"""Who is not silent so long after an interruption began has not stopped."""
OBEYED_S = 3.0
"""So long after a request to stop the partner says nothing."""
OWN_END_S = 1.0
"""An utterance that ended by itself so soon after an interruption began could not be stopped."""

INTERRUPTS = frozenset({UserState.CLARIFICATION, UserState.STOP_REQUEST})
ACTIONS, USERS = list(Action), list(UserState)


def user_turns(log: FloorLog) -> list[Turn]:
    """The user's own turns, in order."""
    return sorted((turn for turn in log.turns if turn.who == "user"), key=lambda turn: turn.start_s)


def own_speech(log: FloorLog) -> list[Sounded]:
    """What the partner said but acknowledgements."""
    return [said for said in log.sounded if said.kind != "hum"]


def sounding_at(log: FloorLog, t: float) -> Sounded | None:
    """The utterance that is heard at `t`."""
    return next((said for said in own_speech(log) if said.start_s <= t < said.end_s), None)


def resumed(log: FloorLog, said: Sounded, until_s: float) -> bool:
    """Whether an utterance that was broken off went on by `until_s`; to say the same words anew is not to go on."""
    later = [one for one in log.sounded if one.clip == said.clip and one.clip_start > 0]
    return any(said.end_s <= one.start_s <= until_s for one in later)


def pauses(turn: Turn) -> list[tuple[float, float]]:
    """From and to of every silence inside a turn that counts as a pause."""
    edges = ((part.end_s, following.start_s) for part, following in pairwise(turn.parts))
    return [(from_s, to_s) for from_s, to_s in edges if to_s - from_s >= PAUSE_S]


def decision_latencies(log: FloorLog) -> Events:
    """From the true end of each turn that wants an answer to the decision; negative before it, infinite if never."""
    return [(latency_s, 1.0) for _, latency_s in _answers(log)]


def unanswered(log: FloorLog) -> Events:
    """1 for each turn that wants an answer and never got a decision."""
    return [(float(math.isinf(latency_s)), 1.0) for _, latency_s in _answers(log)]


def first_sounds(log: FloorLog) -> Events:
    """From the true end of each turn that wants an answer to the first sound of the reply; infinite if none came."""
    events: Events = []
    for turn, latency_s in _answers(log):
        decided_s = turn.end_s + latency_s
        until_s = _next_turn_s(log, turn)
        starts = [s.start_s for s in log.sounded if s.kind == "reply" and decided_s <= s.start_s < until_s]
        # An answer that the user did not wait for, or that the end of the session cut off, is no failure.
        if starts:
            events.append((min(starts) - turn.end_s, 1.0))
        elif math.isinf(latency_s):
            events.append((math.inf, 1.0))
    return events


def decided_cut_ins(log: FloorLog) -> Events:
    """For each pause inside a turn, whether the partner took it for the end: handed over, or began to speak."""
    return [(float(cut), 1.0) for turn in _speaking(log) for cut in _cuts(log, turn, _decisions(log))]


def audible_cut_ins(log: FloorLog) -> Events:
    """For each pause inside a turn, whether the partner was heard to begin before the turn was over."""
    starts = [said.start_s for said in own_speech(log)]
    events: Events = []
    for turn in _speaking(log):
        edges = [*pauses(turn), (turn.end_s, turn.end_s)]
        for (from_s, _), (next_s, _) in pairwise(edges):
            events.append((float(any(from_s < start_s < next_s for start_s in starts)), 1.0))
    return events


def cut_in_turns(log: FloorLog) -> Events:
    """For each turn, whether the partner took it for finished anywhere before its end, in a pause or over speech."""
    decisions = _decisions(log)
    events: Events = []
    for turn in _speaking(log):
        inside = [t for t in decisions if turn.start_s + ONSET_S < t < turn.end_s - EARLY_S]
        events.append((float(any(_cuts(log, turn, decisions)) or bool(inside)), 1.0))
    return events


def phantom_decisions(log: FloorLog) -> Events:
    """How many decisions to answer came when the user had said nothing to the partner; the weight is hours."""
    spans = [(turn.start_s, turn.end_s + ANSWER_S) for turn in user_turns(log) if turn.answer]
    count = sum(not any(from_s <= t <= to_s for from_s, to_s in spans) for t in log.delegated_s)
    return [(float(count), log.duration_s / 3600)]


def stop_latencies(log: FloorLog) -> Events:
    """From the onset of each true interruption to silence, where the partner stopped."""
    return [(said.end_s - turn.start_s, 1.0) for turn, said, stopped in interruptions(log) if stopped]


def stop_successes(log: FloorLog) -> Events:
    """For each true interruption, whether the partner was silent within 2 s and until it was over."""
    return [(float(stopped), 1.0) for _, _, stopped in interruptions(log)]


def duck_latencies(log: FloorLog) -> Events:
    """From the onset of each true interruption to the first duck or the stop; infinite if neither came within 2 s."""
    events: Events = []
    for turn, said, stopped in interruptions(log):
        if any(from_s <= turn.start_s < to_s for from_s, to_s in said.ducks):
            continue
        first = [from_s for from_s, _ in said.ducks if from_s >= turn.start_s]
        if stopped or said.ended_by == "speech":
            first.append(said.end_s)
        latency_s = min(first, default=math.inf) - turn.start_s
        events.append((latency_s if latency_s <= STOP_S else math.inf, 1.0))
    return events


def told_apart_at_yield(log: FloorLog, words: tuple[str, ...]) -> Events:
    """For each stop at an interruption, of which words were known by then, whether the user's state was right."""
    events: Events = []
    if log.decided is None or not words:
        return events
    for turn, said, stopped in interruptions(log):
        index = _slice_at(log, said.end_s)
        if stopped and words[index].strip():
            events.append((float(log.decided[index, 1] == USERS.index(turn.state)), 1.0))
    return events


def told_apart(log: FloorLog, words: tuple[str, ...] | None = None) -> Events:
    """For each stop at an interruption, whether the engine's last word about its kind was right.

    That is the latest slice, from the stop to 0.24 s after the turn, in which it decided for either kind. With `words`,
    only interruptions of which something had been recognised by then.
    """
    events: Events = []
    if log.decided is None:
        return events
    kinds = {USERS.index(state) for state in INTERRUPTS}
    for turn, said, stopped in interruptions(log):
        first, last = _slice_at(log, said.end_s), _slice_at(log, turn.end_s + 3 * SLICE_S)
        known = words is None or any(text.strip() for text in words[first : last + 1])
        if not stopped or last < first or not known:
            continue
        said_so = [int(state) for state in log.decided[first : last + 1, 1] if int(state) in kinds]
        events.append((float(bool(said_so) and said_so[-1] == USERS.index(turn.state)), 1.0))
    return events


def stops_obeyed(log: FloorLog) -> Events:
    """For each request to stop that stopped the partner, whether it was quiet after it and answered nothing."""
    events: Events = []
    for turn, said, stopped in interruptions(log):
        until_s = min(turn.end_s + OBEYED_S, _next_turn_s(log, turn))
        if stopped and turn.state is UserState.STOP_REQUEST:
            spoke = any(said.end_s < later.start_s < until_s for later in own_speech(log))
            answered = any(said.end_s <= t < until_s for t in log.delegated_s)
            events.append((float(not spoke and not answered), 1.0))
    return events


def questions_answered(log: FloorLog) -> Events:
    """For each interruption that wanted an answer and stopped the partner, whether it was handed over when it ended."""
    stopped = {turn.start_s for turn, _, stopped in interruptions(log) if stopped}
    return [(float(not math.isinf(late_s)), 1.0) for turn, late_s in _answers(log) if turn.start_s in stopped]


def interruptions(log: FloorLog) -> list[tuple[Turn, Sounded, bool]]:
    """Every true interruption of an utterance that could be stopped, and whether it was."""
    found = []
    for turn in user_turns(log):
        said = sounding_at(log, turn.start_s)
        if turn.state not in INTERRUPTS or said is None or said.ended_by == "key":
            continue
        if (said.ended_by == "end" and said.end_s < turn.start_s + OWN_END_S) or log.duration_s < turn.start_s + STOP_S:
            continue
        again = any(said.end_s < later.start_s < turn.end_s for later in own_speech(log))
        stopped = said.ended_by == "speech" and said.end_s <= turn.start_s + STOP_S and not again
        found.append((turn, said, stopped))
    return found


def _slice_at(log: FloorLog, t: float) -> int:
    """The slice at whose end it is `t`."""
    return int(np.clip(round(t / SLICE_S) - 1, 0, log.slices - 1))


def _next_turn_s(log: FloorLog, turn: Turn) -> float:
    later = [other.start_s for other in user_turns(log) if other.start_s > turn.start_s]
    return max(turn.end_s, min([*later, log.duration_s]))


def _answers(log: FloorLog) -> list[tuple[Turn, float]]:
    """Turns that want an answer, and the latency of the decision about their true end."""
    found = []
    for turn in user_turns(log):
        if not turn.answer or turn.end_s > log.duration_s:
            continue
        until_s = min(_next_turn_s(log, turn), turn.end_s + ANSWER_S)
        from_s = max(turn.end_s - EARLY_S, turn.parts[-1].start_s)
        decided = [t for t in log.delegated_s if from_s <= t <= until_s]
        if not decided and until_s < turn.end_s + CENSOR_S:
            continue
        found.append((turn, min(decided, default=math.inf) - turn.end_s))
    return found


def _speaking(log: FloorLog) -> list[Turn]:
    """Turns for the partner, in whose pauses it could cut in."""
    wanted = (UserState.SPEAKING_TO_PARTNER, UserState.CLARIFICATION)
    return [turn for turn in user_turns(log) if turn.answer and turn.state in wanted and turn.end_s <= log.duration_s]


def _decisions(log: FloorLog) -> list[float]:
    """When the partner decided that the floor was its own."""
    return sorted([*log.delegated_s, *(said.start_s for said in own_speech(log))])


def _cuts(log: FloorLog, turn: Turn, decisions: list[float]) -> list[bool]:
    """Of each pause of a turn in which the partner was silent, whether a decision fell to it."""
    cuts = []
    for part, following in pairwise(turn.parts):
        from_s, to_s = part.end_s, following.start_s
        if to_s - from_s < PAUSE_S or sounding_at(log, from_s) is not None:
            continue
        earliest_s, latest_s = max(part.start_s, from_s - EARLY_S), to_s + LATE_S
        cuts.append(any(earliest_s <= t <= latest_s for t in decisions))
    return cuts
