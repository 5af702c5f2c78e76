"""The trained network behind the engine's door: slices in, decisions out, one thread."""

from duologue_model.decide import Thresholds, decisions
from duologue_model.engine import Decision
from duologue_model.network import FloorNetwork
from duologue_model.slices import Slice
from duologue_model.streaming import NetworkState, hear, start


class NetworkEngine:
    """Holds the weights; the stream's state is passed in and returned. Deterministic."""

    def __init__(self, network: FloorNetwork, name: str, thresholds: Thresholds | None = None) -> None:
        self._network = network.eval()
        self._name = name
        self._thresholds = thresholds or Thresholds()

    @property
    def name(self) -> str:
        return self._name

    def start(self) -> NetworkState:
        return start(self._network)

    def step(self, state: NetworkState, heard: Slice) -> tuple[NetworkState, Decision]:
        state, outputs = hear(self._network, state, [heard])
        (decision,) = decisions(outputs, heard.microphone_open, self._thresholds)
        return state, decision
