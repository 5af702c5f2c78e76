"""Planted problems and clean edits: the same ones for the same seed, in files that parse, and honestly counted."""

from pathlib import Path

import pytest

from duologue_server.evaluate.planted import __main__ as command
from duologue_server.evaluate.planted.clean import CLEAN
from duologue_server.evaluate.planted.problems import PROBLEMS
from duologue_server.evaluate.planted.score import make_cases, read_sources, run
from duologue_server.evaluate.planted.text import Source

FOLDER = Path(__file__).parents[1] / "data" / "planted"
STORE = """import os


def load(path, mode, encoding=None):
    size = os.path.getsize(path)
    limit = 100
    if size < limit:
        check(path, mode)
        name = path.strip()
        name = name.strip()
    elif size == limit:
        check(mode, path)
    try:
        return read(path, mode)
    except OSError as error:
        print(error)
    return {"path": path, "mode": mode, "size": size}
"""


def test_the_same_seed_plants_the_same_and_another_seed_something_else() -> None:
    sources = [Source("store.py", "python", STORE)]
    texts = [[case.edited.text for case in make_cases(sources, 8, seed)] for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_every_case_changes_its_file_parses_and_says_where() -> None:
    sources = [Source("store.py", "python", STORE)]
    cases = list(make_cases(sources, 20, 3))
    assert len([case for case in cases if case.planted]) == 20
    assert {case.kind for case in cases if case.planted} <= set(PROBLEMS)
    assert {case.kind for case in cases if not case.planted} <= set(CLEAN)
    for case in cases:
        assert case.edited.text != STORE
        assert case.edited.broken == 0
        before, after = STORE.splitlines(), case.edited.text.splitlines()
        assert before[: case.first_line] == after[: case.first_line]


def test_what_is_found_is_counted_as_found_and_what_is_not_as_missed() -> None:
    sources = [Source("store.py", "python", STORE)]
    result = run(sources, make_cases(sources, 24, 4))
    found = result.recall("kind")
    assert found["self_comparison"][0] == found["self_comparison"][1] > 0
    assert found["wrong_operator"][0] == 0
    assert result.silent_share == 1.0
    assert result.precision >= 0.9
    assert sum(hit for hit, _ in found.values()) == sum(bool(one.hits) for one in result.planted)


def test_the_files_in_the_repository_are_those_that_are_named_and_parse() -> None:
    sources = read_sources(FOLDER)
    listed = (FOLDER / "ATTRIBUTION.md").read_text("utf-8")
    assert {source.language_id for source in sources} >= {"python", "javascript", "typescript", "rust", "go"}
    for source in sources:
        assert f"{source.language_id}/{source.name.partition('_')[0]}_" in listed
        assert source.broken == 0


def test_a_folder_without_files_is_named_with_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["planted", "--sources", str(tmp_path)])
    assert command.main() == 2
    assert "give the folder tests/data/planted" in capsys.readouterr().err


def test_the_report_has_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "store.py.txt").write_text(STORE)
    monkeypatch.setattr("sys.argv", ["planted", "--sources", str(tmp_path), "--many", "4", "--show"])
    assert command.main() == 0
    out = capsys.readouterr().out
    assert "| precision of what is spoken |" in out
    assert "4 planted problems, 4 clean edits, 17 lines" in out
