"""Curves at little cost: every engine listens to the same sessions of a very patient partner, and its wishes are noted.

The partner of these sessions does what is right, but answers only 1.4 s after a turn is over. What an engine would have
decided before that is known for every threshold from one pass; nothing is simulated again, and every engine hears the
very same sound. What it decides has no consequences here; the figures of the report come from closed loop instead.

The clock of the user's voice, which an engine hears, is set by a plain detector: the truth would tell where turns end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from duologue_model.baseline import FRAME_SAMPLES, FrameDetector
from duologue_model.decide import Belief, Thresholds, beliefs, choose
from duologue_model.engine import Decision, Engine
from duologue_model.evaluation.bootstrap import Sample
from duologue_model.evaluation.curves import Point
from duologue_model.evaluation.floor import decided_cut_ins, decision_latencies
from duologue_model.evaluation.metrics import TURNS, hands_free
from duologue_model.evaluation.sets import PLAN, REPLY_AFTER_S, Column, numbers_of
from duologue_model.features import AudioState
from duologue_model.network import FloorNetwork
from duologue_model.slices import SLICE_SAMPLES, Slice
from duologue_model.streaming import start, step
from duologue_model.streams import Streams, encode
from duologue_model.training.floorlog import SLICE_S, FloorLog
from duologue_model.training.labels import Label
from duologue_model.training.rollout import Setting, ideal, rollout
from duologue_model.vocabulary import Action

PATIENCE = 18
"""Slices that the partner waits after the moment at which it should answer."""
VOICED_FRAMES = 2
"""Frames with voice, of the five of a slice, that set the clock of the user's voice."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A session of the patient partner, as an engine perceives it."""

    log: FloorLog
    slices: tuple[Slice, ...]


class _Patient:
    """Decides what is right, but hands over late; hears voices with a detector."""

    def __init__(self, detector: FrameDetector) -> None:
        self._detector = detector
        self._waited = 0
        self.slices: list[Slice] = []

    def __call__(self, heard: Slice, right: Label) -> Decision:
        self.slices.append(replace(heard, microphone=heard.microphone.copy(), playback=heard.playback.copy()))
        frames = heard.microphone.reshape(-1, FRAME_SAMPLES)
        voiced = sum(self._detector.predict_f32(frame) >= 0.5 for frame in frames)
        made = replace(ideal(heard, right), speech=voiced >= VOICED_FRAMES)
        if made.action is not Action.DELEGATE:
            self._waited = 0
            return made
        self._waited += 1
        return made if self._waited > PATIENCE else replace(made, action=Action.SILENT)


def patient_sessions(
    column: Column, detector: type[FrameDetector], size: float = 1.0, seeds: Sequence[int] = (1,)
) -> list[Heard]:
    """The sessions of a set that hold turns with pauses, with a partner that waits. About 11 MB a minute."""
    made = []
    for scenario in (one for one in TURNS if one in column.classes):
        setting = Setting(column.bank, column.seconds, scenario, reply_after_s=REPLY_AFTER_S)
        for seed in seeds:
            for number in numbers_of(scenario, max(1, round(PLAN[scenario] * size))):
                patient = _Patient(detector())
                log, _ = rollout(setting, seed, number, patient)
                if hands_free(log):
                    made.append(Heard(log, tuple(patient.slices)))
    return made


@torch.no_grad()
def believed(network: FloorNetwork, heard: Heard) -> list[Belief]:
    """What a network holds likely about every slice, eight slices in a forward."""
    _, inputs = encode(Streams.of_slices(heard.slices), AudioState.silent())
    state = start(network)
    said: list[Belief] = []
    for first in range(0, len(inputs), network.config.slices_per_step):
        last = min(first + network.config.slices_per_step, len(inputs))
        state, outputs = step(network, state, inputs.part(first, last))
        said += beliefs(outputs)[0]
    return said


def network_curve(
    network: FloorNetwork, sessions: Sequence[Heard], thresholds: Thresholds, values: Sequence[float]
) -> list[Point]:
    """A point for every threshold of the end of a turn, from one pass."""
    said = [believed(network, one) for one in sessions]
    points = []
    for value in values:
        moved = replace(thresholds, ended=value)
        times = [
            [
                (index + 1) * SLICE_S
                for index, (belief, heard) in enumerate(zip(told, one.slices, strict=True))
                if choose(belief, heard.clocks.since_user_s, moved) is Action.DELEGATE
            ]
            for told, one in zip(said, sessions, strict=True)
        ]
        points.append(_point(f"ended {value:g}", sessions, times))
    return points


def engine_point(setting: str, engine: Engine[Any], sessions: Sequence[Heard]) -> Point:
    """The point of an engine as it is."""
    times = []
    for one in sessions:
        state, wishes = engine.start(), []
        for index, heard in enumerate(one.slices):
            state, decision = engine.step(state, heard)
            if decision.action is Action.DELEGATE:
                wishes.append((index + 1) * SLICE_S)
        times.append(wishes)
    return _point(setting, sessions, times)


def _point(setting: str, sessions: Sequence[Heard], times: Sequence[Sequence[float]]) -> Point:
    logs = [_as_if(one.log, wishes) for one, wishes in zip(sessions, times, strict=True)]
    return Point(
        setting,
        Sample.of([decided_cut_ins(log) for log in logs]),
        Sample.of([decision_latencies(log) for log in logs]),
    )


def _as_if(log: FloorLog, wishes: Sequence[float]) -> FloorLog:
    """The session with an engine's decisions in place of the patient partner's.

    What comes after the partner's own decision about a turn, and before the next turn, is left out: the engine had been
    told by then that the turn was handed over.
    """
    begun = sorted(turn.start_s for turn in log.turns if turn.who == "user")
    told = [(at_s, next((s for s in begun if s > at_s), log.duration_s)) for at_s in log.delegated_s]
    known = tuple(t for t in wishes if not any(from_s < t < to_s for from_s, to_s in told))
    return replace(log, delegated_s=known, sounded=())


assert SLICE_SAMPLES % FRAME_SAMPLES == 0
