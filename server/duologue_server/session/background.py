"""What a language model does while nobody waits for it: a remark on what has changed, and delegated questions.

It never disturbs: one request at a time, none beside the user's own question, at least a minute between two, and longer
when they fail. What comes goes to the agenda like any other detector's find.
"""

import logging
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import Literal, NamedTuple

from duologue_server.context.digest import is_config, secrets_in
from duologue_server.context.documents import Snapshot
from duologue_server.context.positions import Position
from duologue_server.context.view import View
from duologue_server.masking.mask import mask_secrets
from duologue_server.session.material import Material, material
from duologue_server.session.workspace import Workspace
from duologue_server.suggest.answer_stream import AnswerStream, Manner
from duologue_server.suggest.candidates import Dropped, Edit, ask_for, edit_of, finding_of, read_candidate
from duologue_server.suggest.endpoint import EndpointAnswers
from duologue_server.suggest.findings import Finding
from duologue_server.suggest.prompt import Message
from duologue_server.suggest.speech import first_sentence
from duologue_server.suggest.trouble import EndpointTrouble
from duologue_server.trace.clock import Clock, Job

Moment = Literal["save", "tests_failed", "idle"]
"""When a look at what has changed may be worth while."""

EVERY_S = 60.0
"""Between the beginnings of two looks."""
LONGEST_BACKOFF_S = 3600.0
BUSY_S = 1.0
"""While the user's own question is answered, it is seen so often whether it still is."""
MOST_DELEGATED = 3
KEPT_DOCUMENTS = 16
"""So many are remembered as they were when they were last looked at."""
LOOK = Manner(most_tokens=120, temperature=0.1, first_token_s=60.0, spoken=False)
DELEGATED = Manner(first_token_s=60.0)

NO_MODEL = "I have no language model to look into that with."
NO_ROOM = "I have three of those to look into already."

logger = logging.getLogger(__name__)


class _Request(NamedTuple):
    """What is under way."""

    stream: AnswerStream
    job: Job
    question: str | None
    """What was delegated; None for a look at a change."""
    snapshot: Snapshot | None = None


class Background:
    """All methods belong to the session's thread.

    `found(uri, findings)` comes with what is worth a remark, for `agenda.found(uri, "model", …)`; `answered(question,
    text)` with one sentence for what was delegated, be it that it failed. `busy()` tells whether the user's own
    question is being answered.

    Only an endpoint on this machine is asked for remarks: there is no setting that allows to tell another one what
    nobody asked, so that never happens. What the user delegates goes to whichever is configured.
    """

    def __init__(
        self,
        clock: Clock,
        workspace: Workspace,
        endpoint: Callable[[], EndpointAnswers | None],
        busy: Callable[[], bool],
        found: Callable[[str, list[Finding]], None],
        answered: Callable[[str, str], None],
    ) -> None:
        self._clock = clock
        self._workspace = workspace
        self._endpoint = endpoint
        self._busy = busy
        self._found = found
        self._answered = answered
        self._seen: OrderedDict[str, Snapshot] = OrderedDict()
        self._wanted: str | None = None
        self._delegated: deque[str] = deque()
        self._request: _Request | None = None
        self._timer: Job | None = None
        self._next_look_s = 0.0
        self._failures = 0
        self.dropped: Counter[str] = Counter()
        """Why remarks were not taken, and how often."""

    def opened(self, uri: str) -> None:
        """From here on it is known what has changed in a document."""
        document = self._workspace.documents.get(uri)
        if document is not None:
            self._remember(document.snapshot())

    def forget(self, uri: str) -> None:
        """A document was closed."""
        self._seen.pop(uri, None)
        if self._wanted == uri:
            self._wanted = None
        if self._request is not None and self._request.snapshot is not None and self._request.snapshot.uri == uri:
            self._cancel()

    def moment(self, kind: Moment, uri: str | None = None) -> None:
        """A good moment to look at what has changed in a document, by default the one of the cursor. The last one
        counts."""
        endpoint = self._endpoint()
        uri = uri if uri is not None else self._workspace.cursor_uri
        if uri is None or endpoint is None or not endpoint.is_local:
            return
        document = self._workspace.documents.get(uri)
        seen = self._seen.get(uri)
        if document is None or (seen is not None and seen.revision == document.revision):
            return
        if seen is None:  # it was not looked at for so long that it was forgotten
            self.opened(uri)
            return
        logger.debug("%s: a look at %s is wanted", kind, uri)
        self._wanted = uri
        request = self._request
        if request is not None and request.snapshot is not None and not self._current(request.snapshot):
            self._cancel()  # what it looks at is no more
        self._go_on()

    def delegate(self, question: str) -> bool:
        """Looks into a question and hands the answer to `answered` later. False when there are too many already: the
        user should be told `NO_ROOM`."""
        if len(self._delegated) >= MOST_DELEGATED:
            return False
        self._delegated.append(question)
        if self._request is not None and self._request.question is None:
            self._pause()
        self._go_on()
        return True

    def pause(self) -> None:
        """The user asks something: a look at a change makes room, and is taken up again later."""
        if self._request is not None and self._request.question is None:
            self._pause()
            self._go_on()

    def close(self) -> None:
        """Ends everything under way and forgets what was wanted."""
        self._cancel()
        self._wanted = None
        self._delegated.clear()
        self._arm(None)

    def _go_on(self) -> None:
        """Begins what may begin now, and else comes back when it may."""
        if self._request is not None or (self._wanted is None and not self._delegated):
            self._arm(None)
            return
        now_s, endpoint = self._clock.now_s(), self._endpoint()
        if self._busy():
            self._arm(BUSY_S)
        elif self._delegated:
            self._arm(None)
            self._begin_delegated(endpoint)
        elif endpoint is None or not endpoint.is_local:
            self._wanted = None
        elif (wait_s := max(self._next_look_s - now_s, endpoint.wait_s())) > 0:
            self._arm(wait_s)
        else:
            self._arm(None)
            self._begin_look(endpoint)

    def _arm(self, delay_s: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_later(delay_s, self._go_on) if delay_s is not None else None

    def _begin_delegated(self, endpoint: EndpointAnswers | None) -> None:
        question = self._delegated[0]
        if endpoint is None:
            self._delegated.popleft()
            self._answered(question, NO_MODEL)
            self._go_on()
            return
        known = material(self._workspace)
        stream = endpoint.stream(partial(known.messages, question), known.tools(question), DELEGATED)
        pieces: list[str] = []
        done = partial(self._delegated_done, question, pieces)
        job = self._clock.lane("background").stream(lambda: stream, pieces.append, done)
        self._request = _Request(stream, job, question)

    def _delegated_done(self, question: str, pieces: Sequence[str], error: Exception | None) -> None:
        self._request = None
        self._delegated.popleft()
        text = "".join(pieces)
        if error is not None:
            why = error.what if isinstance(error, EndpointTrouble) else "The language model could not answer"
            logger.info("what was delegated failed: %r", error)
            text = f"I could not look into that: {why[0].lower()}{why[1:].partition(';')[0]}."
        self._answered(question, first_sentence(text))
        self._go_on()

    def _begin_look(self, endpoint: EndpointAnswers) -> None:
        assert self._wanted is not None
        uri, self._wanted = self._wanted, None
        view, seen = self._workspace.view(uri), self._seen.get(uri)
        if view is None or seen is None or not view.fit_to_inspect or seen.revision == view.snapshot.revision:
            return
        line = _first_change(seen, view.snapshot)
        waiting = [item.text for item in self._workspace.agenda.offers(self._clock.now_s()) if item.uri == uri]
        look = Look(View(seen), view, material(self._workspace, uri, Position(line, 0)), waiting)
        self._next_look_s = self._clock.now_s() + EVERY_S
        stream = endpoint.stream(look.messages, None, LOOK)
        results: list[Finding] = []

        def work() -> Iterator[Finding]:
            if look.edit is not None:
                yield from look.judge("".join(stream))

        done = partial(self._look_done, look, results)
        job = self._clock.lane("background").stream(work, results.append, done)
        self._request = _Request(stream, job, None, view.snapshot)

    def _look_done(self, look: "Look", results: list[Finding], error: Exception | None) -> None:
        self._request = None
        if isinstance(error, Dropped):
            self._drop(str(error))
        elif error is not None:
            self._failures += 1
            wait_s = min(LONGEST_BACKOFF_S, EVERY_S * 2.0**self._failures)
            asked_s = error.wait_s if isinstance(error, EndpointTrouble) else 0.0
            self._next_look_s = self._clock.now_s() + max(wait_s, asked_s)
            logger.info("a look at a change failed, the next one in %.0f s at the earliest: %r", wait_s, error)
            self._go_on()
            return
        self._failures = 0
        current = self._current(look.view.snapshot)
        if current:
            self._remember(look.view.snapshot)
        if results and current:
            self._found(look.view.uri, results)
        elif results:
            self._drop("its document has changed meanwhile")
        self._go_on()

    def _pause(self) -> None:
        """The look under way is wanted again later, unless another one is."""
        request = self._request
        self._cancel()
        if request is not None and request.snapshot is not None and self._wanted is None:
            self._wanted = request.snapshot.uri

    def _cancel(self) -> None:
        if self._request is not None:
            self._request.job.cancel()
            self._request.stream.close()
            self._request = None

    def _current(self, snapshot: Snapshot) -> bool:
        document = self._workspace.documents.get(snapshot.uri)
        return document is not None and document.revision == snapshot.revision

    def _remember(self, snapshot: Snapshot) -> None:
        self._seen[snapshot.uri] = snapshot
        self._seen.move_to_end(snapshot.uri)
        if len(self._seen) > KEPT_DOCUMENTS:
            self._seen.popitem(last=False)

    def _drop(self, why: str) -> None:
        self.dropped[why] += 1
        logger.info("a remark of the language model is dropped: %s (%d times so far)", why, self.dropped[why])


class Look:
    """One look at what has changed in a document; everything in it is for the thread of the background."""

    def __init__(self, before: View, view: View, known: Material, waiting: Sequence[str] = ()) -> None:
        self.view = view
        self._before = before
        self._known = known
        self._found = dict.fromkeys((*waiting, *(problem.text for problem in known.problems)))

    @cached_property
    def edit(self) -> Edit | None:
        """What has changed, if one remark can be about it. Slow."""
        return edit_of(self._masked(self._before), self._masked(self.view))

    def messages(self) -> list[Message]:
        """What the model is asked."""
        assert self.edit is not None
        known = [mask_secrets(text, self._secrets, config=True) for text in self._found]
        return ask_for(self.edit, mask_secrets(self._known.digest, self._secrets), known)

    def judge(self, reply: str) -> list[Finding]:
        """The remark, if there is one. Raises Dropped."""
        assert self.edit is not None
        candidate = read_candidate(reply)
        return [] if candidate is None else [finding_of(candidate, self.view, self.edit, self._secrets)]

    @cached_property
    def _secrets(self) -> frozenset[str]:
        """Also those that have just been taken out."""
        return self._known.secrets | secrets_in(self._before)

    def _masked(self, view: View) -> list[str]:
        lines = [view.line_text(number) for number in range(view.line_count)]
        return mask_secrets("\n".join(lines), self._secrets, is_config(view)).split("\n")


def _first_change(old: Snapshot, new: Snapshot) -> int:
    """The first line that differs."""
    pairs = zip(old.lines, new.lines, strict=False)
    return next((number for number, (a, b) in enumerate(pairs) if a != b), min(len(old.lines), len(new.lines)) - 1)
