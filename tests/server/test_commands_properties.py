"""What holds for every command on every text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from duologue_server.commands import Edit, Place, Plan, apply, inverse, parse, plan
from duologue_server.commands.grammar import grammar
from duologue_server.commands.language import table
from duologue_server.context.documents import Documents, TextChange
from duologue_server.context.positions import Position, Range, split_lines
from support.command_cases import cases, place_of
from support.source import source_of

SPOKEN = sorted({case.say for case in cases()} | {phrase.example for phrase in grammar().phrases})
TEXTS = sorted({(case.language, place_of(case).text) for case in cases() if len(case.before) > 20})
WORDS = sorted(
    {word for said in SPOKEN for word in said.split()}
    | set(table("operators.toml")["signs"])
    | {"the", "and", "of", "load", "total", "twenty", "hundred", "first", "no", "I mean", "é", "𝒳", "'", "{number}"}
)
ODD = st.sampled_from(["", "\n", "\r\n", "\r", "\t", "é", "𝒳 = 1", "「", "}", "))", '"', "# ", "  ", "def f(:\n", "\f"])


@st.composite
def places(draw: st.DrawFn) -> Place:
    """A cursor or a selection somewhere in a text, whole, broken, with any line ending, in any script."""
    language, text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(ODD) + text[at + draw(st.integers(0, 3)) :]
    if draw(st.booleans()):
        text = text.replace("\r\n", "\n").replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"])))
    view = source_of(text, draw(st.sampled_from([language, "plaintext"])) if draw(st.booleans()) else language)
    lines = len(view.snapshot.lines)
    ends = sorted(
        Position(draw(st.integers(0, lines - 1)), draw(st.integers(0, 30))) for _ in range(draw(st.integers(1, 2)))
    )
    clipboard = draw(st.sampled_from([None, "x", "x = 1\n", "\n", ""]))
    return Place(view, Range(ends[0], ends[-1]), draw(st.booleans()), clipboard=clipboard)


def as_the_editor_does(place: Place, edits: tuple[Edit, ...]) -> str:
    """The text after the edits of one version, through the code that follows an editor's own changes."""
    documents = Documents()
    document = documents.open("file:///x", place.language_id, 1, place.text)
    changes = [TextChange(edit.range, edit.text) for edit in reversed(edits)]
    if changes:
        documents.change("file:///x", 2, changes)
    return document.text


def check(made: Plan, place: Place) -> None:
    """Edits lie in the text and apart from one another; what they make can be brought back; the selection exists."""
    after = apply(place.text, made.changes)
    assert apply(after, inverse(place.text, made.changes)) == place.text
    at = 0
    for start, end, _ in made.changes:
        assert at <= start <= end <= len(place.text)
        at = end
    assert [edit.range for edit in made.edits] == [place.range(start, end) for start, end, _ in made.changes]
    if made.selection is not None:
        lines = split_lines(after)
        assert all(0 <= position.line < len(lines) for position in made.selection)
        assert all(0 <= position.character <= 2 * len(lines[position.line]) for position in made.selection)
    for other in made.others:
        check(other, place)


@settings(max_examples=400, deadline=None)
@given(place=places(), say=st.sampled_from(SPOKEN))
def test_whatever_a_command_does_can_be_brought_back(place: Place, say: str) -> None:
    reading = parse(say, place)
    if reading is None:
        return
    made = plan(reading, place)
    if isinstance(made, Plan):
        check(made, place)
        if "\r" not in place.text.replace("\r\n", ""):
            assert as_the_editor_does(place, made.edits) == apply(place.text, made.changes)
    else:
        assert made.text


@settings(max_examples=400, deadline=None)
@given(place=places(), words=st.lists(st.sampled_from(WORDS), max_size=14))
def test_no_words_are_too_odd_to_be_read(place: Place, words: list[str]) -> None:
    reading = parse(words, place)
    if reading is not None:
        assert 0 < reading.confidence <= 1
        made = plan(reading, place)
        if isinstance(made, Plan):
            check(made, place)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    parse(text, Place(source_of("x = 1\n"), Range(Position(0, 0), Position(0, 0))))
