"""The trained network behind the engine's door: slices in, decisions out, one thread."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from duologue_model.decide import Belief, Thresholds, beliefs, decision_of
from duologue_model.engine import Decision
from duologue_model.features import TAIL_SAMPLES, AudioState
from duologue_model.influences import influences
from duologue_model.network import FloorNetwork
from duologue_model.slices import Samples, Slice
from duologue_model.streaming import NetworkState, hear, start
from duologue_model.vocabulary import Action


class NetworkEngine:
    """Holds the weights; the stream's state is passed in and returned. Deterministic."""

    def __init__(
        self,
        network: FloorNetwork,
        name: str,
        thresholds: Thresholds | None = None,
        weights_sha256: str = "",
        numbers: str = "float32",
    ) -> None:
        self._network = network.eval()
        self._name = name
        self._thresholds = thresholds or Thresholds()
        self.weights_sha256 = weights_sha256
        """Of the file that the weights came from; empty for weights that came from none."""
        self.numbers = numbers
        """What the matrices are made of: `int8` or `float32`."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def most_slices(self) -> int:
        return self._network.config.slices_per_step

    def start(self) -> NetworkState:
        return start(self._network)

    def step(self, state: NetworkState, heard: Slice) -> tuple[NetworkState, Decision]:
        state, outputs = hear(self._network, state, [heard])
        return state, self._decision(beliefs(outputs)[0][0], heard)

    def step_many(self, state: NetworkState, heard: Sequence[Slice]) -> tuple[NetworkState, list[Decision]]:
        """See `ManyStepEngine`. Guesses that every slice decides like the one before, and goes back where one does not.

        Raises ValueError for more than `most_slices`.
        """
        made: list[Decision] = []
        rest = list(heard)
        while rest:
            rest = [replace(one, own=rest[0].own) for one in rest]
            state, outputs = hear(self._network, state, rest)
            told = [self._decision(belief, one) for belief, one in zip(beliefs(outputs)[0], rest, strict=True)]
            other = (index for index, decision in enumerate(told, 1) if decision.action is not rest[0].own)
            kept = next(other, len(rest))
            made += told[:kept]
            if kept < len(rest):
                state = rewound(state, rest, kept)
                rest = [replace(rest[kept], own=told[kept - 1].action), *rest[kept + 1 :]]
            else:
                rest = []
        return state, made

    def influences(self, heard: Sequence[Slice], action: Action) -> Mapping[str, float]:
        """See `ExplainingEngine`."""
        return influences(self._network, heard, action)

    def _decision(self, belief: Belief, heard: Slice) -> Decision:
        return decision_of(belief, heard.clocks.since_user_s, self._thresholds, heard.microphone_open)


def rewound(state: NetworkState, heard: Sequence[Slice], kept: int) -> NetworkState:
    """The state after the first `kept` of the slices that the last `hear` took. `state` must not be used again.

    The ring needs no repair: a step writes only where no slice from its first on could still see.
    """
    assert 0 < kept <= len(heard), (kept, len(heard))
    last = heard[kept - 1]
    audio = AudioState(_tail(last.microphone), _tail(last.playback))
    return replace(state, position=state.position - len(heard) + kept, audio=audio)


def _tail(samples: Samples) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(samples[-TAIL_SAMPLES:]))[None]
