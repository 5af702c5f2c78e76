"""The configurations for other editors can be read, and name the server as it is; Neovim's is run."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from duologue_server.options import read_options
from duologue_server.protocol import VERBS
from editors.neovim import NVIM, Neovim
from support.lsp_client import ServerProcess

FOLDER = Path(__file__).parents[2] / "editors" / "other"
SERVER = ["duologue", "lsp"]
TOKEN = re.compile(r""";[^\n]*|"(?:\\.|[^"\\])*"|[()\[\]]|[^\s()\[\]";]+""")


def read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def forms(text: str) -> list[Any]:
    """Emacs Lisp as lists of tokens. Raises AssertionError if brackets do not match."""
    stack: list[list[Any]] = [[]]
    closing: list[str] = []
    for token in TOKEN.findall(text):
        if token.startswith(";"):
            continue
        if token in "([":
            stack.append([])
            closing.append(")" if token == "(" else "]")
        elif token in ")]":
            assert closing, f"{token} closes nothing"
            assert closing.pop() == token
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    assert not closing, "not closed"
    return stack[0]


def inside(form: Any, name: str) -> list[Any]:
    """The first list below `form` that begins with `name`."""
    found = find(form, name)
    assert found is not None, name
    return found


def find(form: Any, name: str) -> list[Any] | None:
    if not isinstance(form, list):
        return None
    if form and form[0] == name:
        return form
    return next((hit for part in form if (hit := find(part, name)) is not None), None)


def helix() -> tuple[list[str], dict[str, Any]]:
    server = tomllib.loads(read("languages.toml"))["language-server"]["duologue"]
    return [server["command"], *server["args"]], server["config"]


def zed() -> tuple[list[str], dict[str, Any]]:
    settings = json.loads(read("zed.json"))
    (name,) = settings["lsp"]
    assert settings["languages"]["Python"]["language_servers"][0] == name
    server = settings["lsp"][name]
    return [server["binary"]["path"], *server["binary"]["arguments"]], server["initialization_options"]


def kate() -> tuple[list[str], dict[str, Any]]:
    server = json.loads(read("kate.json"))["servers"]["python"]
    assert re.match(server["highlightingModeRegex"], "Python")
    return server["command"], server["initializationOptions"]


def emacs() -> tuple[list[str], dict[str, Any]]:
    program = inside(forms(read("duologue.el")), '"duologue"')
    at = program.index(":initializationOptions")
    plist = program[at + 1]
    options = {key.removeprefix(":"): json.loads(value) for key, value in zip(plist[::2], plist[1::2], strict=True)}
    return [json.loads(word) for word in program[:at]], options


def neovim() -> tuple[list[str], dict[str, Any]]:
    show = f"lua dofile({str(FOLDER / 'duologue.lua')!r}) io.write(vim.json.encode(vim.lsp.config.duologue))"
    argv = [str(NVIM), "--headless", "-u", "NONE", "-i", "NONE", "-c", show, "-c", "qall"]
    ran = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    made = json.loads(ran.stdout)
    assert made["flags"]["debounce_text_changes"] == 0
    return made["cmd"], made["settings"]["duologue"]


@pytest.mark.parametrize("editor", [helix, zed, kate, emacs, neovim])
def test_it_starts_the_server_with_settings_that_it_knows(editor: Any) -> None:
    command, settings = editor()
    assert command == SERVER
    assert settings
    assert read_options(settings)[1] == []


@pytest.mark.e2e
@pytest.mark.parametrize("editor", [helix, kate, emacs])
def test_the_real_server_takes_them(editor: Any) -> None:
    command, settings = editor()
    program = shutil.which(command[0], path=str(Path(sys.executable).parent))
    assert program, "the server is installed beside Python"
    server = ServerProcess([program, *command[1:]])
    try:
        result = server.initialize(initializationOptions={**settings, "autostart": False})
        commands = result["capabilities"]["executeCommandProvider"]["commands"]
        assert set(commands) >= {f"duologue.{verb}" for verb in VERBS}
    finally:
        server.__exit__()


@pytest.mark.e2e
def test_neovim_without_the_plugin_is_connected_by_ten_lines(tmp_path: Path) -> None:
    nvim = Neovim(tmp_path, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    try:
        nvim.api.command(f"luafile {FOLDER / 'duologue.lua'}")
        (tmp_path / ".git").mkdir()
        (tmp_path / "a.py").write_text("x = 1\n")
        nvim.api.command(f"edit {tmp_path / 'a.py'}")
        nvim.until("a server", lambda: nvim.lua("return (vim.lsp.get_clients()[1] or {}).initialized"))
        nvim.lua("vim.lsp.handlers['workspace/executeCommand'] = function(err, answer) seen.answer = err or answer end")
        nvim.api.command("Duo dismiss")
        answer = nvim.until("an answer", lambda: nvim.lua("return seen.answer"))
        assert answer == {"ok": False, "message": "there is nothing to dismiss"}
    finally:
        nvim.close()


def test_every_verb_that_they_bind_is_one() -> None:
    named = re.findall(r"duologue\.([a-z]\w*)", read("config.toml")) + [
        json.loads(word) for word in inside(forms(read("duologue.el")), '"start"')
    ]
    assert set(named) <= set(VERBS)
    assert tomllib.loads(read("config.toml"))["editor"]["lsp"]["display-messages"]


def test_emacs_itself_can_read_it_where_there_is_one() -> None:
    body = forms(read("duologue.el"))
    assert [form[0] for form in body] == ["with-eval-after-load", "setq", "defun", "defun", "add-hook"]
    if emacs_program := shutil.which("emacs"):
        argv = [emacs_program, "--batch", "-Q", "-l", str(FOLDER / "duologue.el")]
        ran = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr


def test_the_page_names_every_file_and_no_other() -> None:
    page = read("README.md")
    named = set(re.findall(r"\]\(([\w.]+)\)", page))
    assert named == {path.name for path in FOLDER.iterdir()} - {"README.md"}
