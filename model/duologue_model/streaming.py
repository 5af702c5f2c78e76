"""The network slice by slice. All state is here, passed in and returned; nothing stays on a module.

The law of this file: the whole at once equals any cut into steps, and memory does not grow.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from duologue_model.config import TOKENS
from duologue_model.features import AudioState
from duologue_model.layers import Block, LayerCache, reach_of_step, rotation_of_step
from duologue_model.network import FloorNetwork, Outputs
from duologue_model.slices import Slice
from duologue_model.streams import Inputs, Streams, encode, encode_together


@dataclass(frozen=True, slots=True)
class NetworkState:
    """Everything that a stream remembers. A step writes into the caches: a state that was stepped is used up."""

    position: int
    """Slices so far."""
    audio: AudioState
    layers: tuple[LayerCache, ...]
    begun: Tensor | None = None
    """`[B]` int64: in a batch, where the session of each row began; None if all did at 0."""

    def clone(self) -> "NetworkState":
        """A copy that may be stepped apart from this one."""
        return NetworkState.from_tensors({name: tensor.clone() for name, tensor in self.to_tensors().items()})

    def to_tensors(self) -> dict[str, Tensor]:
        """By name, to be saved."""
        named = {
            "position": torch.tensor(self.position),
            "audio.microphone": self.audio.microphone,
            "audio.playback": self.audio.playback,
        }
        if self.begun is not None:
            named["begun"] = self.begun
        for index, layer in enumerate(self.layers):
            named |= {f"layers.{index}.keys": layer.keys, f"layers.{index}.values": layer.values}
        return named

    @staticmethod
    def from_tensors(named: dict[str, Tensor]) -> "NetworkState":
        """The opposite of `to_tensors`. Raises KeyError when something is missing."""
        depth = sum(name.endswith(".keys") for name in named)
        return NetworkState(
            position=int(named["position"]),
            audio=AudioState(named["audio.microphone"], named["audio.playback"]),
            layers=tuple(
                LayerCache(named[f"layers.{index}.keys"], named[f"layers.{index}.values"]) for index in range(depth)
            ),
            begun=named.get("begun"),
        )


@torch.inference_mode()
def start(network: FloorNetwork, batch: int = 1) -> NetworkState:
    """The state before the first slice: sinks in their places, all else NaN, so that reading it would be heard of."""
    config = network.config
    layers = []
    for block, window in zip(network.blocks, config.windows, strict=True):
        assert isinstance(block, Block)
        sink_keys, sink_values = block.attention.sinks(batch)
        room = (batch, config.key_heads, config.slots(window) * TOKENS, config.head_width)
        unwritten = sink_keys.new_full(room, torch.nan)
        layers.append(LayerCache(torch.cat([sink_keys, unwritten], dim=2), torch.cat([sink_values, unwritten], dim=2)))
    return NetworkState(0, AudioState.silent(batch), tuple(layers))


@torch.inference_mode()
def step(network: FloorNetwork, state: NetworkState, inputs: Inputs) -> tuple[NetworkState, Outputs]:
    """The next one to eight slices in one forward: the same result as one by one. `state` must not be used again.

    Raises ValueError for more slices than the ring has room for.
    """
    config, device = network.config, inputs.events.device
    turning = rotation_of_step(state.position, len(inputs), config, device)
    reach = {
        window: reach_of_step(state.position, len(inputs), window, config, turning, state.begun)
        for window in set(config.windows)
    }
    outputs = network.over(inputs, reach, state.layers)
    return replace(state, position=state.position + len(inputs)), outputs


def hear(network: FloorNetwork, state: NetworkState, slices: Sequence[Slice]) -> tuple[NetworkState, Outputs]:
    """The next slices of the product, as they were perceived. `state` must not be used again."""
    audio, inputs = encode(Streams.of_slices(slices), state.audio)
    state, outputs = step(network, state, inputs)
    return replace(state, audio=audio), outputs


def hear_together(network: FloorNetwork, state: NetworkState, slices: Sequence[Slice]) -> tuple[NetworkState, Outputs]:
    """The next slice of each of several sessions. `state` must not be used again."""
    audio, inputs = encode_together(slices, state.audio)
    state, outputs = step(network, state, inputs.to(network.decision_bias.device))
    return replace(state, audio=audio), outputs


def restart(state: NetworkState, rows: Sequence[int]) -> NetworkState:
    """Lets new sessions begin in some rows of a batch, where others are over. `state` must not be used again."""
    rows = list(rows)
    device = state.layers[0].keys.device
    begun = torch.zeros(len(state.audio.microphone), dtype=torch.int64) if state.begun is None else state.begun.cpu()
    begun[rows] = state.position
    microphone, playback = state.audio.microphone.clone(), state.audio.playback.clone()
    microphone[rows], playback[rows] = 0.0, 0.0
    return replace(state, audio=AudioState(microphone, playback), begun=begun.to(device))


def rows_of(state: NetworkState, rows: Sequence[int]) -> NetworkState:
    """A copy of what was remembered of some of the sessions, by their rows in the batch."""
    rows = list(rows)
    return replace(
        state,
        audio=AudioState(state.audio.microphone[rows], state.audio.playback[rows]),
        layers=tuple(LayerCache(layer.keys[rows], layer.values[rows]) for layer in state.layers),
        begun=None if state.begun is None else state.begun[rows],
    )
