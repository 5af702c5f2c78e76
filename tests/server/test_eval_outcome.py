"""From traces to floor logs, as timelines; and a short session through the real product."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duologue_model.evaluation.floor import interruptions
from duologue_model.training.example import AGENDA_FIELDS
from duologue_model.training.floorlog import FloorLog, Key, Said, Sounded, Turn
from duologue_model.training.partner import Habits
from duologue_model.training.scenarios import play
from duologue_model.vocabulary import Action, UserState
from duologue_server.evaluate.folders import write_session
from duologue_server.evaluate.judged import Waiting, judged
from duologue_server.evaluate.outcome import decisions, delegations, sounded, words_by_slice
from duologue_server.evaluate.plan import NO_ECHO_DB, Plan, nothing_perceived
from duologue_server.evaluate.run import key_to_silence_ms
from duologue_server.evaluate.whole import Outcome, Replayer
from duologue_server.trace import facts
from support.speech_bank import speech_bank
from support.tone_bank import tone_bank

ACTIONS, USERS = list(Action), list(UserState)
SLICES = 125


def on(t: float, name: str, cause: facts.Cause) -> facts.SoundOn:
    return facts.SoundOn(t, name, "text", cause)


def off(t: float, name: str, cause: facts.EndCause, heard_ms: float = 0.0) -> facts.SoundOff:
    return facts.SoundOff(t, name, cause, "text", heard_ms)


def decided(t: float, action: Action, user: UserState = UserState.QUIET) -> facts.Turn:
    return facts.Turn(t, action, user, {}, 1.0)


def truth(*turns: Turn, keys: tuple[float, ...] = ()) -> FloorLog:
    return FloorLog(
        "s", "turns", "someone", SLICES, turns, tuple(Key(at_s) for at_s in keys), (), (), (), (), NO_ECHO_DB,
        nothing_perceived(SLICES),
    )  # fmt: skip


def turn(start_s: float, end_s: float, state: UserState = UserState.SPEAKING_TO_PARTNER, answer: bool = True) -> Turn:
    return Turn("user", state, (Said(start_s, end_s, "c", 0, 1, 1.0),), answer, 0.35)


def right(log: FloorLog, t: float, *offers: Waiting) -> Action | None:
    """The label of the slice that ends at `t`."""
    label = int(judged(log, offers).action[round(t / 0.08) - 1])
    return None if label < 0 else ACTIONS[label]


def test_an_utterance_that_was_ducked_broken_off_and_went_on() -> None:
    heard = sounded(
        [
            on(1.0, "say-1", "say"),
            facts.Duck(2.0, "say-1", -14.0),
            facts.Unduck(2.5, "say-1", 0.0),
            facts.Duck(3.0, "say-1", -14.0),
            off(3.3, "say-1", "speech", 2300.0),
            on(4.0, "say-1", "resume"),
            off(5.0, "say-1", "end", 3300.0),
            on(6.0, "mm", "backchannel"),
            off(6.3, "mm", "end"),
            on(7.0, "offer-1", "offer"),
            off(7.5, "offer-1", "key"),
            on(8.0, "say-2", "say"),
            off(8.2, "say-2", "session"),
        ]
    )
    assert heard[0] == Sounded("reply", "say-1", 1.0, 3.3, 0, "speech", [(2.0, 2.5), (3.0, 3.3)])
    assert heard[1] == Sounded("reply", "say-1", 4.0, 5.0, 36_800, "end")
    assert [(one.kind, one.ended_by) for one in heard[2:]] == [("hum", "end"), ("offer", "key"), ("reply", "end")]


def test_a_turn_is_handed_over_once_and_not_while_the_partner_speaks() -> None:
    trace: list[facts.Fact] = [
        decided(1.04, Action.DELEGATE), decided(1.12, Action.DELEGATE), decided(1.2, Action.SILENT),
        on(1.3, "say", "say"), decided(1.36, Action.DELEGATE), off(1.4, "say", "end"), decided(1.44, Action.SILENT),
        decided(1.52, Action.DELEGATE),
    ]  # fmt: skip
    assert delegations(trace) == [1.04, 1.52]


def test_a_key_that_stopped_the_partner_is_timed() -> None:
    said = [Sounded("reply", "a", 1.0, 2.02, 0, "key"), Sounded("reply", "b", 3.0, 3.5, 0, "end")]
    log = replace(truth(keys=(0.5, 2.0, 2.4)), sounded=tuple(said))
    assert key_to_silence_ms(log) == pytest.approx([20.0])


def test_a_slice_that_was_left_out_keeps_what_was_decided_before() -> None:
    trace = [decided(0.08, Action.SILENT), decided(0.16, Action.DUCK, UserState.NOISE), decided(0.4, Action.KEEP)]
    made = decisions(trace, 6)
    assert [ACTIONS[a] for a in made[:, 0]] == [Action.SILENT, *[Action.DUCK] * 3, Action.KEEP, Action.KEEP]
    assert [USERS[u] for u in made[:, 1]][1] is UserState.NOISE


def test_the_words_are_there_until_the_turn_is_over() -> None:
    trace = [facts.Heard(0.1, "what", False), facts.Heard(0.3, "what is", False), facts.Heard(0.4, "what is it", True)]
    assert words_by_slice(trace, 6) == ("", "what", "what", "what is", "", "")


def test_what_would_have_been_right_follows_what_happened() -> None:
    log = truth(turn(1.0, 3.0), turn(6.0, 6.5, UserState.STOP_REQUEST, False))
    log = replace(log, delegated_s=(3.2,), sounded=(Sounded("reply", "r", 3.4, 7.0, 0),))
    assert right(log, 2.0) is Action.SILENT
    assert right(log, 3.2) is Action.DELEGATE
    assert right(log, 4.0) is Action.KEEP
    assert right(log, 6.24) is Action.DUCK
    assert right(log, 6.48) is Action.YIELD
    assert right(log, 8.0) is Action.SILENT


def test_an_offer_waits_for_the_lull_after_typing() -> None:
    log = truth(keys=(1.0, 1.5, 2.0, 2.5, 3.0))
    offer = Waiting(1.2, 6.0, 1.0)
    assert right(log, 2.0, offer) is Action.DEFER
    assert right(log, 4.0, offer) is Action.DEFER
    assert right(log, 4.8, offer) is Action.TAKE
    assert right(log, 6.4, offer) is Action.SILENT
    assert judged(log, [offer]).agenda[30, AGENDA_FIELDS.index("waiting_offer")] == 1.0


@pytest.mark.parametrize(
    "scenario", ["mid_clause_pause", "backchannel", "question_interruption", "typing_while_talking"]
)
def test_what_is_right_is_judged_as_in_training(scenario: str) -> None:
    log = play(scenario, tone_bank(), np.random.default_rng(2), 30.0, habits=Habits())
    told, made = log.perceived, judged(log, [])
    for known, again in ((told.action, made.action), (told.user, made.user)):
        both = (known >= 0) & (again >= 0)
        assert both.mean() > 0.9
        assert (known[both] == again[both]).mean() > 0.97


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    return Replayer("baseline", free_compute=True)


def check(replayer: Replayer, folder: Path, plan: Plan) -> Outcome:
    """Replays a plan; what the trace holds and the log says agree."""
    found = replayer.replay(write_session(folder / plan.name, plan), keep=True)
    log = found.played.log
    assert log.decided is not None
    assert log.decided.shape == (log.slices, 2)
    assert len(found.played.words) == log.slices
    assert (log.perceived.action >= 0).mean() > 0.7
    trace = (folder / plan.name / "baseline" / "trace.jsonl").read_text("utf-8")
    assert trace.count('"kind": "sound_on"') == len(log.sounded)
    assert (folder / plan.name / "baseline" / "partner.flac").exists()
    return found


def test_a_question_is_answered_and_a_request_to_stop_is_heard(replayer: Replayer, tmp_path: Path) -> None:
    plan = Plan("p", "turns", speech_bank(), np.random.default_rng(3), human=False, echo_db=-25.0)
    plan.wait(1.0)
    asked = plan.speak("turn")
    plan.t = asked.end_s + 5.0
    plan.say()
    plan.wait(2.5)
    stopped = plan.speak("stop", UserState.STOP_REQUEST, answer=False)
    plan.t = stopped.end_s + 3.0
    log = check(replayer, tmp_path, plan).played.log
    (answered_s,) = [at_s for at_s in log.delegated_s if at_s < stopped.start_s]
    assert answered_s > asked.end_s
    reply = next(one for one in log.sounded if one.clip.startswith("reply"))
    assert answered_s <= reply.start_s < answered_s + 1.0
    ((interruption, said, success),) = interruptions(log)
    assert interruption.start_s == stopped.start_s
    assert said.clip == "say-1"
    assert success


def test_nothing_of_one_session_is_left_in_the_next(replayer: Replayer, tmp_path: Path) -> None:
    logs = []
    for number in range(2):
        plan = Plan("p", "echo", speech_bank(), np.random.default_rng(4), human=False, echo_db=-15.0)
        plan.wait(0.5)
        plan.say()
        plan.wait(2.5)
        logs.append(check(replayer, tmp_path / str(number), plan).played.log)
    assert logs[0].sounded == logs[1].sounded
    assert (logs[0].decided == logs[1].decided).all()  # type: ignore[union-attr]


def test_an_engine_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="engine"):
        Replayer("oracle", free_compute=True)
