"""The session's two doors: the editor, and the voice process. Tests and replays stand in for either."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from duologue_server.context.positions import Range
from duologue_server.link.messages import ToVoice
from duologue_server.protocol import ClientState, OfferShown, TranscriptLine
from duologue_server.suggest.findings import Fix


class ClientPort(Protocol):
    """What the session tells an editor. Called on the session's thread; must not block."""

    def state(self, state: ClientState) -> None: ...

    def transcript(self, line: TranscriptLine) -> None: ...

    def offer(self, offer: OfferShown) -> None: ...

    def apply(self, uri: str, fix: Fix, done: Callable[[str], None]) -> None:
        """Changes a document, if it still is of the fix's version. `done` gets why it was not changed, as a clause;
        empty when it was."""

    def preview(self, uri: str, ranges: Sequence[Range], caption: str, question: str) -> None:
        """What a spoken command is about to do, or would do if the user says yes to `question`; all empty: nothing."""

    def show(self, uri: str, selection: Range) -> None:
        """Puts the cursor at the end of a selection, and brings it into view."""

    def perform(self, name: str, argument: str, done: Callable[[str], None]) -> None:
        """Something that only an editor can do. `done` gets why it was not done, as a clause; empty when it was."""

    def progress(self, percent: int, message: str) -> None:
        """The voice is loading; 100 ends it."""

    def tell(self, severity: Literal["info", "warning", "error"], text: str) -> None:
        """One sentence for the user."""


class VoicePort(Protocol):
    """What the session tells the voice. Called on the session's thread or, for `send(Keys)`, from any; never blocks."""

    def start(self) -> None:
        """Starts the voice if it does not run."""

    def stop(self) -> None:
        """Ends the voice."""

    def send(self, message: ToVoice) -> None:
        """Sends a message; drops it when there is no voice."""
