"""The voice link on the wire: four bytes of big-endian length, then one message in msgpack.

Nothing here reads or writes: bytes in, messages out, so that a pipe, a socket and a test share it.
"""

import struct
import types
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, Union, get_args, get_origin

import msgpack  # type: ignore[import-untyped]

from duologue_server.link.messages import BadMessage, Happened, Message, from_wire, to_wire
from duologue_server.trace.facts import Fact

MAX_BODY_BYTES = 4 * 1024 * 1024
_LENGTH = struct.Struct(">I")

LinkErrorCode = Literal["truncated", "oversized", "malformed", "version", "silent", "closed"]


class LinkError(Exception):
    """The link has ended: which kind of end, and what it was in words."""

    def __init__(self, code: LinkErrorCode, what: str) -> None:
        super().__init__(f"voice link {code}: {what}")
        self.code: LinkErrorCode = code
        self.what = what


def encode(message: Message) -> bytes:
    """The message as one frame. Raises LinkError `oversized` or `malformed` if it cannot travel."""
    try:
        body: bytes = msgpack.packb(to_wire(message), use_bin_type=True)
    except (TypeError, ValueError, OverflowError) as error:
        raise LinkError("malformed", f"message '{message.kind}' cannot be written: {error}") from error
    if len(body) > MAX_BODY_BYTES:
        raise LinkError("oversized", f"message '{message.kind}' has {len(body)} bytes, the most is {MAX_BODY_BYTES}")
    return _LENGTH.pack(len(body)) + body


def decode(body: bytes) -> Message:
    """Reads the body of one frame. Raises LinkError `malformed`."""
    try:
        plain = msgpack.unpackb(
            body,
            raw=False,
            strict_map_key=True,
            max_str_len=MAX_BODY_BYTES,
            max_bin_len=0,
            max_ext_len=0,
            max_array_len=100_000,
            max_map_len=10_000,
        )
        message = from_wire(plain)
    except (BadMessage, ValueError, TypeError, msgpack.UnpackException) as error:
        raise LinkError("malformed", str(error) or type(error).__name__) from error
    _check_types(message.kind, message)
    return message


class FrameReader:
    """Takes bytes as they come and gives the messages that are complete.

    After the first bad frame nothing more is read: `error` says what was wrong, for where one frame begins is known
    only from the frames before it.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self.error: LinkError | None = None

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes, in order, up to the first bad one; look at `error` afterwards."""
        messages: list[Message] = []
        self._bytes += data
        while self.error is None and len(self._bytes) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes)
            if length > MAX_BODY_BYTES:
                self.error = LinkError("oversized", f"a message of {length} bytes, the most is {MAX_BODY_BYTES}")
            elif len(self._bytes) < _LENGTH.size + length:
                break
            else:
                body = bytes(self._bytes[_LENGTH.size : _LENGTH.size + length])
                del self._bytes[: _LENGTH.size + length]
                try:
                    messages.append(decode(body))
                except LinkError as error:
                    self.error = error
        return messages

    def end(self) -> LinkError:
        """Why the stream ended, once there are no more bytes: `closed` between two frames, else `truncated`."""
        if self.error is None:
            rest = len(self._bytes)
            self.error = (
                LinkError("truncated", f"the stream ended inside a message, after {rest} bytes of it")
                if rest
                else LinkError("closed", "the other side closed the link")
            )
        return self.error


def _check_types(kind: str, record: Message | Fact) -> None:
    """`from_wire` checks names; a field of the wrong type would only explode far from here."""
    if isinstance(record, Happened):
        _check_types(record.fact.kind, record.fact)
        return
    for item in fields(record):
        value = getattr(record, item.name)
        if not _fits(value, item.type):
            raise LinkError("malformed", f"field '{item.name}' of message '{kind}' cannot be {str(value)[:40]!r}")


def _fits(value: object, annotation: Any) -> bool:
    origin, choices = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return isinstance(value, str) and value in choices
    if origin in (Union, types.UnionType):
        return any(_fits(value, choice) for choice in choices)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(item, choices[0]) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(_fits(item, choices[1]) for item in value.values())
    if annotation is Any:
        return True
    if annotation is None or annotation is type(None):
        return value is None
    if annotation is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, annotation)
