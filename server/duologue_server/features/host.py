"""What the handlers ask of the session and of the server they belong to; the real ones are made when first needed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from duologue_server.context.documents import TextChange
from duologue_server.context.positions import Encoding, Range
from duologue_server.link.messages import FromVoice
from duologue_server.options import Options
from duologue_server.protocol import Activity
from duologue_server.session.ports import ClientPort, VoicePort
from duologue_server.session.supervisor import VoiceStatus
from duologue_server.suggest.items import OfferAt
from duologue_server.trace.clock import Clock


class SessionPort(Protocol):
    """The session as handlers see it. `duologue_server.session.session.Session` is the real one."""

    position_encoding: Encoding

    def configure(self, options: Options) -> None: ...

    def open(self, uri: str, language_id: str, version: int, text: str) -> None: ...

    def change(self, uri: str, version: int, changes: Sequence[TextChange]) -> None: ...

    def save(self, uri: str) -> None: ...

    def close(self, uri: str) -> None: ...

    def cursor(self, uri: str, line: int, character: int, selection: Range | None = None) -> None: ...

    def activity(self, activity: Activity) -> None: ...

    def keys(self, count: int) -> None: ...

    def diagnostics(self, uri: str, items: Sequence[Mapping[str, Any]]) -> None: ...

    def tests(
        self, passed: int, failed: int, message: str = "", failures: Sequence[Mapping[str, Any]] = ()
    ) -> None: ...

    def focus(self, focused: bool) -> None: ...

    def offers(self, uri: str) -> list[OfferAt]:
        """What can be accepted or dismissed in a document, first things first."""

    def verb(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def from_voice(self, message: FromVoice) -> None: ...

    def voice_changed(self, status: VoiceStatus, message: str = "") -> None: ...


MakeSession = Callable[[Clock, ClientPort, VoicePort, Options], SessionPort]

Observer = Callable[[str, Mapping[str, Any]], None]
"""Sees every input of the session as it happens: the session format's kind and fields, without `t`."""


class Host(Protocol):
    """The server as handlers see it."""

    @property
    def session(self) -> SessionPort:
        """The session; made when it is first asked for."""

    def wake(self) -> None:
        """The client is ready: make the session."""

    def count_change(self) -> None:
        """A change arrived: the keys that were read from it, if it was taken for keys, go to the session."""

    def observe(self, kind: str, **fields: Any) -> None:
        """Tells the observer, if there is one."""

    def attempt(self, what: str, call: Callable[[], object]) -> None:
        """Makes the call; what is wrong with the client's message, a ValueError, goes to the log under `what`."""

    def log(self, text: str) -> None:
        """One line into the client's log, as a warning."""
