"""An editor that shows nothing: replays need no other."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from duologue_server.context.positions import Range
from duologue_server.protocol import ClientState, OfferShown, TranscriptLine
from duologue_server.suggest.findings import Fix
from duologue_server.trace.clock import Clock

if TYPE_CHECKING:
    from duologue_server.session.session import Session


class QuietClient:
    """A ClientPort that only keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.last_state: ClientState | None = None

    def attach(self, clock: Clock, session: "Session") -> None:
        """The session begins: for an editor that answers it."""

    def state(self, state: ClientState) -> None:
        self.last_state = state

    def transcript(self, line: TranscriptLine) -> None:
        """Replays read the trace instead."""

    def offer(self, offer: OfferShown) -> None:
        """Replays read the trace instead."""

    def apply(self, uri: str, fix: Fix, done: Callable[[str], None]) -> None:
        done("a replay has no editor")

    def preview(self, uri: str, ranges: Sequence[Range], caption: str, question: str) -> None:
        """Nobody watches."""

    def show(self, uri: str, selection: Range) -> None:
        """Nobody watches."""

    def perform(self, name: str, argument: str, done: Callable[[str], None]) -> None:
        done("a replay has no editor")

    def progress(self, percent: int, message: str) -> None:
        """Nobody watches."""

    def tell(self, severity: Literal["info", "warning", "error"], text: str) -> None:
        self.told.append(f"{severity}: {text}")
