"""The extension with the real server, voice, ear and a real sound server: what is heard, said and changed."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.sound_server import SoundServer
from support.spoken import room, speech
from support.vscode_host import Host, Window
from support.waiting import until

pytestmark = pytest.mark.e2e

SHARED = "def load(path, into=[]):\n    into.append(path)\n    return into\n"
AUDIBLE = 0.01
QUIET_S = 0.6
SILENT_WITHIN_S = 0.6
"""For a busy machine; what it took is printed."""
KEYS = 10


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, sound: SoundServer) -> Iterator[Host]:
    with Host(tmp_path_factory.mktemp("vscode")) as started:
        names = ("HOME", "XDG_RUNTIME_DIR", "PULSE_SERVER")
        environment = {name: sound.environment[name] for name in names}
        started.serve_with(sys.executable, "-m", "duologue_server", "lsp", environment=environment)
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "load.py").write_text(SHARED)
    return tmp_path


@pytest.fixture
def windows(request: pytest.FixtureRequest) -> Iterator[list[Window]]:
    opened: list[Window] = []
    yield opened
    for window in opened:
        window.shot(f"end of {request.node.name}")
        window.close()


def listening(host: Host, windows: list[Window], folder: Path) -> Window:
    """A window whose voice has been started."""
    window = host.open(folder)
    windows.append(window)
    window.until_status("off")
    window.edit("load.py")
    window.command("Duologue: Start the Voice")
    window.until_status("listening")
    return window


def test_a_key_is_followed_by_silence(
    host: Host, windows: list[Window], folder: Path, sound: SoundServer, capsys: pytest.CaptureFixture[str]
) -> None:
    window = listening(host, windows, folder)
    took_ms = []
    with sound.recording() as recording:
        for turn in range(KEYS):
            window.command("Duologue: Why Did You Say That?")
            window.until_status("speaking")
            recording.wait_for(AUDIBLE, timeout_s=10)
            window.page.wait_for_timeout(300)  # until the list of commands has given the focus back
            pressed_s = time.monotonic()
            window.page.keyboard.press("End" if turn % 2 == 0 else "Home")  # a key that moves nothing is not seen
            window.until_status("listening")
            window.page.wait_for_timeout(1000 * QUIET_S)
            took_ms.append(1000 * (recording.last_louder_than(AUDIBLE) - pressed_s))
    took_ms.sort()
    with capsys.disabled():
        print(f"\nkey in VS Code to last audible sample: p50 {took_ms[KEYS // 2]:.0f} ms, longest {took_ms[-1]:.0f} ms")
    assert took_ms[KEYS // 2] < 1000 * SILENT_WITHIN_S


def test_a_spoken_yes_changes_the_code(host: Host, windows: list[Window], folder: Path, sound: SoundServer) -> None:
    with sound.speaking(room(300.0)):
        window = listening(host, windows, folder)
        window.until_status("speaking")
        window.shot("offer-spoken")
        window.until_status("listening")
        with sound.speaking(speech("Yes, go ahead.")):
            until("the edit", lambda: "def load(path, into=None):" in window.lines(), 30, lambda: window.lines())
    window.shot("accepted-by-voice")


def test_two_windows_have_one_microphone(
    host: Host, windows: list[Window], folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = listening(host, windows, folder)
    other = tmp_path_factory.mktemp("other")
    (other / "load.py").write_text(SHARED)
    second = listening(host, windows, other)
    first.until_status("in another window")
    first.shot("microphone-elsewhere")
    first.page.bring_to_front()
    first.page.keyboard.press("End")
    first.until_status("listening")
    second.until_status("in another window")


def test_spoken_commands_change_the_code_and_take_it_back(
    host: Host, windows: list[Window], folder: Path, sound: SoundServer
) -> None:
    host.configure(unpromptedPerHour=0)  # nothing that would have to be interrupted
    with sound.speaking(room(300.0)):
        window = listening(host, windows, folder)
        window.page.wait_for_timeout(2000)
        for words, wanted in (
            ("Delete line two.", lambda: "    into.append(path)" not in window.lines()),
            ("Undo that.", lambda: "    into.append(path)" in window.lines()),
            ("Go to line three.", lambda: "Ln 3" in position(window)),
        ):
            with sound.speaking(speech(words)):
                until(words, wanted, 30, lambda: (window.lines(), position(window)))
            window.shot(f"said {words}")


def position(window: Window) -> str:
    return window.page.locator("#status\\.editor\\.selection").text_content() or ""
