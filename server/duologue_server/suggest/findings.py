"""What a detector finds: one thing worth saying about one place, in a sentence that can be spoken."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

SPOKEN_CHARACTERS = 115
"""About 8 s of speech."""
LONGEST_SCOPE = 40
"""Characters of a name that still tells a place: a longer one leaves no room for what is to be said."""


class Span(NamedTuple):
    """A range of a document, zero-based, in the editor's units, as LSP's."""

    line: int
    character: int
    end_line: int
    end_character: int


class TextEdit(NamedTuple):
    """New text for a range of a document."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """The code half of a remark: what would mend it in the document of that version, in no other."""

    label: str
    """What it does, in a few words: `Replace with None`."""
    edits: tuple[TextEdit, ...]
    """Of ranges that do not overlap."""
    version: int | None
    """Of the document that the ranges belong to."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth saying. Never reads code aloud; `written` is what appears in the editor."""

    key: str
    """The same for the same thing found again, also when its line has moved."""
    uri: str
    line: int
    """Zero-based."""
    text: str
    """One spoken sentence of at most 8 s that names the place."""
    urgency: float
    """0 (whenever) to 1 (now)."""
    trigger: str
    """Which rule of which detector, such as `ruff:F821`."""
    version: int | None
    """Of the document it was found in."""
    source_range: Span
    written: str
    about: str = ""
    """The name it is about: two detectors that say something about the same name in the same line mean the same."""
    fix: Fix | None = None
    """Applied when the user accepts; None where only the user knows how."""

    def __post_init__(self) -> None:
        assert 0.0 <= self.urgency <= 1.0, self.urgency


class Source(Protocol):
    """What a detector sees: one version of a document, safe to read on any thread."""

    @property
    def uri(self) -> str: ...

    @property
    def name(self) -> str:
        """The file's name."""

    @property
    def language_id(self) -> str: ...

    @property
    def version(self) -> int | None: ...

    @property
    def text(self) -> str: ...

    @property
    def line_count(self) -> int: ...

    @property
    def fit_to_inspect(self) -> bool:
        """False for documents that are too large, binary or out of step with the editor."""

    def line_text(self, line: int) -> str:
        """A line without its ending; empty outside the document."""

    def scope_name(self, line: int) -> str:
        """The innermost function or class around a line; empty when there is none or none is known."""

    def to_character(self, line: int, index: int) -> int:
        """An index into `line_text(line)` in the editor's units."""


class Detector(Protocol):
    """A source of suggestions. `inspect` may be slow and runs away from the keys."""

    @property
    def name(self) -> str:
        """As in the setting `detectors`."""

    def inspect(self, source: Source) -> list[Finding]:
        """Everything found in a document now; what is no longer found counts as fixed. Raises DetectorTrouble."""


class DetectorTrouble(Exception):
    """A detector cannot work; what is wrong and the next step."""

    def __init__(self, detector: str, what: str, remedy: str) -> None:
        self.detector = detector
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}; {remedy}")


def find(
    source: Source,
    span: Span,
    trigger: str,
    says: str,
    urgency: float,
    written: str,
    about: str = "",
    fix: Fix | None = None,
) -> Finding:
    """A finding at a place. `says` is the sentence without its place and its full stop."""
    code = " ".join(source.line_text(span.line).split())
    return Finding(
        key="|".join((trigger, source.uri, about, code)),
        uri=source.uri,
        line=span.line,
        text=sentence(place(source.scope_name(span.line), span.line), says),
        urgency=urgency,
        trigger=trigger,
        version=source.version,
        source_range=span,
        written=written,
        about=about,
        fix=fix,
    )


def place(scope: str, line: int) -> str:
    """A place as it is spoken: `In load, line 12`."""
    return f"In {scope}, line {line + 1}" if scope and len(scope) <= LONGEST_SCOPE else f"Line {line + 1}"


def sentence(where: str, says: str) -> str:
    """Place and message as one sentence, cut at a word so that it can be said in 8 s."""
    text = f"{where}: {' '.join(says.split()).rstrip('.,;: ')}"
    if len(text) >= SPOKEN_CHARACTERS:
        text = text[:SPOKEN_CHARACTERS].rsplit(" ", 1)[0].rstrip(".,;: ")
        text = text.removesuffix(" the").removesuffix(" a").removesuffix(" of").removesuffix(" to")
    return text + "."
