"""The voice process as the language server sees it: started, watched, restarted, ended.

A failure of the voice is a message and a state, never a failure of the language server.
"""

import io
import logging
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, Literal, cast

from duologue_server import __version__
from duologue_server.link.channel import Channel
from duologue_server.link.frames import LinkError
from duologue_server.link.messages import (
    LINK_VERSION,
    Control,
    FromVoice,
    Goodbye,
    Hello,
    Keys,
    Message,
    Ready,
    ToVoice,
    Trouble,
    VoiceState,
)
from duologue_server.options import Options, to_wire
from duologue_server.trace.clock import Clock, Job

VoiceStatus = Literal["off", "loading", "ready", "restarting", "failed"]

logger = logging.getLogger(__name__)

BACK_OFF_S = (0.5, 1.0, 2.0)
"""How long to wait before each restart; after the last of them the voice has failed."""
WINDOW_S = 60.0
"""Restarts that lie further back than this are forgiven."""
GOODBYE_S = 1.0
TERMINATE_S = 0.5
LOG_LINES = 50
ARGS_VARIABLE = "DUOLOGUE_VOICE_ARGS"
"""Environment variable with further arguments for the voice process."""
_AFTER = {
    "mute": "muted",
    "unmute": "open",
    "sleep": "asleep",
    "wake": "open",
    "ptt_down": "push_to_talk",
    "ptt_up": "push_to_talk",
}
"""What a verb that comes while there is no voice does to the microphone of the next."""
_AGAIN = {"muted": "mute", "asleep": "sleep"}
"""The verb that brings a new voice into the state of the last."""
REMEDY = "run 'duologue doctor' to see which part does not work, then start the voice again"


def voice_command(extra_args: Sequence[str] = ()) -> list[str]:
    """The command line of the voice process."""
    from_environment = shlex.split(os.environ.get(ARGS_VARIABLE, ""))
    return [sys.executable, "-m", "duologue_server", "voice", *from_environment, *extra_args]


class VoiceSupervisor:
    """Keeps at most one voice process running; a VoicePort. All methods but `send` and `fingers` on the session's
    thread, where `on_message` and `on_status` are called too; `post` hands a call to it.
    """

    def __init__(
        self,
        clock: Clock,
        post: Callable[[Callable[[], None]], None],
        command: Sequence[str] | None = None,
        log: Callable[[str], None] = logger.info,
    ) -> None:
        self.options = Options()
        """What the next voice process is told in its greeting."""
        self.on_message: Callable[[FromVoice], None] = lambda message: None
        self.on_status: Callable[[VoiceStatus, str], None] = lambda status, message: None
        self._clock = clock
        self._post = post
        self._command = list(command) if command is not None else voice_command()
        self._log = log
        self._process: VoiceProcess | None = None
        self._retry: Job | None = None
        self._restarts_s: list[float] = []
        self._fatal: Trouble | None = None
        self._ending: list[VoiceProcess] = []
        self._microphone = ""
        """Of the last voice: a new one after a failure must not open what the user had closed."""
        self._early = 0
        self._early_lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The voice process, if there is one."""
        return self._process.pid if self._process else None

    @property
    def dropped(self) -> int:
        """Messages to the present voice process that were dropped for want of room."""
        return self._process.channel.dropped if self._process else 0

    def start(self) -> None:
        """Starts the voice if it neither runs nor is about to; earlier failures are forgotten."""
        if self._process is not None or self._retry is not None:
            return
        self._restarts_s.clear()
        self._microphone = ""
        self._set("loading", "")
        self._launch()

    def stop(self) -> None:
        """Ends the voice: goodbye, then, after a second, by force. Does not wait for it."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self._process is not None:
            process, self._process = self._process, None
            self._ending = [other for other in self._ending if other.alive] + [process]
            process.end()
        self._set("off", "")

    def send(self, message: ToVoice) -> None:
        """Sends a message, or drops it when there is no voice. From any thread; never blocks."""
        if isinstance(message, Keys):
            with self._early_lock:
                known = min(self._early, message.count)
                self._early -= known
            if known == message.count:
                return
            message = Keys(message.count - known, message.sent_s)
        process = self._process
        if process is not None:
            process.channel.send(message)
        elif isinstance(message, Control) and self._retry is not None:
            self._microphone = _AFTER.get(message.name, self._microphone)

    def fingers(self, count: int) -> None:
        """Tells the voice of keys at once, ahead of the session, which will `send` the same ones when it comes to it:
        those are counted only once. From any thread; never blocks.
        """
        process = self._process
        if process is not None and process.channel.open:
            with self._early_lock:
                self._early += count
            process.channel.send(Keys(count, time.monotonic()))

    def kill(self) -> None:
        """Ends every voice process at once, for a language server that is about to die itself. From any thread."""
        process = self._process
        for one in [*self._ending, *([process] if process else [])]:
            one.kill()

    def close(self) -> None:
        """Ends the voice and waits for it, at most `GOODBYE_S` + `TERMINATE_S` and a little."""
        self.stop()
        for process in self._ending:
            process.join()

    def _launch(self) -> None:
        self._retry = None
        self._fatal = None
        options = self.options
        if self._microphone in ("open", "push_to_talk", "off"):
            options = replace(options, microphone=cast(Any, self._microphone))
        hello = Hello(LINK_VERSION, f"duologue {__version__}", to_wire(options))
        with self._early_lock:
            self._early = 0
        try:
            process = VoiceProcess(self._command, hello, self._log)
        except OSError as error:
            self._fell(f"it could not be started: {error}")
            return
        self._process = process
        process.watch(
            lambda message: self._post(lambda: self._received(process, message)),
            lambda why: self._post(lambda: self._gone(process, why)),
        )
        if self._microphone in _AGAIN:
            process.channel.send(Control(_AGAIN[self._microphone]))

    def _received(self, process: "VoiceProcess", message: FromVoice) -> None:
        if process is not self._process or isinstance(message, Hello):
            return
        if isinstance(message, Trouble) and message.fatal:
            self._fatal = message
        if isinstance(message, VoiceState):
            self._microphone = message.microphone
        self.on_message(message)
        if isinstance(message, Ready):
            self._set("ready", "")

    def _gone(self, process: "VoiceProcess", why: str) -> None:
        if process is self._process:
            self._process = None
            self._fell(why)

    def _fell(self, why: str) -> None:
        now_s = self._clock.now_s()
        self._restarts_s = [at_s for at_s in self._restarts_s if now_s - at_s < WINDOW_S]
        attempt = len(self._restarts_s)
        if self._fatal is not None:
            self._set("failed", f"the voice cannot go on: {self._fatal.what}. {self._fatal.remedy}")
        elif attempt == len(BACK_OFF_S):
            self._set("failed", f"the voice was restarted {attempt} times within a minute and gave up: {why}; {REMEDY}")
        else:
            self._restarts_s.append(now_s)
            self._set("restarting", f"the voice stopped: {why}; restart {attempt + 1} of {len(BACK_OFF_S)}")
            self._retry = self._clock.call_later(BACK_OFF_S[attempt], self._launch)

    def _set(self, status: VoiceStatus, message: str) -> None:
        self._log(f"voice {status}{': ' if message else ''}{message}")
        self.on_status(status, message)


class VoiceProcess:
    """One run of the voice process, from start to end. Raises OSError when it cannot be started."""

    def __init__(self, command: Sequence[str], hello: Hello, log: Callable[[str], None]) -> None:
        self._log = log
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self._popen = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._on_message: Callable[[FromVoice], None] = lambda message: None
        self._link_error: LinkError | None = None
        self._watcher = threading.Thread(target=self._watch, name="voice-watch", daemon=True)
        self._stderr = threading.Thread(target=self._read_stderr, name="voice-stderr", daemon=True)
        self._on_gone: Callable[[str], None] = lambda why: None
        self.channel = Channel(
            cast(BinaryIO, self._popen.stdout),
            cast(BinaryIO, self._popen.stdin),
            self._received,
            self._link_closed,
            hello=hello,
        )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def watch(self, on_message: Callable[[FromVoice], None], on_gone: Callable[[str], None]) -> None:
        """Opens the link. `on_gone` is called once, with the reason, when the process has ended by itself.

        Both are called on threads of this object.
        """
        self._on_message, self._on_gone = on_message, on_gone
        self._stderr.start()
        self._watcher.start()
        self.channel.start()

    def end(self) -> None:
        """Says goodbye, and makes sure of it in the background."""
        self._on_message, self._on_gone = (lambda message: None), (lambda why: None)
        threading.Thread(target=self._end, name="voice-end", daemon=True).start()

    def kill(self) -> None:
        """Ends the process now."""
        self._popen.kill()

    def join(self) -> None:
        """Waits for the process after `end`."""
        try:
            self._popen.wait(GOODBYE_S + TERMINATE_S + 0.5)
        except subprocess.TimeoutExpired:
            self._popen.kill()

    def _end(self) -> None:
        self.channel.send(Goodbye())
        self.channel.close()
        for wait_s, force in ((GOODBYE_S, self._popen.terminate), (TERMINATE_S, self._popen.kill)):
            try:
                self._popen.wait(wait_s)
            except subprocess.TimeoutExpired:
                force()

    def _received(self, message: Message) -> None:
        self._on_message(cast(FromVoice, message))

    def _link_closed(self, error: LinkError) -> None:
        self._link_error = error
        if error.code in ("closed", "truncated"):
            try:
                self._popen.wait(TERMINATE_S)  # a process that has just ended tells more by its exit status
            except subprocess.TimeoutExpired:
                self._popen.kill()
        else:
            self._popen.kill()

    def _watch(self) -> None:
        status = self._popen.wait()
        self.channel.close(flush_s=0.0)
        self._stderr.join(0.5)
        self._on_gone(self._reason(status))

    def _reason(self, status: int) -> str:
        error = self._link_error
        if error is not None and error.code not in ("closed", "truncated"):
            return str(error)
        if status < 0:
            why = f"it was killed by signal {-status} ({signal.strsignal(-status)})"
        else:
            why = f"it ended with status {status}"
        last = next((line for line in reversed(self._lines) if line.strip()), "")
        return f"{why}, its last words: {last.strip()}" if last else why

    def _read_stderr(self) -> None:
        with io.BufferedReader(cast(io.RawIOBase, self._popen.stderr)) as stream:
            while raw := stream.readline(4096):
                line = raw.decode("utf-8", "replace").rstrip()
                self._lines.append(line)
                self._log(f"voice process: {line}")
