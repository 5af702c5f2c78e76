"""Utterances on their way to the loudspeaker, and what of them was really heard.

Each utterance has its own script and its own track; a new one replaces the old, nothing is ever cleared. Clauses are
synthesised one after the other in the lane `voice`, as soon as they are known: what waits is ready when the floor is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from duologue_server.audio.player import Player, Track
from duologue_server.audio.resample import resample
from duologue_server.trace.clock import Clock, Job, run
from duologue_server.trace.facts import Cause
from duologue_server.voice.clauses import ClauseStream
from duologue_server.voice.floor_events import Utterance
from duologue_server.voice.speaker import Speaker, SpokenClause

KEPT_CLAUSES = 64
"""Synthesised clauses that are remembered, so that a repeated one costs nothing."""
KEPT_SCRIPTS = 4
"""Drafts, and the utterance that sounds or sounded last."""


@dataclass(slots=True)
class Script:
    """One utterance. Sample positions are at the speaker's rate."""

    utterance: Utterance
    cause: Cause
    """Why it sounds now; `resume` when it goes on at the word."""
    texts: list[str] = field(default_factory=list)
    """Clauses as written, synthesised or not."""
    spoken: list[SpokenClause] = field(default_factory=list)
    closed: bool = False
    """No more clauses will come."""
    track: Track | None = None
    """Where new audio goes; None while it is a draft."""
    base_sample: int = 0
    """Where in the script the present track begins."""
    started: bool = False
    """Its first sample was heard."""
    resume_sample: int = 0
    """Where the first word that was not heard begins."""
    cutter: ClauseStream = field(default_factory=ClauseStream)
    jobs: list[Job] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of it that is known so far."""
        return " ".join(self.texts)

    @property
    def length_samples(self) -> int:
        return sum(len(clause.samples) for clause in self.spoken)


class Mouth:
    """Owned by the voice thread."""

    def __init__(self, speaker: Speaker, player: Player, clock: Clock, on_error: Callable[[Exception], None]) -> None:
        self._speaker = speaker
        self._player = player
        self._clock = clock
        self._on_error = on_error
        self._kept: dict[tuple[float, str], SpokenClause] = {}
        self._scripts: dict[str, Script] = {}
        self._prepared = ""
        self._preparing: Job | None = None
        self.audible = True
        """False while no loudspeaker plays: then nothing has a sound, and everything stays text."""

    def script(self, id_: str) -> Script | None:
        """The script of that utterance, while it is remembered."""
        return self._scripts.get(id_)

    def draft(self, utterance: Utterance, closed: bool = True) -> Script:
        """Prepares an utterance; with `closed` false, more of its text follows by `add`."""
        script = Script(utterance, utterance.cause)
        self._scripts.pop(utterance.id, None)
        silent = [id_ for id_, script in self._scripts.items() if script.track is None]
        for id_ in silent[: max(0, len(self._scripts) - KEPT_SCRIPTS + 1)]:
            self._cancel(self._scripts.pop(id_))
        self._scripts[utterance.id] = script
        self.add(script, utterance.text)
        if closed:
            self.finish(script)
        return script

    def add(self, script: Script, text: str) -> None:
        """More of its text, cut anywhere."""
        for clause in script.cutter.feed(text):
            self._say(script, clause)

    def finish(self, script: Script) -> None:
        """No more text will come; idempotent."""
        if script.closed:
            return
        for clause in script.cutter.end():
            self._say(script, clause)
        script.closed = True
        self._close_when_done(script)

    def prepare(self, text: str, final: bool) -> None:
        """Synthesises the first clause of what may be said soon, as far as that is known; `final`: the text is whole.

        What was to be prepared before, and waits in the lane still, is not.
        """
        cutter = ClauseStream()
        clause = next(iter([*cutter.feed(text), *(cutter.end() if final else ())]), "")
        if clause == self._prepared or not clause:
            return
        if self._preparing is not None:
            self._preparing.cancel()
        self._prepared = clause
        self._preparing = self._synthesise(clause, lambda spoken: None)

    def manner(self, speed: float, volume: float) -> None:
        """How to speak from now on: the volume at once, the pace from the next clause that is synthesised."""
        self._speaker.speed = speed
        self._player.volume = volume

    def begin(self, utterance: Utterance) -> None:
        """Starts to sound, with whatever is drafted of it."""
        self._play(self._scripts.get(utterance.id) or self.draft(utterance))

    def resume(self, utterance: Utterance) -> None:
        """Goes on at the first word that was not heard. Says all of it again if it is not remembered."""
        script = self._scripts.get(utterance.id) or self.draft(utterance)
        script.cause, script.base_sample = "resume", script.resume_sample
        self._play(script)

    def ended(self, script: Script, heard_samples: int) -> tuple[str, float]:
        """Its sound ended after `heard_samples` of the track, at the player's rate: words heard, milliseconds heard.

        A word counts as heard when its middle was.
        """
        script.track = None
        words, script.resume_sample, heard_ms = self.heard(script, heard_samples)
        return " ".join(words), heard_ms

    def heard(self, script: Script, heard_samples: int) -> tuple[list[str], int, float]:
        """The words heard after so many samples of the track, where the last of them ends, and milliseconds heard."""
        rate_hz = self._speaker.rate_hz
        heard = script.base_sample + round(heard_samples * rate_hz / self._player.rate_hz)
        words: list[str] = []
        end = position = 0
        for clause in script.spoken:
            for word in clause.words:
                if position + (word.start_sample + word.end_sample) // 2 > heard:
                    return words, end, 1000.0 * heard / rate_hz
                words.append(word.text)
                end = position + word.end_sample
            position += len(clause.samples)
        return words, end, 1000.0 * heard / rate_hz

    def left_samples(self, script: Script, heard_samples: int) -> int:
        """Audio that was synthesised and not heard yet, at the player's rate."""
        total = (script.length_samples - script.base_sample) * self._player.rate_hz // self._speaker.rate_hz
        return max(0, total - heard_samples)

    def _play(self, script: Script) -> None:
        for other in self._scripts.values():
            if other is not script and other.track is not None:
                self._cancel(other)
        script.track = Track(script.utterance.id, self._player.rate_hz)
        position = 0
        for clause in script.spoken:
            end = position + len(clause.samples)
            if end > script.base_sample:
                self._append(script, clause, max(0, script.base_sample - position))
            position = end
        self._player.play(script.track)
        self._close_when_done(script)

    def _say(self, script: Script, clause: str) -> None:
        script.texts.append(clause)
        script.jobs.append(self._synthesise(clause, partial(self._spoken, script)))

    def _spoken(self, script: Script, clause: SpokenClause) -> None:
        script.spoken.append(clause)
        self._append(script, clause, 0)
        self._close_when_done(script)

    def _append(self, script: Script, clause: SpokenClause, skip: int) -> None:
        if script.track is not None and self.audible:
            script.track.append(resample(clause.samples[skip:], self._speaker.rate_hz, self._player.rate_hz))

    def _close_when_done(self, script: Script) -> None:
        if script.closed and len(script.spoken) == len(script.texts) and script.track is not None:
            script.track.close()

    def _cancel(self, script: Script) -> None:
        for job in script.jobs:
            job.cancel()

    def _synthesise(self, clause: str, deliver: Callable[[SpokenClause], None]) -> Job:
        """Kept clauses take the same way through the lane, or they would overtake the ones before them."""

        def work() -> SpokenClause:
            key = (self._speaker.speed, clause)
            if key not in self._kept:
                if len(self._kept) >= KEPT_CLAUSES:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[key] = self._speaker.speak(clause)
            return self._kept[key]

        return run(self._clock.lane("voice"), work, partial(self._done, clause, deliver))

    def _done(self, clause: str, deliver: Callable[[SpokenClause], None], spoken: SpokenClause | Exception) -> None:
        if isinstance(spoken, Exception):
            self._on_error(spoken)
            spoken = SpokenClause(clause, np.zeros(0, dtype=np.float32), ())
        deliver(spoken)
