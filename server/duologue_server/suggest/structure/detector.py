"""The detector `structure`: rules as data, run over the syntax of a document.

What was found in a top-level definition that has not changed is remembered. A rule that fails, or takes too long
again and again, is switched off alone.
"""

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from duologue_server.suggest.findings import Finding, Fix, Source, Span, TextEdit, find
from duologue_server.suggest.structure.checks import CHECKS
from duologue_server.suggest.structure.found import Found, Node, Tree, around, text_of
from duologue_server.suggest.structure.rules import OWN, Rule, load_rules, user_folder

RULE_LIMIT_S = 0.25
"""For one rule in one document."""
MOST_LATE = 3
"""So often in a row late, and a rule is switched off."""
MOST_OF_A_RULE = 20
"""Found in one document; a rule that finds more has misunderstood the file."""
MOST_DOCUMENTS = 50
_TEST_FILE = re.compile(r"(?:^|[_.-])(?:tests?|spec|conftest|testing)(?:[_.-]|$)|Tests?\.\w+$", re.IGNORECASE)
_TEST_FOLDER = re.compile(r"/(?:__tests__|tests?|spec)/")
_NAME = re.compile(r"[^\W\d]\w*\Z")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")

logger = logging.getLogger(__name__)


class _Hit(NamedTuple):
    """Something found; `line` and `end_line` count from the start of the definition that it is in."""

    line: int
    column: int
    end_line: int
    end_column: int
    says: str
    about: str
    fix: str = ""
    """What should stand there."""
    fix_label: str = ""


_Kept = dict[tuple[str, int, bytes], list[_Hit]]


@dataclass
class _Seen:
    """What is remembered of a document."""

    hits: _Kept = field(default_factory=dict)
    """By rule, column and text of a top-level definition."""
    memory: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    old: dict[str, Counter[str]] = field(default_factory=dict)
    """By rule, what was there at first, as scope and line."""


class _Chunk(NamedTuple):
    """A top-level definition or statement."""

    node: Node
    line: int
    column: int
    text: bytes


class _Late(Exception):
    pass


class Structure:
    """A `Detector` for every language that has a grammar and a rule."""

    name = "structure"

    def __init__(
        self,
        tree_of: Callable[[Source], Tree | None],
        folders: Sequence[Path] | None = None,
        limit_s: float = RULE_LIMIT_S,
    ) -> None:
        """`tree_of` gives the syntax of a source. Without `folders`, the product's rules and the user's."""
        self._tree_of = tree_of
        self._limit_s = limit_s
        self.rules, self.problems = load_rules([OWN, user_folder()] if folders is None else folders)
        """The rules at work, and what is wrong with others, each with its file and line."""
        self._seen: dict[str, _Seen] = {}
        self._late: dict[str, int] = {}
        self._told = 0
        self._off: set[tuple[str, str]] = set()
        for problem in self.problems:
            logger.warning("a rule is left out: %s", problem)

    def inspect(self, source: Source) -> list[Finding]:
        """What the rules find now. Nothing for languages without a grammar and documents not fit to inspect."""
        if not source.fit_to_inspect:
            return []
        rules = self._rules_for(source)
        tree = self._tree_of(source) if rules else None
        if tree is None:
            return []
        seen = self._seen[source.uri] = self._seen.pop(source.uri, _Seen())
        while len(self._seen) > MOST_DOCUMENTS:
            del self._seen[next(iter(self._seen))]
        chunks = _chunks(tree.root)
        found: list[Finding] = []
        kept: _Kept = {}
        for rule in rules:
            try:
                hits = self._run(rule, tree, source, seen, chunks, kept)
            except _Late:
                self._late[rule.id] = self._late.get(rule.id, 0) + 1
                if self._late[rule.id] >= MOST_LATE:
                    late = f"it took longer than {self._limit_s:g} s {MOST_LATE} times in a row"
                    self._switch_off(rule, source.language_id, late)
                continue
            except Exception as error:
                self._switch_off(rule, source.language_id, _why(rule, source.language_id, error))
                continue
            self._late.pop(rule.id, None)
            made = [_to_finding(source, rule, hit) for hit in hits[:MOST_OF_A_RULE]]
            found += _new(source, made, seen.old, rule) if rule.only_new else made
        seen.hits, seen.facts = kept, {}
        return found

    def take_problems(self) -> list[str]:
        """What has gone wrong with rules since the last call, for the user."""
        new, self._told = self.problems[self._told :], len(self.problems)
        return new

    def _rules_for(self, source: Source) -> list[Rule]:
        language_id, in_test = source.language_id, _is_test(source)
        return [
            rule
            for rule in self.rules
            if language_id in rule.queries
            and (rule.id, language_id) not in self._off
            and (rule.in_tests or not in_test)
        ]

    def _run(
        self, rule: Rule, tree: Tree, source: Source, seen: _Seen, chunks: list[_Chunk], kept: _Kept
    ) -> list[_Hit]:
        """What a rule finds. Raises _Late, and whatever the query or the check raises."""
        deadline_s = time.perf_counter() + self._limit_s
        if rule.whole_file:
            return self._search(rule, tree, source, seen, _Chunk(tree.root, 0, 0, b""), deadline_s)
        hits: list[_Hit] = []
        for chunk in chunks:
            key = (rule.id, chunk.column, chunk.text)
            inner = seen.hits.get(key)
            if inner is None:
                inner = self._search(rule, tree, source, seen, chunk, deadline_s)
            kept[key] = inner
            hits += [hit._replace(line=hit.line + chunk.line, end_line=hit.end_line + chunk.line) for hit in inner]
        return hits

    def _search(
        self, rule: Rule, tree: Tree, source: Source, seen: _Seen, chunk: _Chunk, deadline_s: float
    ) -> list[_Hit]:
        hits: dict[_Hit, None] = {}
        memory = seen.memory.setdefault(rule.id, {})
        for captures in tree.matches(rule.queries[source.language_id], chunk.node):
            found = Found(captures, tree, source.name, memory, seen.facts)
            hit = _look(found, rule, chunk.line, source.language_id)
            if hit is not None:
                hits[hit] = None
            if time.perf_counter() > deadline_s:
                raise _Late
        if time.perf_counter() > deadline_s:
            raise _Late
        return list(hits)

    def _switch_off(self, rule: Rule, language_id: str, why: str) -> None:
        self._off.add((rule.id, language_id))
        self.problems.append(why if str(rule.origin) in why else f"{rule.origin}: {why}")
        logger.warning("the rule %s is switched off for %s: %s", rule.id, language_id, why)


def _chunks(root: Node) -> list[_Chunk]:
    return [_Chunk(node, *node.start_point, node.text or b"") for node in root.named_children]


def _look(found: Found, rule: Rule, line: int, language_id: str) -> _Hit | None:
    """A match as a hit, unless it lies in what does not parse or the rule's check is against it."""
    if found.here.has_error or any(at.type == "ERROR" for at in around(found.here)):
        return None
    if rule.check and not CHECKS[rule.check](found):
        return None
    here, words = found.here, _Words(found)
    about = found.words.get(rule.about) or found.text(rule.about) or rule.about
    return _Hit(
        here.start_point[0] - line,
        here.start_point[1],
        here.end_point[0] - line,
        here.end_point[1],
        rule.says.format_map(words),
        about if _NAME.match(about) else "",
        _fixed(found, rule, language_id),
        rule.fix_label.format_map(words),
    )


def _fixed(found: Found, rule: Rule, language_id: str) -> str:
    """What should stand in the place of what was found; empty where the rule does not know."""
    template = rule.fix.get(language_id.removesuffix("react"), rule.fix.get("any", ""))
    sources = {name: text_of(nodes[0]) for name, nodes in found.captures.items()}
    return template.format_map({**sources, **found.words, "here": text_of(found.here)})


def _is_test(source: Source) -> bool:
    return bool(_TEST_FILE.search(source.name) or _TEST_FOLDER.search(source.uri))


class _Words(dict[str, str]):
    """The words for a sentence's braces: names as they are, code never."""

    def __init__(self, found: Found) -> None:
        super().__init__(found.words)
        self._found = found

    def __missing__(self, word: str) -> str:
        if word == "nth" and "nth" in self._found.captures:
            return _nth(self._found["nth"])
        text = self._found.text(word).removeprefix("self.").removeprefix("this.")
        return text if _NAME.match(text) else "something"


def _nth(node: Node) -> str:
    siblings = [
        child.id for child in (node.parent.named_children if node.parent else ()) if "comment" not in child.type
    ]
    index = siblings.index(node.id) if node.id in siblings else 0
    return _ORDINALS[index] if index < len(_ORDINALS) else "last" if index == len(siblings) - 1 else f"{index + 1}th"


def _to_finding(source: Source, rule: Rule, hit: _Hit) -> Finding:
    span = Span(
        hit.line,
        _character(source, hit.line, hit.column),
        hit.end_line,
        _character(source, hit.end_line, hit.end_column),
    )
    trigger = rule.trigger(source.language_id)
    urgency = round(rule.urgency * rule.confidence, 3)
    fix = Fix(hit.fix_label, (TextEdit(span, hit.fix),), source.version) if hit.fix else None
    return find(source, span, trigger, hit.says, urgency, f"{rule.id}: {hit.says}", hit.about, fix)


def _new(source: Source, findings: list[Finding], old: dict[str, Counter[str]], rule: Rule) -> list[Finding]:
    """Those of the scopes that hold more of the same than when the document was first seen."""
    keys = [f"{source.scope_name(finding.line)}|{finding.key}" for finding in findings]
    count = Counter(keys)
    before = old.setdefault(rule.id, count)
    return [finding for finding, key in zip(findings, keys, strict=True) if count[key] > before[key]]


def _character(source: Source, line: int, column: int) -> int:
    raw = source.line_text(line).encode("utf-8", "surrogatepass")[:column]
    return source.to_character(line, len(raw.decode("utf-8", "replace")))


def _why(rule: Rule, language_id: str, error: Exception) -> str:
    """Names the query's file and line where the query is at fault."""
    files = [file for file in rule.origin.glob("*.scm") if language_id.removesuffix("react") in file.stem.split("+")]
    row = re.search(r"row (\d+)", str(error))
    if isinstance(error, ValueError) and files and row:
        return f"{files[0]}, line {int(row.group(1)) + 1}: {error}"
    return f"{rule.origin}: the rule failed: {error!r}"
