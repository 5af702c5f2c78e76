"""Which sessions an engine is judged on: three sets of users, and of each class as many as its measures need.

The users of all sets are strangers to the training: their synthesiser, their voices, or their recordings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import Generic, TypeVar

import numpy as np

from duologue_model.engine import Decision
from duologue_model.evaluation.metrics import MEASURES, Played
from duologue_model.slices import Slice
from duologue_model.training.example import SessionExample
from duologue_model.training.phrases import PARTNER_KINDS
from duologue_model.training.render import draw_conditions
from duologue_model.training.rollout import Policy, Setting, rollouts
from duologue_model.training.voices import Bank, Clip, read_bank

State = TypeVar("State")

SECONDS = 30.0
REPLY_AFTER_S = 0.5
"""How long the simulated answer takes, so that minutes hold more turns; real ones take as long as they take."""
SPLITS = {"synthesiser": ("held-out",), "voices": ("dev",), "human": ("dev", "held-out")}
"""The banks that the users of each set come from."""
PLAN = {
    "smooth_turn": 3, "mid_clause_pause": 4, "self_repair": 2, "long_account": 3, "dictated_identifiers": 2,
    "one_word_answer": 1, "stop_interruption": 3, "question_interruption": 2, "correction_interruption": 1,
    "redirection_interruption": 1, "backchannel": 3, "colleague": 2, "background_speech": 2, "typing_alone": 1,
    "typing_while_talking": 1, "echo_alone": 4, "timed_request": 2, "offer_at_pause": 2, "offer_never_fits": 1,
    "empty": 1,
}  # fmt: skip
"""Sessions of each class at size 1: 41 of 30 s and more."""
TALKED = (
    "turn", "pausing", "repair", "account", "dictation", "timed", "question", "correction", "redirection", "colleague",
)  # fmt: skip
"""What recorded sentences stand for in the human set."""
NOT_HUMAN = frozenset({"colleague", "dictated_identifiers"})
"""Classes that only words make: read sentences do not tell whom they are meant for."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the report."""

    name: str
    bank: Bank
    classes: tuple[str, ...] = tuple(PLAN)
    seconds: float = SECONDS
    """Least length of a session."""


@dataclass(slots=True)
class Cost:
    """What an engine took, without the simulation around it."""

    cpu_s: float = 0.0
    slices: int = 0

    @property
    def ms_a_slice(self) -> float | None:
        return 1000 * self.cpu_s / self.slices if self.slices else None


def column(name: str, banks: Path) -> Column:
    """A set from the banks of a folder. Raises OSError when one of them is not there."""
    clips = [clip for split in SPLITS[name] for clip in read_bank(banks, split).clips.values()]
    if name != "human":
        return Column(name, Bank(clips))
    return Column(name, people_only(clips), tuple(one for one in PLAN if one not in NOT_HUMAN))


def people_only(clips: Sequence[Clip]) -> Bank:
    """A bank whose users are recorded people: sentences for all that is said at length, single words for the rest.

    The partner speaks with its own voice, keys and rooms stay as they are.
    """
    kept = [clip for clip in clips if clip.facts.engine == "human" or clip.facts.kind in PARTNER_KINDS]
    talk = [clip for clip in kept if clip.facts.kind == "talk"]
    renamed = [
        Clip(replace(clip.facts, id=f"{kind}/{clip.facts.id}", kind=kind), clip.samples)
        for clip in talk
        for kind in TALKED
    ]
    return Bank([*kept, *renamed])


def played(
    chosen: Column,
    policy: Policy[State],
    size: float = 1.0,
    seed: int = 1,
    measures: Sequence[str] | None = None,
    batch: int = 16,
) -> tuple[list[Played], Cost]:
    """The sessions of a set as a policy plays them, and what the policy took.

    `size` multiplies the number of sessions of every class; with `measures`, only classes that these need are played.
    The same set, size and seed give the same users for every policy.
    """
    wanted = classes_for(measures)
    timed = _Timed(policy)
    made: list[Played] = []
    for scenario in (one for one in chosen.classes if one in wanted):
        sessions = max(1, round(PLAN[scenario] * size))
        if scenario == "echo_alone":
            made += _echo_sessions(chosen, timed, sessions, seed, batch)
            continue
        setting = Setting(chosen.bank, chosen.seconds, scenario, reply_after_s=REPLY_AFTER_S)
        numbers = numbers_of(scenario, sessions)
        made += [Played(log, one.words) for log, one in rollouts(setting, timed, seed, numbers, batch)]
    return made, timed.cost


def examples(chosen: Column, policy: Policy[State], sessions: int, seed: int = 1) -> list[SessionExample]:
    """Some sessions of a day's mix as arrays, as a policy plays them."""
    setting = Setting(chosen.bank, chosen.seconds, reply_after_s=REPLY_AFTER_S)
    return [one for _, one in rollouts(setting, policy, seed, range(sessions))]


def classes_for(measures: Sequence[str] | None) -> frozenset[str]:
    """The classes of sessions that hold the events of some measures; all without any."""
    if measures is None:
        return frozenset(PLAN)
    needed = [MEASURES[name].scenarios or tuple(PLAN) for name in measures]
    return frozenset(one for classes in needed for one in classes)


def _echo_sessions(chosen: Column, policy: "_Timed[State]", sessions: int, seed: int, batch: int) -> Iterator[Played]:
    """Half of the sessions behind an echo canceller, half without, in rooms and at machines of their own."""
    for behind in (False, True):
        for place in range(2):
            rng = np.random.default_rng([seed, place])
            conditions = replace(draw_conditions(rng), echo_residue=behind)
            setting = Setting(chosen.bank, chosen.seconds, "echo_alone", conditions, REPLY_AFTER_S)
            numbers = numbers_of("echo_alone", sessions)[place::2]
            for log, one in rollouts(setting, policy, seed, numbers, batch):
                yield Played(log, one.words, cancelled=behind)


def numbers_of(scenario: str, sessions: int) -> range:
    """Numbers of sessions that no two classes share."""
    first = 10_000 * list(PLAN).index(scenario)
    return range(first, first + sessions)


class _Timed(Generic[State]):
    """A policy with a stop watch."""

    def __init__(self, policy: Policy[State]) -> None:
        self._policy, self.cost = policy, Cost()

    def start(self, sessions: int) -> State:
        return self._policy.start(sessions)

    def step(self, state: State, heard: Sequence[Slice]) -> tuple[State, list[Decision]]:
        began_s = process_time()
        made = self._policy.step(state, heard)
        self.cost.cpu_s += process_time() - began_s
        self.cost.slices += len(heard)
        return made

    def restart(self, state: State, rows: Sequence[int]) -> State:
        return self._policy.restart(state, rows)

    def keep(self, state: State, rows: Sequence[int]) -> State:
        return self._policy.keep(state, rows)
