"""What is noticed on its own account: each detector is bounded, and a failure of one hurts no other."""

import pytest

from duologue_server.context.compared import Compared
from duologue_server.options import Options
from duologue_server.session import noticing
from duologue_server.suggest.findings import Finding
from support.edited_document import Desk
from support.workbench import Workbench

CODE = """def load(path):
    return read(path)


class Store:
    def save(self, path):
        return write(path)

    def drop(self):
        return None


LIMIT = 3
"""


def compared(*edits: tuple[str, str]) -> Compared:
    desk = Desk(CODE)
    for old, new in edits:
        desk.replace(old, new)
    return Compared(desk.view, desk.recent.past(desk.uri, 0.0))


@pytest.mark.parametrize(
    ("edits", "touched"),
    [
        ([("read(path)", "read(path, 1)")], [("load", "function", "", "changed")]),
        ([("write(path)", "write(path, 1)")], [("save", "method", "Store", "changed")]),
        ([("def save", "def keep")], [("keep", "method", "Store", "renamed")]),
        ([("LIMIT = 3", "def go():\n    return 1\n")], [("go", "function", "", "added")]),
        ([("def load(path):\n    return read(path)\n", "")], [("load", "function", "", "removed")]),
        ([("        return write(path)\n", "        a()\n        return write(path)\n")], [("save",)]),
        ([("    return read(path)\n", "    # all\n    return read(path)\n")], []),
        ([("LIMIT = 3", "LIMIT = 4")], []),
        ([("class Store", "import os\n\n\nclass Store")], []),
        ([("read(path)", "read(path, 1)"), ("write(path)", "write(1)")], [("save",), ("load",)]),
    ],
)
def test_what_was_touched_the_newest_first(edits: list[tuple[str, str]], touched: list[tuple[str, ...]]) -> None:
    found = [(one.name, one.kind, one.owner, one.how) for one in compared(*edits).touched]
    assert [one[: len(wanted)] for one, wanted in zip(found, touched, strict=True)] == touched


def test_without_a_past_nothing_was_touched() -> None:
    desk = Desk(CODE)
    one = Compared(desk.view, desk.recent.past(desk.uri, 0.0))
    assert (list(one.touched), list(one.renamed), list(one.changed_lines), one.had_line("LIMIT = 3")) == (
        [],
        [],
        [],
        False,
    )


def test_a_name_is_used_where_it_stands_as_a_name() -> None:
    desk = Desk('load = 1\nprint(load, "load", loads)  # load\nx.load()\n')
    assert Compared(desk.view, None).uses("load") == [(0, 0), (1, 6), (2, 2)]


def test_the_text_that_a_definition_had() -> None:
    one = compared(("read(path)", "read(path, 1)"))
    assert one.before("load", "function") == "def load(path):\n    return read(path)\n"
    assert one.before("gone", "function") == ""


def test_one_that_fails_is_switched_off_and_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(documents: object) -> list[Finding]:
        raise RuntimeError("no")

    monkeypatch.setattr(noticing, "done_notes", broken)
    made = Workbench()
    made.open(CODE)
    made.workspace.keys(1)
    made.replace("return read(path)", "return read(path) + 1")
    made.replace("save(self, path)", "save(self, file)")
    assert [text for text in made.warned if "notes" in text] == [
        "the detector 'notes' failed: RuntimeError('no'); it is switched off until the next start"
    ]
    made.back_after(400.0)
    assert len(made.waiting("memory:rename")) == 1


def test_one_that_is_late_three_times_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noticing, "LIMIT_S", -1.0)
    made = Workbench()
    made.open(CODE)
    for number in range(4):
        made.replace("LIMIT = 3", f"LIMIT = 3\nA{number} = 1")
    assert len([text for text in made.warned if "'notes' took longer" in text]) == 1


def test_settings_switch_them_off_with_what_they_found() -> None:
    made = Workbench()
    made.open("def test_load():\n    assert load()\n")
    made.workspace.tests(0, 1, "", [{"name": "test_load"}])
    made.later(0.1)
    assert made.waiting("tests") == ["In test_load, line 1: this test fails."]
    made.workspace.configure(Options(detectors=("structure", "ruff")))
    assert made.waiting("tests") == []


def test_a_closed_document_is_not_looked_at() -> None:
    made = Workbench()
    made.open(CODE)
    made.workspace.keys(1)
    made.replace("def save", "def keep")
    uri = made.workspace.cursor_uri
    assert uri is not None
    made.workspace.close(uri)
    made.back_after(400.0)
    assert made.waiting() == []
    assert made.warned == []
