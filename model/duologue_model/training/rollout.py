"""Engines in closed loop: what an engine decides is done, is heard by the simulated user, and is answered by them.

An open simulation shows a partner that mostly does what is right. Here the partner is the engine, on the product's
floor rules and with nothing but what the product would perceive: sound, editor, agenda, clocks from what it takes for
speech itself, words that come late. A decision about a slice acts from the next slice on.

Many sessions run in lockstep, so that a network can decide for all of them in one forward.
"""

import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from duologue_model.blanks import BLANKS
from duologue_model.decide import Thresholds, beliefs, decision_of
from duologue_model.engine import Decision, Engine
from duologue_model.network import FloorNetwork
from duologue_model.slices import AgendaStream, Clocks, EditorStream, Slice, WaitingKind
from duologue_model.streaming import NetworkState, hear_together, restart, rows_of, start
from duologue_model.training import scenarios
from duologue_model.training.example import AGENDA_FIELDS, EDITOR_FIELDS, SessionExample
from duologue_model.training.floorlog import FloorLog
from duologue_model.training.hearing import Ear, draw_recogniser
from duologue_model.training.labels import Label
from duologue_model.training.live_sound import LiveSound
from duologue_model.training.partner import Habits
from duologue_model.training.render import Conditions, draw_conditions, example_of
from duologue_model.training.seen import Seen
from duologue_model.training.stage import ACTIONS, USERS, Stage
from duologue_model.training.voices import Bank
from duologue_model.vocabulary import Action, ForcedToken, UserState

State = TypeVar("State")
Decide = Callable[[Slice, Label], Decision]
"""What an engine decides about a slice. What would be right is for those who want to compare; no engine looks at it."""
Played = tuple[FloorLog, SessionExample]


@dataclass(frozen=True, slots=True)
class Setting:
    """What sessions are drawn from. The same setting, seed and number give the same user, whoever decides."""

    bank: Bank
    seconds: float = 60.0
    """At least so much is played."""
    scenario: str | None = None
    """Its class; None: a day's mix."""
    conditions: Conditions | None = None
    """Its place and machine; None: drawn."""
    reply_after_s: float | None = None
    """How long an answer takes to come; None: drawn."""


def rollout(setting: Setting, seed: int, number: int, decide: Decide) -> Played:
    """One session in which `decide` has the partner's part: its log, and its arrays with what would have been right."""
    rng = np.random.default_rng([seed, number])
    scenario = setting.scenario or scenarios.draw_scenario(rng)
    mind = _Mind(setting, np.random.default_rng([seed, number, 1]), decide)
    habits = Habits(reply_after_s=setting.reply_after_s)
    name = f"{seed}-{number:06d}"
    log = scenarios.play(scenario, setting.bank, rng, setting.seconds, name, habits, mind=mind)
    return mind.finished(log)


def ideal(heard: Slice, right: Label) -> Decision:
    """The partner that does what is right at once: the best that any engine could do."""
    action = right.action
    if action is None and heard.agenda.sounding:
        action = Action.DUCK if heard.agenda.ducked else Action.KEEP
    elif action is None:
        action = Action.SILENT if heard.agenda.waiting is None else Action.DEFER
    user = right.user or UserState.QUIET
    return Decision(action, user, speech=user in _SPEAKING)


_SPEAKING = frozenset(
    {
        UserState.SPEAKING_TO_PARTNER,
        UserState.BACKCHANNEL,
        UserState.CLARIFICATION,
        UserState.STOP_REQUEST,
        UserState.SPEAKING_TO_OTHERS,
    }
)


class Policy(Protocol[State]):
    """Decides for several sessions at once. Like an engine it holds no state: that is passed in and returned."""

    def start(self, sessions: int) -> State:
        """The state before the first slices."""

    def step(self, state: State, heard: Sequence[Slice]) -> tuple[State, list[Decision]]:
        """One slice of each session to a decision for each. `state` must not be used again."""

    def restart(self, state: State, rows: Sequence[int]) -> State:
        """The state with new sessions in these places."""

    def keep(self, state: State, rows: Sequence[int]) -> State:
        """The state of these sessions only, by their places: the others are over."""


class EnginePolicy(Generic[State]):
    """Any engine, one session after the other."""

    def __init__(self, engine: Engine[State]) -> None:
        self._engine = engine

    def start(self, sessions: int) -> list[State]:
        return [self._engine.start() for _ in range(sessions)]

    def step(self, state: list[State], heard: Sequence[Slice]) -> tuple[list[State], list[Decision]]:
        stepped = [self._engine.step(one, slice_) for one, slice_ in zip(state, heard, strict=True)]
        return [one for one, _ in stepped], [decision for _, decision in stepped]

    def restart(self, state: list[State], rows: Sequence[int]) -> list[State]:
        return [self._engine.start() if row in rows else one for row, one in enumerate(state)]

    def keep(self, state: list[State], rows: Sequence[int]) -> list[State]:
        return [state[row] for row in rows]


class NetworkPolicy:
    """The network, all sessions in one forward, on the device where it lies."""

    def __init__(self, network: FloorNetwork, thresholds: Thresholds | None = None) -> None:
        self._network, self._thresholds = network.eval(), thresholds or Thresholds()

    def start(self, sessions: int) -> NetworkState:
        return start(self._network, sessions)

    def step(self, state: NetworkState, heard: Sequence[Slice]) -> tuple[NetworkState, list[Decision]]:
        state, outputs = hear_together(self._network, state, heard)
        return state, [
            decision_of(told[-1], slice_.clocks.since_user_s, self._thresholds, slice_.microphone_open)
            for told, slice_ in zip(beliefs(outputs), heard, strict=True)
        ]

    def restart(self, state: NetworkState, rows: Sequence[int]) -> NetworkState:
        return restart(state, rows)

    def keep(self, state: NetworkState, rows: Sequence[int]) -> NetworkState:
        return rows_of(state, rows)


class BlankedPolicy(Generic[State]):
    """A policy that is shown less."""

    def __init__(self, policy: Policy[State], left_out: str) -> None:
        self._policy, self._blank = policy, BLANKS[left_out]

    def start(self, sessions: int) -> State:
        return self._policy.start(sessions)

    def step(self, state: State, heard: Sequence[Slice]) -> tuple[State, list[Decision]]:
        return self._policy.step(state, [self._blank(one) for one in heard])

    def restart(self, state: State, rows: Sequence[int]) -> State:
        return self._policy.restart(state, rows)

    def keep(self, state: State, rows: Sequence[int]) -> State:
        return self._policy.keep(state, rows)


def rollouts(
    setting: Setting, policy: Policy[State], seed: int, numbers: Iterable[int], batch: int = 16
) -> Generator[Played, None, None]:
    """The sessions of these numbers, in their order, `batch` of them in lockstep.

    The same arguments give the same sessions. Whatever fails in a session is raised here. Close it to end its threads.
    """
    coming = (_Seat(setting, seed, number) for number in numbers)
    playing = list(itertools.islice(coming, batch))
    unseen = deque(playing)
    try:
        for seat in playing:
            seat.begin()
        state = policy.start(len(playing))
        while playing:
            state, made = policy.step(state, [seat.heard for seat in playing])
            over = [row for row, seat in enumerate(playing) if not seat.go_on(made[row])]
            fresh = list(zip(over, coming, strict=False))
            for row, seat in fresh:
                unseen.append(seat)
                seat.begin()
                playing[row] = seat
            if fresh:
                state = policy.restart(state, [row for row, _ in fresh])
            if len(fresh) < len(over):
                rows = [row for row in range(len(playing)) if row not in over[len(fresh) :]]
                playing, state = [playing[row] for row in rows], policy.keep(state, rows)
            while unseen and unseen[0].result is not None:
                yield unseen[0].result
                unseen.popleft()
    finally:
        for seat in unseen:
            seat.leave()


def closed_loop_sessions(
    setting: Setting, policy: Policy[State], seed: int, first: int = 0, batch: int = 16
) -> Generator[SessionExample, None, None]:
    """Sessions to train on, without end: the states are those that the policy gets into, the labels what is right."""
    for _, example in rollouts(setting, policy, seed, itertools.count(first), batch):
        yield example


class _Left(BaseException):
    """Unwinds a script whose session nobody goes on with."""


class _Seat:
    """A session in a thread of its own, because its script calls for time; only one thread runs at any moment."""

    heard: Slice
    """The slice that waits for a decision."""
    result: Played | None = None

    def __init__(self, setting: Setting, seed: int, number: int) -> None:
        self._setting, self._seed, self._number = setting, seed, number
        self._decided: queue.SimpleQueue[Decision | None] = queue.SimpleQueue()
        self._told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"session {number}", daemon=True)

    def begin(self) -> None:
        """Plays to the end of the first slice."""
        self._thread.start()
        self._listen()

    def go_on(self, decision: Decision) -> bool:
        """Plays with this decision to the end of the next slice; False when the session is over."""
        self._decided.put(decision)
        return self._listen()

    def leave(self) -> None:
        """Ends the thread, wherever the session has come to."""
        if self._thread.is_alive():
            self._decided.put(None)
            self._thread.join()

    def _listen(self) -> bool:
        told = self._told.get()
        if isinstance(told, BaseException):
            raise told
        if isinstance(told, Slice):
            self.heard = told
            return True
        self.result = told
        return False

    def _ask(self, heard: Slice, _: Label) -> Decision:
        self._told.put(heard)
        decision = self._decided.get()
        if decision is None:
            raise _Left
        return decision

    def _run(self) -> None:
        try:
            self._told.put(rollout(self._setting, self._seed, self._number, self._ask))
        except _Left:
            pass
        except BaseException as failure:
            self._told.put(failure)


class _Mind:
    """Perceives a stage as the product perceives its user, and keeps what was perceived and decided."""

    def __init__(self, setting: Setting, rng: np.random.Generator, decide: Decide) -> None:
        self._setting, self._decide = setting, decide
        conditions_rng, ear_rng, self._sound_rng = rng.spawn(3)
        self._conditions = setting.conditions or draw_conditions(conditions_rng)
        self._ear = Ear(draw_recogniser(ear_rng), ear_rng)
        self._sound: LiveSound | None = None
        self._turns = 0
        self._words: list[str] = []
        self._decided: list[tuple[int, int]] = []

    def decide(self, stage: Stage, seen: Seen) -> Decision:
        if self._sound is None:
            self._sound = LiveSound(stage.bank, self._sound_rng, self._conditions, stage.echo_db, self._setting.seconds)
        for turn in stage.turns[self._turns :]:
            self._ear.add(turn)
        self._turns = len(stage.turns)
        self._words.append(self._ear.text(seen.t, stage.heard_from_s(seen.t)))
        microphone, playback = self._sound.hear(stage, seen)
        heard = Slice(
            microphone=microphone,
            playback=playback,
            editor=_editor(seen.editor),
            agenda=_agenda(seen.agenda),
            own=seen.own,
            clocks=Clocks(*seen.clocks),
            words=self._words[-1],
            end_of_turn=seen.end_of_turn,
            microphone_open=seen.microphone_open,
            forced=tuple(token for token, done in zip(ForcedToken, seen.forced, strict=True) if done),
        )
        decision = self._decide(heard, seen.right)
        self._decided.append((ACTIONS.index(decision.action), USERS.index(decision.user)))
        return decision

    def finished(self, log: FloorLog) -> Played:
        """The log with the decisions, and the session's arrays."""
        assert self._sound is not None
        assert len(self._decided) == log.slices
        log = replace(log, decided=np.array(self._decided, np.int64))
        return log, example_of(log, self._sound.sound(), tuple(self._words))


def _editor(row: Sequence[float]) -> EditorStream:
    values: dict[str, Any] = dict(zip(EDITOR_FIELDS, map(int, row), strict=True))
    flags = {name: bool(values.pop(name)) for name in ("focused", "statement_complete")}
    return EditorStream(**values, **flags)


def _agenda(row: Sequence[float]) -> AgendaStream:
    values: dict[str, Any] = dict(zip(AGENDA_FIELDS, row, strict=True))
    offer, reply = values.pop("waiting_offer"), values.pop("waiting_reply")
    waiting = WaitingKind.OFFER if offer else WaitingKind.REPLY if reply else None
    flags = {name: bool(values.pop(name)) for name in ("sounding", "ducked", "resumable")}
    return AgendaStream(waiting, **values, **flags)
