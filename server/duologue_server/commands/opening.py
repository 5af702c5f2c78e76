"""New lines above or below something, with or without code in them."""

from duologue_server.commands.draft import draft
from duologue_server.commands.found import Found
from duologue_server.commands.kinds import OpenLine
from duologue_server.commands.place import Place
from duologue_server.commands.plans import Change, Plan
from duologue_server.commands.resolve import resolve
from duologue_server.commands.templating import indent_below, lines_of, statement


def open_line(place: Place, command: OpenLine) -> Plan:
    """A new line above or below, with code if there is any."""
    found = resolve(command.target, place)[0] if command.target is not None else Found(place.cursor, place.cursor)
    above = command.where in ("above", "before")
    line = place.line_of(found.start if above else found.end)
    indent = place.indent_of(line) if above else indent_below(place, line)
    text = statement(command.code, place) if command.code else ""
    caption = f"new line {'above' if above else 'below'}" if not text else f"insert {'above' if above else 'below'}"
    body = indent + lines_of(text, indent, place)
    inner = body.rpartition(place.newline)[2]
    if inner and not inner.strip() and inner != body:  # the first line of a block that is still empty
        body += indent
    if above:
        at = place.line_start(line)
        return draft(place, caption, [Change(at, at, body + place.newline)], cursor=at + len(body))
    at = place.line_end(line)
    return draft(place, caption, [Change(at, at, place.newline + body)], cursor=at + len(place.newline) + len(body))
