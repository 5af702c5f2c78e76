"""Takes passwords, keys, tokens, private addresses and e-mail addresses out of text before it leaves the process.

Two sorts of evidence: what a secret looks like by itself (`shapes`), and what stands beside it. What is masked
in one place is masked in all places of the same request. Nothing here is certain: a password that stands alone, without
a name and without the look of chance, cannot be told from a word.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from duologue_server.masking.names import named_secrets
from duologue_server.masking.shapes import KNOWN, LONG, is_long_secret, is_placeholder, looks_random

MASK = "‹secret›"
PRIVATE_ADDRESS = "‹private address›"
E_MAIL = "‹e-mail›"
SHORTEST_KNOWN = 6
"""Shorter secrets are masked where they are found and nowhere else: they are part of too many words."""
SHORTEST_IN_CODE = 8

_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY = re.compile(
    r"(?:[A-Za-z0-9+/=\s]|\\[nrt]|[\"'+,#*>|\\](?!-{4})|(?:Proc-Type|DEK-Info|Comment|Version)[^\n]{0,200})*"
)
_PEM_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n\\\"',#*>|")
_KEY_LINE = re.compile(r"(?m)^[ \t\"'+#*>|]*([A-Za-z0-9+/]{60,76}={0,2})[\"' \t,;\\n+]*$")
_USER_INFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20})://([^\s:/@\"'<>]{0,200}):([^\s\"'<>]{1,400})@")
_USER_TOKEN = re.compile(r"(?i)\bhttps?://([^\s:/@\"'<>]{8,200})@[\w.-]+")
_HOOKS = (
    r"hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/|hooks\.zapier\.com/hooks/"
    r"|[\w-]+\.webhook\.office\.com/|api\.telegram\.org/bot|maker\.ifttt\.com/trigger/"
)
_NETWORK = (
    r"(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.\d{1,3}(?:\.\d{1,3})?\b"
    r"|(?:[\w-]+\.){1,6}(?:internal|corp|intranet|lan|local|private|home\.arpa)\b(?!\.\w)"
)
_PRIVATE = re.compile(rf"(?i)\b(?:https?|wss?|ftp|ssh|git)://(?:(?:{_HOOKS})|(?:{_NETWORK}))[^\s\"'<>`)\]]*")
_BEARER = re.compile(r"(?i)\b(bearer|basic|token|apikey)[ \t]+([A-Za-z0-9._~+/-]{8,}=*)")
_AUTHORIZATION = re.compile(
    r"(?i)\bauthorization[\"']?\s{0,9}(?::\s{0,9}[rbf]?[\"']?|=\s{0,9}[\"'])[ \t]{0,9}"
    r"(?:[a-z]{3,12}[ \t]+)?([^\s\"'{<]{8,})"
)
_E_MAIL = re.compile(
    r"(?<![\w.+/@:-])([A-Za-z0-9][\w.+-]{1,63})@((?:[A-Za-z0-9-]{1,63}\.){1,4}(?:com|org|net|io|dev|de|edu|gov|co|uk|fr|jp|"
    r"ru|cn|eu|info|me|ai|app|ch|nl|es|pl|se|fi|dk|cz|br|ca|au|us|nz|kr|pt|ie|biz))(?![\w(.]\w|[\w(])"
)
_EXAMPLES = re.compile(r"(?i)(?:^|\.)(?:example\.(?:com|org|net)|example|test|localhost|invalid|domain\.com)$")


class Secret(NamedTuple):
    """A piece of a text that must not leave."""

    start: int
    end: int
    mask: str = MASK


def mask_secrets(text: str, known: Collection[str] = (), config: bool = False) -> str:
    """The text with everything that looks like a secret replaced by a mask; as many lines as before.

    `known` are secrets from elsewhere, masked wherever they stand. `config`: the text is configuration, a shell script
    or of unknown kind, where a value needs no quotes.
    """
    pieces: list[str] = []
    at = 0
    for secret in _merged([*find_secrets(text, config), *_known(text, known)]):
        pieces += [text[at : secret.start], secret.mask + "\n" * text.count("\n", secret.start, secret.end)]
        at = secret.end
    return "".join([*pieces, text[at:]])


def secret_values(text: str, config: bool = False) -> frozenset[str]:
    """The secrets themselves, for `known`; those of at least `SHORTEST_KNOWN` characters."""
    found = (text[secret.start : secret.end].strip() for secret in find_secrets(text, config) if secret.mask == MASK)
    values = {line.strip() for value in found for line in (value, *value.splitlines(), value.partition(";")[0])}
    return frozenset(value for value in values if len(value) >= SHORTEST_KNOWN)


def find_secrets(text: str, config: bool = False) -> Iterator[Secret]:
    """Every place of a secret; places may overlap."""
    yield from _pem(text)
    for found in KNOWN.finditer(text):
        yield Secret(*found.span())
    for found in LONG.finditer(text):
        if is_long_secret(found.group(), text[max(0, found.start() - 24) : found.start()]):
            yield Secret(*found.span())
    yield from _addresses(text)
    for start, end in named_secrets(text, config):
        yield Secret(start, end)
    for found in _BEARER.finditer(text):
        if looks_random(found.group(2)):
            yield Secret(*found.span(2))
    for found in _AUTHORIZATION.finditer(text):
        if not is_placeholder(found.group(1)):
            yield Secret(*found.span(1))


def _pem(text: str) -> Iterator[Secret]:
    if "PRIVATE KEY" in text:
        for found in _PEM_BEGIN.finditer(text):
            body = _PEM_BODY.match(text, found.end())
            end = body.end() if body else found.end()
            closing = _PEM_END.match(text, end)
            if re.search(r"[A-Za-z0-9+/=]{12,}", text[found.end() : end]):
                yield Secret(found.start(), closing.end() if closing else end)
        for found in _PEM_END.finditer(text):
            start = found.start()
            while start > 0 and text[start - 1] in _PEM_CHARACTERS:
                start -= 1
            if re.search(r"[A-Za-z0-9+/=]{12,}", text[start : found.start()]):
                yield Secret(start, found.end())
    for found in _KEY_LINE.finditer(text):  # a line of a key whose beginning is out of sight
        value = found.group(1)
        if re.search(r"[a-z]", value) and re.search(r"[A-Z]{5}|[A-Z].*\d|\d.*[A-Z]", value):
            yield Secret(*found.span(1))


def _addresses(text: str) -> Iterator[Secret]:
    if "://" in text:
        for found in _USER_INFO.finditer(text):
            yield from _user_info(found)
        for found in _USER_TOKEN.finditer(text):
            if looks_random(found.group(1)):
                yield Secret(*found.span(1))
        for found in _PRIVATE.finditer(text):
            yield Secret(*found.span(), PRIVATE_ADDRESS)
    if "@" in text:
        for found in _E_MAIL.finditer(text):
            if found.group(1) != "git" and not _EXAMPLES.search(found.group(2)):
                yield Secret(*found.span(), E_MAIL)


def _user_info(found: re.Match[str]) -> Iterator[Secret]:
    password = found.group(3)
    start, end = found.span(3)
    if found.group(1).lower() in ("http", "https", "ws", "wss"):  # there an @ may stand in the path
        end = start + len(password.split("/")[0])
        if end < found.end(3):
            return
    if not is_placeholder(password):
        yield Secret(start, end)


def _known(text: str, known: Iterable[str]) -> Iterator[Secret]:
    for value in known:
        at = text.find(value) if len(value) >= SHORTEST_KNOWN else -1
        while at >= 0:
            yield Secret(at, at + len(value))
            at = text.find(value, at + len(value))


def _merged(secrets: Iterable[Secret]) -> Iterator[Secret]:
    """In order, overlapping ones as one."""
    last: Secret | None = None
    for secret in sorted(secrets):
        if last is not None and secret.start < last.end:
            last = Secret(last.start, max(last.end, secret.end), last.mask if last.end >= secret.end else secret.mask)
            continue
        if last is not None:
            yield last
        last = secret
    if last is not None:
        yield last
