"""What was changed, where names are defined and used, and how the user types."""

import random

import pytest

from duologue_server.context.documents import Documents, TextChange
from duologue_server.context.nearby import describe, known_names
from duologue_server.context.positions import Position, Range
from duologue_server.context.rhythm import Rhythm
from duologue_server.context.trees import parse
from duologue_server.context.view import View
from support.edited_document import CODE, URI, Desk


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ([("load(self, path)", "load(self, path, mode)")], "added the parameter mode to load"),
        (
            [("load(self, path)", "load(self, path, mode)"), ("read(path)", "read(path, mode)")],
            "changed load and added the parameter mode",
        ),
        ([("save(self, path)", "save(self)")], "removed the parameter path of save"),
        ([("save(self, path)", "save(self, file)")], "renamed the parameter path of save to file"),
        ([("def main", "def start")], "renamed the function main to start"),
        ([("import os\n", "import os\nimport json\n")], "added the import json"),
        ([("    print(Store())\n", "    print(Store())\n\n\ndef stop():\n    pass\n")], "added the function stop"),
        ([("\n    def save(self, path):\n        return write(path)\n", "")], "removed the method save"),
        ([("        return data", "        # all of it\n        return data")], "wrote a comment in load"),
        ([("return write(path)", "return write(path, 1)")], "changed a line in save"),
        ([("LIMIT = 3", "LIMIT = 4")], "changed a line near line 3"),
        ([("LIMIT = 3", "LIMIT = 4"), ("LIMIT = 4", "LIMIT = 3")], ""),
        (
            [("LIMIT = 3", "LIMIT = 4"), ("return write(path)", "return write(path, 1)")],
            "changed a line in save; changed a line near line 3",
        ),
    ],
)
def test_changes_as_a_person_tells_them(edits: list[tuple[str, str]], told: str) -> None:
    desk = Desk()
    for old, new in edits:
        desk.replace(old, new)
    assert desk.told() == told


def test_key_by_key_it_is_one_change() -> None:
    desk = Desk()
    typed = "load(self, path"
    for letter in ", mode=None":
        desk.replace(typed + ")", typed + letter + ")", 0.1)
        typed += letter
    assert desk.told() == "added the parameter mode to load"


def test_what_is_long_ago_is_not_told() -> None:
    desk = Desk()
    desk.replace("LIMIT = 3", "LIMIT = 4")
    desk.replace("return data", "return dict(data)", 400.0)
    assert desk.told() == "changed a line in load"
    desk.now_s += 400.0
    assert desk.told() == ""


@pytest.mark.parametrize(
    ("language_id", "text", "old", "new", "told"),
    [
        ("java", "class A {\n  int f(int a) {\n    return a;\n  }\n}\n", "int a)", "int a, String b)", "b to f"),
        ("c", "int *f(int a) {\n  return 0;\n}\n", "int a)", "int a, char *b)", "b to f"),
        ("cpp", "int A::f(int a) {\n  return 0;\n}\n", "int a)", "int a, std::vector<T>& b)", "b to f"),
        ("go", "package a\n\nfunc f(a int) {\n}\n", "a int)", "a, b int)", "b to f"),
        ("rust", "fn f(a: u8) {\n}\n", "a: u8)", "a: u8, mut b: &str)", "b to f"),
        ("typescript", "const f = (a: number) => {\n};\n", "a: number)", "a: number, b?: string)", "b to f"),
        ("javascript", "function f(a) {\n}\n", "(a)", "(a, b = 1)", "b to f"),
        ("ruby", "def f(a)\nend\n", "(a)", "(a, b: 1)", "b to f"),
        ("lua", "function M.f(a)\nend\n", "(a)", "(a, b)", "b to f"),
    ],
)
def test_parameters_in_every_language(language_id: str, text: str, old: str, new: str, told: str) -> None:
    desk = Desk(text, language_id)
    desk.replace(old, new)
    assert desk.told() == f"added the parameter {told}"


def test_without_a_grammar_lines_are_told() -> None:
    desk = Desk("one\ntwo\nthree\n", "cobol")
    desk.replace("two", "2\n2")
    assert desk.told() == "changed 2 lines near line 2"


def test_random_changes_keep_the_regions_true() -> None:
    """Outside of the regions, the text of the checkpoint and the text of now are the same."""
    rng = random.Random(5)
    desk = Desk("".join(f"line {n}\n" for n in range(60)), "cobol")
    for _ in range(300):
        lines = desk.document.line_count
        first = rng.randrange(lines)
        last = min(lines - 1, first + rng.choice([0, 0, 0, 1, 5]))
        new = "".join(f"new {rng.random()}\n" for _ in range(rng.choice([0, 1, 1, 3])))
        desk.recent.before_change(desk.document, None, 1.0)
        change = TextChange(Range(Position(first, 0), Position(last, 0)), new)
        desk.recent.changed(desk.documents.change(URI, None, [change]), 1.0)
        checkpoint = desk.recent._checkpoints[URI][0]
        rebuilt: list[str] = []
        base = 0
        for region in checkpoint.regions:
            rebuilt += checkpoint.snapshot.lines[base : region.base_line]
            rebuilt += desk.document.snapshot().lines[region.line : region.end]
            base = region.base_end
        rebuilt += checkpoint.snapshot.lines[base:]
        assert "".join(rebuilt) == desk.document.text


def view_of(name: str, language_id: str, text: str) -> View:
    snapshot = Documents().open(f"file:///shop/{name}", language_id, 1, text).snapshot()
    return View(snapshot, parse(snapshot))


def test_where_a_name_is_defined_and_used() -> None:
    store = view_of("store.py", "python", CODE)
    other = view_of("main.py", "python", "from store import Store\n\nshop = Store()\nshop.load('x')\n")
    cursor = Position(15, 12)
    known = known_names(store, cursor, [other])
    assert [item.name for item in known] == ["Store"]
    assert describe(known[0]) == "Store is defined in line 6, used in main.py."
    load = known_names(other, Position(3, 6), [store])
    assert describe(load[0]) == "load is defined in line 7 of store.py, in Store."
    assert describe(load[1]) == "shop is defined in line 3."


@pytest.mark.parametrize(
    ("language_id", "text", "line"),
    [
        ("rust", "fn load(a: u8) {}\nfn main() {\n    load(1);\n}\n", 2),
        ("go", "package a\nfunc load() {}\nfunc main() {\n\tload()\n}\n", 3),
        ("java", "class A {\n  static int load() {\n    return 1;\n  }\n  int b = load();\n}\n", 4),
        ("cpp", "int load() { return 1; }\nint main() { return load(); }\n", 1),
        ("ruby", "def load\nend\nload\n", 2),
        ("lua", "local function load() end\nload()\n", 1),
        ("shellscript", "load() {\n  :\n}\nload\n", 3),
        ("typescript", "const load = () => {\n};\nload();\n", 2),
    ],
)
def test_definitions_in_every_language(language_id: str, text: str, line: int) -> None:
    view = view_of("a", language_id, text)
    cursor = Position(line, view.line_text(line).index("load"))
    known = {item.name: item for item in known_names(view, cursor)}["load"]
    assert "load" in text.split("\n")[known.defined[0].line]
    assert known.defined[0].line < line


def test_the_rhythm_of_typing() -> None:
    rhythm = Rhythm()
    assert (rhythm.state(0.0), rhythm.describe(0.0)) == ("unknown", "")
    now_s = 0.0
    for _ in range(5):
        for _ in range(10):
            now_s += 0.2
            rhythm.keyed(now_s)
        now_s += 4.0
    assert rhythm.usual_pause_s() == pytest.approx(4.2)
    last_s = now_s - 4.0
    assert (rhythm.state(last_s + 0.5), rhythm.describe(last_s + 0.5)) == ("typing", "The user is typing.")
    assert not rhythm.pause_is_long(last_s + 3.0)
    assert rhythm.pause_is_long(last_s + 6.0)
    assert rhythm.describe(last_s + 6.0) == "The user has paused for 6 seconds after a short burst of typing."
    assert rhythm.describe(last_s + 60.0) == "The user has not typed for 60 seconds."
    assert rhythm.describe(last_s + 600.0) == "The user has not typed for 10 minutes."
    assert rhythm.state(last_s + 600.0) == "away"
