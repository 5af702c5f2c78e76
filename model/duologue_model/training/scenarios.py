"""The scenario classes: what the user does, as short scripts on a stage, with stretches of nothing between."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from duologue_model.training.floorlog import FloorLog, NoiseKind
from duologue_model.training.partner import Habits
from duologue_model.training.seen import Mind
from duologue_model.training.stage import Stage
from duologue_model.training.timing import Timing, load
from duologue_model.training.voices import Bank
from duologue_model.vocabulary import ForcedToken, UserState

Script = Callable[[Stage], None]
STOPPED = 0.3
"""Share of the answers to turns that a rule stops."""


def _lull(stage: Stage, least_s: float = 0.4, most_s: float = 2.5) -> None:
    stage.wait(float(stage.rng.uniform(least_s, most_s)))


def _hear_out(stage: Stage, limit_s: float = 15.0) -> None:
    """Hears the answer out, unless a rule stops it: a key, a command, or a sound device that is gone."""
    into_s = float(stage.rng.uniform(0.2, 3.0))
    if stage.rng.random() < STOPPED and stage.until(lambda: stage.sounding_s > into_s, limit_s):
        choice = stage.rng.random()
        if choice < 0.5:
            stage.type(float(stage.rng.uniform(0.1, 2.0)))
        else:
            stage.control(token=ForcedToken.YIELDED_TO_CONTROL if choice < 0.8 else ForcedToken.LOST_DEVICE)
        stage.wait(float(stage.rng.uniform(0.3, 2.0)))
    stage.hear_out(limit_s)


def _speaking_partner(stage: Stage, left_s: float = 1.0) -> bool:
    """Brings the partner to speak, by a question or by an offer, and goes some way into it."""
    for _ in range(3):
        choice = stage.rng.random()
        if choice < 0.1:
            stage.begin_to_say()
        elif choice < 0.75:
            stage.say("turn")
        else:
            stage.offer(1.0)
        into_s = float(stage.rng.uniform(0.5, 2.2))
        if stage.until(lambda: stage.sounding_s > into_s and stage.left_s > left_s, 14.0):  # noqa: B023
            return True
        stage.hear_out()
    return False


def smooth_turn(stage: Stage) -> None:
    stage.say("turn")
    _hear_out(stage)


def mid_clause_pause(stage: Stage) -> None:
    stage.say("pausing")
    _hear_out(stage)


def self_repair(stage: Stage) -> None:
    stage.say("repair")
    _hear_out(stage)


def long_account(stage: Stage) -> None:
    stage.say("account")
    _hear_out(stage, 30.0)


def one_word_answer(stage: Stage) -> None:
    stage.say("turn")
    stage.hear_out()
    stage.say("answer", delay_s=max(0.0, stage.timing.floor_transfer.draw(stage.rng)))
    stage.hear_out()


def dictated_identifiers(stage: Stage) -> None:
    stage.say("dictation")
    _hear_out(stage, 25.0)


def backchannel(stage: Stage) -> None:
    """Backchannels over the partner, and a few into the gap after it."""
    if not _speaking_partner(stage):
        return
    while stage.left_s > 0.5:
        turn = stage.say("backchannel", UserState.BACKCHANNEL, float(stage.rng.uniform(0.0, 0.3)), answer=False)
        stage.until(lambda: stage.t > turn.end_s + 0.5, 4.0)  # noqa: B023
        stage.wait(float(stage.rng.uniform(0.6, 2.5)))
    stage.hear_out()


def stop_interruption(stage: Stage) -> None:
    if _speaking_partner(stage, 1.5):
        stage.say("stop", UserState.STOP_REQUEST, float(stage.rng.uniform(0.0, 0.2)), answer=False)
        _lull(stage, 1.5, 4.0)
    stage.hear_out()


def _interruption(kind: str) -> Script:
    def script(stage: Stage) -> None:
        if _speaking_partner(stage, 1.5):
            stage.say(kind, UserState.CLARIFICATION, float(stage.rng.uniform(0.0, 0.2)))
            stage.wait(0.5)
        stage.hear_out(20.0)

    return script


def colleague(stage: Stage) -> None:
    """The user talks to somebody in the room, who answers; in half of the cases over the partner."""
    if stage.rng.random() < 0.5:
        _speaking_partner(stage, 1.5)
    elif stage.rng.random() < 0.4:
        stage.offer(float(stage.rng.uniform(0.2, 1.0)))
    for _ in range(int(stage.rng.integers(1, 4))):
        turn = stage.say("colleague", UserState.SPEAKING_TO_OTHERS, answer=False)
        stage.until(lambda: stage.t > turn.end_s, 15.0)  # noqa: B023
        gap_s = max(0.1, stage.timing.floor_transfer.draw(stage.rng))
        level_db = float(stage.rng.uniform(-18.0, -6.0))
        turn = stage.say("colleague", UserState.SPEAKING_TO_OTHERS, gap_s, answer=False, who="other", gain_db=level_db)
        stage.until(lambda: stage.t > turn.end_s + 0.4, 15.0)  # noqa: B023
    stage.hear_out()


def background_speech(stage: Stage) -> None:
    """People or a film in the background, while the partner speaks, is spoken to, or is silent."""
    kind = "talk" if stage.bank.has("talk") else "colleague"
    for _ in range(int(stage.rng.integers(1, 4))):
        level_db = float(stage.rng.uniform(-28.0, -12.0))
        stage.say(
            kind, UserState.NOISE, float(stage.rng.uniform(0.0, 3.0)), answer=False, who="other", gain_db=level_db
        )
    choice = stage.rng.random()
    if choice < 0.5:
        _speaking_partner(stage)
    elif choice < 0.75:
        stage.offer(float(stage.rng.uniform(0.5, 1.0)))
    stage.hear_out()
    _lull(stage, 3.0, 8.0)


def typing_alone(stage: Stage) -> None:
    for _ in range(int(stage.rng.integers(2, 6))):
        burst_s = float(np.clip(stage.rng.lognormal(0.9, 0.7), 0.4, 12.0))
        stage.type(burst_s, complete=bool(stage.rng.random() < 0.6))
        if stage.rng.random() < 0.3:
            stage.mark("saves", delay_s=burst_s + 0.3)
        if stage.rng.random() < 0.3:
            stage.mark("diagnostics_up", int(stage.rng.integers(1, 4)), burst_s + 0.6)
        stage.wait(burst_s + float(np.clip(stage.rng.lognormal(0.0, 0.8), 0.2, 5.0)))
    stage.mark("statement_complete", 1)


def typing_while_talking(stage: Stage) -> None:
    """Hands and voice at once: while asking, or over the partner, whom a key stops."""
    kind = str(stage.rng.choice(["turn", "pausing", "account"]))
    turn = stage.say(kind)
    stage.type(float(stage.rng.uniform(0.6, 1.2)) * (turn.end_s - stage.t), float(stage.rng.uniform(0.0, 0.6)))
    if stage.rng.random() < 0.4 and stage.until(lambda: stage.sounding_s > 0.6, 15.0):
        stage.type(float(stage.rng.uniform(0.5, 3.0)))
        stage.wait(4.0)
    stage.hear_out(20.0)
    stage.mark("statement_complete", 1)


def echo_alone(stage: Stage) -> None:
    """The partner speaks, nobody else does; noises and somebody else's keyboard may sound."""
    if not _speaking_partner(stage):
        return
    while stage.left_s > 0.3:
        choice = stage.rng.random()
        if choice < 0.3:
            kinds: list[NoiseKind] = ["cough", "knock", "click", "chair"]
            stage.noise(kinds[int(stage.rng.integers(len(kinds)))])
        elif choice < 0.45:
            stage.type(1.0, elsewhere=True)
        elif choice < 0.65:
            stage.control(token=ForcedToken.LOST_DEVICE if choice < 0.48 else ForcedToken.YIELDED_TO_CONTROL)
        stage.wait(float(stage.rng.uniform(0.5, 1.5)))
    stage.hear_out()


def timed_request(stage: Stage) -> None:
    """A request for later; its time comes, or the tests turn, and it is urgent."""
    stage.say("timed")
    stage.hear_out()
    if stage.rng.random() < 0.5:
        typing_alone(stage)
        stage.mark("tests_failed" if stage.rng.random() < 0.6 else "tests_passed")
    else:
        stage.wait(float(stage.rng.uniform(4.0, 12.0)))
    if stage.rng.random() < 0.3:
        stage.type(2.0)
    stage.offer(1.0, 0.1)
    stage.until(lambda: stage.sounding_s > 0.3, 8.0)
    stage.hear_out()


def offer_at_pause(stage: Stage) -> None:
    """Something to say comes while the user types; the moment for it is the lull after, sometimes much later."""
    burst_s = float(stage.rng.uniform(1.0, 6.0))
    stage.type(burst_s)
    stage.offer(float(stage.rng.uniform(0.0, 1.0)), float(stage.rng.uniform(0.0, burst_s + 1.0)))
    stage.wait(burst_s + 0.2)
    while stage.rng.random() < 0.5:
        stage.wait(float(stage.rng.uniform(0.4, 2.2)))
        burst_s = float(stage.rng.uniform(0.4, 3.0))
        stage.type(burst_s)
        stage.wait(burst_s)
    stage.until(lambda: stage.sounding_s > 0.3, 12.0)
    stage.hear_out()
    stage.withdraw()


def offer_never_fits(stage: Stage) -> None:
    """Something waits while the user types on and on, or is out of the editor; at last it is let go."""
    stage.offer(float(stage.rng.uniform(0.0, 1.0)), 0.5)
    if stage.rng.random() < 0.5:
        for _ in range(4):
            stage.type(float(stage.rng.uniform(1.0, 2.5)), complete=False)
            _lull(stage, 1.5, 3.5)
        stage.withdraw()
        stage.mark("statement_complete", 1)
    else:
        stage.mark("focused", 0)
        stage.wait(float(stage.rng.uniform(4.0, 9.0)))
        stage.withdraw()
        stage.mark("focused", 1)


def empty(stage: Stage) -> None:
    """Nobody says anything; a noise or a cursor jump now and then."""
    if stage.rng.random() < 0.3:
        kinds: list[NoiseKind] = ["cough", "knock", "click", "chair"]
        stage.noise(kinds[int(stage.rng.integers(len(kinds)))], 1.0)
    if stage.rng.random() < 0.2:
        stage.mark("cursor_jumps", delay_s=0.5)
    _lull(stage, 8.0, 20.0)


SCENARIOS: dict[str, Script] = {
    "smooth_turn": smooth_turn,
    "mid_clause_pause": mid_clause_pause,
    "self_repair": self_repair,
    "long_account": long_account,
    "one_word_answer": one_word_answer,
    "dictated_identifiers": dictated_identifiers,
    "backchannel": backchannel,
    "stop_interruption": stop_interruption,
    "question_interruption": _interruption("question"),
    "correction_interruption": _interruption("correction"),
    "redirection_interruption": _interruption("redirection"),
    "colleague": colleague,
    "background_speech": background_speech,
    "typing_alone": typing_alone,
    "typing_while_talking": typing_while_talking,
    "echo_alone": echo_alone,
    "timed_request": timed_request,
    "offer_at_pause": offer_at_pause,
    "offer_never_fits": offer_never_fits,
    "empty": empty,
}
WEIGHTS = {
    "empty": 4.0,
    "typing_alone": 1.5,
    "backchannel": 3.0,
    "stop_interruption": 3.0,
    "question_interruption": 2.0,
    "colleague": 2.0,
    "echo_alone": 2.0,
}
"""How often a class is drawn, 1 if not named here."""


def draw_scenario(rng: Generator) -> str:
    """The class of the next session of a day's mix."""
    names = list(SCENARIOS)
    weights = np.array([WEIGHTS.get(name, 1.0) for name in names])
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def draw_habits(rng: Generator) -> Habits:
    """How good the partner of a session is: two in five are prompt, the others hesitate, half of those also slip."""
    choice = rng.random()
    if choice < 0.4:
        return Habits()
    return Habits(hesitation_slices=1.0, turn_delay=True, slips=0.5 if choice > 0.7 else 0.0)


def play(
    scenario: str,
    bank: Bank,
    rng: Generator,
    seconds: float,
    name: str = "session",
    habits: Habits | None = None,
    timing: Timing | None = None,
    mind: Mind | None = None,
) -> FloorLog:
    """The log of one session: episodes of the class between stretches of nothing. At least `seconds` are played.

    With a `mind` the partner does what that decides, otherwise mostly what is right.
    """
    stage = Stage(bank, rng, timing or load(), habits or draw_habits(rng), scenario, name, mind)
    script = SCENARIOS[scenario]
    stage.wait(float(rng.uniform(0.5, 4.0)))
    while stage.t < seconds:
        script(stage)
        stage.wait(float(np.clip(rng.lognormal(0.9, 0.8), 0.8, 12.0)))
    return stage.log()
