"""A replay faster than life: both processes' code on one clock that moves only when told.

Every 10 ms what is due happens and the loudspeaker is filled; every 20 ms the microphone is heard. A decision cannot
sound before it would have been computed: see `VirtualClock`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from duologue_server.audio.player import Player
from duologue_server.audio.resample import StreamResampler
from duologue_server.link.messages import FromVoice, Happened, Ready, ToVoice
from duologue_server.options import Options
from duologue_server.replay.feed import feed
from duologue_server.replay.quiet import QuietClient
from duologue_server.replay.report import Responses, summarise
from duologue_server.session.session import Session
from duologue_server.trace.clock import VirtualClock
from duologue_server.trace.facts import Fact
from duologue_server.trace.folder import Echo, SessionFolder
from duologue_server.voice.assembly import Voice
from duologue_server.voice.loop import VoiceLoop

Samples = NDArray[np.float32]
RATE_HZ = 16_000
BLOCK_SAMPLES = 320
TICK_S = 0.010
LONGEST_AFTER_S = 30.0
"""How long a replay goes on for what still sounds when its tracks have ended."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay gives."""

    partner: Samples
    rate_hz: int
    facts: tuple[Fact, ...]
    summary: dict[str, Any]


class DirectVoice:
    """The voice in this process: messages arrive at once."""

    def __init__(self) -> None:
        self.loop: VoiceLoop | None = None

    def start(self) -> None:
        """It runs already."""

    def stop(self) -> None:
        """It runs until the replay ends; the floor has closed the microphone."""

    def send(self, message: ToVoice) -> None:
        if self.loop is not None:
            self.loop.receive(message)


class Room:
    """The loudspeaker's way back into the microphone, as the session describes it."""

    def __init__(self, echo: Echo | None, rate_hz: int) -> None:
        self._gain = 0.0 if echo is None else 10 ** (echo.gain_db / 20)
        self._resampler = StreamResampler(rate_hz, RATE_HZ)
        late = 0 if echo is None else round(echo.delay_ms * RATE_HZ / 1000)
        self._waiting: Samples = np.zeros(late, np.float32)
        self.played: Samples = np.zeros(0, np.float32)

    def play(self, block: Samples) -> None:
        """What the loudspeaker plays now, `[N]` at its own rate."""
        there = self._resampler.push(block)
        self.played = np.concatenate([self.played, there])
        self._waiting = np.concatenate([self._waiting, there * np.float32(self._gain)])

    def hear(self, microphone: Samples) -> tuple[Samples, Samples]:
        """The microphone with the echo in it, and what was played in the same time, `[N]` each at 16 kHz."""
        n = len(microphone)
        echo, self._waiting = _take(self._waiting, n)
        played, self.played = _take(self.played, n)
        return np.clip(microphone + echo, -1.0, 1.0), played


def replay_virtual(
    folder: SessionFolder,
    voice: Voice,
    options: Options,
    free_compute: bool,
    watch: Callable[[float, Fact | None], None] = lambda t, fact: None,
    client: QuietClient | None = None,
) -> Replayed:
    """Runs the session. `watch` is told every fact as it happens, and the time about ten times a second; `client` is
    the editor, which otherwise shows nothing."""
    clock = VirtualClock(free_compute)
    player = Player(voice.speaker.rate_hz)
    facts: list[Fact] = []
    responses = Responses()

    def note(fact: Fact) -> None:
        facts.append(fact)
        watch(clock.now_s(), fact)

    door = DirectVoice()
    client = client or QuietClient()
    session = Session(clock, client, door, options, observe=note)
    client.attach(clock, session)

    def emit(message: FromVoice) -> None:
        if isinstance(message, Happened):
            note(message.fact)
        responses.take(message)
        session.from_voice(message)

    door.loop = loop = voice.loop(player, clock, emit)
    session.verb("start", {})
    session.from_voice(Ready(0.0, voice.names()))
    for event in folder.events:
        clock.call_at(event.t, partial(feed, session, event))
    partner = _run(folder, clock, player, loop, voice, watch)
    keys_s = [event.t for event in folder.events if event.kind == "keys"]
    summary = summarise(facts, keys_s, responses.latencies_ms, options, voice.names(), "virtual")
    return Replayed(partner, player.rate_hz, tuple(facts), summary)


def _run(
    folder: SessionFolder,
    clock: VirtualClock,
    player: Player,
    loop: VoiceLoop,
    voice: Voice,
    watch: Callable[[float, Fact | None], None],
) -> Samples:
    """Moves time from start to end; gives everything that was played."""
    room = Room(folder.echo, player.rate_hz)
    partner: list[Samples] = []
    microphone = folder.microphone if folder.microphone is not None else np.zeros(0, np.float32)
    loop.microphone_present = folder.microphone is not None
    tick = 0
    while True:
        t = tick * TICK_S
        clock.advance_to(t)
        loop.sweep()
        if t >= folder.duration_s and (not _sounds(loop, player) or t >= folder.duration_s + LONGEST_AFTER_S):
            break
        block = player.fill(round(player.rate_hz * TICK_S))
        room.play(block)
        partner.append(block)
        tick += 1
        if tick % 2 == 0:
            start = (tick // 2 - 1) * BLOCK_SAMPLES
            heard = microphone[start : start + BLOCK_SAMPLES]
            near, far = room.hear(np.pad(heard, (0, BLOCK_SAMPLES - len(heard))))
            clock.advance_to(tick * TICK_S)
            loop.hear(voice.canceller.process(near, far), far)
            if tick % 10 == 0:
                watch(t, None)
    player.abort("session")
    loop.sweep()
    return np.concatenate(partner) if partner else np.zeros(0, np.float32)


def _sounds(loop: VoiceLoop, player: Player) -> bool:
    return loop.floor.sounding is not None or player.playing is not None


def _take(buffer: Samples, n: int) -> tuple[Samples, Samples]:
    """The first `n` samples, filled up with silence, and the rest."""
    head = buffer[:n]
    return np.pad(head, (0, n - len(head))), buffer[n:]
