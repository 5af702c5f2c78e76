"""Takes the partner's own voice out of the microphone."""

import math
from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pywebrtc_audio import EchoCanceller as WebRtcAec3

from duologue_server.audio.device import Samples

ECHO_RATE_HZ = 16_000
ECHO_FRAME = 160
"""Samples of the 10 ms frames that cancellers work in."""
AEC3_DELAY = 124
"""Samples by which AEC3 holds the microphone back: where output and input correlate best."""

_FIRST_DOUBT = 0.01
"""Variance of each coefficient of a room that nothing is known of: an echo of about −15 dB."""
_ROOM_MEMORY = 0.999
"""A frame: how much of what is known of the room stays true."""
_POWER_MEMORY = 0.85
_LOUD_FAR = ECHO_FRAME * 1e-4
"""Energy of a frame that is loud enough to judge the filter by: −40 dBFS."""
_BEST_STEP_DB = 0.05
_SURPRISED = 2.0
_SPEECH_DB = (4.0, 8.0)
"""Surprise at which the user begins to be heard through the Kalman filter, and is heard in full. In simulated rooms the
partner alone surprises it so in 1 to 3 % of the frames."""
_KNOWN_ROOM_DB = -20.0
"""The Kalman filter must do so well at its best to be heard: a room that it cannot model, such as one with a delay
beyond its length, is left to AEC3."""
_SHARE_RELEASE = 0.1
"""A frame: a pause of 100 ms between words is not the end of speaking."""


class EchoCanceller(Protocol):
    """Cancels echo frame by frame, at 16 kHz, on one thread."""

    @property
    def name(self) -> str:
        """Name for reports."""

    def process(self, near: Samples, far: Samples) -> Samples:
        """The microphone `near` without what the loudspeaker played, `far`; all `[N]`, N a multiple of 160.

        `far` must lead its echo in `near` by 10 ms at least: hand it over when the device asked for it, not when it was
        heard. By how much it leads, up to 300 ms at least, is found by the canceller. Raises ValueError for other or
        unequal lengths.
        """

    def reset(self) -> None:
        """Forgets the room: after a change of device."""


class NoEchoCanceller:
    """For headphones: the microphone as it is."""

    name = "none"

    def process(self, near: Samples, far: Samples) -> Samples:
        _check_lengths(near, far)
        return near

    def reset(self) -> None:
        """Nothing to forget."""


class WebRtcEchoCanceller:
    """WebRTC's AEC3, from the package `pywebrtc-audio`: finds the delay by itself, holds the microphone back by 8 ms.

    Its `stream_delay_ms` is left at 0: telling it the true delay changed nothing that could be measured.
    """

    name = "webrtc-aec3"

    def __init__(self) -> None:
        self._aec = WebRtcAec3(sample_rate=ECHO_RATE_HZ, num_channels=1)

    def process(self, near: Samples, far: Samples) -> Samples:
        _check_lengths(near, far)
        near, far = np.ascontiguousarray(near, np.float32), np.ascontiguousarray(far, np.float32)
        frames = [
            self._aec.process(near[start : start + ECHO_FRAME], far[start : start + ECHO_FRAME])
            for start in range(0, len(near), ECHO_FRAME)
        ]
        return np.concatenate(frames) if frames else near

    def reset(self) -> None:
        self._aec.reset()


class KalmanFilter:
    """The linear part of an echo, learnt by a partitioned-block frequency-domain Kalman filter.

    It knows how sure it is of the room. So it neither forgets the room while the user speaks at the same time nor takes
    anything from the user's voice; but it takes only about 25 dB from the echo. Source: Kuech, Mabande, Enzner,
    "State-space architecture of the partitioned-block-based acoustic echo controller", ICASSP 2014.

    B = 160 samples of a frame, P = partitions, F = B + 1 frequencies.
    """

    def __init__(self, partitions: int = 32) -> None:
        """`partitions` of 10 ms is the longest echo that is modelled, delay included."""
        shape = (partitions, ECHO_FRAME + 1)
        self._far_spectra = np.zeros(shape, np.complex64)  # [P, F], newest first
        self._room = np.zeros(shape, np.complex64)  # [P, F]
        self._doubt = np.full(shape, _FIRST_DOUBT, np.float32)  # [P, F], variance of the room's estimate
        self._far_before = np.zeros(ECHO_FRAME, np.float32)
        self._left_power = np.zeros(ECHO_FRAME + 1, np.float32)  # [F], smoothed
        self._silent_frames = partitions
        self.surprise = math.inf
        """Power of what was left of the last frame over what the filter's own doubt explains; high: somebody speaks."""
        self.best_db = 0.0
        """Level of what was left against the microphone in the best tenth of the time; low: the room is known."""

    def process(self, near: Samples, far: Samples) -> Samples:
        """One frame `[160]` without the echo that is known so far."""
        self._silent_frames = 0 if far.any() else self._silent_frames + 1
        if self._silent_frames >= len(self._room):
            self.surprise = math.inf
            return near  # there is nothing that could come back, and nothing to learn
        self._far_spectra = np.roll(self._far_spectra, 1, axis=0)
        self._far_spectra[0] = np.fft.rfft(np.concatenate([self._far_before, far]))
        self._far_before = far
        echo = np.fft.irfft(np.einsum("pf,pf->f", self._room, self._far_spectra))[ECHO_FRAME:]
        left = (near - echo).astype(np.float32)
        if float(np.dot(far, far)) > _LOUD_FAR:
            now_db = 10 * math.log10((float(np.dot(left, left)) + 1e-9) / (float(np.dot(near, near)) + 1e-9))
            # Falls nine times as fast as it rises, and so lies near the tenth percentile; rises slowly under a voice.
            rise_db = _BEST_STEP_DB if self.surprise < _SURPRISED else _BEST_STEP_DB / 5
            self.best_db = min(0.0, self.best_db + (rise_db if now_db > self.best_db else -9 * _BEST_STEP_DB))
        self._learn(np.fft.rfft(np.concatenate([np.zeros_like(left), left])).astype(np.complex64))
        return left

    def _learn(self, left: NDArray[np.complex64]) -> None:
        """`left` `[F]` is the spectrum of what remained of the frame."""
        far_power = np.abs(self._far_spectra) ** 2
        power = np.abs(left) ** 2
        doubtful = 0.5 * np.einsum("pf,pf->f", self._doubt, far_power)
        self._left_power += (1 - _POWER_MEMORY) * (power - self._left_power)
        step = self._doubt / (doubtful + self._left_power + 1e-6)
        correction = np.fft.irfft(step * self._far_spectra.conj() * left)
        correction[:, ECHO_FRAME:] = 0  # a filter of one frame, not a circular one
        self._room = (_ROOM_MEMORY * (self._room + np.fft.rfft(correction))).astype(np.complex64)
        kept = np.clip(1 - 0.5 * step * far_power, 0, 1)
        moved = (1 - _ROOM_MEMORY**2) * np.abs(self._room) ** 2
        self._doubt = (_ROOM_MEMORY**2 * kept * self._doubt + moved).astype(np.float32)
        self.surprise = float(power.sum() / (doubtful.sum() + 1e-9))


_ASLEEP_FRAMES = 100
"""A second without a sound from the loudspeaker: longer than any echo of it."""
_USUAL_SHARE = 0.8
_USUAL_STEP_DB = 0.01
"""A frame: an interruption of three seconds must not become what is usual."""
_ABOVE_USUAL_DB = 2.0


@dataclass
class _Spare:
    """A canceller that begins anew beside the one in use, while that one is surprised."""

    suppressor: WebRtcEchoCanceller
    filter: KalmanFilter
    frames: int = 0
    left: float = 0.0
    """Energy that it left."""
    left_in_use: float = 0.0


_DOUBTFUL_FRAMES = 8
_SPARE_WARM_FRAMES = 10
_SPARE_JUDGED_FRAMES = 25
_SPARE_LAST_FRAMES = 200
_SPARE_BETTER = 1.5
"""1.8 dB. In simulated rooms what begins anew leaves 2 to 9 dB less of an echo that comes another way, and at the very
best 0.9 dB less of a user who interrupts."""


_LEARNING_FRAMES = 150
"""Of sound: for so long after its beginning AEC3 may let some syllables through, as soon as it believes in a delay."""
_LONGEST_ECHO_FRAMES = 40
_ECHO_LIKE = 2.0
"""3 dB louder than any echo so far, somebody speaks."""
_GUARDED_GAIN = 0.2
_SOFT_FRAMES = 25
"""After somebody was that loud, softer syllables may follow."""


class StartGuard:
    """Lowers what a canceller leaves while it still learns, unless it is louder than the echo can be.

    How loud that is follows from the frames in which the canceller, which begins by suppressing nearly everything,
    found echo alone: the most of the microphone's energy against the loudspeaker's in the last 400 ms.
    """

    def __init__(self, learnt_frames: int = 0) -> None:
        self._frames = learnt_frames
        self._far = deque([0.0] * _LONGEST_ECHO_FRAMES, maxlen=_LONGEST_ECHO_FRAMES)
        self._loss = 0.0
        self._gain = 1.0
        self._soft_frames = 0

    def apply(self, near: Samples, far: Samples, out: Samples) -> Samples:
        """One frame `[160]` of what was left."""
        if self._frames >= _LEARNING_FRAMES:
            return out
        energy = float(np.dot(near, near))
        self._far.append(float(np.dot(far, far)))
        loudest = max(self._far)
        self._frames += self._far[-1] > _LOUD_FAR
        wanted = 1.0
        if loudest > _LOUD_FAR:
            if 10 * float(np.dot(out, out)) < energy:
                self._loss = max(self._loss, energy / loudest)
            self._soft_frames = _SOFT_FRAMES if energy > _ECHO_LIKE * self._loss * loudest else self._soft_frames - 1
            if self._soft_frames <= 0:
                wanted = _GUARDED_GAIN
        before, self._gain = self._gain, wanted
        return out if before == wanted == 1.0 else out * np.linspace(before, wanted, ECHO_FRAME, dtype=np.float32)


_ABSENT_FRAMES = 30
_ABSENT = 10**-3.5
"""−35 dB: what comes back of the loudspeaker is less than that in headphones, and more in every room."""
_MODELLED_DB = -3.0


class EchoWatch:
    """Whether anything of what is played comes back at all: with headphones nothing does.

    Nothing has come back when the microphone stayed that quiet for 300 ms of loud playback, 300 ms after some of it:
    later no echo comes. It is back as soon as the filter can explain some of the microphone by the playback.
    """

    def __init__(self) -> None:
        self.absent = False
        self._far = deque([0.0] * _LONGEST_ECHO_FRAMES, maxlen=_LONGEST_ECHO_FRAMES)
        self._quiet_frames = 0

    def hear(self, near: Samples, far: Samples, filter_best_db: float) -> None:
        """Takes a frame `[160]` of both, and how well the filter does at its best."""
        self._far.append(float(np.dot(far, far)))
        if self.absent:
            self.absent = filter_best_db > _MODELLED_DB
        elif self._far[-1] > _LOUD_FAR and max(self._far[-32], self._far[-31], self._far[-30]) > _LOUD_FAR:
            quiet = float(np.dot(near, near)) < _ABSENT * max(self._far)
            self._quiet_frames = self._quiet_frames + 1 if quiet else 0
            self.absent = self._quiet_frames >= _ABSENT_FRAMES


class DoubleTalkEchoCanceller:
    """AEC3 while the partner speaks alone, the Kalman filter as soon as the user speaks too.

    AEC3 removes nearly all of the echo, but in double talk also half of the user's syllables: nothing of "Wait, stop"
    was recognised any more. The Kalman filter keeps them all, and leaves a whisper of the echo, which does not matter
    under a voice. Which of the two is heard follows from the Kalman filter's surprise, against what is usual of it:
    where the clocks of microphone and loudspeaker drift apart, it is always a little surprised.

    A filter is surprised, too, when the echo comes another way, because the sound goes to another device. So, while it
    is, another one begins anew beside it, and is used from then on if it leaves much less.

    Where no echo comes back, as with headphones, AEC3 takes the user for one: a "Yes." while the partner spoke was
    gone. So the Kalman filter, which then changes nothing, is heard.
    """

    name = "webrtc-aec3+kalman"

    def __init__(self) -> None:
        self.restarts = 0
        """How often the echo was found to come another way."""
        self.reset()

    def process(self, near: Samples, far: Samples) -> Samples:
        _check_lengths(near, far)
        frames = [
            self._frame(near[at : at + ECHO_FRAME], far[at : at + ECHO_FRAME]) for at in range(0, len(near), ECHO_FRAME)
        ]
        return np.concatenate(frames) if frames else near

    def reset(self) -> None:
        self._suppressor = WebRtcEchoCanceller()
        self._filter = KalmanFilter()
        self._guard = StartGuard()
        self._watch = EchoWatch()
        self._spare: _Spare | None = None
        self._doubtful_frames = 0
        self._late = np.zeros(AEC3_DELAY, np.float32)
        self._share = 1.0
        self._silent_frames = 0
        self._held = 0.0
        self._surprise_db = 0.0
        self._usual_db = 0.0

    def _frame(self, near: Samples, far: Samples) -> Samples:
        self._silent_frames = 0 if far.any() else self._silent_frames + 1
        left = self._filter.process(near, far)
        self._watch.hear(near, far, self._filter.best_db)
        self._compare(near, far, left)
        line = np.concatenate([self._late, left])
        linear, self._late = line[:ECHO_FRAME], line[ECHO_FRAME:]
        if self._silent_frames > _ASLEEP_FRAMES and self._share == 1.0:
            return linear  # AEC3 may sleep: it would not be heard, and it keeps what it knows of the room
        suppressed = self._guard.apply(near, far, self._suppressor.process(near, far))
        before, self._share = self._share, self._next_share()
        if before == self._share == 1.0:  # nothing sounds: the case of nearly all of a day
            return linear
        share = np.linspace(before, self._share, ECHO_FRAME, dtype=np.float32)
        return np.asarray(share * linear + (1 - share) * suppressed, dtype=np.float32)

    def _next_share(self) -> float:
        """How much of the Kalman filter is heard, 0 to 1."""
        surprise = self._filter.surprise
        if math.isinf(surprise):
            self._surprise_db = 0.0
            self._held = 0.0
            return 1.0
        self._surprise_db += 0.3 * (10 * math.log10(surprise + 1e-6) - self._surprise_db)
        above = self._surprise_db > self._usual_db
        self._usual_db += _USUAL_STEP_DB * (_USUAL_SHARE if above else _USUAL_SHARE - 1)
        low, high = _SPEECH_DB
        raised_db = max(0.0, self._usual_db + _ABOVE_USUAL_DB - low)
        wanted = min(1.0, max(0.0, (self._surprise_db - low - raised_db) / (high - low)))
        if self._watch.absent:
            wanted = 1.0
        elif self._filter.best_db > _KNOWN_ROOM_DB:
            wanted = 0.0
        self._held = max(wanted, self._held - _SHARE_RELEASE)
        return self._held

    def _compare(self, near: Samples, far: Samples, left: Samples) -> None:
        """Goes over to a canceller that began anew, when it is the better one."""
        loud = float(np.dot(far, far)) > _LOUD_FAR
        if (spare := self._spare) is None:
            if loud:
                doubtful = self._surprise_db > _SPEECH_DB[0] and not math.isinf(self._filter.surprise)
                self._doubtful_frames = self._doubtful_frames + 1 if doubtful else 0
            if self._doubtful_frames > _DOUBTFUL_FRAMES:
                self._doubtful_frames = 0
                self._spare = _Spare(WebRtcEchoCanceller(), KalmanFilter())
            return
        spare.suppressor.process(near, far)
        left_anew = spare.filter.process(near, far)
        spare.frames += loud
        if loud and spare.frames > _SPARE_WARM_FRAMES:
            spare.left += float(np.dot(left_anew, left_anew))
            spare.left_in_use += float(np.dot(left, left))
        if spare.frames > _SPARE_JUDGED_FRAMES and _SPARE_BETTER * spare.left < spare.left_in_use:
            self._suppressor, self._filter, self._spare = spare.suppressor, spare.filter, None
            self._guard = StartGuard(learnt_frames=spare.frames)
            self._surprise_db = self._usual_db = self._held = 0.0
            self.restarts += 1
        elif spare.frames > _SPARE_LAST_FRAMES or self._silent_frames > _ASLEEP_FRAMES:
            self._spare = None


def _check_lengths(near: Samples, far: Samples) -> None:
    if near.shape != far.shape or near.ndim != 1 or len(near) % ECHO_FRAME:
        raise ValueError(
            f"near and far must both be [N], N a multiple of {ECHO_FRAME}, not {list(near.shape)} and {list(far.shape)}"
        )
