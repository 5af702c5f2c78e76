"""Identifiers of every case style as their words: `get_user_by_id`, `HTTPServer`, `__init__`, `MAX_RETRIES`, `i32`."""

import re

from duologue_server.voice.spoken.lexicon import lexicon, spell

IDENTIFIER = re.compile(r"[^\W\d]\w*|_+\w*")
_BRANDS = (
    "OAuth|GitHub|GitLab|JavaScript|TypeScript|GraphQL|MySQL|PostgreSQL|SQLite|SQLAlchemy|NumPy|SciPy|PyPI|PyTorch|FastAPI"
    "|OpenAI|OpenAPI|MongoDB|WebSocket|IPv4|IPv6|DevOps|ChromaDB|NoSQL|PyQt|NGINX|LaTeX|YouTube|iOS|macOS"
)
"""Words with capitals inside."""
_HUMP = re.compile(
    rf"(?:{_BRANDS})(?![a-z])|" r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+"
)
_VOWELS = frozenset("aeiouy")
_LONGEST_SPELLED = 4
_LONGEST_SPELLED_WITH_VOWEL = 3


def speak_identifier(name: str) -> str:
    """The words of a name, small, with `dunder` and `underscore` where they mean something.

    What is on the screen need not be dictated, so the underscores between words are silence.
    """
    if (listed := lexicon().reading(name, in_code=True)) is not None:
        return listed
    bare = name.strip("_")
    if not bare:
        return "underscore" if len(name) == 1 else "double underscore"
    if len(name) > 4 and name.startswith("__") and name.endswith("__"):
        return f"dunder {speak_identifier(bare)}"
    before = {0: "", 1: "underscore "}.get(len(name) - len(name.lstrip("_")), "double underscore ")
    after = " underscore" if name.endswith("_") else ""
    return before + _words(bare) + after


def _words(bare: str) -> str:
    screaming = "_" in bare and bare.upper() == bare
    said: list[str] = []
    for word in bare.split("_"):
        if (listed := lexicon().reading(word, in_code=True)) is not None:
            said.append(listed)
        else:
            said.extend(_part(part, screaming) for part in _HUMP.findall(word))
    return " ".join(said)


def _part(part: str, screaming: bool) -> str:
    """One word of a name."""
    if (listed := lexicon().reading(part, in_code=True)) is not None:
        return listed
    if part.isdigit():
        return part if len(part) < 2 or part[0] != "0" else " ".join(part)
    if len(part) == 1:
        return spell(part)
    if part.isupper():
        return speak_capitals(part, screaming)
    return part.lower()


def speak_capitals(word: str, screaming: bool = False) -> str:
    """Capitals: a word that is known to be one is said, what nobody could say is spelled.

    In a SCREAMING_NAME the parts are words, unless they have no vowel.
    """
    small = word.lower()
    if small in lexicon().capitals:
        return small
    vowel = bool(set(small) & _VOWELS)
    longest = _LONGEST_SPELLED_WITH_VOWEL if vowel else _LONGEST_SPELLED
    spelled = not vowel if screaming else len(word) <= longest
    return spell(word) if spelled and len(word) <= _LONGEST_SPELLED + 1 else small
