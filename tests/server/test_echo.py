"""The echo canceller in a simulated room, with the product's own voice as the far end."""

from functools import cache

import numpy as np
import pytest
from duologue_server.audio.echo import ECHO_RATE_HZ, EchoCanceller, NoEchoCanceller, WebRtcEchoCanceller
from duologue_server.audio.levels import level_dbfs
from duologue_server.audio.resample import resample
from duologue_server.voice.hibari import HibariSpeaker
from numpy.typing import NDArray

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


@pytest.mark.parametrize("delay_ms", [20, 60, 160, 300])
def test_the_partners_own_voice_is_taken_out_once_the_room_is_known(delay_ms: int) -> None:
    far = partner()
    near = room(far, delay_ms)
    left = cancel(WebRtcEchoCanceller(), near, far)
    erle_db = level_dbfs(near[CONVERGED:]) - level_dbfs(left[CONVERGED:])
    print(f"ERLE at {delay_ms} ms: {erle_db:.1f} dB")
    assert erle_db >= 20


@pytest.mark.parametrize("delay_ms", [60, 160])
def test_a_user_who_speaks_at_the_same_time_gets_through(delay_ms: int) -> None:
    far, speech = partner(), user()
    echo = room(far, delay_ms)
    during = slice(CONVERGED, CONVERGED + len(speech))
    speech = speech * np.float32(10 ** ((level_dbfs(echo[during]) + 6 - level_dbfs(speech)) / 20))
    near = echo.copy()
    near[during] += speech
    heard = cancel(WebRtcEchoCanceller(), near, far)[during]
    loss_db = level_dbfs(speech) - level_dbfs(heard)
    alike = float(np.corrcoef(loudness(heard), loudness(speech))[0, 1])
    print(f"double talk at {delay_ms} ms: {loss_db:.1f} dB lost, loudness correlates by {alike:.2f}")
    assert loss_db < 6
    assert alike > 0.6


def test_a_user_alone_is_left_alone() -> None:
    speech = user()[: len(user()) // BLOCK * BLOCK]
    heard = cancel(WebRtcEchoCanceller(), speech, np.zeros_like(speech))
    assert level_dbfs(heard) == pytest.approx(level_dbfs(speech), abs=1.5)


def test_a_reset_canceller_is_a_new_one() -> None:
    far = partner()[: 2 * ECHO_RATE_HZ]
    near = room(far, 60)
    canceller = WebRtcEchoCanceller()
    first = cancel(canceller, near, far)
    canceller.reset()
    again = cancel(canceller, near, far)
    assert level_dbfs(again[:8000]) == pytest.approx(level_dbfs(first[:8000]), abs=3)


def test_with_headphones_nothing_is_changed() -> None:
    near = partner()[:BLOCK]
    assert NoEchoCanceller().process(near, near) is near


@pytest.mark.parametrize("canceller", [NoEchoCanceller(), WebRtcEchoCanceller()])
def test_only_whole_frames_of_equal_length(canceller: EchoCanceller) -> None:
    for near, far in ((100, 100), (320, 160)):
        with pytest.raises(ValueError, match="multiple of 160"):
            canceller.process(np.zeros(near, np.float32), np.zeros(far, np.float32))
    assert len(canceller.process(np.zeros(0, np.float32), np.zeros(0, np.float32))) == 0
