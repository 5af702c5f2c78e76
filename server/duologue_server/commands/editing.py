"""Plans for what moves pieces of text about: delete, copy, paste, duplicate, move, indent, join, comment."""

import re

from duologue_server.commands.draft import apart, draft, indented, line_span
from duologue_server.commands.found import Found, Missing
from duologue_server.commands.kinds import (
    Comment,
    Copy,
    Duplicate,
    Indent,
    Join,
    Move,
    MoveTo,
    Paste,
    Swap,
)
from duologue_server.commands.language import manner_of
from duologue_server.commands.place import Place
from duologue_server.commands.plans import Action, Change, Plan
from duologue_server.commands.resolve import as_found, resolve
from duologue_server.commands.structure import Code, Node
from duologue_server.commands.targets import Target, describe

ITEMS = frozenset({"argument", "parameter", "item"})
_SPACED = frozenset({"function", "class", "test"})
"""Stand apart from what is around them by blank lines."""
_SEPARATOR_AFTER = re.compile(r"\s*,[ \t]*(?:\r?\n[ \t]*)?|[ \t]+(?=[^\s)\]}])")
_SEPARATOR_BEFORE = re.compile(r"(?:\s*,\s*|[ \t]+)$")


def delete(place: Place, found: Found, target: Target) -> Plan:
    """Removes a piece, with the comma or the lines that belong to it."""
    change = removal(place, found)
    return draft(place, f"delete {describe(target)}", [change], highlights=[found], cursor=_after(place, change))


def _after(place: Place, change: Change) -> int:
    """Where the cursor stands after something was removed: at the first character of what moved up."""
    if change.text or place.text[change.start : change.start + 1] in ("\n", "\r"):
        return change.start + len(change.text)
    rest = place.text[change.end :]
    at_line = change.start == place.line_start(place.line_of(change.start))
    return change.start + (len(rest) - len(rest.lstrip(" \t")) if at_line else 0)


def removal(place: Place, found: Found) -> Change:
    """What removes a piece cleanly."""
    if found.kind in ITEMS:
        return _item_removal(place, found)
    if found.is_lines:
        filler = _filler(place, found)
        if filler:
            return Change(place.first_in_line(place.line_of(found.start)), found.end, filler)
        start, end = line_span(place, _with_lines_above(place, found))
        if found.kind in _SPACED:
            start, end = _with_blank_lines(place, start, end)
        return Change(start, end, "")
    if found.kind == "word":
        text = place.text
        if text[found.end : found.end + 1] == " ":
            return Change(found.start, found.end + 1, "")
        if text[found.start - 1 : found.start] == " " and found.start - 1 > place.first_in_line(
            place.line_of(found.start)
        ):
            return Change(found.start - 1, found.end, "")
    return Change(found.start, found.end, "")


def _item_removal(place: Place, found: Found) -> Change:
    text = place.text
    after = _SEPARATOR_AFTER.match(text, found.end)
    if after and "," not in after.group() and "," in text[place.line_start(place.line_of(found.start)) : found.start]:
        after = None
    first = place.line_start(place.line_of(found.start))
    alone = not text[first : found.start].strip()
    if alone and after and "\n" in after.group():
        return Change(first, place.line_start(place.line_of(found.end) + 1), "")
    if after:
        return Change(found.start, after.end(), "")
    before = _SEPARATOR_BEFORE.search(text, max(0, found.start - 200), found.start)
    return Change(before.start() if before else found.start, found.end, "")


def _filler(place: Place, found: Found) -> str:
    """What must stand where the only statement of an indented block was, such as `pass`."""
    filler = manner_of(place.language_id).template("empty")
    if not filler or place.view.syntax is None or found.kind in ("file", "selection", "import"):
        return ""
    code = Code(place)
    node = code.leaf(place.first_in_line(place.line_of(found.start)))
    for around in code.around(node):
        if around.type == "block":
            start, end = code.span(around)
            covers = found.start <= start and found.end >= end
            first = around.parent
            keeps_head = first is not None and code.span(first)[0] < found.start
            return filler if covers and keeps_head else ""
    return ""


def _with_lines_above(place: Place, found: Found) -> Found:
    """With the comments and attributes that stand right above a definition."""
    if found.kind not in _SPACED:
        return found
    mark = manner_of(place.language_id).comment
    line = place.line_of(found.start)
    while line > 0 and place.line_text(line - 1).strip().startswith((mark, "#[", "@", "/**", "*", "*/")):
        line -= 1
    return Found(min(found.start, place.first_in_line(line)), found.end, found.kind, True)


def _with_blank_lines(place: Place, start: int, end: int) -> tuple[int, int]:
    """Further, over the blank lines below, when there are some above as well; at a text's end, over those above."""
    line = place.line_of(start)
    if line > 0 and place.line_text(line - 1).strip():
        return start, end
    if end >= len(place.text) and start == place.line_start(line):
        while line > 0 and not place.line_text(line - 1).strip():
            line -= 1
        return place.line_start(line), end
    below = place.line_of(end)
    while below < place.line_count - 1 and not place.line_text(below).strip():
        below += 1
    return start, max(end, place.line_start(below))


def copy(place: Place, found: Found, command: Copy) -> Plan:
    """Copies a piece; what fills lines is copied with its line ending."""
    text = place.text[found.start : found.end]
    if found.is_lines:
        start = place.line_start(place.line_of(found.start))
        text = place.text[start : found.end].rstrip("\r\n") + place.newline
    verb = "cut" if command.cut else "copy"
    caption = f"{verb} {describe(command.target)}"
    if not command.cut:
        return draft(place, caption, highlights=[found], copied=text)
    change = removal(place, found)
    return draft(place, caption, [change], highlights=[found], copied=text, cursor=_after(place, change))


def paste(place: Place, command: Paste) -> Plan:
    """Writes what was copied; whole lines go between lines."""
    found = resolve(command.target, place)[0] if command.target is not None else None
    text = place.clipboard
    if text is None:
        start, end = (found.start, found.end) if found and command.where == "over" else place.selected
        return draft(place, "paste", selected=(start, end), actions=[Action("paste")])
    caption = f"paste {command.where}" if command.where != "here" else "paste"
    if command.where == "over" and found:
        return draft(place, caption, [Change(found.start, found.end, text.rstrip("\r\n"))], highlights=[found])
    if place.has_selection and command.where == "here" and not text.endswith("\n"):
        start, end = place.selected
        return draft(place, caption, [Change(start, end, text)], cursor=start + len(text))
    if not text.endswith("\n") and command.where == "here":
        return draft(place, caption, [Change(place.cursor, place.cursor, text)], cursor=place.cursor + len(text))
    here = found or Found(place.cursor, place.cursor)
    above = command.where in ("above", "before")
    line = place.line_of(here.start if above else here.end)
    return insert_lines(place, caption, text, line, above)


def insert_lines(place: Place, caption: str, text: str, line: int, above: bool) -> Plan:
    """Whole lines above or below a line, as far indented as it is."""
    old = text[: len(text) - len(text.lstrip(" \t"))]
    indent = place.indent_of(line)
    body = indent + indented(text.rstrip("\r\n").lstrip(" \t"), old, indent, place.newline)
    if above:
        at = place.line_start(line)
        return draft(place, caption, [Change(at, at, body + place.newline)], cursor=at + len(indent))
    at = place.line_end(line)
    change = Change(at, at, place.newline + body)
    return draft(place, caption, [change], cursor=at + len(place.newline) + len(indent))


def duplicate(place: Place, found: Found, command: Duplicate) -> Plan:
    """Writes a piece again behind itself."""
    caption = f"duplicate {describe(command.target)}"
    text = place.text[found.start : found.end]
    if found.kind in ITEMS:
        return draft(place, caption, [Change(found.end, found.end, f", {text}" * command.count)], highlights=[found])
    if not found.is_lines:
        return draft(place, caption, [Change(found.end, found.end, text * command.count)], highlights=[found])
    whole = _with_lines_above(place, found)
    start = place.line_start(place.line_of(whole.start))
    end = place.line_end(place.line_of(found.end))
    lines = place.text[start:end]
    between = apart(place, place.indent_of(place.line_of(found.start))) if found.kind in _SPACED else place.newline
    copies = (between + lines) * command.count
    cursor = end + len(between) + (place.cursor - start if start <= place.cursor <= end else whole.start - start)
    return draft(place, caption, [Change(end, end, copies)], cursor=cursor, highlights=[found])


def move(place: Place, found: Found, command: Move) -> Plan:
    """Lets a piece change places with its neighbour, so many times."""
    caption = f"move {describe(command.target)} {command.direction}"
    back = command.direction in ("up", "left")
    if not found.is_lines and found.kind not in ITEMS:
        found = Found(*_line_of(place, found), "line", True)
    if found.kind in ("line", "selection", "span"):
        return _move_lines(place, found, -command.count if back else command.count, caption)
    other = _neighbour(place, found, back, command.count)
    if other is None:
        raise Missing(f"There is nothing to move {describe(command.target)} past")
    first, second = sorted((found, other), key=lambda each: each.start)
    changes = [
        Change(first.start, first.end, place.text[second.start : second.end]),
        Change(second.start, second.end, place.text[first.start : first.end]),
    ]
    grown = (second.end - second.start) - (first.end - first.start)
    start = first.start if back else second.start + grown
    return draft(place, caption, changes, cursor=start, highlights=[found, other])


def _line_of(place: Place, found: Found) -> tuple[int, int]:
    return place.line_start(place.line_of(found.start)), place.line_end(place.line_of(found.end))


def _neighbour(place: Place, found: Found, back: bool, count: int) -> Found | None:
    """The piece of the same kind before or after one, so many further."""
    if place.view.syntax is None:
        return None
    code = Code(place)
    node: Node | None = None
    for node in code.around(code.leaf(found.start)):
        span = code.span(node)
        if span[0] <= found.start and span[1] >= found.end and (code.is_a(node, found.kind) or span[1] > found.end):
            break
    node = code.whole(node) if node is not None else None
    for _ in range(count):
        step = node.prev_named_sibling if node and back else node.next_named_sibling if node else None
        while step is not None and "comment" in step.type:
            step = step.prev_named_sibling if back else step.next_named_sibling
        node = step
    return as_found(code, node, found.kind) if node is not None and node.parent is not None else None


def _move_lines(place: Place, found: Found, by: int, caption: str) -> Plan:
    first, last = place.line_of(found.start), place.line_of(found.end)
    most = place.line_count - 1 - (place.line_count > 1 and not place.line_text(place.line_count - 1))
    target = first + by if by < 0 else last + by
    if not 0 <= target <= most:
        raise Missing("There is no line to move past" if first == last else "There are no lines to move past")
    low, high = (target, last) if by < 0 else (first, target)
    lines = [place.line_text(line) for line in range(low, high + 1)]
    size = last - first + 1
    mine = lines[-size:] if by < 0 else lines[:size]
    rest = lines[:-size] if by < 0 else lines[size:]
    text = place.newline.join([*mine, *rest] if by < 0 else [*rest, *mine])
    start = place.line_start(low)
    before = 0 if by < 0 else sum(len(line) + len(place.newline) for line in rest)
    cursor = start + before + max(0, place.cursor - place.line_start(first))
    change = Change(start, place.line_end(high), text)
    return draft(place, caption, [change], cursor=min(cursor, start + len(text)), highlights=[found])


def move_to(place: Place, found: Found, command: MoveTo) -> Plan:
    """Takes whole lines somewhere else."""
    caption = f"move {describe(command.target)} {command.where} {describe(command.to)}"
    to = resolve(command.to, place)[0]
    if not found.is_lines:
        raise Missing("I can only move whole lines there")
    source = _with_lines_above(place, found)
    start, end = line_span(place, source)
    line = place.line_of(to.start if command.where in ("before", "above") else to.end)
    if place.line_of(source.start) <= line <= place.line_of(source.end):
        raise Missing("It cannot be moved into itself")
    text = place.text[place.line_start(place.line_of(source.start)) : source.end].rstrip("\r\n")
    old = place.indent_of(place.line_of(source.start))
    new = place.indent_of(line)
    body = new + indented(text.lstrip(" \t"), old, new, place.newline)
    gap = apart(place, new) if found.kind in _SPACED else place.newline
    if command.where in ("before", "above"):
        at = place.line_start(line)
        arrival = Change(at, at, body + gap)
        cursor = at + len(new)
    else:
        at = place.line_end(line)
        arrival = Change(at, at, gap + body)
        cursor = at + len(gap) + len(new)
    if found.kind in _SPACED:
        start, end = _with_blank_lines(place, start, end)
    if start <= at < end or (at == start and command.where in ("after", "below")):
        raise Missing("It stands there already")
    shift = end - start if end <= at else 0
    return draft(place, caption, [Change(start, end, ""), arrival], cursor=cursor - shift, highlights=[found, to])


def swap(place: Place, command: Swap) -> Plan:
    """Lets two pieces change places."""
    first, second = resolve(command.first, place)[0], resolve(command.second, place)[0]
    first, second = sorted((first, second), key=lambda each: each.start)
    if second.start < first.end:
        raise Missing("One of them lies inside the other")
    text = place.text
    changes = [
        Change(first.start, first.end, text[second.start : second.end]),
        Change(second.start, second.end, text[first.start : first.end]),
    ]
    caption = f"swap {describe(command.first)} and {describe(command.second)}"
    return draft(place, caption, changes, highlights=[first, second])


def indent(place: Place, found: Found, command: Indent) -> Plan:
    """Shifts lines by levels."""
    unit = place.indentation
    first, last = place.line_of(found.start), place.line_of(found.end)
    changes = []
    for line in range(first, last + 1):
        at, space = place.line_start(line), place.indent_of(line)
        if not place.line_text(line).strip():
            continue
        if command.levels > 0:
            changes.append(Change(at, at, unit * command.levels))
        else:
            removed = _levels(space, unit, -command.levels)
            changes.append(Change(at, at + removed, ""))
    verb = "indent" if command.levels > 0 else "dedent"
    if not any(change.start != change.end or change.text for change in changes):
        raise Missing("There is nothing to dedent" if command.levels < 0 else "There is nothing to indent")
    return draft(place, f"{verb} {describe(command.target)}", changes, highlights=[found])


def _levels(space: str, unit: str, levels: int) -> int:
    """Characters of indentation that make up some levels."""
    removed = 0
    for _ in range(levels):
        rest = space[removed:]
        if rest.startswith("\t"):
            removed += 1
        else:
            width = len(unit) if unit != "\t" else 4
            removed += min(width, len(rest) - len(rest.lstrip(" ")))
    return removed


def join(place: Place, found: Found, command: Join) -> Plan:
    """Makes one line of several."""
    first, last = place.line_of(found.start), place.line_of(found.end)
    last = max(last, first + 1)
    if last >= place.line_count or (last == place.line_count - 1 and not place.line_text(last) and last == first + 1):
        raise Missing("There is no line to join it with")
    changes = []
    for line in range(first, last):
        start = place.line_start(line) + len(place.line_text(line).rstrip())
        end = place.first_in_line(line + 1)
        tight = place.text[start - 1 : start] in ("(", "[") or place.text[end : end + 1] in (")", "]", ",", ".", ";")
        changes.append(Change(start, end, "" if tight or not place.line_text(line).strip() else " "))
    return draft(place, f"join {describe(command.target)}", changes, cursor=changes[0].start, highlights=[found])


def comment(place: Place, found: Found, command: Comment) -> Plan:
    """Makes lines a comment, or code again."""
    manner = manner_of(place.language_id)
    mark, end_mark = manner.comment, manner.comment_end
    lines = [
        line
        for line in range(place.line_of(found.start), place.line_of(found.end) + 1)
        if place.line_text(line).strip()
    ]
    verb = "comment out" if command.on else "uncomment"
    changes = []
    depth = min((len(place.indent_of(line)) for line in lines), default=0)
    for line in lines:
        at = place.line_start(line) + (depth if command.on else len(place.indent_of(line)))
        end = place.line_start(line) + len(place.line_text(line).rstrip())
        if command.on:
            changes.append(Change(at, at, f"{mark} "))
            changes += [Change(end, end, f" {end_mark}")] if end_mark else []
        elif place.text.startswith(mark, at):
            space = at + len(mark)
            changes.append(Change(at, space + (place.text[space : space + 1] == " "), ""))
            if end_mark and place.text.endswith(end_mark, at, end):
                closing = end - len(end_mark)
                changes.append(Change(closing - (place.text[closing - 1] == " "), end, ""))
    if not changes:
        raise Missing("There is nothing to comment out" if command.on else "I see no comment there")
    return draft(place, f"{verb} {describe(command.target)}", changes, highlights=[found])
