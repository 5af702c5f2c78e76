"""Written code to words that a synthesiser says right: a first cut, table-driven, one written word at a time.

A front end made for prose inverts `!=`, drops `::` and `+=`, and reads `numpy` and `id` as if they were English.
Words of prose pass unchanged; brackets and quotes are not read; what is on the screen need not be dictated, so the
underscores of an identifier are silence between its words.
"""

import re

_OPERATORS = {
    "===": "triple equals",
    "!==": "not triple equals",
    "==": "double equals",
    "!=": "not equals",
    "<=": "less than or equal to",
    ">=": "greater than or equal to",
    "<=>": "spaceship",
    "->": "arrow",
    "<-": "left arrow",
    "=>": "fat arrow",
    ":=": "walrus",
    "::": "colon colon",
    "+=": "plus equals",
    "-=": "minus equals",
    "*=": "times equals",
    "/=": "divided by equals",
    "%=": "mod equals",
    "|=": "or equals",
    "&=": "and equals",
    "**": "double star",
    "//": "double slash",
    "++": "plus plus",
    "--": "dash dash",
    "&&": "and",
    "||": "or",
    "<<": "shift left",
    ">>": "shift right",
    "??": "question question",
    "?.": "optional dot",
    "..": "dot dot",
    "=": "equals",
    "<": "less than",
    ">": "greater than",
    "+": "plus",
    "*": "star",
    "/": "slash",
    "\\": "backslash",
    "%": "mod",
    "|": "pipe",
    "&": "and",
    "^": "caret",
    "~": "tilde",
    "@": "at",
    "#": "hash",
    "$": "dollar",
}

_WORDS = {
    "api": "API",
    "apis": "APIs",
    "async": "eigh sync",
    "asyncio": "eigh sync I O",
    "cfg": "config",
    "chmod": "change mod",
    "c#": "C sharp",
    "ci": "C I",
    "cli": "C L I",
    "cls": "class",
    "cmd": "command",
    "cpu": "C P U",
    "cpp": "C plus plus",
    "css": "C S S",
    "ctx": "context",
    "cuda": "koo da",
    "cwd": "current directory",
    "db": "D B",
    "elif": "else if",
    "enum": "ee num",
    "enums": "ee nums",
    "fastapi": "fast API",
    "fn": "function",
    "github": "git hub",
    "gpu": "G P U",
    "html": "H T M L",
    "http": "H T T P",
    "https": "H T T P S",
    "id": "I D",
    "ids": "I Dees",
    "idx": "index",
    "io": "I O",
    "ip": "I P",
    "iter": "itter",
    "javascript": "java script",
    "js": "J S",
    "json": "jason",
    "kubernetes": "koober netties",
    "kwargs": "keyword args",
    "lsp": "L S P",
    "md": "M D",
    "mkdir": "make dir",
    "msg": "message",
    "mypy": "my pie",
    "nginx": "engine X",
    "np": "N P",
    "numpy": "num pie",
    "nvim": "neo vim",
    "onnx": "onyx",
    "os": "O S",
    "pid": "P I D",
    "postgres": "post gress",
    "pr": "P R",
    "prev": "previous",
    "pypi": "pie P I",
    "pytest": "pie test",
    "pytorch": "pie torch",
    "readme": "read me",
    "redis": "reddis",
    "rs": "R S",
    "sdk": "S D K",
    "sql": "sequel",
    "sqlite": "sequel light",
    "src": "source",
    "ssh": "S S H",
    "stderr": "standard error",
    "stdin": "standard in",
    "stdout": "standard out",
    "std": "standard",
    "str": "string",
    "sys": "sis",
    "tcp": "T C P",
    "tmp": "temp",
    "todo": "to do",
    "ts": "T S",
    "tsx": "T S X",
    "typescript": "type script",
    "ui": "U I",
    "uri": "U R I",
    "url": "U R L",
    "urls": "U R Ls",
    "utf": "U T F",
    "uuid": "U U I D",
    "venv": "V env",
    "vscode": "V S code",
    "xml": "X M L",
    "yml": "yammel",
}

_UNITS = {
    "ns": "nanoseconds",
    "us": "microseconds",
    "µs": "microseconds",
    "ms": "milliseconds",
    "s": "seconds",
    "kb": "kilobytes",
    "mb": "megabytes",
    "gb": "gigabytes",
    "hz": "hertz",
    "khz": "kilohertz",
    "px": "pixels",
    "x": "times",
}

_ABBREVIATIONS = {"e.g.": "for example", "i.e.": "that is", "vs.": "versus", "cf.": "compare"}

_LINK_TARGET = re.compile(r"\]\([^)]*\)?")
_RULE_CODE = re.compile(r"(?P<letters>[A-Z]{1,4})(?P<digits>\d{3,4})")
_QUANTITY = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[a-zA-Zµ]+)")
_VERSION = re.compile(r"v?\d+(?:\.\d+){2,}")
_HEX = re.compile(r"0x(?P<digits>[0-9a-fA-F]+)")
_NUMBER = re.compile(r"[$£€]?\d[\d,]*(?:\.\d+)?(?:%|st|nd|rd|th)?")
_EXPONENT = re.compile(r"(?P<number>\d+(?:\.\d+)?)[eE](?P<minus>-)?\+?(?P<power>\d+)")
_CLOCK_OR_DATE = re.compile(r"\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}")
_PLACE = re.compile(r"(?P<path>.*?[A-Za-z_].*?):(?P<line>\d+)(?::(?P<column>\d+))?")
_PROSE = re.compile(r"[A-Za-zÀ-ÿ]?[a-zß-ÿ]*(?:['’-][A-Za-zÀ-ÿ]?[a-zß-ÿ]+)*")
_IDENTIFIER = re.compile(r"[^\W\d]\w*|_+\w+")
_HUMP = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
_PIECE = re.compile(
    r"\w+(?:['’]\w+)*|" + "|".join(re.escape(sign) for sign in sorted(_OPERATORS, key=len, reverse=True)) + r"|[.:]|\S"
)
_OPENING = "([{\"'`“‘«"
_CLOSING = ")]}\"'`”’»"
_PAUSES = ".,;:!?…"
_CLOSED = re.compile(rf"(?P<core>.*?)(?P<tail>[{re.escape(_CLOSING + _PAUSES)}]*)", re.DOTALL)


def speakable(text: str) -> str:
    """The words to say for `text`, written words in order; empty where there is nothing to say, as for a lone bracket.

    Each written word is rendered by itself, so the result for a text is the results for its words joined by spaces.
    """
    return " ".join(spoken for word in text.split() if (spoken := _speak_word(word)))


def _speak_word(word: str) -> str:
    if word.strip("`'\"") in _OPERATORS:
        return _OPERATORS[word.strip("`'\"")]
    word = _LINK_TARGET.sub("]", word)
    opened = word.lstrip(_OPENING)
    if (meaning := _ABBREVIATIONS.get(opened.lower().rstrip(_CLOSING + ","))) is not None:
        return meaning
    closed = _CLOSED.fullmatch(opened)
    assert closed is not None, "the pattern takes every string"
    core, tail = closed["core"], closed["tail"]
    pause = "".join(sign for sign in tail if sign in _PAUSES)
    if not core:
        return "" if not pause or opened != word else pause
    if core in _OPERATORS:
        return _OPERATORS[core] + pause
    return _speak_core(core) + pause


def _speak_core(core: str) -> str:
    """What a word says without its brackets, quotes and pauses."""
    if core in ("-", "–", "—"):
        return "—"
    if (listed := _listed(core)) is not None:
        return listed
    if _PROSE.fullmatch(core):
        return "-".join(_listed(part) or part for part in core.split("-"))
    if (number := _speak_number(core)) is not None:
        return number
    if place := _PLACE.fullmatch(core):
        column = f" column {place['column']}" if place["column"] else ""
        return f"{_speak_core(place['path'])} line {place['line']}{column}"
    if core.startswith(("http://", "https://")):
        return "the link to " + _speak_pieces(core.split("/")[2])
    return _speak_pieces(core)


def _listed(word: str) -> str | None:
    """The table's reading of a word, its possessive included."""
    stem, apostrophe, ending = re.sub("’", "'", word).partition("'")
    reading = _WORDS.get(stem.lower())
    if reading is None or (apostrophe and ending != "s"):
        return None
    return reading + ("'s" if apostrophe else "")


def _speak_number(core: str) -> str | None:
    """Numbers that prose front ends misread, and rule codes; None for what is no number."""
    if _NUMBER.fullmatch(core) or _CLOCK_OR_DATE.fullmatch(core):
        return core
    if code := _RULE_CODE.fullmatch(core):
        digits = code["digits"]
        groups = [digits[:1], digits[1:]] if len(digits) == 3 else [digits[:2], digits[2:]]
        return " ".join([_spell(code["letters"]), *(_two_digits(group) for group in groups)])
    if _VERSION.fullmatch(core):
        return core.replace("v", "version ").replace(".", " dot ")
    if hexadecimal := _HEX.fullmatch(core):
        return "hex " + _spell(hexadecimal["digits"].upper())
    if exponent := _EXPONENT.fullmatch(core):
        return f"{exponent['number']} times 10 to the {'minus ' if exponent['minus'] else ''}{exponent['power']}"
    quantity = _QUANTITY.fullmatch(core)
    if quantity and quantity["unit"].lower() in _UNITS:
        return f"{quantity['number']} {_UNITS[quantity['unit'].lower()]}"
    return None


def _spell(letters: str) -> str:
    """Letters one by one; a lone A would be read as the article."""
    return " ".join("eigh" if letter == "A" else letter for letter in letters)


def _two_digits(group: str) -> str:
    """`21` as it is, `01` as "oh 1", `00` as "oh oh"."""
    if len(group) == 1 or group[0] != "0":
        return group
    return "oh oh" if group == "00" else f"oh {group[1]}"


def _speak_pieces(core: str) -> str:
    """Identifiers and operators written without spaces between them."""
    said: list[str] = []
    pieces = _PIECE.findall(core)
    for position, piece in enumerate(pieces):
        last = position == len(pieces) - 1
        if piece == ".":
            said.append("dot")
        elif piece == ":":
            said.append("" if last else "colon")
        elif piece == "%" and said and said[-1].isdigit():
            said.append("percent")
        elif piece == "#" and not last and pieces[position + 1].isdigit():
            said.append("number")
        elif piece == "-":
            said.append(_hyphen(pieces, position))
        elif piece in _OPERATORS:
            said.append(_OPERATORS[piece])
        elif _IDENTIFIER.fullmatch(piece):
            said.append(_speak_identifier(piece))
        elif piece[0].isalnum():
            said.append(_speak_number(piece) or " ".join(_HUMP.findall(piece)) or piece)
    return " ".join(part for part in said if part)


def _hyphen(pieces: list[str], position: int) -> str:
    """A hyphen begins an option or a negative number, joins two words, or spans two numbers."""
    following = pieces[position + 1][:1] if position + 1 < len(pieces) else ""
    if position == 0:
        return "minus" if following.isdigit() else "dash"
    return "to" if following.isdigit() and pieces[position - 1].isdigit() else ""


def _speak_identifier(name: str) -> str:
    """Camel, snake, dunder and screaming names as their words."""
    if (listed := _listed(name)) is not None:
        return listed
    bare = name.strip("_")
    if not bare:
        return "underscore"
    if len(name) > 4 and name.startswith("__") and name.endswith("__"):
        return f"dunder {_speak_identifier(bare)}"
    prefix = "underscore " if name.startswith("_") else ""
    screaming = "_" in bare and bare.upper() == bare
    return prefix + " ".join(_speak_part(part, screaming) for part in _HUMP.findall(bare))


def _speak_part(part: str, screaming: bool) -> str:
    if (listed := _WORDS.get(part.lower())) is not None:
        return listed
    if part.isupper() and len(part) > 1:
        vowelless = not set(part) & set("AEIOUY")
        return _spell(part) if vowelless else part.lower() if screaming or len(part) > 4 else part
    return part
