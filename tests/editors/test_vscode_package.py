"""What the extension's manifest promises, checked without node: settings, commands, keys, and what the server knows."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from duologue_server import protocol
from duologue_server.options import Options, to_wire
from duologue_server.protocol import VERBS

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"
MANIFEST: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text("utf-8"))
CONTRIBUTES = MANIFEST["contributes"]
COMMANDS = {command["command"]: command for command in CONTRIBUTES["commands"]}
SOURCES = {path.name: path.read_text("utf-8") for path in (EXTENSION / "src").glob("*.ts")}


def test_the_settings_are_those_of_the_server() -> None:
    script = EXTENSION / "scripts" / "contributions.py"
    checked = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    shown = CONTRIBUTES["configuration"][0]["properties"]
    assert {name.removeprefix("duologue."): made["default"] for name, made in shown.items()} == to_wire(Options())


def test_no_folder_chooses_programs_devices_or_endpoints() -> None:
    settings = {name: made for group in CONTRIBUTES["configuration"] for name, made in group["properties"].items()}
    for name in ("serverPath", "inputDevice", "recogniser", "endpointUrl", "endpointKeyEnv", "autostart"):
        assert settings[f"duologue.{name}"]["scope"] == "machine"
    untrusted = MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert untrusted["supported"] == "limited"
    assert set(untrusted["restrictedConfigurations"]) == set(settings)
    assert MANIFEST["extensionKind"] == ["ui", "workspace"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_a_command_that_is_carried_out(verb: str) -> None:
    assert f"duologue.{verb}" in COMMANDS
    assert f'"{verb}"' in SOURCES["protocol.ts"]


def test_every_command_is_carried_out_and_every_name_is_a_command() -> None:
    carried_out = set(re.findall(r"^    (\w+): \(", SOURCES["commands.ts"], re.MULTILINE))
    verbs = re.search(r"const verbs = \[(.*?)\]", SOURCES["commands.ts"])
    assert verbs
    carried_out |= set(re.findall(r'"(\w+)"', verbs[1]))
    assert {f"duologue.{name}" for name in carried_out} == set(COMMANDS)
    pages = json.dumps([CONTRIBUTES["walkthroughs"], CONTRIBUTES["viewsWelcome"]])
    menus = json.dumps([CONTRIBUTES["menus"], CONTRIBUTES["keybindings"]])
    named = set(re.findall(r"command:(duologue\.\w+)", pages)) | set(re.findall(r'"command": "([\w.]+)"', menus))
    for source in SOURCES.values():
        named |= set(re.findall(r'executeCommand\("(duologue\.\w+)"', source))
    assert named <= set(COMMANDS)


MESSAGES = ("ACTIVITY", "CONTEXT", "STATE", "TRANSCRIPT", "OFFER", "PREVIEW", "CLIENT_COMMAND")


def test_the_messages_and_fields_are_those_of_the_protocol() -> None:
    ours = set(re.findall(r'"(duologue/\w+)"', SOURCES["protocol.ts"]))
    assert ours == {getattr(protocol, name) for name in MESSAGES}
    shapes: dict[str, Any] = {
        "State": protocol.ClientState,
        "TranscriptLine": protocol.TranscriptLine,
        "Offer": protocol.OfferShown,
        "Preview": protocol.Preview,
        "ClientCommand": protocol.ClientCommand,
    }
    for name, shape in shapes.items():
        body = re.search(rf"interface {name} {{(.*?)\n}}", SOURCES["protocol.ts"], re.DOTALL)
        assert body
        assert re.findall(r"^  (\w+)\??:", body[1], re.MULTILINE) == [f.name for f in dataclasses.fields(shape)]


def test_every_key_of_the_pages_is_bound() -> None:
    chords = {key["key"].split()[-1] for key in CONTRIBUTES["keybindings"] if key["key"].startswith("ctrl+alt+u ")}
    for page in ("README.md", "media/keys.md"):
        text = (EXTENSION / page).read_text("utf-8")
        row = text[text.index("Ctrl+Alt+U") :] if page == "README.md" else text
        assert {letter.lower() for letter in re.findall(r"`([A-Z]|Space)`", row)} == chords, page


def test_the_walkthrough_has_its_pages() -> None:
    (walkthrough,) = CONTRIBUTES["walkthroughs"]
    for step in walkthrough["steps"]:
        assert (EXTENSION / step["media"]["markdown"]).is_file()


def relative_luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("theme", "background", "least"),
    [
        ("dark", "#1f1f1f", 4.5),
        ("light", "#ffffff", 4.5),
        ("highContrast", "#000000", 7.0),
        ("highContrastLight", "#ffffff", 7.0),
    ],
)
def test_contrast_of_every_text_colour(theme: str, background: str, least: float) -> None:
    """WCAG 2.2: 4.5 for text, 7 where somebody asked for more."""
    behind = relative_luminance(background)
    for colour in CONTRIBUTES["colors"]:
        if colour["id"].endswith("Foreground"):
            front = relative_luminance(colour["defaults"][theme])
            ratio = (max(front, behind) + 0.05) / (min(front, behind) + 0.05)
            assert ratio >= least, f"{colour['id']} in {theme}: {ratio:.1f}"


def test_the_lock_file_names_no_host() -> None:
    lock = json.loads((EXTENSION / "package-lock.json").read_text("utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
