"""From the trace of a replay to a floor log: what people did, from the truth; what was heard, from the trace."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from duologue_model.slices import RATE_HZ
from duologue_model.training.floorlog import SLICE_S, FloorLog, PartnerKind, Sounded
from duologue_model.vocabulary import Action, UserState
from duologue_server.trace.facts import Duck, EndCause, Fact, Heard, SoundOff, SoundOn, Turn, Unduck

ACTIONS = [action.value for action in Action]
USERS = [user.value for user in UserState]
_KINDS: dict[str, PartnerKind] = {"offer": "offer", "backchannel": "hum"}
"""Whatever else sounds was asked for, by the user or by the session."""


def outcome(truth: FloorLog, facts: Sequence[Fact]) -> FloorLog:
    """The whole log of a replayed session. An utterance that was resumed is there twice, under the same name, and the
    second begins inside it (`clip_start`)."""
    ordered = sorted(facts, key=lambda fact: fact.t)
    return replace(
        truth,
        sounded=tuple(sounded(ordered)),
        delegated_s=tuple(delegations(ordered)),
        decided=decisions(ordered, truth.slices),
    )


def sounded(facts: Sequence[Fact]) -> list[Sounded]:
    """All that was heard of the partner, in order."""
    heard: list[Sounded] = []
    now: Sounded | None = None
    ducked_s: float | None = None
    known: dict[str, tuple[PartnerKind, int]] = {}
    for fact in facts:
        match fact:
            case SoundOn(t=t, utterance=name, cause=cause):
                kind, start = known.get(name, (_KINDS.get(cause, "reply"), 0))
                now, ducked_s = Sounded(kind, name, t, t, start), None
                heard.append(now)
            case Duck(t=t) if now is not None:
                ducked_s = t
            case Unduck(t=t) if now is not None and ducked_s is not None:
                now.ducks.append((ducked_s, t))
                ducked_s = None
            case SoundOff(t=t, utterance=name, cause=end) if now is not None and name == now.clip:
                now.end_s, now.ended_by = t, _ended_by(end)
                if ducked_s is not None:
                    now.ducks.append((ducked_s, t))
                known[name] = (now.kind, round(fact.heard_ms * RATE_HZ / 1000))
                now, ducked_s = None, None
    return heard


def delegations(facts: Sequence[Fact]) -> list[float]:
    """When turns of the user were handed over: the first of the slices that say so, while the partner is silent."""
    times_s: list[float] = []
    before, sounding = "", False
    for fact in facts:
        if isinstance(fact, SoundOn | SoundOff):
            sounding = isinstance(fact, SoundOn)
        if isinstance(fact, Turn):
            if fact.action == Action.DELEGATE and before != Action.DELEGATE and not sounding:
                times_s.append(fact.t)
            before = fact.action
    return times_s


def decisions(facts: Sequence[Fact], slices: int) -> NDArray[np.int64]:
    """`[slices, 2]`: action and user state as indices; a slice that was left out keeps what was decided before."""
    decided = np.zeros((slices, 2), np.int64)
    known = np.zeros(slices, np.bool_)
    for fact in facts:
        index = round(fact.t / SLICE_S) - 1
        if isinstance(fact, Turn) and 0 <= index < slices:
            decided[index] = ACTIONS.index(fact.action), USERS.index(fact.user)
            known[index] = True
    last = np.maximum.accumulate(np.where(known, np.arange(slices), 0))
    filled: NDArray[np.int64] = decided[last]
    return filled


def words_by_slice(facts: Sequence[Fact], slices: int) -> tuple[str, ...]:
    """`slices` strings: what had been recognised of the present turn by the end of each slice, as the engine saw it."""
    heard = sorted((fact for fact in facts if isinstance(fact, Heard)), key=lambda fact: fact.t)
    words: list[str] = []
    text, used = "", 0
    for index in range(slices):
        while used < len(heard) and heard[used].t <= (index + 1) * SLICE_S:
            text = "" if heard[used].final else heard[used].text
            used += 1
        words.append(text)
    return tuple(words)


def _ended_by(cause: EndCause) -> Literal["end", "speech", "key"]:
    return cause if cause == "speech" or cause == "key" else "end"
