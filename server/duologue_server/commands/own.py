"""Commands of the user's own, from a small file: a phrase, and what it does.

    [commands]
    "ship it" = ["save all", "run the tests"]
    "banner" = { write = "# ---------------------------\\n" }
    "deploy [to] {text}" = { client = "tasks.run", argument = "deploy {text}" }

A phrase is written as in the grammar; its slots are {text} and {number}. A step is something that could be said, a text
to write, or a command of the editor.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duologue_server.commands.phrases import BadPhrase, Pattern, Slot, Utterance, compile_phrase
from duologue_server.commands.words import numbers

MOST_STEPS = 20
_STEP_KEYS = frozenset({"say", "write", "client", "argument"})
_NUMBER_OF_LINE = re.compile(r"line (\d+)")


class BadOwnCommands(ValueError):
    """A file of own commands that cannot be used; names the file, the line and what to do."""


@dataclass(frozen=True, slots=True)
class OwnStep:
    """One of `say` (a phrase), `write` (text) and `client` (a command of the editor) is given."""

    say: str = ""
    write: str = ""
    client: str = ""
    argument: str = ""

    def filled(self, values: Mapping[str, Any]) -> "OwnStep":
        """With what was said in place of {text} and {number}."""

        def fill(text: str) -> str:
            for name, value in values.items():
                text = text.replace(f"{{{name}}}", str(value))
            return text

        return OwnStep(fill(self.say), fill(self.write), fill(self.client), fill(self.argument))


@dataclass(frozen=True)
class OwnCommand:
    phrase: str
    steps: tuple[OwnStep, ...]
    line: int
    """In the file, from 1."""
    pattern: Pattern


@dataclass(frozen=True)
class OwnCommands:
    """All of a file; they win over the built-in ones."""

    commands: tuple[OwnCommand, ...] = ()

    def read(self, said: tuple[str, ...]) -> tuple[OwnCommand, tuple[OwnStep, ...]] | None:
        """The command that an utterance is, with its steps filled in."""
        utterance = Utterance(said, _SLOTS)
        for command in self.commands:
            for end, values, _ in command.pattern(utterance, 0):
                if end == len(said):
                    return command, tuple(step.filled(values) for step in command.steps)
        return None


def own_commands_file() -> Path:
    """Where the user's file is expected."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "duologue" / "commands.toml"


def read_own_commands(text: str, file: str = "commands.toml") -> OwnCommands:
    """The commands in a file's text. Raises BadOwnCommands, with the line, for the first thing that is wrong."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _NUMBER_OF_LINE.search(str(error))
        at = int(line.group(1)) if line else text.count("\n") + 1
        raise BadOwnCommands(f"{file}, line {at}: this is no TOML ({error}); put phrases in quotes") from error
    unknown = sorted(set(data) - {"commands"})
    if unknown:
        raise _bad(file, _line_of(text, unknown[0]), f"there is no section “{unknown[0]}”; write [commands]")
    table = data.get("commands", {})
    if not isinstance(table, Mapping):
        raise _bad(file, _line_of(text, "commands"), "[commands] must be a table of phrases")
    return OwnCommands(tuple(_command(phrase, what, text, file) for phrase, what in table.items()))


def _command(phrase: str, what: Any, text: str, file: str) -> OwnCommand:
    line = _line_of(text, phrase)
    try:
        pattern = compile_phrase(phrase.lower(), {}, frozenset(_SLOTS))
    except BadPhrase as error:
        raise _bad(file, line, str(error)) from error
    if not re.search(r"[a-z]", re.sub(r"\[[^\]]*\]|\{\w+\}", "", phrase.lower())):
        raise _bad(file, line, f"“{phrase}” has no word that must be said; everything would be this command")
    steps = what if isinstance(what, list) else [what]
    if not 0 < len(steps) <= MOST_STEPS:
        raise _bad(file, line, f"“{phrase}” needs between 1 and {MOST_STEPS} steps")
    return OwnCommand(phrase, tuple(_step(step, phrase, file, line) for step in steps), line, pattern)


def _step(step: Any, phrase: str, file: str, line: int) -> OwnStep:
    if isinstance(step, str) and step.strip():
        return OwnStep(say=step)
    if isinstance(step, Mapping):
        unknown = sorted(set(step) - _STEP_KEYS)
        if unknown:
            known = ", ".join(sorted(_STEP_KEYS))
            raise _bad(file, line, f"“{phrase}”: a step has no “{unknown[0]}”; it has {known}")
        kinds = [key for key in ("say", "write", "client") if step.get(key)]
        if len(kinds) == 1 and all(isinstance(value, str) for value in step.values()):
            return OwnStep(**step)
    raise _bad(file, line, f"“{phrase}”: a step is a phrase, or a table with one of say, write and client")


def _bad(file: str, line: int, why: str) -> BadOwnCommands:
    return BadOwnCommands(f"{file}, line {line}: {why}")


def _line_of(text: str, key: str) -> int:
    """The line on which a key stands."""
    quoted = (f'"{key}"', f"'{key}'", f"[{key}]", key)
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith(quoted):
            return number
    return 1


def _text(said: Utterance, start: int) -> Iterator[Slot]:
    for end in range(len(said.words), start, -1):
        yield Slot(end, " ".join(said.words[start:end]))


def _number(said: Utterance, start: int) -> Iterator[Slot]:
    for end, value in numbers(said.low, start):
        yield Slot(end, value)


_SLOTS = {"text": _text, "number": _number}


def phrases_of(own: OwnCommands) -> Sequence[str]:
    """What can be said, for the list of commands."""
    return [command.phrase for command in own.commands]
