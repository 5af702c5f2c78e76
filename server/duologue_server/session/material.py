"""What a language model may be told of the editor at one moment.

Taken on the session's thread, where it costs next to nothing; everything slow (the secrets, the digest, the look-ups)
happens on the thread of the answer, on versions of the documents that never change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from duologue_server.context.digest import Problem, SuiteRun, Surroundings, digest, is_config, secrets_in
from duologue_server.context.documents import Snapshot
from duologue_server.context.positions import Position
from duologue_server.context.view import View
from duologue_server.session.workspace import Workspace
from duologue_server.suggest.prompt import Message, build_messages, secrets_told
from duologue_server.suggest.tools import BufferTools

REMEMBERED_DOCUMENTS = 32
"""Versions of documents whose secrets are known; so many are asked about again and again."""


@dataclass(frozen=True)
class Material:
    """See the module. `view` is the document of the cursor, None when none is open."""

    view: View | None
    views: Sequence[View]
    """All open documents."""
    cursor: Position
    problems: Sequence[Problem] = ()
    tests: SuiteRun | None = None
    around: Surroundings = field(default_factory=Surroundings)

    @cached_property
    def secrets(self) -> frozenset[str]:
        """Of all open documents. Slow the first time."""
        return frozenset().union(*(_secrets_of(view.snapshot) for view in self.views))

    @cached_property
    def digest(self) -> str:
        """What the model is told before it asks. Slow."""
        if self.view is None:
            return ""
        around = replace(self.around, secrets=self.secrets)
        return digest(self.view, self.cursor, self.problems, self.tests, around=around).text

    def messages(
        self,
        question: str,
        lines: Sequence[tuple[str, str]] = (),
        interrupted: str | None = None,
        waiting: Sequence[str] = (),
    ) -> list[Message]:
        """See `prompt.build_messages`. Slow."""
        return build_messages(
            question, self.digest, lines, interrupted, waiting, secrets=self.secrets, tools=bool(self.views)
        )

    def tools(self, question: str = "", lines: Sequence[tuple[str, str]] = ()) -> BufferTools | None:
        """What the model may look up; None when nothing is open."""
        if not self.views:
            return None
        return BufferTools(self.views, lambda: self.secrets | secrets_told(question, lines=lines), is_config)


def material(workspace: Workspace, uri: str | None = None, cursor: Position | None = None) -> Material:
    """What there is now, around the cursor or around another place."""
    uri = uri if uri is not None else workspace.cursor_uri
    views = [view for document in workspace.documents if (view := workspace.view(document.uri)) is not None]
    view = next((view for view in views if view.uri == uri), None)
    if view is None:
        return Material(None, views, Position(0, 0), tests=workspace.last_tests)
    known = [Problem(problem.line, problem.text) for problem in workspace.problems(view.uri)]
    place = cursor if cursor is not None else workspace.cursor_position
    return Material(view, views, place, known, workspace.last_tests, workspace.surroundings(view))


@lru_cache(maxsize=REMEMBERED_DOCUMENTS)
def _secrets_of(snapshot: Snapshot) -> frozenset[str]:
    return secrets_in(View(snapshot))
