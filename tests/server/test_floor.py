"""The floor as timelines: events in, what is done out."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from duologue_model.engine import Decision
from duologue_model.vocabulary import Action, ForcedToken, UserState
from duologue_server.voice.floor import FloorState, Microphone, advance, listening
from duologue_server.voice.floor_events import (
    CancelAsk,
    Carried,
    Commanded,
    Decided,
    DeviceLost,
    DropUtterance,
    Duck,
    Effect,
    EndTurn,
    Event,
    Force,
    Foreseen,
    ForgetTurn,
    KeysPressed,
    OfferCame,
    OfferWithdrawn,
    ReplyCame,
    ReplyEmpty,
    Rules,
    SayCame,
    SendAsk,
    SoundEnded,
    Start,
    Stop,
    TurnEnded,
    Unduck,
    Utterance,
)  # fmt: skip

HINT = Utterance("o1", "Line three divides by zero.", "offer", urgency=0.8)
SAID = Utterance("s1", "The tests are green.", "say")


def decided(t: float, action: Action, user: UserState = UserState.QUIET, speech: bool = False) -> Decided:
    return Decided(t, Decision(action, user, speech))


def reply(turn: int, text: str = "Because total is zero.") -> Utterance:
    return Utterance(f"reply-{turn}", text, "reply", turn=turn)


def check(events: Sequence[Event], expected: Sequence[Effect], state: FloorState | None = None) -> FloorState:
    """Runs the events from a quiet, open microphone and compares everything that is done, in order."""
    state = state or FloorState()
    done: list[Effect] = []
    for event in events:
        state, effects = advance(state, event, Rules())
        done += effects
    assert done == list(expected)
    return state


def speaking(utterance: Utterance = SAID) -> FloorState:
    state, _ = advance(FloorState(), SayCame(5.0, utterance), Rules())
    return state


def test_an_offer_is_spoken_when_the_model_takes_the_floor() -> None:
    check([OfferCame(10, HINT), decided(12, Action.TAKE)], [Start(HINT)])


@pytest.mark.parametrize(("since_key_s", "spoken"), [(0.1, False), (1.4, False), (1.5, True), (9.0, True)])
def test_nothing_unprompted_within_a_second_and_a_half_of_a_key(since_key_s: float, spoken: bool) -> None:
    check(
        [OfferCame(10, HINT), KeysPressed(20, 1), decided(20 + since_key_s, Action.TAKE)],
        [Start(HINT)] if spoken else [],
    )


def test_a_key_stops_the_sound_and_it_does_not_go_on_by_itself() -> None:
    state = check([KeysPressed(6, 1)], [Stop("key"), Force(ForcedToken.YIELDED_TO_KEY)], speaking())
    state = check([SoundEnded(6.03, "s1", "key", SAID.text, "The tests")], [], state)
    assert state.sounding is None
    check([decided(7, Action.RESUME), decided(9, Action.TAKE)], [], state)


def test_overlap_ducks_then_a_backchannel_lets_it_go_on() -> None:
    check(
        [
            decided(6.0, Action.DUCK, UserState.SPEAKING_TO_PARTNER, speech=True),
            decided(6.1, Action.DUCK, UserState.SPEAKING_TO_PARTNER, speech=True),
            decided(6.4, Action.RESUME, UserState.BACKCHANNEL),
        ],
        [Duck(), Unduck(), ForgetTurn()],
        speaking(),
    )


def test_an_interruption_stops_and_its_question_is_answered() -> None:
    state = check(
        [
            decided(6.0, Action.DUCK, UserState.SPEAKING_TO_PARTNER, speech=True),
            decided(6.4, Action.YIELD, UserState.CLARIFICATION, speech=True),
            SoundEnded(6.42, "s1", "speech", SAID.text, "The tests"),
            decided(7.5, Action.DELEGATE),
            TurnEnded(7.6, "which tests", 6.9),
        ],
        [Duck(), Stop("speech"), EndTurn(), SendAsk(1, "which tests", 6.9, "The tests")],
        speaking(),
    )
    check([ReplyCame(7.7, reply(1))], [Start(reply(1))], state)


def test_a_stop_request_is_followed_by_silence() -> None:
    waiting, _ = advance(speaking(), OfferCame(5.5, HINT), Rules())
    state = check(
        [
            decided(6.2, Action.YIELD, UserState.STOP_REQUEST, speech=True),
            SoundEnded(6.22, "s1", "speech", SAID.text, "The"),
            decided(7.0, Action.RESUME),
            decided(8.0, Action.TAKE),
        ],
        [Stop("speech"), DropUtterance(HINT, "asked to stop")],
        waiting,
    )
    assert state.sounding is None


def test_a_false_interruption_goes_on_at_the_word() -> None:
    check(
        [
            decided(6.4, Action.YIELD, UserState.NOISE, speech=True),
            SoundEnded(6.42, "s1", "speech", SAID.text, "The"),
            decided(7.2, Action.RESUME),
        ],
        [Stop("speech"), Start(SAID, resume=True), ForgetTurn()],
        speaking(),
    )


def test_a_cough_between_question_and_answer_does_not_kill_the_answer() -> None:
    check(
        [
            decided(3.0, Action.DELEGATE),
            TurnEnded(3.1, "why is it red", 2.4),
            decided(3.2, Action.SILENT, UserState.NOISE, speech=True),
            ReplyCame(3.3, reply(1)),
            decided(3.5, Action.SILENT),
            decided(3.6, Action.TAKE),
        ],
        [EndTurn(), SendAsk(1, "why is it red", 2.4, None), Start(reply(1))],
    )


def test_a_new_question_replaces_the_old_one() -> None:
    check(
        [
            TurnEnded(3.0, "what is this", 2.5),
            TurnEnded(5.0, "where am I", 4.5),
            ReplyCame(5.1, reply(1)),
            ReplyCame(5.2, reply(2)),
        ],
        [SendAsk(1, "what is this", 2.5, None), CancelAsk(1), SendAsk(2, "where am I", 4.5, None), Start(reply(2))],
    )


def test_an_answer_that_a_key_stops_is_not_wanted_any_more() -> None:
    check(
        [
            TurnEnded(3.0, "what is this", 2.5),
            ReplyCame(3.1, reply(1)),
            KeysPressed(4.0, 1),
            SoundEnded(4.02, "reply-1", "key", "Because total is zero.", "Because"),
        ],
        [
            SendAsk(1, "what is this", 2.5, None),
            Start(reply(1)),
            Stop("key"),
            Force(ForcedToken.YIELDED_TO_KEY),
            CancelAsk(1),
        ],
    )


def test_an_answer_that_finds_no_moment_stays_as_text() -> None:
    check(
        [
            TurnEnded(3.0, "what is this", 2.5),
            KeysPressed(3.0, 1),
            ReplyCame(3.1, reply(1)),
            decided(16.0, Action.TAKE),
        ],
        [SendAsk(1, "what is this", 2.5, None), DropUtterance(reply(1), "no moment to speak came")],
    )


def test_nothing_to_say_to_a_turn_ends_the_waiting() -> None:
    state = check([TurnEnded(3.0, "hm", 2.5), ReplyEmpty(3.1, 1)], [SendAsk(1, "hm", 2.5, None)])
    assert state.asked is None


def test_a_say_replaces_what_sounds() -> None:
    other = Utterance("s2", "Saved.", "say")
    state = check([SayCame(6, other)], [Stop("control"), Start(other), Force(ForcedToken.BEGAN_TO_SAY)], speaking())
    state = check([SoundEnded(6.01, "s1", "control", SAID.text, "The")], [], state)
    assert state.sounding == other


def test_push_to_talk_opens_the_microphone_only_while_held() -> None:
    state = FloorState(microphone="push_to_talk")
    assert not listening(state)
    state = check([Commanded(1, "ptt_down")], [Carried("ptt_down", "asked by the user")], state)
    assert listening(state)
    state = check([Commanded(2, "ptt_up")], [Carried("ptt_up", "asked by the user")], state)
    assert not listening(state)


@pytest.mark.parametrize(
    ("home", "started", "unmuted"),
    [("open", "open", "open"), ("push_to_talk", "push_to_talk", "push_to_talk"), ("off", "off", "open")],
)
def test_a_start_opens_no_more_than_the_settings_want(home: Microphone, started: str, unmuted: str) -> None:
    state = FloorState(microphone=home, home=home)
    state, _ = advance(state, Commanded(1, "stop"), Rules())
    assert state.microphone == "off"
    state, _ = advance(state, Commanded(2, "start"), Rules())
    assert state.microphone == started
    state, _ = advance(state, Commanded(3, "unmute"), Rules())
    assert state.microphone == unmuted


def test_push_to_talk_silences_the_partner() -> None:
    check(
        [Commanded(6, "ptt_down")],
        [Stop("control"), Force(ForcedToken.YIELDED_TO_CONTROL), Carried("ptt_down", "asked by the user")],
        speaking(),
    )


@pytest.mark.parametrize(("name", "microphone"), [("stop", "off"), ("sleep", "asleep"), ("mute", "muted")])
def test_verbs_close_the_microphone(name: str, microphone: str) -> None:
    state = check([Commanded(1, name)], [ForgetTurn(), Carried(name, "asked by the user")])
    assert state.microphone == microphone
    assert not listening(state)


def test_snooze_holds_offers_and_not_answers() -> None:
    carried = Carried("snooze", "asked by the user")
    state = check([Commanded(10, "snooze", {"minutes": 1}), OfferCame(11, HINT), decided(20, Action.TAKE)], [carried])
    check([decided(69, Action.TAKE), decided(70, Action.TAKE)], [Start(HINT)], state)
    check(
        [TurnEnded(21, "why", 20.5), ReplyCame(21.2, reply(1))],
        [SendAsk(1, "why", 20.5, None), Start(reply(1))],
        state,
    )


def test_repeat_says_all_of_the_last_utterance_again() -> None:
    state = check([SoundEnded(7, "s1", "end", SAID.text, SAID.text)], [], speaking())
    again = Utterance("repeat-2", SAID.text, "repeat")
    check(
        [Commanded(9, "repeat")],
        [Start(again), Force(ForcedToken.BEGAN_TO_SAY), Carried("repeat", "asked by the user")],
        state,
    )


def test_a_withdrawn_offer_is_not_spoken() -> None:
    check(
        [OfferCame(1, HINT), OfferWithdrawn(2, "o1", "its line changed"), decided(5, Action.TAKE)],
        [DropUtterance(HINT, "its line changed")],
    )


def test_a_lost_device_ends_everything_that_waits() -> None:
    state, _ = advance(speaking(), OfferCame(5.5, HINT), Rules())
    check(
        [DeviceLost(6)],
        [Stop("device"), Force(ForcedToken.LOST_DEVICE), DropUtterance(HINT, "the sound device was lost")],
        state,
    )


def test_asleep_nothing_is_said() -> None:
    state = replace(FloorState(), microphone="asleep", offer=HINT)
    check([decided(30, Action.TAKE), decided(31, Action.BACKCHANNEL)], [], state)


WHOLE = Carried("end_turn", "the words alone settle what is wanted")
SPEAKS, PAUSES = UserState.SPEAKING_TO_PARTNER, UserState.QUIET


def test_a_known_question_is_over_without_a_decision() -> None:
    speech = decided(1.0, Action.SILENT, SPEAKS, speech=True)
    pause = decided(1.08, Action.SILENT, PAUSES)
    state = check([speech, pause, Foreseen(1.1)], [EndTurn(), WHOLE])
    check([Foreseen(1.12), Foreseen(1.14)], [], state)


@pytest.mark.parametrize(
    "last",
    [
        decided(1.08, Action.SILENT, SPEAKS, speech=True),
        Decided(1.08, Decision(Action.SILENT, UserState.SPEAKING_TO_OTHERS, False, {"SILENT": 0.9})),
        Decided(1.08, Decision(Action.SILENT, UserState.NOISE, False, {"SILENT": 0.9})),
    ],
    ids=["the user goes on", "to a colleague", "from the radio"],
)
def test_a_known_question_is_not_over_when_the_model_knows_better(last: Decided) -> None:
    check([decided(1.0, Action.SILENT, SPEAKS, speech=True), last, Foreseen(1.1)], [])


def test_a_known_question_over_our_voice_waits_until_that_is_lowered() -> None:
    state = replace(FloorState(), sounding=SAID)
    check([Foreseen(1.1)], [], state)
    check([Foreseen(1.1)], [Stop("speech"), EndTurn(), WHOLE], replace(state, ducked=True))
