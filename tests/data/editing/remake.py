"""Makes a history file from a clone: the files at one commit, and what each later one changed in them, in whole lines.

`python remake.py CLONE FIRST LAST OUT.json.gz PATH…` takes the first-parent commits after FIRST up to LAST; those that
touch no file below a PATH are left out, so the rest remain consecutive for these files. The commands that made the
files here are in ATTRIBUTION.md.
"""

import argparse
import difflib
import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

SUFFIXES = (".py", ".ts", ".js")


class Clone:
    """Reads a git directory, bare or not."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def git(self, *args: str) -> str:
        done = subprocess.run(["git", "-C", self._folder, *args], capture_output=True, check=True)
        return done.stdout.decode("utf-8")

    def files(self, commit: str, paths: list[str]) -> dict[str, list[str]]:
        """The lines of every source file below `paths`."""
        names = self.git("ls-tree", "-r", "--name-only", commit, "--", *paths).splitlines()
        wanted = [name for name in names if name.endswith(SUFFIXES)]
        return {name: self.git("show", f"{commit}:{name}").split("\n") for name in wanted}


def hunks(old: list[str], new: list[str]) -> list[tuple[int, int, list[str]]]:
    """(first line, how many are removed, the lines instead), from the top, in the old file's lines."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return [(a, b - a, new[c:d]) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]


def make(clone: Clone, first: str, last: str, paths: list[str], name: str) -> dict[str, Any]:
    """The history as JSON: `start`, and `commits` with the hunks of each file; a file that is gone has None."""
    before = clone.files(first, paths)
    made: dict[str, Any] = {"name": name, "start": {path: "\n".join(lines) for path, lines in before.items()}}
    made["commits"] = commits = []
    for commit in clone.git("rev-list", "--first-parent", "--reverse", f"{first}..{last}").split():
        after = clone.files(commit, paths)
        changed: dict[str, Any] = {path: None for path in before if path not in after}
        for path, lines in after.items():
            if lines != before.get(path):
                changed[path] = hunks(before.get(path, [""]), lines)
        if changed:
            date, subject = clone.git("show", "-s", "--format=%as %s", commit).strip().split(" ", 1)
            commits.append({"id": commit[:12], "date": date, "subject": subject, "files": changed})
        before = after
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone")
    parser.add_argument("first")
    parser.add_argument("last")
    parser.add_argument("out", type=Path)
    parser.add_argument("paths", nargs="+")
    args = parser.parse_args()
    made = make(Clone(args.clone), args.first, args.last, args.paths, args.out.name.removesuffix(".json.gz"))
    text = json.dumps(made, ensure_ascii=False, indent=0).encode("utf-8")
    args.out.write_bytes(gzip.compress(text, 9, mtime=0))


if __name__ == "__main__":
    main()
