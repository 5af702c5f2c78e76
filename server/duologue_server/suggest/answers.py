"""Answers without a language model: one or two spoken sentences from what is known of the editor."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from duologue_server.suggest.intents import SNOOZE_MINUTES, Intent, Kind, understand

__all__ = ["Intent", "Kind", "Situation", "answer", "understand"]


class Named(Protocol):
    """A function, a class or the like around the cursor."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...


class Remark(Protocol):
    """A problem in one spoken sentence: a finding, or an item of the agenda."""

    @property
    def text(self) -> str: ...

    @property
    def line(self) -> int | None:
        """Zero-based."""

    @property
    def urgency(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Situation:
    """What the partner knows when it is asked. Everything may be absent."""

    document: str = ""
    """Name of the file under the cursor; empty when none is open."""
    language: str = ""
    """As a person says it."""
    line: int = 0
    """Of the cursor, zero-based."""
    scopes: Sequence[Named] = ()
    """Around the cursor, innermost first."""
    name_at_cursor: str = ""
    """The identifier under the cursor."""
    structure_known: bool = True
    """Whether there is a syntax tree of the document."""
    note: str = ""
    """Why the document cannot be read closely, as a sentence; empty when it can."""
    problems: Sequence[Remark] = ()
    """In the document, from all detectors."""
    tests: tuple[int, int, str] | None = None
    """Passed, failed and message of the last run."""
    last_said: str = ""
    """The partner's last utterance, whole."""
    last_heard: str = ""
    """What had been heard of it."""
    why: str = ""
    """The agenda's reason for having spoken or being silent."""
    endpoint: bool = False
    """Whether a language model is configured."""
    told: Sequence[str] = ()
    """Texts of the problems that were told since the last question about them."""


def answer(intent: Intent, situation: Situation) -> str:
    """What to say; empty when nothing should be said."""
    return _ANSWERS[intent.kind](intent, situation)


def _where(intent: Intent, now: Situation) -> str:
    if not now.document:
        return _NO_FILE
    return f"You are in {now.document}, line {now.line + 1}{_inside(now)}."


def _what(intent: Intent, now: Situation) -> str:
    if not now.document:
        return _NO_FILE
    if now.note:
        return f"This is {now.document}. {now.note}"
    if now.scopes:
        first = f"This is {_scopes(now)}, in {now.document}."
    elif now.structure_known:
        first = f"This is the top level of {now.document}, line {now.line + 1}."
    else:
        kind = f", a {now.language} file whose structure I cannot read" if now.language else ""
        first = f"This is line {now.line + 1} of {now.document}{kind}."
    named = now.name_at_cursor and now.name_at_cursor not in [scope.name for scope in now.scopes]
    if now.problems:
        return f"{first} {_count(len(now.problems), 'problem').capitalize()} {_is(now.problems)} known in this file."
    return f"{first} The cursor is on {now.name_at_cursor}." if named else first


def _wrong(intent: Intent, now: Situation) -> str:
    if not now.problems:
        return _nothing_wrong(now)
    worst = max(now.problems, key=lambda problem: (problem.urgency, -_distance(problem, now)))
    if len(now.problems) == 1:
        return worst.text
    return f"There are {_count(len(now.problems), 'problem')}. The most important: {_lower(worst.text)}"


def _error(intent: Intent, now: Situation) -> str:
    if not now.problems:
        return _nothing_wrong(now)
    return min(now.problems, key=lambda problem: (_distance(problem, now), -problem.urgency)).text


def _next(intent: Intent, now: Situation) -> str:
    left = [problem for problem in now.problems if problem.text not in now.told]
    if not left:
        return "That was all." if now.problems and now.told else _nothing_wrong(now)
    return max(left, key=lambda problem: (problem.urgency, -_distance(problem, now))).text


def _go_on(intent: Intent, now: Situation) -> str:
    if not now.last_said:
        return _SILENT_SO_FAR
    rest = now.last_said[len(now.last_heard) :].strip(" ,;:")
    return rest[:1].upper() + rest[1:] if len(rest) > 1 else "That was all of it."


def _shorter(intent: Intent, now: Situation) -> str:
    """The first sentence, without the place that it begins with."""
    if not now.last_said:
        return _SILENT_SO_FAR
    first = _SENTENCE_END.split(now.last_said.strip(), maxsplit=1)[0]
    short = first.partition(": ")[2] or first
    return short[:1].upper() + short[1:].rstrip(".") + "."


def _watch(intent: Intent, now: Situation) -> str:
    passed = intent.args.get("passed")
    when = "have run" if passed is None else "pass" if passed else "fail"
    return f"I will tell you when the tests {when}."


def _remind(intent: Intent, now: Situation) -> str:
    return f"I will remind you in {_count(intent.args['minutes'], 'minute')}."


def _delegate(intent: Intent, now: Situation) -> str:
    return "I will look into it and come back to you." if now.endpoint else f"I cannot look into that. {_NO_MODEL}"


def _tests(intent: Intent, now: Situation) -> str:
    if now.tests is None:
        return "I have not seen the tests run."
    passed, failed, message = now.tests
    if not failed:
        return f"The tests are green: {_count(passed, 'test')} passed." if passed else "No tests ran."
    said = " ".join(message.split())
    told = f": {said.rstrip('.')}" if said and len(said) <= 80 else ""
    return f"{_count(failed, 'test').capitalize()} failed and {passed or 'none'} passed{told}."


def _said(intent: Intent, now: Situation) -> str:
    if not now.last_said:
        return _SILENT_SO_FAR
    cut = now.last_heard and len(now.last_heard) < len(now.last_said.rstrip(" ."))
    return f"I was saying: {now.last_said}" if cut or not now.last_heard else f"I said: {now.last_said}"


def _help(intent: Intent, now: Situation) -> str:
    more = " Or ask me anything about the code." if now.endpoint else " You can also say stop, repeat, yes, not now."
    return "Ask me where you are, what this is, what is wrong, how the tests are, or why I spoke." + more


def _unknown(intent: Intent, now: Situation) -> str:
    if intent.args.get("about") == "this" and now.document:
        return f"{_what(intent, now).split('. ')[0].rstrip('.')}. {_NO_MODEL}"
    return f"I can say where you are, what this is and what is wrong, but not that. {_NO_MODEL}"


def _nothing_wrong(now: Situation) -> str:
    if not now.document:
        return _NO_FILE
    if now.tests is not None and now.tests[1]:
        return f"Nothing is reported in {now.document}, but {_lower(_tests(Intent('tests'), now))}"
    if now.note:
        return f"No problem is reported here. {now.note}"
    return f"No tool reports a problem in {now.document}."


def _inside(now: Situation) -> str:
    if now.scopes:
        return f", in {_scopes(now)}"
    return ", at the top level" if now.structure_known and not now.note else ""


def _scopes(now: Situation) -> str:
    return " of ".join(f"the {scope.kind} {scope.name}" for scope in now.scopes[:2])


def _distance(problem: Remark, now: Situation) -> int:
    return abs((problem.line or 0) - now.line)


def _count(number: int, thing: str) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return f"{words[number] if number < len(words) else number} {thing}{'' if number == 1 else 's'}"


def _is(many: Sequence[object]) -> str:
    return "is" if len(many) == 1 else "are"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_NO_FILE = "I do not see an open file."
_SILENT_SO_FAR = "I have not said anything yet."
_NO_MODEL = "For more I need a language model: set an endpoint in the settings of duologue."

_ANSWERS: Mapping[Kind, Callable[[Intent, Situation], str]] = {
    "what_is_this": _what,
    "where_am_i": _where,
    "what_is_wrong": _wrong,
    "read_error": _error,
    "tests": _tests,
    "what_did_you_say": _said,
    "repeat": lambda _, now: now.last_said or _SILENT_SO_FAR,
    "stop": lambda _, __: "",
    "accept": lambda _, __: "There is nothing to accept.",
    "dismiss": lambda _, __: "All right.",
    "snooze": lambda intent, _: f"I will be quiet for {_count(intent.args.get('minutes', SNOOZE_MINUTES), 'minute')}.",
    "why": lambda _, now: now.why or _SILENT_SO_FAR,
    "help": _help,
    "thanks": lambda _, __: "You are welcome.",
    "hello": lambda _, __: "I am here.",
    "nothing": lambda _, __: "",
    "never": lambda _, __: "I will not speak of that again.",
    "next": _next,
    "go_on": _go_on,
    "shorter": _shorter,
    "slower": lambda _, __: "Is this better?",
    "faster": lambda _, __: "Is this better?",
    "louder": lambda _, __: "Is this better?",
    "quieter": lambda _, __: "Is this better?",
    "comment": lambda _, __: "It is written.",
    "watch": _watch,
    "remind": _remind,
    "delegate": _delegate,
    "unknown": _unknown,
}
