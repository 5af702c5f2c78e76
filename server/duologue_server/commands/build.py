"""From what a phrase of the grammar holds to a command; None where the words fit and make no sense."""

from collections.abc import Callable, Mapping
from typing import Any

from duologue_server.commands.build_targets import Values
from duologue_server.commands.kinds import (
    AddParameter,
    Change,
    Client,
    Command,
    Comment,
    Copy,
    Delete,
    Duplicate,
    Extract,
    Go,
    Indent,
    Join,
    Meta,
    Move,
    MoveTo,
    OpenLine,
    Paste,
    Rename,
    Select,
    Step,
    Surround,
    Swap,
    Template,
    Type,
    Wrap,
    Write,
)
from duologue_server.commands.targets import Edge, Everything, Here, Lines, LinesHere, Named, Part, Target
from duologue_server.commands.words import declared

Builder = Callable[[Values, Mapping[str, Any]], Command | None]

MOST_TIMES = 100


def _go(values: Values, _: Mapping[str, Any]) -> Command | None:
    target = values.get("target")
    if isinstance(target, Here | Everything):
        return None
    return Go(target.of, target.side) if isinstance(target, Edge) else Go(target) if target is not None else None


def _go_line(values: Values, _: Mapping[str, Any]) -> Command | None:
    return Go(Lines(values["number"], values["number"])) if values["number"] > 0 else None


def _go_known(values: Values, _: Mapping[str, Any]) -> Command:
    return Go(Named(values["known"], values.get("kind", "")))


def _step(values: Values, _: Mapping[str, Any]) -> Command | None:
    direction = values["direction"]
    sideways = direction in ("left", "right")
    unit = values.get("unit", "character" if sideways else "line")
    if (unit == "line") == sideways:
        return None
    return Step(direction, unit, _times(values))


def _times(values: Values) -> int:
    return max(1, min(MOST_TIMES, int(values.get("number", 1))))


def _target(values: Values, name: str = "target") -> Target:
    return values.get(name) or Here()


def _paste(values: Values, _: Mapping[str, Any]) -> Command:
    return Paste(values.get("where", "here"), values.get("target"))


def _swap(values: Values, _: Mapping[str, Any]) -> Command | None:
    if "first" in values:
        return Swap(values["first"], values["second"])
    a, b = values.get("a", 1), values.get("b", 2)

    def part(number: int) -> Part:
        return Part(values["kinds"], "last") if number < 0 else Part(values["kinds"], "ordinal", number)

    return Swap(part(a), part(b))


def _wrap(values: Values, _: Mapping[str, Any]) -> Command:
    return Wrap(_target(values), values["wrapper"], values.get("code", ()))


def _wrap_call(values: Values, _: Mapping[str, Any]) -> Command:
    return Wrap(_target(values), "call", values["code"])


def _surround(values: Values, _: Mapping[str, Any]) -> Command:
    pair = values["pair"]
    half = len(pair) // 2
    return Surround(_target(values), pair[:half], pair[half:])


def _rename(values: Values, _: Mapping[str, Any]) -> Command:
    return Rename(values.get("old"), values["new"])


def _change_part(values: Values, _: Mapping[str, Any]) -> Command | None:
    return None if isinstance(values["target"], Here | Everything) else Change(values["target"], values["code"])


def _parameter(values: Values, _: Mapping[str, Any]) -> Command | None:
    name, kind, default = declared(values["name"])
    return AddParameter(name, kind, default, values.get("target")) if name else None


def _argument(values: Values, _: Mapping[str, Any]) -> Command:
    return AddParameter(values["code"], to=values.get("target"), is_argument=True)


def _open_line(values: Values, _: Mapping[str, Any]) -> Command:
    where = values.get("where", "below")
    return OpenLine("below" if where == "here" else where, (), values.get("target"))


def _insert(said: Values, at: Mapping[str, Any]) -> Command:
    return OpenLine(at["where"], said["code"], said.get("target"))


def _template(values: Values, at: Mapping[str, Any]) -> Command:
    fields = tuple((name, tuple(words) if not isinstance(words, str) else (words,)) for name, words in values.items())
    return Template(at["template"], fields)


def _class(values: Values, _: Mapping[str, Any]) -> Command:
    return _template(values, {"template": "class_extends" if "base" in values else "class"})


def _for_plural(values: Values, _: Mapping[str, Any]) -> Command | None:
    """Items that are not known here are believed when they are the plural of the item."""
    item, items = values["item"][-1].lower(), values["items"][-1].lower()
    plural = items in (f"{item}s", f"{item}es", f"{item[:-1]}ies") and len(item) > 1
    return _template(values, {"template": "for"}) if plural else None


def _for_range(values: Values, _: Mapping[str, Any]) -> Command:
    item = {} if "item" in values else {"item": ("i",)}
    return _template({**item, **values}, {"template": "for_range_from" if "first" in values else "for_range"})


def _raise(values: Values, _: Mapping[str, Any]) -> Command:
    if "kind" in values:
        return Template("raise", (("value", ("pascal", *values["kind"], "error")),))
    return _template(values, {"template": "raise"})


def _call(values: Values, _: Mapping[str, Any]) -> Command:
    arguments = ("with", *values["arguments"]) if "arguments" in values else ()
    return Write(("call", *values["function"], *arguments))


def _levels(values: Values, at: Mapping[str, Any]) -> Command:
    return Indent(_target(values), at["sign"] * _times(values))


def _other(values: Values, at: Mapping[str, Any]) -> Command:
    return Meta(at["what"], _times(values))


BUILDERS: Mapping[str, Builder] = {
    "go_line": _go_line,
    "go": _go,
    "go_known": _go_known,
    "go_named": lambda values, at: Go(Named(values["name"])),
    "go_assigned": lambda values, at: Go(Named(values["name"], assigned=True)),
    "go_part": lambda values, at: Go(Part(values["kind"], at["which"])) if values["kind"] != "line" else None,
    "go_edge": lambda values, at: Go(values.get("owner") or LinesHere(0, 1), values["side"]),
    "go_extreme": lambda values, at: Go(Everything(), at["side"]),
    "step": _step,
    "select": lambda values, at: Select(_target(values)),
    "grow": lambda values, at: Select(_target(values), grow=True),
    "delete": lambda values, at: Delete(_target(values)),
    "copy": lambda values, at: Copy(_target(values)),
    "cut": lambda values, at: Copy(_target(values), cut=True),
    "paste": _paste,
    "paste_at": lambda values, at: Paste(at["where"], values["target"]),
    "duplicate": lambda values, at: Duplicate(_target(values), _times(values)),
    "move": lambda values, at: Move(_target(values), values["direction"], _times(values)),
    "move_to": lambda values, at: MoveTo(_target(values), at.get("where", "before"), values["to"]),
    "swap": _swap,
    "wrap": _wrap,
    "wrap_call": _wrap_call,
    "surround": _surround,
    "rename": _rename,
    "extract": lambda values, at: Extract(_target(values), values["name"]),
    "comment": lambda values, at: Comment(_target(values)),
    "uncomment": lambda values, at: Comment(_target(values), on=False),
    "change_part": _change_part,
    "change_text": lambda values, at: Change(values["old"], values["code"]),
    "add_parameter": _parameter,
    "add_argument": _argument,
    "open_line": _open_line,
    "insert": _insert,
    "indent": lambda values, at: _levels(values, {"sign": 1}),
    "dedent": lambda values, at: _levels(values, {"sign": -1}),
    "join": lambda values, at: Join(values.get("target") or LinesHere(0, 2)),
    "function": _template,
    "class": _class,
    "template_code": _template,
    "for_each": lambda values, at: _template(values, {"template": "for"}),
    "for_plural": _for_plural,
    "for_range": _for_range,
    "import_from": lambda values, at: _template(values, {"template": "import_from"}),
    "comment_text": lambda values, at: Template("comment", (("text", (values["text"],)),)),
    "raise": _raise,
    "guard": lambda values, at: _template(values, {"template": "guard"}),
    "write_string": lambda values, at: Write(("string", *values["text"].split(), "end", "string")),
    "write_cased": lambda values, at: Write(values["code"]),
    "write_literally": lambda values, at: Type(values["text"]),
    "write": lambda values, at: Write(values["code"]),
    "call": _call,
    "spell": lambda values, at: Type(values["letters"]),
    "new_lines": lambda values, at: Type("\n"),
    "client": lambda values, at: Client(at["action"], values.get("text") or values.get("buffer") or ""),
    "meta": _other,
}
