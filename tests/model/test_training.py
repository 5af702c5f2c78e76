"""Labels, loss and the loop, on sessions so simple that their truth can be read off."""

import json
import math
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from duologue_model.config import LETTERS
from duologue_model.network import FloorNetwork
from duologue_model.slices import SLICE_SAMPLES
from duologue_model.training.example import IGNORED, SessionExample
from duologue_model.training.loss import MOST_WEIGHT, class_weights
from duologue_model.training.material import Ahead, Prepared, Simulated, draw_window
from duologue_model.training.recipe import Recipe, learning_rate
from duologue_model.training.simulate import write_shard
from duologue_model.training.targets import future_bins, hazard_bins, letters_between
from duologue_model.training.train import Trainer, area_under_curve, main
from duologue_model.vocabulary import Action, UserState

SLICES = 100


def numbered(number: int) -> SessionExample:
    return example(str(number))


class Fixed:
    """Material that is the same at every step."""

    def __init__(self, *sessions: SessionExample) -> None:
        self._sessions = [Prepared(one) for one in sessions]

    def at_step(self, step: int) -> list[Prepared]:
        return self._sessions

    def add(self, sessions: Sequence[SessionExample]) -> None:
        self._sessions.extend(map(Prepared, sessions))


TINY = Recipe(depth=2, steps=4, batch=2, window_s=2.0, warmup_steps=2, save_every_steps=2, judge_every_steps=2)


def example(name: str = "one", loud: bool = False) -> SessionExample:
    """A user who speaks in slices 20 to 40, of 100."""
    speaking = np.zeros(SLICES, np.bool_)
    speaking[20:40] = True
    microphone = np.repeat(speaking, SLICE_SAMPLES).astype(np.float32)
    noise = np.random.default_rng(len(name)).standard_normal(len(microphone)).astype(np.float32)
    states = list(UserState)
    user = np.where(speaking, states.index(UserState.SPEAKING_TO_PARTNER), states.index(UserState.QUIET))
    action = np.full(SLICES, list(Action).index(Action.SILENT))
    action[48] = list(Action).index(Action.DELEGATE)
    turn_end = np.full(SLICES, np.nan, np.float32)
    turn_end[20:48] = (40 - np.arange(20, 48)) * 0.08
    return SessionExample(
        name=name,
        scenario="smooth_turn",
        microphone=(noise * (0.2 * microphone + 0.001) * (2.0 if loud else 1.0)).astype(np.float32),
        playback=np.zeros(SLICES * SLICE_SAMPLES, np.float32),
        editor=np.zeros((SLICES, 9), np.float32),
        agenda=np.zeros((SLICES, 9), np.float32),
        clocks=np.full((SLICES, 3), 60.0, np.float32),
        words=("",) * 40 + ("what is this",) * 60,
        own=np.zeros(SLICES, np.int64),
        action=action.astype(np.int64),
        user=user.astype(np.int64),
        user_voice=np.repeat(speaking[:, None], 4, axis=1),
        own_voice=np.zeros((SLICES, 4), np.bool_),
        turn_end=turn_end,
        transcript=((1.7, 2.2, "What"), (2.2, 2.6, "is"), (2.6, 3.1, "this")),
    )


def test_hazard_bins() -> None:
    seconds = np.array([np.nan, -0.3, 0.0, 0.1, 0.19, 0.4, 0.9, 1.0, 3.0], np.float32)
    assert hazard_bins(seconds).tolist() == [IGNORED, 0, 0, 1, 1, 2, 3, 3, 4]


def test_joint_futures_see_who_will_speak() -> None:
    user, own = np.zeros((60, 4), np.bool_), np.zeros((60, 4), np.bool_)
    user[10:20] = True
    own[20:30] = True
    futures = future_bins(user, own)
    # Seen from the end of slice 9: the user has 0 to 0.8 s, the partner 0.8 to 1.6 s; a bin needs half of it.
    assert futures[9] & 0b1111 == 0b0011
    assert futures[9] >> 4 == 0b1100
    assert futures[0] & 0b1111 == 0b0100
    assert set(futures[-25:]) == {IGNORED}, "two seconds ahead nothing is known"


def test_letters_are_those_of_whole_words() -> None:
    symbols = letters_between(example().transcript, 0, 33).tolist()
    assert "".join(LETTERS[symbol - 1] for symbol in symbols) == "what is"


def test_rare_actions_count_more_but_not_without_bound() -> None:
    labels = torch.tensor([0] * 10_000 + [2] * 100 + [5] + [IGNORED] * 50)
    weights = class_weights(labels, len(Action))
    assert weights[0] < weights[2] < weights[5] <= MOST_WEIGHT
    assert weights[3] == 0


def test_the_rate_warms_up_and_comes_down() -> None:
    recipe = Recipe(steps=100, warmup_steps=10)
    rates = [learning_rate(recipe, step) for step in range(100)]
    assert max(rates) == rates[9] == recipe.learning_rate
    assert rates[99] < 0.11 * recipe.learning_rate


def test_the_loss_falls_on_a_session_seen_again_and_again(tmp_path: Path) -> None:
    recipe = replace(TINY, steps=40, warmup_steps=5, learning_rate=3e-3, save_every_steps=40, judge_every_steps=40)
    Trainer(recipe, Fixed(example()), tmp_path).run()
    losses = [json.loads(line)["loss"] for line in (tmp_path / "curves.jsonl").read_text().splitlines()]
    assert len(losses) == 40
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:5])


def test_a_run_that_was_cut_off_ends_like_one_that_was_not(tmp_path: Path) -> None:
    sessions = Fixed(example("one"), example("three", loud=True))
    whole = Trainer(TINY, sessions, tmp_path / "whole")
    whole.run()
    Trainer(replace(TINY, steps=2), sessions, tmp_path / "cut").run()
    resumed = Trainer(TINY, sessions, tmp_path / "cut")
    # the rate depends on the length of the recipe: only the first two steps, in the warm-up, are alike
    assert resumed.resume()
    assert resumed.step == 2
    resumed.run()
    for name, weight in whole.network.state_dict().items():
        assert torch.allclose(weight, resumed.network.state_dict()[name], atol=1e-6), name


def test_a_run_may_go_on_with_the_network_of_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").mkdir()
    write_shard(tmp_path / "data" / "train-0.npz", [longer(example(name), 4) for name in ("one", "three")])
    train = ["--data", str(tmp_path / "data"), "--depth", "2", "--steps", "1"]
    assert main([*train, "--out", str(tmp_path / "first")]) == 0
    first = tmp_path / "first" / "checkpoint.pt"
    still = [*train, "--rate", "0", "--start-from", str(first), "--out", str(tmp_path / "second")]
    assert main(still) == 0
    networks = [
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=False)["network"] for name in ("first", "second")
    ]
    assert all(torch.equal(weight, networks[1][name]) for name, weight in networks[0].items())
    assert main([*still[:-1], str(tmp_path / "third"), "--depth", "4"]) == 2
    assert "is of depth 2, the recipe of depth 4" in capsys.readouterr().err


def test_simulated_sessions_depend_on_the_step_alone() -> None:
    made: list[int] = []

    def make(number: int) -> SessionExample:
        made.append(number)
        return example(str(number))

    going, resumed = Simulated(make, pool=4, fresh=2), Simulated(make, pool=4, fresh=2)
    names = [[one.name for one in going.at_step(step)] for step in range(4)]
    assert names[0] == ["0", "1", "2", "3"]
    assert names[3] == ["6", "7", "8", "9"]
    made.clear()
    assert [one.name for one in resumed.at_step(3)] == names[3]
    assert made == [6, 7, 8, 9], "what is no longer needed is not made"


def test_sessions_made_ahead_in_other_processes_are_the_same() -> None:
    ahead = Ahead(numbered, processes=2)
    assert [ahead(number).name for number in (0, 1, 2, 7)] == ["0", "1", "2", "7"]


def test_sessions_of_the_network_push_out_the_oldest() -> None:
    material = Simulated(lambda number: example(str(number)), pool=3, fresh=1)
    material.at_step(0)
    material.add([example("own")])
    assert [one.name for one in material.at_step(1)] == ["2", "own", "3"]
    assert [one.name for one in material.at_step(3)] == ["3", "4", "5"]


def test_the_loop_is_closed_after_a_while(tmp_path: Path) -> None:
    asked: list[int] = []

    def roll_out(network: FloorNetwork, step: int) -> list[SessionExample]:
        asked.append(step)
        return [example("own")]

    recipe = replace(TINY, steps=8, closed_loop_from=0.5, closed_loop_every=2)
    Trainer(recipe, Fixed(example()), tmp_path, roll_out=roll_out).run()
    assert asked == [4, 6]


def test_windows_are_drawn_where_something_happens() -> None:
    drawn = [draw_window([Prepared(example())], 25, random.Random(seed))[1] for seed in range(60)]
    with_speech = sum(bool(targets.voice.any()) for targets in drawn)
    assert with_speech > 45, "by chance alone it would be about 40"


def test_area_under_the_curve() -> None:
    assert area_under_curve(torch.tensor([0.9, 0.8]), torch.tensor([0.1, 0.7])) == 1.0
    assert area_under_curve(torch.tensor([0.1]), torch.tensor([0.1, 0.9])) == 0.25
    assert math.isnan(area_under_curve(torch.tensor([]), torch.tensor([0.5])))


def test_sessions_shorter_than_a_window_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no session is as long as a window of 300 slices"):
        Trainer(Recipe(depth=2), Fixed(example()), tmp_path)


def test_the_command_line_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 2
    assert "holds no shards" in capsys.readouterr().err


@pytest.mark.e2e
def test_two_processes_train_one_network(tmp_path: Path) -> None:
    """Each draws windows of its own; the gradients are averaged, and the first writes the checkpoint."""
    long = [longer(example(name), 4) for name in ("one", "three")]
    (tmp_path / "data").mkdir()
    write_shard(tmp_path / "data" / "train-0.npz", long)
    train = ["-m", "duologue_model.training.train", "--data", str(tmp_path / "data"), "--steps", "2"]
    alone = [sys.executable, *train, "--out", str(tmp_path / "alone")]
    together = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        *train, "--out", str(tmp_path / "together"),
    ]  # fmt: skip
    for command in (alone, together):
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    first, second = (
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=False) for name in ("alone", "together")
    )
    assert first["step"] == second["step"] == 2
    curves = (tmp_path / "together" / "curves.jsonl").read_text().splitlines()
    assert len(curves) == 2, "only the first process writes"
    weight = "blocks.0.feed_forward.down.weight"
    assert not torch.equal(first["network"][weight], second["network"][weight]), "other windows were heard as well"


def longer(one: SessionExample, times: int) -> SessionExample:
    """The session again and again."""
    repeated: dict[str, Any] = {}
    for field in fields(one):
        value = getattr(one, field.name)
        if isinstance(value, np.ndarray):
            repeated[field.name] = np.concatenate([value] * times)
        elif field.name == "words":
            repeated[field.name] = value * times
    return replace(one, **repeated)
