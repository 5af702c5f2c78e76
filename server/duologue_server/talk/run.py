"""Talk in a terminal with single keys, or line by line where stdin is none."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from duologue_server.options import Options
from duologue_server.talk.files import WatchedFile
from duologue_server.talk.keyboard import BACKSPACE, ENTER, ESCAPE, Keyboard
from duologue_server.talk.partner import Partner
from duologue_server.talk.screen import Terminal
from duologue_server.trace.recorder import Recorder

TURN_S = 0.05
REFRESH_S = 0.1
ANSWER_S = 30.0
"""How long the end of piped input waits for what is still being answered or said."""
COMMANDS = {"mute", "unmute", "start", "stop", "why", "repeat", "accept", "dismiss", "snooze", "ptt_down", "ptt_up"}
"""Verbs that a piped line may give behind a slash, besides /quit and /wait SECONDS."""


class Talk:
    """One run in a terminal."""

    def __init__(self, partner: Partner, terminal: Terminal) -> None:
        self._partner = partner
        self._terminal = terminal
        self.over = False

    def key(self, key: str) -> None:
        """A key was pressed; on the thread of the partner."""
        view = self._terminal.view
        if view.typing is not None:
            self._type(key)
            return
        match key:
            case "q":
                self.over = True
            case "t":
                view.typing = ""
            case "?":
                self._terminal.help()
            case "m":
                self._verb("unmute" if view.state.microphone in ("muted", "asleep") else "mute")
            case "s":
                self._verb("start" if view.state.voice in ("off", "failed") else "stop")
            case " ":
                view.talking = not view.talking
                self._verb("ptt_down" if view.talking else "ptt_up")
            case "y" | "n" | "w" | "r" | "z":
                self._verb({"y": "accept", "n": "dismiss", "w": "why", "r": "repeat", "z": "snooze"}[key])

    def line(self, text: str) -> float:
        """A line of piped input; how many seconds to wait before the next one."""
        text = text.strip()
        name, _, rest = text.removeprefix("/").partition(" ")
        if not text.startswith("/"):
            if text:
                self._partner.fingers(len(text))
                self._partner.post(lambda: self._partner.ask(text))  # after the keys, as they came
        elif name == "quit":
            self.over = True
        elif name == "wait":
            try:
                return float(rest)
            except ValueError:
                self._terminal.tell("warning", f"/wait takes seconds, not '{rest}'")
        elif name == "keys":
            self._partner.fingers(1)
        elif name in COMMANDS:
            self._verb(name)
        else:
            known = " ".join(f"/{command}" for command in sorted(COMMANDS))
            self._terminal.tell("warning", f"'/{name}' is no command; there are {known} /keys /wait /quit")
        return 0.0

    def _type(self, key: str) -> None:
        view = self._terminal.view
        assert view.typing is not None
        if key == ENTER:
            text, view.typing = view.typing.strip(), None
            if text:
                self._partner.ask(text)
        elif key == ESCAPE:
            view.typing = None
        elif key == BACKSPACE:
            view.typing = view.typing[:-1]
        elif key.isprintable():
            view.typing += key

    def _verb(self, name: str) -> None:
        result = self._partner.verb(name)
        if not result["ok"] and result["message"]:
            self._terminal.say(str(result["message"]))


def talk(paths: Sequence[Path], options: Options, device: str = "", record: Path | None = None) -> int:
    """Runs until the user leaves; the exit status. Raises OSError and BadSession before anything is started."""
    files = [WatchedFile(path) for path in paths]
    recorder = Recorder(record, "recorded by duologue record") if record is not None else None
    console = Console(highlight=False)
    by_keys = console.is_terminal and sys.stdin.isatty()
    terminal = Terminal(console)
    terminal.view.recording = str(record) if record is not None else ""
    partner = Partner(terminal, options, files, device, recorder)
    conversation = Talk(partner, terminal)
    signal.signal(signal.SIGINT, _leave)  # a shell in the background would have it ignored
    signal.signal(signal.SIGTERM, _leave)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, _leave)
    try:
        (_with_keys if by_keys else _with_lines)(partner, terminal, conversation)
    except KeyboardInterrupt:
        pass  # the usual way to leave a program in a terminal
    finally:
        partner.close()
        if recorder is not None:
            recorder.close(pack=True)
            console.print(f"recorded into {record}; hear it again with: duologue replay {record} --out OUT")
    return 0


def _leave(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _with_keys(partner: Partner, terminal: Terminal, conversation: Talk) -> None:
    def pressed(key: str) -> None:
        partner.fingers(1)
        partner.post(lambda: conversation.key(key))

    with Live(console=terminal.console, auto_refresh=False, transient=True) as live, Keyboard(pressed):
        partner.start()
        drawn_s = 0.0
        while not conversation.over:
            partner.turn(TURN_S)
            if time.monotonic() - drawn_s >= REFRESH_S:
                drawn_s = time.monotonic()
                live.update(terminal.render(), refresh=True)


def _with_lines(partner: Partner, terminal: Terminal, conversation: Talk) -> None:
    """Every line of stdin is a question, or a command behind a slash; at its end what is under way is awaited."""
    lines: list[str | None] = []
    threading.Thread(target=_read_lines, args=(partner.post, lines), daemon=True).start()
    partner.start()
    resume_s = 0.0
    ends_s: float | None = None
    while not conversation.over:
        partner.turn(TURN_S)
        now_s = time.monotonic()
        state = terminal.view.state
        if state.voice in ("loading", "restarting") or now_s < resume_s:
            continue
        if lines and lines[0] is not None:
            resume_s = now_s + conversation.line(lines.pop(0) or "")
        elif lines:
            ends_s = ends_s or now_s
            busy = partner.waiting or state.partner != "silent"
            if now_s > ends_s + (ANSWER_S if busy else 0.5):
                return


def _read_lines(post: Callable[[Callable[[], None]], None], lines: list[str | None]) -> None:
    for line in sys.stdin:
        post(lambda line=line: lines.append(line))  # type: ignore[misc]
    post(lambda: lines.append(None))
