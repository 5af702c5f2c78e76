"""Spoken code: written words in, words to say out."""

import random
import string

import pytest

from duologue_server.voice.spoken import speakable

_SAID = {
    "identifiers": [
        ("isEmpty", "is Empty"),
        ("HTTPServer", "H T T P Server"),
        ("getHTTPResponse2", "get H T T P Response 2"),
        ("user_id", "user I D"),
        ("MAX_RETRIES", "max retries"),
        ("__name__", "dunder name"),
        ("_private", "underscore private"),
        ("_", "underscore"),
        ("sqlite3", "sequel light 3"),
        ("utf-8", "U T F 8"),
        ("self.items[0]", "self dot items 0"),
        ("std::vector", "standard colon colon vector"),
        ("np.zeros((3,", "N P dot zeros 3,"),
    ],
    "operators": [
        ("!=", "not equals"),
        ("`!=`.", "not equals."),
        ("==", "double equals"),
        ("->", "arrow"),
        ("=>", "fat arrow"),
        ("<=", "less than or equal to"),
        (">=", "greater than or equal to"),
        ("+=", "plus equals"),
        ("::", "colon colon"),
        ("**kwargs", "double star keyword args"),
        ("x!=None", "x not equals None"),
        ("--verbose", "dash dash verbose"),
        ("@dataclass", "at dataclass"),
        ("C++", "C plus plus"),
        ("C#.", "C sharp."),
    ],
    "places": [
        ("main.py:117", "main dot py line 117"),
        ("`main.py:117:5`,", "main dot py line 117 column 5,"),
        ("src/app/main.py", "source slash app slash main dot py"),
        ("README.md", "read me dot M D"),
        (".gitignore", "dot gitignore"),
        ("https://example.com/a/b?x=1", "the link to example dot com"),
        ("[page](https://example.com).", "page."),
    ],
    "numbers and codes": [
        ("F821", "F 8 21"),
        ("E501:", "E 5 oh 1:"),
        ("PLR0913", "P L R oh 9 13"),
        ("3.11.2", "3 dot 11 dot 2"),
        ("v2.0.1", "version 2 dot 0 dot 1"),
        ("3.11", "3.11"),
        ("0x1F", "hex 1 F"),
        ("ANN101", "eigh N N 1 oh 1"),
        ("80ms", "80 milliseconds"),
        ("50%", "50%"),
        ("$5", "$5"),
        ("7:30", "7:30"),
        ("2026-11-23.", "2026-11-23."),
        ("#117", "number 117"),
        ("10-20", "10 to 20"),
        ("1e-5", "1 times 10 to the minus 5"),
    ],
    "developer words": [
        ("id", "I D"),
        ("JSON.", "jason."),
        ("numpy's", "num pie's"),
        ("kwargs", "keyword args"),
        ("async", "eigh sync"),
        ("e.g.", "for example"),
    ],
    "prose": [
        ("don't", "don't"),
        ("re-run", "re-run"),
        ("“yes,”", "yes,"),
        ("(see", "see"),
        ("below).", "below."),
        ("naïve", "naïve"),
        ("Python", "Python"),
        ("—", "—"),
        ("ok?", "ok?"),
        ("...", "..."),
    ],
    "nothing to say": [("```", ""), ("{}", ""), ("()", ""), ("", ""), ("\"'", "")],
}


@pytest.mark.parametrize(("written", "spoken"), [pair for pairs in _SAID.values() for pair in pairs])
def test_a_word_is_said(written: str, spoken: str) -> None:
    assert speakable(written) == spoken


def test_a_text_is_its_words() -> None:
    text = "The name `user_id` != None in main.py:117, numpy's fault."
    assert speakable(text) == " ".join(speakable(word) for word in text.split())
    assert speakable(text) == "The name user I D not equals None in main dot py line 117, num pie's fault."


@pytest.mark.parametrize("seed", range(50))
def test_any_text_can_be_said_and_no_bracket_is(seed: int) -> None:
    """The voice takes `[word](/sounds/)` as sounds, so nothing of the writer's may look like it."""
    dice = random.Random(seed)
    alphabet = string.printable + "äß日😀—…“”"
    spoken = speakable("".join(dice.choice(alphabet) for _ in range(300)))
    assert "](" not in spoken
    assert spoken == " ".join(spoken.split())
