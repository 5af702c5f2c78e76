"""Structural rules find what they are for and nothing else, and a bad one hurts no other."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from duologue_server.context.languages import LANGUAGES
from duologue_server.context.matching import Matcher, matcher_of
from duologue_server.context.view import View
from duologue_server.suggest.findings import SPOKEN_CHARACTERS, Detector, Finding
from duologue_server.suggest.ruff import Ruff
from duologue_server.suggest.structure.detector import MOST_LATE, Structure
from duologue_server.suggest.structure.rules import OWN, load_rules, user_folder
from support.rule_cases import CASES
from support.source import source_of

RULES = {rule.id: rule for rule in load_rules([OWN])[0]}
SIGNS = "`[]{}<>|=\\@()"


def structure(*folders: Path) -> Structure:
    return Structure(matcher_of, folders or [OWN], limit_s=60.0)


def found(rule: str, text: str, language_id: str) -> list[Finding]:
    """What a rule finds in a text that was typed into an empty document."""
    detector = structure()
    detector.inspect(source_of("", language_id, "store"))
    findings = detector.inspect(source_of(text, language_id, "store"))
    assert detector.problems == []
    return [finding for finding in findings if finding.trigger == RULES[rule].trigger(language_id)]


@pytest.mark.parametrize(("rule", "language_id", "wrong", "right"), CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_a_rule_finds_what_it_is_for(rule: str, language_id: str, wrong: str, right: str) -> None:
    findings = found(rule, wrong, language_id)
    assert len(findings) >= 1, wrong
    for finding in findings:
        assert len(finding.text) <= SPOKEN_CHARACTERS
        assert not set(finding.text) & set(SIGNS), finding.text
        assert "something" not in finding.text
    assert found(rule, right, language_id) == [], right


def test_every_rule_and_language_has_a_case() -> None:
    tried = {(rule, language_id) for rule, language_id, _, _ in CASES}
    own_tests = {"long-function", "undeclared-name"}
    grammars = {"python", "javascript", "typescript", "rust", "go"}
    wanted = {(rule.id, language) for rule in RULES.values() for language in grammars & set(rule.queries)}
    assert {pair for pair in wanted - tried if pair[0] not in own_tests} == set()


def test_every_query_fits_its_language() -> None:
    for language_id in LANGUAGES:
        matcher = matcher_of(source_of("", language_id))
        assert matcher is not None
        for rule in RULES.values():
            if language_id in rule.queries:
                matcher.check(rule.queries[language_id])


def test_a_remark_names_the_place_and_the_thing() -> None:
    (finding,) = found(
        "past-the-end", "def load(rows):\n    for i in range(len(rows) + 1):\n        f(rows[i])\n", "python"
    )
    assert finding.text == "In load, line 2: i runs up to the length of rows, one past its end."
    assert (finding.line, finding.trigger, finding.about) == (1, "structure:past-the-end", "i")
    assert finding.written.startswith("past-the-end: ")


def test_what_ruff_finds_too_is_the_same_finding() -> None:
    text = """def f(a=[]):
    a = a
    if a is 'x' or a == a:
        return {'k': 1, 'k': 2}
    try:
        g()
    except:
        h()
    finally:
        return 1
"""
    ours = {finding.key for finding in structure().inspect(source_of(text))}
    theirs = {finding.key for finding in Ruff().inspect(source_of(text))}
    assert {key.partition("|")[0] for key in ours & theirs} == {
        rule.same_as["python"] for rule in RULES.values() if rule.same_as
    }


def test_ruffs_trigger_is_only_lent_to_python() -> None:
    (finding,) = found("return-in-finally", "function f() { try { g() } finally { return 1 } }", "javascript")
    assert finding.trigger == "structure:return-in-finally"


def test_a_function_that_was_long_is_not_spoken_of_and_one_that_grew_is() -> None:
    def text(name: str, lines: int) -> str:
        return f"def {name}():\n" + "    f()\n" * lines

    detector = structure()
    assert detector.inspect(source_of(text("long", 80) + text("short", 50))) == []
    (finding,) = detector.inspect(source_of(text("long", 85) + text("short", 70)))
    assert finding.text == "In short, line 87: with this change it has grown to more than 70 lines."
    assert detector.inspect(source_of(text("long", 85) + text("short", 55))) == []


@pytest.mark.parametrize(
    ("language_id", "head", "line", "end"),
    [
        ("javascript", "function f() {", "  g();", "}"),
        ("typescript", "class A {\n  f(): void {", "    g();", "  }\n}"),
        ("rust", "fn f() {", "    g();", "}"),
        ("go", "package a\n\nfunc f() {", "\tg()", "}"),
        ("java", "class A {\n  void f() {", "    g();", "  }\n}"),
        ("c", "void f() {", "  g();", "}"),
        ("cpp", "void f() {", "  g();", "}"),
        ("ruby", "def f", "  g", "end"),
    ],
)
def test_it_must_have_grown_in_every_language(language_id: str, head: str, line: str, end: str) -> None:
    def said(*lengths: int) -> list[int]:
        detector = structure()
        texts = ["\n".join([head, *[line] * lines, end]) + "\n" for lines in lengths]
        found = [detector.inspect(source_of(text, language_id, "store")) for text in texts]
        return [sum("grown" in one.text for one in findings) for findings in found]

    assert said(70, 90) == [0, 0]
    assert said(50, 56, 62, 70) == [0, 0, 1, 1]
    assert said(58, 60) == [0, 0]


@pytest.mark.parametrize(
    ("language_id", "before", "old", "new", "says"),
    [
        (
            "javascript",
            "function f(a) {\n  const key = a[0];\n  return key;\n}\n",
            "  const key = a[0];\n",
            "",
            "key is not",
        ),
        ("javascript", "function f(a) {\n  const key = a[0];\n  return key;\n}\n", "const key", "const { key }", ""),
        ("javascript", "function f(a) {\n  const key = a[0];\n  return key;\n}\n", "a[0]", "window.kay", ""),
        (
            "javascript",
            "function f(a) {\n  const rows = a;\n  return rows;\n}\n",
            "return rows",
            "return rwos",
            "rwos is declared",
        ),
        (
            "typescript",
            "const f = (filter: F) => filter;\n",
            "=> filter",
            "=> filer",
            "filer is declared nowhere; filter",
        ),
        ("typescript", "const f = (filter: F) => filter;\n", "=> filter", "=> { const filer = 1; return filer }", ""),
        ("typescript", "const f = (filter: F) => filter;\n", "=> filter", "=> structuredClone(filter)", ""),
        (
            "go",
            "package a\n\nfunc f(width int) int {\n\treturn width\n}\n",
            "return width",
            "return wdth",
            "wdth is declared",
        ),
        ("go", "package a\n\nfunc f() int {\n\tsize := 1\n\treturn size\n}\n", "\tsize := 1\n", "", "size is not"),
        ("go", "package a\n\nfunc f() int {\n\tsize := 1\n\treturn size\n}\n", "size := 1", "size, _ := g()", ""),
        ("rust", "fn f(config: u8) -> u8 {\n    config\n}\n", "    config", "    cnfig", "cnfig is declared"),
        ("rust", "fn f() -> u8 {\n    let size = 1;\n    size\n}\n", "    let size = 1;\n", "", "size is not"),
        (
            "rust",
            "fn f() -> u8 {\n    let size = 1;\n    size\n}\n",
            "let size = 1",
            "let Some(size) = g() else { return 1 }",
            "",
        ),
        (
            "java",
            "class A {\n  int f(int size) {\n    return size;\n  }\n}\n",
            "return size",
            "return szie",
            "szie is declared",
        ),
        (
            "java",
            "class A {\n  int f() {\n    int size = 1;\n    return size;\n  }\n}\n",
            "    int size = 1;\n",
            "",
            "size is not",
        ),
        (
            "java",
            "class A {\n  int f() {\n    int size = 1;\n    return size;\n  }\n}\n",
            "  int f() {\n    int size = 1;\n",
            "  int size;\n  int f() {\n",
            "",
        ),
    ],
)
def test_names_that_nothing_declares(language_id: str, before: str, old: str, new: str, says: str) -> None:
    detector = structure()
    assert detector.inspect(source_of(before, language_id, "store")) == []
    assert before.count(old) == 1
    found = detector.inspect(source_of(before.replace(old, new), language_id, "store"))
    said = [finding.text for finding in found if finding.trigger == "structure:undeclared-name"]
    assert [says in text for text in said] == ([True] if says else [])


def test_what_was_swallowed_before_is_left_alone() -> None:
    swallowed = "    try:\n        g()\n    except Exception:\n        pass\n"
    detector = structure()
    assert detector.inspect(source_of("def f():\n" + swallowed)) == []
    assert detector.inspect(source_of("x = 1\n\ndef f():\n" + swallowed)) == []
    findings = detector.inspect(source_of("def f():\n" + swallowed + "\ndef h():\n" + swallowed))
    assert [finding.text for finding in findings] == ["In h, line 10: this error is swallowed without a trace."]


def test_what_does_not_parse_is_not_spoken_of() -> None:
    assert structure().inspect(source_of("def f(:\n    if a == a b\n")) == []
    assert [f.line for f in structure().inspect(source_of("def f():\n    return b.x == b.x\n\ndef g(:\n"))] == [1]


def test_a_changed_definition_is_looked_at_again_and_the_others_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    matches = Matcher.matches

    def watched(self: Matcher, query: str, within: object) -> Iterator[object]:
        looked.append(within.text.decode().partition("(")[0])  # type: ignore[attr-defined]
        yield from matches(self, query, within)

    monkeypatch.setattr(Matcher, "matches", watched)
    detector = structure()
    one, two = "def one(a):\n    return a.b == a.b\n", "def two(a):\n    return a\n"
    assert [finding.line for finding in detector.inspect(source_of(one + two))] == [1]
    looked.clear()
    assert [finding.line for finding in detector.inspect(source_of("\n\n" + one + two + "    # more\n"))] == [3]
    whole = {"def one", "def two"} - set(looked)
    assert "def one" in whole or looked.count("def one") <= sum(rule.whole_file for rule in RULES.values())


def write_rule(folder: Path, name: str, toml: str, **queries: str) -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "rule.toml").write_text(toml)
    for language, query in queries.items():
        (folder / name / f"{language}.scm").write_text(query)
    return folder


GOOD = 'says = "{name} prints to the screen"\nurgency = 0.5\nconfidence = 1.0\n'
PRINTS = '((call function: (identifier) @name) @here (#eq? @name "print"))\n'


def test_a_user_adds_a_rule_and_replaces_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_folder() == tmp_path / "duologue" / "rules"
    write_rule(user_folder(), "no-print", GOOD, python=PRINTS)
    write_rule(user_folder(), "self-comparison", GOOD.replace("{name}", "it"), python="(comparison_operator) @here")
    detector = Structure(matcher_of)
    assert detector.problems == []
    findings = detector.inspect(source_of("def f():\n    print(a < b)\n"))
    assert sorted(finding.text for finding in findings) == [
        "In f, line 2: it prints to the screen.",
        "In f, line 2: print prints to the screen.",
    ]


@pytest.mark.parametrize(
    ("toml", "query", "what"),
    [
        ("says = \n", PRINTS, "rule.toml: Invalid value"),
        ('urgency = 0.5\nconfidence = 1.0\nsays = ""\n', PRINTS, "rule.toml, line 1: says"),
        (GOOD.replace("0.5", "5"), PRINTS, "rule.toml, line 2: urgency must be given, from 0 to 1"),
        (GOOD.replace("0.5", '"high"'), PRINTS, "rule.toml, line 2: urgency must be a number"),
        (GOOD + 'chek = "plain"\n', PRINTS, "rule.toml, line 4: knows only"),
        (GOOD + 'check = "plan"\n', PRINTS, "rule.toml, line 4: check must be one of"),
        (GOOD.replace("{name}", "{name"), PRINTS, "rule.toml, line 1: says has a brace"),
        (GOOD.replace("{name}", "x" * 120), PRINTS, "rule.toml, line 1: says is too long"),
        (GOOD, "(call) @there", "python.scm, line 1: nothing is captured as @here"),
        (GOOD, "(call) @here\n(cal) @here", "python.scm, line 2: Invalid node type"),
        (GOOD, '((call) @here\n (#match? @here "["))', "python.scm"),
    ],
)
def test_a_broken_rule_is_named_with_its_line_and_breaks_no_other(
    tmp_path: Path, toml: str, query: str, what: str
) -> None:
    write_rule(tmp_path, "broken", toml, python=query)
    write_rule(tmp_path, "no-print", GOOD, python=PRINTS)
    detector = structure(tmp_path)
    for _ in range(2):
        (finding,) = detector.inspect(source_of("print(1)\n"))
        assert finding.trigger == "structure:no-print"
    (problem,) = detector.problems
    assert str(tmp_path / "broken") in problem
    assert what in problem


def test_a_rule_without_queries_or_in_an_unreadable_folder_is_named(tmp_path: Path) -> None:
    write_rule(tmp_path, "silent", GOOD)
    (tmp_path / "no-toml").mkdir()
    (tmp_path / "Bad Name").mkdir()
    (tmp_path / "Bad Name" / "rule.toml").write_text(GOOD)
    detector = structure(tmp_path)
    assert len(detector.problems) == 3
    assert "write one as LANGUAGE.scm" in "\n".join(detector.problems)
    assert structure(tmp_path / "nowhere").problems == []


def test_a_rule_that_is_always_late_is_switched_off(tmp_path: Path) -> None:
    write_rule(tmp_path, "slow", GOOD, python=PRINTS)
    detector = Structure(matcher_of, [tmp_path], limit_s=0.0)
    for _ in range(MOST_LATE + 1):
        assert detector.inspect(source_of("print(1)\n")) == []
    (problem,) = detector.problems
    assert "slow" in problem


def test_documents_not_fit_to_inspect_and_unknown_languages_are_skipped() -> None:
    detector: Detector = structure()
    for text, language_id in (
        ("MOVE 1 TO X", "cobol"),
        ("\0\1", "python"),
        ("x == x\n" * 500_000, "python"),
        ("", "go"),
    ):
        assert detector.inspect(source_of(text, language_id)) == []


def test_a_tree_older_than_the_text_is_not_used() -> None:
    old, new = source_of("a.b == a.b\n"), source_of("\n\na.b == a.b\n")
    stale = View(new.snapshot, None)
    assert old.syntax is not None
    assert [finding.line for finding in structure().inspect(stale)] == [2]


@pytest.mark.parametrize("language_id", ["python", "javascript", "typescript", "rust", "go", "java", "c"])
def test_no_text_breaks_a_rule(language_id: str) -> None:
    rng = random.Random(11)
    texts = [text for _, language, wrong, right in CASES if language == language_id for text in (wrong, right)]
    detector = structure()
    for _ in range(40):
        text = "".join(rng.sample(texts, 3))
        at = rng.randrange(len(text))
        noise = "".join(rng.choice("(){}[]:;=<>\"'\\\n\r\t \0é😀\ud800") for _ in range(rng.randrange(8)))
        for made in (text[:at] + noise + text[at + rng.randrange(20) :], noise, text[at:]):
            for finding in detector.inspect(source_of(made, language_id)):
                assert 0 <= finding.line < made.count("\n") + made.count("\r") + 1
    assert detector.problems == []
