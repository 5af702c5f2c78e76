"""Syntax: where am I, what is here, is the statement finished; incremental, off the key path."""

import random

import pytest

from duologue_server.context.documents import Documents, TextChange
from duologue_server.context.languages import LANGUAGES
from duologue_server.context.positions import Position, Range
from duologue_server.context.trees import Syntax, Trees, parse
from duologue_server.context.view import View

URI = "file:///store"

PYTHON = '''import os

LIMIT = 3


class Store(Base):
    """Doc."""

    @property
    def load(self, path):
        def inner():
            return "é" + path

        return self.cursor.fetch(path)

<indent>
def main():
    x = 1
'''.replace("<indent>", "    ")
RUST = "impl<T> Page<T> {\n    fn go(&self) -> u8 {\n        1\n    }\n}\nfn main() {}\nconst TOP: u8 = 1;\n"
GO = "package main\n\ntype Store struct{ a int }\n\nfunc (s *Store) Run() error {\n\treturn nil\n}\n"
JAVASCRIPT = "class Queue {\n  push(item) {\n    const done = () => {\n      item;\n    };\n  }\n}\n"
TYPESCRIPT = (
    "interface Shape { area(): number }\nenum Side { Left }\nconst area = (a: number): number => {\n  return a;\n};\n"
)
TSX = "const App = () => {\n  return <div className='x'>{title}</div>;\n};\n"


def syntax_of(language_id: str, text: str) -> Syntax:
    syntax = parse(Documents().open(URI, language_id, 1, text).snapshot())
    assert syntax is not None
    return syntax


def check(language_id: str, text: str, line: int, character: int, scopes: str) -> None:
    """`scopes` from the innermost outwards, as `kind name, kind name`."""
    found = syntax_of(language_id, text).scope_at(Position(line, character))
    assert ", ".join(f"{scope.kind} {scope.name}" for scope in found) == scopes


def test_scopes_in_every_language() -> None:
    check("python", PYTHON, 11, 20, "function inner, method load, class Store")
    check("python", PYTHON, 13, 8, "method load, class Store")
    check("python", PYTHON, 0, 3, "")
    check("rust", RUST, 2, 8, "method go, impl Page")
    check("go", GO, 5, 3, "method Run")
    check("javascript", JAVASCRIPT, 3, 8, "function done, method push, class Queue")
    check("javascriptreact", TSX, 1, 5, "function App")
    check("typescript", TYPESCRIPT, 3, 5, "function area")
    check("typescriptreact", TSX, 1, 5, "function App")


def test_a_blank_line_belongs_where_its_indentation_says() -> None:
    check("python", PYTHON, 12, 0, "method load, class Store")
    check("python", PYTHON, 14, 0, "")
    check("python", PYTHON, 15, 4, "class Store")
    check("python", PYTHON, 18, 0, "function main")
    check("python", "def f():\n    ", 1, 4, "function f")


def test_symbols_and_the_names_for_the_ear() -> None:
    syntax = syntax_of("python", PYTHON)
    assert [(symbol.name, symbol.kind, symbol.line) for symbol in syntax.symbols()] == [
        ("LIMIT", "constant", 2),
        ("Store", "class", 5),
        ("load", "method", 9),
        ("inner", "function", 10),
        ("main", "function", 16),
    ]
    names = syntax.identifiers(8, near=Position(13, 0))
    assert names[:5] == ("LIMIT", "Store", "load", "inner", "main")
    assert "path" in names[5:]
    assert len(names) == 8
    assert {"Shape", "Side", "area"} <= set(syntax_of("typescript", TYPESCRIPT).identifiers(20))


def test_names_of_a_large_document_are_read_in_windows_each_once() -> None:
    text = "".join(f"def function_{number}(argument):\n    return argument\n\n" for number in range(3000))
    symbols = syntax_of("python", text).symbols()
    assert [symbol.name for symbol in symbols] == [f"function_{number}" for number in range(3000)]


def test_names_for_the_ear_come_from_around_the_cursor() -> None:
    text = "".join(f"def function_{number}(argument):\n    return argument\n\n" for number in range(6000))
    names = syntax_of("python", text).identifiers(100_000, near=Position(9000, 0))
    assert {"function_3000", "argument"} <= set(names)
    assert not {"function_0", "function_5999"} & set(names)


def test_the_piece_under_the_cursor_in_the_editors_units() -> None:
    piece = syntax_of("python", "x = '😀' + cursor\n").piece_at(Position(0, 12))
    assert piece is not None
    assert (piece.text, piece.kind, piece.range) == ("cursor", "identifier", Range(Position(0, 11), Position(0, 17)))
    assert syntax_of("python", PYTHON).node_text(Position(13, 21)) == "cursor"


@pytest.mark.parametrize(
    ("language_id", "text", "complete"),
    [
        ("python", "x = |", False),
        ("python", "x = 1|\n", True),
        ("python", "def f():|\n", False),
        ("python", "def f():\n    |\n", False),
        ("python", "def f():\n    return 1|\n", True),
        ("python", "call(1,\n    2|\n", False),
        ("python", "call(1,\n    2)|\n", True),
        ("python", "x = self.|\ny = 1\n", False),
        ("python", "# because =|\n", True),
        ("python", "x = 'it ends with ='|\n", True),
        ("python", "x = 'abc|\n", False),
        ("python", "for i in|\n", False),
        ("python", "", True),
        ("rust", "fn main() { let x = 5|\n}", False),
        ("rust", "fn main() { let x = 5;|\n}", True),
        ("go", "package main\nfunc main() { x := |\n}", False),
        ("go", "package main\nfunc main() { i++|\n}", True),
        ("javascript", "const x = |\n", False),
        ("javascript", "const x = 1|\n", True),
        ("typescript", "const f = (a: number) => {|\n", False),
        ("cobol", "MOVE 1 TO X|\n", True),
        ("cobol", "COMPUTE X =|\n", False),
        ("markdown", "This is where they come from.|\n", True),
    ],
)
def test_whether_the_statement_at_the_cursor_is_complete(language_id: str, text: str, complete: bool) -> None:
    before, _, after = text.partition("|")
    snapshot = Documents().open(URI, language_id, 1, before + after).snapshot()
    position = Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
    assert View(snapshot, parse(snapshot)).statement_complete_at(position) == complete


@pytest.mark.parametrize(
    ("language_id", "text"),
    [("cobol", "MOVE 1 TO X"), ("python", "x = 1\n" * 900_000), ("python", "\0\1\2"), ("python", "\ufffd" * 400)],
    ids=["unknown language", "5 MB", "binary", "invalid UTF-8"],
)
def test_what_is_not_parsed_stays_text(language_id: str, text: str) -> None:
    document = Documents().open(URI, language_id, 1, text)
    trees = Trees()
    assert trees.job(document.snapshot()) is None
    assert trees.syntax(URI) is None
    view = View(document.snapshot())
    assert view.scopes_at(Position(0, 0)) == ()
    assert view.line_text(0) == text.split("\n")[0]


def test_a_document_of_fifty_thousand_lines_has_a_tree_and_no_detectors() -> None:
    text = "".join(f"def function_{number}(argument):\n    return argument\n" for number in range(25_000))
    documents, trees = Documents(), Trees()
    document = documents.open(URI, "python", 1, text)
    job = trees.job(document.snapshot())
    assert job is not None
    assert trees.finish(job, job.run())
    view = View(document.snapshot(), trees.syntax(URI))
    assert view.scope_name(40_001) == "function_20000"
    assert not view.fit_to_inspect


def test_a_few_replacement_characters_and_lone_surrogates_are_parsed() -> None:
    syntax = syntax_of("python", "def caf\ufffd(): pass\ndef g():\n    return '\ud800'\n")
    assert syntax.symbols()[-1].name == "g"


def test_lone_carriage_returns_end_lines_for_the_parser_too() -> None:
    assert [s.line for s in syntax_of("python", "a = 1\rdef f():\r    pass\r\ndef g(): pass\n").symbols()] == [0, 1, 3]


def test_one_parse_at_a_time_and_the_latest_text_next() -> None:
    documents, trees = Documents(), Trees()
    document = documents.open(URI, "python", 1, "def a(): pass\n")
    first = trees.job(document.snapshot())
    assert first is not None

    def type_name(name: str, version: int) -> None:
        end = len(document.line_text(0)) - 8
        change = TextChange(Range(Position(0, 4), Position(0, end)), name)
        trees.edited(documents.change(URI, version, [change]))

    type_name("ab", 2)
    assert trees.job(document.snapshot()) is None, "one is under way"
    type_name("abc", 3)
    assert trees.finish(first, first.run())
    syntax = trees.syntax(URI)
    assert syntax is not None
    assert syntax.symbols()[0].name == "a"
    second = trees.job(document.snapshot())
    assert second is not None
    assert trees.finish(second, second.run())
    syntax = trees.syntax(URI)
    assert syntax is not None
    assert (syntax.symbols()[0].name, syntax.snapshot.version) == ("abc", 3)
    assert trees.job(document.snapshot()) is None, "nothing is new"


def test_a_thousand_changes_between_two_parses() -> None:
    documents, trees = Documents(), Trees()
    document = documents.open(URI, "python", 0, "def a():\n    pass\n" * 100)
    for number in range(1000):
        job = trees.job(document.snapshot()) if number % 400 == 0 else None
        at = Position(number % 200, 0)
        trees.edited(documents.change(URI, number + 1, [TextChange(Range(at, at), "#")]))
        if job is not None:
            assert trees.finish(job, job.run())
    job = trees.job(document.snapshot())
    assert job is not None
    assert trees.finish(job, job.run())
    syntax, fresh = trees.syntax(URI), parse(document.snapshot())
    assert syntax is not None
    assert fresh is not None
    assert str(syntax.tree.root_node) == str(fresh.tree.root_node)


def test_a_parse_of_a_closed_document_ends_and_is_forgotten() -> None:
    trees = Trees()
    job = trees.job(Documents().open(URI, "python", 1, PYTHON).snapshot())
    assert job is not None
    trees.close(URI)
    assert job.run() is None
    assert not trees.finish(job, None)


def test_a_parse_that_failed_is_not_tried_again_until_the_text_changes() -> None:
    documents, trees = Documents(), Trees()
    document = documents.open(URI, "python", 1, PYTHON)
    job = trees.job(document.snapshot())
    assert job is not None
    assert not trees.finish(job, ImportError("no grammar"))
    assert trees.job(document.snapshot()) is None
    trees.edited(documents.change(URI, 2, [TextChange(None, "x = 1\n")]))
    assert trees.job(document.snapshot()) is not None


@pytest.mark.parametrize("language_id", ["python", "rust", "typescript"])
def test_incremental_trees_equal_fresh_ones(language_id: str) -> None:
    rng = random.Random(language_id)
    start = {"python": PYTHON, "rust": RUST, "typescript": TYPESCRIPT}[language_id]
    pieces = ["x", " ", "(", ")", "\n", "\r\n", "é", "😀", "def ", "fn a() {}\n", "{", "}", "'", "    ", "# c\n", "\r"]
    documents, trees = Documents(), Trees()
    document = documents.open(URI, language_id, 1, start)
    for version in range(2, 160):
        snapshot = document.snapshot()
        line = rng.randrange(len(snapshot.lines))
        end = Position(line, rng.randint(0, len(snapshot.line_text(line))))
        begin = Position(line, max(0, end.character - rng.choice([0, 0, 1, 5])))
        trees.edited(documents.change(URI, version, [TextChange(Range(begin, end), rng.choice(pieces))]))
        if rng.random() < 0.6:  # some edits are parsed together
            continue
        job = trees.job(document.snapshot())
        assert job is not None
        assert trees.finish(job, job.run())
        syntax, fresh = trees.syntax(URI), parse(document.snapshot())
        assert syntax is not None
        assert fresh is not None
        assert syntax.data == fresh.data
        assert syntax.tree.root_node.end_point == fresh.tree.root_node.end_point
        if not fresh.tree.root_node.has_error:
            assert str(syntax.tree.root_node) == str(fresh.tree.root_node)
        if version % 40 == 0:
            trees.edited(documents.change(URI, version, [TextChange(None, start)]))


def test_every_announced_language_has_its_grammar_and_queries() -> None:
    for language_id in LANGUAGES:
        assert syntax_of(language_id, "\n").symbols() == []
