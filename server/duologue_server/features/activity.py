"""The fingers' flow, and what LSP does not say: `duologue/activity` and `duologue/context`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pygls.lsp.server import LanguageServer

from duologue_server.context.positions import Position, Range
from duologue_server.features.host import Host
from duologue_server.protocol import ACTIVITY, CONTEXT, Activity, known_fields
from duologue_server.suggest.reports import as_given, listed_in

CONTEXT_PARTS = ("cursor", "diagnostics", "tests", "visibleRanges", "git")
"""Parts of `duologue/context`. The last two are taken without complaint and not used yet."""
MOST_KEYS = 1000
"""More keys than this in one message are a mistake of the client."""
_METHOD = re.compile(rb'"(textDocument\\?/didChange|duologue\\?/activity)"')
_KEYS = re.compile(rb'"keys"\s*:\s*(\d{1,4})\b')


class Fingers:
    """Finds keys in a message that nobody has parsed yet.

    A client that tells its keys by `duologue/activity`, or has announced that it knows us, is believed, and its changes
    are not taken for keys: a formatter changes text too, and so does what was commanded by voice. The change of any
    other client is one key.
    """

    def __init__(self, tell: Callable[[int], None]) -> None:
        self.told_by_activity = False
        self._tell = tell

    def look(self, body: bytes) -> None:
        """Tells of the keys in `body`, if any. Called on the thread that reads from the client."""
        found = _METHOD.search(body)
        if found is None:
            return
        count = 0
        if found.group(1).startswith(b"duologue"):
            keys = _KEYS.search(body)
            count = min(int(keys.group(1)), MOST_KEYS) if keys else 0
            self.told_by_activity = self.told_by_activity or count > 0
        elif not self.told_by_activity:
            count = 1
        if count:
            self._tell(count)


def register(ls: LanguageServer, host: Host) -> None:
    """Adds the handlers. What is malformed is logged by name and ignored; the rest of the message counts."""

    @ls.feature(ACTIVITY)
    def activity(params: Any) -> None:
        said = read_activity(params, host.log)
        if said.keys:
            host.observe("keys", count=said.keys)
            host.attempt(ACTIVITY, lambda: host.session.keys(said.keys))
        if said.focused is not None:
            host.observe("focus", focused=said.focused)
        host.attempt(ACTIVITY, lambda: host.session.activity(said))

    @ls.feature(CONTEXT)
    def context(params: Any) -> None:
        if not isinstance(params, Mapping):
            host.log(f"{CONTEXT} is ignored: it must be an object, not {type(params).__name__}")
            return
        for name, read in (("cursor", _cursor), ("diagnostics", _diagnostics), ("tests", _tests)):
            if params.get(name) is not None:
                host.attempt(f"{CONTEXT} ({name})", lambda read=read, name=name: read(host, params[name]))  # type: ignore[misc]


def read_activity(params: Any, complain: Callable[[str], None]) -> Activity:
    """What can be believed of the message."""
    if not isinstance(params, Mapping):
        complain(f"{ACTIVITY} is ignored: it must be an object, not {type(params).__name__}")
        return Activity()
    good: dict[str, Any] = {}
    for name, value in known_fields(Activity, params).items():
        fits = _is_count(value) if name == "keys" else isinstance(value, bool)
        if fits:
            good[name] = min(value, MOST_KEYS) if name == "keys" else value
        elif value is not None:
            complain(f"{ACTIVITY}: '{name}' cannot be {value!r:.60} and is ignored")
    return Activity(**good)


def _cursor(host: Host, raw: Any) -> None:
    position = _part(raw, "position", Mapping)
    uri, line, character = _part(raw, "uri", str), position.get("line"), position.get("character")
    if not _is_count(line) or not _is_count(character):
        raise ValueError(f"a position cannot be {position!r:.60}")
    selection = read_selection(raw.get("selection"))
    told = {} if selection is None else {"selection": raw["selection"]}
    host.observe("cursor", uri=uri, line=line, character=character, **told)
    host.session.cursor(uri, line, character, selection)


def read_selection(raw: Any) -> Range | None:
    """An LSP range; None when nothing is selected. Raises ValueError for what is neither."""
    if raw is None:
        return None
    ends = [_part(raw, name, Mapping) for name in ("start", "end")]
    places = [(end.get("line"), end.get("character")) for end in ends]
    if not all(_is_count(number) for place in places for number in place):
        raise ValueError(f"a selection cannot be {raw!r:.60}")
    start, end = (Position(*place) for place in places)
    return Range(start, end) if start != end else None


def _diagnostics(host: Host, raw: Any) -> None:
    uri, items = _part(raw, "uri", str), _part(raw, "items", list)
    if not all(isinstance(item, Mapping) for item in items):
        raise ValueError("every diagnostic must be an object")
    host.observe("diagnostics", uri=uri, items=items)
    host.session.diagnostics(uri, items)


def _tests(host: Host, raw: Any) -> None:
    passed, failed = _part(raw, "passed", int), _part(raw, "failed", int)
    message = raw.get("message") or ""
    if not _is_count(passed) or not _is_count(failed) or not isinstance(message, str):
        raise ValueError("a test run needs the counts 'passed' and 'failed', and perhaps a 'message' in words")
    listed = raw.get("failures") or []
    if not isinstance(listed, list):
        host.log(f"{CONTEXT} (tests): 'failures' is ignored: it must be a list, not {type(listed).__name__}")
        listed = []
    _, wrong = as_given(listed)
    for what in wrong:
        host.log(f"{CONTEXT} (tests): {what}; it is ignored")
    failures = [item for item in listed if isinstance(item, Mapping)]
    host.observe("tests", passed=passed, failed=failed, message=listed_in(message, failures))
    host.session.tests(passed, failed, message, failures)


def _part(raw: Any, name: str, kind: type) -> Any:
    value = raw.get(name) if isinstance(raw, Mapping) else None
    if not isinstance(value, kind):
        raise ValueError(f"'{name}' must be there, as {kind.__name__.lower()}, not {value!r:.60}")
    return value


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
