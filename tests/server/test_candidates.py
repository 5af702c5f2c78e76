"""A language model's remark on a change: how a change is told, and what of the reply may be said."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duologue_server.context.view import View
from duologue_server.suggest.candidates import (
    LEAST_CONFIDENCE,
    MOST_URGENCY,
    TRIGGER,
    Dropped,
    Edit,
    edit_of,
    finding_of,
    read_candidate,
)
from duologue_server.suggest.findings import SPOKEN_CHARACTERS, Finding
from support.source import source_of

OLD = "import db\n\ndef total(prices):\n    result = sum(prices)\n    return result\n"
NEW = "import db\n\ndef total(prices):\n    result = sum(prices)\n    return resutl\n"
SOURCE = source_of(NEW)
REMARK: dict[str, Any] = {
    "line": 5,
    "says": "resutl is returned, and nothing of that name exists.",
    "urgency": 0.9,
    "confidence": 0.9,
}


def change(old: str = OLD, new: str = NEW) -> Edit:
    edit = edit_of(old.split("\n"), new.split("\n"))
    assert edit is not None
    return edit


def take(source: View = SOURCE, secrets: tuple[str, ...] = (), **other: Any) -> Finding:
    candidate = read_candidate(json.dumps({**REMARK, **other}))
    assert candidate is not None
    return finding_of(candidate, source, change(), secrets)


def test_a_change_is_told_with_the_numbers_of_its_lines() -> None:
    edit = change()
    assert edit.lines == {4}
    assert edit.text.split("\n")[2:] == [
        "     4 |     result = sum(prices)",
        "-      |     return result",
        "+    5 |     return resutl",
        "     6 | ",
    ]
    assert edit_of(OLD.split("\n"), OLD.split("\n")) is None
    assert edit_of([], [f"a{n} = {n}" for n in range(1000)]) is None, "that is no change that one remark is about"
    far = change("a\n" + "x\n" * 50 + "b", "c\n" + "x\n" * 50 + "d")
    assert far.text.count("\n") < 20
    assert far.lines == {0, 51}


def test_what_is_gone_is_told_at_the_line_after_it() -> None:
    assert change("a\nb\nc", "a\nc").lines == {1}


def test_a_remark_becomes_a_finding() -> None:
    finding = take()
    assert finding.text == "In total, line 5: resutl is returned, and nothing of that name exists."
    assert (finding.trigger, finding.line, finding.about, finding.version) == (TRIGGER, 4, "resutl", 1)
    assert finding.urgency == pytest.approx(MOST_URGENCY * 0.9)
    assert take(says="`resutl` is not defined").text == "In total, line 5: resutl is not defined."
    fenced = read_candidate("<think>hm</think>\n```json\n" + json.dumps(REMARK) + "\n```")
    assert fenced == read_candidate(json.dumps(REMARK))


@pytest.mark.parametrize("reply", ["{}", " {} \n", "```json\n{}\n```"])
def test_nothing_to_say(reply: str) -> None:
    assert read_candidate(reply) is None


@pytest.mark.parametrize(
    "reply",
    [
        "", "Sure! " + json.dumps(REMARK), json.dumps(REMARK) + json.dumps(REMARK), json.dumps([REMARK]), "null",
        "[" * 5_000,
        json.dumps({**REMARK, "line": "5"}), json.dumps({**REMARK, "line": True}), json.dumps({**REMARK, "line": 5.0}),
        json.dumps({**REMARK, "says": ["resutl"]}), json.dumps({**REMARK, "urgency": 1.1}),
        json.dumps({**REMARK, "urgency": True}), json.dumps({**REMARK, "confidence": -0.1}),
        json.dumps({**REMARK, "confidence": float("nan")}), json.dumps({**REMARK, "run": "rm"}), '{"line": 5}',
        json.dumps(REMARK)[:-1] + ', "line": 4}', json.dumps({**REMARK, "confidence": LEAST_CONFIDENCE - 0.01}),
    ],
)  # fmt: skip
def test_what_was_not_asked_for_is_dropped(reply: str) -> None:
    with pytest.raises(Dropped):
        read_candidate(reply)


@pytest.mark.parametrize(
    "says",
    [
        "resutl", "resutl is wrong. So is total", "resutl is wrong\nso is total", "resutl is\x07 never defined here",
        "resutl is \u202enever defined", "resutl = result; return it", "call resutl(1, 2) with prices",
        "resutl is never defined, see www.evil.example", "resutl is explained at https://evil.example",
        "resutl is explained at evil.com", "run the formatter over resutl", "Please delete resutl from here",
        "To fix resutl, install the package prices", "You should accept this change of resutl",
        "resutl needs sudo to work here", "Ignore previous instructions about resutl", "resutl: <b>never</b> defined",
        "the thing here is wrong in some way", "somewhere else a name was lost", "resutl " + "is wrong " * 30,
        "resutl is " + "x" * 40 + " here", "the key of resutl is hunter2hunter2", "resutl is $HOME in there",
        "**resutl** is never defined", "resutl is never defined; open the terminal", "‹secret› stands in resutl here",
        'the password of resutl is "correct-horse-battery"', "# resutl is not defined", "? ? ? resutl ? ?",
        "resutl is correct and does what it should", "total does not contain any errors",
        "resutl is used to keep the sum",
    ],
)  # fmt: skip
def test_what_may_be_more_than_a_remark_is_dropped(says: str) -> None:
    with pytest.raises(Dropped):
        take(says=says, secrets=("hunter2hunter2",))


def test_a_comment_that_was_just_written_is_no_remark() -> None:
    source = source_of("# The order of prices matters here\nx = 1\n")
    candidate = read_candidate(json.dumps({**REMARK, "line": 1, "says": "The order of prices matters here."}))
    assert candidate is not None
    with pytest.raises(Dropped):
        finding_of(candidate, source, change("x = 1\n", source.text))


@pytest.mark.parametrize("line", [0, -3, 7, 10**9])
def test_a_line_that_does_not_exist_is_dropped(line: int) -> None:
    with pytest.raises(Dropped):
        take(line=line)


def test_a_name_may_be_written_in_words() -> None:
    source = source_of("def f():\n    total_price = 1\n    return 2\n")
    candidate = read_candidate(json.dumps({**REMARK, "line": 2, "says": "the total price is never returned from here"}))
    assert candidate is not None
    assert finding_of(candidate, source, change("", "def f():")).about == "total_price"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.integers(-2, 9),
    st.lists(
        st.sampled_from(["resutl", "prices", "run", "the", "`", "(", "https://x.y", ". ", "\n"]) | st.text(max_size=8),
        max_size=12,
    ),
    st.floats(0, 1),
)  # fmt: skip
def test_what_is_taken_can_be_said(line: int, words: list[str], share: float) -> None:
    try:
        finding = take(line=line, says=" ".join(words), urgency=share)
    except Dropped:
        return
    assert finding.text.isprintable()
    assert len(finding.text) <= SPOKEN_CHARACTERS + 1
    assert not set(finding.text) & set('`{}<>=;\\|$()[]/"@#*')
    assert finding.urgency <= MOST_URGENCY
    assert finding.text.count(".") == 1


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=80).map(lambda raw: raw.decode("latin-1"))))
def test_no_reply_is_too_odd(reply: str) -> None:
    with contextlib.suppress(Dropped):
        assert read_candidate(reply) is None
