"""Numbers by class: versions, addresses, hex, exponents, quantities, rule codes, hashes, flags' values.

Plain numbers, decimals, clock times, dates and money are left to the synthesiser, which says them well.
"""

import re

from duologue_server.voice.spoken.lexicon import lexicon, spell

_PLAIN = re.compile(r"[$£€]?\d+(?:,\d{3})*(?:\.\d+)?(?:%|st|nd|rd|th)?|\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}")
_GROUPED = re.compile(r"\d+(?:_\d+)+(?:\.\d+)?")
_VERSION = re.compile(
    r"(?P<v>[vV]?)(?P<numbers>\d+(?:\.\d+)+)(?:-?(?P<stage>alpha|beta|rc|dev|post|a|b)\.?(?P<of>\d*))?"
)
_MAJOR = re.compile(r"[vV](?P<number>\d+)")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?P<mask>/\d{1,2})?")
_COMPATIBLE = re.compile(r"(?P<relation>[~^])(?P<version>\d+(?:\.\d+)*)")
_BASES = re.compile(r"0(?P<base>[xXbBoO])(?P<digits>[0-9a-fA-F_]+)")
_EXPONENT = re.compile(r"(?P<number>\d+(?:\.\d+)?)[eE](?P<sign>[-+]?)(?P<power>\d+)")
_QUANTITY = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[a-zA-Zµ]+)(?:/(?P<per>s|sec|min|h|d))?")
_LITERAL = re.compile(
    r"(?P<number>\d+(?:\.\d*)?)(?P<kind>[uif](?:8|16|32|64|128|size)|[jJnLlUuFf]|[uU][lL]{1,2}|[lL]{2})"
)
_RULE_CODE = re.compile(r"(?P<letters>[A-Z]{1,4})(?P<digits>\d{3,4})")
_COLOUR = re.compile(r"#(?P<digits>(?=\d*[a-fA-F])(?:[\da-fA-F]{3}|[\da-fA-F]{6}))")
_UUID = re.compile(r"(?P<head>[0-9a-f]{4})[0-9a-f]{4}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_HASH = re.compile(r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}")
_RANGE = re.compile(r"(?P<low>\d+)(?:-|–|\.\.=?|\.\.\.)(?P<high>\d+)")
_SIGNED = re.compile(r"(?P<sign>[-+])(?P<number>\d.*)")
_PRODUCT = re.compile(r"(?P<left>\d+)[x×](?P<right>\d+)")

_BASE_NAMES = {"x": "hex", "b": "binary", "o": "octal"}
_STAGES = {"rc": "R C", "a": "alpha", "b": "beta"}
_PER = {"s": "second", "sec": "second", "min": "minute", "h": "hour", "d": "day"}
_CAPITAL_UNITS = frozenset("KBX")
"""5G and 3D are no grams and days."""
_SPELLED_OF_HASH = 7


def speak_number(word: str, is_version: bool = False) -> str | None:
    """What is said for a number of any class; None for what is no number.

    `is_version` tells that the word before makes 3.11 a version: it is "3 point 11" then.
    """
    if is_version and (version := _VERSION.fullmatch(word)):
        return _version(version)
    if _PLAIN.fullmatch(word):
        return word
    for pattern, say in _CLASSES:
        if (match := pattern.fullmatch(word)) and (said := say(match)) is not None:
            return said
    return None


def _version(match: re.Match[str]) -> str:
    said = match["numbers"].replace(".", " point ")
    if match["stage"]:
        said += f" {_STAGES.get(match['stage'], match['stage'])} {match['of']}"
    return ("version " if match["v"] else "") + said.rstrip()


def _address(match: re.Match[str]) -> str | None:
    numbers, _, mask = match.group().partition("/")
    if any(int(number) > 255 for number in numbers.split(".")):
        return None
    return numbers.replace(".", " dot ") + (f" slash {mask}" if mask else "")


def _based(match: re.Match[str]) -> str:
    digits = match["digits"].replace("_", "")
    return f"{_BASE_NAMES[match['base'].lower()]} {spell(digits)}"


def _exponent(match: re.Match[str]) -> str:
    return f"{match['number']} times 10 to the {'minus ' if match['sign'] == '-' else ''}{match['power']}"


def _quantity(match: re.Match[str]) -> str | None:
    unit = speak_unit(match["unit"], match["number"])
    if unit is None:
        return None
    return f"{match['number']} {unit}" + (f" per {_PER[match['per']]}" if match["per"] else "")


def speak_unit(written: str, number: str) -> str | None:
    """The unit after a number, for one or for more of it; None for what is no unit."""
    unit = lexicon().units.get(written.lower())
    if unit is None or (len(written) == 1 and written.isupper() and written not in _CAPITAL_UNITS):
        return None
    return unit.removesuffix("s") if number == "1" and written != "x" else unit


def _literal(match: re.Match[str]) -> str:
    kind = re.fullmatch(r"([a-z]+)(size|\d*)", match["kind"].lower())
    assert kind is not None, match["kind"]
    return f"{match['number'].rstrip('.')} {spell(kind[1])} {kind[2]}".rstrip()


def _rule_code(match: re.Match[str]) -> str:
    """`E501` as people say it: E 5 oh 1."""
    digits = match["digits"]
    groups = [digits[:1], digits[1:]] if len(digits) == 3 else [digits[:2], digits[2:]]
    return " ".join([spell(match["letters"]), *(_two_digits(group) for group in groups)])


def _two_digits(group: str) -> str:
    """`21` as it is, `01` as "oh 1", `00` as "oh oh"."""
    if len(group) == 1 or group[0] != "0":
        return group
    return "oh oh" if group == "00" else f"oh {group[1]}"


def _hash(match: re.Match[str]) -> str:
    return spell(match.group()[:_SPELLED_OF_HASH])


def _compatible(match: re.Match[str]) -> str:
    relation = {"~": "about", "^": "compatible with"}[match["relation"]]
    return f"{relation} {match['version'].replace('.', ' point ')}"


def _signed(match: re.Match[str]) -> str | None:
    rest = speak_number(match["number"])
    return rest and f"{'minus' if match['sign'] == '-' else 'plus'} {rest}"


_CLASSES = (
    (_ADDRESS, _address),
    (_MAJOR, lambda match: f"version {match['number']}"),
    (_VERSION, lambda match: _version(match) if _is_version(match) else None),
    (_BASES, _based),
    (_EXPONENT, _exponent),
    (_QUANTITY, _quantity),
    (_LITERAL, _literal),
    (_GROUPED, lambda match: match.group().replace("_", "")),
    (_RULE_CODE, _rule_code),
    (_COLOUR, lambda match: "color " + spell(match["digits"])),
    (_UUID, lambda match: "U U I D " + spell(match["head"])),
    (_HASH, _hash),
    (_COMPATIBLE, _compatible),
    (_RANGE, lambda match: f"{match['low']} {'through' if '=' in match.group() else 'to'} {match['high']}"),
    (_PRODUCT, lambda match: f"{match['left']} by {match['right']}"),
    (_SIGNED, _signed),
)
"""Tried in this order, so the narrower class comes first."""


def _is_version(match: re.Match[str]) -> bool:
    return bool(match["v"] or match["stage"]) or match["numbers"].count(".") >= 2
