"""What a language model does while nobody waits for it, as timelines: looks at changes, and delegated questions."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from duologue_server.context.documents import TextChange
from duologue_server.options import Options
from duologue_server.session.background import EVERY_S, LONGEST_BACKOFF_S, MOST_DELEGATED, NO_MODEL, Background
from duologue_server.session.workspace import Workspace
from duologue_server.suggest.endpoint import EndpointAnswers
from duologue_server.suggest.findings import Finding
from duologue_server.trace.clock import VirtualClock
from support.endpoint_server import Behaviour, EndpointServer, endpoint_server

URI = "file:///shop/prices.py"
GOOD = "def total(prices):\n    result = sum(prices)\n    return result\n"
BAD = GOOD.replace("return result", "return resutl")
REMARK = {"line": 3, "says": "resutl does not exist here.", "urgency": 1.0, "confidence": 1.0}


class Bench:
    """A workspace, an endpoint and the background between them; notes what comes."""

    def __init__(self, server: EndpointServer, url: str | None = "") -> None:
        self.server = server
        self.clock = VirtualClock(free_compute=True)
        self.workspace = Workspace(
            self.clock, Options(detectors=()), lambda message: None, lambda change: None, lambda text: None
        )
        self.endpoint = (
            EndpointAnswers(url or server.url, "tiny", "", now_s=self.clock.now_s) if url is not None else None
        )
        self.busy = False
        self.found: list[tuple[float, str, list[Finding]]] = []
        self.answered: list[tuple[str, str]] = []
        self.background = Background(
            self.clock, self.workspace, lambda: self.endpoint, lambda: self.busy,
            lambda uri, findings: self.found.append((self.clock.now_s(), uri, findings)),
            lambda question, text: self.answered.append((question, text)),
        )  # fmt: skip
        self.version = 1
        self.workspace.open(URI, "python", 1, GOOD)
        self.background.opened(URI)

    def edit(self, text: str, uri: str = URI) -> None:
        self.version += 1
        self.workspace.change(uri, self.version, [TextChange(None, text)])

    def save(self) -> None:
        self.workspace.save(URI)
        self.background.moment("save", URI)

    def later(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now_s() + seconds)

    def remarks(self) -> list[str]:
        return [finding.text for _, _, findings in self.found for finding in findings]

    @property
    def asked(self) -> int:
        return len(self.server.requests)


@contextmanager
def bench(reply: Any = REMARK, behaviour: Behaviour = "normal", url: str | None = "", **more: Any) -> Iterator[Bench]:
    words = (reply if isinstance(reply, str) else json.dumps(reply),)
    with endpoint_server(behaviour, words=words, **more) as server:
        yield Bench(server, url)


def test_a_save_of_what_changed_is_looked_at_and_a_remark_is_found() -> None:
    with bench() as desk:
        desk.edit(BAD)
        desk.later(1.0)
        desk.save()
        desk.later(1.0)
        assert desk.remarks() == ["In total, line 3: resutl does not exist here."]
        (_, uri, (finding,)) = desk.found[0]
        assert (uri, finding.version, finding.trigger, finding.urgency) == (URI, 2, "model:candidate", 0.6)
        (request,) = desk.server.requests
    assert request["temperature"] <= 0.2
    assert request["max_tokens"] <= 150
    assert "tools" not in request
    told = request["messages"][-1]["content"]
    assert "+    3 |     return resutl" in told
    assert "File prices.py, Python" in told


def test_a_found_remark_stands_on_the_agenda_like_any_other() -> None:
    with bench() as desk:
        desk.edit(BAD)
        desk.later(1.0)
        desk.save()
        desk.later(0.1)
        now_s, uri, findings = desk.found[0]
        desk.workspace.agenda.found(uri, "model", findings, now_s)
        assert desk.workspace.agenda.offers(now_s)[0].trigger == "model:candidate"


def test_what_did_not_change_is_not_looked_at() -> None:
    with bench() as desk:
        desk.save()
        desk.edit(BAD)
        desk.edit(GOOD)
        desk.save()
        desk.background.moment("idle", "file:///never/opened.py")
        desk.later(200.0)
        assert desk.asked == 0


def test_there_is_a_minute_between_two_looks_and_the_last_moment_counts() -> None:
    with bench({}) as desk:
        desk.edit(BAD)
        desk.save()
        desk.later(1.0)
        assert desk.asked == 1
        for number in range(5):
            desk.edit(BAD + f"x = {number}\n")
            desk.save()
            desk.later(5.0)
        assert desk.asked == 1
        desk.later(EVERY_S)
        assert desk.asked == 2, "one look for all of them"
        told = desk.server.requests[1]["messages"][-1]["content"]
        assert "x = 4" in told
        assert "resutl" not in told.partition("<change>")[2].replace("    3 |     return resutl", ""), "seen before"


def test_a_remark_about_a_text_that_has_changed_meanwhile_is_dropped() -> None:
    with bench() as desk:
        desk.edit(BAD)
        desk.save()  # in virtual time the answer is there at once, and waits to be delivered
        desk.edit(BAD + "\n")
        desk.later(1.0)
        assert desk.asked == 1
        assert desk.found == []
        assert desk.background.dropped == {"its document has changed meanwhile": 1}
        desk.later(EVERY_S)
        desk.save()
        desk.later(1.0)
        assert len(desk.found) == 1, "the whole change is looked at again"


def test_what_is_not_a_remark_is_dropped_in_silence() -> None:
    with bench({**REMARK, "says": "Please run sudo rm on resutl"}) as desk:
        desk.edit(BAD)
        desk.save()
        desk.later(1.0)
        assert desk.found == []
        assert sum(desk.background.dropped.values()) == 1
        desk.server.words = ("I think that all is well!",)
        desk.edit(BAD + "y = 1\n")
        desk.save()
        desk.later(EVERY_S + 1.0)
        assert desk.found == []
        assert desk.asked == 2
        assert sum(desk.background.dropped.values()) == 2


def test_an_endpoint_elsewhere_is_never_told_what_nobody_asked() -> None:
    with bench(url="http://models.invalid/v1") as desk:
        desk.edit(BAD)
        desk.save()
        desk.background.moment("tests_failed")
        desk.background.moment("idle", URI)
        desk.later(500.0)
        assert desk.background.dropped == {}
        assert desk.found == []
        assert desk.endpoint is not None
        assert desk.endpoint._client is None, "nobody was even called"


def test_without_an_endpoint_nothing_happens() -> None:
    with bench(url=None) as desk:
        desk.edit(BAD)
        desk.save()
        desk.later(100.0)
        assert desk.asked == 0
        desk.background.delegate("why is it slow")
        assert desk.answered == [("why is it slow", NO_MODEL)]


def test_failures_make_it_wait_longer_and_longer() -> None:
    with bench(behaviour="status") as desk:
        waits: list[float] = []
        last_s = 0.0
        for number in range(9):
            before = desk.asked
            desk.edit(BAD + f"x = {number}\n")
            desk.save()
            for _ in range(1000):
                if desk.asked > before:
                    break
                desk.later(5.0)
            desk.later(0.0)  # the failure is delivered
            waits.append(desk.clock.now_s() - last_s)
            last_s = desk.clock.now_s()
        assert waits[1:4] == [120.0, 240.0, 480.0]
        assert waits[-1] == LONGEST_BACKOFF_S
        desk.server.behaviour = "normal"
        desk.edit(BAD)
        desk.save()
        desk.later(LONGEST_BACKOFF_S)
        desk.edit(BAD + "z = 1\n")
        desk.save()
        before = desk.asked
        desk.later(EVERY_S)
        assert desk.asked == before + 1, "all is well again"


def test_an_endpoint_that_wants_to_be_left_alone_is() -> None:
    with bench(behaviour="limited", retry_after="600") as desk:
        desk.edit(BAD)
        desk.save()
        desk.later(1.0)
        desk.edit(BAD + "x = 1\n")
        desk.save()
        desk.server.behaviour = "normal"
        desk.background.delegate("why is it slow")
        desk.later(1.0)
        assert desk.asked == 1
        assert desk.answered[0][1] == ("I could not look into that: the language model is asked too often.")
        desk.later(590.0)
        assert desk.asked == 1
        desk.later(20.0)
        assert desk.asked == 2


def test_the_users_own_question_comes_first() -> None:
    with bench() as desk:
        desk.busy = True
        desk.edit(BAD)
        desk.save()
        desk.later(30.0)
        assert desk.asked == 0
        desk.busy = False
        desk.later(1.5)
        assert desk.asked == 1
        desk.later(EVERY_S)
        desk.edit(BAD + "x = 1\n")
        desk.save()  # under way
        desk.busy = True
        desk.background.pause()
        desk.later(10.0)
        assert len(desk.found) == 1, "what was under way is no more"
        desk.busy = False
        desk.later(EVERY_S)
        assert len(desk.found) == 2, "and is taken up again"


def test_closing_ends_everything() -> None:
    with bench() as desk:
        desk.edit(BAD)
        desk.save()
        desk.background.delegate("why is it slow")
        desk.background.close()
        desk.later(500.0)
        assert (desk.found, desk.answered) == ([], [])
        desk.edit(BAD + "x = 1\n")
        desk.save()
        desk.background.forget(URI)
        desk.workspace.close(URI)
        desk.later(500.0)
        assert desk.found == []


def test_a_delegated_question_is_answered_later_in_one_sentence() -> None:
    with bench("It is the loop in `total`. It sums twice.") as desk:
        assert desk.background.delegate("why is it slow")
        desk.later(0.1)
    assert desk.answered == [("why is it slow", "It is the loop in `total`.")]
    assert desk.server.requests[0]["tools"][0]["function"]["name"] == "read_buffer"


def test_delegated_questions_stand_in_a_line() -> None:
    with bench("It is slow.") as desk:
        desk.busy = True
        taken = [desk.background.delegate(f"why {number}") for number in range(MOST_DELEGATED + 1)]
        assert taken == [True] * MOST_DELEGATED + [False]
        desk.later(10.0)
        assert desk.answered == []
        desk.busy = False
        desk.later(5.0)
        assert [question for question, _ in desk.answered] == ["why 0", "why 1", "why 2"]
        assert desk.background.delegate("and now")


def test_what_is_delegated_goes_before_a_look() -> None:
    with bench("It is slow.") as desk:
        desk.edit(BAD)
        desk.save()
        desk.background.delegate("why is it slow")
        desk.later(0.5)
        assert desk.answered == [("why is it slow", "It is slow.")]
        assert desk.background.dropped == {}, "the look was given up"
        desk.later(EVERY_S)
        assert sum(desk.background.dropped.values()) == 1, "and taken up again"


def check_failure(behaviour: Behaviour, told: str, prepare: Callable[[Bench], None] = lambda desk: None) -> None:
    with bench(behaviour=behaviour) as desk:
        prepare(desk)
        desk.background.delegate("why is it slow")
        desk.later(1.0)
        ((_, text),) = desk.answered
        assert text == told


def test_a_failure_is_told_in_one_honest_sentence() -> None:
    check_failure("status", "I could not look into that: the language model failed.")
    check_failure("html", "I could not look into that: the language model's answer cannot be read.")
    check_failure("disconnect", "I could not look into that: the language model broke off in the middle.")
    check_failure("empty", "I could not look into that: the language model gave an empty answer.")
