"""LSP's base protocol over two byte streams, on threads: nothing that the event loop does delays reading a key.

Source: LSP 3.17, "Base Protocol".
"""

import asyncio
import queue
import re
import threading
from collections import deque
from collections.abc import Callable
from typing import BinaryIO

MAX_BODY_BYTES = 256 * 1024 * 1024
MAX_HEADER_BYTES = 8192
MAX_WAITING = 4096
"""Messages that may wait for the event loop before the client has to wait."""
_READ_BYTES = 1 << 16
_LENGTH = re.compile(rb"(?:^|\r\n)Content-Length: *(\d+) *(?:\r\n|$)", re.IGNORECASE)


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


class Transport:
    """Reads and writes on a thread each. A writer for pygls, and a loop that hands bodies to a receiver, in order.

    `early` is called with every body on the reader's thread, before the event loop sees it: it must be quick.
    """

    def __init__(
        self,
        reader: BinaryIO,
        writer: BinaryIO,
        early: Callable[[bytes], None],
        complain: Callable[[str], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._early = early
        self._parser = HeaderParser(lambda what: self._on_loop(lambda: complain(what)))
        self._inbox: deque[bytes] = deque()
        self._room = threading.Semaphore(MAX_WAITING)
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()
        self._writing = threading.Thread(target=self._write, name="lsp-write", daemon=True)

    async def run(self, receive: Callable[[bytes], None]) -> None:
        """Hands every body to `receive` on this event loop, until the stream ends or `stop` is called."""
        self._loop = asyncio.get_running_loop()

        def take() -> None:
            self._room.release()
            if not self._ended.is_set():
                receive(self._inbox.popleft())

        threading.Thread(target=self._read, args=(take,), name="lsp-read", daemon=True).start()
        self._writing.start()
        await self._ended.wait()
        self._outbox.put(None)
        await self._loop.run_in_executor(None, self._writing.join, 1.0)

    def stop(self) -> None:
        """Ends `run`; what was written before still goes out."""
        self._ended.set()

    def write(self, data: bytes) -> None:
        """Queues bytes for the client."""
        self._outbox.put(data)

    def close(self) -> None:
        """Part of pygls' idea of a writer; the same as `stop`."""
        self.stop()

    def _on_loop(self, call: Callable[[], None]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            return  # the loop has ended: there is nobody to hand anything to

    def _read(self, take: Callable[[], None]) -> None:
        try:
            while data := self._reader.read(_READ_BYTES):
                for body in self._parser.feed(data):
                    self._early(body)
                    self._room.acquire()
                    self._inbox.append(body)
                    self._on_loop(take)
        except (OSError, ValueError):
            pass  # a stream that breaks has ended
        self._on_loop(self.stop)

    def _write(self) -> None:
        try:
            while (data := self._outbox.get()) is not None:
                view = memoryview(data)
                while view:
                    view = view[self._writer.write(view) :]
            self._writer.flush()
        except (OSError, ValueError):
            self._on_loop(self.stop)
