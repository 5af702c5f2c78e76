"""The detector `return`: what was under way when the user went away, for the moment they come back.

Said is only what is true now: uses of an old name that are left after a rename, a statement that nobody finished, a new
function with nothing in it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from duologue_server.suggest.changed import Changed, Renamed, Touched, in_words
from duologue_server.suggest.findings import Finding, Span, find, place, sentence

MOST_LEFT = 30
"""More uses of an old name than this are another thing of the same name."""
SHORTEST_NAME = 3
MOST_BODY_LINES = 40
_ROUTINES = frozenset({"function", "method", "constructor"})
_MEMBER = re.compile(r"(?:\.|->|::|@|\$)\s*\Z")
_OWN_MEMBER = re.compile(r"\b(?:self|this|cls|Self)\s*(?:\.|->|::)\s*\Z")
_KEYWORD_ARGUMENT = re.compile(r"\s*=(?![=>])")
_BARE_METHODS = frozenset({"java", "cpp", "ruby"})
"""Languages in which a method may be called without its object."""
_MEANT_EMPTY = re.compile(r"(?i)no_?op|nothing|stub|dummy|fake|ignore|_\Z")
_EMPTY_BRACES = re.compile(r"\{\s*\}\s*;?\s*\Z")
_EMPTY_INDENTED = re.compile(r":\s*(?:#[^\n]*\s*)?(?:[\"']{3}.*?[\"']{3}\s*)?pass\s*\Z", re.DOTALL)
_EMPTY_END = re.compile(r"\)?\s*\n\s*end\s*\Z")


def reminder(documents: Sequence[Changed]) -> list[Finding]:
    """The one thing most worth being reminded of; the document at the cursor comes first."""
    for kind in (_left_over, _unfinished, _empty):
        for document in documents:
            finding = kind(document, documents)
            if finding is not None:
                return [finding]
    return []


def _left_over(document: Changed, documents: Sequence[Changed]) -> Finding | None:
    """A rename that did not reach all uses."""
    for renamed in document.renamed:
        if len(renamed.old) < SHORTEST_NAME:
            continue
        local = renamed.kind in ("parameter", "variable")
        among = [document] if local else [one for one in documents if _speaks_the_same(one, document)]
        if _is_still_bound(renamed, document, among, local):
            continue
        uses = [(one, line, index) for one in among for line, index in _uses_left(renamed, one, local)]
        if 0 < len(uses) <= MOST_LEFT:
            where, line, index = uses[0]
            many = "one use" if len(uses) == 1 else f"{in_words(len(uses))} uses"
            is_left = f"{many} of {renamed.old} {'is' if len(uses) == 1 else 'are'} left"
            says = f"you were renaming {renamed.old} to {renamed.new}, and {is_left}"
            span = _span(where, line, index, len(renamed.old))
            written = f"{renamed.old} became {renamed.new}; {is_left}"
            return _find(where, where is document, span, "memory:rename", says, 0.6, written, renamed.old)
    return None


def _is_still_bound(renamed: Renamed, document: Changed, among: Sequence[Changed], local: bool) -> bool:
    """The old name still means something, so that its uses are right."""
    if local:
        return document.binds(renamed.old, renamed.line, renamed.end_line)
    return any(one.binds(renamed.old) or one.definition(renamed.old) is not None for one in among)


def _uses_left(renamed: Renamed, document: Changed, local: bool) -> Iterator[tuple[int, int]]:
    first, last = (renamed.line, renamed.end_line) if local else (0, None)
    for line, index in document.uses(renamed.old, first, last):
        text = document.view.line_text(line)
        before, after = text[:index], text[index + len(renamed.old) :]
        if renamed.kind == "method":
            bare = document.view.language_id in _BARE_METHODS and not _MEMBER.search(before)
            meant = bool(_OWN_MEMBER.search(before)) or bare
        else:
            meant = not _MEMBER.search(before)
        if meant and not (local and _KEYWORD_ARGUMENT.match(after)):
            yield line, index


def _unfinished(document: Changed, documents: Sequence[Changed]) -> Finding | None:
    """The statement that was written last lacks something."""
    if document is not documents[0]:
        return None
    for line, end in document.changed_lines[:1]:
        for number in range(max(line, end - 1), line - 1, -1):
            text = document.view.line_text(number)
            if not text.strip() or document.comment_at(number, len(text) - len(text.lstrip())):
                continue
            if document.complete_at(number):
                return None
            says = "you stopped in the middle of this statement"
            span = _span(document, number, len(text) - len(text.lstrip()), len(text.strip()))
            return _find(document, True, span, "memory:unfinished", says, 0.45, "this statement is not finished")
    return None


def _empty(document: Changed, documents: Sequence[Changed]) -> Finding | None:
    """A new function that holds nothing, or does not parse."""
    for touched in document.touched:
        if touched.how != "added" or touched.kind not in _ROUTINES or _MEANT_EMPTY.search(touched.name):
            continue
        span = _span(document, touched.line, 0, len(document.view.line_text(touched.line)))
        if _holds_nothing(document, touched):
            says, written = f"you had begun {touched.name}, and it is still empty", f"{touched.name} is still empty"
            return _find(document, document is documents[0], span, "memory:empty", says, 0.5, written, touched.name)
        lines = range(touched.line, min(touched.end_line, touched.line + MOST_BODY_LINES) + 1)
        broken = next((line for line in lines if not document.complete_at(line)), None)
        if broken is not None:
            text = document.view.line_text(broken)
            span = _span(document, broken, 0, len(text))
            says = f"you had begun {touched.name}, and this line of it does not parse"
            written = f"{touched.name} does not parse"
            return _find(document, document is documents[0], span, "memory:broken", says, 0.5, written, touched.name)
    return None


def _holds_nothing(document: Changed, touched: Touched) -> bool:
    lines = range(touched.line, min(touched.end_line, touched.line + MOST_BODY_LINES) + 1)
    text = "\n".join(document.view.line_text(line) for line in lines)
    match document.view.language_id:
        case "python":
            return bool(_EMPTY_INDENTED.search(text))
        case "ruby" | "lua":
            return bool(_EMPTY_END.search(text)) and text.count("\n") <= 2
        case _:
            return bool(_EMPTY_BRACES.search(text)) and touched.kind != "constructor"


def _speaks_the_same(one: Changed, other: Changed) -> bool:
    return one.view.language_id.removesuffix("react") == other.view.language_id.removesuffix("react")


def _span(document: Changed, line: int, index: int, length: int) -> Span:
    start, end = (document.view.to_character(line, at) for at in (index, index + length))
    return Span(line, start, line, end)


def _find(
    document: Changed, here: bool, span: Span, trigger: str, says: str, urgency: float, written: str, about: str = ""
) -> Finding:
    """A finding whose place names the file when it is not the one at the cursor."""
    made = find(document.view, span, trigger, says, urgency, written, about)
    if here:
        return made
    return replace(made, text=sentence(place(document.view.name, span.line), says))
