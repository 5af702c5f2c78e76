"""A real VS Code in a real browser: code-server with the built extension, a Chromium, and a keyboard.

`.ci/vscode-host` installs both, `make vsix` builds the extension.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from support.waiting import until

ROOT = Path(__file__).parents[2]
VSIX = ROOT / "build" / "duologue.vsix"
SHOTS = ROOT / "build" / "vscode" / "shots"
_HOST = ROOT / "build" / "vscode" / "host"
_CODE = _HOST / "node_modules" / "code-server"
_READY_S = 60.0
WAIT_MS = 40_000
_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SETTINGS: dict[str, Any] = {
    "editor.autoClosingBrackets": "never",
    "editor.autoIndent": "none",
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "editor.minimap.enabled": False,
    "files.autoSave": "off",
    "git.openRepositoryInParentFolders": "never",
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "window.menuBarVisibility": "classic",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}


def require_vscode() -> None:
    """Fails the test where VS Code is not installed, or leaves it out where DUOLOGUE_NO_VSCODE=1 is set."""
    missing = [what for what, there in (("VS Code", _CODE.is_dir()), ("the .vsix", VSIX.is_file())) if not there]
    missing += [program for program in ("node", "chromium") if shutil.which(program) is None]
    if not missing:
        return
    if os.environ.get("DUOLOGUE_NO_VSCODE") == "1":
        pytest.skip("no VS Code here, and DUOLOGUE_NO_VSCODE=1 says that this is known")
    pytest.fail(f"{', '.join(missing)} not found: make vscode, or set DUOLOGUE_NO_VSCODE=1 to go without this test")


class Host:
    """code-server with the extension, and a browser; by `with`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._server: subprocess.Popen[bytes] | None = None
        with socket.create_server(("127.0.0.1", 0)) as found:
            self._port = found.getsockname()[1]
        self.program = folder / "server"
        """What the setting `duologue.serverPath` names; `serve_with` writes it."""

    def __enter__(self) -> Self:
        require_vscode()
        # The place of node's compile cache and of code-server's own file must be the test's.
        environment = {**os.environ, "XDG_CONFIG_HOME": str(self.folder), "HOME": str(self.folder)}
        data, extensions = self.folder / "data", self.folder / "extensions"
        (data / "User").mkdir(parents=True)
        self.configure()
        command = ["node", str(_CODE), "--user-data-dir", str(data), "--extensions-dir", str(extensions)]
        installed = [*command, "--install-extension", str(VSIX)]
        subprocess.run(installed, env=environment, check=True, capture_output=True)
        flags = ["--auth", "none", "--bind-addr", f"127.0.0.1:{self._port}", "--disable-telemetry"]
        log = (self.folder / "code-server.log").open("wb")
        self._server = subprocess.Popen(
            [*command, *flags, "--disable-update-check", "--disable-workspace-trust"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        until("code-server answers", self._answers, _READY_S)
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_CHROMIUM)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._browser is not None:
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()
        if self._server is not None:
            os.killpg(self._server.pid, signal.SIGTERM)
            self._server.wait(20)

    def configure(self, editor: Mapping[str, Any] | None = None, **settings: Any) -> None:
        """Writes the user's settings, for the next window; those of the server without their section."""
        path = self.folder / "data" / "User" / "settings.json"
        path.write_text(self.settings(editor, **settings))

    def settings(self, editor: Mapping[str, Any] | None = None, **settings: Any) -> str:
        """The text of the user's settings."""
        ours = {"duologue.serverPath": str(self.program)}
        return json.dumps(
            _SETTINGS | ours | dict(editor or {}) | {f"duologue.{name}": value for name, value in settings.items()}
        )

    def serve_with(self, *command: str, environment: Mapping[str, str] | None = None) -> None:
        """The server of the next window, with these variables of its own."""
        quoted = " ".join(f"'{word}'" for word in command)
        variables = {"PYTHONPATH": str(ROOT / "tests"), **(environment or {})}
        told = " ".join(f"{name}='{value}'" for name, value in variables.items())
        self.program.write_text(f"#!/bin/sh\n{told} exec {quoted}\n")
        self.program.chmod(0o755)

    def open(self, folder: Path) -> "Window":
        """A window on that folder, once the extension is there."""
        assert self._browser is not None
        page = self._browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(WAIT_MS)
        page.goto(f"http://127.0.0.1:{self._port}/?folder={folder}")
        # The first start of every browser; its focus would close what a test has just opened.
        page.locator(".tab", has_text="Walkthrough: Duologue").wait_for()
        return Window(page)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Window:
    """One window, used as a person does."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.status: Locator = page.locator('[id="duologue.duologue.duologue.state"]')

    def close(self) -> None:
        self.page.close()

    def command(self, title: str) -> None:
        """Runs a command by its title in the palette."""
        self._pick("F1", title)

    def edit(self, name: str) -> None:
        """Opens a file of the folder, and puts the cursor into it."""
        self._pick("Control+p", name)
        self.page.locator(f'.tab.active[data-resource-name="{name}"]').wait_for()
        self.page.locator(".monaco-editor textarea, .monaco-editor .native-edit-context").first.focus()

    def _pick(self, key: str, text: str) -> None:
        """Opens a list by a key, and takes what has that text; again if something else took the focus."""
        entry = self.page.locator(".quick-input-list .monaco-list-row", has_text=text).first
        for last in (False, False, True):
            self.page.keyboard.press(key)
            try:
                box = self.page.locator(".quick-input-widget input").first
                box.wait_for(timeout=WAIT_MS if last else 5000)
                self.page.keyboard.type(text)
                entry.wait_for(timeout=WAIT_MS if last else 5000)
            except PlaywrightTimeout:
                if last:
                    raise
                self.page.keyboard.press("Escape")
            else:
                break
        self.page.keyboard.press("Enter")

    def set(self, text: str) -> None:
        """Replaces the user's settings as a person does, in the editor: code-server does not watch the file here."""
        self.command("Preferences: Open User Settings (JSON)")
        self.page.locator('.tab.active[data-resource-name="settings.json"]').wait_for()
        self.page.locator(".editor-group-container.active .monaco-editor textarea").first.focus()
        for key in ("Control+a", "Delete"):
            self.page.keyboard.press(key)
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Control+s")
        self.page.locator('.tab.active.dirty[data-resource-name="settings.json"]').wait_for(state="detached")

    def lines(self) -> list[str]:
        """The lines of code that are drawn, in no certain order."""
        return [text.replace("\u00a0", " ") for text in self.page.locator(".view-line").all_text_contents()]

    def until_status(self, text: str) -> None:
        """Waits for these words in the status bar."""
        until(f"'{text}' in the status bar", lambda: text in (self.status.text_content() or ""), WAIT_MS / 1000)

    def chord(self, letter: str) -> None:
        self.page.keyboard.press("Control+Alt+u")
        self.page.keyboard.press(letter)

    def drawn(self) -> str:
        """What decorations write into the editor."""
        script = """() => [...document.querySelectorAll('.view-line span')]
            .map(node => getComputedStyle(node, '::after').content)
            .filter(text => text && text !== 'none' && text !== 'normal').join(' ')"""
        return re.sub(r"\s+", " ", str(self.page.evaluate(script)).replace("\u00a0", " "))

    def until_drawn(self, text: str) -> None:
        """Waits until a decoration has these words."""
        until(f"'{text}' in the editor", lambda: text in self.drawn(), WAIT_MS / 1000, self.drawn)

    def shot(self, name: str) -> None:
        """A picture of the window, to be looked at."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")
