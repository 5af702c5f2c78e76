"""LSP's base protocol over two byte streams, on threads: nothing that the event loop does delays reading a key.

Source: LSP 3.17, "Base Protocol".
"""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import BinaryIO

from duologue_server.features.headers import HeaderParser

MAX_WAITING = 4096
"""Messages that may wait for the event loop before the client has to wait."""
_READ_BYTES = 1 << 16


class Transport:
    """Reads and writes on a thread each. A writer for pygls, and a loop that hands bodies to a receiver, in order.

    `early` is called with every body on the reader's thread, before the event loop sees it: it must be quick.
    `already` was read from the stream before.
    """

    def __init__(
        self,
        reader: BinaryIO,
        writer: BinaryIO,
        early: Callable[[bytes], None],
        complain: Callable[[str], None],
        already: bytes = b"",
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._early = early
        self._already = already
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
            data = self._already
            while data or (data := self._reader.read(_READ_BYTES)):
                for body in self._parser.feed(data):
                    self._early(body)
                    self._room.acquire()
                    self._inbox.append(body)
                    self._on_loop(take)
                data = b""
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
