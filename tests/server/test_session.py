"""The session as timelines: what the editor and the voice say to it, and what it says to them."""

import queue
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from duologue_server.context.documents import TextChange
from duologue_server.context.positions import Position, Range
from duologue_server.link.messages import (
    Ask,
    Control,
    EditorEvent,
    Guess,
    Happened,
    HeardUpTo,
    Keys,
    Offer,
    Prepare,
    Ready,
    Reply,
    Say,
    ToVoice,
    Trouble,
    Unask,
    Vocabulary,
    VoiceState,
    Withdraw,
)
from duologue_server.options import Options
from duologue_server.protocol import ClientState, OfferShown, TranscriptLine
from duologue_server.session.answering import ACKNOWLEDGEMENTS, Answering, Question, acknowledgement
from duologue_server.session.session import Session
from duologue_server.suggest.endpoint import EndpointAnswers
from duologue_server.trace.clock import RealClock, VirtualClock
from duologue_server.trace.facts import Command, Dropped, Heard, SoundOff, SoundOn
from support.endpoint_server import endpoint_server

URI = "file:///shop/prices.py"
BUGGY = "def total(prices):\n    result = sum(prices)\n    print(result)\n    return resutl\n"
LONG = "The tests are red again, and two of them are new."


class Desk:
    """An editor and a voice that only note what they are told."""

    def __init__(self, options: Options | None = None) -> None:
        self.clock = VirtualClock(free_compute=True)
        self.sent: list[ToVoice] = []
        self.running = False
        self.states: list[ClientState] = []
        self.lines: list[TranscriptLine] = []
        self.offers: list[OfferShown] = []
        self.told: list[str] = []
        self.session = Session(self.clock, self, self, options or Options())

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def send(self, message: ToVoice) -> None:
        self.sent.append(message)

    def state(self, state: ClientState) -> None:
        self.states.append(state)

    def transcript(self, line: TranscriptLine) -> None:
        self.lines.append(line)

    def offer(self, offer: OfferShown) -> None:
        self.offers.append(offer)

    def progress(self, percent: int, message: str) -> None:
        self.told.append(f"{percent}")

    def tell(self, severity: str, text: str) -> None:
        self.told.append(f"{severity}: {text}")

    def later(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now_s() + seconds)

    def of(self, kind: type[ToVoice]) -> list[Any]:
        return [message for message in self.sent if isinstance(message, kind)]

    def asked(self, text: str, turn: int = 1, interrupted: str | None = None) -> str:
        """The user asks; the whole answer."""
        now_s = self.clock.now_s()
        self.session.from_voice(Ask(turn, text, now_s - 0.7, now_s, interrupted))
        self.later(2.0)
        return "".join(reply.text for reply in self.of(Reply) if reply.turn == turn)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def insert(line: int, character: int, text: str) -> TextChange:
    place = Position(line, character)
    return TextChange(Range(place, place), text)


def test_a_key_goes_to_the_voice_before_anything_else(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.sent.clear()
    desk.session.keys(2)
    assert desk.sent[0] == Keys(2)


def test_a_finding_is_shown_at_once_and_offered_at_a_boundary(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.later(1.0)
    assert [(offer.outcome, offer.line) for offer in desk.offers] == [("waiting", 3)]
    assert desk.of(Offer) == []
    desk.session.save(URI)
    (offer,) = desk.of(Offer)
    assert "undefined name" in offer.text


def test_a_diagnostic_that_survives_ten_seconds_is_a_boundary(desk: Desk) -> None:
    desk.session.open(URI, "text", 1, "one\ntwo\n")
    place = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 3}}
    desk.session.diagnostics(URI, [{"range": place, "severity": 1, "message": "no such thing", "source": "lint"}])
    desk.later(9.5)
    assert desk.of(Offer) == []
    desk.later(1.5)
    assert len(desk.of(Offer)) == 1
    assert EditorEvent("diagnostics_up", 1) in desk.sent


def test_a_fixed_finding_is_withdrawn(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.later(1.0)
    desk.session.save(URI)
    fixed = TextChange(Range(Position(3, 11), Position(3, 17)), "result")
    desk.session.change(URI, 2, [fixed])
    assert [type(message) for message in desk.sent if isinstance(message, Withdraw)] == [Withdraw]
    assert desk.offers[-1].outcome == "dropped"


def test_what_was_spoken_is_not_offered_again(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.later(1.0)
    desk.session.save(URI)
    (offer,) = desk.of(Offer)
    desk.session.from_voice(Happened(SoundOn(3.0, offer.id, offer.text, "offer")))
    desk.session.save(URI)
    desk.later(5.0)
    assert len(desk.of(Offer)) == 1
    assert desk.offers[-1].outcome == "spoken"


def test_a_new_voice_is_told_of_the_agenda_again(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.later(1.0)
    desk.session.save(URI)
    desk.session.from_voice(Ready(0.0, {}))
    assert len(desk.of(Offer)) == 2


def test_the_ear_learns_the_names_of_the_file(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.later(1.0)
    (vocabulary,) = desk.of(Vocabulary)
    assert {"total", "prices", "result", URI.rpartition("/")[2]} <= set(vocabulary.words)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is wrong here?", "undefined name"),
        ("Where am I?", "prices.py, line 3, in the function total"),
        ("What is this?", "the function total"),
        ("What did you say?", "have not said anything yet"),
        ("How are the tests?", "not seen the tests"),
        ("What does the cache do?", "need a language model"),
        ("Stop.", ""),
    ],
)
def test_built_in_answers(desk: Desk, question: str, expected: str) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.session.cursor(URI, 2, 6)
    desk.later(2.0)
    answer = desk.asked(question)
    assert expected in answer if expected else answer == ""


def test_what_was_not_heard_is_said_again_when_asked(desk: Desk) -> None:
    desk.session.from_voice(Happened(SoundOn(1.0, "s1", LONG, "say")))
    desk.session.from_voice(Happened(SoundOff(2.0, "s1", "key", "The tests are", 800.0)))
    assert desk.asked("What did you say?") == f"I was saying: {LONG}"


def test_a_dead_voice_leaves_what_was_heard(desk: Desk) -> None:
    desk.session.from_voice(Happened(SoundOn(1.0, "s1", LONG, "say")))
    desk.session.from_voice(HeardUpTo("s1", "The tests are"))
    desk.session.voice_changed("restarting", "the voice stopped: it was killed; restart 1 of 3")
    assert desk.lines[-1] == TranscriptLine("s1", "partner", LONG, True, len("The tests are"), "device")
    assert desk.states[-1].voice == "restarting"
    assert desk.told == ["warning: the voice stopped: it was killed; restart 1 of 3"]


def test_a_voice_that_came_back_is_well_and_trouble_at_the_start_stays(desk: Desk) -> None:
    desk.session.voice_changed("restarting", "the voice stopped: it was killed; restart 1 of 3")
    desk.session.from_voice(Ready(0.0, {}))
    assert (desk.states[-1].voice, desk.states[-1].health, desk.states[-1].message) == ("ready", "ok", "")
    desk.session.voice_changed("loading")
    desk.session.from_voice(Trouble("no_input", "There is no microphone", "Plug one in"))
    desk.session.from_voice(Ready(0.0, {}))
    assert (desk.states[-1].voice, desk.states[-1].health) == ("ready", "warning")


def test_captions_of_both(desk: Desk) -> None:
    desk.session.from_voice(Happened(Heard(1.0, "what is", False)))
    desk.session.from_voice(Happened(Heard(1.5, "What is this?", True)))
    desk.session.from_voice(Happened(Heard(9.0, "Thanks.", True)))
    desk.session.from_voice(Happened(Dropped(9.5, "o1", "Never mind.", "its code changed")))
    assert [(line.id, line.text, line.final) for line in desk.lines] == [
        ("user-0", "what is", False),
        ("user-0", "What is this?", True),
        ("user-1", "Thanks.", True),
        ("o1", "Never mind.", True),
    ]


@pytest.mark.parametrize(
    ("verb", "args", "sent"),
    [
        ("mute", {}, Control("mute", {})),
        ("ptt_down", {}, Control("ptt_down", {})),
        ("snooze", {"minutes": 5}, Control("snooze", {"minutes": 5})),
        ("repeat", {}, Control("repeat", {})),
    ],
)
def test_verbs_reach_the_floor(desk: Desk, verb: str, args: Mapping[str, Any], sent: ToVoice) -> None:
    assert desk.session.verb(verb, args)["ok"]
    assert sent in desk.sent


def test_start_and_stop_of_the_voice(desk: Desk) -> None:
    desk.session.verb("start", {})
    assert desk.running
    desk.session.verb("stop", {})
    assert not desk.running


def test_push_to_talk_wakes_the_voice(desk: Desk) -> None:
    desk.session.verb("ptt_down", {})
    assert desk.running


def test_why_is_spoken_and_answered(desk: Desk) -> None:
    result = desk.session.verb("why", {})
    assert "nothing to say" in result["message"]
    assert desk.of(Control) == [Control("why")]
    desk.session.from_voice(Happened(Command(1.0, "why", "Just now I stopped: you pressed a key.")))
    assert desk.told[-1] == "info: Just now I stopped: you pressed a key."
    (said,) = desk.of(Say)
    assert (said.text, said.cause) == (result["message"], "confirm")


@pytest.mark.parametrize("verb", ["accept", "dismiss"])
def test_there_may_be_nothing_to_judge(desk: Desk, verb: str) -> None:
    result = desk.session.verb(verb, {})
    assert result == {"ok": False, "message": f"there is nothing to {verb}"}


def test_an_unknown_verb_is_named(desk: Desk) -> None:
    result = desk.session.verb("dance", {})
    assert not result["ok"]
    assert "dance" in result["message"]


def test_a_bad_range_is_told_once_and_the_text_kept(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    with pytest.raises(ValueError, match=r"prices\.py"):
        desk.session.change(URI, 2, [insert(900, 0, "x")])
    desk.session.change(URI, 3, [insert(901, 0, "x")])
    assert len([text for text in desk.told if "prices.py" in text]) == 1
    desk.session.change(URI, 4, [TextChange(None, BUGGY)])
    desk.later(2.0)
    assert "undefined" in desk.asked("What is wrong here?")


def test_a_thousand_changes_keep_their_order(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    for n in range(1000):
        desk.session.change(URI, n + 2, [insert(0, n, "#")])
    desk.later(3.0)
    assert "prices.py" in desk.asked("Where am I?")


@pytest.mark.parametrize("language_id", ["cobol", "python"])
@pytest.mark.parametrize("text", ["", "\x00\x01\x02" * 400, "x = '\ufffd'\n", "y = 1\n" * 900_000])
def test_any_text_is_borne(desk: Desk, language_id: str, text: str) -> None:
    desk.session.open(URI, language_id, 1, text)
    desk.session.change(URI, 2, [insert(0, 0, "z")])
    desk.session.save(URI)
    desk.later(3.0)
    assert "prices.py" in desk.asked("What is this?")


def test_trouble_of_the_voice_is_told_and_shown(desk: Desk) -> None:
    desk.session.from_voice(Trouble("no_input", "There is no microphone", "Plug one in"))
    assert desk.told == ["warning: There is no microphone. Plug one in."]
    assert desk.states[-1].health == "warning"


def test_the_voices_state_is_the_clients(desk: Desk) -> None:
    desk.session.from_voice(VoiceState("muted", "quiet", "speaking", 310.0, 0))
    shown = desk.states[-1]
    assert (shown.microphone, shown.partner, shown.latencyMs) == ("muted", "speaking", 310.0)


def endpoint_options(url: str) -> Options:
    return Options(endpoint_url=url, endpoint_model="tiny")


def test_a_language_model_answers_what_nobody_else_can() -> None:
    with endpoint_server() as server:
        desk = Desk(endpoint_options(server.url))
        desk.session.open(URI, "python", 1, BUGGY)
        desk.later(1.0)
        answer = desk.asked("Why would one want a cache here?", interrupted="The tests")
    assert answer
    assert desk.of(Reply)[-1].final
    assert len(desk.of(Reply)) > 2, "it is passed on in pieces"


def test_the_caption_of_a_streamed_answer_is_the_answer() -> None:
    with endpoint_server(words=("The cursor ", "is never ", "defined.")) as server:
        desk = Desk(endpoint_options(server.url))
        desk.asked("Why would one want a cache here?")
    desk.session.from_voice(Happened(SoundOn(3.0, "reply-1", "The cursor is", "reply")))
    assert desk.lines[-1].text == "The cursor is never defined."


def test_a_word_that_breaks_in_and_means_nothing_is_not_answered(desk: Desk) -> None:
    assert desk.asked("Done.", turn=1, interrupted="You are in") == ""
    assert desk.of(Reply)[-1].final
    assert desk.asked("Done.", turn=2)
    assert desk.asked("Done with that now?", turn=3, interrupted="You are in")
    assert desk.asked("Why?", turn=4, interrupted="You are in"), "what is understood is answered"


def test_an_answer_is_prepared_while_nothing_is_asked(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.session.from_voice(Guess("Where am I?"))
    (prepared,) = desk.of(Prepare)
    assert prepared.certain
    assert prepared.text == desk.asked("Where am I?")
    desk.session.from_voice(Guess("No, leave it."))
    assert desk.of(Prepare)[-1] == Prepare("No, leave it.", "All right."), "words that do something wait for the model"
    desk.session.from_voice(Guess("What was?"))
    assert not desk.of(Prepare)[-1].certain, "so do a word or two"
    desk.session.from_voice(Guess("Stop."))
    assert desk.of(Prepare)[-1] == Prepare("Stop.", "", certain=True), "but not the word that matters most"
    sent = len(desk.sent)
    desk.session.from_voice(Guess(""))
    assert len(desk.sent) == sent


def test_a_language_model_on_this_machine_is_asked_before_the_user_has_ended() -> None:
    with endpoint_server() as server:
        desk = Desk(endpoint_options(server.url))
        desk.session.from_voice(Guess("Why would one want a cache here?"))
        desk.later(1.0)
        assert [prepared.text for prepared in desk.of(Prepare)][-1] == "The cursor is never defined."
        assert desk.of(Reply) == [], "nothing was asked"
        assert desk.asked("Why would one want a cache here?") == "The cursor is never defined."
        assert len(server.requests) == 1
        desk.session.from_voice(Guess("Why would one want a cache here?"))
        assert desk.asked("Why would one want a cache here? And a lock?", turn=2) == "The cursor is never defined."
        desk.later(1.0)
        assert len(server.requests) == 3, "other words are another question"


def test_a_language_model_elsewhere_is_not_told_what_nobody_asked() -> None:
    desk = Desk(endpoint_options("http://models.invalid/v1"))
    desk.session.from_voice(Guess("Why would one want a cache here?"))
    desk.later(5.0)
    assert desk.told == [], "no request, so no trouble"
    (prepared,) = desk.of(Prepare)
    assert prepared.text in ACKNOWLEDGEMENTS


def test_who_waits_for_the_first_word_is_told_so() -> None:
    """In real time, because a model that takes its time is real: the word comes first, in the same answer."""
    posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    pieces: list[str] = []
    ended: list[Exception | None] = []
    answering = Answering(
        RealClock(posted.put), lambda turn, text: pieces.append(text), lambda turn, error: ended.append(error),
        lambda question, text: None,
    )  # fmt: skip
    with endpoint_server("slow") as server:
        endpoint = EndpointAnswers(server.url, "tiny", "")
        question = Question("Why?", None)
        answering.ask(1, question, lambda: endpoint.stream(endpoint.messages("Why?", "")), waited_s=0.25)
        posted.get(timeout=10)()
        assert pieces == [acknowledgement(1) + " "]
        assert pieces[0].strip() in ACKNOWLEDGEMENTS
        answering.unask(1)
    assert ended == []


def test_diagnostics_may_come_before_their_document(desk: Desk) -> None:
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 3}}
    desk.session.diagnostics(URI, [{"range": place, "severity": 1, "message": "no such thing", "source": "lint"}])
    desk.session.open(URI, "text", 1, "one\n")
    assert "no such thing" in desk.asked("What is wrong here?")


def test_an_edit_elsewhere_moves_the_eye_there(desk: Desk) -> None:
    desk.session.open(URI, "python", 1, BUGGY)
    desk.session.open("file:///shop/tax.py", "python", 1, "a = 1\nb = 2\n")
    desk.session.cursor(URI, 2, 4)
    desk.session.change("file:///shop/tax.py", 2, [insert(1, 0, "#")])
    assert "tax.py, line 2" in desk.asked("Where am I?")


def test_an_endpoint_that_is_down_is_said_once() -> None:
    desk = Desk(endpoint_options("http://127.0.0.1:9/v1"))
    first = desk.asked("Why would one want a cache here?", turn=1)
    second = desk.asked("And what of the other one?", turn=2)
    assert first.strip()
    assert second == ""
    assert [reply.final for reply in desk.of(Reply)] == [True, True]
    assert len([text for text in desk.told if text.startswith("warning")]) == 2


def test_an_unwanted_answer_is_not_sent() -> None:
    with endpoint_server() as server:
        desk = Desk(endpoint_options(server.url))
        desk.session.from_voice(Ask(1, "Why would one want a cache here?", 0.0, 0.0))
        desk.session.from_voice(Unask(1))
        desk.later(5.0)
    assert desk.of(Reply) == []
