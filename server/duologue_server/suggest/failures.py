"""The detector `tests`: what can be said of failing tests, and which change is likely to blame.

A cause is named only where something points to it: a place in the traceback, a name in the message, in the test's own
text or in its name. It is worded as a guess.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from duologue_server.suggest.changed import Changed, Touched, in_words
from duologue_server.suggest.findings import Finding, Span, find, place, sentence
from duologue_server.suggest.reports import Failure, failures_in

TRIGGER = "tests:failed"
URGENCY = 0.6
FEW = 3
"""More failures than this at once are more likely one thing."""
URGENCY_OF_MANY = 0.65
MOST_ASKED = 12
"""Failures that are looked at for a common cause."""
MOST_NAME_WORDS = 6
MOST_NAME_CHARACTERS = 48

_PLACES = re.compile(r"([\w.-]+\.\w+)(?::(\d+)|\", line (\d+))")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_IDENTIFIER = re.compile(r"[^\W\d]\w*\Z")
_SPEAKABLE = re.compile(r"[\w' ,-]+\Z")
_CONSTRUCTORS = frozenset({"__init__", "constructor", "initialize"})
_GENERIC = frozenset({"main", "run", "get", "set", "test", "tests", "setup", "init", "new", "call", "value", "data"})
"""Names that stand everywhere and point to nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """A test run that failed."""

    failures: tuple[Failure, ...]
    failed: int
    since_green: bool
    """Whether the changes that are known of are those since the tests were green."""


class _Cause(NamedTuple):
    touched: Touched
    document: Changed
    strength: int
    """3 for a place or the message, 2 for the test's text, 1 for its name."""


class _Where(NamedTuple):
    """Where a test fails; `document` is None for a file that is not open."""

    uri: str
    name: str
    line: int
    document: Changed | None


def read_run(failed: int, listed: Sequence[Failure], message: str, since_green: bool) -> Run:
    """A run as the editor reports it; without a list of failures, what the message tells of them."""
    return Run((tuple(listed) or failures_in(message)) if failed else (), failed, since_green)


def remark(run: Run, documents: Sequence[Changed]) -> list[Finding]:
    """One remark on all that failed; none when neither a test's place nor a cause is known."""
    asked = run.failures[:MOST_ASKED]
    causes = {failure: _cause(failure, documents) for failure in asked}
    cause = _common([cause for cause in causes.values() if cause is not None], len(asked))
    first = next((failure for failure in asked if cause is not None and _same(causes[failure], cause)), None)
    ordered = [*([first] if first else []), *(failure for failure in asked if failure is not first)]
    for failure in ordered:
        where = _where(failure, documents)
        if where is not None:
            return [_at_test(run, failure, where, cause)]
    return [_at_cause(run, ordered[0], cause)] if cause is not None else []


def spoken_name(name: str) -> str:
    """A test's name as it can be said: without its path and parameters; empty when nothing of it can be said."""
    bare = re.split(r"::|›| > ", re.sub(r"\[.*\]$", "", name))[-1].strip()
    bare = bare.rsplit("/", 1)[-1].replace("_", " ") if "/" in bare else bare
    if _IDENTIFIER.match(bare):
        return bare
    words = bare.split()
    short = len(words) <= MOST_NAME_WORDS and len(bare) <= MOST_NAME_CHARACTERS
    return f"the test {' '.join(words)}" if words and short and _SPEAKABLE.match(bare) else ""


def _at_test(run: Run, failure: Failure, where: _Where, cause: _Cause | None) -> Finding:
    own = spoken_name(failure.name) or "a test"
    others = max(run.failed, len(run.failures)) - 1
    span = Span(where.line, 0, where.line, 0)
    if where.document is None:
        says = _fails(own, others) + _because(run, failure, cause, None)
        text = sentence(place(where.name, where.line), says)
        key = "|".join((TRIGGER, where.uri, own))
        return Finding(
            key, where.uri, where.line, text, _urgency(others), TRIGGER, None, span, failure.written, _about(own)
        )
    view = where.document.view
    scope = view.scope_name(where.line)
    says = _fails("this test" if scope and scope == own else own, others)
    says += _because(run, failure, cause, where)
    text = view.line_text(where.line)
    start, end = len(text) - len(text.lstrip()), len(text)
    span = Span(where.line, view.to_character(where.line, start), where.line, view.to_character(where.line, end))
    return find(view, span, TRIGGER, says, _urgency(others), failure.written, _about(own))


def _at_cause(run: Run, failure: Failure, cause: _Cause) -> Finding:
    """For tests whose files are not open and whose places are not known."""
    view, line = cause.document.view, min(cause.touched.line, cause.document.view.line_count - 1)
    others = max(run.failed, len(run.failures)) - 1
    did = f"you {cause.touched.how} this"
    if cause.touched.how == "removed":
        did = f"you removed {cause.touched.name}"
    own = spoken_name(failure.name) or "a test"
    says = f"{_fails(own, others)}, {_guess(cause)} since {did}"
    text = view.line_text(line)
    span = Span(line, 0, line, view.to_character(line, len(text)))
    return find(view, span, TRIGGER, says, _urgency(others), failure.written, _about(own))


def _fails(own: str, others: int) -> str:
    if others <= 0:
        return f"{own} fails"
    return f"{own} and {in_words(others)} other{'s' if others > 1 else ''} fail"


def _because(run: Run, failure: Failure, cause: _Cause | None, where: _Where | None) -> str:
    if cause is not None:
        touched = cause.touched
        name = _called(touched)
        renamed = touched.how == "renamed" and touched.before
        return f", {_guess(cause)} since you {touched.how} {f'{touched.before} to {name}' if renamed else name}"
    if where is None or where.document is None or not run.since_green:
        return ""
    itself = [one for one in where.document.touched if one.line <= where.line <= one.end_line]
    changed = any(one.how == "changed" and one.name == spoken_name(failure.name) for one in itself)
    return "; you changed it since it last passed" if changed else ""


def _guess(cause: _Cause) -> str:
    return "probably" if cause.strength >= 2 else "perhaps"


def _urgency(others: int) -> float:
    return URGENCY_OF_MANY if others >= FEW else URGENCY


def _about(own: str) -> str:
    return own if _IDENTIFIER.match(own) else ""


def _called(touched: Touched) -> str:
    return touched.owner if touched.name in _CONSTRUCTORS and touched.owner else touched.name


def _same(one: "_Cause | None", other: _Cause) -> bool:
    return one is not None and (one.document.uri, _called(one.touched)) == (other.document.uri, _called(other.touched))


def _common(causes: Sequence[_Cause], of: int) -> _Cause | None:
    """What at least half of the failures point to, the strongest evidence for it."""
    best: _Cause | None = None
    votes = 0
    for cause in causes:
        same = [other for other in causes if _same(other, cause)]
        if len(same) > votes:
            best, votes = max(same, key=lambda one: one.strength), len(same)
    return best if 2 * votes >= of else None


def _cause(failure: Failure, documents: Sequence[Changed]) -> _Cause | None:
    """What was touched that the failure points to most."""
    test = _last_name(failure.name)
    text = _text_of_test(failure, documents)
    best: _Cause | None = None
    for document in documents:
        for touched in document.touched:
            if touched.name == test or re.match(r"test_|Test[A-Z]", touched.name):
                continue  # a changed test is not what breaks it
            strength = _strength(failure, text, touched, document)
            if touched.how == "added" and strength < 3:
                continue
            if strength and (best is None or strength > best.strength):
                best = _Cause(touched, document, strength)
    return best


def _strength(failure: Failure, test_text: str, touched: Touched, document: Changed) -> int:
    if touched.how != "removed":
        for line in _lines_named(failure, document):
            if touched.line <= line <= touched.end_line:
                return 3
    name = touched.before or _called(touched)
    if len(name) < 3 or name.lower() in _GENERIC:
        return 0
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    if word.search(failure.message):
        return 3
    if word.search(test_text):
        return 2
    words, inner = ([word.lower() for word in _WORDS.findall(text)] for text in (_last_name(failure.name), name))
    starts = range(len(words) - len(inner) + 1)
    return int(bool(inner) and any(words[at : at + len(inner)] == inner for at in starts))


def _lines_named(failure: Failure, document: Changed) -> Iterator[int]:
    """The lines of a document that a traceback names; a file of the same name elsewhere is believed to be it."""
    for name, one, other in _PLACES.findall(failure.message):
        if name == document.view.name:
            yield int(one or other) - 1
    if failure.line is not None and _is_file(failure, document):
        yield failure.line


def _is_file(failure: Failure, document: Changed) -> bool:
    if failure.uri:
        return failure.uri == document.uri
    path = failure.path.removeprefix("./").lstrip("/")
    return bool(path) and f"{document.uri}".endswith(f"/{path}")


def _where(failure: Failure, documents: Sequence[Changed]) -> _Where | None:
    document = next((one for one in documents if _is_file(failure, one)), None)
    if document is not None and failure.line is not None and failure.line < document.view.line_count:
        return _Where(document.uri, document.view.name, failure.line, document)
    name = _last_name(failure.name)
    for one in [document] if document is not None else documents if not failure.uri else ():
        symbol = one.definition(name) if _IDENTIFIER.match(name) else None
        if symbol is not None:
            return _Where(one.uri, one.view.name, symbol.line, one)
    if not failure.uri:
        return None
    name = failure.uri.rstrip("/").rsplit("/", 1)[-1]
    return _Where(failure.uri, name, failure.line or 0, document if failure.line is None else None)


def _text_of_test(failure: Failure, documents: Sequence[Changed]) -> str:
    """The test's own source; empty when no open document holds it."""
    name = _last_name(failure.name)
    where = _where(failure, documents)
    if where is None or where.document is None:
        return ""
    symbol = where.document.definition(name) if _IDENTIFIER.match(name) else None
    if symbol is None:
        inner = where.document.scopes(where.line)
        symbol = inner[0] if inner else None
    if symbol is None:
        return ""
    return "\n".join(where.document.view.line_text(line) for line in range(symbol.line, symbol.end_line + 1))


def _last_name(name: str) -> str:
    return re.split(r"::|\.|/|›| > ", re.sub(r"\[.*\]$", "", name))[-1].strip()
