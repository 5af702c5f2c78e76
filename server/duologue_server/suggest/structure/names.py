"""Checks of names against the other names of a file."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from duologue_server.suggest.structure.found import Check, Found, Node, around, inside, text_of

SHORTEST = 6
"""A shorter name is near to too many others."""
MOST_NAMES = 20_000
_DECLARES = re.compile(
    r"declar|definition|parameter|import|pattern|_item|clause|spec|field_definition|export|use_|scoped_use|type|label|"
    r"pair|attribute|macro|jsx|enum"
)

_IMPORTS = re.compile(r"\Ause_|import|export")


def misspelt(found: Found) -> bool:
    """A name that stands once in the file and is not declared there, and is another one but for a letter left out, put
    in or swapped inside it. It becomes what is spoken of."""
    once: dict[str, Node] = {}
    count: Counter[str] = Counter()
    for node in inside(found.here):
        if node.children or not node.is_named or "identifier" not in node.type:
            continue
        text = text_of(node)
        count[text] += 1
        once[text] = node
    if len(count) > MOST_NAMES:
        return False
    for text, node in once.items():
        if count[text] > 1 or len(text) < SHORTEST or re.search(r"\d", text) or not _is_used(node):
            continue
        meant = next((near for near in _near(text) if count[near] >= 2), None) or _longer(text, count)
        if meant is not None:
            found.here = node
            found.words["name"], found.words["meant"] = text.lstrip("#"), meant.lstrip("#")
            found.words["instead"] = meant
            return True
    return False


def _is_used(node: Node) -> bool:
    """A plain name that is read or called; of members only those of the object itself, which its class knows."""
    up = node.parent
    if up is None or _DECLARES.search(up.type) or any(_IMPORTS.search(at.type) for at in around(node)):
        return False
    if up.type == "member_expression" and node.type != "identifier":
        return text_of(up.child_by_field_name("object")) == "this"
    return node.type == "identifier"


def near(text: str, other: str) -> bool:
    """They differ by a letter inside that one lacks, or by two that are swapped."""
    return other in _near(text) or text in _near(other)


def _near(text: str) -> Iterator[str]:
    """With a letter inside left out, or two swapped."""
    for at in range(1, len(text) - 1):
        yield text[:at] + text[at + 1 :]
        if at < len(text) - 2 and text[at] != text[at + 1]:
            yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _longer(text: str, count: Mapping[str, int]) -> str | None:
    """One that becomes this when a letter inside it is left out."""
    return next(
        (
            other
            for other, times in count.items()
            if times >= 2 and len(other) == len(text) + 1 and other[0] == text[0] and text in _near(other)
        ),
        None,
    )


NAME_CHECKS: Mapping[str, Check] = {"misspelt": misspelt}
