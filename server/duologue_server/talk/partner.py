"""Session and voice behind one door, for a terminal: everything but the voice happens on the thread of `turn`."""

import queue
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from duologue_server.link.messages import Ask, Reply, ToVoice
from duologue_server.options import Options
from duologue_server.protocol import TranscriptLine
from duologue_server.replay.feed import feed
from duologue_server.session.habits import habits_path
from duologue_server.session.ports import ClientPort, VoicePort
from duologue_server.session.recorded import RecordedSession
from duologue_server.session.session import Session
from duologue_server.session.supervisor import VoiceStatus, VoiceSupervisor, voice_command
from duologue_server.talk.files import WatchedFile
from duologue_server.trace.clock import RealClock
from duologue_server.trace.folder import Event
from duologue_server.trace.recorder import Recorder

LOOK_EVERY_S = 0.3
"""How often the files are looked at."""


class Partner:
    """One conversation. `post` and `fingers` may be called on any thread, everything else on one."""

    def __init__(
        self,
        client: ClientPort,
        options: Options,
        files: Sequence[WatchedFile] = (),
        device: str = "",
        recorder: Recorder | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        """`command` stands in for the voice process in tests."""
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._client = client
        self._recorder = recorder
        self._files = files
        self._looked_s = 0.0
        self._clock = RealClock(self.post)
        arguments = ["--device", device] if device else []
        if recorder is not None:
            arguments += recorder.voice_args
        self._voice = VoiceSupervisor(self._clock, self.post, command or voice_command(arguments))
        self._voice.options = options
        self._typed = TypedTurns(self._voice, self._answered)
        if recorder is None:
            self._session = Session(self._clock, client, self._typed, options)
            self._session.remember(habits_path())
        else:
            self._session = RecordedSession(self._clock, client, self._typed, options, recorder)
        self._voice.on_message = self._session.from_voice
        self._voice.on_status = self._status
        self.voice_status: VoiceStatus = "off"

    @property
    def waiting(self) -> bool:
        """Whether a typed question has no answer yet."""
        return bool(self._typed.waiting)

    def start(self) -> None:
        """Opens the files and starts the voice."""
        self._look()
        self.verb("start")

    def post(self, call: Callable[[], None]) -> None:
        """Has the call made by `turn`."""
        self._inbox.put(call)

    def turn(self, wait_s: float) -> None:
        """Does what is due, waiting for it at most so long, and looks at the files now and then."""
        try:
            self._inbox.get(timeout=wait_s)()
            while True:
                self._inbox.get_nowait()()
        except queue.Empty:
            if time.monotonic() - self._looked_s >= LOOK_EVERY_S:
                self._look()

    def fingers(self, count: int) -> None:
        """Keys were pressed: the voice is told at once, the session in its turn."""
        self._voice.fingers(count)
        self.post(lambda: self.happen("keys", count=count))

    def happen(self, kind: str, **fields: Any) -> None:
        """An input of the session, recorded if anybody records."""
        if self._recorder is not None:
            self._recorder.observe(kind, fields)
        feed(self._session, Event(self._clock.now_s(), kind, fields))

    def verb(self, name: str, **args: Any) -> Mapping[str, Any]:
        """Carries out a verb of the session format; `ok` and `message`."""
        if self._recorder is not None:
            self._recorder.observe("control", {"name": name, "args": args})
        return self._session.verb(name, args)

    def ask(self, text: str) -> None:
        """A question that was typed. Its answer is spoken where there is a voice, and is text in any case."""
        turn = self._typed.begin()
        now_s = self._clock.now_s()
        self._client.transcript(TranscriptLine(f"typed-{-turn}", "user", text, True))
        self._session.from_voice(Ask(turn, text, now_s, now_s))

    def close(self) -> None:
        """Ends the voice and waits for it."""
        self._voice.close()
        while not self._inbox.empty():
            self._inbox.get()()

    def _answered(self, turn: int, text: str) -> None:
        if not text:
            return
        if self.voice_status == "ready":
            self.happen("say", id=f"answer-{-turn}", text=text)
        else:
            self._client.transcript(TranscriptLine(f"answer-{-turn}", "partner", text, True, len(text), "text"))

    def _status(self, status: VoiceStatus, message: str) -> None:
        self.voice_status = status
        self._session.voice_changed(status, message)

    def _look(self) -> None:
        self._looked_s = time.monotonic()
        for file in self._files:
            for happened in file.look():
                self.happen(happened.kind, **happened.fields)


class TypedTurns:
    """A VoicePort that keeps the answers to typed questions for itself: the floor knows nothing of those."""

    def __init__(self, voice: VoicePort, answered: Callable[[int, str], None]) -> None:
        self._voice = voice
        self._answered = answered
        self._last = 0
        self.waiting: dict[int, str] = {}
        """Turn and what there is of its answer."""

    def begin(self) -> int:
        """A new turn; below zero, where no spoken one is."""
        self._last -= 1
        self.waiting[self._last] = ""
        return self._last

    def start(self) -> None:
        self._voice.start()

    def stop(self) -> None:
        self._voice.stop()

    def send(self, message: ToVoice) -> None:
        if not isinstance(message, Reply) or message.turn not in self.waiting:
            self._voice.send(message)
            return
        self.waiting[message.turn] += message.text
        if message.final:
            self._answered(message.turn, " ".join(self.waiting.pop(message.turn).split()))
