"""Detectors find real things in real text, and say them in one sentence without code in it."""

import re
from pathlib import Path

import pytest

from duologue_server.suggest.diagnostics import Diagnostics, survived
from duologue_server.suggest.findings import SPOKEN_CHARACTERS, Detector, DetectorTrouble, Finding, Source, Span
from duologue_server.suggest.ruff import RULES, Ruff
from duologue_server.suggest.wording import spoken
from support.ruff_case import TEXT
from support.source import source_of

STORE = """import os


class Store:
    def load(self, path):
        rows = cursor.fetch(path)
        return rows
"""


def check(finding: Finding, text: str, trigger: str, span: Span) -> None:
    assert (finding.text, finding.trigger, finding.source_range) == (text, trigger, span)


def is_speakable(text: str) -> bool:
    return len(text) <= SPOKEN_CHARACTERS + 1 and text.endswith((".", "?")) and not re.search(r"[`\[\]{}<>|=\\@]", text)


def lsp(line: int, start: int, end: int, message: str, **more: object) -> dict[str, object]:
    area = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    return {"range": area, "message": message, **more}


def test_ruff_names_the_place_and_the_thing() -> None:
    found = Ruff().inspect(source_of(STORE, version=3))
    urgent = max(found, key=lambda finding: finding.urgency)
    check(urgent, "In load, line 6: undefined name cursor.", "ruff:F821", Span(5, 15, 5, 21))
    assert (urgent.version, urgent.about, urgent.written) == (3, "cursor", "F821: Undefined name `cursor`")
    assert [finding.text for finding in found if finding.urgency < 0.2] == ["Line 1: the import of os is not used."]


def test_every_rule_that_we_chose_fires_and_can_be_spoken() -> None:
    text = """import asyncio, logging, os, time
async def h():
    time.sleep(1)
    asyncio.create_task(h())
class F(Exception): pass
def f(a=[], b=time.time()):
    x = 1
    for i in range(3):
        yield lambda: i
    try:
        cursor.fetch()
    except F:
        raise ValueError
    except F: pass
    except:
        pass
    a == 1
    if a is "x": print(1)
    if a == a: print(2)
    print({"a": 1, "a": 2}, "%s %s" % (1,), "{} {}".format(1), f"abc", "%(a)s" % (1,))
    assert (a, "msg")
    if (a, 1): pass
    a = a
    for a in a: pass
    if a or True: pass
    if a and False: pass
    logging.info("%s", 1, 2)
    logging.info("%s %s", 1)
    a.b
    c = open("x").read()
def f(): pass
def k():
    try:
        return 1
    finally:
        return 2
LATE = 1
def g():
    print(LATE)
    LATE = 2
return 5
"""
    found = Ruff().inspect(source_of(text)) + Ruff().inspect(source_of(TEXT))
    assert {finding.trigger for finding in found} == {f"ruff:{code}" for code in RULES}
    assert [finding.text for finding in found if not is_speakable(finding.text)] == []
    assert len({finding.key for finding in found}) >= len(RULES)


def test_the_same_thing_has_the_same_key_after_its_line_moved() -> None:
    before, after = Ruff().inspect(source_of(STORE)), Ruff().inspect(source_of("\n\n" + STORE))
    assert {finding.key for finding in before} == {finding.key for finding in after}


def test_while_the_text_does_not_parse_only_that_is_said() -> None:
    (finding,) = Ruff().inspect(source_of("def f(:\n    x = undefined\n"))
    assert (
        finding.text == "In f, line 1: this does not parse; expected a parameter or the end of the parameter list."
        or (finding.text == "Line 1: this does not parse; expected a parameter or the end of the parameter list.")
    )
    assert finding.trigger == "ruff:invalid-syntax"


def test_ruff_counts_code_points_and_the_editor_its_own_units() -> None:
    (finding,) = Ruff().inspect(source_of("x = '😀' + cursor\n"))
    assert finding.source_range == Span(0, 11, 0, 17)


@pytest.mark.parametrize(
    ("text", "language_id", "name"),
    [
        ("let x = 1;", "rust", "a.rs"),
        ("MOVE 1 TO X", "cobol", "a.cbl"),
        ("x = cursor\n" * 500_000, "python", "large.py"),
        ("\0\1\2", "python", "binary.py"),
        ("{}", "python", "note.ipynb"),
        ("", "python", "empty.py"),
    ],
)
def test_what_is_not_fit_to_inspect_is_skipped(text: str, language_id: str, name: str) -> None:
    assert Ruff("/nonexistent" if text else None).inspect(source_of(text, language_id, name)) == []


def test_broken_characters_do_not_break_ruff() -> None:
    found = Ruff().inspect(source_of("x = '\ud800\ufffd' + cursor\r\ny = missing\r"))
    assert [finding.about for finding in found] == ["cursor", "missing"]
    assert [finding.line for finding in found] == [0, 1]


def test_ruff_leaves_the_users_files_and_configuration_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ruff.toml").write_text("this is not toml")
    (tmp_path / "store.py").write_text("saved text\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUFF_OUTPUT_FORMAT", "github")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*")}
    assert Ruff().inspect(source_of(STORE))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*")} == before


def script(tmp_path: Path, body: str) -> str:
    path = tmp_path / "ruff"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("echo broken >&2; exit 2", "ruff failed: broken"),
        ("echo not json", "cannot be read"),
        ("echo '{}'", "not a list"),
        ("exec sleep 5", "longer than 0.2 s"),
        ("kill -9 $$", "exit status -9"),
    ],
)
def test_a_ruff_that_fails_says_what_and_the_next_step(tmp_path: Path, body: str, what: str) -> None:
    with pytest.raises(DetectorTrouble, match=what) as caught:
        Ruff(script(tmp_path, body), timeout_s=0.2).inspect(source_of(STORE))
    assert caught.value.remedy
    with pytest.raises(DetectorTrouble, match="cannot be started"):
        Ruff(str(tmp_path / "none")).inspect(source_of(STORE))


def test_a_ruff_that_lacks_one_of_our_rules_does_without_it(tmp_path: Path) -> None:
    body = 'case "$*" in *F601*) echo "Unknown rule selector \\`F601\\` in select" >&2; exit 2;; esac; echo "[]"'
    assert Ruff(script(tmp_path, body)).inspect(source_of(STORE)) == []


def test_diagnostics_become_sentences() -> None:
    source, diagnostics = source_of(STORE), Diagnostics()
    updated = diagnostics.update(
        source.uri,
        [
            lsp(5, 15, 21, '"cursor" is not defined', severity=1, source="Pyright", code="reportUndefinedVariable"),
            lsp(0, 7, 9, "unused", severity=4, source="Pyright"),
            lsp(0, 7, 9, '"os" is not accessed', severity=2, tags=[1]),
            lsp(6, 8, 14, 'Type "list[int] | None" is not assignable to return type "Row[str]"', severity=1),
            lsp(6, 8, 14, "x[1] <= {y}", severity=2, source="odd"),
        ],
    )
    assert updated == (4, 0, 0)
    texts = {finding.text: finding for finding in diagnostics.inspect(source)}
    assert set(texts) == {
        "In load, line 6: cursor is not defined.",
        "Line 1: os is not accessed.",
        "In load, line 7: a type is not assignable to return a type.",
        "In load, line 7: a warning from odd, shown in the editor.",
    }
    defined = texts["In load, line 6: cursor is not defined."]
    assert (defined.trigger, defined.about) == ("pyright:reportUndefinedVariable", "cursor")
    assert defined.written == 'Pyright:reportUndefinedVariable: "cursor" is not defined'
    assert defined.urgency > 0.5 > texts["Line 1: os is not accessed."].urgency


def test_rust_and_go_and_typescript_messages_can_be_spoken() -> None:
    for message, words in {
        "expected `;`, found `}`": "expected semicolon, found closing brace",
        "mismatched types\nexpected `u8`, found `&str`": "mismatched types",
        "Cannot find name 'foo'.": "cannot find name foo",
        "no method named `go` found for struct `Vec<T>` in the current scope": (
            "no method named go found for struct in the current scope"
        ),
        "Object is possibly 'undefined'.": "object is possibly undefined",
        "x[1] <= {y}": "",
        "": "",
    }.items():
        assert spoken(message) == words


def test_diagnostics_are_counted_up_and_down_and_follow_edits() -> None:
    diagnostics, uri = Diagnostics(), source_of(STORE).uri
    two = [lsp(1, 0, 1, "first thing"), lsp(5, 0, 1, "second thing")]
    assert diagnostics.update(uri, two + two) == (2, 0, 0)
    assert diagnostics.update(uri, [lsp(2, 0, 1, "first thing")]) == (0, 1, 0)
    diagnostics.edited(uri, 0, 0, 3)
    assert [item.span.line for item in diagnostics.of(uri)] == [5]
    diagnostics.edited(uri, 5, 1, 1)
    assert diagnostics.of(uri) == ()
    diagnostics.close(uri)
    assert diagnostics.inspect(source_of(STORE)) == []


@pytest.mark.parametrize(
    "items",
    [
        None,
        "nonsense",
        [None],
        [{"message": "no range"}],
        [lsp(-1, 0, 1, "negative place")],
        [lsp(0, 0, 1, "")],
        [lsp(0, 0, 1, "odd severity", severity="high")],
        [{"range": {"start": {"line": 0, "character": 0.5}, "end": None}, "message": "half a place"}],
    ],
)
def test_what_is_no_diagnostic_is_counted_and_left_out(items: object) -> None:
    diagnostics = Diagnostics()
    assert diagnostics.update("file:///a", items) == (0, 0, 1)
    assert diagnostics.of("file:///a") == ()


def test_diagnostics_beyond_the_end_of_the_document_are_stale() -> None:
    source, diagnostics = source_of(STORE), Diagnostics()
    diagnostics.update(source.uri, [lsp(5000, 0, 1, "long gone")])
    assert diagnostics.inspect(source) == []


def test_ten_seconds_without_an_edit() -> None:
    assert [
        survived(0.0, None, 9.9),
        survived(0.0, None, 10.0),
        survived(0.0, 5.0, 10.0),
        survived(0.0, 5.0, 15.0),
    ] == [
        False,
        True,
        False,
        True,
    ]


def test_long_messages_are_cut_at_a_word() -> None:
    source, diagnostics = source_of(STORE), Diagnostics()
    diagnostics.update(source.uri, [lsp(5, 0, 1, "this goes on " * 40)])
    (finding,) = diagnostics.inspect(source)
    assert is_speakable(finding.text)
    assert finding.text.endswith(" on.") or finding.text.endswith((" goes.", " this."))


def test_both_are_detectors_and_a_view_is_a_source() -> None:
    source: Source = source_of(STORE)
    detectors: list[Detector] = [Ruff(), Diagnostics()]
    assert [detector.name for detector in detectors] == ["ruff", "diagnostics"]
    assert source.line_count == 8
