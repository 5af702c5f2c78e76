"""From a command to a plan for a place, or to a refusal that can be spoken.

Certain and harmless commands run at once; what is ambiguous, heard badly or takes away more than a few lines is asked
first, in one short question.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from duologue_server.commands import editing, opening, rewriting, templating
from duologue_server.commands.draft import MOST_LINES_UNASKED, draft, lines_lost
from duologue_server.commands.found import Found, Missing
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
    Own,
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
    is_harmless,
)
from duologue_server.commands.parse import SURE, Reading
from duologue_server.commands.place import Place
from duologue_server.commands.plans import Action, Overlap, Plan, Refusal
from duologue_server.commands.resolve import find_words, resolve
from duologue_server.commands.structure import Code
from duologue_server.commands.targets import Everything, Here, Lines, LinesHere, Named, Part, Target, describe

MOST_PLACES_UNASKED = 20
"""A name that stands in more places is renamed only when that was meant."""
_ASKED_ACTIONS = frozenset({"commit", "commitAsking", "closeOthers"})
_CAPTIONS = {"runTests": "run the tests", "commitAsking": "commit", "runThisTest": "run this test"}


def plan(asked: Command | Reading, place: Place, confidence: float = 1.0) -> Plan | Refusal:
    """What a command would do at a place. A reading brings its own confidence, and its alternatives as others."""
    if isinstance(asked, Reading):
        made = _first_possible(asked, place)
    else:
        made = _certain(_made(asked, place), asked, place, confidence)
    if isinstance(made, Plan) and place.view.snapshot.unsynced and made.is_edit:
        return Refusal("My copy is out of step with your editor; close and open the file")
    return made


def _first_possible(reading: Reading, place: Place) -> Plan | Refusal:
    """The plan of a reading; of an alternative that is as likely, where the first makes no sense here."""
    made = [
        (each, _certain(_made(each.command, place), each.command, place, each.confidence))
        for each in (reading, *reading.alternatives)
    ]
    least = reading.confidence - 0.1
    possible = [outcome for each, outcome in made if isinstance(outcome, Plan) and each.confidence >= least]
    if not possible:
        return made[0][1]
    first, *others = possible
    different = [other for other in others if other.changes != first.changes or other.selection != first.selection]
    return replace(first, others=(*first.others, *different))


def _made(command: Command, place: Place) -> Plan | Refusal:
    try:
        return _plan(command, place)
    except Missing as why:
        return Refusal(str(why))
    except Overlap:
        return Refusal("Those pieces overlap, so I can not do that")


def _certain(made: Plan | Refusal, command: Command, place: Place, confidence: float) -> Plan | Refusal:
    """With a question where one is due."""
    if isinstance(made, Refusal) or made.certainty == "ask":
        return made
    if isinstance(command, Client) and command.action in _ASKED_ACTIONS:
        return replace(made, certainty="ask", question=f"{_sentence(made.caption)}?")
    if is_harmless(command):
        return made
    lost = lines_lost(place, made.changes)
    if lost > MOST_LINES_UNASKED and not isinstance(command, Move | MoveTo | Swap | Wrap | Join):
        return replace(made, certainty="ask", question=f"{_sentence(made.caption)}, {lost} lines?")
    if isinstance(command, Rename) and len(made.changes) > MOST_PLACES_UNASKED:
        return replace(made, certainty="ask", question=f"{_sentence(made.caption)}?")
    if confidence < SURE:
        return replace(made, certainty="ask", question=f"Shall I {made.caption}?")
    return made


def _sentence(caption: str) -> str:
    return caption[:1].upper() + caption[1:]


def _plan(command: Command, place: Place) -> Plan:  # noqa: C901 - one case for each command
    match command:
        case Go():
            return _go(command, place)
        case Step():
            return _step(command, place)
        case Select():
            return _select(command, place)
        case Delete(target):
            return _each(target, place, lambda found: editing.delete(place, found, target))
        case Copy():
            return _each(command.target, place, lambda found: editing.copy(place, found, command))
        case Paste():
            return editing.paste(place, command)
        case Duplicate():
            return _each(command.target, place, lambda found: editing.duplicate(place, found, command))
        case Move():
            return _each(command.target, place, lambda found: editing.move(place, found, command))
        case MoveTo():
            return _each(command.target, place, lambda found: editing.move_to(place, found, command))
        case Swap():
            return editing.swap(place, command)
        case Wrap():
            return _each(command.target, place, lambda found: rewriting.wrap(place, found, command))
        case Surround():
            return _each(
                _word_if_nothing(command.target, place), place, lambda at: rewriting.surround(place, at, command)
            )
        case Rename():
            return rewriting.rename(place, command)
        case Extract():
            return _each(command.target, place, lambda found: rewriting.extract(place, found, command))
        case Comment():
            return _each(command.target, place, lambda found: editing.comment(place, found, command))
        case Change():
            return _change(command, place)
        case AddParameter():
            return rewriting.add_parameter(place, command)
        case Indent():
            return _each(command.target, place, lambda found: editing.indent(place, found, command))
        case Join():
            return _each(command.target, place, lambda found: editing.join(place, found, command))
        case OpenLine():
            return opening.open_line(place, command)
        case Write():
            return templating.write(place, command)
        case Type():
            return templating.type_text(place, command)
        case Template():
            return templating.template(place, command)
        case Client(action, argument):
            caption = _CAPTIONS.get(action) or _words(action)
            return draft(place, f"{caption} {argument}".strip(), actions=[Action(action, argument)])
        case Meta(what, count):
            return draft(place, what, actions=[Action(what, str(count))])
        case Own():
            return _own(command, place)


def _words(action: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in action)


def _each(target: Target, place: Place, make: Callable[[Found], Plan]) -> Plan:
    """A plan for the likeliest piece, with those for the others; a mere guess that changes the text is asked."""
    found = resolve(target, place)
    first = make(found[0])
    others = []
    for other in found[1:]:
        try:
            others.append(make(other))
        except (Missing, Overlap):
            continue
    if not others:
        return first
    first = replace(first, others=tuple(others))
    if not found[0].is_guess or not first.is_edit:
        return first
    return replace(first, certainty="ask", question=_which(first.caption, found, place))


def _which(caption: str, found: Sequence[Found], place: Place) -> str:
    """The question which of several is meant: by their words on one line, else by their lines."""
    lines = [place.line_of(each.start) + 1 for each in found]
    if len(set(lines)) == 1:
        text = " ".join(place.text[found[0].start : found[0].end].split())
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        return f"{_sentence(caption)}: {shown}?"
    return f"{_sentence(caption)} in line {lines[0]}?"


def _word_if_nothing(target: Target, place: Place) -> Target:
    """Quotes and brackets go around the word at the cursor when nothing is said or selected."""
    return Part("word") if isinstance(target, Here) and not place.has_selection else target


def _go(command: Go, place: Place) -> Plan:
    target = command.to
    caption = f"go to {describe(target)}" if command.side == "start" else f"go to the end of {describe(target)}"
    if isinstance(target, Named) and target.name.found is None:
        return draft(place, caption, actions=[Action("symbol", target.name.text)])
    if (
        isinstance(target, Part)
        and target.kind == "problem"
        and not place.problems
        and target.which in ("next", "previous")
    ):
        return draft(place, caption, actions=[Action(f"{target.which}Problem")])
    try:
        found = resolve(target, place)
    except Missing:
        if isinstance(target, Named) and target.name.found in place.vocabulary and not target.assigned:
            return draft(place, caption, actions=[Action("symbol", target.name.found or "")])
        raise
    plans = [draft(place, caption, cursor=_arrival(each, command, place), highlights=[each]) for each in found]
    return replace(plans[0], others=tuple(plans[1:]))


def _arrival(found: Found, command: Go, place: Place) -> int:
    if command.side == "end":
        return found.end
    by_line = isinstance(command.to, Lines | LinesHere)
    return place.first_in_line(place.line_of(found.start)) if by_line else found.start


def _step(command: Step, place: Place) -> Plan:
    text, at = place.text, place.cursor
    back = command.direction in ("up", "left")
    if command.unit == "line":
        here = place.line_of(at)
        line = min(max(here + (-command.count if back else command.count), 0), place.line_count - 1)
        cursor = min(place.line_start(line) + at - place.line_start(here), place.line_end(line))
    elif command.unit == "character":
        cursor = min(max(at + (-command.count if back else command.count), 0), len(text))
    else:
        cursor = at
        for _ in range(command.count):
            cursor = _word_left(text, cursor) if back else _word_right(text, cursor)
    return draft(place, f"{command.direction} {command.count}", cursor=cursor)


def _word_left(text: str, at: int) -> int:
    while at > 0 and not (text[at - 1].isalnum() or text[at - 1] == "_"):
        at -= 1
    while at > 0 and (text[at - 1].isalnum() or text[at - 1] == "_"):
        at -= 1
    return at


def _word_right(text: str, at: int) -> int:
    while at < len(text) and (text[at].isalnum() or text[at] == "_"):
        at += 1
    while at < len(text) and not (text[at].isalnum() or text[at] == "_"):
        at += 1
    return at


def _select(command: Select, place: Place) -> Plan:
    caption = f"select {describe(command.target)}"
    if command.grow and isinstance(command.target, Here):
        found = _grown(place)
        return draft(place, "expand the selection", selected=(found.start, found.end), highlights=[found])
    plans = []
    for found in resolve(command.target, place):
        start, end = found.start, found.end
        if command.grow:
            start, end = min(start, place.selected[0]), max(end, place.selected[1])
        plans.append(draft(place, caption, selected=(start, end), highlights=[found]))
    return replace(plans[0], others=tuple(plans[1:]))


def _grown(place: Place) -> Found:
    """The next larger piece around the selection."""
    start, end = place.selected
    if place.view.syntax is not None:
        code = Code(place)
        for node in code.around(code.leaf(start)):
            span = code.span(node)
            if span[0] <= start and span[1] >= end and span[1] - span[0] > end - start:
                return Found(*span)
    line = resolve(LinesHere(0, 1), place)[0]
    return line if line.end - line.start > end - start else resolve(Everything(), place)[0]


def _change(command: Change, place: Place) -> Plan:
    if isinstance(command.old, tuple):
        found = find_words(command.old, place)
        plans = [rewriting.change(place, each, command) for each in found]
        return replace(plans[0], others=tuple(plans[1:]))
    return _each(command.old, place, lambda each: rewriting.change(place, each, command))


def _own(command: Own, place: Place) -> Plan:
    if command.not_understood:
        raise Missing(
            f"Your command “{command.phrase}” says “{command.not_understood}”, which I do not understand here"
        )
    first, *rest = command.steps
    made = _certain(_plan(first, place), first, place, 1.0)
    assert isinstance(made, Plan), "a plan without a refusal stays a plan"
    return replace(made, caption=command.phrase, then=tuple(rest))
