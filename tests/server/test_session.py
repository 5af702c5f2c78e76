"""The session as timelines: what the editor and the voice say to it, and what it says to them."""

from collections.abc import Mapping
from typing import Any

import pytest

from duologue_server.context.documents import TextChange
from duologue_server.context.positions import Position, Range
from duologue_server.link.messages import (
    Control,
    EditorEvent,
    Happened,
    HeardUpTo,
    Keys,
    Offer,
    Ready,
    Say,
    ToVoice,
    Trouble,
    Vocabulary,
    Withdraw,
)
from duologue_server.protocol import TranscriptLine
from duologue_server.trace.facts import Command, Dropped, Heard, SoundOn
from support.desk import BUGGY, LONG, URI, Desk, insert


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_key_goes_to_the_voice_before_anything_else(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.sent.clear()
    desk.session.keys(2)
    assert desk.sent[0] == Keys(2)


def test_a_finding_is_shown_at_once_and_offered_at_a_boundary(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.later(1.0)
    assert [(offer.outcome, offer.line) for offer in desk.offers] == [("waiting", 3)]
    assert desk.of(Offer) == []
    desk.session.save(URI)
    (offer,) = desk.of(Offer)
    assert "undefined name" in offer.text


def test_a_diagnostic_that_survives_ten_seconds_is_a_boundary(desk: Desk) -> None:
    desk.session.open(URI, "text", 1, "one\ntwo\n")
    place = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 3}}
    desk.session.diagnostics(URI, [{"range": place, "severity": 1, "message": "no such thing", "source": "lint"}])
    desk.later(9.5)
    assert desk.of(Offer) == []
    desk.later(1.5)
    assert len(desk.of(Offer)) == 1
    assert EditorEvent("diagnostics_up", 1) in desk.sent


def test_a_fixed_finding_is_withdrawn(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.later(1.0)
    desk.session.save(URI)
    fixed = TextChange(Range(Position(3, 11), Position(3, 17)), "result")
    desk.session.change(URI, 2, [fixed])
    assert [type(message) for message in desk.sent if isinstance(message, Withdraw)] == [Withdraw]
    assert desk.offers[-1].outcome == "dropped"


def test_what_was_spoken_is_not_offered_again(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.later(1.0)
    desk.session.save(URI)
    (offer,) = desk.of(Offer)
    desk.session.from_voice(Happened(SoundOn(3.0, offer.id, offer.text, "offer")))
    desk.session.save(URI)
    desk.later(5.0)
    assert len(desk.of(Offer)) == 1
    assert desk.offers[-1].outcome == "spoken"


def test_a_new_voice_is_told_of_the_agenda_again(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.later(1.0)
    desk.session.save(URI)
    desk.session.from_voice(Ready(0.0, {}))
    assert len(desk.of(Offer)) == 2


def test_the_ear_learns_the_names_of_the_file(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.later(1.0)
    (vocabulary,) = desk.of(Vocabulary)
    assert {"total", "prices", "result", URI.rpartition("/")[2]} <= set(vocabulary.words)


def test_the_ear_is_told_the_names_of_the_file_that_is_looked_at(desk: Desk) -> None:
    other = "file:///home/ann/other.py"
    desk.session.open(URI, "python", 1, "def load(path):\n    return path\n")
    desk.session.cursor(URI, 0, 0)
    desk.session.open(other, "python", 1, "def read_settings(path):\n    return path\n")
    desk.later(2.0)
    assert "load" in desk.of(Vocabulary)[-1].words
    desk.session.cursor(other, 0, 0)
    desk.later(0.5)
    assert "read_settings" in desk.of(Vocabulary)[-1].words
    desk.session.cursor(URI, 0, 0)
    desk.later(0.5)
    assert "load" in desk.of(Vocabulary)[-1].words, "though nothing was parsed again"
    told = len(desk.of(Vocabulary))
    desk.session.from_voice(Ready(0.0, {}))
    desk.later(0.5)
    assert len(desk.of(Vocabulary)) == told + 1, "a new voice knows no names"


def test_a_dead_voice_leaves_what_was_heard(desk: Desk) -> None:
    desk.session.from_voice(Happened(SoundOn(1.0, "s1", LONG, "say")))
    desk.session.from_voice(HeardUpTo("s1", "The tests are"))
    desk.session.voice_changed("restarting", "the voice stopped: it was killed; restart 1 of 3")
    assert desk.lines[-1] == TranscriptLine("s1", "partner", LONG, True, len("The tests are"), "device")
    assert desk.states[-1].voice == "restarting"
    assert desk.told == ["warning: the voice stopped: it was killed; restart 1 of 3"]


def test_a_voice_that_came_back_is_well_and_trouble_at_the_start_stays(desk: Desk) -> None:
    desk.session.voice_changed("restarting", "the voice stopped: it was killed; restart 1 of 3")
    desk.session.from_voice(Ready(0.0, {}))
    assert (desk.states[-1].voice, desk.states[-1].health, desk.states[-1].message) == ("ready", "ok", "")
    desk.session.voice_changed("loading")
    desk.session.from_voice(Trouble("no_input", "There is no microphone", "Plug one in"))
    desk.session.from_voice(Ready(0.0, {}))
    assert (desk.states[-1].voice, desk.states[-1].health) == ("ready", "warning")


def test_captions_of_both(desk: Desk) -> None:
    desk.session.from_voice(Happened(Heard(1.0, "what is", False)))
    desk.session.from_voice(Happened(Heard(1.5, "What is this?", True)))
    desk.session.from_voice(Happened(Heard(9.0, "Thanks.", True)))
    desk.session.from_voice(Happened(Dropped(9.5, "o1", "Never mind.", "its code changed")))
    assert [(line.id, line.text, line.final) for line in desk.lines] == [
        ("user-0", "what is", False),
        ("user-0", "What is this?", True),
        ("user-1", "Thanks.", True),
        ("o1", "Never mind.", True),
    ]


@pytest.mark.parametrize(
    ("verb", "args", "sent"),
    [
        ("mute", {}, Control("mute", {})),
        ("ptt_down", {}, Control("ptt_down", {})),
        ("snooze", {"minutes": 5}, Control("snooze", {"minutes": 5})),
        ("repeat", {}, Control("repeat", {})),
    ],
)
def test_verbs_reach_the_floor(desk: Desk, verb: str, args: Mapping[str, Any], sent: ToVoice) -> None:
    assert desk.session.verb(verb, args)["ok"]
    assert sent in desk.sent


def test_start_and_stop_of_the_voice(desk: Desk) -> None:
    desk.session.verb("start", {})
    assert desk.running
    desk.session.verb("stop", {})
    assert not desk.running


def test_push_to_talk_wakes_the_voice(desk: Desk) -> None:
    desk.session.verb("ptt_down", {})
    assert desk.running


def test_why_is_spoken_and_answered(desk: Desk) -> None:
    result = desk.session.verb("why", {})
    assert "nothing to say" in result["message"]
    assert desk.of(Control) == [Control("why")]
    desk.session.from_voice(Happened(Command(1.0, "why", "Just now I stopped: you pressed a key.")))
    assert desk.told[-1] == "info: Just now I stopped: you pressed a key."
    (said,) = desk.of(Say)
    assert (said.text, said.cause) == (result["message"], "confirm")


@pytest.mark.parametrize("verb", ["accept", "dismiss"])
def test_there_may_be_nothing_to_judge(desk: Desk, verb: str) -> None:
    result = desk.session.verb(verb, {})
    assert result == {"ok": False, "message": f"there is nothing to {verb}"}


def test_an_unknown_verb_is_named(desk: Desk) -> None:
    result = desk.session.verb("dance", {})
    assert not result["ok"]
    assert "dance" in result["message"]


def test_a_bad_range_is_told_once_and_the_text_kept(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    with pytest.raises(ValueError, match=r"prices\.py"):
        desk.session.change(URI, 2, [insert(900, 0, "x")])
    desk.session.change(URI, 3, [insert(901, 0, "x")])
    assert len([text for text in desk.told if "prices.py" in text]) == 1
    desk.session.change(URI, 4, [TextChange(None, BUGGY)])
    desk.later(2.0)
    assert "undefined" in desk.asked("What is wrong here?")


def test_a_thousand_changes_keep_their_order(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    for n in range(1000):
        desk.session.change(URI, n + 2, [insert(0, n, "#")])
    desk.later(3.0)
    assert "prices.py" in desk.asked("Where am I?")


@pytest.mark.parametrize("language_id", ["cobol", "python"])
@pytest.mark.parametrize("text", ["", "\x00\x01\x02" * 400, "x = '\ufffd'\n", "y = 1\n" * 900_000])
def test_any_text_is_borne(desk: Desk, language_id: str, text: str) -> None:
    desk.session.open(URI, language_id, 1, text)
    desk.session.change(URI, 2, [insert(0, 0, "z")])
    desk.session.save(URI)
    desk.later(3.0)
    assert "prices.py" in desk.asked("What is this?")


def test_trouble_of_the_voice_is_told_and_shown(desk: Desk) -> None:
    desk.session.from_voice(Trouble("no_input", "There is no microphone", "Plug one in"))
    assert desk.told == ["warning: There is no microphone. Plug one in."]
    assert desk.states[-1].health == "warning"


def test_diagnostics_may_come_before_their_document(desk: Desk) -> None:
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 3}}
    desk.session.diagnostics(URI, [{"range": place, "severity": 1, "message": "no such thing", "source": "lint"}])
    desk.session.open(URI, "text", 1, "one\n")
    assert "no such thing" in desk.asked("What is wrong here?")
