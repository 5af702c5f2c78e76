"""Why the agenda spoke, and why it is silent, each as one spoken sentence."""

from collections.abc import Mapping
from dataclasses import dataclass

from duologue_server.suggest.diagnostics import SURVIVES_S
from duologue_server.suggest.items import Item

BECAUSE: Mapping[str, str] = {
    "save": "you had just saved",
    "tests_failed": "tests had failed",
    "survived": f"the problem had been there for {SURVIVES_S:g} seconds without an edit",
    "idle_return": "you had just come back",
    "given": "I was given it to say",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is known of the agenda while it is silent."""

    items: int
    """How many wait."""
    worth: int
    """How many of them are important enough to be spoken."""
    held_back: int
    """How many of those may not be spoken yet, or never again, because of what became of the like."""
    forbidden: int
    """How many of those never."""
    ready: bool
    per_hour: int
    snoozed_s: float
    next_in_hour_s: float
    """Until the hour's budget allows the next; 0 when it does now."""


def why_spoken(item: Item) -> str:
    source = "" if item.given else f" {_tool(item.trigger)} found it, and"
    return f"I spoke because{source} {BECAUSE.get(item.boundary, 'you asked')}."


def why_silent(now: Waiting) -> str:
    if not now.items:
        return "I have nothing to say: nothing that I can see needs you."
    many = "One remark waits" if now.items == 1 else f"{now.items} remarks wait"
    if now.per_hour == 0:
        return f"{many}, but speaking unasked is turned off."
    if now.snoozed_s > 0:
        return f"{many}, but you asked me to be quiet for another {_minutes(now.snoozed_s)}."
    if now.next_in_hour_s > 0:
        return f"{many}, but I have used up this hour's {now.per_hour}; the next in {_minutes(now.next_in_hour_s)}."
    if not now.worth:
        return f"{many}, too small to speak of; the editor shows it."
    if now.forbidden == now.worth:
        return f"{many}, but you never want to hear of the like."
    if now.held_back == now.worth:
        return f"{many}, but I spoke of the like not long ago, so I hold back."
    if not now.ready:
        return f"{many} for a good moment: a save, failed tests, or ten seconds without an edit."
    return f"{many} for the floor to be free."


def _tool(trigger: str) -> str:
    return trigger.partition(":")[0] if trigger != "diagnostics" else "your editor"


def _minutes(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return "minute" if minutes == 1 else f"{minutes} minutes"
