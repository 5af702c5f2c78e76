"""The network over whole sessions: what reaches which decision, and how big it is."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from duologue_model.config import FUTURES, HAZARDS, LETTERS, ModelConfig
from duologue_model.features import AudioState
from duologue_model.network import FloorNetwork, Outputs
from duologue_model.slices import SLICE_SAMPLES, AgendaStream, Clocks, EditorStream, Slice, WaitingKind
from duologue_model.streams import (
    AGENDA_BORDERS,
    CLOCK_BORDERS,
    EDITOR_BORDERS,
    INTERACTION_TOKENS,
    Inputs,
    Streams,
    encode,
    word_pieces,
)
from duologue_model.training import example
from duologue_model.vocabulary import Action, ForcedToken, UserState
from support.perceived import some_slices

TINY = ModelConfig(depth=2, ring_slices=12)
SLICES = 10


@pytest.fixture(scope="module")
def network() -> FloorNetwork:
    return FloorNetwork(TINY, seed=1).eval()


def inputs_of(slices: Sequence[Slice]) -> Inputs:
    return encode(Streams.of_slices(slices), AudioState.silent())[1]


@torch.no_grad()
def check(network: FloorNetwork, slices: Sequence[Slice]) -> Outputs:
    outputs: Outputs = network(inputs_of(slices))
    return outputs


def moved(one: torch.Tensor, other: torch.Tensor) -> list[int]:
    """Slices in which two outputs `[B, T, …]` differ."""
    return (one - other).abs().flatten(2).amax(dim=(0, 2)).gt(1e-6).nonzero().flatten().tolist()


def test_every_head_speaks_about_every_slice(network: FloorNetwork) -> None:
    outputs = check(network, some_slices(SLICES))
    assert outputs.action.shape == (1, SLICES, len(Action))
    assert outputs.user.shape == (1, SLICES, len(UserState))
    assert outputs.hazard.shape == (1, SLICES, HAZARDS)
    assert outputs.futures.shape == (1, SLICES, FUTURES) == (1, SLICES, 256)
    assert outputs.voice.shape == (1, SLICES, 4, 2)
    assert outputs.letters is None


def test_letters_are_spelled_in_training_only() -> None:
    network = FloorNetwork(TINY).train()
    letters = network(inputs_of(some_slices(3))).letters
    assert letters is not None
    assert letters.shape == (1, 3 * 4, len(LETTERS) + 1)


@pytest.mark.parametrize(("depth", "millions"), [(6, 5.3), (8, 10.4), (10, 18.0)])
def test_one_dial_sets_the_size(depth: int, millions: float) -> None:
    size = sum(weight.numel() for weight in FloorNetwork(ModelConfig(depth=depth)).parameters())
    assert size / 1e6 == pytest.approx(millions, abs=0.3)


def test_an_odd_depth_is_refused() -> None:
    with pytest.raises(ValueError, match="even number"):
        ModelConfig(depth=7)


def test_the_seed_makes_the_weights() -> None:
    one, same, other = (FloorNetwork(TINY, seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["embedding.interaction"], other["embedding.interaction"])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s: replace(s, microphone=s.microphone + 0.1), id="microphone"),
        pytest.param(lambda s: replace(s, playback=s.playback + 0.1), id="playback"),
        pytest.param(lambda s: replace(s, editor=EditorStream(cursor_jumps=1)), id="editor"),
        pytest.param(lambda s: replace(s, agenda=replace(s.agenda, ducked=not s.agenda.ducked)), id="agenda"),
        pytest.param(lambda s: replace(s, clocks=Clocks(0.08, 0.08, 0.08)), id="clocks"),
        pytest.param(lambda s: replace(s, words=s.words + " stop"), id="words"),
        pytest.param(lambda s: replace(s, own=Action.YIELD if s.own is not Action.YIELD else Action.KEEP), id="own"),
        pytest.param(lambda s: replace(s, forced=() if s.forced else (ForcedToken.YIELDED_TO_KEY,)), id="forced"),
        pytest.param(lambda s: replace(s, end_of_turn=not s.end_of_turn), id="end of turn"),
        pytest.param(lambda s: replace(s, microphone_open=not s.microphone_open), id="microphone closed"),
    ],
)
def test_every_stream_reaches_this_slice_and_none_before(
    network: FloorNetwork, change: Callable[[Slice], Slice]
) -> None:
    slices = some_slices(SLICES)
    before, after = check(network, slices), check(network, [*slices[:6], change(slices[6]), *slices[7:]])
    for head in ("action", "user", "hazard", "futures", "voice"):
        assert moved(getattr(before, head), getattr(after, head)) == [6, 7, 8, 9], head


def test_the_last_token_of_a_slice_reaches_its_first(network: FloorNetwork) -> None:
    slices = some_slices(SLICES)
    forced = replace(slices[9], forced=(*slices[9].forced, ForcedToken.LOST_DEVICE))
    before, after = check(network, slices), check(network, [*slices[:9], forced])
    first = (before.voice - after.voice)[0, 9, 0].abs().max()  # read from the first 20 ms of sound
    assert first > 1e-6


def test_all_weights_learn() -> None:
    network = FloorNetwork(TINY).train()
    outputs = network(inputs_of(some_slices(SLICES)))
    heads = (outputs.action, outputs.user, outputs.hazard, outputs.futures, outputs.voice, outputs.letters)
    sum((head**2).mean() for head in heads).backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert bool((weight.grad != 0).any()), name


def test_a_batch_is_its_sessions(network: FloorNetwork) -> None:
    one, two = inputs_of(some_slices(SLICES, seed=1)), inputs_of(some_slices(SLICES, seed=2))
    with torch.no_grad():
        both, second = network(Inputs.stack([one, two])), network(two)
    torch.testing.assert_close(both.action[1:], second.action, atol=1e-5, rtol=0)


def test_a_window_of_a_session_reads_as_the_live_slices_do() -> None:
    slices = some_slices(SLICES)
    session = Streams.of_slices(slices)
    live = inputs_of(slices).part(4, 9)
    before, _ = encode(Streams.of_session(session, count=4), AudioState.silent())
    _, window = encode(Streams.of_session(session, first=4, count=5), before)
    for name in ("microphone", "playback", "desk", "talk", "pieces", "events"):
        assert torch.equal(getattr(window, name), getattr(live, name)), name


def test_columns_are_what_they_are_called() -> None:
    sound = np.zeros(SLICE_SAMPLES, np.float32)
    agenda = AgendaStream(WaitingKind.REPLY, urgency=0.5, waiting_s=3, heard_s=4, remaining_s=5, sounding=True)
    streams = Streams.of_slices(
        [Slice(sound, sound, EditorStream(keys=2, tests_failed=3), agenda, clocks=Clocks(1, 2, 3))]
    )
    editor = dict(zip(EDITOR_BORDERS, streams.editor[0].tolist(), strict=True))
    assert (editor["keys"], editor["tests_failed"], editor["focused"], editor["saves"]) == (2, 3, 1, 0)
    spoken = dict(zip(AGENDA_BORDERS, streams.agenda[0].tolist(), strict=True))
    assert spoken == {
        "waiting_offer": 0, "waiting_reply": 1, "urgency": 0.5, "waiting_s": 3, "sounding": 1,
        "heard_s": 4, "remaining_s": 5, "ducked": 0, "resumable": 0,
    }  # fmt: skip
    assert dict(zip(CLOCK_BORDERS, streams.clocks[0].tolist(), strict=True)) == {
        "since_user_s": 1, "since_key_s": 2, "since_own_s": 3,
    }  # fmt: skip


def test_training_sessions_have_the_same_columns() -> None:
    assert tuple(EDITOR_BORDERS) == example.EDITOR_FIELDS
    assert tuple(AGENDA_BORDERS) == example.AGENDA_FIELDS
    assert tuple(CLOCK_BORDERS) == example.CLOCK_FIELDS


def test_interaction_tokens_are_named_once() -> None:
    sound = np.zeros(SLICE_SAMPLES, np.float32)
    heard = Slice(
        sound, sound, EditorStream(keys=1, tests_failed=1), own=Action.KEEP, forced=(ForcedToken.YIELDED_TO_KEY,)
    )
    present = inputs_of([heard]).events[0, 0].nonzero().flatten().tolist()
    assert {INTERACTION_TOKENS[index] for index in present} == {
        "action:KEEP", "forced:YIELDED_TO_KEY", "event:KEYS", "event:TEST_FAILED",
    }  # fmt: skip
    assert len(set(INTERACTION_TOKENS)) == len(INTERACTION_TOKENS)


def test_words_are_cut_alike_in_every_run_and_alike_words_share_pieces() -> None:
    assert word_pieces("stop")[0][:3] == (1212, 1607, 1337)
    assert set(word_pieces("stopping")[0]) & set(word_pieces("stop")[0]) - {0}
    assert word_pieces("Stop, please!") == word_pieces("stop please")
    assert word_pieces("a b c d e f g h") == word_pieces("c d e f g h")
    assert word_pieces("please stop")[0] == word_pieces("stop")[0], "the last word comes first"
    assert word_pieces("") == ((0,) * 8,) * 6
