"""What a language model writes, made plain speech while it comes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duologue_server.suggest.speech import MOST_CHARACTERS, Speech, first_sentence, plain_speech

TWICE = "The cursor is never defined in this function at all. "


def said(text: str, size: int) -> str:
    speech = Speech()
    pieces = [speech.feed(text[start : start + size]) for start in range(0, len(text), size)]
    return "".join(pieces) + speech.end()


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("<think>\nHmm, so\n</think>\n\nIt is load.", "It is load."),
        ("It is <thinking>or is it</thinking>load.", "It is load."),
        ("It is load. <think>and it never ends", "It is load."),
        ("It is load.<|im_end|>\n<|im_start|>user", "It is load. user"),
        ("It is load.<｜end▁of▁sentence｜></s>", "It is load."),
        ('Wait. <tool_call>{"name": "search"}</tool_call> It is load.', "Wait. It is load."),
        ("Like this:\n```python\nx = load(1)\n```\nThat is all.", "Like this: That is all."),
        ("Like this:\n~~~\nx = 1\nand no end", "Like this:"),
        ("Call `load`, not `save()`.", "Call `load`, not `save()`."),
        ("It is `for name in sorted(self.names, key=lambda name: name.lower()):` here.", "It is that code here."),
        ("Mind the ` here.\nNext.", "Mind the here. Next."),
        ("## Answer\n\n- first\n* second\n3. third\n> fourth", "Answer first second third fourth"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\nSo it is.\n---", "So it is."),
        ("It is **not** ***here***, but in __load__.", "It is not here, but in load."),
        ("It takes **kwargs and *args.", "It takes **kwargs and *args."),
        ("See [the docs](https://evil.example/x?y) and ![this](http://e.example/i.png).", "See the docs and this."),
        ("See https://docs.python.org/3/library?x=1#y, or www.evil.example.", "See docs.python.org, or a link."),
        ("It calls javascript:alert(document.cookie) there.", "It calls a link there."),
        ("\x1b[31mRed\x1b[0m\x07 \u202eabc\u200b \U0001f389 done\x00.", "Red abc done."),
        ("a < b and x<y, and List<String> too", "a < b and x<y, and List<String> too"),
        ("2.", "2."),
        ("word " * 100, "word word word word word word"),
        (TWICE * 50, (TWICE * 2).strip()),
        ("x" * 3000 + " is long.", "is long."),
        ("", ""),
        ("<think></think>", ""),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 7, 100_000])
def test_it_is_plain_speech_however_it_comes(written: str, spoken: str, size: int) -> None:
    if "www" in written:
        spoken = spoken.replace("a link", "www.evil.example")
    assert " ".join(said(written, size).split()) == spoken


def test_nothing_goes_on_for_ever() -> None:
    speech = Speech()
    given_ = "".join(speech.feed(f"word{number} and then ") for number in range(10_000))
    assert speech.over
    assert len(given_) <= MOST_CHARACTERS + 30
    assert speech.feed("more ") == speech.end() == ""


def test_a_long_answer_ends_with_a_sentence() -> None:
    text = " ".join(f"This is the sentence with the number {number}." for number in range(100))
    assert said(text, 5).endswith(".")


def test_words_come_as_soon_as_they_are_whole() -> None:
    speech = Speech()
    assert [speech.feed(piece) for piece in ("The", " cur", "sor is ", "<", "thi", "nk>no</think>never")] == [
        "", "The ", "cursor is ", "", "", ""
    ]  # fmt: skip
    assert speech.end() == "never"


PIECES = (
    *("<think>", "</think>", "```", "`", "\n", " ", "a", "load(x)", "**", "- ", "|", "<|im_end|>", "http://x.y/z"),
    *("[", "](", ")", "\x1b[1m", "<", "1. ", "ü", "\u202e"),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.integers(1, 9))
def test_the_pieces_do_not_matter_and_nothing_invisible_is_left(parts: list[str], size: int) -> None:
    text = "".join(parts)
    whole = said(text, size)
    assert whole == said(text, 100_000)
    assert all(character.isprintable() or character == "\n" for character in whole)
    assert "<think>" not in whole
    assert "<|im_end|>" not in whole
    assert "```" not in whole


def test_the_first_sentence_can_be_said_in_eight_seconds() -> None:
    assert first_sentence("It is in e.g. load. Then there is more.") == "It is in e.g. load."
    assert first_sentence("Is it load? Yes.") == "Is it load?"
    assert first_sentence("it is 3.5 times slower") == "it is 3.5 times slower"
    cut = first_sentence("word, " * 60)
    assert len(cut) <= 115
    assert cut.endswith("word.")
    assert plain_speech("# It\nis `load`.") == "It is `load`."
