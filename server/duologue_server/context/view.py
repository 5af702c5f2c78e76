"""One version of a document with its syntax: what detectors, answers and the digest look at."""

import re
from dataclasses import dataclass

from duologue_server.context.documents import INSPECT_LIMIT_BYTES, Snapshot
from duologue_server.context.languages import language_of
from duologue_server.context.positions import Position
from duologue_server.context.trees import Symbol, Syntax

_OPEN = re.compile(r"[=,(\[{\\]\s*$")
"""What no statement of any language ends with; prose may end with all the rest."""

END_CHARACTERS = 200
"""Before the cursor, of a line, that tell whether it is finished."""


@dataclass(frozen=True)
class View:
    """A document as it is at one moment. `syntax` is None for languages without a grammar, and may be a little older
    than the text while a parse is under way."""

    snapshot: Snapshot
    syntax: Syntax | None = None

    @property
    def uri(self) -> str:
        return self.snapshot.uri

    @property
    def name(self) -> str:
        """The file's name."""
        return self.snapshot.name

    @property
    def language_id(self) -> str:
        return self.snapshot.language_id

    @property
    def language(self) -> str:
        """The language's name as a person says it."""
        language = language_of(self.language_id)
        return language.name if language else self.language_id

    @property
    def version(self) -> int | None:
        return self.snapshot.version

    @property
    def text(self) -> str:
        return self.snapshot.text

    @property
    def line_count(self) -> int:
        return len(self.snapshot.lines)

    @property
    def fit_to_inspect(self) -> bool:
        """Whether detectors should look at it: of moderate size, text, and in step with the editor."""
        snapshot = self.snapshot
        return not (snapshot.byte_count > INSPECT_LIMIT_BYTES or snapshot.looks_binary or snapshot.unsynced)

    def line_text(self, line: int) -> str:
        """The line without its ending; empty outside the document."""
        return self.snapshot.line_text(line)

    def to_character(self, line: int, index: int) -> int:
        """An index into `line_text(line)` in the editor's units."""
        return self.snapshot.to_character(line, index)

    def scopes_at(self, position: Position) -> tuple[Symbol, ...]:
        """Functions, classes and the like around a place, innermost first; empty when unknown."""
        return self.syntax.scope_at(position) if self.syntax else ()

    def scope_name(self, line: int) -> str:
        """The innermost named scope of the first word of a line; empty at the top level or when unknown."""
        text = self.line_text(line)
        character = self.to_character(line, len(text) - len(text.lstrip()))
        scopes = self.scopes_at(Position(line, character))
        return scopes[0].name if scopes else ""

    def statement_complete_at(self, position: Position) -> bool:
        """Whether the statement at a place lacks nothing; without a grammar, only what the line ends with tells."""
        text = self.line_text(position.line)
        index = self.snapshot.to_index(position.line, max(0, position.character))
        ends_here = not text[index:].strip(" \t)]};,'\"")
        unfinished = self.syntax.language.unfinished if self.syntax else _OPEN
        if (
            ends_here
            and unfinished
            and unfinished.search(text[max(0, index - END_CHARACTERS) : index])
            and not self._in_words(position)
        ):
            return False
        return self.syntax is None or self.syntax.statement_complete_at(position)

    def _in_words(self, position: Position) -> bool:
        """Whether a place lies in a comment or a string, where anything may end a line."""
        if self.syntax is None or position.character <= 0:
            return False
        piece = self.syntax.piece_at(Position(position.line, position.character - 1))
        return piece is not None and ("comment" in piece.kind or "string" in piece.kind)
