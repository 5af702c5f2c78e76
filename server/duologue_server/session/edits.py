"""Changes of code that the user asked for, and only those: whole or not at all, and never to another version."""

from collections.abc import Callable

from duologue_server.session.ports import ClientPort
from duologue_server.session.workspace import Workspace
from duologue_server.suggest.findings import Fix
from duologue_server.trace.clock import Clock
from duologue_server.trace.facts import Edit, Fact

CHANGED_SINCE = "the code has changed since; ask again in a moment"
OUT_OF_STEP = "my copy of the file is out of step with your editor; close and open it"
CLOSED = "that file is not open any more"


class Edits:
    """Belongs to the session's thread."""

    def __init__(self, clock: Clock, workspace: Workspace, client: ClientPort, observe: Callable[[Fact], None]) -> None:
        self._clock = clock
        self._workspace = workspace
        self._client = client
        self._observe = observe

    def obstacle(self, uri: str, fix: Fix) -> str:
        """Why the fix cannot be applied now, as a clause; empty when it can."""
        document = self._workspace.documents.get(uri)
        if document is None:
            return CLOSED
        if document.unsynced:
            return OUT_OF_STEP
        return "" if document.version == fix.version else CHANGED_SINCE

    def apply(self, uri: str, fix: Fix, failed: Callable[[str], None]) -> str:
        """Has the editor apply it, as one step to undo. Returns what is in the way, as `obstacle`; what the editor
        answers later, if it will not, goes to `failed`."""
        obstacle = self.obstacle(uri, fix)
        if obstacle:
            return obstacle

        def answered(why_not: str) -> None:
            if why_not:
                failed(why_not)
            else:
                self._observe(Edit(self._clock.now_s(), uri, fix.label))

        self._client.apply(uri, fix, answered)
        return ""
