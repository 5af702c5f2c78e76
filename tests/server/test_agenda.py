"""The agenda as timelines: what may be said when, and why it is silent."""

from dataclasses import replace

from duologue_server.suggest.agenda import REOPENS_S, TYPED_AWAY_KEYS, Agenda
from duologue_server.suggest.backoff import WAIT_S
from duologue_server.suggest.findings import Span
from duologue_server.suggest.items import EXPIRES_S
from support.agenda import OTHER, URI, check, finding, only, outcomes


def test_a_thought_is_shown_at_once_and_spoken_at_a_boundary() -> None:
    agenda = Agenda()
    check(agenda, 0.0, None, "nothing to say")
    agenda.found(URI, "ruff", [finding()], 1.0)
    assert only(agenda, 1.0).text == "In load, line 12: undefined name cursor."
    check(agenda, 1.0, None, "One remark waits for a good moment")
    agenda.boundary("save", 2.0, OTHER)
    check(agenda, 2.0, None)
    agenda.boundary("save", 3.0, URI)
    check(agenda, 3.0, "cursor", "for the floor to be free")
    agenda.said(only(agenda, 3.0).id, 3.2)
    check(agenda, 3.3, None, "I spoke because ruff found it, and you had just saved.")
    assert outcomes(agenda) == [
        ("waiting", "found by ruff"),
        ("raised", "you had just saved"),
        ("spoken", "you had just saved"),
    ]


def test_a_save_counts_for_what_is_found_just_after_it() -> None:
    agenda = Agenda()
    agenda.boundary("save", 0.0, URI)
    agenda.found(URI, "ruff", [finding()], 0.4)
    check(agenda, 0.4, "cursor")
    agenda.found(URI, "ruff", [finding(), finding("late", 20)], 9.0)
    assert [item.about for item in agenda.offers(9.0) if item.boundary] == ["cursor"]


def test_a_problem_that_survives_ten_seconds_without_editing_is_a_boundary() -> None:
    agenda = Agenda()
    agenda.found(URI, "diagnostics", [finding()], 0.0)
    agenda.edited(URI, 0, 0, 1, 5.0)
    agenda.keyed(6.0)
    check(agenda, 15.9, None)
    assert agenda.next_s(15.9) == 16.0
    check(agenda, 16.0, "cursor")


def test_failed_tests_and_a_return_after_idle_are_boundaries() -> None:
    agenda = Agenda()
    agenda.keyed(0.0)
    agenda.found(URI, "ruff", [finding()], 1.0)
    agenda.boundary("tests_failed", 2.0)
    check(agenda, 2.0, "cursor")
    agenda.found(OTHER, "ruff", [finding("path", uri=OTHER)], 299.0)
    agenda.keyed(301.0)
    assert {item.boundary for item in agenda.offers(301.0)} == {"idle_return"}, "the older one has expired"


def test_typing_on_takes_the_moment_back() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding()], 0.0)
    agenda.boundary("save", 1.0, URI)
    agenda.keyed(2.0, TYPED_AWAY_KEYS - 1)
    check(agenda, 2.0, "cursor")
    agenda.keyed(3.0)
    check(agenda, 3.0, None)
    agenda.boundary("save", 4.0, URI)
    check(agenda, 4.0, "cursor")


def test_small_matters_are_only_shown() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding(urgency=0.2)], 0.0)
    agenda.boundary("save", 1.0, URI)
    check(agenda, 20.0, None, "too small")
    assert len(agenda.offers(20.0)) == 1


def test_the_most_urgent_goes_first() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding("low", 1, 0.5), finding("high", 2, 0.9), finding("mid", 3, 0.7)], 0.0)
    agenda.boundary("save", 1.0, URI)
    check(agenda, 1.0, "high")
    assert [item.about for item in agenda.offers(1.0)] == ["high", "mid", "low"]


def test_findings_follow_their_lines_and_die_with_their_code() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding("above", 3), finding("cursor", 11), finding("below", 20)], 0.0)
    agenda.edited(URI, 5, 0, 2, 1.0)
    assert {item.about: item.line for item in agenda.offers(1.0)} == {"above": 3, "cursor": 13, "below": 22}
    moved = next(item for item in agenda.offers(1.0) if item.about == "cursor")
    assert moved.text == "In load, line 14: undefined name cursor."
    assert moved.source_range == Span(13, 4, 13, 10)
    agenda.edited(URI, 12, 3, 1, 2.0)
    assert {item.about: item.line for item in agenda.offers(2.0)} == {"above": 3, "below": 20}
    assert ("dropped", "its code changed") in outcomes(agenda)
    agenda.edited(OTHER, 0, 100, 0, 3.0)
    assert len(agenda.offers(3.0)) == 2


def test_what_is_no_longer_found_is_fixed() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding()], 0.0)
    agenda.found(URI, "ruff", [finding()], 1.0)
    agenda.found(OTHER, "ruff", [], 2.0)
    agenda.found(URI, "diagnostics", [], 2.0)
    assert len(agenda.offers(2.0)) == 1, "found again is the same; other files and detectors say nothing of it"
    agenda.found(URI, "ruff", [], 3.0)
    assert outcomes(agenda) == [("waiting", "found by ruff"), ("dropped", "it is no longer found")]


def test_two_tools_that_mean_the_same_are_one_thought() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding(urgency=0.85)], 0.0)
    agenda.found(URI, "diagnostics", [finding(urgency=0.7, trigger="pyright:reportUndefinedVariable")], 1.0)
    assert (only(agenda, 1.0).trigger, only(agenda, 1.0).urgency) == ("ruff:F821", 0.85)
    agenda.found(URI, "ruff", [], 2.0)
    assert len(agenda.offers(2.0)) == 1
    agenda.found(URI, "diagnostics", [], 3.0)
    assert agenda.offers(3.0) == []


def test_a_thought_dies_of_old_age_and_does_not_come_back_by_itself() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding()], 0.0)
    assert agenda.offers(EXPIRES_S) == []
    agenda.found(URI, "ruff", [finding()], EXPIRES_S + 1)
    assert agenda.offers(EXPIRES_S + 1) == []


def test_what_is_urgent_and_had_no_chance_lives_on() -> None:
    agenda = Agenda(1)
    agenda.given("g1", "Good morning.", 0.5, 0.0)
    agenda.said("g1", 0.0)  # the one remark of the hour
    agenda.found(URI, "ruff", [finding(), finding("lesser", urgency=0.65)], 1.0)
    assert only(agenda, EXPIRES_S + 1).about == "cursor"
    check(agenda, 3599.0, None)
    agenda.boundary("save", 3601.0, URI)
    check(agenda, 3601.0, "cursor")


def test_what_was_said_is_not_said_again_until_it_had_been_gone_for_long() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding()], 0.0)
    agenda.boundary("save", 0.0)
    agenda.said(only(agenda, 0.0).id, 1.0)
    agenda.found(URI, "ruff", [finding(line=30)], 2.0)
    agenda.found(URI, "ruff", [], 3.0)  # a half-typed line hides it for a moment
    agenda.found(URI, "ruff", [finding()], 4.0)
    assert agenda.offers(4.0) == []
    agenda.found(URI, "ruff", [], 5.0)
    agenda.found(URI, "ruff", [], 5.0 + REOPENS_S)
    agenda.found(URI, "ruff", [finding()], 6.0 + REOPENS_S)
    assert len(agenda.offers(6.0 + REOPENS_S)) == 1


def test_each_dismissal_doubles_the_waiting_time_of_its_trigger_alone() -> None:
    agenda = Agenda(unprompted_per_hour=60)
    now_s = 0.0
    for misses, wait_s in ((1, 2 * WAIT_S), (2, 4 * WAIT_S), (3, 8 * WAIT_S)):
        agenda.found(URI, "ruff", [finding(f"name_{misses}")], now_s)
        agenda.boundary("save", now_s)
        item = agenda.best(now_s)
        assert item is not None
        agenda.said(item.id, now_s)
        assert agenda.dismissed(item.id, now_s + 1)
        assert agenda.backoff.records()["ruff:F821"].misses == misses
        now_s += 1 + wait_s
        agenda.found(URI, "ruff", [finding("early")], now_s - 2)
        agenda.boundary("save", now_s - 2)
        check(agenda, now_s - 2, None, "hold back")
        agenda.found(URI, "ruff", [finding("early"), finding("free", 3, trigger="ruff:B006")], now_s - 1)
        check(agenda, now_s - 1, "free")
        agenda.found(URI, "ruff", [], now_s)
    agenda.backoff.forget("ruff:F821")
    assert agenda.backoff.records() == {}


def test_an_ignored_remark_counts_as_a_miss_a_fixed_one_as_taken_up() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding("ignored"), finding("fixed", 3, trigger="ruff:B006")], 0.0)
    agenda.boundary("save", 0.0)
    for item in agenda.offers(0.0):
        agenda.said(item.id, 1.0)
    agenda.found(URI, "ruff", [finding("ignored")], 20.0)
    assert agenda.take_changes()[-1].outcome == "accepted"
    agenda.best(62.0)
    assert {trigger: record.misses for trigger, record in agenda.backoff.records().items()} == {"ruff:F821": 1}


def test_accepting_and_dismissing_what_was_said_last() -> None:
    agenda = Agenda()
    assert agenda.latest() is None
    agenda.found(URI, "ruff", [finding()], 0.0)
    agenda.boundary("save", 0.0)
    item = only(agenda, 0.0)
    agenda.said(item.id, 1.0)
    assert agenda.latest() == item
    assert agenda.accepted(item.id, 2.0)
    assert agenda.latest() is None
    assert not agenda.accepted(item.id, 3.0)
    assert not agenda.dismissed("nonsense", 3.0)
    assert [outcome for outcome, _ in outcomes(agenda)] == ["waiting", "raised", "spoken", "accepted"]


def test_the_same_thought_about_two_lines_is_said_once() -> None:
    agenda = Agenda()
    twice = [finding(line=3), replace(finding(line=30), key="another line")]
    agenda.found(URI, "ruff", twice, 0.0)
    assert len(agenda.offers(0.0)) == 2
    agenda.said(agenda.offers(0.0)[0].id, 1.0)
    agenda.found(URI, "ruff", twice, 2.0)
    assert agenda.offers(2.0) == []
    assert outcomes(agenda)[-1] == ("dropped", "the same was said of another line")


def test_a_dismissed_thought_stays_away_though_its_line_is_edited() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding()], 0.0)
    agenda.dismissed(only(agenda, 0.0).id, 1.0)
    agenda.edited(URI, 11, 1, 1, 2.0)
    agenda.found(URI, "ruff", [finding(line=12)], 3.0)
    assert agenda.offers(3.0) == []


def test_the_hour_has_a_budget_and_never_is_never() -> None:
    agenda = Agenda(unprompted_per_hour=2)
    for number in range(3):
        agenda.given(f"g{number}", "Look here.", 0.9, float(number))
    agenda.said("g0", 10.0)
    agenda.said("g1", 20.0)
    assert agenda.budget_left(21.0) == 0
    assert agenda.best(21.0) is None
    agenda.given("g3", "Look there.", 0.9, 3400.0)
    check(agenda, 3500.0, None, "used up this hour's 2; the next in 2 minutes")
    check(agenda, 3611.0, "g3")
    never = Agenda(unprompted_per_hour=0)
    never.given("g", "Look here.", 1.0, 0.0)
    check(never, 1.0, None, "turned off")


def test_an_offer_from_outside_is_speakable_at_once_and_typing_does_not_lower_it() -> None:
    agenda = Agenda()
    agenda.given("hint-1", "The tests are red.", 0.8, 0.0)
    agenda.keyed(0.5, 100)
    check(agenda, 0.6, "hint-1")
    agenda.said("hint-1", 1.0)
    check(agenda, 2.0, None, "given it to say")
    agenda.given("hint-2", "Still red.", 7.0, 3.0)
    check(agenda, 3.0, "hint-2")
    assert only(agenda, 3.0).urgency == 1.0


def test_snoozing_and_waking() -> None:
    agenda = Agenda()
    agenda.given("g", "Look here.", 0.8, 0.0)
    agenda.snooze(100.0)
    check(agenda, 1.0, None, "be quiet for another 2 minutes")
    agenda.snooze(0.0)
    check(agenda, 2.0, "g")


def test_a_withdrawn_remark_that_was_begun_still_counts() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding()], 0.0)
    item = only(agenda, 0.0)
    agenda.edited(URI, 11, 1, 0, 1.0)
    agenda.said(item.id, 1.1)
    assert agenda.budget_left(1.2) == 3


def test_closing_a_file_forgets_its_thoughts() -> None:
    agenda = Agenda()
    agenda.found(URI, "ruff", [finding()], 0.0)
    agenda.found(OTHER, "ruff", [finding(uri=OTHER)], 0.0)
    agenda.closed(URI)
    assert only(agenda, 0.0).uri == OTHER


def test_it_stays_small_whatever_comes() -> None:
    agenda = Agenda()
    for number in range(100):
        agenda.found(
            f"file:///{number}", "ruff", [finding(f"n{k}", k, k / 100) for k in range(60)], float(number) / 100
        )
        agenda.given(f"g{number}", "x", 0.5, number / 100)
    assert len(agenda.offers(2.0)) <= 51
    assert len(agenda.take_changes()) <= 1000
