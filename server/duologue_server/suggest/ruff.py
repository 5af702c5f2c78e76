"""The detector `ruff`: a choice of ruff's rules that are worth saying aloud, with our own words for them.

Ruff runs as a process of its own on the text of the buffer: the user's files, cache and configuration are not touched.
"""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from duologue_server.suggest.findings import DetectorTrouble, Finding, Fix, Source, Span, TextEdit, find
from duologue_server.suggest.wording import first_name, spoken

TIMEOUT_S = 5.0
TARGET = "py313"
"""The newest Python of every ruff that we allow, so that new syntax is not taken for an error."""


class Rule(NamedTuple):
    """How urgent a rule is, and what it says; `{name}` is the name it is about."""

    urgency: float
    says: str


RULES: Mapping[str, Rule] = {
    "F821": Rule(0.85, "undefined name {name}"),
    "PLW0133": Rule(0.85, "an exception is made here, and not raised"),
    "F823": Rule(0.8, "{name} is used before it has a value"),
    "F706": Rule(0.8, "a return outside a function"),
    "F502": Rule(0.8, "the format string wants a mapping"),
    "F507": Rule(0.8, "the format string and its arguments differ in number"),
    "F524": Rule(0.8, "the format call lacks an argument"),
    "F631": Rule(0.8, "this assertion tests a tuple, so it can never fail"),
    "F634": Rule(0.8, "this condition is a tuple, so it is always true"),
    "F704": Rule(0.8, "a yield outside a function"),
    "F501": Rule(0.8, "the format string is malformed"),
    "F505": Rule(0.8, "the format string names an argument that is not given"),
    "F506": Rule(0.8, "the format string mixes named and numbered places"),
    "F509": Rule(0.8, "the format string has an unknown conversion"),
    "F521": Rule(0.8, "the format string is malformed"),
    "PLE0100": Rule(0.8, "an init method with a yield in it makes a generator"),
    "PLE0101": Rule(0.8, "an init method must not return a value"),
    "PLE1142": Rule(0.8, "an await outside an async function"),
    "PLW0245": Rule(0.8, "super lacks its parentheses"),
    "PLW1501": Rule(0.8, "this is no mode for opening a file"),
    "B020": Rule(0.75, "the loop overwrites {name}, which it iterates over"),
    "F632": Rule(0.75, "an identity test where equality is meant"),
    "PLE1205": Rule(0.75, "the logging call has too many arguments"),
    "PLE1206": Rule(0.75, "the logging call lacks an argument"),
    "ASYNC251": Rule(0.75, "a blocking sleep in an async function"),
    "PLE1307": Rule(0.75, "the format string and an argument differ in type"),
    "B016": Rule(0.75, "something is raised that is no exception"),
    "B029": Rule(0.75, "an empty tuple of exceptions catches nothing"),
    "B035": Rule(0.75, "every round of this dictionary comprehension writes the same key"),
    "PLW0129": Rule(0.75, "this assertion tests a text, so it can never fail"),
    "PLW0711": Rule(0.75, "joined with or, only one of these exceptions is caught"),
    "PLW2101": Rule(0.75, "a lock that nobody else has locks nothing"),
    "RUF016": Rule(0.75, "this index has the wrong type"),
    "B006": Rule(0.7, "a mutable default argument is shared between all calls"),
    "B012": Rule(0.7, "leaving from the finally block hides exceptions"),
    "F601": Rule(0.7, "the same key appears twice in this dictionary"),
    "F901": Rule(0.7, "NotImplemented is raised where NotImplementedError is meant"),
    "B002": Rule(0.7, "a double plus does nothing in Python"),
    "B031": Rule(0.7, "a group can be walked only once"),
    "B032": Rule(0.7, "this annotates instead of assigning"),
    "PLE0302": Rule(0.7, "a special method takes the wrong number of arguments"),
    "RUF008": Rule(0.7, "a mutable default is shared between all instances"),
    "RUF024": Rule(0.7, "all keys share the same mutable value"),
    "B015": Rule(0.65, "this comparison does nothing; did you mean to assign?"),
    "B025": Rule(0.65, "the same exception is caught twice"),
    "PLR0124": Rule(0.65, "something is compared with itself"),
    "PLE0704": Rule(0.65, "a bare raise outside an exception handler"),
    "RUF009": Rule(0.65, "this default is computed only once, for all instances"),
    "B023": Rule(0.6, "the inner function will only see the last value of {name}"),
    "F811": Rule(0.6, "{name} is defined again before it was used"),
    "SIM222": Rule(0.6, "this condition is always true"),
    "SIM223": Rule(0.6, "this condition is always false"),
    "RUF006": Rule(0.6, "nobody holds on to this task, so it may vanish"),
    "B003": Rule(0.6, "this replaces the environment and does not change it"),
    "B022": Rule(0.6, "suppress without an exception suppresses nothing"),
    "B039": Rule(0.6, "a mutable default of a context variable is shared"),
    "F402": Rule(0.6, "the loop overwrites the import {name}"),
    "F822": Rule(0.6, "{name} is exported but not defined"),
    "PIE794": Rule(0.6, "{name} is defined twice in this class"),
    "PLW0128": Rule(0.6, "{name} is assigned twice in the same statement"),
    "RUF026": Rule(0.6, "the factory of a default dictionary goes first, without a name"),
    "RUF034": Rule(0.6, "both sides of this condition give the same"),
    "ASYNC210": Rule(0.6, "a blocking request in an async function"),
    "PIE796": Rule(0.55, "two members of this enumeration have the same value"),
    "ASYNC221": Rule(0.55, "a blocking process in an async function"),
    "B033": Rule(0.5, "the same value appears twice in this set"),
    "B034": Rule(0.5, "these flags may be taken for a count"),
    "B021": Rule(0.5, "an f-string is no docstring"),
    "E722": Rule(0.45, "a bare except also catches exits and interrupts"),
    "PLW1508": Rule(0.45, "the default of an environment variable should be a text"),
    "F504": Rule(0.45, "the format string does not use one of its arguments"),
    "F522": Rule(0.45, "the format call has an argument that is not used"),
    "F523": Rule(0.45, "the format call has an argument that is not used"),
    "B018": Rule(0.4, "this expression does nothing"),
    "B008": Rule(0.35, "a default argument is computed only once, when the function is defined"),
    "F841": Rule(0.35, "{name} is assigned but never used"),
    "PLW0127": Rule(0.35, "{name} is assigned to itself"),
    "B014": Rule(0.35, "the same exception is listed twice"),
    "B019": Rule(0.35, "this cache keeps every object alive that it was called on"),
    "SIM115": Rule(0.3, "a file is opened without a with block"),
    "ASYNC230": Rule(0.3, "a file is opened, blocking, in an async function"),
    "E711": Rule(0.3, "a comparison with none that should test identity"),
    "E721": Rule(0.3, "types are compared instead of asking for an instance"),
    "B904": Rule(0.25, "raise from the caught exception, to keep its cause"),
    "B011": Rule(0.25, "this assertion vanishes when Python optimises"),
    "F541": Rule(0.2, "an f-string without placeholders"),
    "F401": Rule(0.15, "the import of {name} is not used"),
}
SYNTAX = Rule(0.55, "this does not parse")
"""Nineteen of twenty are gone within twenty seconds: it must stand before it is spoken of."""
BROKEN = "ruff:invalid-syntax"
"""While there is one, ruff finds nothing else, whatever else there is."""
_QUOTES = re.compile(r"`([^`]*)`")
_UNKNOWN_RULE = re.compile(r"Unknown rule selector `(\w+)`")


class Ruff:
    """A `Detector` for Python."""

    name = "ruff"

    def __init__(self, binary: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._binary = binary
        self._timeout_s = timeout_s
        self._rules = list(RULES)

    def inspect(self, source: Source) -> list[Finding]:
        """What ruff finds. Nothing for other languages and for documents not fit to inspect. While the text does not
        parse, only the first syntax error. Raises DetectorTrouble."""
        if source.language_id != "python" or not source.fit_to_inspect or source.name.endswith(".ipynb"):
            return []
        items = self._run(source)
        broken = [item for item in items if item.get("code") in (None, "invalid-syntax")]
        made = [_to_finding(source, item) for item in (broken[:1] or items)]
        return [finding for finding in made if finding is not None]

    def _run(self, source: Source) -> list[dict[str, Any]]:
        text = source.text.encode("utf-8", "replace")
        while True:
            result = self._call(text, source.name)
            unknown = _UNKNOWN_RULE.search(result.stderr.decode("utf-8", "replace"))
            if result.returncode != 2 or unknown is None or unknown.group(1) not in self._rules:
                break
            self._rules.remove(unknown.group(1))  # another version of ruff than ours, with other rules
        if result.returncode not in (0, 1):
            said = result.stderr.decode("utf-8", "replace").strip()
            said = said.splitlines()[-1].strip() if said else f"exit status {result.returncode}"
            raise DetectorTrouble("ruff", f"ruff failed: {said[:200]}", _REMEDY)
        try:
            items = json.loads(result.stdout)
        except ValueError as error:
            raise DetectorTrouble("ruff", f"ruff's output cannot be read: {error}", _REMEDY) from error
        if not isinstance(items, list):
            raise DetectorTrouble("ruff", "ruff's output is not a list", _REMEDY)
        return [item for item in items if isinstance(item, dict)]

    def _call(self, text: bytes, name: str) -> "subprocess.CompletedProcess[bytes]":
        self._binary = self._binary or find_ruff()
        command = [
            self._binary, "check", "--isolated", "--no-cache", "--no-fix", "--quiet", "--exit-zero",
            "--output-format", "json", "--target-version", TARGET, "--select", ",".join(self._rules),
            "--stdin-filename", name if name.endswith((".py", ".pyi")) else "buffer.py", "-",
        ]  # fmt: skip
        environment = {key: value for key, value in os.environ.items() if not key.startswith("RUFF_")}
        try:
            return subprocess.run(
                command, input=text, capture_output=True, timeout=self._timeout_s, check=False, env=environment
            )
        except subprocess.TimeoutExpired as error:
            raise DetectorTrouble(
                "ruff", f"ruff took longer than {self._timeout_s:g} s", "it is asked again later"
            ) from error
        except OSError as error:
            raise DetectorTrouble("ruff", f"ruff cannot be started: {error}", _REMEDY) from error


_REMEDY = "install it again (pip install --force-reinstall ruff) or leave it out of the setting 'duologue.detectors'"


def find_ruff() -> str:
    """The installed ruff: of this environment, else of the path. Raises DetectorTrouble when there is none."""
    beside = Path(sys.executable).with_name("ruff.exe" if os.name == "nt" else "ruff")
    if beside.is_file():
        return str(beside)
    try:
        return str(importlib.import_module("ruff.__main__").find_ruff_bin())
    except (ImportError, AttributeError, FileNotFoundError):
        on_path = shutil.which("ruff")
    if on_path is None:
        raise DetectorTrouble("ruff", "ruff is not installed", _REMEDY)
    return on_path


def _to_finding(source: Source, item: Mapping[str, Any]) -> Finding | None:
    code, message = item.get("code") or "invalid-syntax", str(item.get("message", ""))
    span = _span(source, item)
    if span is None:
        return None
    name = first_name(message)
    rule = RULES.get(code, SYNTAX)
    says = rule.says.format(name=name or "something")
    if rule is SYNTAX:
        detail = spoken(message.removeprefix("SyntaxError: "))
        says = f"{rule.says}; {detail}" if detail else rule.says
        name = ""
    return find(source, span, f"ruff:{code}", says, rule.urgency, f"{code}: {message}", name, _fix(source, item))


def _fix(source: Source, item: Mapping[str, Any]) -> Fix | None:
    """What ruff would do, unless it only shows it. Unsafe ones are among them: the user sees it, and is asked."""
    raw = item.get("fix")
    if not isinstance(raw, Mapping) or raw.get("applicability") not in ("safe", "unsafe"):
        return None
    edits = []
    for edit in raw.get("edits") or ():
        span = _span(source, edit)
        if span is None or not isinstance(edit.get("content"), str):
            return None
        edits.append(TextEdit(span, edit["content"]))
    label = " ".join(_QUOTES.sub(r"\1", str(raw.get("message") or "Fix it")).split())
    return Fix(label, tuple(edits), source.version) if edits else None


def _span(source: Source, item: Mapping[str, Any]) -> Span | None:
    """Ruff counts lines and characters from 1, characters as code points."""
    try:
        (line, index), (end_line, end_index) = (
            (int(item[end]["row"]) - 1, int(item[end]["column"]) - 1) for end in ("location", "end_location")
        )
    except (KeyError, TypeError, ValueError):
        return None
    if not 0 <= line < source.line_count:
        return None
    return Span(line, source.to_character(line, index), end_line, source.to_character(end_line, end_index))
