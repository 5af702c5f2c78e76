"""`editors/PROTOCOL.md` says what `protocol.py` says: every message, field, value and verb, and no others."""

import dataclasses
import json
import re
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest

from duologue_server import protocol
from duologue_server.features.activity import CONTEXT_PARTS, read_activity
from duologue_server.protocol import (
    ACTIVITY,
    CLIENT_COMMAND,
    CONTEXT,
    OFFER,
    PREVIEW,
    PROTOCOL_VERSION,
    STATE,
    TRANSCRIPT,
    VERBS,
    Activity,
    ClientCommand,
    ClientState,
    OfferShown,
    Preview,
    TranscriptLine,
)

PAGE = (Path(__file__).parents[2] / "editors" / "PROTOCOL.md").read_text(encoding="utf-8")
SHAPES: dict[str, type[Any]] = {
    ACTIVITY: Activity,
    STATE: ClientState,
    TRANSCRIPT: TranscriptLine,
    OFFER: OfferShown,
    PREVIEW: Preview,
    CLIENT_COMMAND: ClientCommand,
}


def section(method: str) -> str:
    """The part of the page under the heading of that message."""
    _, _, rest = PAGE.partition(f"### `{method}`\n")
    assert rest, f"no section {method}"
    return re.split(r"^##", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> dict[str, str]:
    """First cell without its marks → second cell, of every row of the section's table."""
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row[1] for row in cells}


def example(text: str) -> Any:
    (found,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    return json.loads(found)


def named_values(kind: Any) -> set[str]:
    """The values that a field's type lists."""
    if get_origin(kind) is Literal:
        return set(get_args(kind))
    if get_origin(kind) in (Union, UnionType):
        return set().union(*map(named_values, get_args(kind)))
    return set()


def test_every_message_has_its_section_and_no_other_is_mentioned() -> None:
    methods = {value for name, value in vars(protocol).items() if name.isupper() and str(value).startswith("duologue/")}
    assert methods == {*SHAPES, CONTEXT}
    assert set(re.findall(r"^### `(duologue/\w+)`$", PAGE, re.MULTILINE)) == methods
    assert set(re.findall(r"duologue/\w+", PAGE)) == methods


def test_the_version() -> None:
    assert f"This is protocol version {PROTOCOL_VERSION}." in PAGE
    assert f'"version": {PROTOCOL_VERSION},' in PAGE


@pytest.mark.parametrize("method", SHAPES)
def test_fields_and_their_values(method: str) -> None:
    table = rows(section(method))
    fields = {field.name: field for field in dataclasses.fields(SHAPES[method])}
    assert list(table) == list(fields)
    for name, field in fields.items():
        values = named_values(field.type)
        if values:
            assert set(re.findall(r"`(\w+)`", table[name])) == values, name


@pytest.mark.parametrize("method", [*SHAPES, CONTEXT])
def test_every_message_says_what_happens_without_it(method: str) -> None:
    assert "**Without it**" in section(method)


@pytest.mark.parametrize("method", SHAPES)
def test_the_example_has_every_field(method: str) -> None:
    shown = example(section(method))
    SHAPES[method](**shown)
    assert set(shown) == {field.name for field in dataclasses.fields(SHAPES[method])}


def test_the_example_of_activity_is_understood() -> None:
    complaints: list[str] = []
    assert read_activity(example(section(ACTIVITY)), complaints.append) == Activity(3, True)
    assert complaints == []


def test_the_parts_of_context() -> None:
    assert tuple(rows(section(CONTEXT))) == CONTEXT_PARTS
    assert tuple(example(section(CONTEXT))) == CONTEXT_PARTS


def test_verbs() -> None:
    table = [verb for verb in rows(PAGE) if verb.startswith("duologue.")]
    assert table == [f"duologue.{verb}" for verb in VERBS]
    assert set(re.findall(r"duologue\.([a-z]\w+)", PAGE.replace("experimental.duologue", ""))) <= set(VERBS)


def test_connecting_takes_ten_steps() -> None:
    steps = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1]
    assert re.findall(r"^(\d+)\.", steps, re.MULTILINE) == [str(step) for step in range(1, 11)]
