"""A voice process without a voice: speaks the real link over its stdio, and misbehaves on demand.

`python fake_voice.py serve FLAGS` is a whole language server whose voice process is this one with FLAGS.
"""

import argparse
import os
import sys
import threading
import time
from pathlib import Path

from duologue_server.link.channel import Channel
from duologue_server.link.messages import (
    LINK_VERSION,
    Control,
    Goodbye,
    Happened,
    Hello,
    Keys,
    Message,
    Progress,
    Ready,
    Say,
    Trouble,
    VoiceState,
)
from duologue_server.link.parent import die_with_parent
from duologue_server.trace.facts import SoundOff, SoundOn

PARTS = {"engine": "none", "ear": "none", "voice": "fake", "canceller": "none", "input": "none", "output": "none"}


def parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser()
    flags.add_argument("--crash", action="store_true", help="end at once with status 3 and a last word")
    flags.add_argument("--crash-once", type=Path, help="crash at the first start; the file remembers it")
    flags.add_argument("--fatal", action="store_true", help="report that it can never work, then end")
    flags.add_argument("--print", action="store_true", help="print to stdout where the link is")
    flags.add_argument("--version", type=int, default=LINK_VERSION, help="greet with another version")
    flags.add_argument("--deaf", action="store_true", help="neither goodbye nor SIGTERM ends it")
    flags.add_argument("--log", type=Path, help="a line for every message: time.monotonic(), kind, the message")
    return flags


def main() -> None:
    options = parser().parse_args()
    first = options.crash_once and not options.crash_once.exists()
    if first:
        options.crash_once.touch()
    if options.crash or first:
        sys.exit("fake voice: no voice today")
    if options.print:
        print("hello from a library", flush=True)
    FakeVoice(options).run()


class FakeVoice:
    """Ready at once; a Say sounds for no time; the verbs change the microphone."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._over = threading.Event()
        self._log = options.log.open("a", buffering=1) if options.log else None
        self._channel = Channel(
            os.fdopen(os.dup(0), "rb", 0),
            os.fdopen(os.dup(1), "wb", 0),
            self._take,
            lambda error: self._over.set(),
            hello=Hello(options.version, "fake voice"),
            fast=self._note,
        )

    def run(self) -> None:
        if not self._options.deaf:
            die_with_parent(os.getppid())
        self._channel.start()
        if self._options.fatal:
            self._channel.send(Trouble("no_weights", "The weights are damaged", "Install duologue again", fatal=True))
        else:
            self._channel.send(Progress(50, "loading nothing"))
            self._channel.send(Progress(100, "loaded"))
            self._channel.send(Ready(time.monotonic(), PARTS))
            self._channel.send(VoiceState("open", "quiet", "silent", None, 0))
            print("fake voice: ready", file=sys.stderr, flush=True)
            self._over.wait()
            if self._options.deaf:
                time.sleep(30)  # not for ever: nothing else would end it if the test itself dies
        self._channel.close()

    def _note(self, message: Message) -> None:
        if self._log is not None:
            self._log.write(f"{time.monotonic():.6f}\t{message.kind}\t{message!r}\n")

    def _take(self, message: Message) -> None:
        if not isinstance(message, Keys):
            self._note(message)
        if isinstance(message, Goodbye):
            self._over.set()
        if isinstance(message, Say):
            self._channel.send(Happened(SoundOn(0.0, message.id, message.text, message.cause)))
            self._channel.send(Happened(SoundOff(0.1, message.id, "end", message.text, 100.0)))
        if isinstance(message, Control) and message.name in ("mute", "unmute"):
            self._channel.send(VoiceState("muted" if message.name == "mute" else "open", "quiet", "silent", None, 0))


def serve() -> None:
    from duologue_server.cli.lsp import take_stdio
    from duologue_server.server import serve_stdio

    sys.exit(serve_stdio(*take_stdio(), voice_command=[sys.executable, __file__, *sys.argv[2:]]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve()
    else:
        if "--deaf" in sys.argv:
            import signal

            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        main()
