"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import Any


def until(what: str, probe: Callable[[], Any], seconds: float = 20.0, seen: Callable[[], object] = lambda: "") -> Any:
    """The first truthy answer of `probe`. Raises AssertionError with `what` and `seen` if there is none in time."""
    deadline_s = time.monotonic() + seconds
    while not (answer := probe()):
        assert time.monotonic() < deadline_s, f"never came: {what}; seen: {seen()!r}"
        time.sleep(0.02)
    return answer
