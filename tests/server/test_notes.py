"""Notes of something to do that the change has just done: shown when the evidence is good, silent otherwise."""

import pytest

from duologue_server.options import Options
from duologue_server.suggest.agenda import SPOKEN_URGENCY
from support.workbench import STORE, Workbench

MARK = "TO" + "DO"
OTHER = "FIX" + "ME"


def urgencies(text: str, old: str, new: str, language_id: str = "python") -> list[float]:
    """Of the notes that are held to be done after the change."""
    made = Workbench(Options(detectors=("structure",)))
    made.open(text, STORE, language_id)
    made.replace(old, new)
    made.later(1.0)
    items = made.workspace.agenda.offers(made.clock.now_s())
    return [item.urgency for item in items if item.trigger == "memory:note"]


@pytest.mark.parametrize(
    ("language_id", "text", "old", "new"),
    [
        (
            "python",
            f"def load(path):\n    # {MARK}: retry with a timeout\n    return fetch(path)\n",
            "fetch(path)",
            "retry(fetch, path, timeout=3)",
        ),
        (
            "javascript",
            f"// {MARK}(ann): retry with a timeout\nfunction load(path) {{\n  return fetch(path);\n}}\n",
            "fetch(path)",
            "retry(fetch, path, { timeout: 3 })",
        ),
        (
            "typescript",
            f"/* {OTHER} retry with a timeout */\nfunction load(path: string) {{\n  return fetch(path);\n}}\n",
            "fetch(path)",
            "retry(fetch, path, { timeout: 3 })",
        ),
        (
            "rust",
            f"/// {MARK}: retry with a timeout\nfn load(path: &str) -> u8 {{\n    fetch(path)\n}}\n",
            "fetch(path)",
            "retry(fetch, path, TIMEOUT)",
        ),
        (
            "go",
            f"package a\n\nfunc load(p string) int {{\n\t// {MARK}: retry with a timeout\n\treturn fetch(p)\n}}\n",
            "fetch(p)",
            "retry(fetch, p, timeout)",
        ),
        (
            "java",
            f"class A {{\n  int load(int a) {{\n    // {MARK}: retry with a timeout\n    return fetch(a);\n  }}\n}}\n",
            "fetch(a)",
            "retry(a, timeout)",
        ),
        (
            "c",
            f"int load(int a) {{\n  /* {MARK}: retry with a timeout */\n  return fetch(a);\n}}\n",
            "fetch(a)",
            "retry(a, timeout)",
        ),
        (
            "cpp",
            f"int load(int a) {{\n  // {MARK}: retry with a timeout\n  return fetch(a);\n}}\n",
            "fetch(a)",
            "retry(a, timeout)",
        ),
        (
            "ruby",
            f"def load(path)\n  # {MARK}: retry with a timeout\n  fetch(path)\nend\n",
            "fetch(path)",
            "retrying(path, timeout)",
        ),
        (
            "lua",
            f"function load(path)\n  -- {MARK}: retry with a timeout\n  return fetch(path)\nend\n",
            "fetch(path)",
            "retry(path, timeout)",
        ),
        (
            "shellscript",
            f"load() {{\n  # {MARK}: retry with a timeout\n  fetch $1\n}}\n",
            "fetch $1",
            "retry fetch $1 --timeout 3",
        ),
    ],
)
def test_a_note_whose_words_came_into_the_code_is_shown(language_id: str, text: str, old: str, new: str) -> None:
    (urgency,) = urgencies(text, old, new, language_id)
    assert urgency < SPOKEN_URGENCY


def test_a_note_all_of_whose_words_came_may_be_spoken() -> None:
    text = f"def load(path):\n    # {MARK}: cache parsed headers by `file_name`\n    return parse(path)\n"
    new = "header_cache.setdefault(file_name(path), parsed(path))"
    (urgency,) = urgencies(text, "parse(path)", new)
    assert urgency >= SPOKEN_URGENCY


@pytest.mark.parametrize(
    ("note", "new"),
    [
        ("retry with a timeout", "retry(fetch, path)"),
        ("retry with a timeout", "fetch(path, path)"),
        ("retry with a timeout", "fetch(path)  # retry timeout"),
        ("fetch the path", "fetch(path, path)"),
        ("remove the retry and its timeout", "retry(fetch, path, timeout=3)"),
        ("use `backoff_retry` with a timeout", "retry(fetch, path, timeout=3)"),
        ("this is not right", "retry(fetch, path, timeout=3)"),
        ("", "retry(fetch, path, timeout=3)"),
    ],
)
def test_without_good_evidence_nothing_is_shown(note: str, new: str) -> None:
    text = f"def load(path):\n    # {MARK}: {note}\n    return fetch(path)\n"
    assert urgencies(text, "fetch(path)", new) == []


def test_a_note_elsewhere_in_a_string_or_written_just_now_is_left_alone() -> None:
    load = "def load(path):\n    return fetch(path)\n"
    new = "retry(fetch, path, timeout=3)"
    assert urgencies(f"{load}\n\ndef save():\n    # {MARK}: retry with a timeout\n    pass\n", "fetch(path)", new) == []
    assert (
        urgencies(f'def load(path):\n    a = "{MARK}: retry timeout"\n    return fetch(path)\n', "fetch(path)", new)
        == []
    )
    assert urgencies(load, "fetch(path)", f"{new}  # {MARK}: retry with a timeout") == []


def test_it_goes_with_its_note() -> None:
    made = Workbench(Options(detectors=("structure",)))
    note = f"    # {MARK}: retry with a timeout\n"
    made.open(f"def load(path):\n{note}    return fetch(path)\n")
    made.replace("fetch(path)", "retry(fetch, path, timeout=3)")
    made.later(1.0)
    assert made.waiting("memory") == ["In load, line 2: this note may be done now, with what you just changed."]
    made.replace(note, "")
    made.later(1.0)
    assert made.waiting("memory") == []
