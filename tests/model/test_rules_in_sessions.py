"""What rules and people's hands do in simulated sessions: keys, commands, push-to-talk, and recordings as turns."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from duologue_model.features import AudioState
from duologue_model.slices import RATE_HZ, SLICE_SAMPLES
from duologue_model.streams import FIRST_FORCED, INTERACTION_TOKENS, Streams, encode
from duologue_model.training import simulate, stage
from duologue_model.training.example import SessionExample
from duologue_model.training.floorlog import SLICE_S, FloorLog
from duologue_model.training.voices import Bank, Clip, ClipFacts
from duologue_model.vocabulary import Action, ForcedToken, UserState
from support.tone_bank import tone_bank

DELEGATE = list(Action).index(Action.DELEGATE)
FORCED = list(ForcedToken)


def talk_bank() -> Bank:
    """The tones, and two recordings of 9 s with a silence after each second and a half."""
    clips = list(tone_bank().clips.values())
    for name in ("one", "two"):
        second = np.sin(2 * np.pi * (170 if name == "one" else 260) * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
        piece = np.concatenate([second, np.zeros(RATE_HZ // 2, np.float32)])
        samples = np.concatenate([piece] * 6)[: -RATE_HZ // 2]
        pauses = tuple((i * 24_000 + 16_000, (i + 1) * 24_000) for i in range(5))
        text = " ".join(f"word{i}" for i in range(24))
        facts = ClipFacts(f"talk/{name}", "talk", text, name, "human", "CC-BY-4.0", "train", (), pauses)
        clips.append(Clip(facts, (0.5 * samples).astype(np.float32)))
    return Bank(clips)


BANK = talk_bank()


def sessions(scenario: str, count: int = 6, seconds: float = 30.0) -> Iterator[tuple[FloorLog, SessionExample]]:
    """Sessions of a class; their arrays agree about what rules did."""
    for number in range(count):
        log, one = simulate.session(BANK, 5, number, seconds, scenario)
        assert one.forced is not None
        assert one.end_of_turn is not None
        assert one.microphone_open is not None
        assert one.forced.shape == (log.slices, len(FORCED))
        assert one.end_of_turn.shape == one.microphone_open.shape == (log.slices,)
        closed = np.repeat(~one.microphone_open, SLICE_SAMPLES)
        assert not one.microphone[closed].any()
        assert not one.user_voice[~one.microphone_open].any()
        yield log, one


def test_a_recording_ends_where_its_turn_ends_and_keeps_its_pauses() -> None:
    recorded, kept, longer = 0, 0, 0
    for log, _ in sessions("mid_clause_pause"):
        for turn in log.turns:
            clip = BANK.clips[turn.parts[0].clip]
            if clip.facts.kind != "talk":
                continue
            recorded += 1
            assert turn.parts[-1].clip_end == len(clip.samples)
            begins = {0, *(end for _, end in clip.facts.pauses)}
            assert {part.clip_start for part in turn.parts} <= begins, "nothing begins in the middle of a word"
            for before, after in zip(turn.parts, turn.parts[1:], strict=False):
                pause_s = after.start_s - before.end_s
                assert pause_s >= 0.5 - 1e-6
                kept += pause_s == pytest.approx(0.5)
                longer += pause_s > 0.51
    assert recorded >= 3
    assert kept
    assert longer


def test_a_key_a_command_and_a_lost_device_are_told_in_their_slice() -> None:
    found = dict.fromkeys(FORCED, 0)
    for scenario in ("smooth_turn", "echo_alone"):
        for log, one in sessions(scenario, count=10):
            assert one.forced is not None
            assert one.microphone_open is not None
            for at, row in enumerate(one.forced):
                for token in (FORCED[i] for i in np.flatnonzero(row)):
                    found[token] += 1
                    t = (at + 1) * SLICE_S
                    ended = [said for said in log.sounded if t - SLICE_S - 1e-6 <= said.end_s < t + 0.011]
                    match token:
                        case ForcedToken.BEGAN_TO_SAY:
                            assert any(abs(said.start_s - (t - SLICE_S)) < 0.05 for said in log.sounded)
                        case ForcedToken.YIELDED_TO_KEY:
                            assert one.editor[at, 0] > 0
                            assert any(said.ended_by == "key" for said in ended)
                        case _:
                            assert any(said.ended_by == "key" for said in ended)
                    if token is ForcedToken.LOST_DEVICE:
                        assert not one.microphone_open[at]
    assert all(found.values()), found


def test_push_to_talk_opens_the_microphone_for_turns_and_its_release_ends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "PUSH_TO_TALK", 1.0)
    released = 0
    for scenario in ("smooth_turn", "long_account", "question_interruption"):
        for log, one in sessions(scenario, count=3):
            assert one.end_of_turn is not None
            assert one.microphone_open is not None
            for turn in log.turns:
                assert turn.released_s is not None
                at = int(turn.released_s / SLICE_S)
                if at + 1 >= log.slices:
                    continue
                released += 1
                assert one.end_of_turn[at]
                begin = int(turn.start_s / SLICE_S)
                assert one.microphone_open[begin:at].all()
                assert DELEGATE not in one.action[begin:at]
                assert one.action[at] == DELEGATE or one.own[at] == DELEGATE
    assert released >= 6


def test_what_is_not_said_to_the_partner_is_not_heard_with_push_to_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "PUSH_TO_TALK", 1.0)
    others = list(UserState).index(UserState.SPEAKING_TO_OTHERS)
    for log, one in sessions("colleague", count=3):
        assert any(turn.state is UserState.SPEAKING_TO_OTHERS for turn in log.turns)
        assert others not in one.user
        told = {turn.parts[0].clip for turn in log.turns if turn.released_s is not None}
        assert len(one.transcript) == 0 or told


def test_the_network_reads_what_rules_did() -> None:
    _, one = next(sessions("smooth_turn", count=1))
    slices = len(one.own)
    forced = np.zeros((slices, 4), np.bool_)
    forced[3, 1] = True
    ended, open_ = np.arange(slices) == 5, np.arange(slices) != 6
    told = replace(one, forced=forced, end_of_turn=ended, microphone_open=open_)
    _, inputs = encode(Streams.of_session(told, first=2, count=8), AudioState.silent())
    events = inputs.events[0].numpy()
    assert np.flatnonzero(events[:, FIRST_FORCED + 1]).tolist() == [1]
    assert np.flatnonzero(events[:, INTERACTION_TOKENS.index("event:END_OF_TURN")]).tolist() == [3]
    assert np.flatnonzero(events[:, INTERACTION_TOKENS.index("event:MICROPHONE_CLOSED")]).tolist() == [4]
    nothing = replace(one, forced=None, end_of_turn=None, microphone_open=None)
    _, inputs = encode(Streams.of_session(nothing, first=2, count=8), AudioState.silent())
    assert not inputs.events[0].numpy()[:, FIRST_FORCED : FIRST_FORCED + 4].any()
