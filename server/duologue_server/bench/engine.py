"""How long one decision of each engine takes, on one thread, and how much less of it several quiet slices take."""

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any, get_args

import numpy as np

from duologue_model.engine import Engine, ManyStepEngine, step_many
from duologue_model.slices import RATE_HZ, SLICE_SAMPLES, Slice
from duologue_server.bench.load import BusyCores
from duologue_server.bench.rows import Row, row
from duologue_server.options import EngineChoice
from duologue_server.voice.assembly import load_engine

WHAT = "engine, one step of 80 ms"
MANY = "engine, CPU of a quiet slice among others"
WARM_S = 30.0
"""What is heard before: all that the network ever looks back on."""
PACE_S = 0.02
"""A step now and then, as in life: in a tight loop the caches would be warmer than they are."""


def measure(n: int) -> list[Row]:
    """Every engine that can be had. Raises ValueError for the trained one when it cannot: what is missing is missed."""
    rows: list[Row] = []
    for wanted in get_args(EngineChoice):
        engine, trouble = load_engine(wanted)
        if trouble is not None:
            raise ValueError(f"{trouble.what}. {trouble.remedy}.")
        state = warmed(engine)
        for condition, busy in (("quiet", nullcontext()), ("while two processes keep both cores busy", BusyCores())):
            state, took = _steps(engine, state, n, condition, busy)
            rows.append(took)
        if isinstance(engine, ManyStepEngine):
            rows.append(_quiet(engine, state, max(2, n // 10)))
    return rows


def warmed(engine: Engine[Any]) -> Any:
    """The state of an engine that has listened for half a minute."""
    state, slices = engine.start(), [_noise(5)] * 8
    for _ in range(round(WARM_S * RATE_HZ / SLICE_SAMPLES / len(slices))):
        state, _ = step_many(engine, state, slices)
    return state


def _steps(
    engine: Engine[Any], state: Any, n: int, condition: str, busy: AbstractContextManager[object]
) -> tuple[Any, Row]:
    took_ms: list[float] = []
    heard = _noise(5)
    with busy:
        for _ in range(n):
            time.sleep(PACE_S)
            began_s = time.perf_counter()
            state, _ = engine.step(state, heard)
            took_ms.append(1000 * (time.perf_counter() - began_s))
    return state, row(WHAT, condition, "ms", took_ms, _note(engine))


def _quiet(engine: ManyStepEngine[Any], state: Any, n: int) -> Row:
    """CPU time and not time on the wall: nobody waits for it, but a battery pays."""
    cpu_ms: list[float] = []
    heard = [_noise(seed, 3e-4) for seed in range(engine.most_slices)]
    for _ in range(n):
        time.sleep(PACE_S)
        began_s = time.process_time()
        state, _ = engine.step_many(state, heard)
        cpu_ms.append(1000 * (time.process_time() - began_s) / len(heard))
    return row(MANY, "quiet", "ms", cpu_ms, f"{len(heard)} slices in one forward; {_note(engine)}")


def _noise(seed: int, level: float = 0.05) -> Slice:
    noise = np.random.default_rng(seed).standard_normal(SLICE_SAMPLES) * level
    return Slice(noise.astype(np.float32), np.zeros(SLICE_SAMPLES, np.float32))


def _note(engine: Engine[Any]) -> str:
    return f"{engine.name} {getattr(engine, 'numbers', '')}".strip()
