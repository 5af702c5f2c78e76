"""The definitions of Full-Duplex-Bench v1 and v1.5, re-implemented for our own logs.

These are definitions on our own material, not results of that benchmark: its recordings are not here, so no figure of
this module may stand in one table with published rows. Every score comes `as published` (from the scripts that were
released with arXiv 2503.04721 and 2507.23159) and `corrected`:

- latencies below zero were set to zero, so that having begun too early looks like speed; corrected, they stay;
- in the backchannel script the last segment decides about a takeover, unless one is longer than 3 s; corrected, any
  does;
- the distance of backchannel timings uses natural logarithms and so never reaches 1; corrected, base 2;
- v1.5 takes every overlap for a stop, whoever ended it; corrected, only those that the partner ended while the user
  went on.

A takeover is decided from words there: none, or at most 3 in less than 1 s, is not one. Our logs know what was an
acknowledgement and how long the rest was; words are counted from the length where no text is at hand. What a language
model judged there (the content of answers, the kind of behaviour) is symbolic here or left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from duologue_model.evaluation.bootstrap import Figure, Sample, figure
from duologue_model.evaluation.floor import INTERRUPTS, Events, pauses, resumed, sounding_at, user_turns
from duologue_model.training.floorlog import FloorLog, Sounded, Turn
from duologue_model.vocabulary import UserState

WORDS_PER_S = 2.7
BRIEF_S, BRIEF_WORDS = 1.0, 3
LONG_S, HUM_WORDS = 3.0, 2
BIN_S = 0.2
ANSWER_S = 6.0
USER_GAP_S, MODEL_GAP_S = 0.6, 0.5

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Score:
    """A score by both readings."""

    published: Figure
    corrected: Figure


def scores(logs: Sequence[FloorLog], repeats: int = 1000, seed: int = 1) -> dict[str, Score]:
    """Everything of v1 and v1.5 that needs no judge, by name."""
    timed: dict[str, tuple[Callable[[FloorLog, bool], Events], float | None]] = {
        "v1 pause handling: takeover rate": (pause_takeovers, None),
        "v1 backchannel: takeover rate": (backchannel_takeovers, None),
        "v1 backchannel: per second": (backchannel_frequency, None),
        "v1 smooth turn: takeover rate": (turn_takeovers, None),
        "v1 smooth turn: latency, mean": (turn_latencies, None),
        "v1 interruption: takeover rate": (interruption_takeovers, None),
        "v1 interruption: latency, mean": (interruption_latencies, None),
        "v1.5 stop latency, mean": (stop_times, None),
        "v1.5 response latency, mean": (response_times, None),
    }
    found: dict[str, Score] = {}
    for name, (of, share) in timed.items():
        both = [figure(Sample.of([of(log, fixed) for log in logs]), share, repeats, seed) for fixed in (False, True)]
        found[name] = Score(*both)
    distances = [Figure(jsd(logs, fixed), np.nan, np.nan, len(logs), len(logs)) for fixed in (False, True)]
    found["v1 backchannel: timing distance"] = Score(*distances)
    for kind, wanted in DESIRED.items():
        per_log = [[(float(b == wanted), 1.0) for k, b in behaviours(log) if k == kind] for log in logs]
        one = figure(Sample.of(per_log), None, repeats, seed)
        found[f"v1.5 {kind}: {wanted}"] = Score(one, one)
    return found


def pause_takeovers(log: FloorLog, corrected: bool) -> Events:
    """For each turn with a pause, whether the partner took the floor in it; corrected, a decision alone counts too."""
    events: Events = []
    for turn in user_turns(log):
        if not (turn.answer and pauses(turn)) or turn.end_s > log.duration_s:
            continue
        first_s = turn.parts[0].end_s
        taken = any(is_takeover(said) for said in _begun(log, first_s, turn.end_s))
        if corrected:
            taken = taken or any(first_s < t < turn.end_s - USER_GAP_S for t in log.delegated_s)
        events.append((float(taken), 1.0))
    return events


def backchannel_takeovers(log: FloorLog, corrected: bool) -> Events:
    """For each long turn, whether the partner did more than acknowledge while it went on."""
    events: Events = []
    for turn in _long_turns(log):
        taken = False
        for said in _begun(log, turn.start_s, turn.end_s):
            length_s = said.end_s - said.start_s
            taken_here = not (length_s < BRIEF_S and word_count(said) <= HUM_WORDS)
            taken = taken_here or (corrected and taken)
            if length_s > LONG_S:
                taken = True
                break
        events.append((float(taken), 1.0))
    return events


def backchannel_frequency(log: FloorLog, corrected: bool) -> Events:
    """Acknowledgements in each long turn; the weight is its length, seconds. Corrected, only turns not taken over."""
    return [(float(len(_hums(log, turn))), turn.end_s - turn.start_s) for turn in _acknowledged(log, corrected)]


def jsd(logs: Sequence[FloorLog], corrected: bool) -> float:
    """Mean Jensen-Shannon distance between when the partner acknowledged and when a good listener would have; 1 if it
    never did. Only turns in which a good listener would have. NaN without any."""
    distances = []
    for log in logs:
        for turn in _acknowledged(log, corrected):
            bins = max(1, int(np.ceil((turn.end_s - turn.start_s) / BIN_S)))
            wanted = np.zeros(bins)
            for index in turn.humming:
                wanted[min(bins - 1, int((turn.parts[index].end_s + 0.2 - turn.start_s) / BIN_S))] += 1
            done = np.zeros(bins)
            for said in _hums(log, turn):
                done[min(bins - 1, int((said.start_s - turn.start_s) / BIN_S))] += 1
            if wanted.sum():
                distances.append(distance(done, wanted, 2.0 if corrected else np.e) if done.sum() else 1.0)
    return float(np.mean(distances)) if distances else float("nan")


def distance(one: NDArray[np.float64], other: NDArray[np.float64], base: float) -> float:
    """Jensen-Shannon distance, the root of the divergence, between two histograms."""
    p, q = one / one.sum(), other / other.sum()
    middle = (p + q) / 2

    def divergence(x: NDArray[np.float64]) -> float:
        some = x > 0
        return float(np.sum(x[some] * np.log(x[some] / middle[some])))

    return float(np.sqrt(max(0.0, (divergence(p) + divergence(q)) / 2 / np.log(base))))


def turn_takeovers(log: FloorLog, corrected: bool) -> Events:
    """For each turn that wants an answer, whether the partner took the floor; corrected, only from its last part on."""
    return [(float(said is not None), 1.0) for _, said in _responses(log, corrected, interrupting=False)]


def turn_latencies(log: FloorLog, corrected: bool) -> Events:
    """From the end of a turn to the partner's first word, where it took the floor; as published never below zero."""
    return _latencies(log, corrected, interrupting=False)


def interruption_takeovers(log: FloorLog, corrected: bool) -> Events:
    """For each interruption, whether the partner answered it."""
    return [(float(said is not None), 1.0) for _, said in _responses(log, corrected, interrupting=True)]


def interruption_latencies(log: FloorLog, corrected: bool) -> Events:
    """From the end of an interruption to the answer."""
    return _latencies(log, corrected, interrupting=True)


def stop_times(log: FloorLog, corrected: bool) -> Events:
    """Lengths of the overlaps of user and partner; corrected, only where the partner stopped and the user went on."""
    user = merged([(p.start_s, p.end_s) for turn in user_turns(log) for p in turn.parts], USER_GAP_S)
    model = merged([(said.start_s, said.end_s) for said in log.sounded], MODEL_GAP_S)
    events: Events = []
    for user_from_s, user_to_s in user:
        for from_s, to_s in model:
            start_s, end_s = max(user_from_s, from_s), min(user_to_s, to_s)
            stopped = from_s < user_from_s and to_s < user_to_s
            if end_s > start_s and (stopped or not corrected):
                events.append((end_s - start_s, 1.0))
    return events


def response_times(log: FloorLog, corrected: bool) -> Events:
    """From the end of the user's speech to the next start of the partner; corrected, only turns that want an answer."""
    if corrected:
        return _latencies(log, True, interrupting=False) + _latencies(log, True, interrupting=True)
    user = merged([(p.start_s, p.end_s) for turn in user_turns(log) for p in turn.parts], USER_GAP_S)
    model = merged([(said.start_s, said.end_s) for said in log.sounded], MODEL_GAP_S)
    ends = [*(start_s for start_s, _ in user[1:]), log.duration_s]
    events: Events = []
    for (_, to_s), until_s in zip(user, ends, strict=False):
        starts = [start_s for start_s, _ in model if to_s <= start_s < until_s]
        events += [(min(starts) - to_s, 1.0)] if starts else []
    return events


DESIRED = {
    "user interruption": "RESPOND", "user backchannel": "RESUME", "talking to others": "RESUME",
    "background speech": "RESUME",
}  # fmt: skip


def behaviours(log: FloorLog) -> list[tuple[str, str]]:
    """What the partner did about each overlap of v1.5: RESPOND, RESUME, UNCERTAIN (something else), UNKNOWN (silence).

    Symbolic, where the benchmark asked a judge: the partner resumed if it spoke on or went on with the same clip, and
    responded if the turn was handed over.
    """
    found = []
    for turn in sorted(log.turns, key=lambda turn: turn.start_s):
        said = sounding_at(log, turn.start_s)
        kind = _overlap_kind(turn)
        if said is None or kind is None or said.ended_by == "key" or turn.end_s + ANSWER_S > log.duration_s:
            continue
        until_s = turn.end_s + ANSWER_S
        stopped = said.ended_by == "speech" and said.end_s <= turn.end_s + 1.0
        if not stopped or resumed(log, said, until_s):
            found.append((kind, "RESUME"))
        elif any(said.end_s - 0.5 <= t < until_s for t in log.delegated_s):
            found.append((kind, "RESPOND"))
        else:
            found.append((kind, "UNCERTAIN" if any(_begun(log, said.end_s, until_s)) else "UNKNOWN"))
    return found


def is_takeover(said: Sounded) -> bool:
    """As in the scripts: at most 3 words in less than 1 s are none."""
    return not (said.end_s - said.start_s < BRIEF_S and word_count(said) <= BRIEF_WORDS)


def word_count(said: Sounded) -> int:
    """Words of an utterance as far as it was heard, from its length."""
    return 1 if said.kind == "hum" else max(1, round(WORDS_PER_S * (said.end_s - said.start_s)))


def merged(spans: Sequence[Span], gap_s: float) -> list[Span]:
    """Spans in order, those with at most `gap_s` between them as one."""
    made: list[Span] = []
    for from_s, to_s in sorted(spans):
        if made and from_s - made[-1][1] <= gap_s:
            made[-1] = (made[-1][0], max(made[-1][1], to_s))
        else:
            made.append((from_s, to_s))
    return made


def _overlap_kind(turn: Turn) -> str | None:
    if turn.who == "other":
        return "background speech"
    if turn.state is UserState.CLARIFICATION:
        return "user interruption"
    return {
        UserState.BACKCHANNEL: "user backchannel", UserState.SPEAKING_TO_OTHERS: "talking to others",
    }.get(turn.state)  # fmt: skip


def _begun(log: FloorLog, from_s: float, to_s: float) -> list[Sounded]:
    return [said for said in log.sounded if from_s < said.start_s < to_s]


def _long_turns(log: FloorLog) -> list[Turn]:
    """Turns in which a listener has time to acknowledge."""
    return [turn for turn in user_turns(log) if turn.answer and turn.end_s - turn.start_s > 4.0]


def _hums(log: FloorLog, turn: Turn) -> list[Sounded]:
    begun = _begun(log, turn.start_s, turn.end_s)
    return [said for said in begun if said.end_s - said.start_s < BRIEF_S and word_count(said) <= HUM_WORDS]


def _acknowledged(log: FloorLog, corrected: bool) -> list[Turn]:
    turns = _long_turns(log)
    if not corrected:
        return turns
    return [turn for turn in turns if not any(is_takeover(s) for s in _begun(log, turn.start_s, turn.end_s))]


def _responses(log: FloorLog, corrected: bool, interrupting: bool) -> list[tuple[Turn, Sounded | None]]:
    turns = [turn for turn in user_turns(log) if turn.answer and turn.end_s + 1.0 <= log.duration_s]
    chosen = [turn for turn in turns if (sounding_at(log, turn.start_s) is not None) == interrupting]
    if interrupting:
        chosen = [turn for turn in chosen if turn.state in INTERRUPTS]
    nexts = {turn.start_s: later.start_s for turn, later in pairwise(turns)}
    found = []
    for turn in chosen:
        from_s = turn.parts[-1].start_s if corrected else turn.start_s
        until_s = min(nexts.get(turn.start_s, log.duration_s), turn.end_s + ANSWER_S)
        begun = [said for said in _begun(log, from_s, until_s) if is_takeover(said)]
        found.append((turn, begun[0] if begun else None))
    return found


def _latencies(log: FloorLog, corrected: bool, interrupting: bool) -> Events:
    events: Events = []
    for turn, said in _responses(log, corrected, interrupting):
        if said is not None:
            latency_s = said.start_s - turn.end_s
            events.append((latency_s if corrected else max(0.0, latency_s), 1.0))
    return events
