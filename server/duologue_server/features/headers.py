"""The base protocol of LSP: a header with a length, then a body. Source: LSP 3.17, "Base Protocol"."""

import re
from collections.abc import Callable

MAX_BODY_BYTES = 256 * 1024 * 1024
MAX_HEADER_BYTES = 8192
_LENGTH = re.compile(rb"(?:^|\r\n)Content-Length: *(\d+) *(?:\r\n|$)", re.IGNORECASE)


def framed(body: bytes) -> bytes:
    """The body with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class HeaderParser:
    """Takes bytes as they come and gives the bodies that are complete, JSON still unread."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._bytes = bytearray()
        self._need: int | None = None
        self._complain = complain

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that `data` completes. What is no header is skipped, with one complaint."""
        self._bytes += data
        bodies: list[bytes] = []
        while self._need is not None or self._read_header():
            assert self._need is not None
            if len(self._bytes) < self._need:
                break
            bodies.append(bytes(self._bytes[: self._need]))
            del self._bytes[: self._need]
            self._need = None
        return bodies

    def _read_header(self) -> bool:
        while True:
            end = self._bytes.find(b"\r\n\r\n", 0, MAX_HEADER_BYTES)
            if end < 0:
                if len(self._bytes) >= MAX_HEADER_BYTES:
                    self._skip(len(self._bytes) - 3, "a header without an end")
                return False
            found = _LENGTH.search(self._bytes, 0, end)
            if found is None:
                self._skip(end + 4, "a header without Content-Length")
            elif int(found.group(1)) > MAX_BODY_BYTES:
                self._skip(end + 4, f"a message of {int(found.group(1))} bytes, the most is {MAX_BODY_BYTES}")
            else:
                self._need = int(found.group(1))
                del self._bytes[: end + 4]
                return True

    def _skip(self, count: int, why: str) -> None:
        self._complain(f"the client sent {why}: {bytes(self._bytes[:60])!r}; it is skipped")
        del self._bytes[:count]
