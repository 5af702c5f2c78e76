"""Talk is no command: ordinary sentences, read speech, and what a pause leaves of a sentence."""

import csv
import re
from collections import Counter
from importlib import resources

from support.conversation import accidents, pieces, sentences

MEANT = {"Add a comment that says why."}
"""A command in every word, although nobody meant it as one; only who it is said to can tell."""


def test_ordinary_talk_changes_nothing_without_a_question() -> None:
    said = sentences()
    found = accidents(said)
    assert len(said) >= 450
    assert {accident.said for accident in found if accident.kind == "done"} <= MEANT
    assert sum(accident.kind == "harmless" for accident in found) <= 2
    assert sum(accident.kind == "asked" for accident in found) <= 4


def test_read_speech_holds_no_command_however_it_is_cut() -> None:
    file = resources.files("duologue_model").joinpath("training", "transcripts", "librispeech.csv")
    rows = [row["text"] for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())]
    clauses = [clause.strip() for row in rows for clause in re.split(r"[.,!?;]\s*", row)]
    assert len(rows) > 200
    assert accidents([*rows, *clauses]) == []


def test_of_the_pieces_that_pauses_leave_hardly_any_is_a_command() -> None:
    said = sorted({piece for sentence in sentences() for piece in pieces(sentence)})
    kinds = Counter(accident.kind for accident in accidents(said))
    assert kinds["done"] / len(said) < 0.01, kinds
