"""The console command: every subcommand is listed, none is imported before it is chosen."""

import subprocess
import sys

import pytest

from duologue_server import __version__
from duologue_server.cli import COMMANDS, main


def check_exit(argv: list[str], status: int) -> None:
    with pytest.raises(SystemExit) as left:
        main(argv)
    assert left.value.code == status


def test_help_lists_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    check_exit(["--help"], 0)
    shown = " ".join(capsys.readouterr().out.split())
    assert [f"{name} {what}" for name, what in COMMANDS.items() if f"{name} {what}" not in shown] == []


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    check_exit(["--version"], 0)
    assert capsys.readouterr().out == f"duologue {__version__}\n"


@pytest.mark.parametrize("argv", [["sing"], [], ["--loud"], ["lsp", "--tcp", "here"], ["lsp", "--tcp", "a:99999"]])
def test_what_is_no_command_line(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    check_exit(argv, 2)
    assert capsys.readouterr().err.startswith("usage: duologue")


def test_an_address_in_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lsp", "--tcp", "203.0.113.1:7777"]) == 1
    assert "203.0.113.1:7777" in capsys.readouterr().err


def test_the_language_server_starts_without_anything_heavy() -> None:
    code = "import sys; import duologue_server.server; print(' '.join(sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    heavy = {"torch", "numpy", "onnxruntime", "openai", "tree_sitter", "sounddevice", "psutil", "rich", "soundfile"}
    assert loaded & heavy == set()
    assert {name for name in loaded if name.startswith(("duologue_server.voice", "duologue_server.audio"))} == set()
