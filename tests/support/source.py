"""A document for detectors, without an editor."""

from duologue_server.context.documents import Documents
from duologue_server.context.trees import parse
from duologue_server.context.view import View


def source_of(text: str, language_id: str = "python", name: str = "store.py", version: int = 1) -> View:
    """One version of a document with its syntax."""
    snapshot = Documents().open(f"file:///home/ann/{name}", language_id, version, text).snapshot()
    return View(snapshot, parse(snapshot))
