"""What the user is reminded of on coming back: what was under way, only while it is true."""

import pytest

from duologue_server.context.documents import TextChange
from duologue_server.options import Options
from duologue_server.suggest.agenda import IDLE_S
from support.workbench import STORE, Workbench

PRICES = """def bill(prices):
    total = sum(prices)
    if total > 100:
        total_text = "much"
        return total - 10, total_text
    return total


def save(path):
    return write(path)
"""
AWAY_S = IDLE_S + 30


def bench(text: str = PRICES, language_id: str = "python", uri: str = STORE) -> Workbench:
    made = Workbench(Options(detectors=("structure",)))
    made.open(text, uri, language_id)
    made.workspace.keys(1)
    return made


def test_uses_of_an_old_name_that_are_left() -> None:
    made = bench()
    made.replace("total = sum", "amount = sum")
    made.back_after(AWAY_S)
    reminder = "In bill, line 3: you were renaming total to amount, and three uses of total are left."
    assert made.waiting("memory") == [reminder]
    assert made.offered() == [reminder]


def test_before_five_minutes_nothing_is_said() -> None:
    made = bench()
    made.replace("total = sum", "amount = sum")
    made.back_after(IDLE_S - 30)
    assert made.waiting("memory") == []


def test_the_first_key_of_all_is_no_return() -> None:
    made = Workbench()
    made.open(PRICES)
    made.later(AWAY_S)
    made.workspace.keys(1)
    made.later(0.1)
    assert made.waiting("memory") == []


def test_a_finished_rename_is_not_spoken_of() -> None:
    made = bench()
    made.replace("total = sum", "amount = sum")
    made.replace("if total > 100", "if amount > 100")
    made.replace("return total - 10", "return amount - 10")
    made.replace("    return total\n", "    return amount\n")
    made.back_after(AWAY_S)
    assert made.waiting("memory") == []


def test_it_goes_when_the_last_use_is_gone_and_counts_along_until_then() -> None:
    made = bench()
    made.replace("total = sum", "amount = sum")
    made.replace("if total > 100", "if amount > 100")
    made.back_after(AWAY_S)
    assert len(made.waiting("memory")) == 1
    made.replace("    return total\n", "    return amount\n")
    assert made.waiting("memory") == [
        "In bill, line 5: you were renaming total to amount, and one use of total is left."
    ]
    made.replace("return total - 10", "return amount - 10")
    assert made.waiting("memory") == []


def test_a_name_that_still_has_a_value_was_not_renamed() -> None:
    made = bench(PRICES.replace("    return total\n", "    total = 3\n    return total\n"))
    made.replace("total = sum", "amount = sum")
    made.back_after(AWAY_S)
    assert made.waiting("memory") == []


@pytest.mark.parametrize(
    ("text", "old", "new", "reminder"),
    [
        (
            "def load(path):\n    return open(path)\n\n\nprint(load(1))\n# load it\n",
            "def load",
            "def read",
            "Line 5: you were renaming load to read, and one use of load is left.",
        ),
        (
            "class A:\n    def load(self):\n        return 1\n\n    def go(self):\n        self.load() + b.load()\n",
            "def load",
            "def read",
            "In go, line 6: you were renaming load to read, and one use of load is left.",
        ),
        (
            "def f(path, mode):\n    return open(path, mode, path=1)\n",
            "def f(path, mode)",
            "def f(file, mode)",
            "In f, line 2: you were renaming path to file, and one use of path is left.",
        ),
        ("def load(path):\n    return 1\n\n\nprint(a.load(1))\n", "def load", "def read", ""),
        ("class A:\n    def get(self):\n        return 1\n\n\nd = {}\nd.get(1)\n", "def get", "def take", ""),
        ("def f(a):\n    n = 1\n    return n\n", "n = 1", "m = 1", ""),
        ('def f():\n    total = 1\n    return "total", {"total": 1}\n', "total = 1", "amount = 1", ""),
    ],
)
def test_renames_of_functions_methods_and_parameters(text: str, old: str, new: str, reminder: str) -> None:
    made = bench(text)
    made.replace(old, new)
    made.back_after(AWAY_S)
    assert made.waiting("memory") == ([reminder] if reminder else [])


@pytest.mark.parametrize(
    ("language_id", "text", "old", "new"),
    [
        ("javascript", "function f() {\n  const total = 1;\n  return total;\n}\n", "const total", "const amount"),
        (
            "typescript",
            "function f(): number {\n  let total: number = 1;\n  return total;\n}\n",
            "let total",
            "let amount",
        ),
        ("rust", "fn f() -> u8 {\n    let mut total: u8 = 1;\n    total\n}\n", "mut total", "mut amount"),
        ("go", "package a\n\nfunc f() int {\n\ttotal := 1\n\treturn total\n}\n", "total :=", "amount :="),
        ("java", "class A {\n  int f() {\n    int total = 1;\n    return total;\n  }\n}\n", "int total", "int amount"),
        ("c", "int f() {\n  int total = 1;\n  return total;\n}\n", "int total", "int amount"),
        ("cpp", "int f() {\n  auto total = 1;\n  return total;\n}\n", "auto total", "auto amount"),
        ("ruby", "def f\n  total = 1\n  total + 1\nend\n", "total = 1", "amount = 1"),
        ("lua", "function f()\n  local total = 1\n  return total\nend\n", "local total", "local amount"),
    ],
)
def test_variables_in_every_language(language_id: str, text: str, old: str, new: str) -> None:
    made = bench(text, language_id)
    made.replace(old, new)
    made.back_after(AWAY_S)
    (told,) = made.waiting("memory")
    assert told.endswith(": you were renaming total to amount, and one use of total is left.")


def test_uses_in_other_open_files_of_the_language_are_named_with_their_file() -> None:
    made = bench("def load(path):\n    return 1\n")
    made.open("from store import load\n\nprint(load(1))\n", "file:///home/ann/shop/app.py")
    made.open("load is a word here\n", "file:///home/ann/shop/notes.txt", "plaintext")
    made.replace("def load", "def read")
    made.back_after(AWAY_S)
    assert made.waiting("memory") == [
        "In app.py, line 1: you were renaming load to read, and two uses of load are left."
    ]


def test_a_statement_that_nobody_finished() -> None:
    made = bench()
    made.replace("    return write(path)\n", "    data = encode(path,\n    return write(path)\n")
    made.back_after(AWAY_S)
    assert made.waiting("memory") == ["In save, line 10: you stopped in the middle of this statement."]
    made.replace("encode(path,\n", "encode(path)\n")
    assert made.waiting("memory") == []


@pytest.mark.parametrize(
    ("language_id", "text", "added"),
    [
        ("python", "X = 1\n", "\n\ndef load(path):\n    pass\n"),
        ("javascript", "let x = 1;\n", "\nfunction load(path) {\n}\n"),
        ("typescript", "let x = 1;\n", "\nfunction load(path: string): void {\n}\n"),
        ("rust", "const X: u8 = 1;\n", "\nfn load(path: &str) {\n}\n"),
        ("go", "package a\n", "\nfunc load(path string) {\n}\n"),
        ("ruby", "X = 1\n", "\ndef load(path)\nend\n"),
    ],
)
def test_a_new_function_that_is_still_empty(language_id: str, text: str, added: str) -> None:
    made = bench(text, language_id)
    made.replace(text, text + added)
    made.back_after(AWAY_S)
    (told,) = made.waiting("memory")
    assert told.endswith(": you had begun load, and it is still empty.")


def test_a_new_function_that_is_whole_is_not_spoken_of() -> None:
    made = bench()
    made.replace("def save", "def load(path):\n    return read(path)\n\n\ndef save")
    made.back_after(AWAY_S)
    assert made.waiting("memory") == []


def test_prose_and_what_never_parsed_have_no_unfinished_statements() -> None:
    made = bench("one thing,\n", "plaintext", "file:///home/ann/notes.txt")
    made.workspace.change("file:///home/ann/notes.txt", 2, [TextChange(None, "one thing,\nand another,\n")])
    made.back_after(AWAY_S)
    assert made.waiting("memory") == []
    made = bench("MACRO(int x\n\nint f() {\n  return 1;\n}\n", "cpp")
    made.replace("return 1", "return 2")
    made.back_after(AWAY_S)
    assert made.waiting("memory") == []


def test_a_function_that_is_meant_to_be_empty() -> None:
    made = bench("let x = 1;\n", "javascript")
    made.replace("let x = 1;\n", "let x = 1;\n\nfunction noop() {\n}\n")
    made.back_after(AWAY_S)
    assert made.waiting("memory") == []


def test_what_was_changed_long_before_the_break_is_not_brought_up() -> None:
    made = bench()
    made.replace("total = sum", "amount = sum")
    for _ in range(20):
        made.later(60.0)
        made.workspace.keys(1)
    made.back_after(AWAY_S)
    assert made.waiting("memory") == []


def test_nothing_was_done_and_nothing_is_said() -> None:
    made = bench()
    made.back_after(AWAY_S)
    assert made.waiting("memory") == []


def test_with_the_rules_of_shape_off_nothing_is_brought_up() -> None:
    made = Workbench(Options(detectors=("ruff",)))
    made.open(PRICES)
    made.workspace.keys(1)
    made.replace("total = sum", "amount = sum")
    made.back_after(AWAY_S)
    assert made.waiting("memory") == []
