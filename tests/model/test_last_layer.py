"""The hazard head, fitted to silences: it gets better at them, and nothing else moves."""

import random
from pathlib import Path

import pytest
import torch

from duologue_model.config import ModelConfig
from duologue_model.network import FloorNetwork
from duologue_model.training import last_layer
from duologue_model.training.last_layer import Moments, main, moments, refit
from duologue_model.training.material import Prepared
from duologue_model.training.rollout import Setting, rollout
from duologue_model.vocabulary import Action
from support.tone_bank import tone_bank


def check(network: FloorNetwork, seen: Moments) -> tuple[float, float]:
    """The loss before and after; all but the hazard head is as it was."""
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    losses = refit(network, seen)
    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"hazard.weight", "hazard.bias"}
    return losses


@pytest.fixture
def network() -> FloorNetwork:
    return FloorNetwork(ModelConfig(depth=2, ring_slices=30, near_slices=15), seed=3)


def test_what_can_be_told_from_below_is_told(network: FloorNetwork) -> None:
    generator = torch.Generator().manual_seed(1)
    hazard = torch.randint(5, (600,), generator=generator)
    known = torch.randn(600, network.config.width, generator=generator)
    known[:, 7] = 5.0 + 3.0 * (hazard == 0)
    before, after = check(network, Moments(known, hazard))
    assert after < 0.7 * before
    ended = torch.softmax(network.hazard(known), -1)[:, 0]
    assert ended[hazard == 0].min() > ended[hazard != 0].max()


def test_only_silences_of_open_turns_count_and_a_patient_partner_lets_them_last(network: FloorNetwork) -> None:
    setting = Setting(tone_bank(), 12.0, "mid_clause_pause")
    log, example = rollout(setting, 1, 0, last_layer._patient())
    seen = moments(network, [Prepared(example)], random.Random(1))
    silent = ~example.user_voice.any(axis=1) & (example.turn_end == example.turn_end)
    assert len(seen.hazard) == last_layer.VARIANTS * silent.sum()
    assert set(seen.hazard.tolist()) > {0}, "pauses as well as ends"
    late = [t - min(turn.end_s for turn in log.turns if turn.end_s > t - 3.0) for t in log.delegated_s]
    assert late
    assert min(late) > last_layer.PATIENCE_SLICES * 0.08 - 0.2
    delegated = (example.own == list(Action).index(Action.DELEGATE)).sum()
    assert delegated == len(log.delegated_s)


def test_no_checkpoint_is_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.pt"), "--bank", str(tmp_path)]) == 2
    assert "none.pt" in capsys.readouterr().err
