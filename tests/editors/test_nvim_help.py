"""`:help duologue` is complete, and its links lead somewhere; read by Neovim itself."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from editors.neovim import NVIM, PLUGIN, Neovim

TEXT = (PLUGIN / "doc" / "duologue.txt").read_text(encoding="utf-8")
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in PLUGIN.rglob("*.lua"))


@pytest.fixture(scope="module")
def tags(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What `:helptags` makes of the page; it must have nothing to say about it."""
    doc = tmp_path_factory.mktemp("help") / "doc"
    shutil.copytree(PLUGIN / "doc", doc, ignore=shutil.ignore_patterns("tags"))
    argv = [str(NVIM), "--headless", "-u", "NONE", "-i", "NONE", "-c", f"helptags {doc}", "-c", "qall"]
    made = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert made.stderr == ""
    rows = (doc / "tags").read_text(encoding="utf-8").splitlines()
    return {row.split("\t")[0] for row in rows}


def test_every_function_option_map_event_and_colour_has_a_tag(library: Neovim, tags: set[str]) -> None:
    functions = library.lua('return vim.tbl_keys(require("duologue"))')
    assert {f"duologue.{name}()" for name in functions} <= tags
    options = library.lua('return vim.tbl_keys(require("duologue.config").options)')
    assert {f"duologue-option-{name}" for name in [*options, "filetypes"]} <= tags
    verbs = library.lua('return require("duologue.config").verbs')
    assert {f"<Plug>(duologue-{verb})" for verb in verbs} == {tag for tag in tags if tag.startswith("<Plug>")}
    groups = library.lua(
        'require("duologue.highlights").define(); return vim.fn.getcompletion("Duologue", "highlight")'
    )
    assert {f"hl-{group}" for group in groups} == {tag for tag in tags if tag.startswith("hl-")}
    events = re.findall(r'pattern = "(Duologue\w+)"', SOURCES)
    assert set(events) <= tags
    assert {":Duologue", "duologue", "duologue.txt"} <= tags


def test_every_group_that_the_source_names_is_defined(library: Neovim) -> None:
    groups = library.lua(
        'require("duologue.highlights").define(); return vim.fn.getcompletion("Duologue", "highlight")'
    )
    named = set(re.findall(r'"(Duologue[A-Z]\w+)"', SOURCES))
    events = set(re.findall(r'pattern = "(Duologue\w+)"', SOURCES))
    assert named - events <= set(groups)


def test_every_command_is_described_and_none_that_is_not_there(library: Neovim) -> None:
    section = TEXT[TEXT.index("*:Duologue*") : TEXT.index("*duologue-keys*")]
    described = re.findall(r"^:Duologue ([\w-]+)", section, re.MULTILINE)
    commands = library.lua('return require("duologue.commands").names()')
    assert sorted([*described, "menu"]) == commands
    named = set(re.findall(r":Duologue ([a-z][\w-]*)`", TEXT)) - {"menu"}
    assert named <= set(commands)


def test_every_default_and_every_choice_is_the_real_one(library: Neovim) -> None:
    block = TEXT[TEXT.index("All of them, with their defaults") :]
    shown = block[block.index("require(") : block.index("\n<\n")]
    options = shown.removeprefix('require("duologue").setup(').removesuffix(")")
    assert library.lua(f'local shown = {options}; return vim.deep_equal(shown, require("duologue.config").defaults)')


def test_every_statusline_of_the_page_is_one_that_can_be_read() -> None:
    section = TEXT[TEXT.index("*duologue-statusline*") : TEXT.index("*duologue-captions*")]
    words = re.findall(r"^\t([○…◉◍◌▶▷✗]) ([^\t:]+)", section, re.MULTILINE)
    source = (PLUGIN / "lua" / "duologue" / "status.lua").read_text(encoding="utf-8")
    for sign, text in words:
        assert f'"{sign} {text.strip()}"' in source, text
    drawn = set(re.findall(r'"([○…◉◍◌▶▷✗] [^"]+)"', source))
    assert drawn == {f"{sign} {text.strip()}" for sign, text in words}


def test_its_links_lead_somewhere(library: Neovim, tags: set[str]) -> None:
    links = set(re.findall(r"(?<!\|)\|([^\s|]+)\|(?!\|)", TEXT))
    ours = {link for link in links if link.lower().startswith(("duologue", ":duologue"))}
    assert ours <= tags
    theirs = library.lua(
        """
        return vim.tbl_filter(function(link)
          return not vim.tbl_contains(vim.fn.getcompletion(link, "help"), link)
        end, ...)
        """,
        sorted(links - ours),
    )
    assert theirs == []


def test_its_lines_are_as_wide_as_its_modeline_says() -> None:
    assert [line for line in TEXT.splitlines() if len(line) > 78] == []


def test_its_examples_are_lua(library: Neovim) -> None:
    blocks = re.findall(r">lua\n(.*?)(?=\n<|\n\S)", TEXT, re.DOTALL)
    assert len(blocks) >= 10
    for block in blocks:
        problem = library.lua(
            """
            local code = ...
            local run, problem = loadstring(code)
            run = run or loadstring("return " .. code)
            return not run and problem or nil
            """,
            block,
        )
        assert problem is None, (block, problem)


def test_the_first_steps_are_opened_by_a_command(nvim: Neovim, tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    shutil.copytree(PLUGIN / "doc", runtime / "doc")
    nvim.api.command(f"helptags {runtime / 'doc'} | set runtimepath+={runtime}")
    nvim.api.command("Duologue walkthrough")
    assert "*duologue-walkthrough*" in nvim.api.current.line


def test_the_first_steps_are_found_before_anybody_has_made_tags(nvim: Neovim) -> None:
    nvim.api.command("Duologue walkthrough")
    assert "*duologue-walkthrough*" in nvim.api.current.line
    assert nvim.api.current.buffer.options["filetype"] == "help"
    assert nvim.api.current.buffer.options["readonly"]
