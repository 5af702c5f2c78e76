"""What a language model writes, as plain speech while it comes: nothing of its thoughts, its marks and its code.

Models are told to speak, and still think aloud, format, loop and go on. What is left out is neither said nor shown. The
stars of emphasis stay: `voice/spoken` knows them from those of `**kwargs`.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from duologue_server.suggest.findings import SPOKEN_CHARACTERS

MOST_CHARACTERS = 1_000
"""More than a minute of speech."""
ENDS_FROM_CHARACTERS = 800
"""From here on the end of a sentence is the end."""
MOST_WORD_CHARACTERS = 80
MOST_CODE_CHARACTERS = 60
"""Of what stands between backticks: longer code is not read aloud."""
MOST_CODE_SEEN = 300
"""Of code that is left out, to see what it is."""
LONGEST_LOOP_WORDS = 60

_BLOCKS = "think|thinking|thought|reasoning|analysis|tool_calls?|function_call|tool_response"
_MARK = re.compile(
    rf"<(?P<open>{_BLOCKS})>|</(?:{_BLOCKS})>|</?s>|<[|｜][^<>|｜]{{0,60}}[|｜]>|\[/?INST\]|<<?/?SYS>>?", re.IGNORECASE
)
_PARTIAL = re.compile(r"<[<|｜/]?[\w|｜▁/]{0,62}$|\[/?I?N?S?$|\[/?INST$")
_PIECE = re.compile(r"\s+|\S+")
_FENCE = ("```", "~~~")
_NEVER = "\0"
"""Ends no block."""
_CALL = re.compile(r'"(?:name|function|tool)":"(?:read_buffer|list_symbols|search)"')
_LINE_MARK = re.compile(r"(?:[-*+•–]|#{1,6}|>+|\d{1,2}[.)])$")
_RULE = re.compile(r"[-*_=]{3,}$")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)|\]\([^()\s]*\)")
_ADDRESS = re.compile(r"(?i)(?:https?|ftp|wss?)://\S+|(?:data|javascript|file|mailto|vbscript):\S{4,}|\bwww\.\S+")
_BOLD = re.compile(r"(?<!\w)(\*{1,3}|_{2})(\w[^*_`]*)\1(?!\w)")
_LONG_CODE = re.compile(rf"`[^`]{{{MOST_CODE_CHARACTERS},}}`")
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]*$")


class Speech:
    """Plain speech of a text that comes in pieces. A word is given once it is certain that it is whole, which costs
    nothing: the mouth cannot say half a word either."""

    def __init__(self) -> None:
        self.over = False
        """Enough was said, or nothing new comes: the rest is not wanted."""
        self.code_left_out = False
        self.calls_left_out = False
        """The model wrote its look-ups as text."""
        self._raw = ""
        self._block = ""
        self._text = ""
        self._fence = ""
        self._code = ""
        self._quoted: list[str] = []
        self._line_start = True
        self._table = False
        self._given = 0
        self._gap = True
        self._words: list[str] = []

    def feed(self, chunk: str) -> str:
        """Takes the next piece; gives what of it can be said already."""
        if self.over:
            return ""
        self._raw += chunk
        self._text += "".join(self._without_blocks(final=False))
        return "".join(self._take(final=False))

    def end(self) -> str:
        """The text is complete: gives what was held back."""
        if self.over:
            return ""
        self._text += "".join(self._without_blocks(final=True))
        said = "".join(self._take(final=True))
        self.over = True
        return said

    def _without_blocks(self, final: bool) -> Iterator[str]:
        """The text outside of thoughts and calls, without the marks of the model's own protocol."""
        while self._raw:
            if self._block:
                found = re.search(rf"</{self._block}>", self._raw, re.IGNORECASE)
                if found is None:
                    self._raw = "" if final else self._raw[-len(self._block) - 2 :]
                    return
                self._raw, self._block = self._raw[found.end() :], ""
                continue
            found = _MARK.search(self._raw)
            if found is None:
                partial = None if final else _PARTIAL.search(self._raw)
                cut = partial.start() if partial else len(self._raw)
                yield self._raw[:cut]
                self._raw = self._raw[cut:]
                return
            yield self._raw[: found.start()]
            self._raw = self._raw[found.end() :]
            self._block = (found["open"] or "").lower()
            self.calls_left_out = self.calls_left_out or self._block.startswith(("tool", "function"))

    def _take(self, final: bool) -> Iterator[str]:
        pieces = _PIECE.findall(self._text)
        self._text = ""
        if pieces and not final and not pieces[-1].isspace():
            self._text = pieces.pop()[: 10 * MOST_WORD_CHARACTERS]  # a word without end is none
        for number, piece in enumerate(pieces):
            if self.over:
                return
            if piece.isspace():
                yield from self._space("\n" in piece)
            else:
                yield from self._word(piece, final and number == len(pieces) - 1)
        if final and self._quoted:
            yield from self._say(" ".join(self._quoted).replace("`", ""))

    def _space(self, line_ends: bool) -> Iterator[str]:
        if line_ends:
            if self._quoted:
                words, self._quoted = " ".join(self._quoted), []
                yield from self._say(words.replace("`", ""))
            self._line_start, self._table = True, False
        if not self._gap and not self._fence and not self._quoted:
            self._gap = True
            yield "\n" if line_ends else " "

    def _word(self, word: str, last: bool) -> Iterator[str]:
        """What is said of one word."""
        if self._left_out(word, last):
            return
        self._line_start = False
        ticks = word.count("`") % 2 == 1
        if self._quoted or ticks:
            self._quoted.append(word)
            if (ticks and len(self._quoted) > 1) or word.count("`") > 2:
                whole, self._quoted = " ".join(self._quoted), []
                yield from self._say(whole)
            elif sum(map(len, self._quoted)) > 4 * MOST_CODE_CHARACTERS:  # that backtick has no partner
                whole, self._quoted = " ".join(self._quoted), []
                yield from self._say(whole.replace("`", ""))
            return
        yield from self._say(word)

    def _left_out(self, word: str, last: bool) -> bool:
        """Whether a word belongs to a block of code, a table, or is a mark at the start of a line."""
        if self._fence:
            self._note(word)
            if self._fence in word:
                self._fence = ""
            return True
        if not self._given and word.startswith(("{", "[{")):  # the whole answer is data
            self._fence = _NEVER
            self._note(word)
            return True
        if word.startswith(_FENCE):
            self._fence = "" if word.endswith(word[:3]) and len(word) > 5 else word[:3]
            self._note(word)
            self._quoted.clear()
            return True
        if self._table or (self._line_start and word.startswith("|")):
            self._table = True
            return True
        return bool(self._line_start and not last and _LINE_MARK.match(word)) or bool(_RULE.match(word))

    def _note(self, word: str) -> None:
        """A word of code that is left out; small models write their look-ups as such."""
        self.code_left_out = True
        self._code = (self._code + word)[:MOST_CODE_SEEN]
        self.calls_left_out = self.calls_left_out or _CALL.search(self._code) is not None

    def _say(self, text: str) -> Iterator[str]:
        """One word, or what stands between backticks, made plain; bounded, and never a loop."""
        plain = re.sub("`{2,}", "", _plain(text))
        if "`" in plain:
            plain = _LONG_CODE.sub("that code", plain)
        elif len(plain) > MOST_WORD_CHARACTERS and " " not in plain:
            return
        if not plain:
            return
        self._gap = False
        self._given += len(plain) + 1
        ends = _SENTENCE_END.search(plain) is not None
        self.over = self._given >= (ENDS_FROM_CHARACTERS if ends else MOST_CHARACTERS) or self._loops(plain)
        yield plain

    def _loops(self, plain: str) -> bool:
        """Whether the last words are those before, again and again."""
        words = self._words
        words += [re.sub(r"\W+", "", word).lower() for word in plain.split()]
        for size in range(1, min(LONGEST_LOOP_WORDS, len(words) // 2) + 1):
            times = 6 if size == 1 else 4 if size < 4 else 3 if size < 8 else 2
            if len(words) >= size * times and words[-1] == words[-1 - size]:
                part = words[-size:]
                if all(words[-size * n :][:size] == part for n in range(2, times + 1)):
                    return True
        return False


def plain_speech(text: str) -> str:
    """All of a text as plain speech, in one line."""
    speech = Speech()
    return " ".join((speech.feed(text) + speech.end()).split())


def first_sentence(text: str, most: int = SPOKEN_CHARACTERS) -> str:
    """The first sentence, cut at a word where it could not be said in 8 s."""
    text = " ".join(text.split())
    found = re.search(r"(?<=[^\s.]{2}[.!?])[\"'”’)]*(?=\s+[\"'“‘(]?[A-Z0-9])", text)
    sentence = text[: found.end()] if found else text
    if len(sentence) <= most:
        return sentence
    return sentence[: most - 1].rsplit(" ", 1)[0].rstrip(".,;:– ") + "."


def _plain(text: str) -> str:
    text = _ESCAPE.sub("", text)
    text = _LINK.sub(lambda found: found.group(1) or "", text)
    if text.startswith("[") and "]" not in text:
        text = text[1:]
    text = _ADDRESS.sub(_host, text)
    text = _BOLD.sub(r"\2", text)
    return "".join(character for character in text if _sounds(character))


def _host(found: re.Match[str]) -> str:
    """The host of an address, which can be said; the rest cannot."""
    address = found.group()
    tail = re.search(r"[.,;:!?)\"'\]]*$", address)
    end = tail.group() if tail else ""
    if "(" in address:
        end = end.lstrip(")")
    try:
        host = urlsplit(address if "://" in address else f"x://{address}").hostname or ""
    except ValueError:
        host = ""
    known = "://" in address or address.lower().startswith("www.")
    return (host.rstrip(".,;:!?)\"'") if known and host else "a link") + end


def _sounds(character: str) -> bool:
    """Not a control character, an invisible mark, or a picture."""
    if character.isascii():
        return character.isprintable()
    kind = unicodedata.category(character)
    return not (kind in ("Cc", "Cf", "Cs", "Co", "Cn") or (kind in ("So", "Sk") and character >= "\u2000"))
