"""The detector `notes`: a note of something to do, in a comment, that the change around it has probably just done.

Precision comes first: the note was there before, the code of its definition was changed in the last minutes, and the
note's words stand in that code now and did not before.
"""

import re
from collections.abc import Iterator, Sequence

from duologue_server.suggest.changed import Changed, Touched
from duologue_server.suggest.findings import Finding, Span, find

MOST_NOTES = 50
"""Of one document."""
FEWEST_WORDS = 2
MOST_WORDS = 12
SHARE_THERE = 0.6
"""Of a note's words, that must stand in the code now."""
URGENCY, URGENCY_OF_STRONG = 0.3, 0.42
"""Shown only; spoken only when the evidence is strong."""
STRONG_NEW_WORDS = 3
ABOVE_LINES = 3
"""Further comment lines that may stand between a note and the definition it is about."""

_MARK = re.compile(rf"\b(?:{'TO'}{'DO'}|{'FIX'}{'ME'}|X{'XX'})\b(?:\([^)]*\))?[:\s-]*(.*)")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_IDENTIFIER = re.compile(r"[A-Za-z]\w*(?:_\w+|[a-z][A-Z]\w*)|\b\w+(?=\()|(?<=`)\w+(?=`)")
_COMMENTS = {
    **dict.fromkeys(("python", "ruby", "shellscript", "yaml", "toml"), re.compile(r"(?:^|\s)#.*")),
    "lua": re.compile(r"(?:^|\s)--.*"),
}
_OTHER_COMMENTS = re.compile(r"(?:^|\s)(?://|/\*|\*\s).*")
_NEXT_COMMENT = re.compile(r"\s*(?:#|//|--|/\*|\*|@|$)")
_UNDOES = re.compile(r"\b(?:remov|delet|drop|get rid|clean|deprecat|revert|undo|stop|don't|do not|without|avoid)", re.I)
"""What such a note wants gone cannot be seen to have come."""
_SMALL = frozenset(
    re.findall(
        r"\w+",
        """
        a an the this that these those it its and or but not no of in on at to for from by with as if then else when
        while is are was were be been being do does did done should would could can may might must will shall have has
        had we you they i he she here there now later soon some any all each every only also too very more most less
        just still yet again once add make use handle support implement fix check write need want find better properly
        correct correctly proper real actually maybe perhaps somehow something thing way case cases code function
        method class value values return returns let new one two see why how what which who so because than into out up
        get set please hack temporary fixme note
        """,
    )
)


def done_notes(document: Changed) -> list[Finding]:
    """The notes of a document that the last minutes' changes have probably done."""
    found = []
    for line, index, text in _notes(document):
        touched = _about(document, line)
        if touched is None:
            continue
        strength = _strength(document, touched, text)
        if strength:
            end = len(document.view.line_text(line))
            start, stop = document.view.to_character(line, index), document.view.to_character(line, end)
            says = "this note may be done now, with what you just changed"
            urgency = URGENCY_OF_STRONG if strength > 1 else URGENCY
            span = Span(line, start, line, stop)
            found.append(find(document.view, span, "memory:note", says, urgency, f"done now? {text}"))
    return found


def _notes(document: Changed) -> Iterator[tuple[int, int, str]]:
    """(line, index, text) of the notes that were there before."""
    count = 0
    for line in range(document.view.line_count if document.touched else 0):
        marked = _MARK.search(document.view.line_text(line))
        if marked is None or not document.comment_at(line, marked.start()):
            continue
        count += 1
        if count > MOST_NOTES:
            return
        if document.had_line(document.view.line_text(line)):
            yield line, marked.start(), marked[1].strip(" */->")


def _about(document: Changed, line: int) -> Touched | None:
    """The definition that a note stands in, or directly above, if its code was changed."""
    below = line + 1
    while below <= line + ABOVE_LINES and _NEXT_COMMENT.match(document.view.line_text(below)):
        below += 1
    scopes = document.scopes(below)
    if not scopes or scopes[0].line != below:
        scopes = document.scopes(line)
    if not scopes:
        return None
    scope = scopes[0]
    return next(
        (
            one
            for one in document.touched
            if one.how in ("changed", "renamed") and (one.name, one.line) == (scope.name, scope.line)
        ),
        None,
    )


def _strength(document: Changed, touched: Touched, note: str) -> int:
    """0 for no evidence that the note is done, 1 for some, 2 for strong."""
    wanted = _content(note)
    before = document.before(touched.before or touched.name, touched.kind)
    if _UNDOES.search(note) or not before or not FEWEST_WORDS <= len(wanted) <= MOST_WORDS:
        return 0
    lines = [document.view.line_text(line) for line in range(touched.line, touched.end_line + 1)]
    comment = _COMMENTS.get(document.view.language_id, _OTHER_COMMENTS)
    now, then = _code_words(lines, comment), _code_words(before.splitlines(), comment)
    there, fresh = wanted & now, wanted & (now - then)
    names = {name.lower() for name in _IDENTIFIER.findall(note)}
    named = {name for name in names if set(map(_stem, _WORDS.findall(name))) <= now}
    if len(there) < SHARE_THERE * len(wanted) or len(fresh) < FEWEST_WORDS or named != names:
        return 0
    return 2 if there == wanted and len(fresh) >= STRONG_NEW_WORDS else 1


def _content(text: str) -> set[str]:
    words = (word for word in _WORDS.findall(text) if len(word) > 2 and word.lower() not in _SMALL)
    return {_stem(word) for word in words}


def _code_words(lines: Sequence[str], comment: re.Pattern[str]) -> set[str]:
    return {_stem(word) for line in lines for word in _WORDS.findall(comment.sub("", line)) if len(word) > 2}


def _stem(word: str) -> str:
    """`caches`, `cached` and `caching` are one word."""
    word = word.lower()
    for ending in ("ing", "ed", "ies", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word.rstrip("e")[:8] if len(word) > 4 else word.rstrip("e")
