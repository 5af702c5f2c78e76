"""The output side: one utterance at a time, silenced within one block, and the truth about what was heard of it."""

import threading
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

import numpy as np

from duologue_server.audio.device import Samples
from duologue_server.audio.ring import SampleRing
from duologue_server.trace.facts import EndCause

HUSH_FADE_MS = 10
ONSET_FADE_MS = 2
"""Every beginning is faded in, so that going on in the middle of a word does not click."""
REFERENCE_S = 4.0
MAX_REPORTS = 1024


class Track:
    """The audio of one utterance, growing while it is made.

    One thread appends, the device's thread reads. Whoever still appends to a track that was replaced harms nobody: no
    player looks at it any more.
    """

    def __init__(self, track_id: str, rate_hz: int) -> None:
        self.id = track_id
        self.rate_hz = rate_hz
        self._chunks: list[Samples] = []
        self._starts: list[int] = []
        self._length = 0
        self._closed = False

    @property
    def length(self) -> int:
        """Samples so far."""
        return self._length

    @property
    def closed(self) -> bool:
        """Whether `length` is final."""
        return self._closed

    def append(self, samples: Samples) -> None:
        """Adds `[N]` float32 samples. Raises ValueError for another shape, or when the track is closed."""
        if self._closed:
            raise ValueError(f"track '{self.id}' is closed; nothing can be added to it")
        chunk = np.array(samples, dtype=np.float32)
        if chunk.ndim != 1:
            raise ValueError(f"a track takes mono samples [N], not {list(chunk.shape)}")
        if not len(chunk):
            return
        chunk.flags.writeable = False
        # In this order, so that a reader on another thread who sees the length also finds the samples.
        self._starts.append(self._length)
        self._chunks.append(chunk)
        self._length += len(chunk)

    def close(self) -> None:
        """No more will come; idempotent."""
        self._closed = True

    def copy_to(self, out: Samples, start_sample: int) -> int:
        """Copies what there is from `start_sample` on into `out` `[N]`; gives how many samples that was."""
        end = min(self._length, start_sample + len(out))
        position = start_sample
        index = bisect_right(self._starts, start_sample) - 1
        while position < end:
            chunk, chunk_start = self._chunks[index], self._starts[index]
            stop = min(end, chunk_start + len(chunk))
            out[position - start_sample : stop - start_sample] = chunk[position - chunk_start : stop - chunk_start]
            position, index = stop, index + 1
        return max(0, position - start_sample)


@dataclass(frozen=True, slots=True)
class Started:
    """The first sample of a track was put out, at this output sample since the device started."""

    track_id: str
    at_sample: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The last sample of a track was put out just before `at_sample`. Every `play` gives exactly one of these.

    A track that was stopped before its first sample has `heard_samples` 0 and no `Started`.
    """

    track_id: str
    at_sample: int
    heard_samples: int
    """Samples of the track put out since its `play`, the fade included, gaps not."""
    cause: EndCause
    end_sample: int
    """The place in the track up to which it was heard: the start sample of its `play` plus `heard_samples`."""


Report = Started | Ended


@dataclass(frozen=True, slots=True)
class _Play:
    generation: int
    track: Track
    start_sample: int
    replacing: EndCause


@dataclass(frozen=True, slots=True)
class _Gain:
    target: float
    fade_samples: int


@dataclass(frozen=True, slots=True)
class _Stop:
    cause: EndCause
    fade_samples: int


class _Sounding:
    """A track that is scheduled or sounding, with its ramp. Touched by the device's thread only."""

    def __init__(self, play: _Play, onset_samples: int) -> None:
        self.track = play.track
        self.generation = play.generation
        self.start_sample = play.start_sample
        self.position = play.start_sample
        self.started = False
        self.dry = False
        self.finished = False
        self.sounded_until = 0
        self.cause: EndCause | None = None
        self._gain = 0.0 if onset_samples else 1.0
        self._target = 1.0
        self._left = onset_samples

    @property
    def heard_samples(self) -> int:
        return self.position - self.start_sample

    def ramp_to(self, target: float, fade_samples: int) -> None:
        """Moves the gain linearly from where it is now; 0 samples: at once."""
        self._target, self._left = target, fade_samples
        if fade_samples == 0:
            self._gain = target

    def fade_out(self, cause: EndCause, fade_samples: int) -> None:
        """Ends the track. The first cause stays; a quicker fade wins."""
        if self.cause is None:
            self.cause = cause
        elif fade_samples >= self._left:
            return
        self.ramp_to(0.0, fade_samples)

    def sound(self, out: Samples) -> int:
        """Fills the beginning of `out` `[N]` and gives how many samples were put out."""
        room = len(out) if self.cause is None else min(len(out), self._left)
        closed = self.track.closed  # before the length, which is final once this is true
        count = self.track.copy_to(out[:room], self.position)
        self._apply_gain(out[:count])
        self.position += count
        if self.cause is not None:
            # Dry while fading: there is nothing left to fade.
            self.finished = self._left == 0 or count < room
        elif closed and self.position >= self.track.length:
            self.cause = "end"
            self.finished = True
        return count

    def _apply_gain(self, samples: Samples) -> None:
        ramped = min(len(samples), self._left)
        if ramped:
            step = (self._target - self._gain) / self._left
            samples[:ramped] *= self._gain + step * np.arange(1, ramped + 1, dtype=np.float32)
            self._left -= ramped
            self._gain = self._gain + step * ramped if self._left else self._target
        if self._gain != 1.0:
            samples[ramped:] *= self._gain


class Player:
    """Plays at most one track at a time.

    `fill` belongs to the device's thread, `hush` to any thread, everything else to the voice thread. Nothing that the
    voice thread does can make `fill` wait: it reads a deque of orders and one integer.
    """

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.underruns = 0
        """How often a track went silent because its samples came too late."""
        self.volume = 1.0
        """Everything is multiplied by it, whatever is ducked too; above 1, peaks are cut at full scale."""
        self._orders: deque[_Play | _Gain | _Stop] = deque()
        self._reports: deque[Report] = deque(maxlen=MAX_REPORTS)
        self._reference = SampleRing(round(rate_hz * REFERENCE_S))
        self._generation = 0
        self._hushed = 0
        self._writers = threading.Lock()  # among those who give orders; `fill` never takes it
        self._present: _Sounding | None = None
        self._next: _Sounding | None = None
        self._position = 0

    @property
    def position_samples(self) -> int:
        """Output samples since the device started."""
        return self._position

    @property
    def playing(self) -> str | None:
        """Id of the track that sounds, as of the last block; a track that has not put out a sample does not sound."""
        present = self._present
        return present.track.id if present is not None and present.started else None

    @property
    def heard_samples(self) -> int:
        """Samples of the present track put out since its `play`, as of the last block; 0 when there is none."""
        present = self._present
        return present.heard_samples if present is not None else 0

    @property
    def reference_dropped(self) -> int:
        """Samples of the reference that nobody took in time."""
        return self._reference.dropped

    def play(self, track: Track, start_sample: int = 0, replacing: EndCause = "control") -> None:
        """Begins `track` at `start_sample`, at full voice, as soon as what sounds now has faded.

        What sounds or is scheduled ends with the cause `replacing`, unless it was stopped before. Raises ValueError
        when the track has another rate than the player, or the start lies before it.
        """
        if track.rate_hz != self.rate_hz:
            raise ValueError(f"track '{track.id}' has {track.rate_hz} Hz and the player {self.rate_hz} Hz; resample it")
        if start_sample < 0:
            raise ValueError(f"track '{track.id}' cannot start at sample {start_sample}")
        with self._writers:
            self._generation += 1
            self._orders.append(_Play(self._generation, track, start_sample, replacing))

    def duck(self, gain_db: float, fade_ms: float = 30) -> None:
        """Lowers what sounds or is scheduled; without effect on what is played later."""
        self._orders.append(_Gain(10 ** (gain_db / 20), self._samples(fade_ms)))

    def unduck(self, fade_ms: float = 60) -> None:
        """Raises it to full voice again."""
        self._orders.append(_Gain(1.0, self._samples(fade_ms)))

    def stop(self, cause: EndCause, fade_ms: float = HUSH_FADE_MS) -> None:
        """Fades what sounds from the next block on, and drops what is scheduled."""
        self._orders.append(_Stop(cause, self._samples(fade_ms)))

    def hush(self) -> None:
        """The reflex: whatever was played up to now fades from the next block on and ends with the cause `key`.

        For any thread; takes effect without the voice thread, and never on what is played afterwards.
        """
        with self._writers:
            self._hushed = self._generation

    def abort(self, cause: EndCause) -> None:
        """Ends everything at once, without a fade. Only while no device calls `fill`: lost, or not started."""
        self._obey()
        for sounding in (self._present, self._next):
            if sounding is not None:
                self._end(sounding, cause)
        self._present = self._next = None

    def drain_reports(self) -> list[Report]:
        """What happened since the last call, in order."""
        return [self._reports.popleft() for _ in range(len(self._reports))]

    def take_reference(self) -> Samples:
        """What was put out since the last call, `[N]`, after gain, silence included."""
        return self._reference.take()

    def fill(self, n: int) -> Samples:
        """The next `n` samples `[n]`. For the device's thread: copies, multiplies, never waits, never raises."""
        out = np.zeros(n, np.float32)
        self._obey()
        done = 0
        while (present := self._present) is not None and done < n:
            count = present.sound(out[done:])
            if count:
                self._note_sound(present, self._position + done, count)
                done += count
            if present.finished:
                self._end(present)
                self._present, self._next = self._next, None
            elif done < n:
                present.dry = True
                break
        self._position += n
        if self.volume != 1.0:
            out *= np.float32(self.volume)
            if self.volume > 1.0:  # as the device would cut it: the reference must be what is really heard
                np.clip(out, -1.0, 1.0, out=out)
        self._reference.write(out)
        return out

    def _samples(self, fade_ms: float) -> int:
        return max(0, round(fade_ms * self.rate_hz / 1000))

    def _note_sound(self, sounding: _Sounding, at_sample: int, count: int) -> None:
        if not sounding.started:
            sounding.started = True
            self._reports.append(Started(sounding.track.id, at_sample))
        elif sounding.dry:
            self.underruns += 1
        sounding.dry = False
        sounding.sounded_until = at_sample + count

    def _obey(self) -> None:
        """Carries out the orders that have come since the last block, then the hush, each on what it was meant for."""
        hushed = self._hushed
        for _ in range(len(self._orders)):
            order = self._orders.popleft()
            if isinstance(order, _Play):
                self._hush(hushed)
                self._stop(order.replacing, self._samples(HUSH_FADE_MS))
                sounding = _Sounding(order, self._samples(ONSET_FADE_MS))
                if self._present is None:
                    self._present = sounding
                else:
                    self._next = sounding
            elif isinstance(order, _Stop):
                self._stop(order.cause, order.fade_samples)
            elif (sounding_now := self._next or self._present) is not None and sounding_now.cause is None:
                sounding_now.ramp_to(order.target, order.fade_samples)
        self._hush(hushed)

    def _hush(self, hushed: int) -> None:
        newest = self._next or self._present
        if newest is not None and newest.generation <= hushed:
            self._stop("key", self._samples(HUSH_FADE_MS))
        elif self._present is not None and self._present.generation <= hushed:
            self._present.fade_out("key", self._samples(HUSH_FADE_MS))

    def _stop(self, cause: EndCause, fade_samples: int) -> None:
        if self._next is not None:
            self._end(self._next, cause)
            self._next = None
        if self._present is not None:
            self._present.fade_out(cause, fade_samples)
            if not self._present.started or fade_samples == 0:
                self._end(self._present)
                self._present = None

    def _end(self, sounding: _Sounding, cause: EndCause | None = None) -> None:
        why = sounding.cause or cause
        assert why is not None
        at_sample = sounding.sounded_until if sounding.started else self._position
        self._reports.append(Ended(sounding.track.id, at_sample, sounding.heard_samples, why, sounding.position))
