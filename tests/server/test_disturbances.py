"""Sounds that nobody meant for the product, and what it makes of them through the whole replay."""

from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from duologue_server.evaluate.disturbances import (
    DELAYS_MS,
    GAINS_DB,
    RATE_HZ,
    coughs,
    music,
    noticed,
    scenes,
    table,
    typing,
)
from duologue_server.options import Options
from duologue_server.voice.assembly import load_voice
from support.clips import clip


@pytest.mark.parametrize("make", [typing, coughs, music])
def test_every_sound_is_as_long_as_asked_and_sounds(make: object) -> None:
    assert callable(make)
    for seconds in (6.0, 12.0):
        sound = make(np.random.default_rng(1), seconds)
        assert len(sound) == round(seconds * RATE_HZ)
        assert 0.01 < float(np.abs(sound).max()) < 1.5


def test_recorded_keys_take_the_place_of_synthetic_ones() -> None:
    keys = clip("key_alpaca")
    assert not np.array_equal(
        typing(np.random.default_rng(1), 5.0, [keys]), typing(np.random.default_rng(1), 5.0, [np.tile(keys, 40)])
    )


def test_there_is_a_scene_for_every_sound_and_every_room() -> None:
    made = dict(scenes(0.2, ()))
    assert len(made) == 3 + len(DELAYS_MS) * len(GAINS_DB)
    assert all(len(folder.events) == 1 for folder in made.values() if folder.echo is not None)


@pytest.mark.e2e
def test_the_partner_neither_answers_itself_nor_coughs(capsys: pytest.CaptureFixture[str]) -> None:
    options = Options(engine="baseline", unprompted_per_hour=0)
    made = dict(scenes(0.2, ()))
    found = []
    for name in ("coughs and knocks", "own voice, -30 dB after 100 ms"):
        folder = replace(made[name], duration_s=12.0)
        found.append(noticed(folder, load_voice(options, lambda percent, text: None), options))
    assert [(one.texts, one.answers) for one in found] == [((), 0), ((), 0)]
    assert found[1].spoke_s > 2.0
    Console().print(table(found))
    assert "coughs and knocks" in capsys.readouterr().out
