"""Grammars and ruff."""

import time
from collections.abc import Iterator, Mapping

from duologue_server.context.documents import Documents
from duologue_server.context.languages import known_language
from duologue_server.context.trees import parse
from duologue_server.context.view import View
from duologue_server.doctor.result import Result
from duologue_server.options import Options
from duologue_server.suggest.findings import DetectorTrouble
from duologue_server.suggest.ruff import Ruff

_SCRIPT = "function total(numbers) {\n  return numbers.length;\n}\n"
SNIPPETS: Mapping[str, str] = {
    "python": "def total(numbers):\n    return sum(numbers)\n",
    "javascript": _SCRIPT,
    "javascriptreact": _SCRIPT,
    "typescript": "function total(numbers: number[]): number {\n  return numbers.length;\n}\n",
    "typescriptreact": "function total(numbers: number[]): number {\n  return numbers.length;\n}\n",
    "rust": "fn total(numbers: &[i64]) -> i64 {\n    numbers.iter().sum()\n}\n",
    "go": "package main\n\nfunc total(numbers []int) int {\n\treturn len(numbers)\n}\n",
    "java": "int total(int[] numbers) {\n    return numbers.length;\n}\n",
    "c": "int total(int *numbers) {\n    return numbers[0];\n}\n",
    "cpp": "int total(int *numbers) {\n    return numbers[0];\n}\n",
    "ruby": "def total(numbers)\n  numbers.sum\nend\n",
    "lua": "function total(numbers)\n  return #numbers\nend\n",
    "shellscript": "total() {\n  echo $#\n}\n",
    "json": '{"total": 3}\n',
    "yaml": "total: 3\n",
    "toml": "total = 3\n",
    "html": "<total></total>\n",
    "css": "total { color: red; }\n",
}


def check(options: Options) -> Iterator[Result]:
    for language in SNIPPETS:
        yield _grammar(language)
    if "ruff" in options.detectors:
        yield _ruff()
    else:
        yield Result("ruff", "info", "switched off by the setting 'detectors'")


def _view(language: str, text: str) -> View:
    snapshot = Documents().open("file:///doctor", language, 1, text).snapshot()
    return View(snapshot, parse(snapshot))


def _grammar(language: str) -> Result:
    part = f"Grammar {language}"
    package = known_language(language).module.replace("_", "-")
    remedy = f"Install again: pip install --force-reinstall tree-sitter {package}"
    began_s = time.monotonic()
    try:
        syntax = _view(language, SNIPPETS[language]).syntax
        names = [symbol.name for symbol in syntax.symbols()] if syntax else []
    except Exception as error:  # whatever a broken grammar raises: the others are still worth checking
        return Result(part, "failed", f"cannot be used: {error!r}", remedy)
    took_s = round(time.monotonic() - began_s, 2)
    if names != ["total"]:
        return Result(part, "failed", f"finds {names or 'nothing'} where 'total' is defined", remedy, took_s)
    return Result(part, "ok", "parses and finds what is defined", took_s=took_s)


def _ruff() -> Result:
    remedy = "Install again: pip install --force-reinstall ruff"
    began_s = time.monotonic()
    try:
        findings = Ruff().inspect(_view("python", "print(totl)\n"))
    except DetectorTrouble as trouble:
        return Result("ruff", "failed", str(trouble), remedy)
    took_s = round(time.monotonic() - began_s, 2)
    if not findings:
        return Result("ruff", "failed", "runs, but does not find an undefined name", remedy, took_s)
    return Result("ruff", "ok", f"finds what it should: “{findings[0].text}”", took_s=took_s)
