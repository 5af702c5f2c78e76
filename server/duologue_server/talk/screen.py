"""What a terminal shows: finished lines scroll up and stay, the present stands below them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import unquote, urlsplit

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from duologue_server.context.positions import Range
from duologue_server.protocol import ClientState, OfferShown, TranscriptLine
from duologue_server.suggest.findings import Fix

Severity = Literal["info", "warning", "error"]
MOST_OFFERS = 3
MARK_WIDTH = 7
HELP = (
    ("any key", "silences the partner"),
    ("t", "type a question; Enter sends it, Esc leaves it"),
    ("space", "push-to-talk: press to speak, press again when done"),
    ("m", "mute the microphone, or open it again"),
    ("s", "stop listening and speaking, or start again"),
    ("y n", "accept or dismiss the suggestion that was spoken last"),
    ("w", "why did it speak, or why is it silent"),
    ("r", "repeat"),
    ("z", "nothing unprompted for ten minutes"),
    ("q", "quit"),
)
KEY_LINE = "t type · space talk · m mute · s stop · y/n judge · w why · r repeat · ? help · q quit"
_MICROPHONE: Mapping[str, tuple[str, str]] = {
    "open": ("● microphone open", "green"),
    "push_to_talk": ("○ push to talk", "cyan"),
    "muted": ("⊘ muted", "yellow"),
    "asleep": ("☾ asleep", "yellow"),
    "absent": ("⊘ no microphone", "red"),
    "off": ("○ microphone off", "dim"),
}
_VOICE: Mapping[str, tuple[str, str]] = {
    "off": ("stopped", "dim"),
    "loading": ("loading", "yellow"),
    "ready": ("", ""),
    "restarting": ("restarting", "yellow"),
    "failed": ("no voice", "bold red"),
}
_ENDED: Mapping[str, str] = {
    "key": "stopped by a key",
    "speech": "you spoke",
    "control": "stopped",
    "device": "the device was lost",
    "session": "the session ended",
}


@dataclass
class View:
    """Everything that is on the screen below the finished lines."""

    state: ClientState = field(default_factory=ClientState)
    loading: str = ""
    user: str = ""
    partner: TranscriptLine | None = None
    offers: dict[str, OfferShown] = field(default_factory=dict)
    typing: str | None = None
    """What stands in the line for questions; None when it is closed."""
    talking: bool = False
    """Push-to-talk is down."""
    recording: str = ""


class Terminal:
    """A ClientPort: keeps the view, and prints what is finished."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.view = View()
        self._told = ""

    def state(self, state: ClientState) -> None:
        self.view.state = state
        if state.voice == "ready":
            self.view.loading = ""

    def transcript(self, line: TranscriptLine) -> None:
        if line.role == "user":
            self.view.user = "" if line.final else line.text
        elif line.final:
            self.view.partner = None
        else:
            self.view.partner = line
        if line.final and line.text:
            self._print(finished(line))

    def offer(self, offer: OfferShown) -> None:
        if offer.outcome == "waiting":
            fresh = offer.id not in self.view.offers
            self.view.offers[offer.id] = offer
            if fresh and not self.console.is_terminal:
                self._print(_mark("offer", "magenta", place(offer)))
        elif offer.outcome in ("accepted", "dismissed", "dropped"):
            self.view.offers.pop(offer.id, None)

    def apply(self, uri: str, fix: Fix, done: Callable[[str], None]) -> None:
        done(f"there is no editor here; it would be: {fix.label}")

    def preview(self, uri: str, ranges: Sequence[Range], caption: str, question: str) -> None:
        """There is no code to show it in."""

    def show(self, uri: str, selection: Range) -> None:
        """There is no cursor."""

    def perform(self, name: str, argument: str, done: Callable[[str], None]) -> None:
        done("there is no editor here that could do it")

    def progress(self, percent: int, message: str) -> None:
        self.view.loading = "" if percent >= 100 else f"{percent} % {message}"

    def tell(self, severity: Severity, text: str) -> None:
        if text == self._told:
            return
        self._told = text
        style = {"info": "green", "warning": "yellow", "error": "bold red"}[severity]
        self._print(_mark({"info": "·", "warning": "!", "error": "✗"}[severity], style, text))

    def say(self, text: str) -> None:
        """One line from the program itself."""
        self._print(_mark("·", "dim", text))

    def help(self) -> None:
        """What every key does."""
        lines = [Text.assemble("  ", (f"{keys:>8}", "bold"), "  ", what) for keys, what in HELP]
        self.console.print(Group(*lines))

    def render(self) -> RenderableType:
        """The present: captions, suggestions, the line for questions, the state."""
        view = self.view
        parts: list[RenderableType] = [Rule(style="dim")]
        if view.user:
            parts.append(_mark("you", "cyan", view.user, "italic").grid())
        if view.partner is not None:
            parts.append(_speaking(view.partner).grid())
        offers = sorted(view.offers.values(), key=lambda offer: -offer.urgency)
        parts += [_mark("?", "magenta", place(offer)).grid() for offer in offers[:MOST_OFFERS]]
        if len(offers) > MOST_OFFERS:
            parts.append(_mark("", "dim", f"and {len(offers) - MOST_OFFERS} more", "dim").grid())
        if view.typing is not None:
            question = _mark("ask", "bold cyan", view.typing)
            question.body.append("▏")
            parts.append(question.grid())
        parts.append(self._status())
        parts.append(Text(f"        {KEY_LINE}", style="dim", no_wrap=True, overflow="ellipsis"))
        return Group(*parts)

    def _print(self, line: "Line") -> None:
        """In a terminal text hangs beside its mark; in a file every line is one line."""
        if self.console.is_terminal:
            self.console.print(line.grid())
        else:
            self.console.print(line.text(), soft_wrap=True)

    def _status(self) -> Text:
        view, state = self.view, self.view.state
        what, style = _VOICE[state.voice]
        words: list[tuple[str, str]] = []
        if state.voice == "ready":
            words.append(_MICROPHONE[state.microphone])
            if view.talking:
                words.append(("speak now", "bold green"))
            words.append((f"you {state.user}", "cyan" if state.user == "speaking" else "dim"))
            words.append((f"partner {state.partner}", "green" if state.partner == "speaking" else "dim"))
        else:
            words.append((f"{what} {view.loading}".strip(), style))
        if state.latencyMs is not None:
            words.append((f"answered after {state.latencyMs / 1000:.1f} s", "dim"))
        if state.health != "ok" and state.message:
            words.append((state.message, "yellow" if state.health == "warning" else "bold red"))
        if view.recording:
            words.append((f"recording into {view.recording}", "red"))
        line = Text("        ", no_wrap=True, overflow="ellipsis")
        for number, (word, look) in enumerate(words):
            line.append(" · " if number else "", style="dim")
            line.append(word, style=look)
        return line


@dataclass(frozen=True, slots=True)
class Line:
    """Who or what, and what is said."""

    mark: str
    style: str
    body: Text

    def grid(self) -> RenderableType:
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=MARK_WIDTH, justify="right", no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(Text(self.mark, style=self.style), self.body)
        return grid

    def text(self) -> Text:
        return Text.assemble((f"{self.mark:>{MARK_WIDTH}} ", self.style), self.body)


def finished(line: TranscriptLine) -> Line:
    """A line that will not change: of the partner's, what was not heard is dim, and why is said."""
    if line.role == "user":
        return _mark("you", "bold cyan", line.text)
    heard = len(line.text) if line.heardUpTo is None else line.heardUpTo
    body = Text(line.text[:heard])
    unheard = line.text[heard:].strip()
    if unheard:
        body.append(f" {unheard}" if heard else unheard, style="dim strike" if heard else "dim")
        body.append(f"  ({_ENDED.get(line.cause, line.cause or 'not said')})", style="dim italic")
    return Line("partner", "bold green", body)


def place(offer: OfferShown) -> str:
    """The suggestion and where it belongs."""
    if offer.uri is None:
        return offer.text
    name = PurePosixPath(unquote(urlsplit(offer.uri).path)).name
    where = name if offer.line is None else f"{name}:{offer.line + 1}"
    return f"{offer.text}  [{where}]"


def _speaking(line: TranscriptLine) -> Line:
    """The partner's present line, bright as far as it was heard."""
    reach = line.heardUpTo or 0
    return Line("partner", "green", Text.assemble(line.text[:reach], (line.text[reach:], "dim")))


def _mark(who: str, style: str, text: str, look: str = "") -> Line:
    return Line(who, style, Text(text, style=look))
