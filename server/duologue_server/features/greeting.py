"""The answer to `initialize`, ready before pygls is: importing the types of LSP alone takes 0.3 s.

What the server can do is said here and nowhere else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from duologue_server import __version__
from duologue_server.features.headers import HeaderParser, framed
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
)

ENCODINGS = ("utf-8", "utf-16", "utf-32")
"""Position encodings, the one that we like best first; UTF-16 is every client's."""
_READ_BYTES = 1 << 16
_INCREMENTAL = 2


@dataclass(frozen=True, slots=True)
class Greeted:
    """What was read from a client before the server was there, and the request that was answered."""

    data: bytes
    answered: int | str | None


def choose_encoding(offered: object, utf16_only: bool = False) -> str:
    """The position encoding for a client that offers these."""
    if utf16_only or not isinstance(offered, Sequence):
        return "utf-16"
    return next((encoding for encoding in ENCODINGS if encoding in offered), "utf-16")


def initialize_result(position_encoding: str) -> dict[str, Any]:
    """LSP's `InitializeResult`."""
    return {
        "capabilities": {
            "positionEncoding": position_encoding,
            "textDocumentSync": {"openClose": True, "change": _INCREMENTAL, "save": {"includeText": False}},
            "executeCommandProvider": {"commands": [f"duologue.{verb}" for verb in VERBS]},
            "codeActionProvider": {"codeActionKinds": ["quickfix"]},
            "inlayHintProvider": True,
            "inlineCompletionProvider": True,
            "workspace": {
                "workspaceFolders": {"supported": True, "changeNotifications": True},
                "textDocumentContent": {"schemes": ["duologue-transcript"]},
            },
            "experimental": {
                "duologue": {
                    "version": PROTOCOL_VERSION,
                    "verbs": list(VERBS),
                    "messages": [ACTIVITY, CONTEXT, STATE, TRANSCRIPT, OFFER, PREVIEW, CLIENT_COMMAND],
                }
            },
        },
        "serverInfo": {"name": "duologue", "version": __version__},
    }


def greet(reader: BinaryIO, writer: BinaryIO, utf16_only: bool = False) -> Greeted:
    """Reads the first message of a client and answers it if it is a good `initialize`; anything else is left alone.

    Whatever was read is in the result, for the server to read again. `utf16_only` for a server with an observer.
    """
    data = b""
    parser = HeaderParser(lambda what: None)
    while True:
        new = reader.read(_READ_BYTES)
        if not new:
            return Greeted(data, None)
        data += new
        bodies = parser.feed(new)
        if bodies:
            break
    request = _read(bodies[0])
    if request is None:
        return Greeted(data, None)
    general = request["params"]["capabilities"].get("general")
    offered = general.get("positionEncodings") if isinstance(general, Mapping) else None
    answer = {"jsonrpc": "2.0", "id": request["id"], "result": initialize_result(choose_encoding(offered, utf16_only))}
    out = memoryview(framed(json.dumps(answer).encode()))
    try:
        while out:
            out = out[writer.write(out) :]
    except OSError:
        pass  # the client is gone already, as the server will see at once
    return Greeted(data, request["id"])


def _read(body: bytes) -> dict[str, Any] | None:
    """The request, if it is an `initialize` that can be answered."""
    try:
        raw = json.loads(body)
    except ValueError:
        return None
    if not isinstance(raw, dict) or raw.get("method") != "initialize" or not isinstance(raw.get("id"), int | str):
        return None
    params = raw.get("params")
    good = isinstance(params, dict) and isinstance(params.get("capabilities"), dict)
    return raw if good else None
