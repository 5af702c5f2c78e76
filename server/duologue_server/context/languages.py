"""The languages that have a grammar, under every name that editors give them."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """One grammar and what has to be known to use it."""

    name: str
    """As a person says it."""
    module: str
    """The Python package of the grammar; imported on first use."""
    queries: str
    """The folder of its queries."""
    function: str = "language"
    indented: bool = False
    """Whether indentation makes the blocks, so that an empty line belongs where its indentation says."""
    unfinished: re.Pattern[str] | None = None
    """What no statement of the language ends with; None where only the tree can tell."""


_CODE = re.compile(r"(?:[=,(\[{.\\&|<%]|(?<!\+)\+|(?<!-)-|\b(?:and|or|not|in|await|new|import|from))\s*$")
_SHELL = re.compile(r"(?:\||&&|\\)\s*$")


def _code(name: str, module: str, queries: str = "", function: str = "language", indented: bool = False) -> Language:
    return Language(name, f"tree_sitter_{module}", queries or module, function, indented, _CODE)


def _data(name: str, module: str, indented: bool = False) -> Language:
    return Language(name, f"tree_sitter_{module}", module, indented=indented)


_LANGUAGES = {
    "python": _code("Python", "python", indented=True),
    "javascript": _code("JavaScript", "javascript"),
    "javascriptreact": _code("JavaScript with JSX", "javascript"),
    "typescript": _code("TypeScript", "typescript", function="language_typescript"),
    "typescriptreact": _code("TypeScript with JSX", "typescript", function="language_tsx"),
    "rust": _code("Rust", "rust"),
    "go": _code("Go", "go"),
    "java": _code("Java", "java"),
    "c": _code("C", "c"),
    "cpp": _code("C++", "cpp"),
    "ruby": _code("Ruby", "ruby"),
    "lua": _code("Lua", "lua"),
    "shellscript": Language("a shell script", "tree_sitter_bash", "bash", unfinished=_SHELL),
    "json": _data("JSON", "json"),
    "jsonc": _data("JSON with comments", "json"),
    "yaml": _data("YAML", "yaml", indented=True),
    "toml": _data("TOML", "toml"),
    "html": _data("HTML", "html"),
    "css": _data("CSS", "css"),
}
_OTHER_NAMES = {
    "javascript.jsx": "javascriptreact",
    "jsx": "javascriptreact",
    "typescript.tsx": "typescriptreact",
    "tsx": "typescriptreact",
    "sh": "shellscript",
    "bash": "shellscript",
    "zsh": "shellscript",
    "ksh": "shellscript",
    "json5": "jsonc",
    "jsonl": "json",
    "snippets": "jsonc",
    "dockercompose": "yaml",
    "github-actions-workflow": "yaml",
    "ansible": "yaml",
    "cuda": "cpp",
    "cuda-cpp": "cpp",
    "arduino": "cpp",
    "xhtml": "html",
}
LANGUAGES = (*_LANGUAGES, *_OTHER_NAMES)
"""The language ids of VS Code and the filetypes of Neovim that have a grammar."""


def language_of(language_id: str) -> Language | None:
    """The language of an LSP language id; None where there is no grammar. A compound filetype of Neovim, such as
    `yaml.docker-compose`, is what its first part says."""
    for name in (language_id.lower(), language_id.lower().partition(".")[0]):
        language = _LANGUAGES.get(_OTHER_NAMES.get(name, name))
        if language is not None:
            return language
    return None


def known_language(language_id: str) -> Language:
    """The same where there must be one."""
    language = language_of(language_id)
    assert language is not None, language_id
    return language
