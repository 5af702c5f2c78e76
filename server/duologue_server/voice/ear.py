"""Streaming recognition: words while they are spoken, and the text of a turn as soon as the turn is over.

The samples of the microphone are the only time here. All recognition runs in the lane "ear", one piece at a time and
never one waiting behind another: what is wanted next is decided when the lane is free.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from duologue_server.trace.clock import Clock, run
from duologue_server.voice.gate import SpeechGate
from duologue_server.voice.listener import Listener, bare
from duologue_server.voice.names import Names, restored

Samples = NDArray[np.float32]
Result = TypeVar("Result")

RATE_HZ = 16_000
BLOCK = 320
PRE_ROLL_MS = 300
"""Kept from before the onset: the first consonant is not yet speech to the detector."""
TAIL_MS = 300
"""Kept after the speech; longer silences are left out of what is recognised."""
PARTIAL_EVERY_MS = 320
PAUSE_MS, SHORT_PAUSE_MS = 150, 80
"""So much silence, and the whole turn is recognised on speculation: of a short one before the gate has closed."""
SHORT_S = 4
"""Such a turn may be a question that is answered at once, and to recognise it once too often costs little."""
LONG_SEGMENT_S, LONGEST_SEGMENT_S = 10, 30
"""A segment is closed at the first pause after the one, so that a long turn is not recognised again as a whole at each
of its pauses; at the other it is closed in the middle of a word."""
STALE_MS = 8_000
"""A turn that nobody ended and that has been silent for so long is not gone on with."""


class OnWords(Protocol):
    """Takes what was recognised of a turn: while it goes on, and once when it is over."""

    def __call__(self, text: str, final: bool) -> None: ...


def _samples(milliseconds: int) -> int:
    return milliseconds * RATE_HZ // 1000


@dataclass(eq=False, slots=True)
class _Segment:
    """A stretch of a turn that is recognised at once. `edition` counts what was added: older results are stale."""

    blocks: list[Samples] = field(default_factory=list)
    length: int = 0
    edition: int = 0
    texts: tuple[str, ...] | None = None
    """What it was finally recognised as, the likeliest first; None while that is not known."""

    @property
    def text(self) -> str | None:
        return None if self.texts is None else self.texts[0]

    def add(self, samples: Samples) -> None:
        if len(samples):
            self.blocks.append(samples)
            self.length += len(samples)

    def spoken_on(self) -> None:
        """There is more speech: what was recognised on speculation is not all of it."""
        self.edition += 1
        self.texts = None


@dataclass(eq=False, slots=True)
class _Turn:
    """What the user says until the engine calls it over."""

    start_sample: int
    end_sample: int
    taken_until: int
    segments: list[_Segment] = field(default_factory=lambda: [_Segment()])
    partial: str = ""
    stable: str = ""
    shown: str = ""
    partial_at: int = _samples(PRE_ROLL_MS)
    """Length of the last segment when it was last recognised."""
    paused: bool = False

    @property
    def last(self) -> _Segment:
        return self.segments[-1]

    @property
    def text(self) -> str:
        """The best text so far."""
        front = [segment.text or "" for segment in self.segments[:-1]]
        end = self.stable if self.last.text is None else self.last.text
        return " ".join(part for part in (*front, end) if part)

    @property
    def others(self) -> tuple[str, ...]:
        """What else a turn may be that was recognised as a whole, the likeliest first."""
        return (self.last.texts or ())[1:] if len(self.segments) == 1 else ()

    def spoken_on(self) -> None:
        """It was a pause, and no end."""
        self.paused = False
        if self.last.text:
            self.partial = self.stable = self.last.text
        self.last.spoken_on()

    def unknown(self) -> _Segment | None:
        """The first segment whose final text is not known."""
        return next((segment for segment in self.segments if segment.text is None), None)


class Ear:
    """Hears blocks in order on the voice thread and calls `on_words` there.

    `on_words(text, final=False)` comes when the stable text of the present turn has changed, `final=True` once for each
    `end_turn`. A listener that fails is told to `on_trouble`; the turn then ends with the words that there are.
    """

    def __init__(
        self,
        listener: Listener,
        clock: Clock,
        on_words: OnWords,
        on_trouble: Callable[[Exception], None] | None = None,
    ) -> None:
        self._listener = listener
        self._lane = clock.lane("ear")
        self._on_words = on_words
        self._on_trouble = on_trouble
        self._gate = SpeechGate()
        self._heard = 0
        self._recent: Samples = np.zeros(0, np.float32)
        self._turn: _Turn | None = None
        self._ended: list[_Turn] = []
        self._busy = False
        self._not_before = 0
        self._told_of: _Turn | None = None
        self._told: set[str] = set()
        self._names = Names.of(())

    @property
    def text(self) -> str:
        """What has been recognised of the present turn so far; empty between turns."""
        return self._turn.text if self._turn else ""

    @property
    def guess(self) -> tuple[str, tuple[str, ...], int]:
        """All of the present turn as it would be delivered if it were over now, what else it may be, and where its
        speech ended; empty while that is not known."""
        turn = self._turn
        if turn is None or not turn.paused or turn.unknown() is not None:
            return "", (), self._heard
        return turn.text, turn.others, turn.end_sample

    @property
    def is_speaking(self) -> bool:
        """Whether somebody speaks, as far as the gate knows."""
        return self._gate.is_open

    @property
    def stirs(self) -> bool:
        """Whether somebody may just be beginning to speak: known some blocks before `is_speaking`."""
        return self._gate.stirs

    @property
    def heard_samples(self) -> int:
        """How far the stream has come."""
        return self._heard

    @property
    def turn_ended_sample(self) -> int | None:
        """Where the speech of the turn ended that `on_words` told of last; how far it has come if it goes on."""
        return self._told_of.end_sample if self._told_of else None

    @property
    def turn_others(self) -> tuple[str, ...]:
        """What else the turn may be that `on_words` told of last, the likeliest first."""
        return self._told_of.others if self._told_of else ()

    def hear(self, block: Samples) -> None:
        """Takes the next block `[320]`, float32 at 16 kHz."""
        self._heard += len(block)
        keep = _samples(PRE_ROLL_MS + TAIL_MS)
        self._recent = np.concatenate([self._recent, block])[-keep:]
        onset = next((edge.sample for edge in self._gate.hear(block) if edge.kind == "onset"), None)
        if onset is not None or (self._gate.is_open and self._turn is None):
            self._speech_began(self._heard if onset is None else onset)
        turn = self._turn
        if turn is not None:
            self._take(turn)
        self._pump()

    def end_turn(self) -> None:
        """The turn is over: delivers its final text as soon as that exists, which may be at once.

        A turn in which nothing was said has the text "".
        """
        turn, self._turn = self._turn, None
        self._not_before = self._heard
        if turn is None:
            turn = _Turn(self._heard, self._heard, self._heard)
            turn.last.texts = ("",)
        self._ended.append(turn)
        self._pump()

    def bias(self, words: tuple[str, ...], phrases: tuple[str, ...] = ()) -> None:
        """Names that are likely to be said from now on, and are then written so in final texts, and phrases that may
        be; goes through the lane like everything else."""

        def take_in() -> Names:
            self._listener.bias(words, phrases)
            return Names.of(words)

        run(self._lane, take_in, self._biased)

    def reset(self, next_sample: int | None = None, keep_ended: bool = False) -> None:
        """Drops all that was heard, as for a muted microphone; the stream goes on at `next_sample`.

        `keep_ended` still delivers the turns that `end_turn` closed: for push-to-talk that was released.
        """
        self._heard = self._heard if next_sample is None else next_sample
        self._gate.reset(self._heard)
        self._recent = self._recent[:0]
        self._turn = None
        if not keep_ended:
            self._ended.clear()
        self._not_before = self._heard

    def _speech_began(self, onset_sample: int) -> None:
        turn = self._turn
        if turn is not None and onset_sample - turn.end_sample > _samples(STALE_MS):
            turn = None
        start = max(onset_sample - _samples(PRE_ROLL_MS), self._not_before, self._heard - len(self._recent))
        if turn is None:
            turn = _Turn(start_sample=max(onset_sample, self._not_before), end_sample=self._heard, taken_until=start)
            self._turn = turn
        turn.taken_until = max(turn.taken_until, start)
        turn.spoken_on()

    def _take(self, turn: _Turn) -> None:
        """Adds what is new to the turn, and sees what that calls for."""
        if self._gate.is_open:
            turn.end_sample = max(turn.start_sample, self._gate.speech_end_sample)
        silence = self._heard - self._gate.speech_end_sample
        if self._gate.is_open or silence <= _samples(TAIL_MS):
            new = self._heard - turn.taken_until
            turn.last.add(self._recent[len(self._recent) - new :] if new else self._recent[:0])
            turn.taken_until = self._heard
        length_s = turn.last.length / RATE_HZ
        short = length_s <= SHORT_S and len(turn.segments) == 1
        if silence >= _samples(SHORT_PAUSE_MS if short else PAUSE_MS) and (short or not self._gate.is_open):
            turn.paused = True
        elif turn.paused and self._gate.is_open:
            turn.spoken_on()
        if length_s >= LONGEST_SEGMENT_S:
            self._cut(turn)

    def _cut(self, turn: _Turn) -> None:
        """Closes the last segment; the turn goes on in a new one."""
        turn.segments.append(_Segment())
        turn.partial = turn.stable = ""
        turn.partial_at = 0

    def _pump(self) -> None:
        """Delivers what is ready and, when the lane is free, gives it the most important work there is."""
        while self._ended and self._ended[0].unknown() is None:
            turn = self._ended.pop(0)
            self._told_of = turn
            self._on_words(turn.text, final=True)
        if self._busy:
            return
        if self._ended:
            segment = self._ended[0].unknown()
            if segment is not None:
                self._recognise_finally(self._ended[0], segment)
        elif self._turn is not None:
            self._recognise_present(self._turn)

    def _recognise_present(self, turn: _Turn) -> None:
        segment = turn.unknown()
        if segment is None:
            return
        if segment is not turn.last or turn.paused:
            self._recognise_finally(turn, segment)
        elif self._gate.is_open and segment.length - turn.partial_at >= _samples(PARTIAL_EVERY_MS):
            self._recognise_partly(turn, segment)

    def _recognise_partly(self, turn: _Turn, segment: _Segment) -> None:
        turn.partial_at = segment.length
        blocks = tuple(segment.blocks)

        def done(result: str | Exception) -> None:
            self._busy = False
            words = self._unless_failed(result)
            if words is not None and turn is self._turn and segment is turn.last:
                turn.stable = common_words(turn.partial, words, at_least=turn.stable)
                turn.partial = words
                self._show(turn)
            self._pump()

        self._busy = True
        run(self._lane, lambda: self._listener.partial(np.concatenate(blocks)), done)

    def _recognise_finally(self, turn: _Turn, segment: _Segment) -> None:
        edition = segment.edition
        blocks = tuple(segment.blocks)
        names = self._names

        def texts_of_it() -> tuple[str, ...]:
            texts = self._listener.texts(np.concatenate(blocks)) if blocks else ()
            return restored(texts, names) or ("",)

        def done(result: tuple[str, ...] | Exception) -> None:
            self._busy = False
            texts = self._unless_failed(result)
            if edition == segment.edition:
                segment.texts = texts if texts is not None else (turn.partial,)
                if turn is self._turn:
                    self._show(turn)
                    if segment is turn.last and segment.length / RATE_HZ >= LONG_SEGMENT_S:
                        self._cut(turn)
            self._pump()

        self._busy = True
        run(self._lane, texts_of_it, done)

    def _show(self, turn: _Turn) -> None:
        if turn.text and bare(turn.text) != bare(turn.shown):
            turn.shown = turn.text
            self._told_of = turn
            self._on_words(turn.text, final=False)

    def _unless_failed(self, result: Result | Exception) -> Result | None:
        if isinstance(result, Exception):
            self._tell(result)
            return None
        return result

    def _biased(self, result: Names | Exception) -> None:
        if isinstance(result, Exception):
            self._tell(result)
        else:
            self._names = result

    def _tell(self, trouble: Exception) -> None:
        """Tells each trouble once: a listener without weights would say so three times a second."""
        if self._on_trouble is None:
            raise trouble
        if str(trouble) not in self._told:
            self._told.add(str(trouble))
            self._on_trouble(trouble)


def common_words(before: str, now: str, at_least: str = "") -> str:
    """The words at the front that two successive texts agree about, in the newer spelling; never fewer than before.

    Case and punctuation do not count: they follow from words that are still to come.
    """
    agreed: list[str] = []
    for old, new in zip(before.split(), now.split(), strict=False):
        if bare(old) != bare(new):
            break
        agreed.append(new)
    return " ".join(agreed) if len(agreed) >= len(at_least.split()) else at_least
