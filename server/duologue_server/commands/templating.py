"""Plans that write: code, templates, new lines."""

import re
from collections.abc import Mapping, Sequence

from duologue_server.commands.draft import apart, draft, indented
from duologue_server.commands.found import Found, Missing
from duologue_server.commands.kinds import Template, Type, Write
from duologue_server.commands.language import manner_of
from duologue_server.commands.names import cased
from duologue_server.commands.parse import parse
from duologue_server.commands.place import Place
from duologue_server.commands.plans import Change, Plan
from duologue_server.commands.resolve import as_found
from duologue_server.commands.structure import Code
from duologue_server.commands.terms import module_path, spoken_type, table_of
from duologue_server.commands.words import declared
from duologue_server.commands.writing import compose, new_name, quoted, separated

_FIELD = re.compile(r"\{(\w+)\}")
_OPENS = re.compile(r"(?:[:{(\[]|\b(?:then|do|else))\s*$")
_REQUIRES = re.compile(r"(?:(?:local|const|let|var) [^=\n]+= )?require\b")
"""Imports of languages in which they are calls."""
_CURSOR = "\0"
_CLASSES = frozenset({"class", "impl", "trait", "interface", "struct", "enum", "record"})
_DEFINITIONS = frozenset({"function", "method", "class", "class_extends", "test"})
_INLINE = frozenset({"else", "else_if"})


def spoken_parameters(words: Sequence[str], place: Place, is_method: bool = False) -> str:
    """A list of parameters: "path and count of type int"."""
    manner = manner_of(place.language_id)
    own = manner.template("self") if is_method else None
    parts = [own] if own else []
    return ", ".join([*parts, *(spoken_parameter(part, place) for part in separated(words))])


def spoken_parameter(words: Sequence[str], place: Place) -> str:
    """One parameter as the language declares it. Raises Missing where the language cannot."""
    manner = manner_of(place.language_id)
    name, kind, default = declared(tuple(words))
    if not kind and len(name) > 1 and name[0].lower() in table_of(manner, "types") and manner.template("default_type"):
        kind, name = name[:1], name[1:]  # "string path", as these languages have it
    typed = manner.template("typed_parameter")
    kind_text = spoken_type(kind, place) if kind else (manner.template("default_type") or "")
    written = {"name": new_name(name, place), "type": kind_text, "default": compose(default, place) if default else ""}
    pattern = manner.template("parameter") if not kind_text else typed
    if pattern is None:
        pattern = manner.template("parameter") or typed
    if pattern is None:
        raise Missing(f"Functions have no named parameters in {place.view.language}")
    text = _filled(pattern, written)
    if default and manner.template("default_parameter"):
        text = _filled(str(manner.template("default_parameter")), {**written, "name": text})
        if kind and "=" in text and " = " not in text:
            text = text.replace("=", " = ", 1)
    return text


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: values.get(found.group(1), ""), pattern)


def render(template: Template, place: Place) -> str:
    """A template filled in, its lines indented from nothing, with one mark where the cursor goes. Raises Missing."""
    manner = manner_of(place.language_id)
    name = template.name
    if name == "comment":
        text = f"{manner.comment} {' '.join(template.field('text'))}"
        return f"{text} {manner.comment_end}" if manner.comment_end else text
    is_method = name == "method" or (name == "function" and in_class(place))
    pattern = manner.template("if") if name == "guard" else manner.template("method" if is_method else name)
    if pattern is None:
        raise Missing(f"I have no template for {name.replace('_', ' ')} in {place.view.language or 'this language'}")
    values = {field: _value(field, template, place, is_method) for field in _FIELD.findall(pattern)}
    if name == "guard":
        values["body"] = manner.template("return_nothing") or "return"
    if manner.name == "python" and name == "import_from":
        pattern = pattern.replace("{module}", "{path}")
        values["path"] = module_path(template.field("module"), place)
    placed = False

    def fill(found: re.Match[str]) -> str:
        nonlocal placed
        value = values.get(found.group(1), "")
        empty = not value and found.group(1) not in ("parameters", "type")
        if empty and not placed:
            placed = True
            return _CURSOR
        return value

    text = _FIELD.sub(fill, pattern).replace("\t", place.indentation)
    return text if placed else text + _CURSOR


def _value(field: str, template: Template, place: Place, is_method: bool) -> str:
    """What was said for one place of a template, as code; empty when nothing was."""
    words = template.field(field)
    manner = manner_of(place.language_id)
    if field == "parameters":
        return spoken_parameters(words, place, is_method)
    if field in ("words", "pascal"):
        return cased(template.field("name"), "pascal" if field == "pascal" else "words")
    if field == "error":
        return compose(words, place) if words else (manner.template("error") or "")
    if not words:
        return ""
    if field == "name":
        return _name(template.name, words, place)
    if field == "base":
        return new_name(words, place, "pascal") if not place.names.exactly(words) else new_name(words, place)
    if field == "item":
        return new_name(words, place)
    if field == "module":
        return module_path(words, place)
    return compose(words, place, comparing=field == "condition")


def _name(template: str, words: Sequence[str], place: Place) -> str:
    if template.startswith("class"):
        return new_name(words, place, "pascal")
    if template == "constant" and manner_of(place.language_id).casing == "snake":
        return new_name(words, place, "constant")
    name = cased(words, manner_of(place.language_id).casing) if template == "test" else new_name(words, place)
    if template == "test":
        return name.removeprefix("test_")
    return name if name not in ("", "_") else "name"


def in_class(place: Place) -> bool:
    """Whether what is written here stands directly in a class."""
    scopes = place.view.scopes_at(place.selection.end)
    return bool(scopes) and scopes[0].kind in _CLASSES


def statement(words: Sequence[str], place: Place) -> str:
    """Code for a line of its own: a template, if the words are one; without the mark for the cursor."""
    reading = parse(" ".join(words), place)
    if reading is not None and isinstance(reading.command, Template) and reading.command.name not in _INLINE:
        return render(reading.command, place).replace(_CURSOR, "")
    return compose(words, place)


def template(place: Place, command: Template) -> Plan:
    """Writes a template at the cursor, or where it belongs."""
    caption = f"write {command.name.replace('_', ' ')}"
    text = render(command, place)
    if command.name in ("import", "import_from"):
        return _import(place, caption, text)
    if command.name in _INLINE:
        return _else(place, caption, text)
    line = place.line_of(place.cursor)
    if command.name in _DEFINITIONS and _at_the_end(place, line):
        blank = apart(place, "")[: -len(place.newline)] if place.line_text(line - 1).strip() else ""
        return _placed(
            place, caption, len(place.text), len(place.text), blank + lines_of(text, "", place) + place.newline
        )
    if not place.has_selection and not place.line_text(line).strip():
        indent = place.indent_of(line) or (_indent_here(place, line) if not place.line_text(line) else "")
        start, end = place.line_start(line), place.line_end(line)
        return _placed(place, caption, start, end, indent + lines_of(text, indent, place))
    if command.name == "comment" and not place.has_selection:
        indent, at = place.indent_of(line), place.line_start(line)
        return _placed(place, caption, at, at, indent + text + place.newline, stay=True)
    if place.has_selection:
        start, end = place.selected
        return _placed(place, caption, start, end, lines_of(text, place.indent_of(line), place))
    around = _around(place) if command.name in _DEFINITIONS else None
    if around is not None:
        indent, at = place.indent_of(place.line_of(around.start)), place.line_end(place.line_of(around.end))
        return _placed(place, caption, at, at, apart(place, indent) + indent + lines_of(text, indent, place))
    indent = indent_below(place, line)
    at = place.line_end(line)
    return _placed(place, caption, at, at, place.newline + indent + lines_of(text, indent, place))


def _around(place: Place) -> Found | None:
    """The function that a new definition goes behind, when the cursor is in one."""
    if place.view.syntax is None:
        return None
    code = Code(place)
    node = code.this("function", place.cursor)
    return as_found(code, node, "function") if node is not None else None


def lines_of(text: str, indent: str, place: Place) -> str:
    first, *rest = text.split("\n")
    return place.newline.join([first, *(indent + line if line.strip(" \t") else line for line in rest)])


def _placed(place: Place, caption: str, start: int, end: int, text: str, stay: bool = False) -> Plan:
    """A change whose text may hold the mark for the cursor."""
    at = text.find(_CURSOR)
    written = text.replace(_CURSOR, "")
    cursor = None if stay else start + (at if at >= 0 else len(written))
    return draft(place, caption, [Change(start, end, written)], cursor=cursor)


def indent_below(place: Place, line: int) -> str:
    """The indentation of a new line below one."""
    opens = _OPENS.search(_without_comment(place.line_text(line), place)) is not None
    return place.indent_of(line) + (place.indentation if opens else "")


def _without_comment(text: str, place: Place) -> str:
    mark = f" {manner_of(place.language_id).comment} "
    return text.partition(mark)[0]


def _at_the_end(place: Place, line: int) -> bool:
    """Whether the cursor is in the empty last line: what is defined there belongs to the file."""
    return line == place.line_count - 1 and line > 0 and not place.line_text(line) and not place.has_selection


def _indent_here(place: Place, line: int) -> str:
    """The indentation for an empty line: that of the code above, or deeper where that opens a block."""
    above = line - 1
    while above >= 0 and not place.line_text(above).strip():
        above -= 1
    if above < 0:
        return ""
    below = line + 1
    while below < place.line_count and not place.line_text(below).strip():
        below += 1
    if line - above > 2 and below < place.line_count:
        return place.indent_of(below)  # two blank lines end what stood above
    return indent_below(place, above)


def _import(place: Place, caption: str, text: str) -> Plan:
    """Below the other imports at the top; the cursor stays where it is."""
    written = text.replace(_CURSOR, "")
    if any(place.line_text(line).strip() == written for line in range(place.line_count)):
        raise Missing("That is imported already")
    last = _last_import(place)
    if last is None:
        line = _first_code_line(place)
        at = place.line_start(line)
        apart = place.newline if place.line_text(line).strip() else ""
        return draft(place, caption, [Change(at, at, written + place.newline + apart)])
    at = place.line_end(place.line_of(last.end))
    return draft(place, caption, [Change(at, at, place.newline + written)])


def _last_import(place: Place) -> Found | None:
    if place.view.syntax is None:
        return None
    code = Code(place)
    found = None
    for node in code.root.named_children:
        if code.is_a(node, "import") or _REQUIRES.match(code.text(node)):
            start, end = code.span(node)
            found = Found(start, end - (place.text[end - 1 : end] == "\n"))
        elif found is not None:
            break
    return found


def _first_code_line(place: Place) -> int:
    """Behind the lines that must come first: the interpreter, the package, the comment and the text about the file."""
    mark = manner_of(place.language_id).comment
    line = 0
    while line < place.line_count - 1:
        text = place.line_text(line)
        if text.startswith(("#!", mark, "package ", '"""', "'use strict'", '"use strict"')):
            if text.startswith('"""') and text.count('"""') == 1:
                line = next((n for n in range(line + 1, place.line_count) if '"""' in place.line_text(n)), line)
            line += 1
            if not place.line_text(line).strip() and text.startswith(("package ", '"""')):
                line += 1
        else:
            return line
    return 0


def _else(place: Place, caption: str, text: str) -> Plan:
    """After the branch around the cursor, or after the one that ends right above it."""
    if place.view.syntax is None:
        raise Missing("I see no if here")
    code = Code(place)
    line = place.line_of(place.cursor)
    blank = not place.line_text(line).strip()
    above = line
    while blank and above > 0 and not place.line_text(above).strip():
        above -= 1
    found = code.this("if", place.line_end(above) if blank else place.cursor)
    if found is None:
        raise Missing("I see no if here")
    start, end = code.span(found)
    manner = manner_of(place.language_id)
    indent = place.indent_of(place.line_of(start))
    end = start + len(place.text[start:end].rstrip())
    if manner.name == "python":
        return _placed(place, caption, end, end, place.newline + indent + lines_of(text, indent, place))
    if place.text[end - 1] == "}":
        return _placed(place, caption, end, end, " " + lines_of(text, indent, place))
    last = place.line_start(place.line_of(end))
    return _placed(place, caption, last, last, indent + lines_of(text, indent, place) + place.newline)


def write(place: Place, command: Write) -> Plan:
    """Code at the cursor, with the spaces that it needs."""
    start, end = place.selected
    text = compose(command.code, place)
    before, after = place.text[start - 1 : start], place.text[end : end + 1]
    if (text and re.match(r"[\w\"']", text) and re.match(r"[\w,;:=]", before)) or (
        re.match(r"[-+*/%=<>&|^!]+ ", text) and before and not before.isspace()
    ):
        text = f" {text}"
    if text and after and re.match(r"[\w\"']", after) and re.search(r"[\w,=]$", text):
        text = f"{text} "
    if not text:
        raise Missing("There is nothing to write")
    return draft(place, "write", [Change(start, end, text)], cursor=start + len(text))


def type_text(place: Place, command: Type) -> Plan:
    """Text as it is; a line break is the document's, and goes on as far indented."""
    start, end = place.selected
    text = command.text
    if text == "\n":
        line = place.line_of(start)
        text = place.newline + (indent_below(place, line) if start >= place.line_end(line) else place.indent_of(line))
    else:
        text = text.replace("\n", place.newline)
    return draft(place, "write", [Change(start, end, text)], cursor=start + len(text))


def wrapped(place: Place, found: Found, name: str, words: tuple[str, ...]) -> tuple[Change, int]:
    """Whole lines in the body of a template; the cursor goes to what was not said, else to the head."""
    first, last = place.line_of(found.start), place.line_of(found.end)
    if found.kind == "selection" and last > first and found.end == place.line_start(last):
        last -= 1
    while first < last and not place.line_text(first).strip():
        first += 1
    while last > first and not place.line_text(last).strip():
        last -= 1
    indent = place.indent_of(first)
    start, end = place.line_start(first), place.line_end(last)
    fields = {"if": "condition", "while": "condition", "with": "condition", "for": "items", "function": "name"}
    spoken: tuple[tuple[str, tuple[str, ...]], ...] = ()
    if words and name in fields:
        spoken = ((fields[name], words),)
    if name == "for" and "in" in [word.lower() for word in words[1:]]:
        at = [word.lower() for word in words].index("in", 1)
        spoken = (("item", words[:at]), ("items", words[at + 1 :]))
    text = render(Template(name, (*spoken, ("body", ("body",)))), place)
    old = place.line_text(first)
    inner = re.search(r"^[ \t]*(?=body\b)|(?<=\n)[ \t]*(?=body\b)", text)
    deeper = inner.group() if inner else place.indentation
    lines = indented(place.text[start + len(indent) : end], indent, indent + deeper, place.newline)
    head, _, tail = text.partition(f"{deeper}body")
    if not old.strip():
        raise Missing("There is nothing to wrap")
    outer = lines_of(head + _FIELD_MARK, indent, place).replace(_FIELD_MARK, deeper + lines)
    rest = lines_of(tail, indent, place)
    whole = indent + outer + rest
    at = whole.find(_CURSOR)
    written = whole.replace(_CURSOR, "")
    cursor = at if 0 <= at < len(indent + outer) else len(indent)
    return Change(start, end, written), start + cursor


_FIELD_MARK = "\1"


def string_of(words: Sequence[str], place: Place) -> str:
    """Words as a string."""
    return quoted(" ".join(words), place)
