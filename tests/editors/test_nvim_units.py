"""The plugin's own unit tests, and what it costs to have it: in Neovim without a server."""

import re
import subprocess
from pathlib import Path

import pytest

from editors.neovim import NVIM, PLUGIN

QUIET = ["--headless", "-u", "NONE", "-i", "NONE"]


def run(*argv: str, timeout_s: float = 60) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(NVIM), *argv], capture_output=True, text=True, check=False, timeout=timeout_s)


def test_the_lua_modules() -> None:
    ran = run(*QUIET, "-l", str(PLUGIN / "test" / "run.lua"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (passed,) = re.findall(r"(\d+) passed, 0 failed", ran.stdout + ran.stderr)
    assert int(passed) >= 15


def loaded_after(*commands: str) -> list[str]:
    """The modules of ours that Neovim has loaded once it stands, with the plugin on its path and these commands run."""
    show = 'lua io.write(table.concat(vim.tbl_filter(function(n) return n:find("^duologue") end, '
    show += 'vim.tbl_keys(package.loaded)), " "))'
    early = [word for command in commands for word in ("--cmd", command)]
    path = f"set runtimepath^={PLUGIN}"
    ran = run("--headless", "-u", "NORC", "-i", "NONE", "--cmd", path, *early, "-c", show, "-c", "qall")
    assert ran.stderr == ""
    return sorted(ran.stdout.split())


def test_an_entry_in_runtimepath_is_all_that_it_takes_and_loads_nothing() -> None:
    assert loaded_after() == []


def test_setup_only_notes_what_was_chosen_while_neovim_starts() -> None:
    assert loaded_after("lua require('duologue').setup({ offers = false })") == ["duologue", "duologue.config"]


@pytest.mark.parametrize("command", ["packadd duologue", "packloadall"])
def test_as_a_package_which_is_how_plugin_managers_lay_it_out(tmp_path: Path, command: str) -> None:
    kind = "opt" if command.startswith("packadd") else "start"
    folder = tmp_path / "pack" / "any" / kind
    folder.mkdir(parents=True)
    (folder / "duologue").symlink_to(PLUGIN)
    check = "lua io.write(vim.fn.exists(':Duologue'), ' ', vim.fn.maparg('<Plug>(duologue-why)', 'n') ~= '' and 1 or 0)"
    ran = run(*QUIET, "--cmd", f"set packpath={tmp_path}", "-c", command, "-c", check, "-c", "qall")
    assert (ran.stdout, ran.stderr) == ("2 1", "")


def test_as_part_of_a_checkout_of_the_repository_as_with_vim_pack() -> None:
    repository = PLUGIN.parents[1]
    load = f"lua vim.opt.runtimepath:append('{repository}/editors/nvim'); vim.cmd.runtime('plugin/duologue.lua')"
    ran = run(*QUIET, "-c", load, "-c", "lua io.write(vim.fn.exists(':Duologue'))", "-c", "qall")
    assert (ran.stdout, ran.stderr) == ("2", "")


def test_how_long_it_takes_to_have_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def once(n: int, *early: str) -> float:
        log = tmp_path / f"startup{n}"
        path = f"set runtimepath^={PLUGIN}"
        argv = ["--headless", "-u", "NORC", "-i", "NONE", "--cmd", path, *early]
        run(*argv, "--startuptime", str(log), "-c", "qall")
        rows = [row.split() for row in log.read_text().splitlines() if "duologue" in row and "sourcing" in row]
        rows += [row.split() for row in log.read_text().splitlines() if "require('duologue" in row]
        assert rows
        return sum(float(row[2].rstrip(":")) for row in rows)

    plain = sorted(once(n) for n in range(5))
    setup = sorted(once(n + 5, "--cmd", "lua require('duologue').setup()") for n in range(5))
    with capsys.disabled():
        print(f"\nNeovim's start: {plain[2]:.2f} ms with the plugin, {setup[2]:.2f} ms with setup() (medians of 5)")
