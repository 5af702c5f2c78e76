"""Louder and quieter, as timelines: channels, the hour's last remark, and what was never wanted."""

from dataclasses import replace

from duologue_server.suggest.agenda import CUED_S, TYPED_AWAY_KEYS, URGENT_WAIT_S, Agenda
from duologue_server.suggest.diagnostics import SURVIVES_S
from duologue_server.suggest.findings import Fix, Span, TextEdit
from support.agenda import OTHER, URI, check, finding, only


def test_a_lesser_thought_catches_the_eye_before_it_is_spoken() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding("bare", urgency=0.45, trigger="ruff:E722")], 1.0)
    assert only(agenda, 1.0).channel == "mark"
    agenda.boundary("save", 2.0, URI)
    check(agenda, 2.0, None, "for a good moment")
    assert only(agenda, 2.0).channel == "cue"
    agenda.boundary("save", 2.0 + CUED_S - 1, URI)  # the user has hardly had the time to see it
    check(agenda, 2.0 + CUED_S - 1, None)
    agenda.boundary("save", 2.0 + CUED_S, URI)
    check(agenda, 2.0 + CUED_S, "bare")
    assert only(agenda, 2.0 + CUED_S).channel == "speech"
    agenda.keyed(23.0, TYPED_AWAY_KEYS)
    check(agenda, 23.0, None)
    assert only(agenda, 23.0).channel == "cue", "typing takes the word away, not the sign"


def test_a_lesser_thought_that_nobody_edits_is_spoken_in_the_end() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding("bare", urgency=0.45, trigger="ruff:E722")], 0.0)
    assert agenda.next_s(0.0) == SURVIVES_S
    check(agenda, SURVIVES_S, None)
    assert only(agenda, SURVIVES_S).channel == "cue"
    assert agenda.next_s(SURVIVES_S) == SURVIVES_S + CUED_S
    check(agenda, SURVIVES_S + CUED_S, "bare")


def test_what_is_never_wanted_is_never_spoken_again_until_it_is_forgotten() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding("one"), finding("two", line=20)], 0.0)
    agenda.boundary("save", 0.0, URI)
    best = agenda.best(0.0)
    assert best is not None
    agenda.said(best.id, 1.0)
    assert agenda.forbid(best.id, 2.0)
    assert agenda.offers(2.0) == [], "the like goes as well"
    agenda.found(OTHER, "ruff", [finding("three", uri=OTHER)], 3.0)
    agenda.boundary("save", 8 * 3600.0, OTHER)
    agenda.found(OTHER, "ruff", [finding("four", uri=OTHER)], 8 * 3600.0)
    check(agenda, 8 * 3600.0, None, "never want to hear of the like")
    agenda.backoff.forget("ruff:F821")
    check(agenda, 8 * 3600.0, "four")
    assert not agenda.forbid("nonsense", 9 * 3600.0)


def test_of_two_thoughts_the_nearer_one_goes_first() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding("far", line=400, urgency=0.7), finding("near", line=10, urgency=0.65)], 0.0)
    agenda.boundary("save", 0.0, URI)
    check(agenda, 0.0, "far")
    agenda.looking_at(URI, 12)
    check(agenda, 0.0, "near")


def test_what_was_said_keeps_up_with_its_code() -> None:
    agenda = Agenda()
    old = Fix("Import it", (TextEdit(Span(0, 0, 0, 0), "import x\n"),), 1)
    agenda.found(URI, "ruff", [replace(finding(), fix=old)], 0.0)
    agenda.boundary("save", 0.0, URI)
    item = only(agenda, 0.0)
    agenda.said(item.id, 1.0)
    new = replace(old, version=2)
    agenda.found(URI, "ruff", [replace(finding(line=30), fix=new)], 5.0)
    latest = agenda.latest()
    assert latest is not None
    assert (latest.id, latest.line, latest.fix) == (item.id, 30, new)


def test_the_last_remark_of_the_hour_is_for_what_is_urgent() -> None:
    agenda = Agenda(2)
    agenda.found(URI, "ruff", [finding("first", urgency=0.65, trigger="a:1")], 0.0)
    agenda.boundary("save", 0.0, URI)
    agenda.said(only(agenda, 0.0).id, 1.0)
    agenda.found(URI, "ruff", [finding("lesser", urgency=0.65, trigger="a:2")], 2.0)
    agenda.boundary("save", 2.0, URI)
    check(agenda, 2.0, None)
    agenda.found(URI, "structure", [finding("urgent", urgency=0.8, trigger="a:3")], 3.0)
    agenda.boundary("save", 3.0, URI)
    check(agenda, 3.0, "urgent")


def test_what_was_ignored_and_mended_later_was_no_miss() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding()], 0.0)
    agenda.boundary("save", 0.0, URI)
    agenda.said(only(agenda, 0.0).id, 1.0)
    agenda.best(100.0)
    assert agenda.backoff.records()["ruff:F821"].misses == 1
    agenda.found(URI, "ruff", [], 240.0)
    assert agenda.backoff.records() == {}


def test_ignoring_what_is_urgent_does_not_silence_it_for_hours() -> None:
    agenda = Agenda(60)
    for n in range(6):
        t = 3600.0 * n
        agenda.found(URI, "ruff", [finding(f"name{m}", line=m) for m in range(n + 1)], t)
        agenda.boundary("save", t, URI)
        item = agenda.best(t)
        assert item is not None
        agenda.said(item.id, t)
        agenda.best(t + 100)
    assert agenda.backoff.until_s("ruff:F821") - (t + 60) == URGENT_WAIT_S


def test_what_a_syntax_error_hides_is_not_gone() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding()], 0.0)
    item = only(agenda, 0.0)
    broken = finding("", line=40, urgency=0.55, trigger="ruff:invalid-syntax")
    agenda.found(URI, "ruff", [broken], 1.0, whole=False)
    assert {offer.trigger for offer in agenda.offers(1.0)} == {"ruff:F821", "ruff:invalid-syntax"}
    agenda.found(URI, "ruff", [finding()], 2.0)
    assert only(agenda, 2.0).id == item.id, "the same as before, not a new one"
