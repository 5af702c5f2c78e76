"""How long one decision of the interaction engine takes, on one thread."""

import time
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from earshot import Detector

from duologue_model.baseline import BaselineEngine
from duologue_model.slices import SLICE_SAMPLES, Slice
from duologue_server.bench.load import BusyCores
from duologue_server.bench.rows import Row, row

WHAT = "engine, one step of 80 ms"
PACE_S = 0.02
"""A step now and then, as in life: in a tight loop the caches would be warmer than they are."""


def measure(n: int) -> list[Row]:
    return [
        _measure(n, "quiet", nullcontext()),
        _measure(n, "while two processes keep both cores busy", BusyCores()),
    ]


def _measure(n: int, condition: str, busy: AbstractContextManager[object]) -> Row:
    engine = BaselineEngine(Detector)
    state = engine.start()
    noise = (np.random.default_rng(5).standard_normal(SLICE_SAMPLES) * 0.05).astype(np.float32)
    silence = np.zeros(SLICE_SAMPLES, np.float32)
    took_ms: list[float] = []
    with busy:
        for _ in range(n):
            time.sleep(PACE_S)
            began_s = time.perf_counter()
            state, _ = engine.step(state, Slice(noise, silence))
            took_ms.append(1000 * (time.perf_counter() - began_s))
    return row(WHAT, condition, "ms", took_ms, engine.name)
