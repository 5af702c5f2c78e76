"""The scenes of the evaluation: for each class of situation, half a minute in which it happens some times."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import TypeVar

from duologue_model.training.floorlog import NoiseKind
from duologue_model.vocabulary import UserState
from duologue_server.evaluate.plan import NO_ECHO_DB, Plan

LASTS_S = 24.0
"""No trial begins later in a session: many short ones have more voices and rooms in them than few long ones."""
SILENCE_S = 3.0
"""At least so long nobody speaks after a turn: whoever has not answered then has not answered."""
ANSWER_S = 3.0
"""What the prescribed answer takes, at most."""
SAY_S = 12.5
"""What the partner says where it must be on the floor takes no longer."""
ECHOES_DB = (NO_ECHO_DB, -30.0, -20.0)
"""Headphones, a quiet loudspeaker, a loud one."""
ECHOES_ALONE_DB = (-15.0, -25.0, -10.0, -20.0, -5.0, -15.0)

Scene = Callable[[Plan], None]
Item = TypeVar("Item")


def _from(plan: Plan, items: Sequence[Item]) -> Iterator[Item]:
    """The items round and round, in every session from another one on."""
    return islice(cycle(items), plan.number % len(items), None)


def _over_and_in_silence(plan: Plan) -> Iterator[bool]:
    """Trials by turns: over the partner, which speaks when this yields True, and while it is silent."""
    for over_partner in _from(plan, (True, False)):
        if plan.t > LASTS_S:
            break
        began_s = plan.t
        if over_partner:
            plan.say()
        yield over_partner
        plan.t = max(plan.t, began_s + (SAY_S + 1.0 if over_partner else 0.0))


def turns(plan: Plan) -> None:
    """Questions and accounts with pauses in them; then nobody speaks until an answer would be over."""
    for kind in _from(plan, ("turn", "pausing", "repair", "account", "answer", "dictation")):
        if plan.t > LASTS_S:
            break
        plan.t = plan.speak(kind).end_s + SILENCE_S + ANSWER_S + plan.uniform(0.0, 1.0)


def interruptions(plan: Plan) -> None:
    """The user breaks in: to stop the partner, or with something that wants an answer."""
    for kind in _from(plan, ("stop", "question", "correction", "stop", "redirection")):
        if plan.t > LASTS_S:
            break
        plan.say()
        plan.wait(plan.uniform(2.0, 4.0))
        stop = kind == "stop"
        state = UserState.STOP_REQUEST if stop else UserState.CLARIFICATION
        turn = plan.speak(kind, state, answer=not stop, most_s=4.0)
        plan.t = turn.end_s + SILENCE_S + (0.0 if stop else ANSWER_S) + plan.uniform(0.0, 1.0)


def backchannels(plan: Plan) -> None:
    """ "Yeah", "right", "mm-hm": over the partner, who should go on."""
    while plan.t < LASTS_S:
        plan.say()
        end_s = plan.t + SAY_S + 1.0
        for _ in range(3):
            plan.wait(plan.uniform(1.5, 2.6))
            plan.t = plan.speak("backchannel", UserState.BACKCHANNEL, answer=False).end_s
        plan.t = max(plan.t + 1.0, end_s)


def colleague(plan: Plan) -> None:
    """The user and somebody in the room talk to each other: over the partner, and while it is silent."""
    for over_partner in _over_and_in_silence(plan):
        if over_partner:
            plan.wait(plan.uniform(2.0, 4.0))
        turn = plan.speak("colleague", UserState.SPEAKING_TO_OTHERS, answer=False, most_s=4.0)
        plan.t = turn.end_s + max(0.1, plan.timing.floor_transfer.draw(plan.rng))
        level_db = plan.uniform(-18.0, -6.0)
        turn = plan.speak("colleague", UserState.SPEAKING_TO_OTHERS, False, "other", level_db, most_s=4.0)
        plan.t = turn.end_s + SILENCE_S + 1.0


def background(plan: Plan) -> None:
    """People further off, who mean neither: over the partner, and while it is silent."""
    for _ in _over_and_in_silence(plan):
        plan.wait(plan.uniform(1.5, 3.0))
        turn = plan.speak("colleague", UserState.NOISE, False, "other", plan.uniform(-24.0, -12.0), most_s=6.0)
        plan.t = turn.end_s + SILENCE_S + 1.0


def noises(plan: Plan) -> None:
    """Coughs, knocks, clicks, a chair and somebody else's keyboard: over the partner, and while it is silent."""
    sorts: tuple[NoiseKind, ...] = ("cough", "knock", "chair", "click")
    kinds = _from(plan, sorts)
    for over_partner in _over_and_in_silence(plan):
        for _ in range(3 if over_partner else 2):
            plan.wait(plan.uniform(1.5, 2.6))
            plan.noise(next(kinds))
        plan.wait(1.5)
        plan.type(1.0, elsewhere=True)
        plan.t += 3.0


def echo(plan: Plan) -> None:
    """The partner speaks and hears itself; nobody else does anything."""
    while plan.t < LASTS_S:
        plan.say()
        plan.wait(SAY_S + 1.0)


def typing(plan: Plan) -> None:
    """Something to say comes while the user types: its moment is the lull after. A key stops what is being said."""
    while plan.t < LASTS_S:
        began_s, burst_s = plan.t, plan.uniform(3.0, 6.0)
        plan.type(burst_s)
        plan.wait(plan.uniform(0.3, 0.8) * burst_s)
        plan.offer(plan.uniform(0.2, 1.0))
        plan.t = began_s + burst_s + plan.uniform(0.7, 1.4)
        burst_s = plan.uniform(0.5, 2.0)
        plan.type(burst_s)
        plan.wait(burst_s + 9.0)
        plan.say()
        plan.wait(plan.uniform(1.0, 3.0))
        plan.type(plan.uniform(0.3, 1.0))
        plan.wait(4.0)


SCENES: Mapping[str, Scene] = {
    "turns": turns,
    "interruptions": interruptions,
    "backchannels": backchannels,
    "colleague": colleague,
    "background": background,
    "noises": noises,
    "echo": echo,
    "typing": typing,
}
NEEDS_WORDS = frozenset({"colleague"})
"""Only their words tell whom they are meant for: read sentences cannot play these."""
