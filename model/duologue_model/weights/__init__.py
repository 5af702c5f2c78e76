"""The trained weights that lie in the package, with the thresholds that belong to them.

`floor.json` names the weights file beside it, its SHA-256, and under which thresholds it was judged.
`python -m duologue_model.weights.ship` writes both.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from duologue_model.decide import Thresholds
from duologue_model.network_engine import NetworkEngine
from duologue_model.quantize import BadWeights, can_int8, load

FOLDER = Path(__file__).parent
FOLDER_VARIABLE = "DUOLOGUE_WEIGHTS"
"""Environment variable with another folder of weights: to try them before they are shipped."""
CARD = "floor.json"
_REMEDY = "Install duologue again; until then the setting engine=baseline decides by timers."


@dataclass(frozen=True, slots=True)
class Shipped:
    """A weights file and what is known of it."""

    path: Path
    sha256: str
    name: str
    """For reports, without spaces, such as `floor-6`."""
    depth: int
    thresholds: Thresholds
    trained: str
    """When, and from which commit."""


def shipped(folder: Path | None = None) -> Shipped:
    """The weights in that folder, else of `DUOLOGUE_WEIGHTS`, else of the package.

    Raises BadWeights when there are none, or their card cannot be read.
    """
    folder = folder or Path(os.environ.get(FOLDER_VARIABLE) or FOLDER)
    card = folder / CARD
    try:
        told = json.loads(card.read_text("utf-8"))
        return Shipped(
            path=folder / Path(str(told["file"])).name,
            sha256=str(told["sha256"]),
            name=str(told["name"]),
            depth=int(told["depth"]),
            thresholds=Thresholds(**told["thresholds"]),
            trained=str(told["trained"]),
        )
    except FileNotFoundError as error:
        raise BadWeights(f"This installation has no trained weights ({card.name} is missing). {_REMEDY}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadWeights(f"{card.name} beside the weights cannot be read ({error!r}). {_REMEDY}") from error


def load_engine(weights: Shipped | None = None, int8: bool = True) -> NetworkEngine:
    """The trained engine: with integers, or with floats if asked or where the machine has no integer kernels.

    Raises BadWeights.
    """
    weights = weights or shipped()
    if not weights.path.is_file():
        raise BadWeights(f"The weights file {weights.path.name} is missing. {_REMEDY}")
    int8 = int8 and can_int8()
    network = load(weights.path, weights.sha256, int8)
    if network.config.depth != weights.depth:
        raise BadWeights(f"{weights.path.name} is of another size than {CARD} says. {_REMEDY}")
    return NetworkEngine(network, weights.name, weights.thresholds, weights.sha256, "int8" if int8 else "float32")


def write_card(folder: Path, weights: Shipped, more: Mapping[str, Any] | None = None) -> None:
    """Writes what `shipped` reads; `more` is for people and stays unread."""
    told = {
        "file": weights.path.name,
        "sha256": weights.sha256,
        "name": weights.name,
        "depth": weights.depth,
        "trained": weights.trained,
        "thresholds": asdict(weights.thresholds),
        **(more or {}),
    }
    (folder / CARD).write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", "utf-8")
