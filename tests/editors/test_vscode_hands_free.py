"""A working session on a real project without a key: spoken to the real product in a real VS Code."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.hands_free import ENDED, Session, project, work
from support.sound_server import SoundServer
from support.spoken import room
from support.vscode_host import Host, Window

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class WindowEyes:
    """A developer in front of VS Code's window."""

    window: Window

    def line(self) -> int:
        text = self.window.page.locator("#status\\.editor\\.selection").text_content() or ""
        return int(text.split("Ln ")[1].split(",")[0]) if "Ln " in text else 0

    def file(self) -> str:
        return self.window.page.locator(".tab.active").first.get_attribute("data-resource-name") or ""

    def shown(self) -> str:
        return self.window.page.locator(".statusbar").text_content() or ""

    def wait(self, seconds: float) -> None:
        self.window.page.wait_for_timeout(1000 * seconds)

    def seen(self) -> str:
        return self.shown()


def test_a_working_session_without_a_key(
    tmp_path_factory: pytest.TempPathFactory, sound: SoundServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = project(tmp_path)
    run = f"PYTHONPATH=src {sys.executable} -m pytest -q tests/test_parser.py; echo $? > {ENDED}"
    task = {"label": "tests", "type": "shell", "command": run, "group": {"kind": "test", "isDefault": True}}
    (folder / ".vscode").mkdir()
    (folder / ".vscode" / "tasks.json").write_text(json.dumps({"version": "2.0.0", "tasks": [task]}))
    with Host(tmp_path_factory.mktemp("vscode")) as host, sound.speaking(room(900.0)):
        environment = {name: sound.environment[name] for name in ("HOME", "XDG_RUNTIME_DIR", "PULSE_SERVER")}
        host.serve_with(sys.executable, "-m", "duologue_server", "lsp", environment=environment)
        host.configure({"files.autoSave": "afterDelay", "files.autoSaveDelay": 200}, unpromptedPerHour=0)
        window = host.open(folder)
        window.until_status("off")
        window.edit("parser.py")
        window.edit("test_parser.py")
        window.command("Duologue: Start the Voice")
        window.until_status("listening")
        window.page.wait_for_timeout(2000)
        try:
            told = work(Session(WindowEyes(window), folder, sound))
        finally:
            window.shot("end of the session without a key")
    with capsys.disabled():
        print(f"\nVS Code: {told}")
