"""Where the sessions of a run come from: simulated ones, and those in which the network itself is the partner."""

import io
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from duologue_model.config import ModelConfig
from duologue_model.network import FloorNetwork
from duologue_model.slices import Clocks, EditorStream
from duologue_model.streaming import NetworkState
from duologue_model.streams import CLOCK_BORDERS, EDITOR_BORDERS
from duologue_model.training.example import SessionExample
from duologue_model.training.rollout import BlankedPolicy, NetworkPolicy, Policy, Setting, rollouts
from duologue_model.training.simulate import session, session_seed
from duologue_model.training.voices import open_bank

RollOut = Callable[[FloorNetwork, int], Sequence[SessionExample]]
"""Sessions in which the network is the partner; the number is that of the step, and so of their seeds."""
FIRST_CLOSED = 10_000_000
"""Other sessions than those of the open simulation: their numbers begin where no run comes to."""


LEFT_OUT = ("playback", "editor", "words")
"""Streams that a network can be trained without, to see what they are worth."""


def simulated(
    bank: Path, split: str, seed: int, session_s: float, without: Sequence[str] = ()
) -> Callable[[int], SessionExample]:
    """Makes session `number` of a split, without some of its streams."""
    clips = open_bank(bank, None, split, seed)
    of_split = session_seed(seed, split)
    return lambda number: blanked(session(clips, of_split, number, session_s)[1], without)


def blanked(example: SessionExample, without: Sequence[str]) -> SessionExample:
    """A session in which nothing came by these streams, as `blanks` does it to slices."""
    if "playback" in without:
        example = replace(example, playback=np.zeros_like(example.playback))
    if "words" in without:
        example = replace(example, words=("",) * len(example.words))
    if "editor" in without:
        nothing = asdict(EditorStream())
        editor = np.tile(np.array([nothing[name] for name in EDITOR_BORDERS], np.float32), (len(example.own), 1))
        clocks = example.clocks.copy()
        clocks[:, list(CLOCK_BORDERS).index("since_key_s")] = Clocks.CAP_S
        example = replace(example, editor=editor, clocks=clocks)
    return example


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """Plays the next sessions of the training split with the network as it is."""

    setting: Setting
    seed: int
    sessions: int
    without: Sequence[str] = ()
    """Streams that the network is not shown."""

    @staticmethod
    def of_bank(bank: Path, seed: int, session_s: float, sessions: int, without: Sequence[str] = ()) -> "ClosedLoop":
        setting = Setting(open_bank(bank, None, "train", seed), session_s)
        return ClosedLoop(setting, session_seed(seed, "train"), sessions, without)

    def __call__(self, network: FloorNetwork, step: int) -> list[SessionExample]:
        first = FIRST_CLOSED + step * self.sessions
        numbers = range(first, first + self.sessions)
        policy: Policy[NetworkState] = NetworkPolicy(network)
        for name in self.without:
            policy = BlankedPolicy(policy, name)
        played = rollouts(self.setting, policy, self.seed, numbers, self.sessions)
        return [blanked(one, self.without) for _, one in played]


class Behind:
    """Plays in another process while training goes on: what is asked for comes when the next is asked for.

    So the sessions are older by one round, and depend on nothing but the steps at which they are asked for.
    """

    def __init__(self, play: ClosedLoop) -> None:
        # The bank is large: it is shared by forking, before there are threads, and not sent.
        context = multiprocessing.get_context("fork")
        self._pool = ProcessPoolExecutor(1, context, initializer=_take, initargs=(play,))
        self._pool.submit(_ready).result()
        self._coming: Future[list[SessionExample]] | None = None

    def __call__(self, network: FloorNetwork, step: int) -> Sequence[SessionExample]:
        played = self._coming.result() if self._coming else []
        weights = io.BytesIO()
        torch.save(network.state_dict(), weights)
        self._coming = self._pool.submit(_play, network.config, weights.getvalue(), step)
        return played


_PLAYS: list[ClosedLoop] = []


def _take(play: ClosedLoop) -> None:
    torch.set_num_threads(1)
    _PLAYS[:] = [play]


def _ready() -> None:
    """Nothing: the process has begun."""


def _play(config: ModelConfig, weights: bytes, step: int) -> list[SessionExample]:
    network = FloorNetwork(config)
    network.load_state_dict(torch.load(io.BytesIO(weights), weights_only=True))
    return _PLAYS[0](network, step)
