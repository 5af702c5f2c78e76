"""The voice loop as timelines, to the sample: messages in, facts and sound out."""

from collections.abc import Sequence

import numpy as np
import pytest

from duologue_model.vocabulary import Action, ForcedToken, UserState
from duologue_server.link.messages import (
    Ask,
    Control,
    FromVoice,
    Guess,
    HeardUpTo,
    Keys,
    Manner,
    Offer,
    Prepare,
    Reply,
    Say,
    Unask,
    VoiceState,
    Withdraw,
)
from duologue_server.trace.facts import Command, Dropped, Duck, Fact, Heard, SoundOff, SoundOn, Unduck
from duologue_server.voice.floor_events import TurnEnded
from support.clips import BECKETT_BEGINS, beckett, silence
from support.stage import Stage

SIX = "one two three four five six"
QUIET = UserState.QUIET


def check(facts: Sequence[Fact], *expected: tuple[str, float, str]) -> None:
    """Compares kind, time to 5 ms, and what distinguishes the fact."""

    def told(fact: Fact) -> tuple[str, float, str]:
        match fact:
            case SoundOn(cause=cause):
                return fact.kind, fact.t, cause
            case SoundOff(cause=cause, heard_text=heard_text):
                return fact.kind, fact.t, f"{cause}: {heard_text}"
            case Dropped(why=why):
                return fact.kind, fact.t, why
            case Duck() | Unduck():
                return fact.kind, fact.t, fact.utterance
            case _:
                return fact.kind, fact.t, ""

    told_facts = [told(fact) for fact in facts if fact.kind != "command"]
    assert [(kind, what) for kind, _, what in told_facts] == [(kind, what) for kind, _, what in expected]
    for (kind, t, _), (_, expected_t, _) in zip(told_facts, expected, strict=True):
        assert abs(t - expected_t) <= 0.005, (kind, t, expected_t)


def sent(stage: Stage, kind: type[FromVoice]) -> list[FromVoice]:
    return [message for message in stage.messages if isinstance(message, kind)]


def test_a_say_sounds_at_once_and_is_heard_out() -> None:
    stage = Stage()
    stage.at(1.0, Say("s1", SIX))
    check(stage.run(4.0), ("sound_on", 1.0, "say"), ("sound_off", 2.2, f"end: {SIX}"))
    assert stage.level(1.05, 2.15) > 0.4
    assert stage.level(2.2, 4.0) == 0.0


def test_a_key_silences_within_a_block_and_the_words_heard_are_exact() -> None:
    stage = Stage()
    stage.at(1.0, Say("s1", SIX))
    stage.at(1.55, Keys(1))
    check(stage.run(4.0), ("sound_on", 1.0, "say"), ("sound_off", 1.56, "key: one two three"))
    assert stage.level(1.50, 1.55) > 0.4
    assert stage.level(1.56, 4.0) == 0.0
    assert ForcedToken.YIELDED_TO_KEY in [token for heard in stage.engine.heard for token in heard.forced]


def test_captions_follow_word_by_word() -> None:
    stage = Stage()
    stage.at(1.0, Say("s1", "one two three"))
    stage.run(2.0)
    texts = [message.text for message in sent(stage, HeardUpTo) if isinstance(message, HeardUpTo)]
    assert texts == ["", "one", "one two", "one two three"]


def test_ducking_lowers_and_raises_without_a_gap() -> None:
    ducked = {round(1.52 + 0.08 * index, 2): (Action.DUCK, QUIET) for index in range(6)}
    stage = Stage({**ducked, 2.0: (Action.RESUME, UserState.NOISE)})
    stage.at(1.0, Say("s1", "a b c d e f g h i j"))
    facts = stage.run(4.0)
    check(
        facts,
        ("sound_on", 1.0, "say"),
        ("duck", 1.52, "s1"),
        ("unduck", 2.0, "s1"),
        ("sound_off", 3.0, "end: a b c d e f g h i j"),
    )
    assert 0.05 < stage.level(1.60, 1.95) < 0.2
    assert stage.level(2.15, 2.9) > 0.4


def test_a_yield_goes_on_at_the_next_word() -> None:
    stage = Stage({1.52: (Action.YIELD, UserState.NOISE), 2.48: (Action.RESUME, UserState.NOISE)})
    stage.at(1.0, Say("s1", SIX))
    facts = stage.run(5.0)
    check(
        facts,
        ("sound_on", 1.0, "say"),
        ("sound_off", 1.53, "speech: one two three"),
        ("sound_on", 2.48, "resume"),
        ("sound_off", 3.08, f"end: {SIX}"),
    )


def test_an_offer_waits_for_the_model_and_for_the_fingers() -> None:
    stage = Stage(dict.fromkeys((0.96, 1.6, 2.0, 2.56, 2.64), (Action.TAKE, QUIET)))
    stage.at(0.5, Offer("o1", SIX, 0.9))
    stage.at(1.1, Keys(2))
    stage.at(0.9, Keys(1))
    check(stage.run(5.0), ("sound_on", 2.64, "offer"), ("sound_off", 3.84, f"end: {SIX}"))


def test_a_withdrawn_offer_is_told_and_not_spoken() -> None:
    stage = Stage({3.04: (Action.TAKE, QUIET)})
    stage.at(0.5, Offer("o1", SIX, 0.9))
    stage.at(1.0, Withdraw("o1", "its code changed"))
    check(stage.run(4.0), ("drop", 1.0, "its code changed"))


def asked(stage: Stage, t: float, text: str = "what is this") -> None:
    """The ear has a complete turn of the user then."""

    def ended() -> None:
        stage.loop._advance(TurnEnded(t, text, t - 0.5))

    stage.call_at(t, ended)


def test_an_answer_is_spoken_from_its_first_clause_on() -> None:
    stage = Stage()
    asked(stage, 1.0)
    stage.at(1.1, Reply(1, "Total is zero. The", False))
    stage.at(1.2, Reply(1, " loop never runs.", True))
    check(
        stage.run(5.0),
        ("sound_on", 1.1, "reply"),
        ("sound_off", 2.5, "end: Total is zero. The loop never runs."),
    )
    assert next(message for message in stage.messages if isinstance(message, Ask)).text == "what is this"


def test_the_latency_shown_is_from_the_end_of_the_users_speech() -> None:
    stage = Stage()
    stage.loop.words("what is this", False)
    stage.call_at(1.0, lambda: stage.loop.words("what is this", True))
    stage.at(1.3, Reply(1, "A loop.", True))
    stage.run(2.0)
    latencies = {message.latency_ms for message in stage.messages if isinstance(message, VoiceState)}
    assert latencies == {None, 320.0}


def test_an_interrupted_answer_is_not_wanted_and_late_pieces_are_ignored() -> None:
    stage = Stage()
    asked(stage, 1.0)
    stage.at(1.1, Reply(1, "one two three four five. ", False))
    stage.at(1.5, Keys(1))
    stage.at(1.7, Reply(1, "six seven.", True))
    check(stage.run(4.0), ("sound_on", 1.1, "reply"), ("sound_off", 1.51, "key: one two"))
    assert Unask(1) in stage.messages


def test_an_empty_answer_ends_the_thinking() -> None:
    stage = Stage()
    asked(stage, 1.0)
    stage.at(1.2, Reply(1, "", True))
    check(stage.run(2.0))
    shown = [message.partner for message in stage.messages if isinstance(message, VoiceState)]
    assert shown == ["silent", "thinking", "silent"]


def test_repeat_says_the_whole_of_what_was_cut() -> None:
    stage = Stage()
    stage.at(1.0, Say("s1", "one two three"))
    stage.at(1.25, Keys(1))
    stage.at(3.0, Control("repeat"))
    check(
        stage.run(5.0),
        ("sound_on", 1.0, "say"),
        ("sound_off", 1.26, "key: one"),
        ("sound_on", 3.0, "repeat"),
        ("sound_off", 3.6, "end: one two three"),
    )


def test_mute_closes_the_microphone_and_says_so() -> None:
    stage = Stage()
    stage.at(0.5, Control("mute"))
    stage.at(1.5, Control("unmute"))
    stage.run(2.0)
    assert [heard.microphone_open for heard in stage.engine.heard[3:10]] == [
        True,
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    shown = [message.microphone for message in stage.messages if isinstance(message, VoiceState)]
    assert shown == ["open", "muted", "open"]


def test_a_synthesiser_that_fails_costs_its_clause_only() -> None:
    stage = Stage()
    speaker = stage.loop._parts.mouth._speaker
    speak = speaker.speak

    def fail_once(clause: str) -> object:
        if clause.startswith("Broken"):
            raise RuntimeError("no such phoneme")
        return speak(clause)

    speaker.speak = fail_once  # type: ignore[method-assign, assignment]
    stage.at(1.0, Say("s1", "Broken clause here. Whole one."))
    check(stage.run(3.0), ("sound_on", 1.0, "say"), ("sound_off", 1.4, "end: Whole one."))
    assert [str(error) for error in stage.errors] == ["no such phoneme"]


def test_without_a_loudspeaker_everything_stays_text() -> None:
    stage = Stage()
    stage.loop.use_device(has_input=True, has_output=False)
    stage.at(1.0, Say("s1", SIX))
    check(stage.run(3.0), ("drop", 1.0, "it has no sound"))
    assert stage.level(0.0, 3.0) == 0.0
    assert stage.loop.floor.sounding is None


def test_a_lost_device_ends_the_sound() -> None:
    stage = Stage()
    stage.at(1.0, Say("s1", SIX))
    stage.call_at(1.25, stage.loop.lose_device)
    check(stage.run(3.0), ("sound_on", 1.0, "say"), ("sound_off", 1.26, "device: one"))


def asks(stage: Stage) -> list[str]:
    return [message.text for message in stage.messages if isinstance(message, Ask)]


def guesses(stage: Stage) -> list[str]:
    return [message.text for message in stage.messages if isinstance(message, Guess)]


SPOKEN = np.concatenate([silence(1.0), beckett()[BECKETT_BEGINS], silence(4.0)])
"""Somebody speaks from 1.0 s to about 2.0 s; the scripted listener takes it for "what is this"."""


def test_what_may_be_a_turn_is_told_while_the_user_pauses() -> None:
    stage = Stage()
    stage.run(1.8, SPOKEN)
    assert guesses(stage) == [], "the user speaks"
    stage.run(3.0, SPOKEN)
    assert guesses(stage) == ["what is this"], "told once"
    assert asks(stage) == []


def test_a_known_question_is_answered_without_a_decision_and_its_sound_is_ready() -> None:
    stage = Stage()
    stage.at(2.5, Prepare("what is this", "This is a loop.", certain=True))
    stage.at(2.5, Reply(1, "This is a loop.", True))
    facts = stage.run(3.0, SPOKEN)
    assert asks(stage) == ["what is this"]
    check([fact for fact in facts if fact.kind != "heard"], ("sound_on", 2.5, "reply"))
    (rule,) = [fact for fact in facts if isinstance(fact, Command)]
    assert rule.name == "end_turn"
    stage.at(3.1, Control("why"))
    stage.run(3.2, SPOKEN)
    (why,) = [fact.why for fact in stage.facts() if isinstance(fact, Command) and fact.name == "why"]
    assert "That is a rule, not a decision" in why


@pytest.mark.parametrize(("words", "taken"), [("two free four five", []), ("what is this", ["what is this"])])
def test_our_own_words_that_come_back_are_not_the_users(words: str, taken: list[str]) -> None:
    stage = Stage()
    stage.listener.text = words
    stage.at(0.8, Say("s1", SIX))
    facts = stage.run(4.0, SPOKEN)
    assert [fact.text for fact in facts if isinstance(fact, Heard)] == taken
    assert guesses(stage) == taken
    stage.run(6.0, SPOKEN)
    stage.loop.words(words, final=True)
    assert asks(stage) == taken


def test_words_after_our_voice_are_somebodys() -> None:
    stage = Stage()
    stage.listener.text = "two three four five"
    stage.at(0.1, Say("s1", "one two three four five"))
    stage.run(4.0, np.concatenate([silence(2.0), SPOKEN]))
    stage.run(6.0, np.concatenate([silence(2.0), SPOKEN]))
    assert guesses(stage) == ["two three four five"]


def test_other_words_wait_for_the_model() -> None:
    stage = Stage()
    stage.at(2.5, Prepare("what is this", "This is a loop.", certain=False))
    stage.at(2.6, Prepare("what is that", "That is a loop.", certain=True))
    stage.run(4.0, SPOKEN)
    assert asks(stage) == []


def test_a_guess_is_taken_back_when_the_user_goes_on() -> None:
    stage = Stage()
    goes_on = np.concatenate([SPOKEN[: 16_000 * 3], beckett()[BECKETT_BEGINS], silence(2.0)])
    stage.run(3.6, goes_on)
    assert guesses(stage) == ["what is this", ""]
    stage.run(6.0, goes_on)
    assert guesses(stage) == ["what is this", "", "what is this"]


def test_what_was_prepared_sounds_at_once() -> None:
    counted: list[str] = []
    stage = Stage()
    mouth = stage.loop._parts.mouth
    speak = mouth._speaker.speak
    mouth._speaker.speak = lambda clause: counted.append(clause) or speak(clause)  # type: ignore[method-assign, func-returns-value]
    stage.at(1.0, Prepare("how", "Total is zero. The loop ", final=False))
    stage.at(1.1, Prepare("how", "Total is zero. The loop never runs.", final=True))
    asked(stage, 2.0, "how")
    stage.at(2.0, Reply(1, "Total is zero.", True))
    stage.run(3.0)
    assert counted == ["Total is zero."]


def test_who_is_asked_to_speak_slower_and_softer_does_so_from_the_next_clause_on() -> None:
    stage = Stage()
    stage.at(0.5, Say("s1", "one two"))
    stage.at(2.0, Manner(0.5, 0.5), Say("s2", "one two"))
    facts = stage.run(4.0)
    usual, slow = stage.level(0.6, 0.8), stage.level(2.2, 2.6)
    heard_ms = [round(fact.heard_ms) for fact in facts if isinstance(fact, SoundOff)]
    assert heard_ms == [400, 800], "the same words, though they had been synthesised before"
    assert abs(slow / usual - 0.5) < 0.05
