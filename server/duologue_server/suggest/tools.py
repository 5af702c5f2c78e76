"""What a language model may look up while it answers: open buffers, and nothing else.

The buffers are versions that never change, so all of this runs on the thread of the answer. Every result is masked and
bounded, and whatever is wrong with a call is told to the model in words.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from duologue_server.masking.mask import mask_secrets
from duologue_server.suggest.changed import Symbol

MOST_LINES = 120
"""Of one reading."""
MOST_CHARACTERS = 5_000
"""Of one result."""
LINE_CHARACTERS = 160
MOST_SYMBOLS = 80
MOST_HITS = 20
MOST_NAMED = 12
"""Buffers that are named to the model."""
MOST_TEXT_CHARACTERS = 100


class Outline(Protocol):
    """What is known of a document's structure."""

    def symbols(self) -> Sequence[Symbol]: ...


class Buffer(Protocol):
    """One version of an open document, safe to read on any thread."""

    @property
    def uri(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def syntax(self) -> Outline | None: ...

    @property
    def fit_to_inspect(self) -> bool:
        """False for documents that are too large, binary or out of step with the editor."""


class BufferTools:
    """The three tools over the open buffers. `secrets` gives what must not leave, and may be slow; `is_config` says
    which buffers hold values without quotes."""

    def __init__(
        self,
        buffers: Sequence[Buffer],
        secrets: Callable[[], Collection[str]] = frozenset,
        is_config: Callable[[Any], bool] = lambda buffer: False,
    ) -> None:
        self._buffers = _by_name(buffers)
        self._find_secrets = secrets
        self._is_config = is_config
        self._masked: dict[str, list[str]] = {}

    def schemas(self) -> list[dict[str, Any]]:
        """The tools as the protocol describes them."""
        names = [self._mask(name) for name in list(self._buffers)[:MOST_NAMED]]
        more = len(self._buffers) - len(names)
        known = f"Open buffers: {', '.join(names) or 'none'}{f' and {more} more' if more > 0 else ''}."
        name = {"type": "string", "description": known}
        line = {"type": "integer", "minimum": 1}
        return [
            _schema(
                "read_buffer",
                f"Lines of an open buffer, numbered from 1, at most {MOST_LINES} at once.",
                {"name": name, "first_line": line, "last_line": line},
            ),
            _schema("list_symbols", "What an open buffer defines, with its lines.", {"name": name}),
            _schema(
                "search",
                "The lines of all open buffers that contain a text; no patterns, and case counts only where the text "
                "has capitals.",
                {"text": {"type": "string"}},
            ),
        ]

    def call(self, name: str, arguments: str) -> str:
        """The result for the model to read; what is wrong with a call is told there too, and never raised."""
        try:
            values = json.loads(arguments or "{}")
        except (ValueError, RecursionError):
            return "The arguments are not JSON."
        if not isinstance(values, dict):
            return "The arguments must be a JSON object."
        match name:
            case "read_buffer":
                told = self._read(values)
            case "list_symbols":
                told = self._list(values)
            case "search":
                told = self._search(values)
            case _:
                return "There is no such tool; there are read_buffer, list_symbols and search."
        return self._mask(told)[:MOST_CHARACTERS]

    def _read(self, values: Mapping[str, Any]) -> str:
        found = self._buffer(values)
        if isinstance(found, str):
            return found
        name, lines = found
        first, last = _line(values.get("first_line", 1)), _line(values.get("last_line", MOST_LINES))
        if first is None or last is None:
            return "first_line and last_line must be whole numbers from 1 up."
        if first > len(lines):
            return f"{name} has only {len(lines)} lines."
        end = min(len(lines), max(first, last), first + MOST_LINES - 1)
        rows = _bounded(f"{n:5d} | {_cut(lines[n - 1])}" for n in range(first, end + 1))
        end = first + len(rows) - 1
        return f"{name}, lines {first} to {end} of {len(lines)}:\n" + "\n".join(rows)

    def _list(self, values: Mapping[str, Any]) -> str:
        found = self._buffer(values)
        if isinstance(found, str):
            return found
        name, _ = found
        syntax = self._buffers[name].syntax
        symbols = syntax.symbols() if syntax is not None else None
        if symbols is None:
            return f"The structure of {name} is not known."
        if not symbols:
            return f"{name} defines nothing."
        rows = _bounded(
            f"{one.kind} {_cut(one.name)}, lines {one.line + 1} to {one.end_line + 1}" for one in symbols[:MOST_SYMBOLS]
        )
        more = len(symbols) - len(rows)
        return f"{name} defines:\n" + "\n".join(rows) + (f"\nand {more} more." if more > 0 else "")

    def _search(self, values: Mapping[str, Any]) -> str:
        text = values.get("text")
        if not isinstance(text, str) or not text.strip() or "\n" in text.strip():
            return "text must be a few words of one line."
        text = text.strip()[:MOST_TEXT_CHARACTERS]
        plain = text == text.lower()
        rows: list[str] = []
        hits = 0
        for name, buffer in self._buffers.items():
            if not buffer.fit_to_inspect:
                continue
            for number, line in enumerate(self._lines(name), 1):
                if text in (line.lower() if plain else line):
                    hits += 1
                    if hits <= MOST_HITS:
                        rows.append(f"{name}, line {number}: {_cut(line.strip())}")
        if not rows:
            return "It stands in no open buffer."
        shown = _bounded(rows)
        more = hits - len(shown)
        return "\n".join(shown) + (f"\nand {more} more." if more > 0 else "")

    def _buffer(self, values: Mapping[str, Any]) -> tuple[str, list[str]] | str:
        """The buffer's name and its masked lines, or why there are none."""
        wanted = values.get("name")
        if not isinstance(wanted, str) or not wanted.strip():
            return "name must be the name of an open buffer."
        wanted = wanted.strip().replace("\\", "/")
        fitting = [name for name in self._buffers if name == wanted] or [
            name for name in self._buffers if f"/{wanted}".endswith(f"/{name}") or f"/{name}".endswith(f"/{wanted}")
        ]
        if len(fitting) != 1:
            names = ", ".join(list(self._buffers)[:MOST_NAMED]) or "none"
            return f"There is {'no' if not fitting else 'more than one'} such open buffer. Open are: {names}."
        if not self._buffers[fitting[0]].fit_to_inspect:
            return f"{fitting[0]} is too large, binary, or out of step with the editor."
        return fitting[0], self._lines(fitting[0])

    def _lines(self, name: str) -> list[str]:
        """The whole buffer masked at once, so that no secret of several lines is cut."""
        if name not in self._masked:
            buffer = self._buffers[name]
            text = buffer.text.replace("\r\n", "\n").replace("\r", "\n")
            self._masked[name] = mask_secrets(text, self._secrets, self._is_config(buffer)).split("\n")
        return self._masked[name]

    def _mask(self, text: str) -> str:
        return mask_secrets(text, self._secrets)

    @cached_property
    def _secrets(self) -> Collection[str]:
        return self._find_secrets()


def _by_name(buffers: Sequence[Buffer]) -> dict[str, Buffer]:
    """Each under the shortest end of its path that no other one has: the folders of a user are nobody's business."""
    paths = [unquote(urlsplit(buffer.uri).path or buffer.uri).rstrip("/").split("/") for buffer in buffers]
    named: dict[str, Buffer] = {}
    for path, buffer in zip(paths, buffers, strict=True):
        size = 1
        while size < len(path) and sum(other[-size:] == path[-size:] for other in paths) > 1:
            size += 1
        named["/".join(path[-size:]) or buffer.uri] = buffer
    return named


def _schema(name: str, description: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def _line(value: object) -> int | None:
    """A line number, also as text or as a whole float: models write all three."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e9:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else None


def _bounded(rows: Sequence[str] | Iterator[str]) -> list[str]:
    """As many rows as there is room for."""
    kept: list[str] = []
    room = MOST_CHARACTERS - 200
    for row in rows:
        room -= len(row) + 1
        if room < 0:
            break
        kept.append(row)
    return kept


def _cut(text: str) -> str:
    return text if len(text) <= LINE_CHARACTERS else text[: LINE_CHARACTERS - 1] + "…"
