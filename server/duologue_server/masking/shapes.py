"""What secrets look like by themselves: tokens of known makers, and strings that chance has made."""

import math
import re
from collections import Counter

_KNOWN = (
    r"(?:AKIA|ASIA|AROA|AIDA|ABIA)[0-9A-Z]{16}",
    r"gh[pousr]_[A-Za-z0-9]{8,}|github_pat_\w{8,}",
    r"gl(?:pat|ptt|rt|dt|ft|soat|cbt|imt|agent)-[\w-]{8,}",
    r"xox[abceoprs]-[\w-]{8,}|xapp-[\w-]{8,}|xwfp-[\w-]{8,}",
    r"sk-(?:proj|ant|or|svcacct|admin|lf)-[\w-]{8,}|sk-[A-Za-z0-9]{16,}",
    r"(?:sk|pk|rk|whsec|acct)_(?:live|test)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/]{16,}",
    r"AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|1//0[\w-]{30,}",
    r"eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*){0,3}",
    r"npm_[A-Za-z0-9]{30,}|pypi-[\w-]{40,}|rubygems_[a-f0-9]{40,}|dckr_(?:pat|oat)_[\w-]{20,}",
    r"hf_[A-Za-z0-9]{20,}|r8_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{20,}|xai-[A-Za-z0-9]{20,}|nvapi-[\w-]{20,}",
    r"do[opr]_v1_[a-f0-9]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{20,}|sq0[a-z]{3}-[\w-]{20,}",
    r"glsa_\w{20,}|glc_[\w=]{20,}|dapi[a-f0-9]{32}|PMAK-[a-f0-9-]{20,}|lin_api_\w{20,}|figd_[\w-]{20,}|tskey-[\w-]{16,}",
    r"hvs\.[\w-]{20,}|s\.[A-Za-z0-9]{24}\b|AGE-SECRET-KEY-1[0-9A-Z]{20,}|atlasv1\.[\w-]{20,}|[\w]{14}\.atlasv1\.[\w-]{20,}",
    r"\d{8,10}:AA[\w-]{32,}|[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}",
    r"(?:AC|SK)[a-f0-9]{32}\b|key-[a-f0-9]{32}\b|EAACEdEose0cBA\w{8,}",
    r"\$(?:apr1|2[abxy]|[156y]|argon2(?:id|i|d))\$[./A-Za-z0-9$=,+]{20,}",
)
KNOWN = re.compile(r"(?<![A-Za-z0-9])(?:" + "|".join(_KNOWN) + ")")
"""Tokens that say themselves whose they are."""
LONG = re.compile(r"(?<![\w+/=.-])[\w+/-]{40,}={0,2}(?![\w+/])")
"""Candidates for strings of chance without any name beside them."""
LONG_BITS = 4.3
"""Of entropy a character: 40 characters of base64 have about 4.8, names and paths below 4."""
RANDOM_LENGTH = 8
_NOT_SECRET_BEFORE = re.compile(
    r"(?i)(?:sha(?:1|256|384|512)[-:=]|md5[-:=]|base64,|integrity|checksum|digest)[\"'\s:=]*$"
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_REFERENCE = re.compile(
    r"""(?x) \$\{.*\} | \$\(.*\) | \$[A-Z_][A-Z0-9_]* | %\w+% | \#\{.*\} | \{\{.*\}\} | \{[\w.\[\]!:]*\}
    | <[^<>]*> | %\(?\w*\)?[sdr]
    | \[[A-Za-z _-]+\] | [:*xX.•…_-]+ | ‹.*› | @\w+@ | (?:process\.)?env\.\w+ | secrets?\.\w+
    """
)
_SELF_NAMED = frozenset(
    re.findall(
        r"\w+",
        """
    pass password passwd passphrase passcode pwd pw secret secrets token tokens key keys api apikey access refresh
    auth client user username private public credential credentials bearer authorization authentication basic digest
    id name type the a an my your our app session csrf xsrf jwt oauth oauth2 sig signature string str text none null
    true false required optional bytes int value default here enter proxy placeholder changeme change me example sample
    dummy redacted masked hidden xxx todo fixme replace new old current confirm repeat again invalid missing expired
    wrong hash field input param header cookie file path url uri env var variable login admin root is of to and or
    for not empty test encoded encrypted raw plain account connection webhook hook signing encryption master shared
    storage aws github gitlab google azure slack db database service server grant code state nonce scope
    """,
    )
)
"""Values made of nothing but such words are names of what belongs there."""


def classes_change(value: str) -> int:
    """How often neighbouring characters differ in class; a capital before small letters begins a word and is none."""
    changes = 0
    before = ""
    for at, character in enumerate(value):
        kind = _class(character)
        begins_word = kind == "lower" and before == "upper" and (at < 2 or _class(value[at - 2]) != "upper")
        if before and kind != before and not begins_word:
            changes += 1
        before = kind
    return changes


def looks_random(value: str, certain: bool = False) -> bool:
    """Whether chance, and no person, has made a string of at least eight characters. `certain`: for a doubtful place;
    then one part of it, between signs, must look so by itself."""
    size = len(value)
    if size < RANDOM_LENGTH or " " in value:
        return False
    parts = re.split(r"[^A-Za-z0-9]+", value)
    if len(parts) > 1 and all(_is_word(part) for part in parts):
        return False
    if certain:
        return any(len(part) >= RANDOM_LENGTH and _by_chance(part) for part in parts)
    has_letter = any(character.isalpha() for character in value)
    has_digit = any(character.isdigit() for character in value)
    if has_letter and has_digit:
        return classes_change(value) >= max(2, size // 8)
    if has_letter:
        longest = max(len(part) for part in parts)
        return longest >= RANDOM_LENGTH and classes_change(max(parts, key=len)) >= max(4, longest // 4)
    return False


def is_long_secret(value: str, before: str) -> bool:
    """Whether a long string is one of chance without any name that says so; checksums, paths and names are none."""
    body = value.rstrip("=")
    if not (re.search(r"[a-z]", body) and re.search(r"[A-Z]", body) and re.search(r"\d", body)):
        return False
    if _NOT_SECRET_BEFORE.search(before) or all(_is_word(part) for part in re.split(r"[/_+-]", body)):
        return False
    counts = Counter(body)
    bits = -sum(count / len(body) * math.log2(count / len(body)) for count in counts.values())
    longest = max(len(part) for part in re.split(r"[/_-]", body))
    return bits >= LONG_BITS and longest >= 12 and classes_change(body) >= len(body) // 4


def is_placeholder(value: str) -> bool:
    """Whether a value only stands for a secret: a reference, a template, or the name of what belongs there."""
    value = value.strip()
    if _REFERENCE.fullmatch(value):
        return True
    words = [word.lower() for word in _WORDS.findall(value)]
    letters = re.sub(r"[^A-Za-z]", "", value)
    if "".join(word for word in words if word.isalpha()) != letters.lower():
        return False
    return bool(words) and all(word in _SELF_NAMED or (word.isdigit() and len(word) < 3) for word in words)


def _by_chance(part: str) -> bool:
    """Whether letters and digits change as names never do."""
    return classes_change(part) >= (max(4, len(part) // 5) if any(map(str.isdigit, part)) else max(4, len(part) // 3))


def _is_word(part: str) -> bool:
    """Letters, or letters and then a short number, as names have."""
    return re.fullmatch(r"(?:[A-Z]{1,3}[a-z]+|[a-z]+|[A-Z]*)(?:[A-Z]{1,2}[a-z]+)*[A-Z]{0,3}\d{0,4}", part) is not None


def _class(character: str) -> str:
    if character.islower():
        return "lower"
    if character.isupper():
        return "upper"
    return "digit" if character.isdigit() else "sign"
