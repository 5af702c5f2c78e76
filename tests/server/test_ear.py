"""The ear on a timeline: real clips and the real recogniser on a clock that moves only when told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pytest

from duologue_server.trace.clock import Job, VirtualClock
from duologue_server.voice.ear import BLOCK, LONGEST_SEGMENT_S, SHORT_S, Ear, common_words
from duologue_server.voice.gate import Edge, SpeechGate
from duologue_server.voice.listener import Listener
from duologue_server.voice.moonshine import MoonshineListener
from support.clips import BECKETT, KEYS, RATE_HZ, Samples, bare, beckett, clip, silence

T = TypeVar("T")


@pytest.fixture(scope="module")
def moonshine() -> MoonshineListener:
    listener = MoonshineListener()
    listener.load()
    return listener


@dataclass(frozen=True)
class Words:
    """One call of `on_words`, and when."""

    t: float
    text: str
    final: bool
    ended_sample: int | None


@dataclass
class Timeline:
    """A microphone that goes on, and what the ear said about it."""

    listener: Listener
    charged: bool = False
    words: list[Words] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = VirtualClock(free_compute=not self.charged)
        self.ear = Ear(self.listener, self.clock, self._on_words, self.troubles.append)

    def _on_words(self, text: str, final: bool) -> None:
        self.words.append(Words(self.clock.now_s(), bare(text), final, self.ear.turn_ended_sample))

    def hear(self, *sounds: Samples) -> None:
        """The ear hears these sounds, one after the other."""
        audio = np.concatenate(sounds)
        for at in range(0, len(audio) - BLOCK + 1, BLOCK):
            self.clock.advance_to(self.clock.now_s() + BLOCK / RATE_HZ)
            self.ear.hear(audio[at : at + BLOCK])

    def partials(self) -> list[str]:
        return [words.text for words in self.words if not words.final]

    def finals(self) -> list[str]:
        return [words.text for words in self.words if words.final]


@dataclass
class Counting:
    """A listener that tells how much audio it was given, and never heard a word of it."""

    finals_s: list[float] = field(default_factory=list)
    partials: int = 0
    fails: bool = False
    says: str = ""
    name: str = "counting"

    def partial(self, audio: Samples) -> str:
        self.partials += 1
        if self.fails:
            raise OSError("no weights")
        return f"part {self.partials}"

    def final(self, audio: Samples) -> str:
        if self.fails:
            raise OSError("no weights")
        self.finals_s.append(len(audio) / RATE_HZ)
        return self.says or f"whole{len(self.finals_s)}"

    def texts(self, audio: Samples) -> tuple[str, ...]:
        return (self.final(audio),)

    def bias(self, words: tuple[str, ...], phrases: tuple[str, ...] = ()) -> None:
        if self.fails:
            raise OSError("no weights")


def gate_edges(audio: Samples, block: int) -> list[Edge]:
    """All edges of the audio, heard in blocks of that many samples."""
    gate = SpeechGate()
    return [edge for at in range(0, len(audio), block) for edge in gate.hear(audio[at : at + block])]


def test_the_gate_opens_at_speech_and_closes_after_it() -> None:
    edges = gate_edges(np.concatenate([silence(1.0), clip("stop"), silence(1.0)]), BLOCK)
    assert [edge.kind for edge in edges] == ["onset", "offset"]
    onset, offset = (edge.sample / RATE_HZ for edge in edges)
    assert 1.2 < onset < 1.7
    assert onset + 0.2 < offset < 2.1


def test_the_gate_does_not_depend_on_the_size_of_blocks() -> None:
    audio = np.concatenate([silence(0.5), beckett()[: 4 * RATE_HZ]])
    assert gate_edges(audio, BLOCK) == gate_edges(audio, 256) == gate_edges(audio, 4_001)


def test_the_gate_stays_shut_for_keys_and_silence() -> None:
    keys = [part for key in KEYS for part in (clip(key), silence(0.3))]
    assert gate_edges(np.concatenate([silence(1.0), *keys]), BLOCK) == []


def test_words_come_while_they_are_spoken_and_the_turn_ends_with_all_of_them(moonshine: MoonshineListener) -> None:
    timeline = Timeline(moonshine)
    timeline.hear(silence(0.5), beckett()[: 5 * RATE_HZ])
    assert timeline.ear.text
    early = timeline.partials()
    assert early[0] == "ever"
    assert all(BECKETT.startswith(text) for text in early), early
    timeline.hear(beckett()[5 * RATE_HZ :], silence(0.5))
    assert timeline.finals() == []
    assert bare(timeline.ear.text) == BECKETT
    timeline.ear.end_turn()
    assert timeline.finals() == [BECKETT]
    assert timeline.ear.text == ""
    timeline.hear(silence(1.0))
    assert timeline.finals() == [BECKETT]


def test_the_text_is_ready_when_the_engine_ends_the_turn(moonshine: MoonshineListener) -> None:
    timeline = Timeline(moonshine)
    timeline.hear(silence(0.5), clip("yes"), silence(0.3))
    assert timeline.partials()[-1] == "yes"
    now_s = timeline.clock.now_s()
    timeline.ear.end_turn()
    (final,) = (words for words in timeline.words if words.final)
    assert (final.text, final.t) == ("yes", now_s)
    assert final.ended_sample is not None
    assert 0.7 < final.ended_sample / RATE_HZ < 1.5


def test_released_push_to_talk_gives_the_text_before_any_pause(moonshine: MoonshineListener) -> None:
    spoken = clip("stop")
    offset = gate_edges(np.concatenate([spoken, silence(1.0)]), BLOCK)[-1].sample
    timeline = Timeline(moonshine)
    timeline.hear(silence(0.4), spoken[:offset])
    assert timeline.ear.is_speaking
    timeline.ear.end_turn()
    timeline.ear.reset(keep_ended=True)
    assert timeline.finals() == []
    timeline.hear(silence(0.1))
    assert timeline.finals() == ["stop"]


def test_two_turns_are_two_texts(moonshine: MoonshineListener) -> None:
    timeline = Timeline(moonshine)
    for word in ("yes", "stop"):
        timeline.hear(silence(0.5), clip(word), silence(0.4))
        timeline.ear.end_turn()
    assert timeline.finals() == ["yes", "stop"]


def test_silence_keys_and_rooms_say_nothing(moonshine: MoonshineListener) -> None:
    timeline = Timeline(moonshine)
    sounds = [part for name in (*KEYS, "room_noise") for part in (clip(name), silence(0.4))]
    timeline.hear(silence(1.0), *sounds, silence(1.0))
    assert timeline.words == []
    timeline.ear.end_turn()
    timeline.hear(silence(0.1))
    assert timeline.finals() == [""]


def test_a_muted_microphone_drops_everything(moonshine: MoonshineListener) -> None:
    timeline = Timeline(moonshine)
    timeline.hear(silence(0.5), clip("stop"))
    timeline.ear.end_turn()
    timeline.hear(clip("no")[: RATE_HZ // 2])
    timeline.ear.reset(next_sample=10 * RATE_HZ)
    before = len(timeline.words)
    timeline.hear(silence(1.0))
    assert len(timeline.words) == before
    assert (timeline.ear.text, timeline.ear.is_speaking) == ("", False)
    assert timeline.ear.heard_samples == 11 * RATE_HZ
    timeline.hear(clip("yes"), silence(0.5))
    timeline.ear.end_turn()
    final = timeline.words[-1]
    assert (final.text, final.final) == ("yes", True)
    assert final.ended_sample is not None
    assert 11.2 < final.ended_sample / RATE_HZ < 12.2


def test_speech_that_goes_on_discards_what_was_recognised_at_the_pause() -> None:
    listener = Counting()
    timeline = Timeline(listener)
    timeline.hear(silence(0.5), clip("yes"), silence(0.4))
    assert timeline.ear.text == "whole1"
    timeline.hear(clip("stop"), silence(0.4))
    assert timeline.ear.text == "whole2"
    timeline.ear.end_turn()
    assert timeline.finals() == ["whole2"]
    assert listener.finals_s[1] > listener.finals_s[0] + 0.5


def test_silence_between_the_words_of_a_turn_is_left_out() -> None:
    listener = Counting()
    timeline = Timeline(listener)
    timeline.hear(silence(0.5), clip("yes"), silence(5.0), clip("stop"), silence(0.4))
    assert len(listener.finals_s) == 2
    assert listener.finals_s[1] < 3.0


def test_a_turn_that_nobody_ended_is_not_gone_on_with() -> None:
    listener = Counting()
    timeline = Timeline(listener)
    timeline.hear(silence(0.5), clip("yes"), silence(9.0), clip("yes"), silence(0.4))
    assert listener.finals_s[1] == pytest.approx(listener.finals_s[0], abs=0.1)


def test_a_long_turn_is_recognised_in_segments_none_longer_than_the_bound() -> None:
    listener = Counting()
    timeline = Timeline(listener)
    vowel = beckett()[int(1.0 * RATE_HZ) : int(1.35 * RATE_HZ)]
    speech = np.tile(vowel, 1 + int((LONGEST_SEGMENT_S + 5) / 0.35))
    timeline.hear(silence(0.5), speech, silence(0.5))
    timeline.ear.end_turn()
    long_s = [length_s for length_s in listener.finals_s if length_s > SHORT_S]
    assert len(long_s) == 2, "while it was short, it was recognised at every pause"
    assert max(listener.finals_s) < LONGEST_SEGMENT_S + 0.5
    count = len(listener.finals_s)
    assert timeline.finals() == [f"whole{count - 1} whole{count}"]


def test_names_are_written_as_in_the_buffer_once_they_are_known() -> None:
    timeline = Timeline(Counting(says="What does parse Jason config return?"))
    speech = (silence(0.5), beckett()[: 2 * RATE_HZ], silence(0.5))
    timeline.hear(*speech)
    assert timeline.ear.text == "What does parse Jason config return?"
    timeline.ear.end_turn()
    timeline.ear.bias(("parse_json_config",))
    timeline.hear(*speech)
    assert timeline.ear.text == "What does parse_json_config return?"


def test_a_recogniser_that_fails_is_told_once_and_the_turn_still_ends() -> None:
    timeline = Timeline(Counting(fails=True))
    timeline.ear.bias(("parse_config",))
    timeline.hear(silence(0.5), beckett()[: 3 * RATE_HZ], silence(0.5))
    timeline.ear.end_turn()
    timeline.hear(silence(0.5))
    assert [str(trouble) for trouble in timeline.troubles] == ["no weights"]
    assert timeline.finals() == [""]


class HeldLane:
    """A lane whose work is done when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def stream(
        self, work: Callable[[], Iterable[T]], each: Callable[[T], None], done: Callable[[Exception | None], None]
    ) -> Job:
        def perform() -> None:
            for item in work():
                each(item)
            done(None)

        self.waiting.append(perform)
        return Job()


def test_a_slow_recogniser_has_one_thing_to_do_and_then_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    lane, listener = HeldLane(), Counting()
    monkeypatch.setattr(VirtualClock, "lane", lambda clock, name: lane)
    timeline = Timeline(listener)
    timeline.hear(silence(0.5), beckett()[: int(4.7 * RATE_HZ)])
    assert len(lane.waiting) == 1
    timeline.ear.end_turn()
    lane.waiting.pop(0)()
    assert (listener.partials, len(lane.waiting)) == (1, 1)
    lane.waiting.pop(0)()
    assert (listener.partials, timeline.finals(), lane.waiting) == (1, ["whole1"], [])


def test_what_the_recogniser_takes_delays_the_words_on_a_charged_clock(moonshine: MoonshineListener) -> None:
    timeline = Timeline(moonshine, charged=True)
    timeline.hear(silence(0.5), beckett()[: int(4.7 * RATE_HZ)])
    timeline.ear.end_turn()
    timeline.hear(silence(4.0))
    assert timeline.finals() == ["ever tried ever failed no matter"]


def test_only_words_that_two_texts_agree_about_are_stable() -> None:
    assert common_words("", "open the") == ""
    assert common_words("open the file", "Open, the fire") == "Open, the"
    assert common_words("open a", "open the", at_least="open a") == "open a"
