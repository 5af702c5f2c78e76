"""One end of the voice link over two byte streams: threads, bounded queue, handshake, heartbeat.

`send` never blocks. What cannot be sent in time is dropped, oldest first, where that does no harm, and counted.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import BinaryIO

from duologue_server import __version__
from duologue_server.link.frames import FrameReader, LinkError, encode
from duologue_server.link.messages import (
    LINK_VERSION,
    Beat,
    EditorEvent,
    Happened,
    HeardUpTo,
    Hello,
    Keys,
    Message,
    Progress,
    Vocabulary,
    VoiceState,
)
from duologue_server.trace.facts import Turn

logger = logging.getLogger(__name__)

BEAT_S = 1.0
SILENCE_S = 5.0
GREETING_S = 20.0
"""How long the other side may take for its Hello: an interpreter has to start, perhaps on a busy machine."""
SOFT_LIMIT = 256
"""Messages that may wait before droppable ones are dropped."""
HARD_LIMIT = 4096
"""Messages that may wait before the link is given up: the other side does not read."""
_READ_BYTES = 65536


class Channel:
    """Messages in and out. Bytes begin to flow with `start`; our Hello goes first.

    `on_message` is called on the reader's thread with every message, the other side's Hello included and first;
    `on_closed` once, on any thread, when the link ends otherwise than by `close`. `fast` is called on the
    reader's thread with Keys, before anything else is done about them: it must only set a flag.
    `reader` and `writer` should be unbuffered and belong to the channel from now on.
    """

    def __init__(
        self,
        reader: BinaryIO,
        writer: BinaryIO,
        on_message: Callable[[Message], None],
        on_closed: Callable[[LinkError], None],
        *,
        hello: Hello | None = None,
        fast: Callable[[Keys], None] | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_message = on_message
        self._on_closed = on_closed
        self._fast = fast
        self._now_s = now_s
        self._outbox = Outbox()
        self._outbox.put(hello or Hello(LINK_VERSION, f"duologue {__version__}"))
        self._greeted = False
        self._ended = threading.Event()
        self._leaving = False
        self._lock = threading.Lock()
        self._heard_s = self._beaten_s = now_s()
        self._beats = 0
        self._threads = [
            threading.Thread(target=target, name=f"link-{name}", daemon=True)
            for name, target in (("read", self._read), ("write", self._write), ("pulse", self._pulse))
        ]

    @property
    def dropped(self) -> int:
        """Messages that the queue had to drop so far."""
        return self._outbox.dropped

    @property
    def open(self) -> bool:
        """Whether the link can still carry messages."""
        return not self._ended.is_set()

    def start(self) -> None:
        """Begins to read and write."""
        for thread in self._threads:
            thread.start()

    def send(self, message: Message) -> None:
        """Queues the message, Keys before all others. From any thread; never blocks; nothing once the link ended."""
        if self._ended.is_set():
            return
        if not self._outbox.put(message):
            self._fail(LinkError("silent", f"the other side does not read; {HARD_LIMIT} messages wait"))

    def close(self, flush_s: float = 0.5) -> None:
        """Ends the link: what is queued is written if that takes at most `flush_s`. Idempotent."""
        self._leaving = True  # the other side may answer our end of the link with its own before we are done
        if not self._ended.is_set():
            self._outbox.finish()
            if self._threads[1].is_alive() and self._threads[1] is not threading.current_thread():
                self._threads[1].join(flush_s)
        self._end()
        self._outbox.abandon()
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(0.1)

    def tick(self) -> None:
        """Beats once a second, and ends the link with `silent` when the other side has been silent for too long."""
        now_s = self._now_s()
        late_s = now_s - self._beaten_s - BEAT_S
        if late_s < 0:
            return
        if late_s > SILENCE_S / 2:
            self._heard_s = now_s  # it is we who slept: the other side's beats wait to be read
        self._beaten_s = now_s
        self._beats += 1
        self.send(Beat(self._beats))
        patience_s = SILENCE_S if self._greeted else GREETING_S
        if now_s - self._heard_s > patience_s:
            self._fail(LinkError("silent", f"no sign of life for {patience_s:g} seconds"))

    def _read(self) -> None:
        read = getattr(self._reader, "read1", self._reader.read)
        frames = FrameReader()
        error: LinkError | None = None
        while error is None and not self._ended.is_set():
            try:
                data = read(_READ_BYTES)
            except (OSError, ValueError) as trouble:
                error = LinkError("closed", str(trouble))
                break
            self._heard_s = self._now_s()
            for message in frames.feed(data):
                error = error or self._receive(message)
            error = error or (frames.error if data else frames.end())
        if error is not None:
            self._fail(error)
        self._reader.close()

    def _receive(self, message: Message) -> LinkError | None:
        if not self._greeted:
            if not isinstance(message, Hello):
                return LinkError("malformed", f"the first message must be 'hello', not '{message.kind}'")
            if message.version != LINK_VERSION:
                return LinkError(
                    "version",
                    f"this side speaks version {LINK_VERSION}, the other ({message.product}) version "
                    f"{message.version}; install the same version of duologue on both sides",
                )
            self._greeted = True
        if isinstance(message, Beat) or self._ended.is_set():
            return None
        try:
            if isinstance(message, Keys) and self._fast is not None:
                self._fast(message)
            self._on_message(message)
        except Exception as error:  # else this thread would die and the link hang
            logger.exception("message '%s' of the voice link could not be handled", message.kind)
            return LinkError("malformed", f"message '{message.kind}' could not be handled: {error!r}")
        return None

    def _write(self) -> None:
        while True:
            message = self._outbox.take()
            if message is None:
                break
            try:
                _write_all(self._writer, encode(message))
            except LinkError as error:
                self._fail(error)
                break
            except (OSError, ValueError) as trouble:
                self._fail(LinkError("closed", str(trouble)))
                break
        try:
            self._writer.close()
        except OSError:
            return  # the other side went first: there is nobody to tell

    def _pulse(self) -> None:
        while not self._ended.wait(BEAT_S / 4):
            self.tick()

    def _fail(self, error: LinkError) -> None:
        if self._end() and not self._leaving:
            self._outbox.finish()  # what is queued may tell the other side why, our Hello above all
            self._on_closed(error)

    def _end(self) -> bool:
        """Whether this call is the one that ended the link."""
        with self._lock:
            ended_before = self._ended.is_set()
            self._ended.set()
        return not ended_before


class Outbox:
    """The bounded queue of what is to be sent. Keys go first and are added up."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._keys: Keys | None = None
        self._waiting: deque[Message] = deque()
        self._droppable = 0
        self._greeted = False
        self._open = True
        self.dropped = 0
        """Messages that were dropped for want of room."""

    def put(self, message: Message) -> bool:
        """Whether there was room, if need be by dropping the oldest message that may be dropped."""
        with self._ready:
            if not self._open:
                return True
            if isinstance(message, Keys):
                self._keys = (
                    message if self._keys is None else Keys(self._keys.count + message.count, self._keys.sent_s)
                )
            else:
                self._waiting.append(message)
                self._droppable += _droppable(message)
                if len(self._waiting) > SOFT_LIMIT and self._droppable:
                    self._drop_one()
            self._ready.notify()
            return len(self._waiting) <= HARD_LIMIT

    def take(self) -> Message | None:
        """The next message to send; waits for one. None when there will be no more."""
        with self._ready:
            while self._open and self._keys is None and not self._waiting:
                self._ready.wait()
            if self._keys is not None and (self._greeted or not self._waiting):
                keys, self._keys = self._keys, None
                return keys
            if not self._waiting:
                return None
            self._greeted = True
            message = self._waiting.popleft()
            self._droppable -= _droppable(message)
            return message

    def finish(self) -> None:
        """Takes nothing more; what is queued can still be taken."""
        with self._ready:
            self._open = False
            self._ready.notify_all()

    def abandon(self) -> None:
        """Takes nothing more, and forgets what is queued."""
        with self._ready:
            self._open = False
            self._keys = None
            self._waiting.clear()
            self._droppable = 0
            self._ready.notify_all()

    def _drop_one(self) -> None:
        for index, message in enumerate(self._waiting):
            if _droppable(message):
                del self._waiting[index]
                self._droppable -= 1
                self.dropped += 1
                return


_DROPPABLE = (Beat, EditorEvent, Vocabulary, Progress, VoiceState, HeardUpTo)


def _droppable(message: Message) -> bool:
    """Whether a newer message makes up for this one, or nobody misses it."""
    if isinstance(message, Happened):
        return isinstance(message.fact, Turn)
    return isinstance(message, _DROPPABLE)


def _write_all(writer: BinaryIO, data: bytes) -> None:
    """Raw streams may take only a part."""
    view = memoryview(data)
    while view:
        written = writer.write(view)
        view = view[written:]
    writer.flush()
