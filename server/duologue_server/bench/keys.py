"""From a key to silence, through the whole chain: client → language server → link → voice → loudspeaker.

The loudspeaker is the virtual device: it writes what it plays in real time, block by block as a sound card would, and
the file says when the last sample sounded. A real card adds its own latency to that.
"""

import random
import shlex
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import soundfile
from numpy.typing import NDArray

from duologue_server.bench.load import BusyCores, Parsing
from duologue_server.bench.rows import Row, row
from duologue_server.link.language_client import Json, LanguageServerChild, ServerGone
from duologue_server.options import EngineChoice
from duologue_server.protocol import ACTIVITY, TRANSCRIPT
from duologue_server.session.supervisor import ARGS_VARIABLE
from duologue_server.voice.process import BEGAN

WHAT = "key → last audible sample"
TOLD = "key → editor told of it"
AUDIBLE = 0.001
"""-60 dBFS: below it nobody hears a voice's tail."""
BEFORE_S = 0.06
"""A pause this long before the key: the voice was not sounding when it came."""
READY_S = 60.0
CONDITIONS = ("quiet", "while 1 MB of Python is parsed", "while two processes keep both cores busy")


@dataclass(frozen=True, slots=True)
class Press:
    """One utterance and the key that ended it; times of `time.monotonic()`."""

    sent_s: float
    told_s: float


def measure(n: int, condition: str, engine: EngineChoice = "model", seed: int = 7) -> list[Row]:
    """Ends `n` utterances at random places. Raises ServerGone when a process does not do its part."""
    with tempfile.TemporaryDirectory(prefix="duologue-bench-") as folder:
        out = Path(folder) / "partner.wav"
        device = f"virtual:out={out}"
        environment = {ARGS_VARIABLE: f"--device {shlex.quote(device)} --engine {engine}"}
        with LanguageServerChild(environment=environment) as server:
            origin_s = begin(server)
            server.notify(ACTIVITY, {"keys": 1})  # from now on a change of a document is not taken for a key
            busy: AbstractContextManager[object] = nullcontext()
            if condition == CONDITIONS[1]:
                busy = Parsing(server)
            elif condition == CONDITIONS[2]:
                busy = BusyCores()
            with busy:
                process = psutil.Process(server.process.pid)
                began = time.monotonic(), _cpu_s(process)
                presses = _press(server, n, random.Random(seed))
                share = (_cpu_s(process) - began[1]) / (time.monotonic() - began[0])
            server.leave()
        audio, rate_hz = soundfile.read(str(out), dtype="float32")
    ends_ms = _ends(np.abs(audio), rate_hz, origin_s, presses)
    told_ms = [1000 * (press.told_s - press.sent_s) for press in presses]
    note = f"from the audio; language server {share:.0%} of a core; "
    note += f"{n - len(ends_ms)} of {n} keys fell into a pause of the speech" if len(ends_ms) < n else "virtual device"
    return [
        row(WHAT, condition, "ms", ends_ms, note),
        row(TOLD, condition, "ms", told_ms, "from the messages"),
    ]


def begin(server: LanguageServerChild) -> float:
    """Starts the voice; `time.monotonic()` of the first sample of its device. Raises ServerGone."""
    server.initialize(initializationOptions={"unpromptedPerHour": 0})
    server.command("start")
    server.wait_state(READY_S, voice="ready")

    def says(message: Json) -> bool:
        return BEGAN in str((message.get("params") or {}).get("message", ""))

    _, message = server.wait(says, "when the sound began")
    return float(message["params"]["message"].partition(BEGAN)[2].split()[0])


def _press(server: LanguageServerChild, n: int, chance: random.Random) -> list[Press]:
    presses: list[Press] = []
    for _ in range(n):
        since = len(server.messages)
        server.command("why")
        server.wait(lambda m: _partner(m) and not m["params"]["final"], "the partner begins to speak", 20.0, since)
        time.sleep(chance.uniform(0.15, 1.3))
        sent_s = server.notify(ACTIVITY, {"keys": 1})
        told_s, ended = server.wait(lambda m: _partner(m) and m["params"]["final"], "the partner stops", 20.0, since)
        if ended["params"]["cause"] != "key":
            raise ServerGone(f"an utterance ended by '{ended['params']['cause']}' and not by the key")
        presses.append(Press(sent_s, told_s))
        time.sleep(0.2)
    return presses


def _partner(message: Json) -> bool:
    return message.get("method") == TRANSCRIPT and message["params"]["role"] == "partner"


def _ends(level: NDArray[np.float32], rate_hz: int, origin_s: float, presses: list[Press]) -> list[float]:
    """Milliseconds from each key to the last audible sample of what it ended; `level` is `[N]`."""
    ends_ms: list[float] = []
    for press in presses:
        key = (press.sent_s - origin_s) * rate_hz
        first = max(0, round(key - BEFORE_S * rate_hz))
        until = round((press.told_s + 0.15 - origin_s) * rate_hz)
        audible = np.flatnonzero(level[first:until] > AUDIBLE)
        if len(audible) and first + audible[-1] >= key:
            ends_ms.append(1000 * float(first + audible[-1] + 1 - key) / rate_hz)
    return ends_ms


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
