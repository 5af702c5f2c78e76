"""Text cut into the clauses that are synthesised one at a time: the first one short, so that sound begins early.

The cut depends on the text alone, not on how it arrives: `ClauseStream` gives the same clauses for any chunks.
"""

import re
from collections.abc import Iterator

_WORD = re.compile(r"\s*(\S+)(\s*)")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]`]*$")
_CLAUSE_END = re.compile(r"(?:[,;:][\"'”’)\]`]*|—|–)$")
_STRONG_END = re.compile(r"(?:[;:][\"'”’)\]`]*|—|–)$")
_LIST_NUMBER = re.compile(r"\(?(?:\d{1,2}|[A-Za-z])[.)]$")
_INITIAL = re.compile(r"[\"'“‘(\[]*[A-Z]\.$")
_ABBREVIATIONS = re.compile(r"(?:e\.g|i\.e|eg|ie|etc|vs|cf|approx|resp|dr|mr|mrs|prof|figs?|ca|al|incl|dept|inc|ltd)\.")
_CONJUNCTIONS = re.compile(
    r"but|so|because|which|who|when|while|where|if|unless|until|since|although|though", re.IGNORECASE
)
_LOOSE_CONJUNCTIONS = re.compile(r"and|or|then|that|after|before|instead|rather", re.IGNORECASE)
"""Join words as often as clauses, so they need a longer clause before them."""

_FIRST_COMMA_WORDS = 2
_FIRST_CONJUNCTION_WORDS = 4
_FIRST_LOOSE_CONJUNCTION_WORDS = 6
_COMMA_WORDS = 10
_STRONG_WORDS = 4
_CONJUNCTION_WORDS = 14
_MOST_WORDS = 28


def split_clauses(text: str) -> list[str]:
    """The clauses of a complete text, in order, stripped; joined by spaces they are the text but for whitespace."""
    stream = ClauseStream()
    return [*stream.feed(text), *stream.end()]


class ClauseStream:
    """Clauses of a text that arrives in pieces, each given as soon as it is certain.

    Clauses end at sentence ends, at line ends and, once long enough, at clause punctuation or before a conjunction;
    never inside a word, so numbers, paths and `main.py:117` stay whole, nor at an abbreviation, nor in backticks or
    brackets unless the clause has grown too long.
    """

    def __init__(self) -> None:
        self._buffer = ""
        self._first = True

    def feed(self, chunk: str) -> list[str]:
        """Takes the next piece of the text; gives the clauses that it completes."""
        self._buffer += chunk
        return list(self._take(final=False))

    def end(self) -> list[str]:
        """The text is complete: gives what was left, and is ready for another text."""
        rest = list(self._take(final=True))
        if last := self._buffer.strip():
            rest.append(last)
        self._buffer, self._first = "", True
        return rest

    def _take(self, final: bool) -> Iterator[str]:
        while (cut := _first_cut(self._buffer, self._first, final)) is not None:
            clause, self._buffer = self._buffer[:cut].strip(), self._buffer[cut:]
            self._first = False
            yield clause


def _first_cut(text: str, first: bool, final: bool) -> int | None:
    """Where the first clause of `text` ends; None when it does not, or cannot be told before more text comes."""
    quoted = False
    depth = 0
    for count, match in enumerate(_WORD.finditer(text), start=1):
        word, gap = match.groups()
        quoted ^= word.count("`") % 2 == 1
        depth = max(0, depth + sum(word.count(sign) for sign in "([{") - sum(word.count(sign) for sign in ")]}"))
        if not gap:
            return None
        if "\n" in gap or count >= _MOST_WORDS:
            return match.end()
        following = _WORD.match(text, match.end())
        if quoted:
            verdict: bool | None = False
        elif _ends_sentence(word, count):
            verdict = _sentence_verdict(word, following)
        elif depth > 0:
            verdict = False
        else:
            verdict = _clause_verdict(word, following, count, first, final)
        if verdict is None and not final:
            return None
        if verdict:
            return match.end()
        if following is None and not final:
            return None
    return None


def _ends_sentence(word: str, count: int) -> bool:
    """Whether a sentence may end with this word, the `count`th of its clause."""
    if not _SENTENCE_END.search(word) or _INITIAL.fullmatch(word) or (count == 1 and _LIST_NUMBER.fullmatch(word)):
        return False
    bare = word.lower().lstrip("\"'“‘([`")
    return bare == "etc." or not _ABBREVIATIONS.fullmatch(bare)


def _sentence_verdict(word: str, following: re.Match[str] | None) -> bool | None:
    """`etc.` ends a sentence only before a capital; every other sentence end is one."""
    if word.lower().lstrip("\"'“‘([`") != "etc.":
        return True
    return None if following is None else following.group(1)[0].isupper()


def _clause_verdict(word: str, following: re.Match[str] | None, count: int, first: bool, final: bool) -> bool | None:
    """Whether a clause ends after this word, which ends no sentence; None before the next word is known whole."""
    if _STRONG_END.search(word) and count >= (_FIRST_COMMA_WORDS if first else _STRONG_WORDS):
        return True
    if _CLAUSE_END.search(word) and count >= (_FIRST_COMMA_WORDS if first else _COMMA_WORDS):
        return True
    if count < (_FIRST_CONJUNCTION_WORDS if first else _CONJUNCTION_WORDS):
        return False
    if following is None or not (following.group(2) or final):
        return None
    if _CONJUNCTIONS.fullmatch(following.group(1)):
        return True
    loose_from = _FIRST_LOOSE_CONJUNCTION_WORDS if first else _CONJUNCTION_WORDS
    return count >= loose_from and bool(_LOOSE_CONJUNCTIONS.fullmatch(following.group(1)))
