"""Weights on their way into the package: from a checkpoint to an engine, and what is said when they are not there."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from duologue_model.config import ModelConfig
from duologue_model.decide import Thresholds
from duologue_model.network import FloorNetwork
from duologue_model.quantize import BadWeights
from duologue_model.weights import CARD, FOLDER, Shipped, load_engine, shipped
from duologue_model.weights.ship import WEIGHTS, main, read_thresholds, ship
from support.perceived import some_slices


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the training writes it, after no training at all."""
    path = tmp_path_factory.mktemp("run") / "checkpoint.pt"
    network = FloorNetwork(ModelConfig(depth=2), seed=4)
    torch.save({"step": 7, "depth": 2, "network": network.state_dict(), "random": (3, (1, 2), None)}, path)
    return path


@pytest.fixture(scope="module")
def weights(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    return ship(checkpoint, Thresholds(delegate=0.3), tmp_path_factory.mktemp("weights"), "2026-01-01, by hand")


def check(folder: Path, what: str) -> None:
    """Loading fails, says what is wrong, and what to do."""
    with pytest.raises(BadWeights, match=what) as told:
        load_engine(shipped(folder))
    assert "nstall" in str(told.value)


def test_what_is_shipped_is_loaded_with_its_thresholds(weights: Shipped) -> None:
    found = shipped(weights.path.parent)
    assert found == weights
    assert found.thresholds.delegate == 0.3
    engine = load_engine(found)
    assert (engine.name, engine.weights_sha256, engine.numbers) == ("floor-2", weights.sha256, "int8")
    assert load_engine(found, int8=False).numbers == "float32"
    _, decision = engine.step(engine.start(), some_slices(1)[0])
    assert decision.p


def test_the_card_says_where_the_weights_come_from(weights: Shipped) -> None:
    told = json.loads((weights.path.parent / CARD).read_text())
    assert told["trained"] == "2026-01-01, by hand"
    assert told["steps"] == 7
    assert told["parameters"] > 100_000


def damage(name: str) -> Callable[[Path], None]:
    def cut(folder: Path) -> None:
        file = folder / name
        file.write_bytes(file.read_bytes()[:-20])

    return cut


def of_tomorrow(folder: Path) -> None:
    card = folder / CARD
    told = json.loads(card.read_text())
    told["thresholds"]["hum"] = 0.5
    card.write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        (lambda folder: (folder / CARD).unlink(), "no trained weights"),
        (lambda folder: (folder / WEIGHTS).unlink(), "is missing"),
        (damage(WEIGHTS), "not the file that was expected"),
        (damage(CARD), "cannot be read"),
        (of_tomorrow, "'hum'"),
    ],
)
def test_a_damaged_installation_is_told(
    weights: Shipped, tmp_path: Path, harm: Callable[[Path], None], what: str
) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(weights.path.parent, folder)
    harm(folder)
    check(folder, what)


def test_ship_by_command(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.json").write_text('{"thresholds": {"take": 0.4, "duck": 0.2}}')
    out = tmp_path / "out"
    command = [str(checkpoint), "--thresholds", str(tmp_path / "t.json"), "--set", "duck=0.25", "--out", str(out)]
    assert main(command) == 0
    assert shipped(out).sha256 in capsys.readouterr().out
    assert shipped(out).thresholds == Thresholds(take=0.4, duck=0.25)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"weights": {}}, tmp_path / "other.pt")
    (tmp_path / "noise.pt").write_bytes(b"noise")
    for name in ("other.pt", "noise.pt", "absent.pt"):
        assert main([str(tmp_path / name), "--out", str(tmp_path / "out")]) == 2
        assert name in capsys.readouterr().err
    with pytest.raises(ValueError, match="no threshold 'hum'"):
        read_thresholds(None, ["hum=1"])


def test_the_package_holds_the_weights_that_its_card_names_or_none() -> None:
    if (FOLDER / CARD).exists():
        assert load_engine().weights_sha256 == shipped().sha256
    else:
        check(FOLDER, "no trained weights")
