"""Documents stay in step with the editor, or say that they do not."""

import random
import re

import pytest

from duologue_server.context.documents import (
    BadChange,
    ByteEdit,
    Document,
    Documents,
    Splice,
    TextChange,
    file_name,
    read_changes,
)
from duologue_server.context.positions import Encoding, Position, Range, character_of, index_of

URI = "file:///home/ann/parse%20it.py"


def at(line: int, character: int, to_line: int | None = None, to_character: int | None = None) -> Range:
    end = Position(line if to_line is None else to_line, character if to_character is None else to_character)
    return Range(Position(line, character), end)


def check(before: str, area: Range | None, text: str, after: str, encoding: Encoding = "utf-16") -> Document:
    documents = Documents(encoding)
    document = documents.open(URI, "python", 1, before)
    changed = documents.change(URI, 2, [TextChange(area, text)])
    assert document.text == after
    fits(before, after, changed.edits[0], changed.splices[0])
    assert document.byte_count == len(after.encode("utf-8", "surrogatepass"))
    return document


def fits(before: str, after: str, edit: ByteEdit, splice: Splice) -> None:
    """The byte edit and the splice must each rebuild the new text from the old one."""
    old, new = before.encode("utf-8", "surrogatepass"), after.encode("utf-8", "surrogatepass")
    assert old[: edit.start_byte] + new[edit.start_byte : edit.new_end_byte] + old[edit.old_end_byte :] == new
    assert edit.start_point == point(old, edit.start_byte)
    assert edit.old_end_point == point(old, edit.old_end_byte)
    assert edit.new_end_point == point(new, edit.new_end_byte)
    old_lines, new_lines = lines(before), lines(after)
    put = new_lines[splice.line : splice.line + splice.added]
    assert old_lines[: splice.line] + put + old_lines[splice.line + splice.removed :] == new_lines


def lines(text: str) -> list[str]:
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$|(?<![^\r\n])$", text)


def point(raw: bytes, offset: int) -> tuple[int, int]:
    whole = lines(raw.decode("utf-8", "surrogatepass"))
    for row, line in enumerate(whole):
        size = len(line.encode("utf-8", "surrogatepass"))
        if offset < size or row == len(whole) - 1:
            return row, offset
        offset -= size
    raise AssertionError(offset)


def test_typing_and_deleting() -> None:
    check("def f():\n    pass\n", at(1, 4, 1, 8), "return 1", "def f():\n    return 1\n")
    check("a\nb\nc", at(0, 1, 2, 0), "", "ac")
    check("a\nb\nc\n", at(1, 0, 2, 0), "", "a\nc\n")
    check("", at(0, 0), "x\ny", "x\ny")
    check("a", None, "b\r\nc", "b\r\nc")


def test_every_kind_of_line_ending_and_no_others() -> None:
    document = check("a\r\nb\rc\nd\u2028\x0be", at(3, 0, 3, 1), "D", "a\r\nb\rc\nD\u2028\x0be")
    assert document.line_count == 4
    joined = check("a\rb", at(1, 0), "\n", "a\r\nb")
    assert joined.line_count == 2
    check("a\rb\n", at(1, 0, 1, 1), "", "a\r\n")
    check("a\nb", at(0, 1), "\r", "a\r\nb")


def test_characters_beyond_the_end_of_a_line_are_its_end() -> None:
    check("ab\r\ncd", at(0, 99), "!", "ab!\r\ncd")
    check("ab\ncd", at(0, 1, 1, 2**40), "", "a")
    check("ab\ncd", at(1, 0, 2, 0), "", "ab\n")


def test_positions_count_in_the_units_that_were_negotiated() -> None:
    text = "x = '😀é' # n\n"
    check(text, at(0, 7), "!", "x = '😀!é' # n\n")
    check(text, at(0, 9), "!", "x = '😀!é' # n\n", "utf-8")
    check(text, at(0, 6), "!", "x = '😀!é' # n\n", "utf-32")
    assert index_of("😀", 1) == 0, "inside a surrogate pair is before it"
    assert index_of("é", 1, "utf-8") == 0
    for encoding in ("utf-8", "utf-16", "utf-32"):
        for index in range(len("a😀é\ud800z") + 1):
            there = character_of("a😀é\ud800z", index, encoding)
            assert index_of("a😀é\ud800z", there, encoding) == index


@pytest.mark.parametrize(
    ("area", "why"),
    [
        (at(5, 0), "beyond the end"),
        (at(0, 0, 7, 0), "beyond the end"),
        (at(2, 1, 0, 0), "ends before it starts"),
        (at(-1, 0), "whole numbers"),
        (Range(Position(0, 1.5), Position(0, 2)), "whole numbers"),  # type: ignore[arg-type]
        (Range(Position(0, True), Position(0, 2)), "whole numbers"),
    ],
)
def test_an_impossible_range_loses_nothing_and_is_told_once(area: Range, why: str) -> None:
    documents = Documents()
    document = documents.open(URI, "python", 1, "one\ntwo\n")
    good = TextChange(at(0, 0), "x")
    with pytest.raises(BadChange, match=why) as caught:
        documents.change(URI, 2, [good, TextChange(area, "lost")])
    assert URI in str(caught.value)
    assert "3 lines, 8 bytes" in str(caught.value) or "9 bytes" in str(caught.value)
    assert (document.text, document.version, document.unsynced) == ("one\ntwo\n", 1, True)
    assert documents.change(URI, 3, [good]).ignored, "said once, then quiet"
    assert document.text == "one\ntwo\n"
    documents.change(URI, 4, [TextChange(None, "all of it")])
    assert (document.text, document.version, document.unsynced) == ("all of it", 4, False)


def test_a_full_text_rescues_a_bad_change_before_it() -> None:
    documents = Documents()
    documents.open(URI, "python", 1, "a")
    changed = documents.change(URI, 2, [TextChange(at(9, 9), "?"), TextChange(None, "b"), TextChange(at(0, 1), "c")])
    assert changed.document.text == "bc"


def test_a_full_text_is_the_smallest_change_in_lines() -> None:
    documents = Documents()
    documents.open(URI, "python", 1, "a\nb\nc\nd\n")
    changed = documents.change(URI, 2, [TextChange(None, "a\nX\nY\nc\nd\n")])
    assert changed.splices == (Splice(1, 1, 2),)
    assert changed.edits[0].start_byte == 2


def test_enter_at_the_end_of_a_line_leaves_that_line_alone() -> None:
    documents = Documents()
    documents.open(URI, "python", 1, "a\nb\n")
    assert documents.change(URI, 2, [TextChange(at(0, 1), "\n")]).splices == (Splice(1, 0, 1),)


def test_changes_from_outside_are_read_or_refused() -> None:
    area = {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 2}}
    assert read_changes(URI, [{"range": area, "text": "x"}]) == [TextChange(at(0, 1, 0, 2), "x")]
    assert read_changes(URI, [{"text": "x"}]) == [TextChange(None, "x")]
    for bad in (None, "x", [{"range": area}], [3]):
        with pytest.raises(BadChange):
            read_changes(URI, bad)
    halves = read_changes(URI, [{"range": {"start": {"line": 0}}, "text": "x"}])
    documents = Documents()
    documents.open(URI, "python", 1, "abc")
    with pytest.raises(BadChange, match="whole numbers"):
        documents.change(URI, 2, halves)


def test_unknown_documents() -> None:
    documents = Documents()
    documents.close(URI)
    with pytest.raises(BadChange, match="not open"):
        documents.change(URI, 1, [])
    with pytest.raises(BadChange, match="not open"):
        documents.save(URI)


def test_saving_with_text_repairs() -> None:
    documents = Documents()
    documents.open(URI, "python", 1, "a")
    with pytest.raises(BadChange):
        documents.change(URI, 2, [TextChange(at(4, 0), "")])
    assert documents.save(URI, "b").text == "b"
    assert not documents.save(URI).unsynced


def test_what_cannot_be_parsed_is_flagged_and_stays_text() -> None:
    documents = Documents()
    large = documents.open(URI, "python", 1, "x = 1\n" * 900_000)
    assert large.byte_count == 5_400_000
    assert large.too_large_to_parse
    documents.change(URI, 2, [TextChange(at(450_000, 4, 450_000, 5), "2")])
    assert large.line_text(450_000) == "x = 2"
    documents.change(URI, 3, [TextChange(None, "x = 1\n")])
    assert not large.too_large_to_parse
    binary = documents.open("file:///a.bin", "plaintext", 1, "PK\x03\x04\0\0rest")
    assert binary.looks_binary
    documents.change("file:///a.bin", 2, [TextChange(at(0, 0, 0, 6), "")])
    assert not binary.looks_binary
    assert documents.open("file:///b", "plaintext", 1, "ok \ufffd" * 100).looks_binary
    assert not documents.open("file:///c", "plaintext", 1, "latin caf\ufffd\n" * 10).looks_binary
    assert file_name(URI) == "parse it.py"


def test_a_thousand_changes_a_second_are_all_applied() -> None:
    documents = Documents()
    document = documents.open(URI, "python", 0, "s = ''\n" + "y = 1\n" * 1000)
    for number in range(1000):
        documents.change(URI, number + 1, [TextChange(at(0, 5 + number), "ab"[number % 2])])
    assert document.line_text(0) == "s = '" + "ab" * 500 + "'"
    assert document.version == 1000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_random_edits_agree_with_plain_strings(encoding: Encoding) -> None:
    rng = random.Random(encoding)
    pieces = ["a", "bc", "\n", "\r\n", "\r", "é", "😀", "", "\u2028", "def f(x):\n    return x\n"]
    documents = Documents(encoding)
    text = "".join(rng.choices(pieces, k=20))
    document = documents.open(URI, "python", 0, text)
    for version in range(1, 400):
        whole = lines(text)
        spots = sorted(
            (row, rng.randint(0, len(whole[row].rstrip("\r\n")))) for row in rng.choices(range(len(whole)), k=2)
        )
        offsets = [sum(map(len, whole[:row])) + index for row, index in spots]
        ends = [Position(row, character_of(whole[row], index, encoding)) for row, index in spots]
        new = "".join(rng.choices(pieces, k=rng.randint(0, 3)))
        after = text[: offsets[0]] + new + text[offsets[1] :]
        changed = documents.change(URI, version, [TextChange(Range(*ends), new)])
        assert document.text == after
        fits(text, after, changed.edits[0], changed.splices[0])
        assert document.snapshot().lines == tuple(lines(after))
        text = after
