"""A document that somebody edits in time, with its tree, its recent changes and the rhythm of typing."""

from duologue_server.context.changes import Recent
from duologue_server.context.digest import Surroundings
from duologue_server.context.documents import Documents, TextChange
from duologue_server.context.positions import Position, Range
from duologue_server.context.rhythm import Rhythm
from duologue_server.context.trees import Trees
from duologue_server.context.view import View

URI = "file:///shop/store.py"
CODE = """import os

LIMIT = 3


class Store:
    def load(self, path):
        data = read(path)
        return data

    def save(self, path):
        return write(path)


def main():
    print(Store())
"""


class Desk:
    """A document that is edited in time, with its tree and what was changed."""

    def __init__(self, text: str = CODE, language_id: str = "python", uri: str = URI) -> None:
        self.documents, self.trees, self.recent, self.rhythm = Documents(), Trees(), Recent(), Rhythm()
        self.now_s = 0.0
        self.uri = uri
        self.document = self.documents.open(uri, language_id, 0, text)
        self.parse()

    @property
    def view(self) -> View:
        return View(self.document.snapshot(), self.trees.syntax(self.uri))

    def place(self, text: str, after: int = 0) -> Position:
        """Where a piece of text stands that is there once."""
        whole = self.document.text
        assert whole.count(text) == 1, text
        at = whole.index(text) + after
        return Position(whole.count("\n", 0, at), at - whole.rfind("\n", 0, at) - 1)

    def surroundings(self, *others: View) -> Surroundings:
        changes = self.recent.describe(self.view, self.now_s)
        return Surroundings(others, changes, self.rhythm.describe(self.now_s))

    def parse(self) -> None:
        job = self.trees.job(self.document.snapshot())
        if job is not None:
            self.trees.finish(job, job.run())

    def replace(self, old: str, new: str, after_s: float = 1.0) -> None:
        """Types `new` in place of `old`, which stands once in the text."""
        self.now_s += after_s
        self.rhythm.keyed(self.now_s, max(1, len(new) - len(old)))
        area = Range(self.place(old), self.place(old, len(old)))
        self.recent.before_change(self.document, self.trees.syntax(self.uri), self.now_s)
        changed = self.documents.change(self.uri, None, [TextChange(area, new)])
        self.trees.edited(changed)
        self.recent.changed(changed, self.now_s)
        self.parse()

    def told(self) -> str:
        return "; ".join(self.recent.describe(self.view, self.now_s))
