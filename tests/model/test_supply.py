"""What a run is fed with: sessions beside the training, voices that were changed, streams that were left out."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from duologue_model.blanks import BLANKS
from duologue_model.config import ModelConfig
from duologue_model.features import AudioState
from duologue_model.network import FloorNetwork
from duologue_model.slices import RATE_HZ, SLICE_SAMPLES, Clocks, EditorStream, Slice
from duologue_model.streams import Inputs, Streams, encode
from duologue_model.training import partner, rooms
from duologue_model.training.augment import augmented, warped
from duologue_model.training.example import SessionExample
from duologue_model.training.rollout import Setting
from duologue_model.training.supply import LEFT_OUT, Behind, ClosedLoop, blanked
from duologue_server.voice.floor_events import Rules
from support.tone_bank import tone_bank

NETWORK = FloorNetwork(ModelConfig(depth=2, ring_slices=30, near_slices=15), seed=3).eval()


def session(slices: int = 12) -> tuple[list[Slice], SessionExample]:
    """Somebody types, talks and is talked to in every slice; as the product perceives it, and as arrays."""
    sound = np.random.default_rng(0).standard_normal((2, slices, SLICE_SAMPLES)).astype(np.float32)
    heard = [
        Slice(microphone, playback, EditorStream(keys=2, focused=False), clocks=Clocks(1.0, 0.1, 3.0), words="so then")
        for microphone, playback in zip(*sound, strict=True)
    ]
    streams = Streams.of_slices(heard)
    nothing = np.zeros(slices, np.int64)
    voice = np.zeros((slices, 4), np.bool_)
    example = SessionExample(
        "one", "smooth_turn", streams.microphone, streams.playback, streams.editor, streams.agenda, streams.clocks,
        streams.words, streams.own, nothing, nothing, voice, voice, np.full(slices, np.nan, np.float32), (),
    )  # fmt: skip
    return heard, example


def check(inputs: Inputs, other: Inputs) -> bool:
    """Whether a network would read the same."""
    names: Sequence[str] = ("microphone", "playback", "desk", "talk", "pieces", "events")
    return all(torch.equal(getattr(inputs, name), getattr(other, name)) for name in names)


def read(streams: Streams) -> Inputs:
    return encode(streams, AudioState.silent())[1]


@pytest.mark.parametrize("left_out", LEFT_OUT)
def test_a_session_without_a_stream_reads_as_its_slices_do_without_it(left_out: str) -> None:
    heard, example = session()
    shown = read(Streams.of_slices([BLANKS[left_out](one) for one in heard]))
    assert check(read(Streams.of_session(blanked(example, [left_out]))), shown)
    assert not check(read(Streams.of_session(example)), shown)


def test_the_network_plays_beside_the_training_and_its_sessions_come_a_round_later() -> None:
    play = ClosedLoop(Setting(tone_bank(), seconds=6.0), seed=3, sessions=2, without=("words",))
    behind = Behind(play)
    assert list(behind(NETWORK, 0)) == []
    came = list(behind(NETWORK, 20))
    at_once = play(NETWORK, 0)
    assert [one.name for one in came] == [one.name for one in at_once]
    assert all(np.array_equal(one.microphone, other.microphone) for one, other in zip(came, at_once, strict=True))
    assert all(np.array_equal(one.own, other.own) for one, other in zip(came, at_once, strict=True))
    assert not any("".join(one.words) for one in came)


def test_another_throat_changes_the_microphone_and_nothing_else() -> None:
    inputs = read(Streams.of_slices(session()[0]))
    rng = random.Random(1)
    changed = [augmented(inputs, rng) for _ in range(20)]
    assert sum(not torch.equal(one.microphone, inputs.microphone) for one in changed) > 10
    assert all(check(replace(one, microphone=inputs.microphone), inputs) for one in changed)


def test_bands_move_with_the_throat() -> None:
    levels = torch.zeros(1, 1, 8, 64, dtype=torch.uint8)
    levels[..., 30] = 9
    assert warped(levels, 1.0).equal(levels)
    assert warped(levels, 1.1)[0, 0, 0].argmax() == 33
    assert warped(levels, 0.9)[0, 0, 0].argmax() == 27
    assert warped(torch.full_like(levels, 5), 0.85).equal(torch.full_like(levels, 5))


def test_a_canceller_dims_the_user_only_while_the_partner_sounds() -> None:
    heard = np.ones(4 * RATE_HZ, np.float32)
    playback = np.zeros_like(heard)
    playback[RATE_HZ : 3 * RATE_HZ] = 0.1
    whole = rooms.Dimming(np.random.default_rng(2), 12.0)(heard, playback)
    assert (whole[:RATE_HZ] == 1.0).all()
    assert (whole[3 * RATE_HZ :] == 1.0).all()
    assert 10 ** (-12 / 20) <= whole[RATE_HZ : 3 * RATE_HZ].min() < 0.7
    live = rooms.Dimming(np.random.default_rng(2), 12.0)
    blocks = [
        live(heard[at : at + SLICE_SAMPLES], playback[at : at + SLICE_SAMPLES], at)
        for at in range(0, len(heard), SLICE_SAMPLES)
    ]
    assert np.allclose(np.concatenate(blocks), whole)


def test_the_simulated_floor_has_the_rules_of_the_products() -> None:
    rules = Rules()
    assert rules.duck_holds_s == partner.DUCK_HOLDS_S
    assert rules.duck_lasts_s == partner.DUCK_LASTS_S
    assert rules.duck_again_s == partner.DUCK_AGAIN_S
    assert rules.overlap_yields_s == partner.OVERLAP_YIELDS_S
    assert rules.reply_waits_s == partner.REPLY_WAITS_S
    assert rules.reply_lives_s == partner.REPLY_LIVES_S
    assert rules.unwanted_lasts_s == partner.UNWANTED_LASTS_S
