"""Whole sessions through the real recogniser, the real voice and the real detectors, faster than life."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from duologue_server.cli import main
from duologue_server.options import Options
from duologue_server.replay.run import replay, session_options
from duologue_server.replay.virtual import Replayed, replay_virtual
from duologue_server.trace.facts import Command, Dropped, Duck, Fact, Heard, Offered, SoundOff, SoundOn
from duologue_server.trace.folder import Echo, Event, SessionFolder, read_session
from duologue_server.voice.assembly import Voice, load_voice
from duologue_server.voice.hibari import HibariSpeaker
from support.clips import clip

RATE_HZ = 16_000
URI = "file:///shop/prices.py"
TEXT = "def total(prices):\n    result = 0\n    for price in prices:\n        result += price\n    return resutl\n"
LONG = "The tests have finished, and all twelve of them are green again, as they were this morning before the change."
OPEN = Event(0.0, "open", {"uri": URI, "language_id": "python", "version": 1, "text": TEXT})


@pytest.fixture(scope="module")
def voice() -> Voice:
    return load_voice(Options(engine="baseline"), lambda percent, text: None)


@pytest.fixture(scope="module")
def speech() -> Callable[[str], np.ndarray]:
    """A developer's voice: synthetic, quicker than the partner's."""
    speaker = HibariSpeaker(1.15)

    def speak(text: str) -> np.ndarray:
        clause = speaker.speak(text)
        return 0.7 * np.asarray(soxr.resample(clause.samples, speaker.rate_hz, RATE_HZ), np.float32)

    return speak


def session(
    duration_s: float,
    events: Sequence[Event] = (),
    said: dict[float, np.ndarray] | None = None,
    echo: Echo | None = None,
) -> SessionFolder:
    microphone = np.random.default_rng(7).normal(0, 0.0008, round(duration_s * RATE_HZ)).astype(np.float32)
    for t, samples in (said or {}).items():
        start = round(t * RATE_HZ)
        microphone[start : start + len(samples)] += samples
    return SessionFolder("", duration_s, {}, echo, tuple(sorted(events, key=lambda event: event.t)), microphone)


def run(voice: Voice, folder: SessionFolder) -> Replayed:
    return replay_virtual(folder, voice, session_options(folder), free_compute=True)


def of(replayed: Replayed, kind: type[Fact]) -> list[Any]:
    return [fact for fact in replayed.facts if isinstance(fact, kind)]


def level(replayed: Replayed, from_s: float, to_s: float) -> float:
    """The loudest sample of the partner in that time."""
    sound = replayed.partner[round(from_s * replayed.rate_hz) : round(to_s * replayed.rate_hz)]
    return float(np.max(np.abs(sound), initial=0.0))


def test_a_bug_is_mentioned_at_the_pause_after_a_save(voice: Voice) -> None:
    events = [OPEN, Event(1.0, "keys", {"count": 1}), Event(2.0, "save", {"uri": URI})]
    replayed = run(voice, session(8.0, events))
    (offered,) = of(replayed, Offered)
    (began,) = of(replayed, SoundOn)
    (ended,) = of(replayed, SoundOff)
    assert "undefined name" in offered.text
    assert began.cause == "offer"
    assert began.t >= 2.5
    assert ended.cause == "end"
    assert ended.heard_text == began.text
    assert level(replayed, 0.0, began.t - 0.01) == 0.0
    assert level(replayed, began.t, ended.t) > 0.1


def test_nothing_is_said_while_keys_arrive(voice: Voice) -> None:
    keys = [Event(0.5 + 0.4 * n, "keys", {"count": 1}) for n in range(20)]
    replayed = run(voice, session(9.0, [OPEN, *keys, Event(2.0, "save", {"uri": URI})]))
    assert of(replayed, SoundOn) == []
    assert level(replayed, 0.0, 9.0) == 0.0


def test_a_key_silences_the_sound_itself(voice: Voice) -> None:
    events = [Event(0.5, "say", {"id": "s1", "text": LONG}), Event(2.0, "keys", {"count": 1})]
    replayed = run(voice, session(6.0, events))
    (ended,) = of(replayed, SoundOff)
    assert ended.cause == "key"
    assert ended.t - 2.0 <= 0.03
    assert 0 < len(ended.heard_text) < len(LONG)
    assert LONG.startswith(ended.heard_text)
    assert level(replayed, 0.6, 2.0) > 0.1
    assert level(replayed, ended.t + 0.001, 6.0) == 0.0


def test_a_question_is_answered_from_what_is_known(voice: Voice, speech: Callable[[str], np.ndarray]) -> None:
    replayed = run(voice, session(9.0, [OPEN], {3.0: speech("What is wrong here?")}))
    final = next(fact for fact in of(replayed, Heard) if fact.final)
    assert "wrong" in final.text.lower()
    (began,) = of(replayed, SoundOn)
    assert began.cause == "reply"
    assert "undefined name" in began.text
    assert replayed.summary["response_ms"]["n"] == 1


def test_a_person_says_stop_and_it_stops(voice: Voice) -> None:
    replayed = run(voice, session(8.0, [Event(1.0, "say", {"id": "s1", "text": LONG})], {2.5: clip("stop")}))
    (ended,) = of(replayed, SoundOff)
    assert ended.cause == "speech"
    assert 2.5 < ended.t < 4.0
    assert of(replayed, Duck)
    assert level(replayed, ended.t + 0.001, 8.0) == 0.0


def test_its_own_echo_does_not_interrupt_it(voice: Voice) -> None:
    replayed = run(
        voice, session(9.0, [Event(1.0, "say", {"id": "s1", "text": LONG})], echo=Echo(delay_ms=60, gain_db=-20))
    )
    assert [ended.cause for ended in of(replayed, SoundOff)] == ["end"]
    # The canceller needs a second to learn the room: a word of the partner may come through, but nobody answers it.
    assert [began.cause for began in of(replayed, SoundOn)] == ["say"]


def test_a_prescribed_reply_comes_when_the_session_says(voice: Voice, speech: Callable[[str], np.ndarray]) -> None:
    events = [Event(0.0, "reply", {"text": "It is the cache.", "delay_s": 1.5})]
    replayed = run(voice, session(9.0, events, {2.0: speech("Why is this so slow?")}))
    (began,) = of(replayed, SoundOn)
    assert (began.cause, began.text) == ("reply", "It is the cache.")
    assert replayed.summary["response_ms"]["p50"] == pytest.approx(1500, abs=60)


def test_an_offer_from_outside_is_spoken_when_the_room_is_quiet(voice: Voice) -> None:
    replayed = run(voice, session(9.0, [Event(1.0, "offer", {"id": "o1", "text": "Save first.", "urgency": 0.9})]))
    (began,) = of(replayed, SoundOn)
    assert (began.utterance, began.cause) == ("o1", "offer")


@pytest.mark.parametrize("verb", ["stop", "sleep", "dismiss", "ptt_down"])
def test_verbs_end_the_sound(voice: Voice, verb: str) -> None:
    events = [Event(0.5, "say", {"id": "s1", "text": LONG}), Event(1.5, "control", {"name": verb})]
    replayed = run(voice, session(4.0, events))
    (ended,) = of(replayed, SoundOff)
    assert (ended.cause, round(ended.t, 1)) == ("control", 1.5)
    assert verb in [command.name for command in of(replayed, Command)]


def test_a_muted_microphone_hears_nothing(voice: Voice, speech: Callable[[str], np.ndarray]) -> None:
    events = [OPEN, Event(0.0, "control", {"name": "mute"})]
    replayed = run(voice, session(6.0, events, {1.0: speech("What is wrong here?")}))
    assert of(replayed, Heard) == []
    assert of(replayed, SoundOn) == []


def test_why_is_answered_aloud(voice: Voice) -> None:
    replayed = run(voice, session(6.0, [OPEN, Event(1.0, "control", {"name": "why"})]))
    (began,) = of(replayed, SoundOn)
    assert began.cause == "confirm"


def test_what_still_sounds_is_heard_out_after_the_tracks(voice: Voice) -> None:
    replayed = run(voice, session(2.0, [Event(1.5, "say", {"id": "s1", "text": LONG})]))
    (ended,) = of(replayed, SoundOff)
    assert ended.cause == "end"
    assert len(replayed.partner) / replayed.rate_hz >= ended.t


def test_a_thought_dies_with_its_code(voice: Voice) -> None:
    fixed = {"range": {"start": {"line": 4, "character": 11}, "end": {"line": 4, "character": 17}}, "text": "result"}
    events = [
        OPEN,
        *(Event(0.5 + 0.4 * n, "keys", {"count": 1}) for n in range(6)),
        Event(2.6, "change", {"uri": URI, "version": 2, "changes": [fixed]}),
        Event(2.7, "save", {"uri": URI}),
    ]
    replayed = run(voice, session(9.0, events))
    assert of(replayed, SoundOn) == []
    assert [dropped.why for dropped in of(replayed, Dropped)] == ["its code changed"]


def test_an_impossible_range_is_borne_as_live(voice: Voice) -> None:
    beyond = {"range": {"start": {"line": 900, "character": 0}, "end": {"line": 900, "character": 1}}, "text": "x"}
    events = [OPEN, Event(0.5, "change", {"uri": URI, "version": 2, "changes": [beyond]})]
    assert of(run(voice, session(2.0, [*events, Event(1.0, "say", {"id": "s1", "text": "Good."})])), SoundOn)


def test_the_same_session_gives_the_same_trace(voice: Voice, speech: Callable[[str], np.ndarray]) -> None:
    folder = session(7.0, [OPEN, Event(5.5, "keys", {"count": 1})], {2.0: speech("Where am I?")})
    first, second = run(voice, folder), run(voice, folder)
    assert first.facts == second.facts
    assert np.array_equal(first.partner, second.partner)


def test_the_command_line_leaves_what_the_format_promises(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "meta.json").write_text(json.dumps({"format": 1, "description": "", "duration_s": 2.0}))
    (folder / "events.jsonl").write_text(json.dumps({"t": 0.5, "kind": "say", "id": "s", "text": "Good morning."}))
    assert main(["replay", str(folder), "--out", str(tmp_path / "out"), "--engine", "baseline"]) == 0
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"partner.flac", "trace.jsonl", "summary.json"}
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "out" / "trace.jsonl").read_text().splitlines()]
    assert kinds.count("sound_on") == kinds.count("sound_off") == 1
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["engine"], summary["weights_sha256"]) == ("baseline (VAD and timers)", None)


def test_a_broken_session_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "meta.json").write_text(json.dumps({"format": 1, "description": "", "duration_s": 2.0}))
    (folder / "events.jsonl").write_text('{"t": 0, "kind": "save", "uri": "a"}\n{"t": 1, "kind"\n')
    assert main(["replay", str(folder), "--out", str(tmp_path / "out")]) == 2
    assert "events.jsonl line 2" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_settings_of_a_session_are_checked(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    meta = {"format": 1, "description": "", "duration_s": 1.0, "options": {"colour": "red"}}
    (folder / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(ValueError, match="colour"):
        replay(folder, tmp_path / "out", "virtual")
    assert read_session(folder).options == {"colour": "red"}
