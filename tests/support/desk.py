"""A session between an editor and a voice that only note what they are told."""

from collections.abc import Callable, Sequence
from typing import Any

from duologue_server.context.documents import TextChange
from duologue_server.context.positions import Position, Range
from duologue_server.link.messages import (
    Ask,
    Reply,
    ToVoice,
)
from duologue_server.options import Options
from duologue_server.protocol import ClientState, OfferShown, TranscriptLine
from duologue_server.session.session import Session
from duologue_server.suggest.findings import Fix
from duologue_server.trace.clock import VirtualClock

URI = "file:///shop/prices.py"
BUGGY = "def total(prices):\n    result = sum(prices)\n    print(result)\n    return resutl\n"
LONG = "The tests are red again, and two of them are new."


class Desk:
    """An editor and a voice that only note what they are told."""

    def __init__(self, options: Options | None = None) -> None:
        self.clock = VirtualClock(free_compute=True)
        self.sent: list[ToVoice] = []
        self.running = False
        self.states: list[ClientState] = []
        self.lines: list[TranscriptLine] = []
        self.offers: list[OfferShown] = []
        self.told: list[str] = []
        self.previews: list[tuple[str, str]] = []
        self.shown: list[Range] = []
        self.performed: list[tuple[str, str]] = []
        self.performs = ""
        """Why the editor does not do what it is asked; empty when it does."""
        self.applied: list[tuple[str, Fix, Callable[[str], None]]] = []
        self.session = Session(self.clock, self, self, options or Options())

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def send(self, message: ToVoice) -> None:
        self.sent.append(message)

    def state(self, state: ClientState) -> None:
        self.states.append(state)

    def transcript(self, line: TranscriptLine) -> None:
        self.lines.append(line)

    def offer(self, offer: OfferShown) -> None:
        self.offers.append(offer)

    def apply(self, uri: str, fix: Fix, done: Callable[[str], None]) -> None:
        self.applied.append((uri, fix, done))

    def preview(self, uri: str, ranges: Sequence[Range], caption: str, question: str) -> None:
        self.previews.append((caption, question))

    def show(self, uri: str, selection: Range) -> None:
        self.shown.append(selection)

    def perform(self, name: str, argument: str, done: Callable[[str], None]) -> None:
        self.performed.append((name, argument))
        done(self.performs)

    def progress(self, percent: int, message: str) -> None:
        self.told.append(f"{percent}")

    def tell(self, severity: str, text: str) -> None:
        self.told.append(f"{severity}: {text}")

    def later(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now_s() + seconds)

    def of(self, kind: type[ToVoice]) -> list[Any]:
        return [message for message in self.sent if isinstance(message, kind)]

    def asked(self, text: str, turn: int = 1, interrupted: str | None = None, others: tuple[str, ...] = ()) -> str:
        """The user asks; the whole answer. `others`: what else the words may have been."""
        now_s = self.clock.now_s()
        self.session.from_voice(Ask(turn, text, now_s - 0.7, now_s, interrupted, others))
        self.later(2.0)
        return "".join(reply.text for reply in self.of(Reply) if reply.turn == turn)


def insert(line: int, character: int, text: str) -> TextChange:
    place = Position(line, character)
    return TextChange(Range(place, place), text)
