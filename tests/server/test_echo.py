"""The echo canceller in a simulated room, with the product's own voice as the far end."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from duologue_server.audio.drift import Stretcher
from duologue_server.audio.echo import (
    AEC3_DELAY,
    ECHO_RATE_HZ,
    DoubleTalkEchoCanceller,
    EchoCanceller,
    NoEchoCanceller,
    WebRtcEchoCanceller,
)
from duologue_server.audio.levels import level_dbfs
from duologue_server.audio.resample import resample
from duologue_server.voice.hibari import HibariSpeaker
from duologue_server.voice.moonshine import MoonshineListener

BLOCK = 320
CONVERGED = 3 * ECHO_RATE_HZ
Samples = NDArray[np.float32]


@cache
def partner() -> Samples:
    """Nine seconds or so of the partner, at 16 kHz, at half of full scale."""
    speaker = HibariSpeaker()
    clauses = (
        "There is an error in the loop that reads the header.",
        "The index starts at one, so the first byte is never checked.",
        "You could change the range, or subtract one where you index.",
    )
    speech = np.concatenate([speaker.speak(clause).samples for clause in clauses])
    speech = resample(speech, speaker.rate_hz, ECHO_RATE_HZ)
    speech = speech[: len(speech) // BLOCK * BLOCK]
    return np.asarray(0.5 * speech / np.abs(speech).max(), np.float32)


@cache
def user() -> Samples:
    """A deeper voice: the same synthesiser, slowed down by a fifth."""
    speaker = HibariSpeaker()
    return resample(speaker.speak("Wait, stop, what about the second argument?").samples, 19_200, ECHO_RATE_HZ)


@cache
def yes() -> Samples:
    speaker = HibariSpeaker()
    return resample(speaker.speak("Yes.").samples, speaker.rate_hz, ECHO_RATE_HZ)


def room(far: Samples, delay_ms: int, gain_db: float = -15) -> Samples:
    """`far` as the microphone hears it: delayed, softer, with a decaying tail of 120 ms, over faint noise."""
    rng = np.random.default_rng(delay_ms)
    delay = delay_ms * ECHO_RATE_HZ // 1000
    response = np.zeros(delay + 1920)
    response[delay] = 1
    response[delay + 1 :] = 0.15 * rng.standard_normal(1919) * np.exp(-np.arange(1919) / 320)
    echo = np.convolve(far, response * 10 ** (gain_db / 20))[: len(far)]
    return np.asarray(echo + 1e-4 * rng.standard_normal(len(far)), np.float32)


def cancel(canceller: EchoCanceller, near: Samples, far: Samples) -> Samples:
    """The whole microphone, in blocks of 20 ms."""
    starts = range(0, len(near), BLOCK)
    return np.concatenate([canceller.process(near[at : at + BLOCK], far[at : at + BLOCK]) for at in starts])


def loudness(samples: Samples) -> NDArray[np.float64]:
    """Level of every 10 ms, in dB, `[N/160]`."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    return np.array([max(-60.0, level_dbfs(frame)) for frame in frames])


@pytest.mark.parametrize("make", [WebRtcEchoCanceller, DoubleTalkEchoCanceller])
@pytest.mark.parametrize("delay_ms", [20, 60, 160, 300])
def test_the_partners_own_voice_is_taken_out_once_the_room_is_known(
    make: Callable[[], EchoCanceller], delay_ms: int
) -> None:
    far = partner()
    near = room(far, delay_ms)
    left = cancel(make(), near, far)
    erle_db = level_dbfs(near[CONVERGED:]) - level_dbfs(left[CONVERGED:])
    print(f"{make.__name__}: ERLE at {delay_ms} ms: {erle_db:.1f} dB")
    assert erle_db >= 20


def double_talk(canceller: EchoCanceller, delay_ms: int, louder_db: float) -> tuple[float, float]:
    """The user speaks so much louder than the echo: dB lost, and how well the loudness follows what was said."""
    far, speech = partner(), user()
    echo = room(far, delay_ms)
    during = slice(CONVERGED, CONVERGED + len(speech))
    speech = speech * np.float32(10 ** ((level_dbfs(echo[during]) + louder_db - level_dbfs(speech)) / 20))
    near = echo.copy()
    near[during] += speech
    heard = cancel(canceller, near, far)[during.start + AEC3_DELAY : during.stop + AEC3_DELAY]
    lost_db = level_dbfs(speech) - level_dbfs(heard)
    alike = float(np.corrcoef(loudness(heard), loudness(speech))[0, 1])
    print(f"{canceller.name} at {delay_ms} ms, user {louder_db:+.0f} dB: {lost_db:.1f} dB lost, alike {alike:.2f}")
    return lost_db, alike


@pytest.mark.parametrize("louder_db", [0, 6])
@pytest.mark.parametrize("delay_ms", [60, 160])
def test_a_user_who_speaks_at_the_same_time_gets_through(delay_ms: int, louder_db: float) -> None:
    lost_db, alike = double_talk(DoubleTalkEchoCanceller(), delay_ms, louder_db)
    assert lost_db < 1.5
    assert alike > 0.85


def test_aec3_alone_would_take_much_of_the_user_away() -> None:
    lost_db, alike = double_talk(WebRtcEchoCanceller(), 60, 0)
    assert lost_db > 3
    assert alike < 0.75


def test_a_room_that_cannot_be_modelled_is_left_to_aec3() -> None:
    far = partner()
    near = room(far, 450)
    np.testing.assert_allclose(
        cancel(DoubleTalkEchoCanceller(), near, far)[CONVERGED:], cancel(WebRtcEchoCanceller(), near, far)[CONVERGED:]
    )


def erle_db(near: Samples, left: Samples, start_s: float, end_s: float) -> float:
    """How much softer the echo has become in that time."""
    during = slice(round(start_s * ECHO_RATE_HZ), round(end_s * ECHO_RATE_HZ))
    return level_dbfs(near[during]) - level_dbfs(left[during])


@pytest.mark.parametrize(("before_ms", "after_ms"), [(60, 210), (210, 60)])
def test_an_echo_that_comes_another_way_is_learnt_anew(before_ms: int, after_ms: int) -> None:
    """The sound server moves the sound to another device in the middle of a word, and tells nobody."""
    far, at = np.concatenate([partner(), partner()])[: 12 * ECHO_RATE_HZ], 8 * ECHO_RATE_HZ
    near = np.concatenate([room(far, before_ms)[:at], room(far, after_ms)[at:]])
    canceller = DoubleTalkEchoCanceller()
    left = cancel(canceller, near, far)
    found = [erle_db(near, left, start_s, start_s + 0.5) for start_s in (7.5, 8.0, 8.5, 9.0, 9.5, 10.0)]
    print(f"ERLE from {before_ms} to {after_ms} ms, each half second: {[round(db) for db in found]} dB")
    assert canceller.restarts == 1
    assert erle_db(near, left, 7, 8) >= 30
    assert erle_db(near, left, 10, 12) >= 30


def test_an_interruption_is_not_another_way() -> None:
    for louder_db in (0, 6, 12):
        canceller = DoubleTalkEchoCanceller()
        double_talk(canceller, 60, louder_db)
        assert canceller.restarts == 0


@pytest.mark.parametrize("ppm", [-100, 100])
def test_clocks_that_drift_apart_are_brought_together(ppm: float) -> None:
    """As the sound does once it knows the drift, which takes it about a minute; until then less is taken out."""
    far = np.concatenate([partner(), partner()])[: 15 * ECHO_RATE_HZ]
    near = stretched(room(far, 60), -ppm)
    found = []
    for known_ppm in (0.0, ppm, 0.9 * ppm):
        reference = stretched(far, -known_ppm)
        left = cancel(DoubleTalkEchoCanceller(), near, reference)
        found.append(round(erle_db(near, left, 3, 15), 1))
    print(f"ERLE at {ppm:+g} ppm: not known {found[0]} dB, known {found[1]} dB, known to a tenth {found[2]} dB")
    assert found[0] >= 10
    assert found[1] >= 25
    assert found[2] >= 20


def stretched(samples: Samples, ppm: float) -> Samples:
    """As another clock would have it, `[N]`."""
    stretcher = Stretcher()
    out = np.concatenate([stretcher.push(samples[at : at + BLOCK], ppm) for at in range(0, len(samples), BLOCK)])
    return np.pad(out, (0, BLOCK))[: len(samples)]


@pytest.mark.parametrize(("delay_ms", "gain_db"), [(20, -6), (60, -6), (60, -15), (300, -6), (300, -15)])
def test_the_first_words_do_not_come_through_while_the_room_is_not_known(delay_ms: int, gain_db: float) -> None:
    far = partner()[: 2 * ECHO_RATE_HZ]
    near = room(far, delay_ms, gain_db)
    loudest = []
    for canceller in (WebRtcEchoCanceller(), DoubleTalkEchoCanceller()):
        left = cancel(canceller, near, far)
        loudest.append(max(level_dbfs(left[at : at + BLOCK]) for at in range(0, 3 * ECHO_RATE_HZ // 2, BLOCK)))
    print(f"{delay_ms} ms, {gain_db} dB: loudest {loudest[1]:.1f} dBFS, without a guard {loudest[0]:.1f} dBFS")
    assert loudest[1] <= -30


def test_a_user_who_interrupts_the_first_words_is_heard() -> None:
    far, speech = partner(), user()
    echo = room(far, 60)
    during = slice(round(0.6 * ECHO_RATE_HZ), round(0.6 * ECHO_RATE_HZ) + len(speech))
    speech = speech * np.float32(10 ** ((level_dbfs(echo[during]) + 6 - level_dbfs(speech)) / 20))
    near = echo.copy()
    near[during] += speech
    heard = cancel(DoubleTalkEchoCanceller(), near, far)[during.start + AEC3_DELAY : during.stop + AEC3_DELAY]
    lost_db = level_dbfs(speech) - level_dbfs(heard)
    alike = float(np.corrcoef(loudness(heard), loudness(speech))[0, 1])
    print(f"{lost_db:.1f} dB lost, alike {alike:.2f}")
    assert lost_db < 6
    assert alike > 0.7


def test_words_of_an_interruption_are_recognised() -> None:
    far, speech = partner(), user()
    near = room(far, 60)
    during = slice(CONVERGED, CONVERGED + len(speech))
    near[during] += speech * np.float32(10 ** ((level_dbfs(near[during]) - level_dbfs(speech)) / 20))
    heard = cancel(DoubleTalkEchoCanceller(), near, far)[during.start - 1600 : during.stop + 3200]
    words = MoonshineListener().final(heard).lower()
    assert "second argument" in words, words


def test_a_user_alone_is_left_alone() -> None:
    speech = user()[: len(user()) // BLOCK * BLOCK]
    for canceller in (WebRtcEchoCanceller(), DoubleTalkEchoCanceller()):
        heard = cancel(canceller, speech, np.zeros_like(speech))
        assert level_dbfs(heard) == pytest.approx(level_dbfs(speech), abs=1.5)


@pytest.mark.parametrize("begins_s", [1.5, 4.0])
def test_with_headphones_that_nobody_told_us_of_a_user_is_heard_through_the_partner(begins_s: float) -> None:
    far = partner()
    near = (1e-4 * np.random.default_rng(2).standard_normal(len(far))).astype(np.float32)
    said = 0.2 * yes() / np.abs(yes()).max()
    start = round(begins_s * ECHO_RATE_HZ)
    near[start : start + len(said)] += said
    left = cancel(DoubleTalkEchoCanceller(), near, far)
    heard = left[start + AEC3_DELAY : start + AEC3_DELAY + len(said)]
    assert level_dbfs(heard) == pytest.approx(level_dbfs(said.astype(np.float32)), abs=1.5)


def test_headphones_that_are_pulled_out_let_the_echo_through_for_a_moment_only() -> None:
    far = np.concatenate([partner(), partner()])
    near = (1e-4 * np.random.default_rng(2).standard_normal(len(far))).astype(np.float32)
    pulled = len(partner())
    near[pulled:] = room(far, 80)[pulled:]
    left = cancel(DoubleTalkEchoCanceller(), near, far)
    assert erle_db(near, left, pulled / ECHO_RATE_HZ + 1.5, len(far) / ECHO_RATE_HZ) > 20


def test_a_reset_canceller_is_a_new_one() -> None:
    far = partner()[: 2 * ECHO_RATE_HZ]
    near = room(far, 60)
    canceller = DoubleTalkEchoCanceller()
    first = cancel(canceller, near, far)
    canceller.reset()
    again = cancel(canceller, near, far)
    np.testing.assert_allclose(again, first, atol=1e-4)


def test_with_headphones_nothing_is_changed() -> None:
    near = partner()[:BLOCK]
    assert NoEchoCanceller().process(near, near) is near


@pytest.mark.parametrize("canceller", [NoEchoCanceller(), WebRtcEchoCanceller(), DoubleTalkEchoCanceller()])
def test_only_whole_frames_of_equal_length(canceller: EchoCanceller) -> None:
    for near, far in ((100, 100), (320, 160)):
        with pytest.raises(ValueError, match="multiple of 160"):
            canceller.process(np.zeros(near, np.float32), np.zeros(far, np.float32))
    assert len(canceller.process(np.zeros(0, np.float32), np.zeros(0, np.float32))) == 0
