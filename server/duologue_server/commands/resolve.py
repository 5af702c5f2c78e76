"""Which piece of the text a target is: every piece that it may be, the likeliest first."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from duologue_server.commands.found import BY_TEXT, Found, Missing, by_text, problems, whole_lines
from duologue_server.commands.locate import said_here
from duologue_server.commands.place import Place
from duologue_server.commands.structure import Code, Node, kind_of
from duologue_server.commands.targets import (
    Edge,
    Everything,
    Here,
    Lines,
    LinesHere,
    Named,
    Part,
    Span,
    Target,
    describe,
)

MOST_FOUND = 4
MOST_OCCURRENCES = 200
_TOP_LEVEL = frozenset({"function", "class", "test", "import"})
"""Kinds that are counted in the whole document."""
_NEARBY = frozenset(
    {"return", "condition", "loop", "if", "try", "string", "call", "comment", "number", "assignment", "value", "list",
     "dictionary", "expression", "key", "block", "item", "parentheses", "import"}
)  # fmt: skip
"""Kinds that may stand somewhere else in the function when none is at the cursor."""
_ITEMS = {"argument": "parameter", "parameter": "argument"}
"""What people call by the other's name."""
_ASSIGNED = (
    r"(?<![\w.]){0}\s*(?::[^=\n]+)?(?:[-+*/|&%]|//|\*\*|:)?=(?![=>])|(?:for|as)\s+(?:const |let |var |auto&? )?{0}\b"
)


def resolve(target: Target, place: Place) -> list[Found]:
    """Never empty. Raises Missing, in words for the user."""
    found = _found(target, place)
    if not found:
        raise Missing(_missing(target, place))
    return found


def _found(target: Target, place: Place) -> list[Found]:
    match target:
        case Here():
            return [_here(place)]
        case Everything():
            return [Found(0, len(place.text), "file", True)]
        case Lines(first, last):
            return whole_lines(place, first - 1, last - 1)
        case LinesHere(from_line, count):
            first = place.line_of(place.selected[0] if not from_line else place.cursor) + from_line
            last = max(first + count - 1, place.line_of(place.selected[1]) if not from_line and count == 1 else 0)
            return whole_lines(place, max(first, 0), last) if last >= 0 else []
        case Edge(of, side):
            return [replace(each, start=at, end=at) for each in resolve(of, place) for at in [_side(each, side)]]
        case Span():
            return _span(target, place)
        case Named():
            return _named(target, place)
        case Part():
            return _part(target, place)


def _side(found: Found, side: str) -> int:
    return found.start if side == "start" else found.end


def _here(place: Place) -> Found:
    if place.has_selection:
        return Found(*place.selected, "selection")
    line = place.line_of(place.cursor)
    return Found(place.line_start(line), place.line_end(line), "line", True)


def _span(span: Span, place: Place) -> list[Found]:
    """From the earlier of two things through the later one; from or to the cursor where one is open."""
    start = place.selected[0] if place.has_selection else place.cursor
    first = resolve(span.start, place)[0] if span.start is not None else Found(start, start)
    after = replace(place, selection=place.range(first.end, first.end)) if span.start is not None else place
    found = []
    for last in resolve(span.end, after) if span.end is not None else [Found(start, start)]:
        low, high = min(first.start, last.start), max(first.end, last.end)
        is_lines = (first.is_lines or span.start is None) and last.is_lines
        if is_lines and span.start is None:
            low = (
                min(low, place.line_start(place.line_of(low)))
                if not place.text[place.line_start(place.line_of(low)) : low].strip()
                else low
            )
        found.append(Found(low, high, "span", is_lines and not place.text[place.line_start(place.line_of(low)) : low]))
    return found


def _part(part: Part, place: Place) -> list[Found]:
    if part.kind in BY_TEXT:
        return by_text(part, place)
    if part.kind == "problem":
        return problems(part, place)
    if place.view.syntax is None:
        return []
    code = Code(place)
    found = list({node.id: node for node in islice(_nodes(part, code), MOST_FOUND)}.values())
    if not found and part.kind in _ITEMS:
        found = list(islice(_nodes(replace(part, kind=_ITEMS[part.kind]), code), MOST_FOUND))
    if part.which == "every" or (part.which in ("next", "previous") and part.number > 1):
        return _together(found, part, code)
    kind = kind_of(part.kind)
    inner = part.inside or (kind is not None and kind.inner)
    return [as_found(code, node, part.kind, inner, guess=len(found) > 1) for node in found]


def as_found(code: Code, node: Node, kind: str, inner: bool = False, guess: bool = False) -> Found:
    """A node as a piece of text; whole lines where it fills them."""
    if kind in ("return", "assignment") and node.parent is not None and node.parent.type == "expression_statement":
        node = node.parent
    start, end = code.inner(node) if inner else code.span(code.whole(node))
    start += len(code.place.text[start:end]) - len(code.place.text[start:end].lstrip())
    if kind == "condition":
        start, end = _without_parentheses(code.place.text, start, end)
    return Found(start, end, kind, _fills_lines(code.place, start, end), guess)


def _without_parentheses(text: str, start: int, end: int) -> tuple[int, int]:
    if text[start : start + 1] == "(" and text[end - 1 : end] == ")":
        depth = 0
        for at in range(start, end):
            depth += (text[at] == "(") - (text[at] == ")")
            if depth == 0:
                return (start + 1, end - 1) if at == end - 1 else (start, end)
    return start, end


def _fills_lines(place: Place, start: int, end: int) -> bool:
    first, last = place.line_of(start), place.line_of(end)
    before = place.text[place.line_start(first) : start]
    after = place.text[end : place.line_end(last)]
    return not before.strip() and re.fullmatch(r"\s*[;,]?\s*", after) is not None and end > start


def _together(nodes: list[Node], part: Part, code: Code) -> list[Found]:
    """Several of a kind, from the first through the last."""
    if not nodes:
        return []
    spans = [code.span(code.whole(node)) for node in nodes]
    start, end = min(span[0] for span in spans), max(span[1] for span in spans)
    return [Found(start, end, part.kind, _fills_lines(code.place, start, end))]


def _nodes(part: Part, code: Code) -> Iterator[Node]:
    if part.of is not None:
        yield from _of(part, code)
        return
    cursor = code.place.cursor
    kind = kind_of(part.kind)
    assert kind is not None
    match part.which:
        case "this":
            yield from _this(part.kind, code)
        case "next":
            yield from islice(code.after(cursor, part.kind), part.number - 1 if part.number == 1 else 0, part.number)
        case "previous":
            around = code.this(part.kind, cursor)
            before = code.before(code.span(around)[0] if around else cursor, part.kind)
            yield from islice(before, 0, part.number)
        case "every" | "ordinal" | "last":
            yield from _counted(part, _all(part.kind, code))


def _all(kind: str, code: Code) -> list[Node]:
    """Everything of a kind that is counted together: one list, one line, one function, or the document."""
    cursor = code.place.cursor
    about = kind_of(kind)
    if about is not None and about.lists:
        listed = code.list_at(kind, cursor)
        return code.items(listed, kind) if listed is not None else []
    if kind in _TOP_LEVEL:
        return list(code.inside(code.root, kind))
    line = code.place.line_of(cursor)
    return code.in_lines(line, line, kind) or list(code.inside(code.function, kind))


def _counted(part: Part, nodes: list[Node]) -> list[Node]:
    if part.which == "every":
        return nodes
    if part.which == "last":
        return nodes[-1:]
    return nodes[part.number - 1 : part.number]


def _this(name: str, code: Code) -> Iterator[Node]:
    """The one around the cursor; or else those in its line, what the construct around has, and those further on."""
    cursor = code.place.cursor
    kind = kind_of(name)
    assert kind is not None
    leaf = code.leaf(cursor)
    if kind.inner:
        yield from _fields_around(name, code, leaf)
        return
    around = next((node for node in code.around(leaf) if code.is_a(node, name)), None)
    if around is not None and not (kind.lists and _beyond(code, around)):
        yield around
        return
    line = code.place.line_of(cursor)
    here = code.in_lines(line, line, name)
    if here:
        behind = [node for node in here if code.span(node)[0] >= cursor]
        yield from (*behind, *(node for node in here if node not in behind))
        return
    if kind.fields:
        yield from _fields_around(name, code, leaf)
    if name in _NEARBY:
        last = code.function.end_byte
        yield from (node for node in islice(code.after(cursor, name), MOST_FOUND) if node.end_byte <= last)
        first = code.function.start_byte
        yield from (node for node in islice(code.before(cursor, name), 1) if node.start_byte >= first)


def _beyond(code: Code, item: Node) -> bool:
    """Whether an item reaches over many lines, so that the cursor in it is hardly "in an argument"."""
    start, end = code.span(item)
    return code.place.line_of(end) - code.place.line_of(start) > 3


def _fields_around(name: str, code: Code, leaf: Node) -> Iterator[Node]:
    for node in code.around(leaf):
        found = code.field_of(node, name)
        if found is not None:
            yield found
            return


def _of(part: Part, code: Code) -> Iterator[Node]:
    """Parts of something: "the second argument of load"."""
    assert part.of is not None
    kind = kind_of(part.kind)
    assert kind is not None
    for owner in resolve(part.of, code.place):
        holder = _holder(code, owner)
        if kind.inner or (kind.fields and part.which == "this"):
            direct = code.field_of(holder, part.kind)
            inside = iter([direct]) if direct is not None else code.inside(holder, part.kind)
            yield from islice(inside, 1)
            continue
        nodes = list(islice(code.inside(holder, part.kind), MOST_OCCURRENCES))
        if kind.lists and nodes:
            nodes = [node for node in nodes if _same(node.parent, nodes[0].parent)]
        yield from nodes[:1] if part.which == "this" else _counted(part, nodes)


def _same(one: Node | None, other: Node | None) -> bool:
    return one is not None and other is not None and one.id == other.id


def _holder(code: Code, owner: Found) -> Node:
    """The node of a piece of text; for the name of something, the call or the definition that it stands in."""
    node = code.leaf(owner.start)
    for around in code.around(node):
        start, end = code.span(around)
        if start <= owner.start and end >= owner.end:
            if code.is_a(around, "name") or around.type in ("dotted_name", "scoped_identifier"):
                continue
            if owner.kind == "name" and not (code.is_a(around, "call") or code.is_a(around, "function")):
                if around.parent is not None and code.is_a(around.parent, "call"):
                    return around.parent
                continue
            return around
    return code.root


def _named(named: Named, place: Place) -> list[Found]:
    name = named.name.found
    if name is None:
        return []
    if named.assigned:
        return _assigned(name, place)
    places = [match.start() for match in islice(_occurrences(name, place.text), MOST_OCCURRENCES)]
    places.sort(key=lambda at: abs(at - place.cursor))
    if place.view.syntax is None:
        return [Found(at, at + len(name), "name") for at in places[:MOST_FOUND]]
    code = Code(place)
    defined = [found for at in places if (found := _definition(code, at, name, named)) is not None]
    if defined or named.kind in ("function", "class", "test"):
        return defined[:MOST_FOUND]
    spoken = _in_kind(code, places, name, named)
    return spoken or _assigned(name, place)[:1] or [Found(at, at + len(name), "name") for at in places[:1]]


def _occurrences(name: str, text: str) -> Iterator[re.Match[str]]:
    return re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)


def _definition(code: Code, at: int, name: str, named: Named) -> Found | None:
    """The function or the class whose name stands there."""
    leaf = code.leaf(at)
    if code.span(leaf)[0] != at:
        return None
    kinds = (named.kind,) if named.kind in ("function", "class", "test") else ("function", "class")
    for node in islice(code.around(leaf), 1, 6):
        held = _held_function(code, node, leaf)
        if held is not None and "function" in kinds:
            return as_found(code, held, "function", named.inside)
        for kind in kinds:
            if code.is_a(node, kind) and code.name_of(node) == name and leaf.start_byte <= _head(node):
                return as_found(code, node, kind, named.inside)
        if "body" in node.type or node.type in ("block", "compound_statement", "parameters", "argument_list"):
            return None
    return None


def _held_function(code: Code, node: Node, name: Node) -> Node | None:
    """The declaration of a variable that holds a function, when its name is that of the variable."""
    value, called = node.child_by_field_name("value"), node.child_by_field_name("name")
    if value is None or called is None or called.id != name.id or not code.is_a(value, "function"):
        return None
    return node.parent if node.parent is not None and "declaration" in node.parent.type else node


def _head(node: Node) -> int:
    """Where the body of a definition begins."""
    body = node.child_by_field_name("body")
    return body.start_byte if body is not None else node.end_byte


def _in_kind(code: Code, places: list[int], name: str, named: Named) -> list[Found]:
    """What is of the named kind and holds the name: "argument total"."""
    if named.kind in ("", "name") or kind_of(named.kind) is None:
        return []
    for kind in dict.fromkeys((named.kind, _ITEMS.get(named.kind, named.kind))):
        found = [
            as_found(code, node, kind)
            for at in places
            for node in code.around(code.leaf(at))
            if code.is_a(node, kind) and len(code.text(node)) < 10 * len(name) + 40
        ]
        if found:
            return found[:MOST_FOUND]
    return []


def _assigned(name: str, place: Place) -> list[Found]:
    """Where a name is given a value: the last time before the cursor, then the others from the nearest on."""
    pattern = re.compile(_ASSIGNED.replace("{0}", re.escape(name)))
    inside = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    starts = []
    for match in islice(pattern.finditer(place.text), MOST_OCCURRENCES):
        at = inside.search(place.text, match.start())
        if at is not None and not _in_words(place, at.start()):
            starts.append(at.start())
    line = place.line_start(place.line_of(place.cursor))
    starts.sort(key=lambda at: (at >= line, abs(at - place.cursor)))
    return [Found(at, at + len(name), "name", is_guess=len(starts) > 1) for at in starts[:MOST_FOUND]]


def _in_words(place: Place, at: int) -> bool:
    """Whether a place lies in a comment or a string."""
    if place.view.syntax is None:
        return False
    code = Code(place)
    leaf = code.leaf(at)
    return "comment" in leaf.type or "string" in leaf.type


def find_words(words: tuple[str, ...], place: Place) -> list[Found]:
    """Words that stand in the text near the cursor. Raises Missing."""
    found = [Found(start, end, "name") for start, end in said_here(words, place)[:MOST_FOUND]]
    if not found:
        raise Missing(f"I see no “{' '.join(words)}” near here")
    return found


def _missing(target: Target, place: Place) -> str:
    """What to say when there is nothing of the kind."""
    match target:
        case Lines(first, _):
            return f"There is no line {first}; the file has {place.line_count}"
        case LinesHere():
            return "There is no such line"
        case Named(name, kind, assigned):
            if assigned:
                return f"I do not see where {name.text} is assigned"
            return f"I know no {kind + ' ' if kind else ''}{name.text} here"
        case Part(kind):
            if place.view.syntax is None and kind not in (*BY_TEXT, "problem"):
                return f"I have no grammar for {place.view.language or 'this'}, so I see no {kind} here"
            if kind == "problem":
                return "I see no error there" if place.problems else "I know of no errors here"
            if target.which in ("next", "previous"):
                return f"There is no {target.which} {kind}"
            if target.which == "ordinal":
                return f"I see no {describe(target).removeprefix('the ')} here"
            return f"I see no {kind} here"
    return "I see nothing like that here"
