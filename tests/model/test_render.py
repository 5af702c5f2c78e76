"""The sound of simulated sessions: echo, keys, levels and voices are where the log says."""

from dataclasses import replace

import numpy as np
import pytest

from duologue_model.slices import RATE_HZ, SLICE_SAMPLES
from duologue_model.training import rooms
from duologue_model.training.floorlog import FloorLog
from duologue_model.training.hearing import Recogniser, words_by_slice
from duologue_model.training.partner import Habits
from duologue_model.training.render import Conditions, Sound, render
from duologue_model.training.scenarios import play
from support.tone_bank import tone_bank

BANK = tone_bank()
DRY = Conditions(snr_db=120.0)


def played(scenario: str, seed: int = 1, seconds: float = 15.0) -> FloorLog:
    return play(scenario, BANK, np.random.default_rng(seed), seconds, habits=Habits())


def check(log: FloorLog, conditions: Conditions = DRY) -> Sound:
    """The sound, which always covers the slices and never leaves -1…1."""
    sound = render(log, BANK, np.random.default_rng(1), conditions)
    assert sound.microphone.shape == sound.playback.shape == (log.slices * SLICE_SAMPLES,)
    assert sound.microphone.dtype == sound.playback.dtype == np.float32
    assert sound.user_voice.shape == sound.own_voice.shape == (log.slices, 4)
    assert np.abs(sound.microphone).max() <= 1.0
    return sound


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


@pytest.mark.parametrize(("delay_s", "echo_db"), [(0.02, 0.0), (0.1, -12.0), (0.25, -30.0)])
def test_the_echo_comes_at_the_stated_delay_and_level(delay_s: float, echo_db: float) -> None:
    log = played("echo_alone")
    open_ = replace(log.perceived, microphone_open=None)
    log = replace(log, echo_db=echo_db, turns=(), noises=(), keys=(), perceived=open_)
    sound = check(log, replace(DRY, echo_delay_s=delay_s))
    delay = round(delay_s * RATE_HZ)
    expected = sound.playback[:-delay] * 10 ** (echo_db / 20)
    assert np.abs(sound.microphone[delay:] - expected).max() < 1e-4
    assert rms(sound.playback) > 0.01


def test_without_an_echo_path_only_the_user_is_heard() -> None:
    log = replace(played("smooth_turn"), echo_db=-90.0, keys=(), noises=())
    sound = check(log)
    heard = sound.microphone.reshape(-1, RATE_HZ // 50)
    assert rms(heard[~sound.user_voice.reshape(-1)]) < 1e-3
    assert rms(heard[sound.user_voice.reshape(-1)]) == pytest.approx(0.06, rel=0.2)


def test_voices_are_marked_where_the_log_has_them() -> None:
    log = played("question_interruption")
    sound = check(log)
    for turn in log.turns:
        for part in turn.parts:
            if part.end_s < log.duration_s:
                assert sound.user_voice.reshape(-1)[int((part.start_s + part.end_s) / 2 / 0.02)]
    spoken = np.zeros(log.slices * 4, np.bool_)
    for said in log.sounded:
        spoken[int(said.start_s / 0.02) : int(said.end_s / 0.02) + 1] = True
    assert not sound.own_voice.reshape(-1)[~spoken].any()


def test_the_keys_sound_when_they_are_pressed_and_elsewhere_when_they_are_not_ours() -> None:
    log = replace(played("typing_alone"), noises=())
    for aligned in (True, False):
        sound = check(log, replace(DRY, keys_aligned=aligned))
        starts = np.array([key.at_s for key in log.keys])
        clicks = [sound.microphone[int(t * RATE_HZ) : int((t + 0.05) * RATE_HZ)] for t in starts if t < 14]
        first = rms(clicks[0])
        assert (first > 1e-3) == aligned


def test_a_louder_machine_is_louder_and_noise_keeps_its_distance() -> None:
    log = replace(played("empty"), noises=())
    quiet, loud = (check(log, replace(DRY, snr_db=10.0, gain_db=gain_db)) for gain_db in (-6.0, 6.0))
    assert rms(loud.microphone) / rms(quiet.microphone) == pytest.approx(10 ** (12 / 20), rel=0.01)
    assert rms(loud.microphone) == pytest.approx(0.06 * 10 ** ((6 - 10) / 20), rel=0.05)


def test_clipping_and_dropouts_are_heard() -> None:
    log = played("smooth_turn")
    clean = check(log, replace(DRY, snr_db=20.0))
    bad = check(log, replace(DRY, snr_db=20.0, clipped=True, dropouts=3))
    assert np.abs(bad.microphone).max() < 0.5 * np.abs(clean.microphone).max()
    assert (bad.microphone == 0.0).sum() > 0.05 * RATE_HZ


def test_a_long_sound_through_a_room_is_the_same_in_blocks() -> None:
    rng = np.random.default_rng(2)
    sound = rng.normal(size=30_000).astype(np.float32)
    tail = rooms.room_tail(rng, 0.4, 0.7)
    assert rms(tail) * np.sqrt(len(tail)) == pytest.approx(1.0, abs=1e-3)
    whole = np.convolve(sound, tail)[: len(sound)]
    assert np.abs(rooms.convolve(sound, tail) - whole).max() < 1e-3


def test_words_come_300_to_900_ms_late_and_go_when_the_turn_was_handed_over() -> None:
    log = played("long_account")
    sharp = Recogniser(partial_s=0.15, final_s=0.15, word_error=0.0, deaf=False)
    texts = words_by_slice(log, sharp, np.random.default_rng(1))
    turn = log.turns[0]
    shown = 0
    for part in turn.parts:
        for word in part.words:
            seen = next((i for i, text in enumerate(texts) if word.text in text.split()), None)
            if seen is not None and [w.text for p in turn.parts for w in p.words].count(word.text) == 1:
                shown += 1
                assert (seen + 1) * 0.08 >= word.end_s + 0.3 - 1e-6
    assert shown >= 3
    handed = min(t for t in log.forgotten_s if t > turn.end_s)
    assert texts[int(handed / 0.08) + 2] == ""


def test_ears_that_do_not_work_give_no_words() -> None:
    log = played("smooth_turn")
    deaf = Recogniser(0.1, 0.1, 0.0, deaf=True)
    assert set(words_by_slice(log, deaf, np.random.default_rng(1))) == {""}
