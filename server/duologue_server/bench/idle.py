"""What it costs to listen while nobody speaks."""

import shlex
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import soundfile

from duologue_server.bench.keys import begin
from duologue_server.bench.rows import Row, row
from duologue_server.link.language_client import LanguageServerChild, ServerGone
from duologue_server.options import EngineChoice
from duologue_server.session.supervisor import ARGS_VARIABLE

RATE_HZ = 16_000
SETTLE_S = 6.0
"""Then the room counts as calm, and the first use of everything is over."""


def measure(seconds: float, engine: EngineChoice = "model") -> list[Row]:
    """Listens to a quiet room for so long. Raises ServerGone."""
    with tempfile.TemporaryDirectory(prefix="duologue-bench-") as folder:
        room = Path(folder) / "room.wav"
        noise = np.random.default_rng(2).standard_normal(round((seconds + 10) * RATE_HZ)) * 3e-4
        soundfile.write(str(room), noise.astype(np.float32), RATE_HZ, subtype="PCM_16")
        device = f"virtual:mic={room}"
        with LanguageServerChild(
            environment={ARGS_VARIABLE: f"--device {shlex.quote(device)} --engine {engine}"}
        ) as server:
            begin(server)
            language = psutil.Process(server.process.pid)
            voice = _voice_of(language)
            time.sleep(SETTLE_S)
            before, began_s = _cpu_s(voice), time.monotonic()
            time.sleep(seconds)
            share = 100 * (_cpu_s(voice) - before) / (time.monotonic() - began_s)
            voice_mb, language_mb = (process.memory_info().rss / 2**20 for process in (voice, language))
            server.leave()
    note = f"{engine}, over {seconds:g} s of a quiet room, virtual device"
    return [
        row("voice process, CPU while nobody speaks", "quiet", "% of a core", [share], note),
        row("voice process, memory", "quiet", "MB", [voice_mb], "resident"),
        row("language server, memory", "quiet", "MB", [language_mb], "resident"),
    ]


def _voice_of(server: psutil.Process) -> psutil.Process:
    for child in server.children(recursive=True):
        if "voice" in child.cmdline():
            return child
    raise ServerGone("the language server has no voice process")


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
