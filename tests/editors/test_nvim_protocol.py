"""The Neovim plugin's mirror of the protocol, without Neovim: messages, fields and values are those of the server."""

import dataclasses
import re
from typing import Any, get_args, get_type_hints

import pytest

from duologue_server import protocol
from editors.neovim import PLUGIN

SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in (PLUGIN / "lua" / "duologue").glob("*.lua")}
MESSAGES = {getattr(protocol, name) for name in dir(protocol) if str(getattr(protocol, name)).startswith("duologue/")}
SHAPES: dict[str, Any] = {
    "State": protocol.ClientState,
    "TranscriptLine": protocol.TranscriptLine,
    "Offer": protocol.OfferShown,
    "Preview": protocol.Preview,
}


def fields(name: str) -> dict[str, str]:
    """The fields of an annotated class of ours, each with its type as it is written."""
    body = re.search(rf"---@class duologue\.{name}\n((?:---@field .*\n)+)", "\n".join(SOURCES.values()))
    assert body, name
    return dict(re.findall(r"---@field (\w+)\?? (\S+)", body[1]))


def test_every_message_is_sent_or_handled() -> None:
    assert set(re.findall(r'"(duologue/\w+)"', "\n".join(SOURCES.values()))) == MESSAGES


@pytest.mark.parametrize("name", SHAPES)
def test_the_fields_and_their_values(name: str) -> None:
    ours = fields(name)
    assert set(ours) == {field.name for field in dataclasses.fields(SHAPES[name])}
    for field, kind in get_type_hints(SHAPES[name]).items():
        values = {value for value in get_args(kind) if isinstance(value, str)}
        assert set(re.findall(r'"(\w+)"', ours[field])) == values, field


def test_every_state_of_microphone_voice_and_partner_has_words() -> None:
    hints = get_type_hints(protocol.ClientState)
    for part in ("microphone", "voice", "partner"):
        for value in get_args(hints[part]):
            assert value in ("ready", "failed", "silent") or re.search(rf"\b{value} = \"", SOURCES["status"]), value
