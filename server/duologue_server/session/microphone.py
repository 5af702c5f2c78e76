"""The one truth about the microphone: the voice's word, and what is known here only.

Another window may have it, or the user may have gone to sleep by voice, so that nothing counts but the phrase that ends
that.
"""

from collections.abc import Callable
from pathlib import Path

from duologue_server.link.messages import Control, ToVoice
from duologue_server.session.ownership import Ownership
from duologue_server.trace.clock import Clock

DOZE_MINUTES = 24 * 60.0
"""How long nothing is said to whoever sleeps."""


class Microphone:
    """Belongs to the session's thread. `show` is called when what the user should see has changed here."""

    def __init__(self, to_voice: Callable[[ToVoice], None], show: Callable[[str], None]) -> None:
        self._to_voice = to_voice
        self._show = show
        self._ownership: Ownership | None = None
        self._said = "off"
        """The voice's last word."""
        self._left_as: str | None = None
        """What it was when another window took it; None before that happened."""
        self.dozing = False
        """Asleep by voice."""

    def share(self, clock: Clock, path: Path) -> None:
        """From now on, other servers that name the same file and this one have one microphone between them."""
        self._ownership = Ownership(clock, path, self._moved)

    @property
    def seen(self) -> str:
        """As the user should see it."""
        if not self._is_here:
            return "elsewhere"
        return "dozing" if self.dozing and self._said in ("open", "push_to_talk") else self._said

    def told(self, microphone: str) -> str:
        """The voice's word about it; what the user should see."""
        self._said = microphone
        return self.seen

    def claim(self) -> None:
        """The user wants to be heard here."""
        if self._ownership is not None:
            self._ownership.claim()

    def fingers(self) -> None:
        """The user's fingers are here, and the voice runs."""
        if not self._is_here:
            self.claim()

    def doze(self, asleep: bool) -> None:
        """By voice, the user wants to be heard no more, or again."""
        self.dozing = asleep
        self._to_voice(Control("snooze", {"minutes": DOZE_MINUTES if asleep else 0}))
        self._show(self.seen)

    def voice_ready(self) -> None:
        """A new voice process hears; it must not where another window has the microphone."""
        if not self._is_here:
            self._to_voice(Control("sleep"))
        if self.dozing:
            self._to_voice(Control("snooze", {"minutes": DOZE_MINUTES}))

    def voice_ended(self) -> None:
        self._said = "off"
        if self._ownership is not None:
            self._ownership.release()

    @property
    def _is_here(self) -> bool:
        return self._ownership is None or self._ownership.is_ours

    def _moved(self, here: bool) -> None:
        """The user has turned to this window, or to another; in the others nobody listens and nobody speaks."""
        if not here:
            self._left_as = self._said
            self._to_voice(Control("sleep"))
            self._show("elsewhere")
        elif self._left_as == "muted":
            self._to_voice(Control("mute"))
        elif self._left_as not in (None, "asleep"):  # never more open than it was
            self._to_voice(Control("wake"))
