"""From the network's probabilities to one decision: the same in the product, in rollouts and in the evaluation."""

from dataclasses import dataclass

import torch

from duologue_model.engine import Decision
from duologue_model.network import Outputs
from duologue_model.vocabulary import Action, UserState

ACTIONS = tuple(Action)
USERS = tuple(UserState)
TURN_ENDED = "TURN_ENDED"
"""Name of the probability that the user's turn is over, beside those of actions and states."""
WORTH_TELLING = 0.01
"""Probabilities below this are left out of a decision's record."""
PATIENT_FROM_S = 0.4
"""Silence from which on less and less is needed to call a turn over."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities from which an action is taken. Set on development data and stored with the weights.

    Each of these actions changes who has the floor, and errs in its own way: a lower threshold is faster and wrong more
    often. Below its threshold an action gives way to the likeliest one that changes nothing.
    """

    delegate: float = 0.4
    """That the partner should hand over. It knows whether there is a turn at all."""
    ended: float = 0.85
    """Besides, that the turn is over: read from the hazard, which tells ends from pauses better."""
    patience_s: float = 1.0
    """So long after `PATIENT_FROM_S` of silence, nothing more is asked of `ended`: nobody waits for ever."""
    take: float = 0.5
    duck: float = 0.35
    yield_: float = 0.5
    resume: float = 0.5
    backchannel: float = 0.5
    speech: float = 0.5

    def of(self, action: Action) -> float | None:
        """The threshold of an action; None for one that changes nothing."""
        return _FIELDS[action](self) if action in _FIELDS else None


_FIELDS = {
    Action.DELEGATE: lambda t: t.delegate,
    Action.TAKE: lambda t: t.take,
    Action.DUCK: lambda t: t.duck,
    Action.YIELD: lambda t: t.yield_,
    Action.RESUME: lambda t: t.resume,
    Action.BACKCHANNEL: lambda t: t.backchannel,
}


@dataclass(frozen=True, slots=True)
class Belief:
    """What the network holds likely about one slice."""

    action: list[float]
    """In the order of `Action`."""
    user: list[float]
    """In the order of `UserState`."""
    ended: float
    """That the user's turn is over."""
    voice: float
    """That the user's voice is in the slice."""


def beliefs(outputs: Outputs) -> list[list[Belief]]:
    """`B` lists of `T`."""
    action = torch.softmax(outputs.action, dim=-1).tolist()
    user = torch.softmax(outputs.user, dim=-1).tolist()
    ended = torch.softmax(outputs.hazard, dim=-1)[..., 0].tolist()
    voice = torch.sigmoid(outputs.voice[..., 0]).mean(dim=-1).tolist()
    return [
        [Belief(*one) for one in zip(*session, strict=True)] for session in zip(action, user, ended, voice, strict=True)
    ]


def decision_of(belief: Belief, silent_s: float, thresholds: Thresholds, microphone_open: bool = True) -> Decision:
    """The decision about a slice. `silent_s` is how long the user has been silent."""
    probabilities = zip((*ACTIONS, *USERS, TURN_ENDED), (*belief.action, *belief.user, belief.ended), strict=True)
    return Decision(
        action=choose(belief, silent_s, thresholds),
        user=USERS[max(range(len(USERS)), key=belief.user.__getitem__)],
        speech=microphone_open and belief.voice >= thresholds.speech,
        p={str(name): round(p, 4) for name, p in probabilities if p >= WORTH_TELLING},
    )


def choose(belief: Belief, silent_s: float, thresholds: Thresholds) -> Action:
    """The action that passes its threshold by most; without one, the likeliest that changes nothing.

    Who is not sure enough to stop lowers the voice meanwhile: a yield counts for ducking too.
    """
    p = dict(zip(ACTIONS, belief.action, strict=True))
    p[Action.DUCK] += p[Action.YIELD]
    passing = {}
    still = {}
    for action, probability in p.items():
        threshold = thresholds.of(action)
        if threshold is None:
            still[action] = probability
        elif probability >= threshold and (action is not Action.DELEGATE or _over(belief, silent_s, thresholds)):
            passing[action] = probability / threshold
    if Action.YIELD in passing:
        passing.pop(Action.DUCK, None)
    best = passing or still
    return max(best, key=best.__getitem__)


def _over(belief: Belief, silent_s: float, thresholds: Thresholds) -> bool:
    """Whether the user's turn may be taken for over."""
    waited = max(0.0, silent_s - PATIENT_FROM_S) / thresholds.patience_s
    return belief.ended >= thresholds.ended * (1.0 - min(1.0, waited))
