"""Figures, and the machine that they belong to."""

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from duologue_server import __version__


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: `n` values of the same quantity. A single figure has n = 1 and only a `p50`."""

    what: str
    condition: str
    unit: str
    n: int
    p50: float
    p95: float | None
    most: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the figures depend on."""

    cpu: str
    cores: int
    python: str
    system: str
    commit: str


def row(what: str, condition: str, unit: str, values: Sequence[float], note: str = "") -> Row:
    """The row of these values. Raises ValueError when there are none: a figure that is missing must be missed."""
    if not values:
        raise ValueError(f"nothing was measured for '{what}', {condition}. {note}")
    if len(values) == 1:
        return Row(what, condition, unit, 1, round(values[0], 3), None, None, note)
    p50, p95 = (round(float(np.percentile(np.asarray(values), q)), 3) for q in (50, 95))
    return Row(what, condition, unit, len(values), p50, p95, round(max(values), 3), note)


def this_machine() -> Machine:
    """The machine and the commit; the version where there is no checkout."""
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=platform.platform(terse=True),
        commit=_commit(),
    )


def _cpu() -> str:
    """The processor's name as its maker writes it."""
    if sys.platform == "darwin":
        return _output(["sysctl", "-n", "machdep.cpu.brand_string"]) or platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def _commit() -> str:
    source = Path(__file__).parent
    commit = _output(["git", "-C", str(source), "rev-parse", "--short=12", "HEAD"])
    # An installed copy may lie inside somebody else's repository.
    ours = _output(["git", "-C", str(source), "ls-files", Path(__file__).name])
    if not commit or not ours:
        return f"version {__version__}"
    changed = _output(["git", "-C", str(source), "status", "--porcelain", "--untracked-files=no"])
    return f"{commit} with local changes" if changed else commit


def _output(command: Sequence[str]) -> str:
    """What the command prints; nothing when it fails."""
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout.strip()
