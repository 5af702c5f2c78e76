"""The events of a session folder, as the session of the language server takes them from an editor."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from duologue_server.context.documents import read_changes
from duologue_server.features.activity import read_selection
from duologue_server.session.session import Session
from duologue_server.trace.folder import Event

Fields = Mapping[str, Any]

logger = logging.getLogger(__name__)


def feed(session: Session, event: Event) -> None:
    """Lets the event happen to the session now. What an editor did wrong is ignored as when it happened, and logged."""
    try:
        _FEEDS[event.kind](session, event.fields)
    except ValueError as error:
        logger.warning("'%s' at %.3f s: %s", event.kind, event.t, error)


def _open(session: Session, fields: Fields) -> None:
    session.open(fields["uri"], fields["language_id"], fields["version"], fields["text"])


def _change(session: Session, fields: Fields) -> None:
    session.change(fields["uri"], fields["version"], read_changes(fields["uri"], fields["changes"]))


_FEEDS: Mapping[str, Callable[[Session, Fields], object]] = {
    "open": _open,
    "change": _change,
    "save": lambda session, fields: session.save(fields["uri"]),
    "close": lambda session, fields: session.close(fields["uri"]),
    "cursor": lambda session, fields: session.cursor(
        fields["uri"], fields["line"], fields["character"], read_selection(fields.get("selection"))
    ),
    "keys": lambda session, fields: session.keys(fields["count"]),
    "diagnostics": lambda session, fields: session.diagnostics(fields["uri"], fields["items"]),
    "tests": lambda session, fields: session.tests(fields["passed"], fields["failed"], fields.get("message", "")),
    "focus": lambda session, fields: session.focus(fields["focused"]),
    "control": lambda session, fields: session.verb(fields["name"], fields.get("args", {})),
    "say": lambda session, fields: session.say(fields["id"], fields["text"]),
    "offer": lambda session, fields: session.offer(fields["id"], fields["text"], fields["urgency"]),
    "reply": lambda session, fields: session.reply_with(fields["text"], fields["delay_s"]),
}
