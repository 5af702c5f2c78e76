"""What the slots of the grammar are filled with. Each reads from one word on and gives every way it can be filled."""

from collections.abc import Callable, Iterator, Sequence

from duologue_server.commands.language import table
from duologue_server.commands.locate import said_here
from duologue_server.commands.names import MOST_NAME_WORDS, Known, letters_of
from duologue_server.commands.phrases import Slot, Utterance
from duologue_server.commands.targets import Name
from duologue_server.commands.terms import is_module
from duologue_server.commands.words import declared, letters, numbers, ordinal, words_of
from duologue_server.commands.writing import casing_at, is_code, is_evident, is_unfamiliar, separated

FREE_COST = 0.006
"""Of each word that may be anything, so that a reading with fewer such words is preferred."""
NAME_COST = 0.01
"""Of each word of a new name: shorter names are likelier than longer ones."""
UNKNOWN_COST = 0.12
LOOSE_COST = 0.05
UNFAMILIAR_COST = 0.22
"""Of code in which nothing is known and nothing is a sign: such words are asked about."""
REMARK_COST = 0.22
"""Of a string that is only called so: it is asked about."""
NOTE_COST = 0.12
LIKENESS_COST = 1.6
"""Of what a name is unlike what was heard: an edit of a name that is only alike is asked about."""
MOST_BUFFER_WORDS = 5

Reader = Callable[[Utterance, int], Iterator[Slot]]

_STOP = words_of(
    """
    it that this here there the a an and or to of in on at by for with from as is are be not no yes all
    everything something anything nothing more again now then down up back over out called named into than
    """
)
"""Words that name nothing by themselves."""

_NOT_IN_NAMES = words_of(
    """
    called named a an the to as that this it into variable constant for with in on of from at by about and or says colon
    """
)
"""Words that a new name neither begins nor ends with."""

_TALK = words_of("on out are is was were for about from by in of to them me it us and or loud section sections")
"""After "comment" and "string" these are talk about comments and strings."""

_CHOICES: dict[str, dict[str, str]] = {
    "direction": {"up": "up", "down": "down", "left": "left", "right": "right", "to the left": "left",
                  "to the right": "right", "upwards": "up", "downwards": "down"},
    "unit": {"character": "character", "characters": "character", "letter": "character", "letters": "character",
             "word": "word", "words": "word", "line": "line", "lines": "line"},
    "where": {"above": "above", "below": "below", "here": "here", "above this": "above", "below this": "below",
              "above this line": "above", "below this line": "below", "above the line": "above",
              "below the line": "below", "before": "above", "after": "below", "before this": "above",
              "after this": "below", "after this line": "below", "before this line": "above", "underneath": "below",
              "under": "below", "on the line above": "above", "on the line below": "below",
              "on the next line": "below"},
    "side": {"start": "start", "beginning": "start", "begin": "start", "top": "start", "front": "start",
             "head": "start", "end": "end", "bottom": "end", "back": "end"},
    "pair": {"quotes": '""', "double quotes": '""', "quotation marks": '""', "a string": '""', "single quotes": "''",
             "backticks": "``", "back ticks": "``", "parentheses": "()", "parens": "()", "brackets": "[]",
             "square brackets": "[]", "braces": "{}", "curly braces": "{}", "curly brackets": "{}",
             "angle brackets": "<>", "round brackets": "()", "stars": "**", "underscores": "__"},
    "wrapper": {"if": "if", "condition": "if", "while": "while", "while loop": "while", "for": "for",
                "for loop": "for", "loop": "for", "try": "try", "try catch": "try", "try except": "try",
                "try block": "try", "with": "with", "function": "function", "for each": "for", "else": "else"},
}  # fmt: skip


def _choice(ways: dict[str, str]) -> Reader:
    longest = max(len(way.split()) for way in ways)

    def read(said: Utterance, start: int) -> Iterator[Slot]:
        for end in range(min(len(said.low), start + longest), start, -1):
            value = ways.get(" ".join(said.low[start:end]))
            if value is not None:
                yield Slot(end, value)
        for way, value in ways.items():
            for heard in said.misheard.get(way, ()):
                if said.low[start : start + len(heard)] == heard:
                    yield Slot(start + len(heard), value, said.misheard_cost)

    return read


def _kinds() -> tuple[dict[str, str], dict[str, str]]:
    """The words for one part of code, and for several."""
    grammar = table("grammar.toml")
    one = {said: kind for kind, words in grammar["kinds"].items() for said in words.split("|")}
    several = {f"{said}s": kind for said, kind in one.items() if not said.endswith("s")}
    several.update({said: kind for kind, words in grammar["plurals"].items() for said in words.split("|")})
    return one, several


def _number(said: Utterance, start: int) -> Iterator[Slot]:
    for end, value in numbers(said.low, start):
        sure = said.low[start] not in ("to", "too", "for", "won", "ate", "tree", "oh")
        yield Slot(end, value, 0.0 if sure else 0.2)


def _ordinal(said: Utterance, start: int) -> Iterator[Slot]:
    if start < len(said.low) and (value := ordinal(said.low[start])) is not None:
        yield Slot(start + 1, value)


def _ends(said: Utterance, start: int, most: int) -> range:
    return range(min(len(said.words), start + most), start, -1)


def _is_name(words: Sequence[str]) -> bool:
    """Whether words can name something: small words by themselves do not, nor at either end."""
    return words[0] not in _STOP and words[-1] not in _STOP


def _known(said: Utterance, start: int) -> Iterator[Slot]:
    for end in _ends(said, start, MOST_NAME_WORDS):
        if not _is_name(said.low[start:end]):
            continue
        for name, likeness in said.place.names.like(said.words[start:end]):
            yield Slot(end, Name(said.words[start:end], name, likeness), LIKENESS_COST * (1 - likeness))


def _name(said: Utterance, start: int) -> Iterator[Slot]:
    yield from _known(said, start)
    for end in _ends(said, start, 5):
        words = said.low[start:end]
        if _is_name(words) and is_code(words, said.place, strict=False):
            yield Slot(end, Name(said.words[start:end], None, 0.0), UNKNOWN_COST + FREE_COST * (end - start))


def _new_name(said: Utterance, start: int) -> Iterator[Slot]:
    for end in _ends(said, start, MOST_NAME_WORDS):
        words = said.low[start:end]
        if not {words[0], words[-1]} & _NOT_IN_NAMES and is_code(words, said.place, strict=False):
            yield Slot(end, said.words[start:end], NAME_COST * (end - start))


def _code(strict: bool = False, asks: bool = False) -> Reader:
    """Code; `strict` where nothing says that it is, `asks` where little does."""

    def read(said: Utterance, start: int) -> Iterator[Slot]:
        for end in _ends(said, start, len(said.words)):
            words = said.words[start:end]
            if said.low[end - 1] in _NOT_IN_NAMES and end - start == 1:
                continue
            if is_code(words, said.place, strict=True):
                yield Slot(end, words, FREE_COST * (end - start))
            elif not strict and is_code(words, said.place, strict=False):
                cost = UNFAMILIAR_COST if asks and is_unfamiliar(words, said.place) else LOOSE_COST
                yield Slot(end, words, cost + FREE_COST * (end - start))

    return read


def _evident(said: Utterance, start: int) -> Iterator[Slot]:
    if is_evident(said.words[start:], said.place):
        yield Slot(len(said.words), said.words[start:], FREE_COST * (len(said.words) - start) + 0.1)


def _cased(said: Utterance, start: int) -> Iterator[Slot]:
    style, length = casing_at(said.low, start)
    if style and start + length < len(said.words) and is_code(said.words[start:], said.place, strict=False):
        yield Slot(len(said.words), said.words[start:], FREE_COST * (len(said.words) - start))


def _text(said: Utterance, start: int) -> Iterator[Slot]:
    for end in _ends(said, start, len(said.words)):
        yield Slot(end, " ".join(said.words[start:end]), FREE_COST * (end - start))


def _remark(cost: float) -> Reader:
    """Words to be written that only one word in front marks as such."""

    def read(said: Utterance, start: int) -> Iterator[Slot]:
        if start < len(said.low) and said.low[start] not in _TALK:
            yield Slot(len(said.words), " ".join(said.words[start:]), cost)

    return read


def _there(said: Utterance, start: int) -> Iterator[Slot]:
    for end in _ends(said, start, 6):
        if said_here(said.words[start:end], said.place):
            yield Slot(end, said.words[start:end], FREE_COST * (end - start))


def _letters(said: Utterance, start: int) -> Iterator[Slot]:
    spelt = letters(said.words[start:]) if start < len(said.words) else None
    if spelt:
        yield Slot(len(said.words), spelt)


def _module(said: Utterance, start: int) -> Iterator[Slot]:
    """A module may be anything that is no talk, in a few words."""
    for end in _ends(said, start, 5):
        words = said.low[start:end]
        listed = is_module(words, said.place)
        if listed or (not set(words) & _STOP and is_code(words, said.place, strict=False)):
            sure = listed or len(words) == 1 or not is_unfamiliar(words, said.place)
            yield Slot(end, said.words[start:end], FREE_COST * (end - start) + (0 if sure else UNFAMILIAR_COST))


def _buffer(said: Utterance, start: int) -> Iterator[Slot]:
    files = said.place.buffers
    stems = Known.of(files)
    for end in _ends(said, start, MOST_BUFFER_WORDS):
        words = tuple("" if word == "dot" else word for word in said.low[start:end])
        found = stems.exactly(words) or tuple(
            name for name in files if letters_of([name.rsplit(".", 1)[0]]) == letters_of(words)
        )
        like = [(found[0], 1.0)] if found else stems.like(words, 1)
        for name, likeness in like:
            yield Slot(end, name, LIKENESS_COST * (1 - likeness))


def _parts(said: Utterance, start: int) -> Iterator[Slot]:
    """Parameters: "path and encoding of type string"."""
    for end in _ends(said, start, len(said.words)):
        words = said.words[start:end]
        if {words[0].lower(), words[-1].lower()} & _NOT_IN_NAMES:
            continue
        if all(_can_be_declared(declared(part)[0], said) for part in separated(words)):
            yield Slot(end, words, FREE_COST * (end - start))


def _can_be_declared(name: Sequence[str], said: Utterance) -> bool:
    return bool(name) and is_code(name, said.place, strict=False)


def readers() -> dict[str, Reader]:
    """All slots but those that the grammar's own rules fill."""
    one, several = _kinds()
    return {
        **{name: _choice(ways) for name, ways in _CHOICES.items()},
        "kind": _choice(one),
        "kinds": _choice(several),
        "number": _number,
        "ordinal": _ordinal,
        "known": _known,
        "name": _name,
        "new_name": _new_name,
        "casing_words": _new_name,
        "code": _code(),
        "loose": _code(asks=True),
        "sure": _code(strict=True),
        "evident": _evident,
        "cased": _cased,
        "text": _text,
        "remark": _remark(REMARK_COST),
        "note": _remark(NOTE_COST),
        "there": _there,
        "letters": _letters,
        "module": _module,
        "buffer": _buffer,
        "taken": _parts,
        "declared": _parts,
    }
