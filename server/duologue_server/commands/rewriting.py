"""Plans that rewrite: wrap, surround, rename, extract, change, add a parameter."""

import re
from collections.abc import Sequence
from itertools import islice

from duologue_server.commands.draft import draft
from duologue_server.commands.found import Found, Missing
from duologue_server.commands.kinds import AddParameter, Extract, Rename, Surround, Wrap
from duologue_server.commands.kinds import Change as ChangeCommand
from duologue_server.commands.language import manner_of
from duologue_server.commands.names import style_of
from duologue_server.commands.place import Place
from duologue_server.commands.plans import Change, Plan
from duologue_server.commands.resolve import resolve
from duologue_server.commands.structure import Code, Node, kind_of
from duologue_server.commands.targets import Here, Named, Part, describe
from duologue_server.commands.templating import spoken_parameter, string_of, wrapped
from duologue_server.commands.terms import converter
from duologue_server.commands.writing import compose, new_name

MOST_RENAMED = 2_000
MOST_SEARCHED = 40
"""Nodes in which a list of parameters is looked for."""
_MEMBER = re.compile(r"(?:\.|->|::|@)\s*$")
_REST = frozenset(
    {"list_splat_pattern", "dictionary_splat_pattern", "rest_pattern", "variadic_parameter", "spread_parameter",
     "splat_parameter", "hash_splat_parameter", "block_parameter", "keyword_separator", "vararg_expression"}
)  # fmt: skip


def wrap(place: Place, found: Found, command: Wrap) -> Plan:
    """Puts lines into a block, or an expression into a call."""
    if command.template == "call":
        function = converter(command.code, place) or compose(command.code, place)
        start, end = _expression(place, found)
        changes = [Change(start, start, f"{function}("), Change(end, end, ")")]
        return draft(place, f"wrap {describe(command.target)} in {function}", changes, highlights=[found])
    change, cursor = wrapped(place, found, command.template, command.code)
    caption = f"wrap {describe(command.target)} in {command.template.replace('_', ' ')}"
    return draft(place, caption, [change], cursor=cursor, highlights=[found])


def _expression(place: Place, found: Found) -> tuple[int, int]:
    """A piece without the indentation and the semicolon that belong to its line."""
    text = place.text[found.start : found.end]
    start = found.start + len(text) - len(text.lstrip())
    end = found.start + len(text.rstrip().rstrip(";"))
    if start >= end:
        raise Missing("There is nothing to wrap")
    return start, end


def surround(place: Place, found: Found, command: Surround) -> Plan:
    """Puts a pair of signs around something."""
    start, end = _expression(place, found)
    changes = [Change(start, start, command.opening), Change(end, end, command.closing)]
    return draft(place, f"surround {describe(command.target)}", changes, highlights=[found])


def rename(place: Place, command: Rename) -> Plan:
    """A name everywhere in its function, if it is known only there, or else in the document."""
    old = command.old.found if command.old is not None else _name_at(place)
    if command.old is not None and old is None:
        raise Missing(f"I know no {command.old.text} here")
    if not old:
        raise Missing("I see no name here")
    if command.old is not None:
        old = _nearest(place, old)
    new = new_name(command.new, place, style_of(old) or _style_of_kind(place, old))
    if new == old:
        raise Missing(f"It is called {old} already")
    places = _renamed(place, old)
    if not places:
        raise Missing(f"I see no {old} here")
    changes = [Change(at, at + len(old), new) for at in places]
    count = len(places)
    caption = f"rename {old} to {new}" + (f" in {count} places" if count > 1 else "")
    return draft(place, caption, changes, highlights=[Found(at, at + len(old)) for at in places])


def _nearest(place: Place, name: str) -> str:
    """The name as it is written in the function of the cursor, where that differs in case only: nobody can hear whether
    `reader` or `Reader` was said."""
    code = Code(place) if place.view.syntax is not None else None
    function = _outermost_function(code) if code is not None else None
    if code is None or function is None:
        return name
    start, end = code.span(function)
    here = set(re.findall(r"[^\W\d]\w*", _without_comments(place.text[start:end])))
    alike = sorted(word for word in here if word.lower() == name.lower())
    return name if name in alike or not alike else alike[0]


def _without_comments(text: str) -> str:
    return re.sub(r"(?:#|//|--)[^\n]*", "", text)


def _style_of_kind(place: Place, old: str) -> str:
    """For a name of one word: the language's own casing, or that of classes."""
    return "pascal" if old[:1].isupper() else manner_of(place.language_id).casing


def _name_at(place: Place) -> str:
    line = place.line_of(place.cursor)
    at = place.cursor - place.line_start(line)
    words = list(re.finditer(r"[^\W\d]\w*", place.line_text(line)))
    return next((word.group() for word in words if word.start() <= at <= word.end()), "")


def _renamed(place: Place, old: str) -> list[int]:
    """Where a name is to be written anew."""
    places = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(old)}(?!\w)", place.text)][:MOST_RENAMED]
    if place.view.syntax is None:
        return places
    code = Code(place)
    names = []
    for at in places:
        leaf = code.leaf(at)
        if "comment" not in leaf.type and "string" not in leaf.type and not _is_text(leaf):
            names.append(at)
    function = _outermost_function(code)
    if function is None:
        return names
    start, end = code.span(function)
    if not any(start <= at < end and _is_bound(code, at, function) for at in names):
        return names
    return [at for at in names if start <= at < end and not _is_member(code, at)]


def _is_text(leaf: Node) -> bool:
    return "content" in leaf.type or leaf.type in ("heredoc_body", "regex_pattern")


def _outermost_function(code: Code) -> Node | None:
    """The function around the cursor whose own names are meant: the outermost that is no class's."""
    found = None
    for node in code.around(code.leaf(code.place.cursor)):
        if code.is_a(node, "class"):
            break
        if code.is_a(node, "function"):
            found = node
    return found


def _is_bound(code: Code, at: int, function: Node) -> bool:
    """Whether a name gets its value inside a function: it is a parameter, or is assigned there for the first time."""
    if _is_member(code, at):
        return False
    leaf = code.leaf(at)
    for node in islice(code.around(leaf), 0, 8):
        if node.id == function.id:
            return False
        if code.is_a(node, "parameter"):
            value = node.child_by_field_name("value") or node.child_by_field_name("type")
            return value is None or leaf.end_byte <= value.start_byte or leaf.start_byte >= value.end_byte
        if code.is_a(node, "assignment") or node.type in ("init_declarator", "variable_declarator", "for_statement"):
            left = next(
                (
                    found
                    for field in ("left", "name", "pattern", "declarator")
                    if (found := node.child_by_field_name(field))
                ),
                None,
            )
            if left is not None and left.start_byte <= leaf.start_byte and leaf.end_byte <= left.end_byte:
                return True
    return False


def _is_member(code: Code, at: int) -> bool:
    """Whether something else's member, or a call's named argument, is called so."""
    text = code.place.text
    if _MEMBER.search(text, max(0, at - 3), at):
        return True
    parent = code.leaf(at).parent
    if parent is not None and parent.type in ("keyword_argument", "pair"):
        name = parent.child_by_field_name("name") or parent.child_by_field_name("key")
        return name is not None and code.span(name)[0] == at
    return False


def extract(place: Place, found: Found, command: Extract) -> Plan:
    """A value gets a name on the line above."""
    if isinstance(command.target, Here) and not place.has_selection:
        found = resolve(Part("expression"), place)[0]
    start, end = _expression(place, found)
    manner = manner_of(place.language_id)
    template = manner.template("variable")
    if template is None:
        raise Missing(f"I have no template for a variable in {place.view.language or 'this language'}")
    name = new_name(command.name, place)
    line = _statement_line(place, start)
    at = place.line_start(line)
    text = template.replace("{name}", name).replace("{value}", place.text[start:end])
    definition = f"{place.indent_of(line)}{text}{place.newline}"
    use = f"${name}" if manner.name == "shellscript" else name
    changes = [Change(at, at, definition), Change(start, end, use)]
    if start == at:
        raise Missing("That is a whole statement, and no value")
    return draft(place, f"extract {describe(command.target)} as {name}", changes, highlights=[found])


def _statement_line(place: Place, offset: int) -> int:
    """The line on which the statement around an offset begins."""
    if place.view.syntax is None:
        return place.line_of(offset)
    code = Code(place)
    statement = code.this("statement", offset)
    return place.line_of(code.span(statement)[0]) if statement is not None else place.line_of(offset)


def change(place: Place, found: Found, command: ChangeCommand) -> Plan:
    """Something else in place of a piece."""
    old = place.text[found.start : found.end]
    start, end = found.start, found.end
    if found.is_lines:
        start += len(old) - len(old.lstrip())
    if found.kind == "string" and command.new[:1] not in (("string",), ("quote",)):
        new = string_of(command.new, place)
    elif re.fullmatch(r"[^\W\d]\w*", old) and len(command.new) > 1 and _plain(command.new, place):
        new = new_name(command.new, place, style_of(old))
    else:
        new = compose(command.new, place, comparing=found.kind == "condition")
    if found.is_lines and place.text[start:end].rstrip().endswith(";") and not new.endswith((";", "}")):
        new += ";"
    said = describe(command.old) if not isinstance(command.old, tuple) else " ".join(command.old)
    caption = f"change {said} to {new}"
    return draft(place, caption, [Change(start, end, new)], cursor=start + len(new), highlights=[found])


def _plain(words: Sequence[str], place: Place) -> bool:
    """Whether words are one new name, without any sign of code among them."""
    return re.fullmatch(r"\w+", compose(words, place)) is not None and not place.names.exactly(words)


def add_parameter(place: Place, command: AddParameter) -> Plan:
    """One more parameter of a function, or argument of a call, as the last one."""
    kind = "argument" if command.is_argument else "parameter"
    if place.view.syntax is None:
        raise Missing(f"I have no grammar for {place.view.language or 'this'}, so I see no {kind}s here")
    code = Code(place)
    listed = _list(code, command, kind)
    if listed is None:
        raise Missing(f"I see no {'call' if command.is_argument else 'function'} here that takes one")
    words = command.name
    if command.type:
        words = (*words, "of", "type", *command.type)
    if command.default:
        words = (*words, "defaulting", "to", *command.default)
    text = compose(words, place) if command.is_argument else spoken_parameter(words, place)
    items = [child for child in listed.named_children if "comment" not in child.type and child.type != "command_name"]
    start, end = code.span(listed)
    if listed.type == "command":
        written, at = f" {text}", end
    elif not items:
        written, at = text, start + 1
    else:
        rest = next((item for item in items if item.type in _REST), None) if not command.is_argument else None
        if rest is not None and place.text[code.span(rest)[0]] in "*&.":
            written, at = f"{text}, ", code.span(rest)[0]
        else:
            at = code.span(items[-1])[1]
            written = f"{_gap(place, code, items)}{text}"
    named = " ".join(command.name)
    return draft(place, f"add {kind} {named}", [Change(at, at, written)], highlights=[Found(start, end)])


def _gap(place: Place, code: Code, items: list[Node]) -> str:
    """What stands between two items of a list: a comma, and a line break where each has a line of its own."""
    start = code.span(items[-1])[0]
    line = place.line_of(start)
    before = place.text[place.line_start(line) : start]
    if before.strip() or len(items) == 1:
        return ", "
    return f",{place.newline}{before}"


def _list(code: Code, command: AddParameter, kind: str) -> Node | None:
    """The list of parameters or arguments that is meant."""
    place = code.place
    at = place.cursor
    if command.to is not None:
        at = resolve(command.to, place)[0].start
        if isinstance(command.to, Named) and command.is_argument:
            at = _call_of(place, command.to) or at
    holder = code.this("call" if command.is_argument else "function", at)
    if holder is None and command.is_argument:
        line = place.line_of(at)
        holder = next(iter(code.in_lines(line, line, "call")), None)
    if holder is None:
        return None
    if holder.type == "command":
        return holder
    about = kind_of(kind)
    assert about is not None
    queue = [holder]
    for node in islice(queue, MOST_SEARCHED):
        found = node.child_by_field_name("arguments" if command.is_argument else "parameters")
        if found is not None and found.type in about.lists | {"token_tree"}:
            return found
        queue += [child for child in node.named_children if "body" not in child.type and child.type != "block"]
    for node in islice(queue, MOST_SEARCHED):
        if node.type in about.lists:
            return node
    return None


def _call_of(place: Place, named: Named) -> int | None:
    """Where something is called, nearest first."""
    if not named.name.found:
        return None
    found = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(named.name.found)}\s*\(", place.text)]
    line = place.line_of(place.cursor)
    found.sort(key=lambda at: (place.line_of(at) != line, abs(at - place.cursor)))
    return next(iter(found), None)
