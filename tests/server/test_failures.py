"""Failing tests: read from what runners print, said in one sentence, with a cause only where something points to it."""

from pathlib import Path

import pytest

from duologue_server.link.messages import Offer
from duologue_server.options import Options
from duologue_server.replay.feed import feed
from duologue_server.suggest.failures import spoken_name
from duologue_server.suggest.reports import MOST_FAILURES, Failure, as_given, failures_in, listed_in
from duologue_server.trace.folder import Event
from support.desk import Desk
from support.workbench import STORE, TESTS, Workbench

PRINTED = Path(__file__).parents[1] / "data" / "test_output"
STORE_TEXT = """def load(path):
    rows = path.split(",")
    return rows


def save(path):
    return len(path)


def total(rows):
    return sum(rows)
"""
TEST_TEXT = """from store import load, save


def test_load():
    assert load("a,b") == ["a", "b"]


def test_empty():
    assert load("") == [""]


def test_length():
    assert save("abc") == 3
"""


def failing(name: str, line: int | None = None, message: str = "", uri: str | None = TESTS) -> dict[str, object]:
    made: dict[str, object] = {"name": name, "message": message}
    return made | ({} if line is None else {"line": line}) | ({} if uri is None else {"uri": uri})


def bench(both: bool = True, options: Options | None = None) -> Workbench:
    made = Workbench(options)
    if both:
        made.open(TEST_TEXT, TESTS)
    made.open(STORE_TEXT)
    return made


def ran(made: Workbench, *failures: dict[str, object], message: str = "", passed: int = 1) -> list[str]:
    """What is said after a run in which those failed."""
    made.workspace.tests(passed, len(failures), message, failures)
    made.later(0.1)
    return made.waiting("tests")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "pytest_long",
            [
                ("TestLoad::test_first", "tests/test_store.py", 7),
                ("TestLoad::test_many[2]", "tests/test_store.py", 11),
                ("test_uses", "tests/test_store.py", 20),
            ],
        ),
        (
            "pytest_short",
            [
                ("TestLoad::test_first", "tests/test_store.py", 7),
                ("TestLoad::test_many[2]", "tests/test_store.py", 11),
                ("test_uses", "tests/test_store.py", 20),
            ],
        ),
        (
            "pytest_no",
            [
                ("TestLoad::test_first", "tests/test_store.py", None),
                ("TestLoad::test_many[2]", "tests/test_store.py", None),
                ("test_uses", "tests/test_store.py", None),
            ],
        ),
        (
            "unittest",
            [
                ("test_load", "/home/ann/shop/tests/unit_store.py", 7),
                ("test_other", "/home/ann/shop/tests/unit_store.py", 10),
            ],
        ),
        ("cargo", [("tests::adds", "src/lib.rs", 16), ("tests::loads", "src/lib.rs", 2)]),
        ("go", [("TestLoad", "store_test.go", 11), ("TestSave/empty_path", "store_test.go", 30)]),
        ("go_short", [("TestHelloEmpty", "greetings_test.go", 14)]),
        (
            "node",
            [("loads the file", "/home/ann/shop/store.test.mjs", 2), ("inner", "/home/ann/shop/store.test.mjs", 3)],
        ),
        ("jest", [("Store › loads the file", "src/store.test.js", 11), ("adds", "src/store.test.js", 19)]),
        ("vitest", [("Store > loads the file", "src/store.test.ts", 11)]),
    ],
)
def test_what_runners_print(file: str, expected: list[tuple[str, str, int | None]]) -> None:
    printed = (PRINTED / f"{file}.txt").read_text("utf-8")
    assert sorted((one.name, one.path, one.line) for one in failures_in(printed)) == sorted(expected)


def test_colours_and_other_line_endings_do_not_matter() -> None:
    printed = (PRINTED / "pytest_short.txt").read_text("utf-8")
    coloured = printed.replace("FAILED ", "\x1b[31mFAILED\x1b[0m ").replace("\n", "\r\n")
    assert failures_in(coloured) == failures_in(printed)


@pytest.mark.parametrize("printed", ["", "3 failed", "make: *** [test] Error 1", "FAILED", "--- FAIL", "● Console"])
def test_what_is_in_no_known_form_names_nothing(printed: str) -> None:
    assert failures_in(printed) == ()


def test_a_traceback_stays_with_its_test() -> None:
    printed = (PRINTED / "pytest_short.txt").read_text("utf-8")
    first = failures_in(printed)[0]
    assert first.message.splitlines()[1:] == ["tests/test_store.py:8: in test_first", "store.py:3: in load"]
    assert first.written == "TestLoad::test_first: IndexError: list index out..."


def test_the_list_of_the_editor_is_read_item_by_item() -> None:
    good, bad = as_given([{"name": "a", "line": 3}, {"line": 3}, 5, {"name": "b", "line": -1}, {"name": "c", "uri": 1}])
    assert good == [Failure("a", line=3)]
    assert [("name" in bad[0]), ("object" in bad[1]), ("line" in bad[2]), ("uri" in bad[3])] == [True] * 4
    assert len(as_given([{"name": str(n)} for n in range(1000)])[0]) == MOST_FAILURES


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tests/test_store.py::TestStore::test_load[a-1]", "test_load"),
        ("Store › loads the file", "the test loads the file"),
        ("TestSave/empty_path", "the test empty path"),
        ("tests::adds", "adds"),
        ("works for {x} => y", ""),
    ],
)
def test_names_as_they_are_said(name: str, said: str) -> None:
    assert spoken_name(name) == said


def test_a_failing_test_names_its_line_and_the_change_that_its_text_points_to() -> None:
    made = bench()
    made.workspace.tests(3, 0, "")
    made.replace('path.split(",")', 'path.split(";")')
    assert ran(made, failing("test_load", 4)) == [
        "In test_load, line 5: this test fails, probably since you changed load."
    ]
    assert made.offered() == ["In test_load, line 5: this test fails, probably since you changed load."]


def test_no_cause_is_named_when_nothing_points_to_what_was_changed() -> None:
    made = bench()
    made.replace("sum(rows)", "sum(rows) + 1")
    assert ran(made, failing("test_load", 4)) == ["In test_load, line 5: this test fails."]


@pytest.mark.parametrize(
    ("message", "because"),
    [
        ("TypeError\nstore.py:11: in total", ", probably since you changed total"),
        ("TypeError in total", ", probably since you changed total"),
        ("TypeError in totally", ""),
        ("TypeError\nother.py:11", ""),
    ],
)
def test_the_traceback_and_the_message_are_evidence(message: str, because: str) -> None:
    made = bench()
    made.replace("sum(rows)", "sum(rows) + 1")
    assert ran(made, failing("test_load", 4, message)) == [f"In test_load, line 5: this test fails{because}."]


def test_a_name_alone_makes_it_a_perhaps() -> None:
    made = bench(both=False)
    made.replace('path.split(",")', 'path.split(";")')
    failure = failing("test_load_of_many", 4)
    assert ran(made, failure) == ["In test_store.py, line 5: test_load_of_many fails, perhaps since you changed load."]


def test_a_change_before_the_last_green_run_is_not_to_blame() -> None:
    made = bench()
    made.replace('path.split(",")', 'path.split(";")')
    made.workspace.tests(3, 0, "")
    made.later(1.0)
    made.replace("sum(rows)", "sum(rows) + 1")
    assert ran(made, failing("test_load", 4)) == ["In test_load, line 5: this test fails."]


def test_a_renamed_function_is_named_with_both_names() -> None:
    made = bench()
    made.replace("def load", "def read")
    assert ran(made, failing("test_load", 4)) == [
        "In test_load, line 5: this test fails, probably since you renamed load to read."
    ]


def test_a_removed_function() -> None:
    made = bench()
    made.replace("\n\ndef save(path):\n    return len(path)\n", "")
    assert ran(made, failing("test_length", 12, "NameError: name 'save' is not defined")) == [
        "In test_length, line 13: this test fails, probably since you removed save."
    ]


def test_a_test_that_was_itself_changed() -> None:
    made = bench()
    made.workspace.tests(3, 0, "")
    made.later(1.0)
    made.replace("== 3", "== 4", TESTS)
    assert ran(made, failing("test_length", 12)) == [
        "In test_length, line 13: this test fails; you changed it since it last passed."
    ]


def test_several_failures_are_one_remark_with_what_they_have_in_common() -> None:
    made = bench()
    made.replace('path.split(",")', 'path.split(";")')
    failures = [failing("test_length", 12), failing("test_load", 4), failing("test_empty", 8)]
    assert ran(made, *failures) == [
        "In test_load, line 5: this test and two others fail, probably since you changed load."
    ]


def test_without_its_file_the_remark_stands_at_the_cause() -> None:
    made = bench(both=False)
    made.replace('path.split(",")', 'path.split(";")')
    printed = "FAILED tests/test_store.py::test_load - AssertionError: assert 3 == 2"
    made.workspace.tests(1, 1, printed)
    made.later(0.1)
    assert made.waiting("tests") == ["In load, line 1: test_load fails, perhaps since you changed this."]
    assert made.workspace.last_tests == (1, 1, printed)


def test_what_a_terminal_showed_is_counted_and_answered_with_its_first_failure() -> None:
    made = bench(both=False)
    made.workspace.tests(0, 1, "pytest ended with code 1\n" + (PRINTED / "pytest_short.txt").read_text("utf-8"))
    assert made.workspace.last_tests == (0, 3, "TestLoad::test_first: IndexError: list index out...")
    made.workspace.tests(0, 1, "make test ended with code 2\nmake: *** [test] Error 1")
    assert made.workspace.last_tests == (0, 1, "make test ended with code 2")
    made.workspace.tests(2, 0, "FAILED tests/test_old.py::test_a - printed by a test of the runner")
    assert (made.workspace.last_tests or ())[:2] == (2, 0)


def test_a_recorded_session_holds_the_failures() -> None:
    desk = Desk()
    desk.session.open(TESTS, "python", 1, TEST_TEXT)
    desk.later(1.0)
    message = listed_in("one failed", [failing("test_load", 4), {"no": 1}])
    feed(desk.session, Event(1.0, "tests", {"passed": 0, "failed": 1, "message": message}))
    desk.later(0.5)
    assert [offer.text for offer in desk.of(Offer)] == ["In test_load, line 5: this test fails."]


def test_a_test_of_which_nothing_is_known_makes_no_remark() -> None:
    assert ran(bench(both=False), failing("test_load", uri=None)) == []
    assert ran(bench(), message="npm test ended with code 1") == []


def test_the_next_green_run_counts_as_fixed_and_a_red_one_replaces() -> None:
    made = bench()
    assert len(ran(made, failing("test_load", 4))) == 1
    assert ran(made, failing("test_length", 12)) == ["In test_length, line 13: this test fails."]
    assert made.changes[-1].why == "it is no longer found" or made.changes[-2].why == "it is no longer found"
    made.workspace.tests(3, 0, "")
    assert made.waiting("tests") == []


def test_a_failing_test_in_a_file_that_is_not_open_is_named_with_its_file() -> None:
    made = bench()
    assert ran(made, failing("test_more", 6, uri="file:///home/ann/shop/tests/test_more.py")) == [
        "In test_more.py, line 7: test_more fails."
    ]


def test_they_go_with_what_the_editor_reports() -> None:
    made = bench(options=Options(detectors=("structure",)))
    assert ran(made, failing("test_load", 4)) == []


def test_code_is_never_said() -> None:
    made = bench()
    made.replace('path.split(",")', 'path.split(";")')
    (text,) = ran(made, failing("loads {path} => [rows]", 4, 'assert load("a,b") == ["a"] ' * 50))
    assert text == "In test_load, line 5: a test fails, probably since you changed load."


def test_a_cause_in_another_language() -> None:
    made = Workbench()
    uri, tests = "file:///shop/src/store.ts", "file:///shop/src/store.test.ts"
    made.open("export function load(path: string) {\n  return path.length;\n}\n", uri, "typescript")
    made.open("test('loads the file', () => {\n  expect(load('a')).toBe(1);\n});\n", tests, "typescript")
    made.replace("path.length", "path.length + 1", uri)
    assert ran(made, failing("loads the file", 1, "expected 2 to be 1\nsrc/store.ts:2", tests)) == [
        "Line 2: the test loads the file fails, probably since you changed load."
    ]
    assert STORE not in str(made.changes)
