"""Accepting as timelines: what changes in the code, when it no longer fits, and what the user is told."""

import pytest

from duologue_server.link.messages import Happened, Offer, Reply, Say
from duologue_server.suggest.findings import Fix
from duologue_server.trace.facts import SoundOn
from support.desk import URI, Desk, insert

SHARED = "def load(path, into=[]):\n    into.append(path)\n    return into\n"


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.session.open(URI, "python", 1, SHARED)
    desk.later(1.0)
    desk.session.save(URI)
    desk.later(0.2)
    return desk


def speak(desk: Desk) -> str:
    (offer,) = desk.of(Offer)
    desk.session.from_voice(Happened(SoundOn(desk.clock.now_s(), offer.id, offer.text, "offer")))
    return str(offer.id)


def applied(desk: Desk) -> Fix:
    ((uri, fix, done),) = desk.applied
    assert uri == URI
    done("")
    return fix


def test_a_yes_changes_the_code(desk: Desk) -> None:
    speak(desk)
    assert desk.offers[-1].fix == "Replace with None; initialize within function"
    assert desk.asked("Yes.") == "All right."
    fix = applied(desk)
    assert [edit.text for edit in fix.edits] == ["None", "    if into is None:\n        into = []\n"]
    assert fix.version == 1
    assert desk.offers[-1].outcome == "accepted"


def test_what_is_only_shown_can_be_accepted_by_its_id(desk: Desk) -> None:
    (offer,) = desk.session.offers(URI)
    assert (offer.line, offer.end_character) == (0, len("def load(path, into=[]):"))
    assert desk.session.verb("accept", {"id": offer.item.id}) == {"ok": True, "message": ""}
    applied(desk)


def test_other_code_by_now_is_left_alone_until_it_was_looked_at_again(desk: Desk) -> None:
    speak(desk)
    desk.session.change(URI, 2, [insert(2, 0, "    print(path)\n")])
    assert "changed since" in desk.asked("Yes.")
    assert desk.applied == []
    desk.later(2.0)
    assert desk.asked("Yes.", 2) == "All right."
    assert applied(desk).version == 2


def test_an_editor_that_refuses_is_told_of(desk: Desk) -> None:
    speak(desk)
    desk.session.verb("accept", {})
    ((_, _, done),) = desk.applied
    done("the file is read-only")
    assert desk.told[-1] == "warning: the change was not made: the file is read-only"
    assert desk.of(Say)[-1].text == "Your editor did not take the change."


def test_no_change_without_a_yes(desk: Desk) -> None:
    speak(desk)
    for turn, words in enumerate(("What is wrong?", "No.", "Thanks."), 1):
        desk.asked(words, turn)
    desk.session.verb("dismiss", {})
    assert desk.applied == []
    assert not any("All right" in reply.text for reply in desk.of(Reply) if reply.turn == 1)
