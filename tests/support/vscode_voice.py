"""A voice process that speaks for a while without a sound: a key ends it at half of its text, as the real one's would.

`python vscode_voice.py serve FLAGS` is a whole language server whose voice process is this one with FLAGS.
"""

import sys
import threading
from collections.abc import Callable
from typing import Literal

from duologue_server.link.messages import Control, Happened, Keys, Message, Say, VoiceState
from duologue_server.trace.facts import SoundOff, SoundOn
from support.fake_voice import FakeVoice, parser

SPEAKS_S = 20.0
STATE_AFTER_S = 0.3
"""A real voice tells of its microphone only when it is there; one that is new has to load before."""
Microphone = Literal["open", "muted", "asleep", "push_to_talk"]
_AFTER: dict[str, Microphone] = {"mute": "muted", "sleep": "asleep", "unmute": "open", "wake": "open"}


class SpeakingVoice(FakeVoice):
    """Ready at once; a Say sounds for a while, or until a key."""

    _speaking: Say | None = None
    _microphone: Microphone = "open"
    _lock = threading.Lock()

    def _note(self, message: Message) -> None:
        super()._note(message)
        if isinstance(message, Keys):
            self._end("key")

    def _take(self, message: Message) -> None:
        if isinstance(message, Say):
            self._end("end")
            self._speaking = message
            self._channel.send(Happened(SoundOn(0.0, message.id, message.text, message.cause)))
            self._tell()
            _later(SPEAKS_S, lambda: self._end("end"))
        elif isinstance(message, Control) and message.name in _AFTER:
            self._note(message)
            self._microphone = _AFTER[message.name]
            _later(STATE_AFTER_S, self._tell)
        else:
            super()._take(message)

    def _tell(self) -> None:
        partner: Literal["speaking", "silent"] = "speaking" if self._speaking else "silent"
        self._channel.send(VoiceState(self._microphone, "quiet", partner, 410.0, 0))

    def _end(self, cause: str) -> None:
        with self._lock:
            said, self._speaking = self._speaking, None
        if said is None:
            return
        heard = said.text if cause == "end" else said.text[: said.text.rfind(" ", 0, len(said.text) // 2)]
        self._channel.send(Happened(SoundOff(0.1, said.id, "key" if cause == "key" else "end", heard, 100.0)))
        self._tell()


def _later(after_s: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(after_s, call)
    timer.daemon = True
    timer.start()


def serve() -> None:
    from duologue_server.cli.lsp import take_stdio
    from duologue_server.server import serve_stdio

    sys.exit(serve_stdio(*take_stdio(), voice_command=[sys.executable, __file__, *sys.argv[2:]]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve()
    else:
        SpeakingVoice(parser().parse_args()).run()
