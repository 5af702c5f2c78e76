"""Secrets by what stands beside them: `password = "…"`, `API_KEY=…`, `--token …`, `<secret>…</secret>`."""

import re
from collections.abc import Iterator
from typing import Literal

from duologue_server.masking.shapes import is_placeholder, looks_random

Strength = Literal["strong", "middling", "weak"]
"""How much a name says of its value: strong is masked whatever it is, weak only if chance has made it."""
SHORTEST_STRONG = 4
SHORTEST_MIDDLING = 8
LONGEST_VALUE = 4_000
LINE_AROUND = 400
"""Characters of a line before and after a name that are looked at: lines may be very long."""

_KEYS = (
    "api access private account auth signing master encryption license subscription shared storage deploy session hmac "
    "service server"
)
_WORD = re.compile(
    r"passw(?:or)?d|passwd|passphrase|passcode|pass(?![a-z])|pwd|pw(?![a-z])|secret|credential|token|bearer"
    r"|psk(?![a-z])|dsn(?![a-z])|sas(?![a-z])|connection[_-]?str(?:ing)?|session[_-]?id|x-[a-z-]{1,20}-key|"
    + "|".join(f"{key}[ _-]?key" for key in _KEYS.split())
)
"""Searched for in small letters: ten times as fast as without regard to case."""
_WHOLE = frozenset({"pass", "pw", "pwd", "psk", "dsn", "sas"})
"""Words that count only where no other letters stand before them."""
_IN_QUERY = re.compile(r"(?i)[?&](?:x-[a-z]+-)?(?:sig|signature|credential|key|code|auth)=([\w%+/.~=-]{8,})")
_SMALL = {ord(capital): ord(capital) + 32 for capital in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_STRONG = re.compile(r"(?i)pass|pwd|pw|secret|psk")
_NAME_BEFORE = re.compile(r"[\w.$-]{0,80}\Z")
_REST = re.compile(r"[\w-]{0,60}")
_PLAIN_REST = re.compile(
    r"(?i)(?:[_-]?(?:key|s|\d{1,3}|prod(?:uction)?|dev(?:elopment)?|test|staging|live|old|new|default|value|text|str|string|"
    r"b64|base64|hex|raw|bytes|plain|plaintext|main|db|api|admin|root|user|primary|secondary|current))*"
)
_GLUE = re.compile(
    r"""(?x) (?P<close>["'`]?\]?) (?:\[\d{0,6}\])? [ \t]{0,40}
    (?: (?P<typed>:[ \t]{0,3}[A-Za-z_][\w\[\].|?<>:&*, ]{0,60}?) [ \t]{0,4} (?=[=({]))?
    (?P<sign>===?|!==?|:=|\?=|\+=|=>|->|=|:|,|\(|\{|\bis\b|\bwas\b)
    (?P<space>[ \t]{0,80}) (?P<wrap>(?:\(|\\|(?=\n))\s{0,200}(?=[rbfuL]{0,2}["']))?
    """
)
_ATTRIBUTE = re.compile(r"[\"']\s{1,20}(?:value|content|data-value)\s{0,4}=\s{0,4}(?=[\"'])")
_LITERAL = re.compile(
    rf"""(?xs) [rbfuLRBFU]{{0,2}} (?:
      \"{{3}} (?P<a>.{{0,{LONGEST_VALUE}}}?) (?:\"{{3}}|\Z) | '{{3}} (?P<b>.{{0,{LONGEST_VALUE}}}?) (?:'{{3}}|\Z)
      | " (?P<c>(?:\\.|[^"\\\n]){{0,{LONGEST_VALUE}}}) (?:"|(?=\n)|\Z)
      | ' (?P<d>(?:\\.|[^'\\\n]){{0,{LONGEST_VALUE}}}) (?:'|(?=\n)|\Z)
      | ` (?P<e>(?:\\.|[^`\\]){{0,{LONGEST_VALUE}}}) (?:`|\Z) )
    """
)
_MORE = re.compile(r"[ \t]*(?:\+|\\|\.\.|<<)?\s{0,80}(?=[rbfu]?[\"'])")
_BARE = re.compile(r"[^\s\"'`,;]{1,400}")
_BARE_LINE = re.compile(r"[^\s\"'`#][^\n]{0,400}")
_FLAG = re.compile(r"(?:[ \t]+|=)(?![-\"'\s])")
_CODE = re.compile(r"[A-Za-z_$][\w$]*(?:(?:\.|::|->|\?\.)[\w$]+)*[;,)]*|.*[()\[\]{}].*|-?\d{1,6}(?:\.\d+)?[;,)]*")
_CONNECTION = re.compile(r"(?i)(?:server|data source|host|user id|uid|accountname|endpoint|database)\s?=")
_PGPASS = re.compile(r"(?m)^[\w.*-]{1,120}:(?:\d{2,5}|\*):[\w*-]{1,60}:[\w*-]{1,60}:(\S{4,200})$")


def named_secrets(text: str, config: bool) -> Iterator[tuple[int, int]]:
    """(start, end) of every value whose name says that it is a secret."""
    for word in _WORD.finditer(_lower(text)):
        if (
            word.group() in _WHOLE
            and text[word.start() - 1 : word.start()].isalpha()
            and word.group()[0] == text[word.start()]
        ):
            continue
        name_start = _before(text, word.start())
        rest = _REST.match(text, word.end())
        end = rest.end() if rest else word.end()
        strength = _strength(word.group(), text[word.end() : end])
        yield from _value(text, name_start, end, strength, config)
    for found in _PGPASS.finditer(text):
        yield found.span(1)
    for found in _IN_QUERY.finditer(text):
        if looks_random(found.group(1)):
            yield found.span(1)


def _lower(text: str) -> str:
    """In small letters, as long as before."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.translate(_SMALL)


def _before(text: str, at: int) -> int:
    """Where the name begins that has a word at `at`."""
    found = _NAME_BEFORE.search(text[max(0, at - 80) : at])
    return at - len(found.group()) if found else at


def _strength(word: str, rest: str) -> Strength:
    if not _PLAIN_REST.fullmatch(rest):
        return "weak"
    return "strong" if _STRONG.match(word) else "middling"


def _value(text: str, start: int, end: int, strength: Strength, config: bool) -> Iterator[tuple[int, int]]:
    before = text[start - 1] if start else "\n"
    after = text[end : end + 1]
    if before in "</:" and after == ">":
        yield from _element(text, end + 1, strength)
        return
    if text[start : start + 2] == "--" or text[max(0, start - 2) : start] == "--":
        flag = _FLAG.match(text, end)
        bare = _BARE.match(text, flag.end()) if flag else None
        if bare and _counts(bare.group(), strength if config or _has_sign(bare.group()) else "weak"):
            yield bare.span()
            return
    attribute = _ATTRIBUTE.match(text, end)
    if attribute:
        yield from _literals(text, attribute.end(), strength)
        return
    glue = _GLUE.match(text, end)
    if glue is None:
        yield from _in_words(text, start, end, strength)
        return
    sign = glue["sign"]
    if glue["wrap"] and sign not in ("=", ":=", "=>") and not glue["close"]:
        return  # what follows a signature is its documentation
    if sign in ("(", ",", "{"):
        strength = "weak"
    if _LITERAL.match(text, glue.end()):
        yield from _literals(text, glue.end(), strength)
    else:
        yield from _bare(text, start, glue, strength, config)


def _literals(text: str, at: int, strength: Strength) -> Iterator[tuple[int, int]]:
    """A string and those that are joined to it."""
    literal = _LITERAL.match(text, at)
    first = True
    while literal is not None:
        kind = literal.lastgroup or "c"
        if _counts(literal[kind], strength if first else "strong"):
            yield literal.span(kind)
        elif first:
            return
        first = False
        more = _MORE.match(text, literal.end())
        literal = _LITERAL.match(text, more.end()) if more else None


def _bare(text: str, start: int, glue: re.Match[str], strength: Strength, config: bool) -> Iterator[tuple[int, int]]:
    """A value without quotes."""
    sign, at = glue["sign"], glue.end()
    bare = _BARE.match(text, at)
    if bare is None or sign not in ("=", ":", ":=", "=>", "is", "was"):
        return
    line_start = max(text.rfind("\n", max(0, start - LINE_AROUND), start) + 1, start - LINE_AROUND, 0)
    lead = text[line_start:start]
    stands_alone = (
        re.fullmatch(r"[ \t]*(?:-[ \t]+|export[ \t]+|set[ \t]+|ENV[ \t]+|ARG[ \t]+|[\"'])?", lead) is not None
    )
    name = text[start : glue.start()]
    dotenv = sign == "=" and not glue["space"] and glue.group()[0] == "=" and name.isupper()
    if stands_alone and sign in ("=", ":", "=>") and (config or dotenv):
        line = _BARE_LINE.match(text, at)
        value = _uncommented(line.group()) if line else bare.group()
        if _counts(value, "strong" if dotenv and strength != "weak" else strength) and not (
            not config and _CODE.fullmatch(value) and not value.isalnum()
        ):
            yield at, at + len(value)
        return
    line_end = text.find("\n", at, at + LINE_AROUND)
    line_end = at + LINE_AROUND if line_end < 0 else line_end
    connection = ";" in text[line_start:line_end] and _CONNECTION.search(text, line_start, line_end)
    value = bare.group()
    if connection and sign == "=" and _counts(value, strength):
        yield bare.span()
    elif not _CODE.fullmatch(value) and not (sign in ("is", "was") and not _has_sign(value)):
        if _counts(value.rstrip(")]}>.!?&"), strength if _has_sign(value) else "weak"):
            yield bare.span()
    elif looks_random(value.rstrip(");,]}"), certain=True):
        yield bare.span()


def _in_words(text: str, start: int, end: int, strength: Strength) -> Iterator[tuple[int, int]]:
    """`machine host login ann password …`, as in .netrc, and `ENV DB_PASSWORD …`."""
    line_start = max(text.rfind("\n", max(0, start - LINE_AROUND), start) + 1, start - LINE_AROUND, 0)
    lead = text[line_start:start]
    if re.search(r"\b(?:login|machine)\s", lead) or re.fullmatch(r"[ \t]*(?:ENV|ARG)[ \t]+", lead):
        bare = re.compile(r"[ \t]+(\S{4,400})").match(text, end)
        if bare and _counts(bare.group(1), strength):
            yield bare.span(1)


def _element(text: str, at: int, strength: Strength) -> Iterator[tuple[int, int]]:
    value = re.compile(r"[^<\n]{4,400}(?=</)").match(text, at)
    if value and _counts(value.group(), strength):
        yield value.span()


def _counts(value: str, strength: Strength) -> bool:
    """Whether a value of a name of that strength is masked."""
    if is_placeholder(value):
        return False
    if strength == "strong":
        return len(value.strip()) >= SHORTEST_STRONG
    if strength == "middling" and len(value) >= SHORTEST_MIDDLING:
        return looks_random(value) or (value.isalnum() and len(value) >= 20)
    return looks_random(value, certain=True)


def _has_sign(value: str) -> bool:
    """Whether it has anything that words have not."""
    return re.search(r"\d|[^\w\s.,:;()\[\]{}'\"?-]|[a-z][A-Z]", value) is not None


def _uncommented(line: str) -> str:
    return re.split(r"\s+#", line, maxsplit=1)[0].rstrip()
