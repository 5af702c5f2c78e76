"""Spoken code: written words in, words to say out."""

import random
import re
import string
from importlib import resources

import pytest

from duologue_server.voice.spoken import speakable, spoken_words
from duologue_server.voice.spoken.lexicon import lexicon
from duologue_server.voice.spoken.operators import SIGNS, guess_family

_ROW = re.compile(
    r"\| (?P<kind>[^|]+) \| (?P<language>\w*) ?\| (?P<ticks>`+) ?(?P<written>.+?) ?(?P=ticks) \| (?P<said>.*?) ?\|"
)


def _rows() -> list[tuple[str, str, str]]:
    page = resources.files("duologue_server.voice.spoken").joinpath("SPOKEN.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| class")]
    found = [_ROW.fullmatch(row) for row in rows]
    assert None not in found, rows[found.index(None)]
    return [(m["language"], m["written"].replace(r"\|", "|"), m["said"]) for m in found if m]


def check(written: str, spoken: str, language: str = "") -> None:
    """What is said, and that each written word has its own entry."""
    assert speakable(written, language) == spoken
    assert len(spoken_words(written.split(), language)) == len(written.split())


@pytest.mark.parametrize(("language", "written", "said"), _rows())
def test_the_page_is_true(language: str, written: str, said: str) -> None:
    check(written, said, language)


def test_every_sign_of_every_language_is_said() -> None:
    for name, signs in SIGNS.items():
        for sign in signs:
            assert re.search(r"[a-z]", speakable(f"`{sign}`", name)), f"{sign} in {name or 'any'}"


_SAID = {
    "around words": [
        ("`!=`.", "not equals."),
        ("C#.", "C sharp."),
        ("JSON.", "jason."),
        ("`main.py:117:5`,", "main dot py, line 117 column 5,"),
        ("[page](https://example.com).", "page."),
        ("“yes,”", "yes,"),
        ("(see", "see"),
        ("below).", "below."),
        ("ok?", "ok?"),
        ("`foo`?", "foo?"),
        ("`f.read()`,", "F dot reed,"),
        ("2026-11-23.", "2026-11-23."),
    ],
    "pieces of a call": [("np.zeros((3,", "N P dot zeros 3,"), ("`range(10):`", "range 10:")],
    "prose": [
        ("naïve", "naïve"),
        ("Python", "Python"),
        ("—", "—"),
        ("...", "..."),
        ("this is his bus", "this is his bus"),
        ("us or them", "us or them"),
        ("I read a file", "I read a file"),
        ("as soon as it is", "as soon as it is"),
        ("It was the APIs' fault", "It was the eigh P eyes fault"),
        ("5 - 3", "5 minus 3"),
        ("wait - what", "wait — what"),
        ("read / write", "read slash write"),
    ],
    "nothing to say": [("```", ""), ("{}", ""), ("()", ""), ("", ""), ("\"'", ""), ("## Title", "Title")],
}


@pytest.mark.parametrize(("written", "spoken"), [pair for pairs in _SAID.values() for pair in pairs])
def test_it_is_said(written: str, spoken: str) -> None:
    check(written, spoken)


def test_a_text_is_its_words() -> None:
    check(
        "The name `user_id` != None in main.py:117, numpy's fault.",
        "The name user I D is not equal to none in main dot py, line 117, num pie's fault.",
    )


def test_code_in_backticks_over_several_words_is_code() -> None:
    assert spoken_words(["Take", "`a", "-", "b`", "as", "a", "-", "b"]) == [
        "Take",
        "eigh",
        "minus",
        "B",
        "as",
        "a",
        "—",
        "b",
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("see main.py:3", "python"),
        ("`err != nil` in server.go", "go"),
        ("`fn main()` calls `.unwrap()`", "rust"),
        ("`const x = y ?? z`", "javascript"),
        ("`std::vector` and `nullptr`", "c"),
        ("no code here at all", ""),
        ("main.py and main.go", ""),
    ],
)
def test_the_language_is_guessed_from_what_only_it_has(text: str, name: str) -> None:
    assert guess_family(text) == name


@pytest.mark.parametrize("seed", range(50))
def test_any_text_can_be_said_and_no_bracket_is(seed: int) -> None:
    """The voice takes `[word](/sounds/)` as sounds, so nothing of the writer's may look like it."""
    dice = random.Random(seed)
    alphabet = string.printable + "äß日😀—…“”`````"
    words = "".join(dice.choice(alphabet) for _ in range(300)).split()
    for language in ("", "python", "typescript", "rust", "go", "cpp"):
        said = spoken_words(words, language)
        assert len(said) == len(words)
        spoken = " ".join(said)
        assert "](" not in spoken
        assert all(entry == " ".join(entry.split()) for entry in said)


def test_the_lexicon_spells_no_common_word() -> None:
    common = (
        "a am an as at be by do go he if in is it me my no of on or so to up us we all and are but can for had has not"
    )
    assert lexicon().letters.isdisjoint(common.split())
    assert lexicon().said.keys().isdisjoint(common.split())
