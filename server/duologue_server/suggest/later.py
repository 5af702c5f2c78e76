"""What the user wants done or said at another time, from recognised words alone, and spans of time in words."""

import re
from collections.abc import Mapping
from typing import Any, Literal

REMIND_MINUTES = 15
"""When somebody says "later"."""
LEAST_WORDS = 3
"""Of something to look into: fewer are no task."""

_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty five": 45, "fifty": 50, "sixty": 60,
    "ninety": 90, "a few": 5, "a couple of": 2, "a couple": 2, "few": 5, "half an": 0.5, "some": 10, "": 1,
}  # fmt: skip
_TIME = re.compile(r"(?:the )?(?:next )?(?P<number>[a-z0-9 ]*?) ?(?P<unit>minutes?|mins?|hours?|seconds?)")
_SPAN = r"(?P<time>.+? (?:minutes?|mins?|hours?|seconds?))"
_WHAT = r"(?P<what>(?:to|about|that|of) .+?)"
_WATCH = re.compile(
    r"(?:(?:tell|warn|remind) me|let me know|say so|say something|shout|speak up)? ?"
    r"(?:when|once|if|as soon as|whenever) (?:all )?(?:the |my |our )?tests? "
    r"(?:suite )?(?:(?:are|is|go|goes|turn|turns|get|gets|have|has|run|runs) )?"
    r"(?P<how>done|finished|over|run|green|pass|passes|passed|passing|red|fail|fails|failed|failing|broken|break)"
    r"(?: again)?"
)
_FAILING = frozenset({"red", "fail", "fails", "failed", "failing", "broken", "break"})
_PASSING = frozenset({"green", "pass", "passes", "passed", "passing"})
_REMIND = (
    re.compile(rf"remind me in {_SPAN}(?: {_WHAT})?"),
    re.compile(rf"remind me {_WHAT} in {_SPAN}"),
    re.compile(rf"remind me later(?: {_WHAT})?"),
)
_DELEGATE = (
    re.compile(
        r"(?P<what>.+?) (?:and|then) (?:tell me|let me know|report back|report|come back to me|get back to me)"
        r"(?: (?:later|afterwards|what you find|what you found|when you are done|when you know|when you are ready))*"
    ),
    re.compile(r"when you (?:have|find|get) (?:time|a moment|a minute|a second) (?P<what>.+)"),
    re.compile(
        r"(?P<what>(?:look into|have a look at|take a look at|review|investigate) .+?)(?: for me| later| please)*"
    ),
)


def for_later(words: str) -> tuple[Literal["watch", "remind", "delegate"], Mapping[str, Any]] | None:
    """The kind of intent and its arguments, of normalised words; None when nothing is put off."""
    watched = _WATCH.fullmatch(words)
    if watched is not None:
        how = watched.group("how")
        return "watch", {"passed": how in _PASSING} if how in _PASSING | _FAILING else {}
    for pattern in _REMIND:
        found = pattern.fullmatch(words)
        if found is not None:
            time = found.groupdict().get("time")
            minutes = REMIND_MINUTES if time is None else minutes_of(time)
            return ("remind", {"minutes": minutes, "what": found.group("what") or ""}) if minutes else None
    for pattern in _DELEGATE:
        found = pattern.fullmatch(words)
        if found is not None and len(found.group("what").split()) >= LEAST_WORDS:
            return "delegate", {"what": found.group("what")}
    return None


def minutes_of(time: str) -> int | None:
    """A span of time in words, as whole minutes; None for anything else."""
    spoken = _TIME.fullmatch(time)
    if spoken is None:
        return None
    number = spoken.group("number").strip()
    count = float(number) if number.isdecimal() else _NUMBERS.get(number)
    if count is None:
        return None
    unit = spoken.group("unit")
    minutes = count * 60 if unit.startswith("hour") else count / 60 if unit.startswith("sec") else count
    return max(1, min(24 * 60, round(minutes)))
