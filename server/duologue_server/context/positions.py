"""Places in a text: lines as LSP counts them, characters in the units that were negotiated with the editor."""

import io
from typing import Literal, NamedTuple

Encoding = Literal["utf-8", "utf-16", "utf-32"]


class Position(NamedTuple):
    """A place between two characters, zero-based, in the editor's units."""

    line: int
    character: int


class Range(NamedTuple):
    """From `start` up to, not including, `end`."""

    start: Position
    end: Position


def split_lines(text: str) -> list[str]:
    """The lines with their endings, as LSP counts them; after a last line ending comes one more, empty line."""
    lines = list(io.StringIO(text, newline=""))
    if not lines or ends_line(lines[-1]):
        lines.append("")
    return lines


def index_of(line: str, character: int, encoding: Encoding = "utf-16") -> int:
    """`character` in units of `encoding` as an index into `line`, cut at its end; inside a character is its start."""
    if line.isascii() or encoding == "utf-32":
        return min(character, len(line))
    if encoding == "utf-8":
        raw = line.encode("utf-8", "surrogatepass")
        if character >= len(raw):
            return len(line)
        while raw[character] & 0xC0 == 0x80:
            character -= 1
        return len(raw[:character].decode("utf-8", "surrogatepass"))
    raw = line.encode("utf-16-le", "surrogatepass")
    if 2 * character >= len(raw):
        return len(line)
    if 0xDC <= raw[2 * character + 1] <= 0xDF and character and 0xD8 <= raw[2 * character - 1] <= 0xDB:
        character -= 1
    return len(raw[: 2 * character].decode("utf-16-le", "surrogatepass"))


def character_of(line: str, index: int, encoding: Encoding = "utf-16") -> int:
    """The inverse of `index_of`."""
    head = line[:index]
    if head.isascii() or encoding == "utf-32":
        return len(head)
    if encoding == "utf-8":
        return utf8_size(head)
    return len(head.encode("utf-16-le", "surrogatepass")) // 2


def utf8_size(text: str) -> int:
    """Bytes of the text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def ends_line(line: str) -> bool:
    """Whether the line has its ending."""
    return line.endswith(("\n", "\r"))
