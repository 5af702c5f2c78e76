"""The same questions without the product: simulated users who react, and no sound that was really spoken or heard.

Quick, and with users that answer back; what it leaves out (recogniser, voice, player, canceller) the whole path has.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from earshot import Detector

from duologue_model.baseline import BaselineEngine
from duologue_model.evaluation.report import Results
from duologue_model.evaluation.run import Contender, network_contender
from duologue_model.evaluation.run import evaluate as play
from duologue_model.evaluation.sets import column
from duologue_model.quantize import BadWeights, can_int8, load
from duologue_model.training.rollout import EnginePolicy
from duologue_model.weights import shipped

USUAL_SIZE = 4
"""So many sessions of a scene, in the whole path, go with the usual size of this one."""


def contender(engine: str) -> Contender:
    """An engine of the product, by the name of its setting. Raises ValueError."""
    if engine == "baseline":
        rules = BaselineEngine(Detector)
        return Contender(rules.name, EnginePolicy(rules), note="decisions by rules, nothing trained")
    if engine == "model":
        try:
            weights = shipped()
            network = load(weights.path, weights.sha256, can_int8())
        except BadWeights as error:
            raise ValueError(str(error)) from error
        note = f"decisions by a trained model, weights {weights.sha256[:12]}"
        return network_contender(network, weights.name, weights.thresholds, note=note)
    raise ValueError(f"there is no engine '{engine}'; the engines are baseline, model")


def fast(
    engines: Sequence[str], sets: Sequence[str], banks: Path, size: int, seed: int, say: Callable[[str], None]
) -> Results:
    """Every engine on every set. Raises ValueError, OSError."""
    torch.set_num_threads(1)
    contenders = [contender(engine) for engine in engines]
    columns = [column(name, banks) for name in sets]
    return play(contenders, columns, size / USUAL_SIZE, (seed,), say)
