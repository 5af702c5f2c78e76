"""`:Duologue install`: a real environment, a real pip, and a package that is no more than its program."""

import zipfile
from pathlib import Path

import pytest

from editors.neovim import Neovim, until

pytestmark = pytest.mark.e2e


def package(folder: Path) -> None:
    """A wheel of the server's name that can only tell its version."""
    folder.mkdir()
    info = "duologue-9.9.dist-info"
    files = {
        "duologue_only.py": "def main():\n    print('duologue 9.9')\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: duologue\nVersion: 9.9\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nduologue = duologue_only:main\n",
    }
    with zipfile.ZipFile(folder / "duologue-9.9-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"]))


def test_the_server_is_installed_and_found(tmp_path: Path) -> None:
    package(tmp_path / "wheels")
    environment = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels")}
    nvim = Neovim(tmp_path / "nvim", **environment)
    try:
        nvim.lua("vim.env.PATH = '/usr/local/bin:/usr/bin:/bin:' .. ...", str(Path(nvim.cmd[0]).resolve().parent))
        program = "return require('duologue.walkthrough').program()"
        assert nvim.lua(program) == ["duologue"]
        nvim.api.command("Duologue install")
        until(
            "the program",
            lambda: "the server is installed" in " ".join(nvim.notes()),
            lambda: nvim.api.current.buffer[:],
            90,
        )
        (path,) = nvim.lua(program)
        assert path.startswith(str(tmp_path))
        nvim.api.command("stopinsert | checkhealth duologue")
        assert any("server: duologue 9.9" in row for row in nvim.api.current.buffer[:])
    finally:
        nvim.close()
