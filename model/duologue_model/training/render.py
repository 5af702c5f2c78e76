"""From an event log to sound: the microphone `[T·1280]`, the playback `[T·1280]` and where voices are in them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from duologue_model.slices import RATE_HZ, SLICE_SAMPLES, Samples
from duologue_model.training import rooms
from duologue_model.training.example import SessionExample
from duologue_model.training.floorlog import FloorLog, Key, Noise, Said, Who
from duologue_model.training.hearing import draw_recogniser, words_by_slice
from duologue_model.training.voices import Bank, levels

UNHEARD_DB = -60.0
"""Speech below this against the user's usual level was not recorded at all."""
SPEECH_RMS = 0.06
PLAYBACK_RMS = 0.08
DUCK_DB = -14.0
"""As the product ducks."""
FADE_SAMPLES = RATE_HZ // 100
FRAME = RATE_HZ // 50
VOICED = 0.03
"""A 20 ms frame is voiced above this share of the clip's own root mean square."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The sound of a session's place and machine."""

    snr_db: float = 30.0
    gain_db: float = 0.0
    echo_delay_s: float = 0.1
    echo_residue: bool = False
    """The echo went through a canceller that is not perfect."""
    dimming_db: float = 0.0
    """How much of the user's voice that canceller takes at most while the partner speaks."""
    decay_s: float = 0.0
    """Reverberation; 0: none at all."""
    keys_db: float = -14.0
    keys_aligned: bool = True
    """The clicks belong to the keys that the editor reports; otherwise they come at other times."""
    clipped: bool = False
    dropouts: int = 0
    tilt_db: float = 0.0
    """How much more of each octave upwards the microphone takes."""
    low_hz: float = 0.0
    """It takes little below this …"""
    high_hz: float = RATE_HZ / 2
    """… and little above this."""


def draw_conditions(rng: Generator) -> Conditions:
    """As varied as desks are: 0–30 dB signal to noise, ±12 dB gain, echo after 20–250 ms."""
    conditions = Conditions(
        snr_db=float(30.0 * rng.beta(1.6, 1.0)),
        gain_db=float(np.clip(rng.normal(0.0, 5.0), -12.0, 12.0)),
        echo_delay_s=float(rng.uniform(0.02, 0.25)),
        echo_residue=bool(rng.random() < 0.5),
        decay_s=float(rng.uniform(0.1, 0.7)),
        keys_db=float(rng.uniform(-30.0, -4.0)),
        keys_aligned=bool(rng.random() < 0.9),
        clipped=bool(rng.random() < 0.06),
        dropouts=int(rng.integers(1, 6)) if rng.random() < 0.08 else 0,
        tilt_db=float(rng.normal(0.0, 1.5)),
        low_hz=float(rng.choice([0.0, rng.uniform(60.0, 300.0)])),
        high_hz=float(rng.uniform(3300.0, 4500.0) if rng.random() < 0.1 else rng.uniform(5500.0, 8000.0)),
    )
    return replace(conditions, dimming_db=float(rng.uniform(0.0, 12.0)) if conditions.echo_residue else 0.0)


@dataclass(frozen=True, slots=True)
class Sound:
    """A rendered session."""

    microphone: Samples
    playback: Samples
    user_voice: NDArray[np.bool_]
    """`[T, 4]`"""
    own_voice: NDArray[np.bool_]
    """`[T, 4]`"""


def render(log: FloorLog, bank: Bank, rng: Generator, conditions: Conditions) -> Sound:
    """The sound of a log."""
    length = log.slices * SLICE_SAMPLES
    user, user_voice = _spoken(log, bank, "user", length)
    others, _ = _spoken(log, bank, "other", length)
    playback, own_voice = _played(log, bank, length)
    near, far = responses(rng, conditions)
    microphone = rooms.convolve(user, near) + rooms.convolve(others, far)
    microphone += rooms.convolve(_noises(log, rng, length), near)
    microphone += _clicks(log, bank, rng, conditions, length)
    if log.echo_db > -80.0:
        returned = rooms.echo(playback, conditions.echo_delay_s, log.echo_db, near)
        microphone += rooms.residue(rng, returned) if conditions.echo_residue else returned
    microphone = rooms.Dimming(rng.spawn(1)[0], conditions.dimming_db)(microphone, playback)
    microphone += room_noise(bank, rng, length) * np.float32(SPEECH_RMS * 10 ** (-conditions.snr_db / 20))
    recorded = _recorded(microphone, rng, conditions)
    open_ = log.perceived.microphone_open
    if open_ is not None:
        recorded *= np.repeat(open_, SLICE_SAMPLES)
        user_voice &= open_[:, None]
    return Sound(recorded, playback, user_voice, own_voice)


def example(log: FloorLog, bank: Bank, rng: Generator, conditions: Conditions | None = None) -> SessionExample:
    """A session as arrays: the log, its sound, and what a recogniser makes of it."""
    sound = render(log, bank, rng, conditions or draw_conditions(rng))
    words = words_by_slice(log, draw_recogniser(rng), rng)
    return example_of(log, sound, words)


def example_of(log: FloorLog, sound: Sound, words: tuple[str, ...]) -> SessionExample:
    """A session as arrays, from its log, its sound and what was recognised."""
    perceived = log.perceived
    heard = (turn for turn in log.turns if turn.who == "user" and turn.gain_db > UNHEARD_DB)
    spoken = (word for turn in heard for part in turn.parts for word in part.words)
    return SessionExample(
        name=log.name,
        scenario=log.scenario,
        microphone=sound.microphone,
        playback=sound.playback,
        editor=perceived.editor,
        agenda=perceived.agenda,
        clocks=perceived.clocks,
        words=words,
        own=perceived.own,
        action=perceived.action,
        user=perceived.user,
        user_voice=sound.user_voice,
        own_voice=sound.own_voice,
        turn_end=perceived.turn_end,
        transcript=tuple((w.start_s, w.end_s, w.text) for w in spoken if w.start_s < log.duration_s),
        forced=perceived.forced,
        end_of_turn=perceived.end_of_turn,
        microphone_open=perceived.microphone_open,
    )


def mix(track: Samples, sound: Samples, start_s: float) -> None:
    """Mixes a sound into a track, cut at its end."""
    start = max(0, round(start_s * RATE_HZ))
    kept = sound[: max(0, len(track) - start)]
    track[start : start + len(kept)] += kept


def loudness(samples: Samples) -> float:
    """Root mean square of what sounds in a clip."""
    loud = levels(samples)
    active = loud[loud > 0.1 * loud.max(initial=0.0)]
    return max(float(np.sqrt(np.mean(active**2))) if len(active) else 0.0, 1e-5)


def voiced(sound: Samples, level: float) -> NDArray[np.bool_]:
    """`[N / 320]` whether each 20 ms of a track is voiced."""
    frames: NDArray[np.bool_] = np.sqrt(np.mean(sound.reshape(-1, FRAME) ** 2, axis=1)) > VOICED * level
    return frames


def speech(part: Said, bank: Bank) -> Samples:
    """The samples of a piece of speech, at its speed and at the usual level, without clicks at its ends."""
    clip = bank.clips[part.clip].samples
    piece = clip[part.clip_start : part.clip_end] * np.float32(SPEECH_RMS / loudness(clip))
    if part.speed != 1.0:
        at = np.arange(int(len(piece) / part.speed), dtype=np.float32) * np.float32(part.speed)
        piece = np.interp(at, np.arange(len(piece), dtype=np.float32), piece).astype(np.float32)
    fade = min(80, len(piece) // 2)
    if fade:
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        piece[:fade] *= ramp
        piece[-fade:] *= ramp[::-1]
    return piece


def _spoken(log: FloorLog, bank: Bank, who: Who, length: int) -> tuple[Samples, NDArray[np.bool_]]:
    """All that is said by somebody, without the room, and `[T, 4]` where."""
    track = np.zeros(length, np.float32)
    even = np.zeros(length, np.float32)
    for turn in log.turns:
        if turn.who == who:
            for part in turn.parts:
                piece = speech(part, bank)
                mix(even, piece, part.start_s)
                mix(track, piece * np.float32(10 ** (turn.gain_db / 20)), part.start_s)
    return track, voiced(even, SPEECH_RMS).reshape(-1, 4)


def _played(log: FloorLog, bank: Bank, length: int) -> tuple[Samples, NDArray[np.bool_]]:
    """What the loudspeaker plays, ducked and broken off as in the log, and `[T, 4]` where."""
    track = np.zeros(length, np.float32)
    for said in log.sounded:
        clip = bank.clips[said.clip].samples
        heard = clip[said.clip_start : said.clip_start + round((said.end_s - said.start_s) * RATE_HZ)]
        sound = heard * np.float32(PLAYBACK_RMS / loudness(clip))
        for from_s, to_s in said.ducks:
            sound = _lowered(sound, round((from_s - said.start_s) * RATE_HZ), round((to_s - said.start_s) * RATE_HZ))
        if said.ended_by != "end" and len(sound) > FADE_SAMPLES:
            sound[-FADE_SAMPLES:] *= np.linspace(1.0, 0.0, FADE_SAMPLES, dtype=np.float32)
        mix(track, sound, said.start_s)
    return np.clip(track, -1.0, 1.0), voiced(track, PLAYBACK_RMS * 10 ** (DUCK_DB / 20)).reshape(-1, 4)


def _lowered(sound: Samples, start: int, end: int) -> Samples:
    gain: Samples = np.ones(len(sound), np.float32)
    gain[start:end] = 10 ** (DUCK_DB / 20)
    if len(sound) > FADE_SAMPLES:
        ramp = np.ones(FADE_SAMPLES, np.float32) / np.float32(FADE_SAMPLES)
        gain = np.convolve(gain, ramp, mode="full")[: len(sound)].astype(np.float32)
        gain[:FADE_SAMPLES] = 1.0
    lowered: Samples = (sound * gain).astype(np.float32)
    return lowered


def responses(rng: Generator, conditions: Conditions) -> tuple[Samples, Samples]:
    """The way from the user, and from people further off, through the room and the microphone."""
    colour = rooms.colour(conditions.tilt_db, conditions.low_hz, conditions.high_hz)
    if conditions.decay_s <= 0.0:
        return colour, colour
    near = rooms.room_tail(rng, conditions.decay_s, float(rng.uniform(0.6, 0.98)))
    far = rooms.room_tail(rng, conditions.decay_s, float(rng.uniform(0.1, 0.5)))
    return rooms.convolve(np.pad(near, (0, len(colour))), colour), rooms.convolve(np.pad(far, (0, len(colour))), colour)


def short_sound(rng: Generator, noise: Noise) -> Samples:
    """A noise at its level."""
    sound = rooms.short_noise(rng, noise.kind, max(160, round((noise.end_s - noise.start_s) * RATE_HZ)))
    return sound * np.float32(4 * SPEECH_RMS * 10 ** (noise.gain_db / 20))


def _noises(log: FloorLog, rng: Generator, length: int) -> Samples:
    track = np.zeros(length, np.float32)
    for noise in log.noises:
        mix(track, short_sound(rng, noise), noise.start_s)
    return track


def _clicks(log: FloorLog, bank: Bank, rng: Generator, conditions: Conditions, length: int) -> Samples:
    """Key clicks, at the keys' own times or, from a keyboard that is not this one's, at others."""
    track = np.zeros(length, np.float32)
    keyboard = Keyboard(bank, rng, conditions)
    for key in log.keys:
        click, at_s = keyboard.click(key)
        mix(track, click, at_s)
    return track


class Keyboard:
    """The clicks of a session's keys."""

    def __init__(self, bank: Bank, rng: Generator, conditions: Conditions) -> None:
        self._bank, self._rng, self._keys_db = bank, rng, conditions.keys_db
        keyboards = bank.speakers("key") if bank.has("key") else []
        self._mine = keyboards[int(rng.integers(len(keyboards)))] if keyboards else None
        self.shift_s = 0.0 if conditions.keys_aligned else float(rng.uniform(1.0, 4.0))
        """How long after the key its click comes."""

    def click(self, key: Key) -> tuple[Samples, float]:
        """The click of a key, and when it sounds."""
        rng, owner = self._rng, None if key.elsewhere else self._mine
        click = self._bank.pick(rng, "key", owner).samples if self._mine else rooms.key_click(rng)
        level_db = self._keys_db + rng.normal(0.0, 2.0) - (8.0 if key.elsewhere else 0.0)
        peak = max(float(np.abs(click).max()), 1e-5)
        at_s = key.at_s + self.shift_s + abs(rng.normal(0.0, 0.004))
        return click[: RATE_HZ // 3] * np.float32(4 * SPEECH_RMS * 10 ** (level_db / 20) / peak), at_s


def room_noise(bank: Bank, rng: Generator, length: int) -> Samples:
    """The room with nobody in it, at root mean square 1: recorded, if there are recordings, in one session of five."""
    if bank.has("ambience") and rng.random() < 0.2:
        recorded = bank.pick(rng, "ambience").samples
        looped = np.resize(np.roll(recorded, int(rng.integers(len(recorded)))), length)
        return (looped / max(float(looped.std()), 1e-9)).astype(np.float32)
    return rooms.ambience(rng, length)


def _recorded(sound: Samples, rng: Generator, conditions: Conditions) -> Samples:
    """What the machine makes of what arrives: gain, clipping, lost blocks."""
    recorded = sound * np.float32(10 ** (conditions.gain_db / 20))
    if conditions.clipped:
        ceiling = np.float32(max(0.05, 0.4 * float(np.abs(recorded).max(initial=0.0))))
        recorded = np.clip(recorded, -ceiling, ceiling)
    for _ in range(conditions.dropouts):
        start = int(rng.integers(len(recorded)))
        recorded[start : start + int(rng.uniform(0.02, 0.12) * RATE_HZ)] = 0.0
    clipped: Samples = np.clip(recorded, -1.0, 1.0).astype(np.float32)
    return clipped
