"""One colour for each thing, in the picture and in the terminal: violet is unasked, green an answer, orange a key."""

from collections.abc import Mapping

YOU = "#2f6fb5"
KEY = "#d9730d"
SPEECH = "#c0392b"
GREY = "#8a8f98"
INK = "#22262b"
CAUSES: Mapping[str, str] = {
    "offer": "#7d4cc0",
    "reply": "#16896b",
    "repeat": "#16896b",
    "resume": "#16896b",
    "confirm": "#5f7d2c",
    "say": "#5f7d2c",
    "backchannel": "#5f7d2c",
}
"""Why the partner speaks."""
STOPS: Mapping[str, str] = {"key": KEY, "speech": SPEECH}
"""Who silenced it."""
CAUSE_NAMES: Mapping[str, str] = {
    "offer": "unasked,",
    "reply": "answers after",
    "repeat": "says again",
    "resume": "goes on",
    "confirm": "confirms",
    "say": "says",
}
"""How it begins to speak."""

TERMINAL: Mapping[str, str] = {
    **dict.fromkeys(CAUSES, "green"),
    "offer": "magenta",
    "you": "cyan",
    "key": "yellow",
    "speech": "red",
    "stopped": "bold yellow",
    "plain": "",
}
"""In the terminal by name, so that its theme keeps them readable on any background."""
