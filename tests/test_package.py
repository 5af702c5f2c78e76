"""The repository keeps its own promises: caps, the README's tables and commands, no leftovers."""

import ast
import dataclasses
import json
import re
import subprocess
from pathlib import Path

import pytest

from duologue_server.cli import COMMANDS
from duologue_server.options import Options, camel, to_wire
from duologue_server.trace.folder import read_session

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 60
MOST_SETTINGS = 15


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_no_file_holds_two_things() -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for file in tracked("*.py", "*.lua", "*.ts")
        if (lines := len(file.read_text("utf-8").splitlines())) > MOST_FILE_LINES
    }
    assert long == {}


def test_no_function_is_too_long_to_read() -> None:
    long = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
        for file in tracked("server/*.py", "model/*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_FUNCTION_LINES
    ]
    assert long == []


def test_the_readme_names_every_setting_with_its_default_and_no_other() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", README, re.MULTILINE))
    wire = to_wire(Options())
    assert {name: json.loads(default) for name, default in rows.items()} == wire
    assert set(rows) == {camel(field.name) for field in dataclasses.fields(Options)}
    assert len(rows) <= MOST_SETTINGS


def test_the_readme_names_every_command() -> None:
    for command in COMMANDS:
        assert f"duologue {command}" in README, command


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    wanted = set(re.findall(r"\bmake (\w+)", README))
    assert {"demo", "test"} <= wanted
    for target in wanted:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_files_that_the_pages_name_exist() -> None:
    for page in ("README.md", "ARCHITECTURE.md", "examples/README.md", "editors/PROTOCOL.md"):
        text = (ROOT / page).read_text("utf-8")
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            assert ((ROOT / page).parent / link).exists(), f"{page}: {link}"


def test_every_example_session_can_be_replayed() -> None:
    sessions = [file.parent for file in tracked("examples/**/meta.json")]
    assert sessions
    for session in sessions:
        assert read_session(session).events


@pytest.mark.parametrize(
    "left", ["TO" + "DO", "FIX" + "ME", "raise NotImplemented" + "Error", "mark." + "skip", "mark." + "xfail"]
)
def test_nothing_is_left_for_later(left: str) -> None:
    found = [str(file.relative_to(ROOT)) for file in tracked("*.py", "*.lua") if left in file.read_text("utf-8")]
    assert found == []


def test_nothing_large_is_in_the_repository_but_the_weights() -> None:
    most = {".safetensors": 15_000_000}
    large = {
        str(file.relative_to(ROOT)): file.stat().st_size
        for file in tracked()
        if file.stat().st_size > most.get(file.suffix, 2_000_000)
    }
    assert large == {}
