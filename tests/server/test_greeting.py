"""The answer to `initialize` before the server is there: given to a good one, and to nothing else."""

import io
import json
from typing import Any

import pytest

from duologue_server.features.greeting import Greeted, choose_encoding, greet, initialize_result
from support.lsp_client import frame


def initialize(**params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": "initialize", "params": params}


def check(data: bytes, answered: int | None, encoding: str = "") -> None:
    """All that was read is kept; the answer, if there is one, has that position encoding."""
    out = io.BytesIO()
    assert greet(io.BytesIO(data), out) == Greeted(data, answered)
    if answered is None:
        assert out.getvalue() == b""
    else:
        body = json.loads(out.getvalue().partition(b"\r\n\r\n")[2])
        assert body == {"jsonrpc": "2.0", "id": answered, "result": initialize_result(encoding)}


def test_a_good_one_is_answered_and_what_follows_is_kept() -> None:
    check(frame(initialize(capabilities={})) + frame({"method": "initialized"})[:9], 7, "utf-16")
    check(frame(initialize(capabilities={"general": {"positionEncodings": ["utf-16", "utf-8"]}})), 7, "utf-8")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Content-Length: 10\r\n\r\n{",
        frame(b"{no json"),
        frame([]),
        frame(initialize()),
        frame(initialize(capabilities=[])),
        frame({**initialize(capabilities={}), "id": None}),
        frame({"jsonrpc": "2.0", "id": 7, "method": "shutdown"}),
    ],
)
def test_anything_else_is_left_to_the_server(data: bytes) -> None:
    check(data, None)


@pytest.mark.parametrize(
    ("offered", "utf16_only", "chosen"),
    [
        (None, False, "utf-16"),
        ([], False, "utf-16"),
        (["utf-32"], False, "utf-32"),
        (["utf-16", "utf-8"], False, "utf-8"),
        (["utf-8"], True, "utf-16"),
        (["utf-7"], False, "utf-16"),
        (8, False, "utf-16"),
    ],
)
def test_position_encodings(offered: object, utf16_only: bool, chosen: str) -> None:
    assert choose_encoding(offered, utf16_only) == chosen
