"""Settings from outside: what is right is used, what is wrong is named, nothing else happens."""

import dataclasses
import json
from typing import Any, get_args, get_origin

import pytest

from duologue_server.options import Options, camel, read_options, snake, to_wire

FIELDS = {field.name: field for field in dataclasses.fields(Options)}
ANOTHER: dict[str, Any] = {
    "autostart": True,
    "microphone": "push_to_talk",
    "input_device": "USB",
    "output_device": "Kopfhörer",
    "echo_canceller": False,
    "voice": "flite",
    "speed": 1.25,
    "engine": "baseline",
    "unprompted_per_hour": 0,
    "volume": 0.5,
    "recogniser": "/models/base-en",
    "detectors": ("ruff",),
    "endpoint_url": "http://127.0.0.1:11434/v1",
    "endpoint_model": "qwen",
    "endpoint_key_env": "KEY",
}
"""A good value for every field, other than the default where there is another."""


def check(raw: object, expected: Options, *problems: str) -> None:
    """`raw` gives `expected`, and one message for each of `problems`, which contains it."""
    options, said = read_options(raw)
    assert options == expected
    assert len(said) == len(problems), said
    assert [word for word, text in zip(problems, said, strict=True) if word not in text] == [], said


def wrong_values() -> list[tuple[str, object]]:
    """For every field, values of every wrong type."""
    cases: list[tuple[str, object]] = []
    for name, field in FIELDS.items():
        values: list[object] = [{}, [1], 1j]
        if field.type is not bool:
            values.append(True)
        if field.type in (bool, float, int):
            values.append("1")
        if field.type in (bool, str) or get_origin(field.type) is not None:
            values.append(7)
        if field.type is int:
            values.append(1.5)
        if get_args(field.type) and get_origin(field.type) is not tuple:
            values.append("something else")
        if get_origin(field.type) is tuple:
            values += ["ruff", ["clippy"]]
        cases += [(name, value) for value in values]
    return cases


def test_at_most_fifteen() -> None:
    assert len(FIELDS) <= 15


def test_nothing_gives_the_defaults() -> None:
    check(None, Options())
    check({}, Options())


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_read(name: str) -> None:
    check({camel(name): ANOTHER[name]}, dataclasses.replace(Options(), **{name: ANOTHER[name]}))


@pytest.mark.parametrize("name", FIELDS)
def test_null_is_the_default(name: str) -> None:
    check({camel(name): None}, Options())


@pytest.mark.parametrize(("name", "value"), wrong_values(), ids=lambda v: repr(v))
def test_a_wrong_type_is_named_and_the_default_used(name: str, value: object) -> None:
    check({camel(name): value, "voice" if name != "voice" else "engine": None}, Options(), f"'duologue.{camel(name)}'")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("speed", 0.1),
        ("speed", 9),
        ("unpromptedPerHour", -1),
        ("unpromptedPerHour", 99),
        ("volume", 0.0),
        ("volume", 3),
    ],
)
def test_out_of_range(name: str, value: object) -> None:
    check({name: value}, Options(), f"'duologue.{name}' must be between")


def test_an_unknown_key_is_named_with_those_that_exist() -> None:
    check({"loudness": 11, "speed": 2}, Options(speed=2.0), "'duologue.loudness'")
    _, (said,) = read_options({"loudness": 11})
    assert [name for name in FIELDS if camel(name) not in said] == []


@pytest.mark.parametrize("raw", [17, "none", ["voice"], True])
def test_no_object_at_all(raw: object) -> None:
    check(raw, Options(), "must be an object")


def test_whole_numbers_will_do_for_fractions() -> None:
    check({"speed": 2, "volume": 2}, Options(speed=2.0, volume=2.0))


def test_one_bad_setting_does_not_spoil_the_others() -> None:
    check({"voice": "flute", "speed": 1.5}, Options(speed=1.5), "duologue.voice")


def test_read_over_a_base() -> None:
    options, _ = read_options({"speed": 1.5}, Options(voice="none"))
    assert options == Options(voice="none", speed=1.5)


@pytest.mark.parametrize("name", FIELDS)
def test_camel_and_back(name: str) -> None:
    assert snake(camel(name)) == name
    assert "_" not in camel(name)


def test_the_wire_round_trip() -> None:
    options = Options(**ANOTHER)
    wire = json.loads(json.dumps(to_wire(options)))
    assert read_options(wire) == (options, [])
    assert set(wire) == {camel(name) for name in FIELDS}
