"""The shipped histories: files of a project at one commit, and what each later commit changed in them."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

LANGUAGES: Mapping[str, str] = {".py": "python", ".ts": "typescript", ".js": "javascript"}


class Hunk(NamedTuple):
    """From `line` of the old file on, `removed` lines give way to `lines`."""

    line: int
    removed: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit did; a file that is gone has None."""

    id: str
    subject: str
    files: Mapping[str, tuple[Hunk, ...] | None]


@dataclass(frozen=True, slots=True)
class History:
    """A project: its files at the start, `[lines]` each, and its commits in order."""

    name: str
    start: Mapping[str, tuple[str, ...]]
    commits: tuple[Commit, ...]

    def files_before(self, number: int) -> dict[str, list[str]]:
        """The files as they are before commit `number`."""
        files = {path: list(lines) for path, lines in self.start.items()}
        for commit in self.commits[:number]:
            for path, hunks in commit.files.items():
                if hunks is None:
                    del files[path]
                else:
                    files[path] = apply(files.get(path, [""]), hunks)
        return files


def apply(lines: Sequence[str], hunks: Sequence[Hunk]) -> list[str]:
    """The new file; the hunks are in order, in the old file's lines."""
    made = list(lines)
    for hunk in reversed(hunks):
        made[hunk.line : hunk.line + hunk.removed] = hunk.lines
    return made


def read_histories(folder: Path) -> list[History]:
    """Every `NAME.json.gz` of a folder. Raises OSError; ValueError for a folder without one, or one that is damaged."""
    files = sorted(folder.glob("*.json.gz"))
    if not files:
        raise ValueError(f"{folder} holds no NAME.json.gz; give the folder tests/data/editing with --data")
    return [_read(file) for file in files]


def language_of(path: str) -> str:
    return LANGUAGES[Path(path).suffix]


def _read(file: Path) -> History:
    try:
        made = json.loads(gzip.decompress(file.read_bytes()))
        start = {path: tuple(text.split("\n")) for path, text in made["start"].items()}
        commits = tuple(_commit(commit) for commit in made["commits"])
    except (KeyError, TypeError, ValueError, gzip.BadGzipFile) as error:
        raise ValueError(f"{file}: no history ({error!r}); make it again with remake.py beside it") from error
    return History(made["name"], start, commits)


def _commit(raw: Mapping[str, Any]) -> Commit:
    files = {
        path: None if hunks is None else tuple(Hunk(line, removed, tuple(lines)) for line, removed, lines in hunks)
        for path, hunks in raw["files"].items()
    }
    return Commit(raw["id"], raw["subject"], files)
