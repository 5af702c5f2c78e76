"""From a key in a terminal to silence: Neovim, the plugin, the language server, the voice, the loudspeaker; all real.

The loudspeaker is the virtual device, which plays in real time into a file, and PulseAudio, whose buffers and whose
recording add to it; a sound card adds its own latency.
"""

import random
import shlex
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from duologue_server.session.supervisor import ARGS_VARIABLE
from duologue_server.voice.process import BEGAN
from editors.neovim import until
from editors.terminal import TerminalNeovim, duologue
from support.sound_server import SoundServer, require_sound_server

pytestmark = pytest.mark.e2e

AUDIBLE = 0.001
"""-60 dBFS: below it nobody hears a voice's tail."""
BEFORE_S = 0.06
"""A pause this long before the key: the voice was not sounding when it came."""
LOUD = 0.01
"""Of 10 ms of a recording: what a room would hide."""
READY_S = 60.0
GENEROUS_MS = 250.0

WATCH = """
    seen.lines, seen.log = {}, {}
    vim.api.nvim_create_autocmd("User", { pattern = "DuologueTranscript", callback = function(event)
      table.insert(seen.lines, event.data)
    end })
    vim.lsp.handlers["window/logMessage"] = function(_, params) table.insert(seen.log, params.message) end
"""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., TerminalNeovim]]:
    editors: list[TerminalNeovim] = []

    def open_neovim(**environment: str) -> TerminalNeovim:
        editors.append(TerminalNeovim(tmp_path / "nvim", **environment))
        editors[-1].cmd = [str(duologue()), "lsp"]
        return editors[-1]

    yield open_neovim
    for editor in editors:
        editor.close()


def begin(nvim: TerminalNeovim) -> None:
    """Starts the voice."""
    (nvim.folder / "prices.py").write_text("def total(prices):\n    return sum(prices)\n" * 40)
    nvim.lua(WATCH)
    nvim.setup(settings={"unpromptedPerHour": 0})
    nvim.edit_unseen("prices.py")
    nvim.api.command("Duologue start")
    until("the voice", lambda: nvim.lua("return require('duologue').state().voice") == "ready", nvim.notes, READY_S)


def partner_says(nvim: TerminalNeovim, final: bool) -> bool:
    """Whether the newest line of the transcript is the partner's, and that far."""
    last = nvim.lua("return seen.lines[#seen.lines]")
    return bool(last) and last["role"] == "partner" and last["final"] is final


def press(nvim: TerminalNeovim, count: int, rest_s: float = 0.2) -> list[tuple[float, float]]:
    """Ends so many utterances at random places by a key; when it was pressed, and when the plugin knew of the end."""
    chance = random.Random(7)
    presses = []
    for n in range(count):
        nvim.api.command("Duologue why")
        until("the partner", lambda: partner_says(nvim, False), nvim.notes)
        time.sleep(chance.uniform(0.15, 1.3))
        pressed_s = nvim.press(b"j" if n % 2 else b"k")
        until("the end", lambda: partner_says(nvim, True), nvim.notes)
        presses.append((pressed_s, time.monotonic()))
        assert nvim.lua("return seen.lines[#seen.lines].cause") == "key"
        time.sleep(rest_s)
    return presses


def report(capsys: pytest.CaptureFixture[str], what: str, took_ms: list[float]) -> float:
    """Prints the figures; the median."""
    p50, p95 = statistics.median(took_ms), took_ms[round(0.95 * (len(took_ms) - 1))]
    with capsys.disabled():
        print(f"\nkey in Neovim to {what}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, of {len(took_ms)} keys")
    return p50


def test_how_long_a_key_in_neovim_takes_to_silence(
    opened: Callable[..., TerminalNeovim], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = tmp_path / "partner.wav"
    nvim = opened(**{ARGS_VARIABLE: f"--device {shlex.quote(f'virtual:out={heard}')}"})
    begin(nvim)
    (began,) = until("when it began", lambda: [row for row in nvim.lua("return seen.log") if BEGAN in row], nvim.notes)
    origin_s = float(began.partition(BEGAN)[2].split()[0])
    presses = press(nvim, 40)
    nvim.api.command("Duologue stop")
    until("the end of the voice", lambda: nvim.lua("return require('duologue').state().voice") == "off")
    audio, rate_hz = soundfile.read(str(heard), dtype="float32")
    took_ms = ends_ms(np.abs(audio), rate_hz, [(a - origin_s, b - origin_s) for a, b in presses])
    assert len(took_ms) >= 20, "most keys fall into speech"
    assert report(capsys, "the last audible sample", took_ms) < GENEROUS_MS


def test_how_long_it_takes_through_a_sound_server(
    opened: Callable[..., TerminalNeovim], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    require_sound_server()
    with SoundServer(tmp_path / "sound") as sound:
        names = ("HOME", "XDG_RUNTIME_DIR", "PULSE_SERVER")
        nvim = opened(**{name: sound.environment[name] for name in names})
        begin(nvim)
        with sound.recording() as recording:
            presses = press(nvim, 25, rest_s=1.0)
        took_ms = []
        for key_s, told_s in presses:
            near = [at for at, loud in recording.levels if loud >= LOUD and key_s - BEFORE_S <= at <= told_s + 0.9]
            if near and near[-1] >= key_s:
                took_ms.append(1000 * (near[-1] - key_s))
    assert len(took_ms) >= 12, "most keys fall into speech"
    assert report(capsys, "the last loud piece of a recording", sorted(took_ms)) < 2 * GENEROUS_MS


def ends_ms(
    level: "np.ndarray[tuple[int], np.dtype[np.float32]]", rate_hz: int, presses: list[tuple[float, float]]
) -> list[float]:
    """From each key to the last audible sample of what it ended, in order of length; `level` is `[N]`."""
    took_ms = []
    for key_s, told_s in presses:
        first, until_ = round((key_s - BEFORE_S) * rate_hz), round((told_s + 0.15) * rate_hz)
        audible = np.flatnonzero(level[first:until_] > AUDIBLE)
        if len(audible) and first + audible[-1] >= key_s * rate_hz:
            took_ms.append(1000 * float((first + audible[-1] + 1) / rate_hz - key_s))
    return sorted(took_ms)
