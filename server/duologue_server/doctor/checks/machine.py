"""Python, platform and packages."""

import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Iterator

from duologue_server import __version__
from duologue_server.doctor.result import Result
from duologue_server.options import Options

OLDEST_PYTHON = (3, 11)
ENOUGH_MEMORY_MB = 1500
REINSTALL = "Install again: pip install --force-reinstall duologue"


def check(options: Options) -> Iterator[Result]:
    yield _python()
    yield _memory()
    yield Result("duologue", "ok", __version__)
    yield _packages()


def _python() -> Result:
    what = f"{platform.python_version()} ({platform.python_implementation()}) on {platform.platform(terse=True)}"
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return Result(
            "Python", "failed", f"{what} is too old", f"Install Python {oldest} or newer, and duologue with it"
        )
    return Result("Python", "ok", what)


def _memory() -> Result:
    import psutil

    free_mb = psutil.virtual_memory().available // 2**20
    cores = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else os.cpu_count()
    what = f"{cores} core{'s' if cores != 1 else ''}, {free_mb} MB of memory free"
    if free_mb < ENOUGH_MEMORY_MB:
        remedy = f"Close other programs: voice and ear together want about {ENOUGH_MEMORY_MB} MB"
        return Result("Machine", "warning", what, remedy)
    return Result("Machine", "ok", what)


def _packages() -> Result:
    """Whether everything that duologue requires is installed, in a version that it allows where that is exact."""
    try:
        requirements = importlib.metadata.requires("duologue") or []
    except importlib.metadata.PackageNotFoundError:
        return Result(
            "Packages", "warning", "duologue itself is not installed as a package", "Install it: pip install ."
        )
    found: list[str] = []
    wrong: list[str] = []
    for requirement in requirements:
        if "extra ==" in requirement:
            continue
        match = re.match(r"([A-Za-z0-9._-]+)\s*(?:==([\w.]+))?", requirement)
        assert match is not None, requirement
        name, exact = match.groups()
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        found.append(f"{name} {version}")
        # What stands after a plus says how it was built (+cpu), and counts for nothing (PEP 440).
        if exact and version.split("+")[0] != exact:
            wrong.append(f"{name} is {version}, not {exact}")
    if wrong:
        return Result("Packages", "failed", "; ".join(wrong), REINSTALL)
    return Result("Packages", "ok", ", ".join(found))
