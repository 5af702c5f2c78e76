"""What a structural rule would put in the place of what it found, is right by its own measure."""

import pytest

from duologue_server.context.matching import matcher_of
from duologue_server.suggest.structure.detector import Structure
from duologue_server.suggest.structure.rules import OWN, BadRule, load_rules, read_rule
from support.rule_cases import CASES
from support.source import source_of

RULES = {rule.id: rule for rule in load_rules([OWN])[0]}
MENDING = [
    case for case in CASES if RULES[case[0]].fix.get(case[1].removesuffix("react"), RULES[case[0]].fix.get("any"))
]


@pytest.mark.parametrize(("rule", "language_id", "wrong", "right"), MENDING, ids=[f"{c[0]}-{c[1]}" for c in MENDING])
def test_a_fix_leaves_nothing_to_find_and_code_that_parses(rule: str, language_id: str, wrong: str, right: str) -> None:
    text, before = wrong, 100
    for _ in range(10):
        detector = Structure(matcher_of, [OWN], limit_s=60.0)
        source = source_of(text, language_id, "store")
        detector.inspect(source_of("", language_id, "store"))
        trigger = RULES[rule].trigger(language_id)
        found = [finding for finding in detector.inspect(source) if finding.trigger == trigger]
        assert len(found) < before, text
        before = len(found)
        tree = matcher_of(source)
        assert tree is not None
        assert not tree.root.has_error
        if not found:
            break
        fix = found[0].fix
        assert fix is not None
        assert fix.label
        (edit,) = fix.edits
        lines = text.splitlines(keepends=True)
        (line, start, end_line, end) = edit.span
        middle = lines[line][:start] + edit.text + lines[end_line][end:]
        text = "".join([*lines[:line], middle, *lines[end_line + 1 :]])
    assert before == 0
    assert text != wrong


def test_there_are_fixes() -> None:
    assert {case[0] for case in MENDING} >= {"misspelt-name", "missing-await", "index-at-length", "method-not-called"}


@pytest.mark.parametrize(
    ("fix", "says"),
    [
        ('fix = { python = "x" }', "fix and fix_label go together"),
        ('fix_label = "Do it"', "fix and fix_label go together"),
        ('fix = "x"\nfix_label = "Do it"', "must be a table of texts"),
        ('fix = { python = "{" }\nfix_label = "Do it"', "fix has a brace"),
    ],
)
def test_a_fix_that_cannot_be_read_is_named(tmp_path_factory: pytest.TempPathFactory, fix: str, says: str) -> None:
    folder = tmp_path_factory.mktemp("rules") / "no-print"
    folder.mkdir()
    (folder / "python.scm").write_text("(call) @here")
    (folder / "rule.toml").write_text(f'says = "x"\nurgency = 0.5\nconfidence = 0.5\n{fix}\n')
    with pytest.raises(BadRule, match=says):
        read_rule(folder)
