"""What must hold for any weights: int8 decides as floats do, a stream as the whole, and hours change nothing."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from duologue_model.config import ModelConfig
from duologue_model.decide import Thresholds, beliefs, decision_of
from duologue_model.engine import Decision
from duologue_model.features import AudioState
from duologue_model.network import FloorNetwork, Outputs
from duologue_model.streaming import NetworkState, start, step
from duologue_model.streams import Inputs, Session, Streams, encode

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike two networks decide over the same slices, each fed with what was really done before."""

    slices: int
    equal_actions: float
    """Share of slices with the same decided action."""
    equal_users: float
    largest_difference: float
    """Of any probability of an action."""


@torch.no_grad()
def agreement(
    one: FloorNetwork,
    other: FloorNetwork,
    sessions: Iterable[Session],
    thresholds: Thresholds | None = None,
    slices_each: int | None = None,
) -> Agreement:
    """Of float and int8, say: slice by slice, as in the product, because int8 rounds over all of a forward.

    Of each session the first `slices_each`, or all.
    """
    actions, users, slices, largest = 0, 0, 0, 0.0
    for session in sessions:
        inputs = _inputs(session, slices_each)
        streams = [_by_slice(network, inputs) for network in (one, other)]
        for mine, theirs, clocks in zip(*streams, session.clocks[: len(inputs)], strict=True):
            my, their = (
                decision_of(beliefs(outputs)[0][-1], float(clocks[0]), thresholds or Thresholds())
                for outputs in (mine, theirs)
            )
            actions, users = actions + (my.action is their.action), users + (my.user is their.user)
            both = torch.softmax(mine.action, -1) - torch.softmax(theirs.action, -1)
            largest, slices = max(largest, float(both.abs().max())), slices + 1
    count = max(1, slices)
    return Agreement(slices, actions / count, users / count, largest)


@torch.no_grad()
def stream_against_whole(network: FloorNetwork, session: Session, slices: int = 600, chunk: int = 1) -> float:
    """The largest difference of any logit between one forward over a session and the same in steps of `chunk`."""
    inputs = _inputs(session, slices)
    whole = network.eval()(inputs)
    state, largest = start(network), 0.0
    for first in range(0, len(inputs), chunk):
        last = min(first + chunk, len(inputs))
        state, outputs = step(network, state, inputs.part(first, last))
        largest = max(largest, *(_apart(name, whole, outputs, first, last) for name in ("action", "user", "hazard")))
    return largest


@dataclass(frozen=True, slots=True)
class Soak:
    """What hours of listening did."""

    hours: float
    slices: int
    cpu_s_an_hour: float
    state_mb: tuple[float, float]
    """Size of the stream's state, after the first hour's tenth and at the end."""
    process_mb: tuple[float, float]
    """Memory of the whole process, then and at the end."""
    drift: float
    """The largest difference of any probability of an action in the last ten seconds of a stretch, heard first and
    heard after all the hours: what lies further back than the rings must not matter."""
    broken: int
    """Slices with a decision that is not a number."""


@torch.no_grad()
def soak(network: FloorNetwork, busy: Session, hours: float = 8.0, busy_share: float = 0.4) -> Soak:
    """Hours of a working day in one stream: `busy_share` of it a session over and over, the rest an empty room.

    As many slices in a forward as a step may have. Ends with the stretch with which it began, to see whether it is
    decided as then.
    """
    config = network.config
    noisy = _inputs(busy)
    probe = noisy.part(0, min(len(noisy), _reach(config)))
    while len(probe) < _reach(config):
        probe = _joined(probe, noisy.part(0, min(len(noisy), _reach(config) - len(probe))))
    empty = _empty(len(noisy))
    process = psutil.Process()
    state, first_said = _over(network, start(network), probe, config.slices_per_step)
    slices, wanted = len(probe), round(hours * 3600 * 12.5)
    rng = np.random.default_rng(1)
    broken, first_sizes = 0, (0.0, 0.0)
    began_s = time.process_time()
    while slices < wanted:
        stretch = noisy if rng.random() < busy_share else empty
        state, said = _over(network, state, stretch, config.slices_per_step)
        broken += int(np.isnan(said).any(axis=1).sum())
        slices += len(stretch)
        if first_sizes == (0.0, 0.0) and slices >= wanted / (10 * max(1.0, hours)):
            first_sizes = (_state_mb(state), process.memory_info().rss / MB)
    cpu_s = time.process_time() - began_s
    sizes = (_state_mb(state), process.memory_info().rss / MB)
    state, last_said = _over(network, state, probe, config.slices_per_step)
    tail = min(len(probe), 125)
    return Soak(
        hours=slices * 0.08 / 3600,
        slices=slices,
        cpu_s_an_hour=cpu_s / max(1e-9, slices * 0.08 / 3600),
        state_mb=(first_sizes[0], sizes[0]),
        process_mb=(first_sizes[1], sizes[1]),
        drift=float(np.abs(first_said[-tail:] - last_said[-tail:]).max()),
        broken=broken,
    )


def step_times_ms(network: FloorNetwork, session: Session, slices: int = 400) -> tuple[float, float]:
    """Median and 95th percentile of the time that one slice takes, on as many threads as torch has been given."""
    inputs = _inputs(session, slices)
    state, times = start(network), []
    for index in range(len(inputs)):
        began_s = time.perf_counter()
        state, outputs = step(network, state, inputs.part(index, index + 1))
        beliefs(outputs)
        times.append(1000 * (time.perf_counter() - began_s))
    return float(np.percentile(times, 50)), float(np.percentile(times, 95))


def decided(
    network: FloorNetwork, session: Session, thresholds: Thresholds | None = None, slices: int | None = None
) -> list[Decision]:
    """What a network decides about each slice, or the first `slices`, of a session in which somebody else acted."""
    inputs = _inputs(session, slices)
    return [
        decision_of(beliefs(outputs)[0][-1], float(clocks[0]), thresholds or Thresholds())
        for outputs, clocks in zip(_by_slice(network, inputs), session.clocks[: len(inputs)], strict=True)
    ]


def _inputs(session: Session, slices: int | None = None) -> Inputs:
    count = None if slices is None else min(slices, len(session.own))
    return encode(Streams.of_session(session, 0, count), AudioState.silent())[1]


def _by_slice(network: FloorNetwork, inputs: Inputs) -> list[Outputs]:
    state, made = start(network), []
    for index in range(len(inputs)):
        state, outputs = step(network, state, inputs.part(index, index + 1))
        made.append(outputs)
    return made


def _apart(name: str, whole: Outputs, part: Outputs, first: int, last: int) -> float:
    difference = getattr(whole, name)[:, first:last] - getattr(part, name)
    return float(difference.abs().max())


def _over(
    network: FloorNetwork, state: NetworkState, inputs: Inputs, chunk: int
) -> tuple[NetworkState, NDArray[np.float32]]:
    """The state after all slices, and `[T, 9]` probabilities of the actions."""
    said: list[NDArray[np.float32]] = []
    for first in range(0, len(inputs), chunk):
        state, outputs = step(network, state, inputs.part(first, min(first + chunk, len(inputs))))
        said.append(torch.softmax(outputs.action[0], -1).numpy())
    return state, np.concatenate(said)


def _reach(config: ModelConfig) -> int:
    """Slices after which nothing before them can matter: every layer hands on what its window saw, and ten seconds."""
    return sum(config.windows) + 125


def _joined(one: Inputs, other: Inputs) -> Inputs:
    names: Sequence[str] = ("microphone", "playback", "desk", "talk", "pieces", "events")
    return Inputs(*(torch.cat([getattr(one, name), getattr(other, name)], dim=1) for name in names))


def _empty(slices: int) -> Inputs:
    """An empty room with a faint hiss, nothing typed and nothing waiting."""
    rng = np.random.default_rng(2)
    hiss = (1e-3 * rng.standard_normal(slices * 1280)).astype(np.float32)
    editor = np.zeros((slices, 9), np.float32)
    editor[:, 7:] = 1.0
    nothing = np.zeros(slices, np.bool_)
    streams = Streams(
        hiss, np.zeros_like(hiss), editor, np.zeros((slices, 9), np.float32), np.full((slices, 3), 60.0, np.float32),
        ("",) * slices, np.zeros(slices, np.int64), np.zeros((slices, 4), np.bool_), nothing, ~nothing,
    )  # fmt: skip
    return encode(streams, AudioState.silent())[1]


def _state_mb(state: NetworkState) -> float:
    return sum(tensor.element_size() * tensor.nelement() for tensor in state.to_tensors().values()) / MB
