"""The extension as built, in a real VS Code in a browser; the language server is real, its voice makes no sound."""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.vscode_host import ROOT, Host, Window
from support.waiting import until

pytestmark = pytest.mark.e2e

VOICE = str(ROOT / "tests" / "support" / "vscode_voice.py")
STUB = str(ROOT / "tests" / "support" / "vscode_stub.py")
SHARED = "def load(path, into=[]):\n    into.append(path)\n    return into\n"
CODE = "def total(prices):\n    result = 0\n    for price in prices:\n        result += price\n    return resutl\n"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with Host(tmp_path_factory.mktemp("vscode")) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prices.py").write_text(CODE)
    return tmp_path


@pytest.fixture
def windows(request: pytest.FixtureRequest) -> Iterator[list[Window]]:
    opened: list[Window] = []
    yield opened
    for window in opened:
        window.shot(f"end of {request.node.name}")
        window.close()


def speaking(host: Host, windows: list[Window], folder: Path) -> tuple[Window, Path]:
    """A window whose partner has just begun to speak, and the log of its voice."""
    log = folder.with_name(folder.name + "-voice.log")
    host.serve_with(sys.executable, VOICE, "serve", "--log", str(log))
    window = host.open(folder)
    windows.append(window)
    window.until_status("off")
    window.edit("prices.py")
    window.command("Duologue: Start the Voice")
    window.until_status("listening")
    window.command("Duologue: Why Did You Say That?")
    window.until_status("speaking")
    return window, log


def test_a_key_silences_the_partner_and_captions_show_what_was_heard(
    host: Host, windows: list[Window], folder: Path
) -> None:
    window, log = speaking(host, windows, folder)
    window.until_drawn("◆")
    window.shot("speaking")
    assert "kind='keys'" not in log.read_text()
    window.page.keyboard.press("End")
    window.until_status("listening")
    window.shot("silenced")
    assert "Keys(" in log.read_text()


def test_every_word_of_the_transcript_is_there_for_keyboard_and_screen_reader(
    host: Host, windows: list[Window], folder: Path
) -> None:
    window, _ = speaking(host, windows, folder)
    window.page.keyboard.type("#")
    window.until_status("listening")
    window.command("Duologue: Focus on Transcript View")
    row = window.page.locator('[aria-label*="silenced by a key after"]')
    row.first.wait_for()
    window.shot("transcript")
    window.chord("t")
    window.page.locator('.tab.active[data-resource-name="Duologue Transcript.md"]').wait_for()
    shown = until(
        "the transcript as text", lambda: " ".join(window.page.locator(".view-line").all_text_contents()), 20
    ).replace("\u00a0", " ")
    assert "Duologue: One remark waits" in shown
    window.shot("transcript-document")


def offered(host: Host, windows: list[Window], folder: Path) -> Window:
    host.serve_with(sys.executable, VOICE, "serve")
    window = host.open(folder)
    windows.append(window)
    window.until_status("off")
    window.edit("prices.py")
    window.command("Duologue: Start the Voice")
    window.until_status("listening")
    window.page.locator(".codelens-decoration", has_text="undefined name resutl").wait_for()
    return window


def test_a_suggestion_is_accepted_by_key_and_the_cursor_is_at_its_place(
    host: Host, windows: list[Window], folder: Path
) -> None:
    window = offered(host, windows, folder)
    window.shot("offer")
    window.chord("a")
    window.page.locator(".codelens-decoration").wait_for(state="detached")
    window.page.locator("#status\\.editor\\.selection", has_text="Ln 5, Col 5").wait_for()
    window.shot("accepted")


def test_a_suggestion_is_a_quick_fix_too_and_can_be_dismissed(host: Host, windows: list[Window], folder: Path) -> None:
    window = offered(host, windows, folder)
    window.page.keyboard.press("Control+g")
    window.page.keyboard.type("5")
    window.page.keyboard.press("Enter")
    window.page.keyboard.press("Control+.")
    window.page.locator(".action-widget", has_text="Duologue: dismiss").wait_for()
    window.shot("quick-fix")
    window.page.keyboard.press("Escape")
    window.chord("d")
    window.page.locator(".codelens-decoration").wait_for(state="detached")


def test_accepting_a_fix_changes_the_code_in_one_step_and_is_no_key(
    host: Host, windows: list[Window], folder: Path
) -> None:
    (folder / "load.py").write_text(SHARED)
    log = folder.with_name(folder.name + "-voice.log")
    host.serve_with(sys.executable, VOICE, "serve", "--log", str(log))
    window = host.open(folder)
    windows.append(window)
    window.until_status("off")
    window.edit("load.py")
    window.command("Duologue: Start the Voice")
    window.until_status("listening")
    window.page.locator(".codelens-decoration", has_text="Replace with None").wait_for()
    window.shot("fix-offered")
    keys_before = len(keys_at(log))
    window.chord("a")
    until("the edit", lambda: "    if into is None:" in window.lines(), 20, window.lines)
    assert "def load(path, into=None):" in window.lines()
    window.shot("fixed")
    assert len(keys_at(log)) - keys_before <= 2, "the two keys of the chord at most"
    window.page.keyboard.press("Control+z")
    until("the undo", lambda: "def load(path, into=[]):" in window.lines(), 20, window.lines)
    assert "    if into is None:" not in window.lines()


def test_accepting_what_another_extension_found_makes_its_edit(host: Host, windows: list[Window], folder: Path) -> None:
    (folder / "sum.ts").write_text("const result: number = 1;\nconsole.log(resutl);\n")
    host.serve_with(sys.executable, VOICE, "serve")
    window = host.open(folder)
    windows.append(window)
    window.until_status("off")
    window.edit("sum.ts")
    window.command("Duologue: Start the Voice")
    window.until_status("listening")
    window.page.locator(".codelens-decoration", has_text="Dismiss").wait_for()
    window.shot("foreign-offer")
    window.chord("a")
    lines = window.page.locator(".view-line")
    until("the edit", lambda: "console.log(result);" in lines.all_text_contents(), 20, lines.all_text_contents)
    window.shot("edited")


def controls(log: Path) -> list[str]:
    """The verbs that the voice was told."""
    return re.findall(r"name='(\w+)'", log.read_text())


def test_all_verbs_by_key_and_in_the_menu(host: Host, windows: list[Window], folder: Path) -> None:
    window, log = speaking(host, windows, folder)
    window.page.keyboard.press("Escape")
    window.until_status("listening")
    window.chord("m")
    window.until_status("muted")
    window.chord("m")
    window.until_status("listening")
    for letter, verb in (("n", "sleep"), ("b", "wake"), ("r", "repeat")):
        window.chord(letter)
        until(verb, lambda verb=verb: verb in controls(log), 20, lambda: controls(log))  # type: ignore[misc]
    window.status.locator("a").click()
    entries = window.page.locator(".quick-input-list .monaco-list-row")
    entries.first.wait_for()
    window.shot("menu")
    shown = " ".join(entries.all_text_contents())
    for words in ("Accept", "Dismiss", "Mute", "Talk", "Why", "Say it again", "Snooze", "Sleep", "Stop"):
        assert words in shown
    window.page.keyboard.type("Stop the voice")
    window.page.keyboard.press("Enter")
    window.until_status("off")


def test_push_to_talk_follows_a_held_key_and_a_tap_is_a_toggle(host: Host, windows: list[Window], folder: Path) -> None:
    window, log = speaking(host, windows, folder)

    def told(*verbs: str) -> None:
        until(f"{verbs}", lambda: [v for v in controls(log) if v.startswith("ptt")] == list(verbs), 20)

    keyboard = window.page.keyboard
    keyboard.down("Control")
    keyboard.down("Alt")
    keyboard.down("Space")
    told("ptt_down")
    for _ in range(12):  # as an operating system repeats a held key
        window.page.wait_for_timeout(60)
        keyboard.down("Space")
    told("ptt_down")
    keyboard.up("Space")
    told("ptt_down", "ptt_up")
    keyboard.press("Space")
    told("ptt_down", "ptt_up", "ptt_down")
    window.page.wait_for_timeout(1500)
    told("ptt_down", "ptt_up", "ptt_down")
    keyboard.press("Space")
    told("ptt_down", "ptt_up", "ptt_down", "ptt_up")
    keyboard.up("Alt")
    keyboard.up("Control")


def test_a_server_that_is_killed_comes_back_as_it_was(host: Host, windows: list[Window], folder: Path) -> None:
    window, _ = speaking(host, windows, folder)
    window.chord("m")
    window.until_status("muted")
    (server,) = [process for process in psutil.process_iter(["cmdline"]) if is_server(process, folder)]
    server.kill()
    window.until_status("starting")
    window.until_status("muted")
    window.shot("recovered")


def is_server(process: psutil.Process, folder: Path) -> bool:
    line = process.info["cmdline"] or []
    return VOICE in line and "serve" in line and any(folder.name in word for word in line)


def test_without_a_server_the_user_is_told_what_to_do(host: Host, windows: list[Window], folder: Path) -> None:
    host.program.unlink(missing_ok=True)
    window = host.open(folder)
    windows.append(window)
    window.until_status("not installed")
    notice = window.page.locator(".notification-toast", has_text="is not a program that can be run")
    notice.wait_for()
    window.shot("missing")
    assert notice.get_by_text("Choose Path…").count()
    assert notice.get_by_text("Clear the Setting").count()
    host.serve_with(sys.executable, VOICE, "serve")
    window.command("Duologue: Restart the Server")
    window.until_status("off")


def messages(record: Path) -> list[dict[str, Any]]:
    """What the stub was sent, in order."""
    return [json.loads(line) for line in whole_lines(record)]


def whole_lines(file: Path) -> list[str]:
    """The lines of a file that somebody is writing."""
    text = file.read_text() if file.exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def test_what_is_sent_and_that_keys_go_first(host: Host, windows: list[Window], folder: Path) -> None:
    record = folder.with_name(folder.name + "-record.jsonl")
    host.configure(speed=1.25)
    host.serve_with(sys.executable, STUB, str(record))
    window = host.open(folder)
    windows.append(window)
    window.until_status("off")

    def sent(method: str, where: Callable[[Any], Any] = lambda params: True) -> list[Any]:
        found = [m["params"] for m in messages(record) if m.get("method") == method]
        return [params for params in found if where(params)]

    def changes() -> list[Any]:
        return sent("textDocument/didChange", lambda params: params["textDocument"]["uri"].endswith("prices.py"))

    (hello,) = sent("initialize")
    assert hello["initializationOptions"] == {"speed": 1.25}
    assert hello["capabilities"]["experimental"] == {"duologue": {"version": 1, "offers": True}}
    window.edit("prices.py")
    until("cursor", lambda: sent("duologue/context", lambda p: "prices.py" in p.get("cursor", {}).get("uri", "")), 20)
    window.page.keyboard.type("x")
    until("a change", changes, 20)
    assert sent("duologue/activity") == [], "nothing is watched while the voice is off"
    answered = [m["result"] for m in messages(record) if m.get("id") == "settings"]
    assert answered == [[{"speed": 1.25}]]

    window.command("Duologue: Start the Voice")
    window.until_status("listening")
    before = len(messages(record))
    window.page.keyboard.type("y")
    until("the key's change", lambda: len(changes()) == 2, 20)
    first, second = [m for m in messages(record)[before:] if m.get("method") != "duologue/context"][:2]
    assert (first["method"], first["params"]) == ("duologue/activity", {"keys": 1, "selecting": False})
    assert second["method"] == "textDocument/didChange"

    window.set(host.settings(volume=0.5))
    expected = {"duologue": {"speed": 1.0, "volume": 0.5}}
    until("the settings", lambda: expected in [p["settings"] for p in sent("workspace/didChangeConfiguration")], 20)
    assert not [m for m in messages(record) if "unknown" in m]


def test_how_long_activation_takes(
    host: Host, windows: list[Window], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host.serve_with(sys.executable, VOICE, "serve")
    window = host.open(folder)
    windows.append(window)
    window.until_status("off")
    window.command("Developer: Show Running Extensions")
    row = window.page.locator(".runtime-extensions-editor .monaco-list-row", has_text="Duologue")
    row.wait_for()
    window.shot("activation")
    (milliseconds,) = re.findall(r"(\d+)ms", row.text_content() or "")
    with capsys.disabled():
        print(f"\nactivation of the extension: {milliseconds} ms")


def test_how_long_a_key_takes_to_the_voice(
    host: Host, windows: list[Window], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    window, log = speaking(host, windows, folder)
    took_ms = []
    for _ in range(60):
        window.page.wait_for_timeout(130)  # further apart than keys are coalesced, so that each is told at once
        known = len(keys_at(log))
        pressed_s = time.monotonic()
        window.page.keyboard.press("x")
        until("the key", lambda known=known: len(keys_at(log)) > known, 10)  # type: ignore[misc]
        took_ms.append(1000 * (keys_at(log)[known] - pressed_s))
    took_ms.sort()
    with capsys.disabled():
        print(f"\nkey in VS Code to voice reader: p50 {took_ms[30]:.0f} ms, p95 {took_ms[57]:.0f} ms")


def keys_at(log: Path) -> list[float]:
    """When the voice was told of keys, on the clock of `time.monotonic`."""
    lines = [line.split("\t") for line in whole_lines(log)]
    return [float(line[0]) for line in lines if line[1] == "keys"]
