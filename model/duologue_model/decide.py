"""From the network's probabilities to one decision: the same in the product, in rollouts and in the evaluation."""

from dataclasses import dataclass

import torch

from duologue_model.engine import Decision
from duologue_model.network import Outputs
from duologue_model.vocabulary import Action, UserState

ACTIONS = tuple(Action)
USERS = tuple(UserState)
WORTH_TELLING = 0.01
"""Probabilities below this are left out of a decision's record."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities from which an action is taken. Set on development data and stored with the weights.

    Each of these actions changes who has the floor, and errs in its own way: a lower threshold is faster and wrong more
    often. Below its threshold an action gives way to the likeliest one that changes nothing.
    """

    delegate: float = 0.5
    take: float = 0.5
    duck: float = 0.5
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


def decisions(outputs: Outputs, microphone_open: bool = True, thresholds: Thresholds | None = None) -> list[Decision]:
    """One decision for every session of a batch, about its last slice."""
    thresholds = thresholds or Thresholds()
    action = torch.softmax(outputs.action[:, -1], dim=-1).tolist()
    user = torch.softmax(outputs.user[:, -1], dim=-1).tolist()
    voice = torch.sigmoid(outputs.voice[:, -1, :, 0]).mean(dim=-1).tolist()
    made = []
    for of_action, of_user, of_voice in zip(action, user, voice, strict=True):
        p = {
            name.value: round(probability, 4)
            for name, probability in zip((*ACTIONS, *USERS), (*of_action, *of_user), strict=True)
            if probability >= WORTH_TELLING
        }
        made.append(
            Decision(
                action=choose(of_action, thresholds),
                user=USERS[max(range(len(USERS)), key=of_user.__getitem__)],
                speech=microphone_open and of_voice >= thresholds.speech,
                p=p,
            )
        )
    return made


def choose(probabilities: list[float], thresholds: Thresholds) -> Action:
    """The action that passes its threshold by most; without one, the likeliest that changes nothing."""
    passing = {}
    still = {}
    for action, probability in zip(ACTIONS, probabilities, strict=True):
        threshold = thresholds.of(action)
        if threshold is None:
            still[action] = probability
        elif probability >= threshold:
            passing[action] = probability / threshold
    best = passing or still
    return max(best, key=best.__getitem__)
