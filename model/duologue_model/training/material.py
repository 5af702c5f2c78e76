"""What a run is trained on: sessions with their inputs computed once, of which windows are cut.

Either shards that were made before, all of them for the whole run, or sessions simulated while it trains: a pool out of
which the oldest go and into which new ones come at every step, so that hardly any sound is heard twice. Which sessions
lie in the pool depends on the step alone, and so a run that was cut off goes on with the same ones.
"""

import multiprocessing
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Protocol

import torch

from duologue_model.features import AudioState
from duologue_model.streams import Inputs, Streams, encode
from duologue_model.training.example import IGNORED, SessionExample
from duologue_model.training.simulate import read_shard
from duologue_model.training.targets import Targets, letters_between, targets_of
from duologue_model.vocabulary import Action

WINDOWS_LOOKED_AT = 3
"""Most of a working day is silence: of so many windows, the one is taken in which most is going on."""
_IDLE = torch.tensor([list(Action).index(Action.SILENT), list(Action).index(Action.KEEP), IGNORED])


class Prepared:
    """A session with its inputs computed once; windows are cut out of it."""

    def __init__(self, example: SessionExample) -> None:
        self.name = example.name
        self.scenario = example.scenario
        self._transcript = example.transcript
        _, self._inputs = encode(Streams.of_session(example), AudioState.silent())
        self._targets = targets_of(example)
        self.slices = len(example.action)
        voiced = torch.from_numpy(example.user_voice.any(axis=1))
        busy = voiced | ~torch.isin(self._targets.action, _IDLE)
        self._busy_before = torch.cat([torch.zeros(1, dtype=torch.int64), busy.cumsum(0)])

    @property
    def actions(self) -> torch.Tensor:
        return self._targets.action

    @property
    def users(self) -> torch.Tensor:
        return self._targets.user

    def window(self, first: int, slices: int) -> tuple[Inputs, Targets]:
        """The slices from `first` on."""
        last = first + slices
        letters = letters_between(self._transcript, first, last)
        return self._inputs.part(first, last), self._targets.part(first, last, letters)

    def busy(self, first: int, slices: int) -> int:
        """How many slices of a window hold speech of the user or ask for an act."""
        return int(self._busy_before[first + slices] - self._busy_before[first])


class Material(Protocol):
    """Where the windows of a run come from."""

    def at_step(self, step: int) -> Sequence[Prepared]:
        """The sessions that the windows of a step are drawn from. Steps are asked for in rising order."""

    def add(self, sessions: Sequence[SessionExample]) -> None:
        """Takes sessions in which the network itself was the partner."""


class Shards:
    """Sessions that were simulated before: the same at every step. Raises ValueError when there are none."""

    def __init__(self, folder: Path) -> None:
        self._sessions = list(read_sessions(folder))

    def at_step(self, step: int) -> Sequence[Prepared]:
        return self._sessions

    def add(self, sessions: Sequence[SessionExample]) -> None:
        self._sessions.extend(map(Prepared, sessions))


class Simulated:
    """Sessions simulated on the way, by number: `make(number)` must depend on nothing else.

    Sessions that are added push out the oldest. They come from the network as it then was: a run that goes on from a
    checkpoint has none of them until the next are added.
    """

    def __init__(self, make: Callable[[int], SessionExample], pool: int, fresh: int) -> None:
        self._make = make
        self._size, self._fresh = pool, fresh
        self._pool: list[Prepared] = []
        self._next = 0

    def at_step(self, step: int) -> Sequence[Prepared]:
        last = self._size + step * self._fresh
        self._next = max(self._next, last - self._size)
        while self._next < last:
            self._pool.append(Prepared(self._make(self._next)))
            self._next += 1
        del self._pool[: -self._size]
        return self._pool

    def add(self, sessions: Sequence[SessionExample]) -> None:
        self._pool.extend(map(Prepared, sessions))


class Ahead:
    """Makes sessions in other processes before they are asked for: a GPU eats faster than one process simulates."""

    def __init__(self, make: Callable[[int], SessionExample], processes: int) -> None:
        context = multiprocessing.get_context("fork")
        # The bank is large: it is shared by forking, not sent.
        self._pool = ProcessPoolExecutor(processes, context, initializer=_take_maker, initargs=(make,))
        self._ahead = 4 * processes
        self._coming: dict[int, Future[SessionExample]] = {}

    def __call__(self, number: int) -> SessionExample:
        for next_ in range(number, number + self._ahead):
            if next_ not in self._coming:
                self._coming[next_] = self._pool.submit(_make, next_)
        return self._coming.pop(number).result()


_MAKERS: list[Callable[[int], SessionExample]] = []


def _take_maker(make: Callable[[int], SessionExample]) -> None:
    _MAKERS[:] = [make]


def _make(number: int) -> SessionExample:
    return _MAKERS[0](number)


def draw_window(sessions: Sequence[Prepared], slices: int, rng: random.Random) -> tuple[Inputs, Targets]:
    """A window of one of the sessions that are long enough. Raises ValueError when none is."""
    fitting = [one for one in sessions if one.slices >= slices]
    if not fitting:
        raise ValueError(f"no session is as long as a window of {slices} slices; simulate longer ones")
    seen = []
    for _ in range(WINDOWS_LOOKED_AT):
        one = rng.choice(fitting)
        seen.append((one, rng.randint(0, one.slices - slices)))
    one, first = max(seen, key=lambda window: window[0].busy(window[1], slices))
    return one.window(first, slices)


def read_sessions(folder: Path) -> Iterator[Prepared]:
    """All sessions of a folder of shards, in order. Raises ValueError when there are none."""
    shards = sorted(folder.glob("*.npz"))
    if not shards:
        raise ValueError(f"{folder} holds no shards; make some with python -m duologue_model.training.simulate")
    for shard in shards:
        yield from map(Prepared, read_shard(shard))
