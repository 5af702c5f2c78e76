"""Failing tests, as the editor lists them or as a test runner prints them.

Read are the forms of pytest, unittest, cargo, go, node, jest and vitest. What cannot be read safely is left out.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

MOST_FAILURES = 50
MOST_CHARACTERS = 200_000
"""Of what a runner printed, its end: there the summaries stand."""
MOST_MESSAGE = 4_000
"""Of one failure."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One test that failed."""

    name: str
    """As its runner writes it."""
    uri: str = ""
    """Empty when only a path, or nothing, is known."""
    path: str = ""
    """As the runner wrote it, with `/`; often relative to a folder that nobody has named."""
    line: int | None = None
    """Zero-based."""
    message: str = ""
    """What the runner says of it, perhaps with places such as `store.py:7`."""

    @property
    def written(self) -> str:
        """In one line."""
        first = self.message.split("\n", 1)[0].strip()
        return f"{self.name}: {first}" if first else f"{self.name} fails"


def read_failure(item: object) -> Failure:
    """One item of `failures` in `duologue/context`. Raises ValueError that says what is wrong with it."""
    if not isinstance(item, Mapping):
        raise ValueError(f"a failure must be an object, not {type(item).__name__}")
    name, line = item.get("name"), item.get("line")
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"a failure needs the 'name' of its test, not {name!r:.60}")
    if line is not None and (not isinstance(line, int) or isinstance(line, bool) or line < 0):
        raise ValueError(f"the 'line' of the failure {name:.60} cannot be {line!r:.60}")
    texts = {key: item.get(key) for key in ("uri", "message")}
    for key, value in texts.items():
        if value is not None and not isinstance(value, str):
            raise ValueError(f"the '{key}' of the failure {name:.60} cannot be {value!r:.60}")
    return Failure(name.strip(), texts["uri"] or "", "", line, (texts["message"] or "")[:MOST_MESSAGE])


def failures_in(printed: str) -> tuple[Failure, ...]:
    """The failing tests that a runner's output names, each once; none when it is in no known form."""
    text = _COLOUR.sub("", printed[-MOST_CHARACTERS:]).replace("\r\n", "\n")
    for read in _READERS:
        found = {(failure.name, failure.path): failure for failure in read(text)}
        if found:
            return tuple(found.values())[:MOST_FAILURES]
    return ()


_LISTED_MARK = "failed test: "
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_PYTEST = re.compile(r"^(?:FAILED|ERROR) ([^\s:]+\.py)::(\S+?(?:\[[^\n]*?\])?)(?: - (.*))?$", re.MULTILINE)
_PYTEST_HEAD = re.compile(r"^_{3,} (?:ERROR at \w+ of )?(.+?) _{3,}$", re.MULTILINE)
_PYTEST_PLACE = re.compile(r"^([^\s:]+\.py):(\d+): *(in \S+|\w*)", re.MULTILINE)
_UNITTEST = re.compile(r"^(?:FAIL|ERROR): (\w+) \(([\w.]+)\)$", re.MULTILINE)
_UNITTEST_PLACE = re.compile(r'^ *File "([^"\n]+)", line (\d+), in (\S+)', re.MULTILINE)
_CARGO = re.compile(r"^test (\S+)(?: - should panic)? \.\.\. FAILED$", re.MULTILINE)
_CARGO_PANIC = re.compile(
    r"^thread '([^']+)'(?: \(\d+\))? panicked at (?:'[^\n]*', )?([^\s:]+\.rs):(\d+):\d+:?\n?(.*)", re.MULTILINE
)
_GO = re.compile(r"^ *(?:--- (FAIL|PASS|SKIP): (\S+) \(|=== (?:RUN|CONT|NAME|PAUSE) +(\S+)$)", re.MULTILINE)
_GO_PLACE = re.compile(r"^ +([\w./-]+\.go):(\d+): (.*)", re.MULTILINE)
_TAP = re.compile(r"^ *not ok \d+ - ([^\n#]+?)(?: # [^\n]*)?$", re.MULTILINE)
_TAP_PLACE = re.compile(r"^ *location: '(?:file://)?([^'\n]+?):(\d+):\d+'", re.MULTILINE)
_JEST = re.compile(r"^ {1,4}● (?!Console\b|Test suite failed)([^\n]+)$", re.MULTILINE)
_JEST_PLACE = re.compile(r"^ +at (?:[^\n(]*\()?(?:file://)?([^\s():]+\.[cm]?[jt]sx?):(\d+):\d+\)?$", re.MULTILINE)
_VITEST = re.compile(r"^ *FAIL +(?:\|[^|\n]*\| +)?(\S+\.[cm]?[jt]sx?) > ([^\n]+)$", re.MULTILINE)
_VITEST_PLACE = re.compile(r"^ *❯ (?:[^\n:]* )?([^\s:]+\.[cm]?[jt]sx?):(\d+):\d+$", re.MULTILINE)


def _pytest(text: str) -> Iterator[Failure]:
    sections = dict(_sections(_PYTEST_HEAD, text))
    for found in _PYTEST.finditer(text):
        path, name, message = found[1], found[2], found[3] or ""
        places = _PYTEST_PLACE.findall(sections.get(name.replace("::", "."), ""))
        line = next((int(number) - 1 for where, number, _ in places if where == path), None)
        trace = [f"{where}:{number}: {what}" for where, number, what in places]
        yield Failure(name, "", _slashes(path), line, _joined(message, trace))


def _unittest(text: str) -> Iterator[Failure]:
    for head, body in _found(_UNITTEST, text):
        places = _UNITTEST_PLACE.findall(body)
        at = next(((path, number) for path, number, scope in places if scope == head[1]), None)
        last = [line for line in body.splitlines() if re.match(r"[\w.]+(?:Error|Exception|Exit|Interrupt)?: ", line)]
        trace = [f"{path}:{number}: in {scope}" for path, number, scope in places]
        failure = Failure(head[1], message=_joined(last[0] if last else "", trace))
        yield replace(failure, path=_slashes(at[0]), line=int(at[1]) - 1) if at else failure


def _cargo(text: str) -> Iterator[Failure]:
    panics = {found[1]: found for found in _CARGO_PANIC.finditer(text)}
    for name in _CARGO.findall(text):
        panic = panics.get(name)
        if panic is None:
            yield Failure(name)
        else:
            yield Failure(
                name, "", _slashes(panic[2]), int(panic[3]) - 1, _joined(panic[4], [f"{panic[2]}:{panic[3]}"])
            )


def _go(text: str) -> Iterator[Failure]:
    places: dict[str, list[tuple[str, str, str]]] = {}
    failed: list[str] = []
    for head, body in _found(_GO, text):  # what a test says comes before its result with -v, and after it without
        name = head[2] or head[3]
        places.setdefault(name, []).extend(_GO_PLACE.findall(body))
        failed += [name] if head[1] == "FAIL" else []
    for name in failed:
        if any(other.startswith(name + "/") for other in failed):
            continue  # it failed because a part of it did
        path, number, said = places[name][0] if places[name] else ("", "", "")
        yield Failure(name, "", path, int(number) - 1 if number else None, said)


def _tap(text: str) -> Iterator[Failure]:
    for head, body in _found(_TAP, text):
        if "failureType: 'subtestsFailed'" in body:
            continue
        place = _TAP_PLACE.search(body)
        error = re.search(r"^ *error: '?([^\n]*?)'?$", body, re.MULTILINE)
        failure = Failure(head[1].strip(), message=error[1] if error else "")
        yield replace(failure, path=_slashes(place[1]), line=int(place[2]) - 1) if place else failure


def _vitest(text: str) -> Iterator[Failure]:
    for head, body in _found(_VITEST, text):
        places = _VITEST_PLACE.findall(body)
        line = next((int(number) - 1 for where, number in places if where == head[1]), None)
        first = next((line for line in body.splitlines() if line.strip()), "")
        yield Failure(head[2].strip(), "", _slashes(head[1]), line, _joined(first, [f"{p}:{n}" for p, n in places]))


def _jest(text: str) -> Iterator[Failure]:
    for head, body in _found(_JEST, text):
        places = _JEST_PLACE.findall(body)
        at = next((place for place in places if re.search(r"[._-](?:test|spec)\.|__tests__", place[0])), None)
        first = next((line.strip() for line in body.splitlines() if line.strip()), "")
        failure = Failure(head[1].strip(), message=_joined(first, [f"{path}:{number}" for path, number in places]))
        yield replace(failure, path=_slashes(at[0]), line=int(at[1]) - 1) if at else failure


def listed_in(message: str, items: Sequence[object]) -> str:
    """A message with the items of `failures` below it, one line of JSON each: a session folder keeps a message only,
    and `failures_in` reads them there."""
    return "\n".join([*([message] if message else []), *(f"{_LISTED_MARK}{json.dumps(item)}" for item in items)])


def _listed(text: str) -> Iterator[Failure]:
    for line in text.split("\n"):
        if line.startswith(_LISTED_MARK):
            try:
                yield read_failure(json.loads(line.removeprefix(_LISTED_MARK)))
            except ValueError:  # whoever wrote it was told
                continue


_READERS: tuple[Callable[[str], Iterator[Failure]], ...] = (
    _listed,
    _pytest,
    _unittest,
    _cargo,
    _go,
    _tap,
    _vitest,
    _jest,
)


def _found(head: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Every match with the text up to the next one."""
    heads = list(head.finditer(text))
    for number, found in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(text)
        yield found, text[found.end() : end]


def _sections(head: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    for found, body in _found(head, text):
        yield found[1], body


def _joined(message: str, trace: list[str]) -> str:
    return "\n".join([message.strip(), *trace[:20]]).strip()[:MOST_MESSAGE]


def _slashes(path: str) -> str:
    return path.replace("\\", "/")


def as_given(raw: Any) -> tuple[list[Failure], list[str]]:
    """The readable items of a list of failures, and what is wrong with the others."""
    good: list[Failure] = []
    bad: list[str] = []
    for item in raw[:MOST_FAILURES]:
        try:
            good.append(read_failure(item))
        except ValueError as error:
            bad.append(str(error))
    return good, bad
