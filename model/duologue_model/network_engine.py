"""The trained network behind the engine's door: slices in, decisions out, one thread."""

import torch

from duologue_model.engine import Decision
from duologue_model.network import FloorNetwork
from duologue_model.slices import Slice
from duologue_model.streaming import NetworkState, hear, start
from duologue_model.vocabulary import Action, UserState

ACTIONS = tuple(Action)
USERS = tuple(UserState)
SPEECH_PROBABILITY = 0.5
WORTH_TELLING = 0.01
"""Probabilities below this are left out of a decision's record."""


class NetworkEngine:
    """Holds the weights; the stream's state is passed in and returned. Deterministic."""

    def __init__(self, network: FloorNetwork, name: str) -> None:
        self._network = network.eval()
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def start(self) -> NetworkState:
        return start(self._network)

    def step(self, state: NetworkState, heard: Slice) -> tuple[NetworkState, Decision]:
        state, outputs = hear(self._network, state, [heard])
        action = torch.softmax(outputs.action[0, 0], dim=-1)
        user = torch.softmax(outputs.user[0, 0], dim=-1)
        voice = torch.sigmoid(outputs.voice[0, 0, :, 0])
        p = {
            name.value: round(float(probability), 4)
            for name, probability in zip((*ACTIONS, *USERS), torch.cat([action, user]), strict=True)
            if probability >= WORTH_TELLING
        }
        decision = Decision(
            action=ACTIONS[int(action.argmax())],
            user=USERS[int(user.argmax())],
            speech=heard.microphone_open and bool((voice >= SPEECH_PROBABILITY).float().mean() >= SPEECH_PROBABILITY),
            p=p,
        )
        return state, decision
