"""Checks of what is there twice: conditions, keys, branches, and lines copied with a name left as it was."""

import re
from collections.abc import Mapping, Sequence

from duologue_server.suggest.structure.found import Check, Found, Node, inside, statements, text_of

MOST_LEAVES = 40
MOST_BYTES = 300
"""Of a line that may be a copy of the one before."""
_STATEFUL = re.compile(r"call|invocation|await|assignment|update|named_expr|yield|macro")
_QUESTION = re.compile(
    r"(?:^|[.:\s!])(?:is|has|contains|starts|ends|len|isinstance|startswith|endswith|hasattr|callable|issubclass)"
    r"(?:_\w+|[A-Z]\w*)?$"
)
_CHAINED = frozenset({"if_statement", "if_expression", "elif_clause"})


def asked_twice(found: Found) -> bool:
    """Two conditions of a chain of ifs are equal; the later one can never be true. It becomes what is spoken of."""
    head = found.here
    up = head.parent
    if up is not None and (up.type in ("else_clause", "elif_clause") or (up.type in _CHAINED and _is_else(up, head))):
        return False  # seen from the head of its chain
    seen: dict[str, Node] = {}
    for condition, initializer in _conditions(head):
        text = " ".join((text_of(initializer) + ";" + text_of(condition)).split())
        if text in seen and initializer is None and not _may_change(condition):
            found.words["line"] = str(seen[text].start_point[0] + 1)
            found.here = condition
            return True
        seen.setdefault(text, condition)
    return False


def _may_change(condition: Node) -> bool:
    """Asked a second time, it may give another answer; what is called by the name of a question does not."""
    for node in inside(condition):
        if _STATEFUL.search(node.type) and not _QUESTION.search(text_of(node).partition("(")[0]):
            return True
    return False


def _conditions(head: Node) -> list[tuple[Node, Node | None]]:
    made: list[tuple[Node, Node | None]] = []
    at: Node | None = head
    while at is not None:
        condition = at.child_by_field_name("condition")
        if condition is not None:
            made.append((condition, at.child_by_field_name("initializer")))
        made += [
            (asked, None)
            for child in at.children
            if child.type == "elif_clause" and (asked := child.child_by_field_name("condition")) is not None
        ]
        at = _else(at)
    return made


def _else(node: Node) -> Node | None:
    """The if after its else, if there is one."""
    after = node.child_by_field_name("alternative")
    if after is not None and after.type == "else_clause":
        after = next((child for child in after.named_children if child.type in _CHAINED), None)
    return after if after is not None and after.type in _CHAINED and after.type != "elif_clause" else None


def _is_else(up: Node, node: Node) -> bool:
    after = up.child_by_field_name("alternative")
    return after is not None and after.id == node.id


def same_branches(found: Found) -> bool:
    """An if with just one else, both without comments and with something in them."""
    whole = found.here
    up = whole.parent
    if up is not None and up.type in ("else_clause", *_CHAINED):
        return False
    if any(child.type == "elif_clause" for child in whole.children):
        return False
    inner, before = found["a"], whole.prev_named_sibling
    if before is not None and "comment" in before.type:
        return False
    return bool(statements(inner)) and not any("comment" in node.type for node in inside(whole))


def key_twice(found: Found) -> bool:
    """Two pairs have the same plain key. The second becomes what is spoken of."""
    seen: set[str] = set()
    for pair in found.here.named_children:
        if pair.type == "spread_element":
            seen.clear()
        key = pair.child_by_field_name("key")
        if pair.type != "pair" or key is None or re.search(r"computed|interpolation|call", key.type):
            continue
        text = text_of(key)
        if key.type == "string":
            if any(child.type == "interpolation" for child in key.children):
                continue
            text = text[1:-1] if found.tree.language_id != "python" else text
        elif found.tree.language_id == "python" and key.type not in ("integer", "float"):
            continue
        if text in seen:
            found.here = key
            return True
        seen.add(text)
    return False


def copied(found: Found) -> bool:
    """In a run of at least three lines of one shape, each has some name twice; one has its new name once, and in the
    other place still the name of the line before. It becomes what is spoken of."""
    run: list[list[str]] = []
    nodes: list[Node] = []
    for child in [*found.here.named_children, None]:
        leaves = _leaves(child) if child is not None else None
        if leaves is not None and run and len(leaves) == len(run[0]) and _same_shape(leaves, run[0]):
            run.append(leaves)
            nodes.append(child)  # type: ignore[arg-type]
            continue
        odd = _odd_one(run)
        if odd is not None:
            index, left_over = odd
            found.here = nodes[index]
            found.words["name"] = left_over if re.fullmatch(r"[^\W\d]\w*", left_over) else "a name"
            return True
        run, nodes = ([leaves], [child]) if leaves is not None and child is not None else ([], [])
    return False


def _leaves(node: Node) -> list[str] | None:
    """The words and signs of a short statement."""
    if node.end_byte - node.start_byte > MOST_BYTES or "comment" in node.type:
        return None
    texts = [text_of(leaf) for leaf in inside(node) if not leaf.children]
    return texts if 3 <= len(texts) <= MOST_LEAVES else None


def _same_shape(one: Sequence[str], other: Sequence[str]) -> bool:
    return all(
        a == b or (a[:1].isalpha() and b[:1].isalpha()) or (_wordy(a) and _wordy(b))
        for a, b in zip(one, other, strict=True)
    )


def _wordy(text: str) -> bool:
    return bool(re.fullmatch(r"[\"'_]?\w[\w-]*[\"']?", text))


def _odd_one(run: list[list[str]]) -> tuple[int, str] | None:
    """The index of the line that breaks the pattern, and the name it should not have."""
    if len(run) < 3:
        return None
    columns = [[_bare(line[at]) for line in run] for at in range(len(run[0]))]
    new = [
        at for at, column in enumerate(columns) if len(set(column)) == len(column) and all(len(w) > 1 for w in column)
    ]
    for first in new:
        for other, column in enumerate(columns):
            if other == first:
                continue
            follows = [columns[first][row] == column[row] for row in range(len(run))]
            if sum(follows) != len(run) - 1:
                continue
            row = follows.index(False)
            if row > 0 and column[row] == column[row - 1] and columns[first][row - 1] == column[row]:
                return row, run[row][other].strip("\"'")
    return None


def _bare(text: str) -> str:
    return text.strip("\"'_")


REPEAT_CHECKS: Mapping[str, Check] = {
    "asked_twice": asked_twice,
    "same_branches": same_branches,
    "key_twice": key_twice,
    "copied": copied,
}
