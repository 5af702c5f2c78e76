"""The file under the developer's hands, as it stands at a moment of the session."""

from collections.abc import Mapping
from typing import Any

from duologue_server.context.documents import BadChange, Documents, read_changes
from duologue_server.context.positions import Position
from duologue_server.trace.folder import Event, SessionFolder


class CodeView:
    """Follows the editor events of a session up to the time it is asked about; time only goes on."""

    def __init__(self, session: SessionFolder) -> None:
        self._events = list(session.events)
        self._next = 0
        self._documents = Documents()
        self._uri = ""
        self._cursor = Position(0, 0)

    def around(self, t: float, count: int) -> list[tuple[int, str, int | None]]:
        """`count` lines around the cursor: number from 1, text, and where the cursor is in it, if it is."""
        while self._next < len(self._events) and self._events[self._next].t <= t:
            self._take(self._events[self._next])
            self._next += 1
        document = self._documents.get(self._uri)
        if document is None:
            return []
        first = max(0, min(self._cursor.line - count // 2, document.line_count - count))
        last = min(first + count, document.line_count)
        here = self._cursor.line
        return [
            (line + 1, document.line_text(line), self._cursor.character if line == here else None)
            for line in range(first, last)
        ]

    def _take(self, event: Event) -> None:
        fields = event.fields
        match event.kind:
            case "open":
                self._uri = fields["uri"]
                self._documents.open(self._uri, fields["language_id"], fields["version"], fields["text"])
            case "change":
                self._uri = fields["uri"]
                self._change(fields)
            case "cursor":
                self._uri, self._cursor = fields["uri"], Position(fields["line"], fields["character"])
            case _:
                pass

    def _change(self, fields: Mapping[str, Any]) -> None:
        try:
            self._documents.change(self._uri, fields["version"], read_changes(self._uri, fields["changes"]))
        except BadChange:
            return  # the replay says so; here the file only stays as it was
        if fields["changes"]:
            self._cursor = _after(fields["changes"][-1], self._cursor)


def _after(change: dict[str, object], before: Position) -> Position:
    """Where the cursor stands after a typed change: behind its text."""
    span, text = change.get("range"), str(change["text"])
    if not isinstance(span, dict):
        return before
    line, character = span["start"]["line"], span["start"]["character"]
    head, newline, tail = text.rpartition("\n")
    if newline:
        return Position(line + head.count("\n") + 1, len(tail))
    return Position(line, character + len(text))
