"""Checks of names against what is declared where they are used."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from duologue_server.suggest.structure.found import FUNCTIONS, Check, Found, Node, text_of
from duologue_server.suggest.structure.names import near

SHORTEST = 4
MOST_NAMES = 40_000
_DECLARING = re.compile(
    r"declarat|_spec\Z|parameter|clause|_item\Z|import|\Aclass|function|method_d|constructor|lambda|closure|pattern|\Alet_|"
    r"for_expression|for_in|enhanced_for|match_|resource|instanceof|receive|type_switch|signature|constant|module|use_|"
    r"component|definition"
)
_FIELDS = frozenset({"name", "pattern", "left", "parameter", "alias", "parameters", "argument", "path", "list"})
_BARE = re.compile(r"parameters\Z|pattern|import|use_|namespace|catch_|scoped")
"""What gives names to children that have no field."""
_THROUGH = re.compile(r"pattern|_list\Z|parameters\Z|declarator|scoped|clause|specifier|namespace")
_SKIPPED = frozenset({"token_tree", "attribute_item", "annotation", "marker_annotation", "scoped_identifier", "field"})
_SHORTHAND = frozenset({"shorthand_property_identifier_pattern"})

_Path = tuple[str, ...]


class _Name(NamedTuple):
    """A name where it stands; `path` names the functions around it."""

    text: str
    path: _Path
    declares: bool
    node: Node


def undeclared(found: Found) -> bool:
    """A name is used that nothing around declares: it did when the file was first seen, or it is new and but a letter
    away from one that is declared. It becomes what is spoken of."""
    names = list(_names(found.here))
    if len(names) > MOST_NAMES:
        return False
    declared = {(name.path, name.text) for name in names if name.declares}
    first: dict[str, Any] = found.memory
    if not first:
        first["declared"], first["known"] = declared, {name.text for name in names}
        return False
    for name in names:
        if name.declares or _visible(name, declared):
            continue
        if _visible(name, first["declared"]):
            found.words["how"] = "not declared any more"
        elif name.text not in first["known"] and len(name.text) >= SHORTEST:
            meant = [text for path, text in declared if path == name.path[: len(path)] and near(name.text, text)]
            if not meant:
                continue
            found.words["how"] = f"declared nowhere; {meant[0]} may be meant"
        else:
            continue
        found.here = name.node
        found.words["name"] = name.text
        return True
    return False


def _visible(name: _Name, declared: set[tuple[_Path, str]]) -> bool:
    return any((name.path[:depth], name.text) in declared for depth in range(len(name.path) + 1))


def _names(root: Node) -> Iterator[_Name]:
    """All plain names of a file. What looks like a declaration counts as one: silence is the safer mistake."""
    cursor = root.walk()
    paths: list[_Path] = [()]
    declaring = [False]
    types: list[str] = [root.type]
    while True:
        node, field = cursor.node, cursor.field_name
        kind, above = node.type, types[-1]
        declares = _declares(above, kind, field, declaring[-1]) if len(types) > 1 else False
        if (kind == "identifier" or kind in _SHORTHAND) and (declares or not _is_member(above, field)):
            path = paths[-1][:-1] if declares and field == "name" and above in FUNCTIONS else paths[-1]
            yield _Name(text_of(node), path, declares or kind in _SHORTHAND, node)
        skipped = kind in _SKIPPED and not declares
        if not skipped and cursor.goto_first_child():
            function = kind in FUNCTIONS
            paths.append((*paths[-1], text_of(node.child_by_field_name("name"))) if function else paths[-1])
            declaring.append(declares)
            types.append(kind)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent() or len(types) == 1:
                return
            paths.pop(), declaring.pop(), types.pop()
        if len(types) == 1:
            return


def _declares(above: str, kind: str, field: str | None, inherited: bool) -> bool:
    if inherited and _THROUGH.search(above):
        return field not in ("value", "right", "type", "key")
    if not _DECLARING.search(above) and not _BARE.search(above):
        return False
    if field is None:
        return bool(_BARE.search(above))
    return field in _FIELDS and bool(_DECLARING.search(above))


def _is_member(above: str, field: str | None) -> bool:
    """The part of something after a dot, or the key of a literal."""
    return (
        (above in ("field_access", "method_invocation") and field in ("field", "name"))
        or (above == "literal_element" and field is None)
        or above
        in ("scoped_identifier", "method_reference", "labeled_statement", "break_statement", "continue_statement")
        or "attribute" in above
        or "macro" in above
    )


SCOPE_CHECKS: Mapping[str, Check] = {"undeclared": undeclared}
