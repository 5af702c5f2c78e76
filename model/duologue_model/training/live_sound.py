"""The sound of a session while it happens: what is heard in each slice, when nobody knows what comes after it.

The same places and machines as in `render`. What the user does is mixed in when it is planned, with the room's tail;
the partner's voice is played as it comes, and its echo goes through the room slice by slice.
"""

import bisect

import numpy as np
from numpy.random import Generator

from duologue_model.slices import RATE_HZ, SLICE_SAMPLES, Samples
from duologue_model.training import rooms
from duologue_model.training.floorlog import Sounded, Turn
from duologue_model.training.render import (
    DUCK_DB,
    FADE_SAMPLES,
    PLAYBACK_RMS,
    SPEECH_RMS,
    Conditions,
    Keyboard,
    Sound,
    loudness,
    responses,
    room_noise,
    short_sound,
    speech,
    voiced,
)
from duologue_model.training.seen import Seen
from duologue_model.training.stage import Stage
from duologue_model.training.voices import Bank

LOUDEST_RMS = 4.0
"""The peak of speech against its root mean square, where the peak of the whole session would have to be known."""


class Track:
    """Sound that is mixed in anywhere and grows as far as it must."""

    def __init__(self, seconds: float) -> None:
        self._samples: Samples = np.zeros(round(seconds * RATE_HZ), np.float32)

    def mix(self, sound: Samples, start: int) -> None:
        """Adds a sound from sample `start` on."""
        self._reach(start + len(sound))
        self._samples[start : start + len(sound)] += sound

    def part(self, start: int, end: int) -> Samples:
        """Samples `start` to before `end`; silence before the beginning."""
        self._reach(end)
        if start >= 0:
            return self._samples[start:end]
        before = np.zeros(min(end, 0) - start, np.float32)
        return np.concatenate([before, self._samples[: max(0, end)]])

    def _reach(self, end: int) -> None:
        if end > len(self._samples):
            self._samples = np.concatenate([self._samples, np.zeros(max(end, len(self._samples)), np.float32)])


class StreamingFilter:
    """A convolution slice by slice: what rings on is carried over (overlap and add)."""

    def __init__(self, response: Samples) -> None:
        self._size = 1 << int(np.ceil(np.log2(SLICE_SAMPLES + len(response))))
        self._spectrum = np.fft.rfft(response, self._size)
        self._rest: Samples = np.zeros(self._size, np.float32)
        self._rings = 0
        """For how many samples it still does."""

    def __call__(self, block: Samples) -> Samples:
        """`[1280]` to `[1280]`."""
        if block.any():
            self._rest += np.fft.irfft(np.fft.rfft(block, self._size) * self._spectrum, self._size).astype(np.float32)
            self._rings = self._size
        if self._rings <= 0:
            return np.zeros(SLICE_SAMPLES, np.float32)
        out = self._rest[:SLICE_SAMPLES].copy()
        self._rest[:-SLICE_SAMPLES] = self._rest[SLICE_SAMPLES:]
        self._rest[-SLICE_SAMPLES:] = 0.0
        self._rings -= SLICE_SAMPLES
        return out


class LiveSound:
    """What the microphone and the loudspeaker of one session carry. `hear` is called once for each slice, in order."""

    def __init__(self, bank: Bank, rng: Generator, conditions: Conditions, echo_db: float, seconds: float) -> None:
        self._bank, self._conditions = bank, conditions
        self._noise_rng, key_rng, room_rng, self._wander_rng, dimming_rng = rng.spawn(5)
        self._dimmed = rooms.Dimming(dimming_rng, conditions.dimming_db)
        self._near, self._far = responses(room_rng, conditions)
        self._keyboard = Keyboard(bank, key_rng, conditions)
        level = np.float32(SPEECH_RMS * 10 ** (-conditions.snr_db / 20))
        self._room = room_noise(bank, room_rng, max(SLICE_SAMPLES, round(seconds * RATE_HZ))) * level
        self._lost = [
            (start, start + int(room_rng.uniform(0.02, 0.12) * RATE_HZ))
            for start in room_rng.integers(len(self._room), size=conditions.dropouts).tolist()
        ]
        self._echo_gain = np.float32(10 ** (echo_db / 20)) if echo_db > -80.0 else np.float32(0.0)
        self._echo = StreamingFilter(self._near)
        self._echo_peak = float(LOUDEST_RMS * PLAYBACK_RMS * self._echo_gain)
        self._wander_db: list[float] = []
        self._loudness: dict[str, float] = {}
        self._turns = self._noises = self._slices = 0
        self._open: list[bool] = []
        self._around, self._voice, self._played, self._microphone = (Track(seconds + 30.0) for _ in range(4))

    def hear(self, stage: Stage, seen: Seen) -> tuple[Samples, Samples]:
        """The microphone and the playback of the slice that has just ended, `[1280]` each."""
        start = self._slices * SLICE_SAMPLES
        end = start + SLICE_SAMPLES
        self._plan(stage, seen)
        for said in stage.sounded[-3:]:
            self._play(said, stage.ducked_s if said is stage.sounded[-1] else None, start, end)
        playback = np.clip(self._played.part(start, end), -1.0, 1.0)
        heard = self._dimmed(self._around.part(start, end) + self._returned(start, end), playback, start)
        heard += self._room.take(range(start, end), mode="wrap")
        microphone = self._recorded(heard, start, end) * np.float32(seen.microphone_open)
        self._open.append(seen.microphone_open)
        self._microphone.mix(microphone, start)
        self._slices += 1
        return microphone, playback

    def sound(self) -> Sound:
        """All slices so far."""
        end = self._slices * SLICE_SAMPLES
        played = self._played.part(0, end)
        return Sound(
            microphone=self._microphone.part(0, end),
            playback=np.clip(played, -1.0, 1.0),
            user_voice=voiced(self._voice.part(0, end), SPEECH_RMS).reshape(-1, 4) & np.array(self._open)[:, None],
            own_voice=voiced(played, PLAYBACK_RMS * 10 ** (DUCK_DB / 20)).reshape(-1, 4),
        )

    def _plan(self, stage: Stage, seen: Seen) -> None:
        """Mixes in what is new of the user's doing, and the clicks of this slice's keys."""
        for turn in stage.turns[self._turns :]:
            self._speak(turn)
        for noise in stage.noises[self._noises :]:
            sound = self._in_room(short_sound(self._noise_rng, noise), self._near)
            self._around.mix(sound, round(noise.start_s * RATE_HZ))
        self._turns, self._noises = len(stage.turns), len(stage.noises)
        shift_s = self._keyboard.shift_s
        first, last = (
            bisect.bisect_left(stage.keys, at_s - shift_s, key=lambda key: key.at_s) for at_s in (seen.start_s, seen.t)
        )
        for key in stage.keys[first:last]:
            click, at_s = self._keyboard.click(key)
            self._around.mix(click, round(at_s * RATE_HZ))

    def _speak(self, turn: Turn) -> None:
        gain = np.float32(10 ** (turn.gain_db / 20))
        for part in turn.parts:
            piece, start = speech(part, self._bank), round(part.start_s * RATE_HZ)
            if turn.who == "user":
                self._voice.mix(piece, start)
            self._around.mix(self._in_room(piece * gain, self._near if turn.who == "user" else self._far), start)

    def _in_room(self, sound: Samples, response: Samples) -> Samples:
        return rooms.convolve(np.pad(sound, (0, len(response) - 1)), response)

    def _play(self, said: Sounded, ducked_s: float | None, start: int, end: int) -> None:
        """Plays of an utterance what lies in the slice. Where it is broken off, it is faded out after its end."""
        begin, over = round(said.start_s * RATE_HZ), round(said.end_s * RATE_HZ)
        fade = FADE_SAMPLES if said.ended_by != "end" else 0
        first, last = max(start, begin), min(end, over + fade)
        if first >= last:
            return
        clip = self._bank.clips[said.clip].samples
        if said.clip not in self._loudness:
            self._loudness[said.clip] = loudness(clip)
        sound = clip[said.clip_start + first - begin : said.clip_start + last - begin]
        sound = sound * np.float32(PLAYBACK_RMS / self._loudness[said.clip])
        number = np.arange(first, first + len(sound))
        # A duck that lasts to the end is not undone while the end is faded out.
        ducks = [(from_s, to_s if to_s < said.end_s else np.inf) for from_s, to_s in said.ducks]
        if ducked_s is not None:
            ducks.append((ducked_s, np.inf))
        for from_s, to_s in ducks:
            depth = np.clip((number - from_s * RATE_HZ) / FADE_SAMPLES, 0.0, 1.0)
            depth -= np.clip((number - to_s * RATE_HZ) / FADE_SAMPLES, 0.0, 1.0)
            sound = sound * (1.0 - (1.0 - 10 ** (DUCK_DB / 20)) * depth).astype(np.float32)
        if fade:
            sound = sound * np.clip(1.0 - (number - over) / FADE_SAMPLES, 0.0, 1.0).astype(np.float32)
        self._played.mix(sound, first)

    def _returned(self, start: int, end: int) -> Samples:
        """The echo of what was played, as a canceller leaves it where there is one."""
        if not self._echo_gain:
            return np.zeros(SLICE_SAMPLES, np.float32)
        delay = round(self._conditions.echo_delay_s * RATE_HZ)
        returned = self._echo(self._played.part(start - delay, end - delay) * self._echo_gain)
        if not self._conditions.echo_residue:
            return returned
        while len(self._wander_db) < end // RATE_HZ + 2:
            self._wander_db.append(float(self._wander_rng.normal(-4.0, 6.0)))
        at_s = np.arange(start, end) / RATE_HZ
        wander_db = np.interp(at_s, np.arange(len(self._wander_db)), self._wander_db)
        rough = returned * (10 ** (np.minimum(wander_db, 0.0) / 20)).astype(np.float32)
        self._echo_peak = max(self._echo_peak, float(np.abs(rough).max()))
        bent: Samples = (np.tanh(2.0 * rough / self._echo_peak) * (self._echo_peak / 2.0)).astype(np.float32)
        return bent

    def _recorded(self, heard: Samples, start: int, end: int) -> Samples:
        """What the machine makes of what arrives: gain, clipping, lost blocks."""
        gain = np.float32(10 ** (self._conditions.gain_db / 20))
        recorded = heard * gain
        if self._conditions.clipped:
            ceiling = max(0.05, 0.4 * LOUDEST_RMS * SPEECH_RMS * float(gain))
            recorded = np.clip(recorded, -ceiling, ceiling)
        for lost_from, lost_to in self._lost:
            recorded[max(0, lost_from - start) : max(0, min(end, lost_to) - start)] = 0.0
        clipped: Samples = np.clip(recorded, -1.0, 1.0).astype(np.float32)
        return clipped
