"""Files on disk as open documents: read again when another program has saved them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LANGUAGE_OF: Mapping[str, str] = {
    ".py": "python",
    ".pyi": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascriptreact",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "typescriptreact",
    ".rs": "rust",
    ".go": "go",
}


@dataclass(frozen=True, slots=True)
class Input:
    """Something that happened to a document: kind and fields of the session format."""

    kind: str
    fields: Mapping[str, Any]


class WatchedFile:
    """One file. `look` says what happened to it since the last look."""

    def __init__(self, path: Path) -> None:
        """Raises OSError for a file that cannot be read."""
        self.path = path.resolve(strict=True)
        self.uri = self.path.as_uri()
        self._version = 0
        self._text: str | None = None
        self._seen: tuple[int, int] | None = None
        with self.path.open("rb"):
            """Readable; its text is taken at the first look."""

    def look(self) -> list[Input]:
        """Nothing when it is unchanged. A file that vanished is closed, and opened again when it is back."""
        try:
            status = os.stat(self.path)
            seen = (status.st_mtime_ns, status.st_size)
            if seen == self._seen:
                return []
            text = self.path.read_bytes().decode("utf-8", "replace")
        except OSError:
            return self._vanished()
        self._seen = seen
        before, self._text = self._text, text
        if before is None:
            self._version += 1
            language = LANGUAGE_OF.get(self.path.suffix.lower(), "plaintext")
            fields = {"uri": self.uri, "language_id": language, "version": self._version, "text": text}
            return [Input("open", fields)]
        change = difference(before, text)
        if change is None:
            return [Input("save", {"uri": self.uri})]
        self._version += 1
        line = change["range"]["start"]["line"]
        return [
            Input("change", {"uri": self.uri, "version": self._version, "changes": [change]}),
            Input("cursor", {"uri": self.uri, "line": line, "character": 0}),
            Input("save", {"uri": self.uri}),
        ]

    def _vanished(self) -> list[Input]:
        self._seen = None
        if self._text is None:
            return []
        self._text = None
        return [Input("close", {"uri": self.uri})]


def difference(before: str, after: str) -> dict[str, Any] | None:
    """The LSP change, in whole lines and UTF-16, that makes `after` of `before`; None when they are equal."""
    if before == after:
        return None
    old, new = lines_of(before), lines_of(after)
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < min(len(old), len(new)) - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return {
        "range": {"start": _position(old, start), "end": _position(old, len(old) - tail)},
        "text": "".join(new[start : len(new) - tail]),
    }


def lines_of(text: str) -> list[str]:
    """The lines with their endings, which are those of LSP and no others."""
    lines: list[str] = []
    at = 0
    while at < len(text):
        ends = [found for ending in "\n\r" if (found := text.find(ending, at)) >= 0]
        if not ends:
            lines.append(text[at:])
            break
        end = min(ends)
        end += 2 if text.startswith("\r\n", end) else 1
        lines.append(text[at:end])
        at = end
    return lines


def _position(lines: Sequence[str], index: int) -> dict[str, int]:
    """Where line `index` begins; where the text ends for the index behind the last line."""
    if index < len(lines) or not lines or lines[-1].endswith(("\n", "\r")):
        return {"line": index, "character": 0}
    return {"line": len(lines) - 1, "character": len(lines[-1].encode("utf-16-le")) // 2}
