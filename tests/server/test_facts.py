"""Facts are lines of `trace.jsonl` and back, with the session format's names."""

import dataclasses
import json
from typing import Any, get_args

import pytest

from duologue_server.trace.facts import (
    FACTS,
    Cause,
    Command,
    Dropped,
    Duck,
    Edit,
    EndCause,
    Fact,
    Heard,
    Offered,
    SoundOff,
    SoundOn,
    Turn,
    Unduck,
    from_json,
    to_json,
)

ONE_OF_EACH: tuple[Fact, ...] = (
    Turn(0.08, "SILENT", "QUIET", {"SILENT": 0.9, "TAKE": 0.1}, 1.25),
    SoundOn(1.0, "o1", "The name totl", "offer"),
    SoundOff(2.0, "o1", "key", "The name", 620.0),
    Duck(1.2, "o1", -12.0),
    Unduck(1.4, "o1", 0.0),
    Heard(1.3, "größer 🙂", False),
    Command(1.5, "mute", "key"),
    Edit(1.6, "file:///a.py", "accept"),
    Offered(0.5, "o1", "The name totl", 0.7, "ruff:F821"),
    Dropped(0.6, "o2", "Unused import", "edited"),
)
FORMAT = {
    "turn": {"action", "user", "p", "compute_ms"},
    "sound_on": {"utterance", "text", "cause"},
    "sound_off": {"utterance", "cause", "heard_text", "heard_ms"},
    "duck": {"utterance", "gain_db"},
    "unduck": {"utterance", "gain_db"},
    "heard": {"text", "final"},
}
"""Kinds and fields that the session format fixes."""


def test_every_kind_is_among_the_examples() -> None:
    assert {fact.kind for fact in ONE_OF_EACH} == set(FACTS)


@pytest.mark.parametrize("fact", ONE_OF_EACH, ids=lambda fact: fact.kind)
def test_round_trip_through_a_line(fact: Fact) -> None:
    line = json.dumps(to_json(fact), ensure_ascii=False)
    assert from_json(json.loads(line)) == fact
    assert list(to_json(fact))[:2] == ["t", "kind"]


@pytest.mark.parametrize("kind", FORMAT)
def test_the_format_names_the_fields(kind: str) -> None:
    assert {field.name for field in dataclasses.fields(FACTS[kind])} == FORMAT[kind] | {"t"}


def test_causes_are_those_of_the_format() -> None:
    assert set(get_args(Cause)) == {"reply", "offer", "backchannel", "say", "repeat", "confirm", "resume"}
    assert set(get_args(EndCause)) == {"end", "key", "speech", "control", "device", "session"}


def test_times_are_rounded_to_a_tenth_of_a_millisecond() -> None:
    assert to_json(Heard(1.23456789, "", True))["t"] == 1.2346


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"t": 0, "kind": "applause"}, "applause"),
        ({"t": 0}, "None"),
        ({"t": 0, "kind": "heard", "text": "x"}, "final"),
        ({"t": 0, "kind": "heard", "text": "x", "final": True, "loud": 1}, "loud"),
        ({"kind": "duck", "utterance": "o1", "gain_db": 0}, "'t'"),
    ],
)
def test_other_lines_are_refused_by_name(line: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        from_json(line)
