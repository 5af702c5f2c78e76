"""Open documents and an agenda, without a session: what detectors notice while somebody works."""

from duologue_server.context.documents import TextChange
from duologue_server.context.positions import Position, Range
from duologue_server.link.messages import Offer, ToVoice
from duologue_server.options import Options
from duologue_server.session.workspace import Workspace
from duologue_server.suggest.items import Change
from duologue_server.trace.clock import VirtualClock

STORE = "file:///home/ann/shop/store.py"
TESTS = "file:///home/ann/shop/tests/test_store.py"


class Workbench:
    """Somebody works on some files; what waits on the agenda is what was noticed."""

    def __init__(self, options: Options | None = None) -> None:
        self.clock = VirtualClock(free_compute=True)
        self.sent: list[ToVoice] = []
        self.changes: list[Change] = []
        self.warned: list[str] = []
        self.workspace = Workspace(
            self.clock, options or Options(), self.sent.append, self.changes.append, self.warned.append
        )
        self._texts: dict[str, str] = {}
        self._version = 1

    def open(self, text: str, uri: str = STORE, language_id: str = "python") -> None:
        self._texts[uri] = text
        self.workspace.open(uri, language_id, 1, text)
        self.later(1.0)

    def replace(self, old: str, new: str, uri: str = STORE) -> None:
        """Types `new` in place of `old`, which stands once, and pauses."""
        text = self._texts[uri]
        assert text.count(old) == 1, (old, text.count(old))
        at = text.index(old)
        ends = [Position(text.count("\n", 0, n), n - text.rfind("\n", 0, n) - 1) for n in (at, at + len(old))]
        self._texts[uri] = text.replace(old, new)
        self._version += 1
        self.workspace.keys(1)
        self.workspace.change(uri, self._version, [TextChange(Range(*ends), new)])
        self.later(1.0)

    def later(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now_s() + seconds)

    def back_after(self, seconds: float) -> None:
        """Nobody types for so long, then a key comes."""
        self.later(seconds)
        self.workspace.keys(1)
        self.later(0.1)

    def waiting(self, of: str = "") -> list[str]:
        """What waits on the agenda, of triggers that begin so."""
        items = self.workspace.agenda.offers(self.clock.now_s())
        return [item.text for item in items if item.trigger.startswith(of)]

    def offered(self) -> list[str]:
        """What was given to the voice to say."""
        return [message.text for message in self.sent if isinstance(message, Offer)]
