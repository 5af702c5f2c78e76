"""What can be said: here, in a sentence and as a list; and everywhere, as a cheat sheet made from the grammar."""

from collections.abc import Iterator
from dataclasses import dataclass

from duologue_server.commands.found import Missing
from duologue_server.commands.grammar import FAMILIES, Phrase, grammar
from duologue_server.commands.kinds import is_harmless
from duologue_server.commands.language import table
from duologue_server.commands.parse import parse
from duologue_server.commands.place import Place
from duologue_server.commands.planning import plan
from duologue_server.commands.plans import Refusal
from duologue_server.commands.resolve import resolve
from duologue_server.commands.targets import Part

MOST_SPOKEN = 4
_TITLES = {
    "navigate": "Go somewhere",
    "select": "Select",
    "edit": "Edit",
    "write": "Write code",
    "run": "Save, run, commit",
    "window": "Windows and files",
    "meta": "The commands themselves",
}
_SUGGESTED = (
    ("argument", ("delete the second argument", "swap the first argument with the second argument")),
    ("condition", ("change the condition to …", "extract the condition into a variable called …")),
    ("string", ("change the string to …",)),
    ("call", ("wrap the call in a call to …",)),
    ("function", ("add parameter …", "duplicate this function", "select the body")),
    ("loop", ("wrap this in an if …",)),
    ("comment", ("delete the comment",)),
)
"""What is worth saying where such a thing stands; the first one of each is spoken."""


@dataclass(frozen=True, slots=True)
class Help:
    """The answer to "what can I say?"."""

    spoken: str
    """Short enough to be listened to."""
    lines: tuple[str, ...]
    """All that makes sense here, for a list on the screen."""


def what_can_i_say(place: Place) -> Help:
    """What makes sense at a place."""
    here = list(_here(place))
    spoken = here[:MOST_SPOKEN]
    sentence = f"Here you can say: {'; '.join(spoken)}. Or: {_always(place)}."
    lines = [f"here: {line}" for line in here]
    lines += [f"your own: {command.phrase}" for command in place.own.commands]
    lines += [f"{phrase.family}: {phrase.example} – {phrase.does}" for phrase in _possible(place)]
    return Help(sentence, tuple(lines))


def _here(place: Place) -> Iterator[str]:
    if place.has_selection:
        yield from ("delete this", "wrap this in an if …", "comment this", "extract this into a variable called …")
    if place.problems:
        yield "go to the next error"
    firsts: list[str] = []
    rests: list[str] = []
    for kind, phrases in _SUGGESTED:
        try:
            resolve(Part(kind), place)
        except Missing:
            continue
        firsts.append(phrases[0])
        rests += phrases[1:]
    if not place.line_text(place.line_of(place.cursor)).strip():
        yield from ("function … taking …", "if … colon", "comment …")
    yield from (*firsts, *rests)


def _always(place: Place) -> str:
    syntax = place.view.syntax
    names = syntax.identifiers(3, place.selection.end) if syntax is not None else ()
    find = next((f"go to {name}" for name in names if len(name) > 3), "go to line twelve")
    return f"{find}, undo that, or show commands"


def _possible(place: Place) -> Iterator[Phrase]:
    """Every row of the grammar whose example makes sense here, and those that always do."""
    for phrase in grammar().phrases:
        reading = parse(phrase.example, place)
        if reading is None:
            if phrase.family == "write":
                yield phrase
        elif (
            is_harmless(reading.command)
            or phrase.family in ("write", "run", "meta")
            or not isinstance(plan(reading, place), Refusal)
        ):
            yield phrase


def cheat_sheet() -> str:
    """The whole grammar as Markdown."""
    lines = [
        "# What you can say",
        "",
        "Say it as a whole sentence; “please” and “can you” do no harm. Who corrects themselves is taken at their last",
        "word: “go to line four, no, five”. What changes much, or was not heard well, is asked about first.",
    ]
    for family in FAMILIES:
        lines += ["", f"## {_TITLES[family]}", "", "| say | what it does |", "|---|---|"]
        lines += [f"| {row.example} | {row.does} |" for row in grammar().phrases if row.family == family]
    kinds = ", ".join(words.split("|")[0] for words in table("grammar.toml")["kinds"].values())
    lines += [
        "",
        "## What commands can be about",
        "",
        "this (what is selected, or the line) · line 12 · lines four to nine · the next three lines · function load",
        "· load (a name) · the second argument of load · the last parameter · all arguments · inside the string ·",
        "the condition of the loop · the body of the function · the rest of the line · from here to the return",
        "",
        f"Parts of code: {kinds}.",
        "",
        "## Signs in code",
        "",
        *_signs(),
        "",
    ]
    return "\n".join(lines)


def _signs() -> Iterator[str]:
    said: dict[str, list[str]] = {}
    for words, sign in table("operators.toml")["signs"].items():
        said.setdefault(sign.strip() or repr(sign).strip("'"), []).append(words)
    yield "| sign | say |"
    yield "|---|---|"
    for sign, words in said.items():
        shown = sign.replace("|", "\\|").replace("\n", "new line")
        yield f"| `{shown}` | {', '.join(words[:3])} |"
