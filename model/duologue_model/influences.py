"""What a decision hung on: the last seconds heard again with one stream blanked, everything else the same.

Occlusion tells what the decision would have been without the stream, not why the network weighs it so.
"""

from collections.abc import Sequence

import torch

from duologue_model.blanks import BLANKS
from duologue_model.features import AudioState
from duologue_model.network import FloorNetwork
from duologue_model.slices import Slice
from duologue_model.streaming import start, step
from duologue_model.streams import Inputs, Streams, encode
from duologue_model.vocabulary import Action

EXPLAINING = ("microphone", "playback", "editor", "agenda", "words")
"""Streams that a person knows of."""


@torch.inference_mode()
def influences(network: FloorNetwork, heard: Sequence[Slice], action: Action) -> dict[str, float]:
    """The probability of `action` after `heard`, `""` as it was and by name without one stream; see `EXPLAINING`.

    Streams in which nothing came are left out. The slices are heard from a fresh start, all variants in one batch.
    """
    variants: dict[str, list[Slice]] = {"": list(heard)}
    for name in EXPLAINING:
        blanked = [BLANKS[name](one) for one in heard]
        if any(_differs(one, other) for one, other in zip(heard, blanked, strict=True)):
            variants[name] = blanked
    silent = AudioState.silent()
    inputs = Inputs.stack([encode(Streams.of_slices(slices), silent)[1] for slices in variants.values()])
    state, most = start(network, len(variants)), network.config.slices_per_step
    outputs = None
    for first in range(0, len(heard), most):
        state, outputs = step(network, state, inputs.part(first, min(first + most, len(heard))))
    assert outputs is not None, "there is nothing to explain"
    p = torch.softmax(outputs.action[:, -1], dim=-1)[:, list(Action).index(action)].tolist()
    return {name: round(float(value), 4) for name, value in zip(variants, p, strict=True)}


def _differs(one: Slice, other: Slice) -> bool:
    if (one.editor, one.clocks, one.agenda, one.words) != (other.editor, other.clocks, other.agenda, other.words):
        return True
    sounds = ((one.microphone, other.microphone), (one.playback, other.playback))
    return any(here is not there and here.any() for here, there in sounds)
