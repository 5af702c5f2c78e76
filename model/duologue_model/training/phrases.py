"""What is said in simulated sessions: templates by purpose, filled with names that programmers say.

`|` marks a place where a speaker may pause although the turn goes on. Templates are divided among the splits; the words
of backchannels, of one-word answers and of "stop" are too few for that and are shared, in other voices.
"""

from itertools import cycle, islice
from typing import Final

import numpy as np
from numpy.random import Generator

SPLITS = ("train", "dev", "held-out")
SHARED_KINDS = frozenset({"backchannel", "answer", "stop"})
PARTNER_KINDS = ("reply", "offer", "hum")

NAMES = (
    "parse header", "user id", "load config", "retry count", "http client", "max depth", "token stream", "read buffer",
    "query builder", "is valid", "cache key", "event loop", "row index", "time out", "merge sort", "base path",
)  # fmt: skip
THINGS = (
    "function", "class", "test", "loop", "method", "branch", "variable", "module", "decorator", "exception", "fixture",
    "constructor", "lock", "query", "regex", "import",
)  # fmt: skip

TEMPLATES: Final[dict[str, tuple[str, ...]]] = {
    "turn": (
        "Why does the {t} fail?", "What does {n} return?", "Rename it to {n}.", "Can you explain this {t}?",
        "Is there a test for {n}?", "Where is {n} called?", "Show me the last {t} again.", "Which {t} is slow?",
        "Do we still need that {t}?", "Please write a test for {n}.", "What changed in the {t}?", "Move {n} up.",
        "How many callers does {n} have?", "Should this {t} be private?", "Extract that into a {t}.",
    ),
    "pausing": (
        "I think the {t} should| take the {n} as an argument.", "So when we call {n},| what happens to the {t}?",
        "Could you look at the {t}| and tell me if it leaks?", "We have the {n} here,| and the {t} is over there.",
        "What if I put the {t}| before we read the {n}?", "The problem is that,| the {n} is never set in the {t}.",
        "Let us keep the {t}| but rename the {n}.", "I want to,| split this {t} into two, and keep {n} in the first.",
        "Before that,| can we check the {n} in the {t}?", "It works for the first {t},| but not with an empty {n}.",
    ),
    "repair": (
        "Call the {t},| no wait, call {n} first.", "Take the second,| I mean the third {t}.",
        "Put the {n},| sorry, the {t} above it.", "We could use,| um, a {t} for the {n}.",
        "Rename it to,| to, uh, {n}.", "It should be a {t},| or rather, a {t} around {n}.",
        "Can you,| can you open the {t}?", "The {n} is,| well, it is not in the {t}.",
    ),
    "dictation": (
        "Name it {n},| underscore,| {n}.", "Type {n},| open bracket,| {n},| close bracket.",
        "Set {n},| equals,| {n},| plus one.", "Import {n},| from,| {n}.", "The path is,| slash {n},| slash {n}.",
        "Define {n},| with {n},| and {n}.", "If {n},| is not,| {n}.", "Return {n},| dot,| {n}.",
    ),
    "account": (
        "So this {t} gets the {n},| then it calls the {t},| and after that it writes the {n},| which I do not like.",
        "Yesterday the {t} was green,| then I changed the {n},| and now the {t} is red,| but only on that machine.",
        "First we read the {n},| then we loop over it,| the {t} drops what is empty,| and the rest goes to the {t}.",
        "I was thinking about the {t},| because the {n} comes late,| so the {t} has to wait,| and that costs a second.",
        "There are two ways,| one is to lock the {t},| the other is to copy the {n},| and I would rather copy it.",
    ),
    "answer": ("Yes.", "No.", "Sure.", "Go.", "The second.", "Left.", "Tomorrow.", "Both.", "Nope.", "Later."),
    "backchannel": ("Uh-huh.", "Yeah.", "Right.", "Okay.", "Mm-hm.", "I see.", "Oh.", "Oh yeah.", "Yes.", "Got it."),
    "stop": (
        "Stop.", "Be quiet.", "Stop talking.", "Not now.", "Okay stop.", "Hush.", "Enough.", "Never mind.", "Shut up.",
    ),
    "question": (
        "Wait, what is the {t} for?", "Which {t} do you mean?", "Hold on, why {n}?", "Sorry, what was that about {n}?",
        "Does that also break the {t}?", "And what about {n}?", "In which file?", "How do you know that?",
        "But is the {t} not closed?", "Wait, where does {n} come from?",
    ),
    "correction": (
        "No, I meant the {t}.", "No, not {n}, the {t}.", "That is not what I asked.", "No, the other {t}.",
        "Actually it is {n}.", "Not the {t}, I said {n}.", "Wrong, {n} is a {t}.", "No no, {n}.",
    ),
    "redirection": (
        "Let us look at the {t} instead.", "Forget that, open {n}.", "Okay, run the {t} first.",
        "Do the {t} first, please.", "Hang on, fix {n} before that.", "Different question, who calls {n}?",
        "Leave it, go to the {t}.", "Rather write the {t}.",
    ),
    "colleague": (
        "Sam, are you coming to lunch?", "Yes, I will send it to you this afternoon.", "Anna, do you have a minute?",
        "I am on a call, I will be there in five.", "Could you close the window please?", "No, he is not in today.",
        "The meeting was moved to three.", "Tom, did you see the mail from the customer?", "Thanks, just put it there.",
        "I think she took the train.", "Have you seen my charger?", "We can talk about the holidays later.",
    ),
    "timed": (
        "Remind me in ten seconds.", "Tell me when the tests go red.", "Speak up when the build is done.",
        "Say something when the {t} passes.", "Wake me in half a minute.", "Let me know when {n} is saved.",
        "Tell me as soon as the tests are green.", "In twenty seconds, remind me of {n}.",
    ),
    "reply": (
        "It returns the {n} of the {t}, and nothing if the {t} is empty. Two callers depend on that.",
        "The {t} fails because {n} is never set. The last change moved it below the loop.",
        "There are three of them. The first is in the {t}, and the others are in the tests for {n}.",
        "I would pass the {n} as an argument. Then the {t} needs no state, and the test gets shorter.",
        "Yes. The {t} keeps the {n} open until the end, so it leaks when an exception comes in between.",
        "Look at line forty. The {t} compares the {n} with itself, which is always true.",
        "Done. The {t} is called {n} now, in all four files.", "You could use a {t} there, and drop the {n}.",
        "No, only the {t} uses it. I can move {n} next to it if you like.",
        "It was changed last week. Before that, the {n} came from the {t}, and nobody had to wait for it.",
    ),
    "offer": (
        "That {t} is never closed.", "The name {n} is used twice here.", "You could return early in this {t}.",
        "There is no test for {n} yet.", "This {t} shadows an import.", "The tests are red again, in {n}.",
        "This looks like the {t} you wrote above.", "You save {n}, but you never read it.",
        "The {t} above does the same thing.", "Your reminder about {n}.",
    ),
    "hum": ("Mm-hm.",),
}  # fmt: skip


def texts(kind: str, split: str, most: int, rng: Generator) -> list[str]:
    """Up to `most` different texts of a kind for a split, every template in turn."""
    templates = TEMPLATES[kind]
    if kind not in SHARED_KINDS and len(templates) >= len(SPLITS):
        templates = tuple(t for i, t in enumerate(templates) if _split_of(i, len(templates)) == split)
    found: dict[str, None] = {}
    for template in islice(cycle(templates), 4 * most):
        found[_filled(template, rng)] = None
        if len(found) == most:
            break
    return list(found)


def _split_of(index: int, count: int) -> str:
    """The last template of each five, at least one, is held out; the one before it is for development."""
    from_end = (count - 1 - index) % 5
    return "held-out" if from_end == 0 else "dev" if from_end == 1 else "train"


def _filled(template: str, rng: Generator) -> str:
    for mark, words in (("{t}", THINGS), ("{n}", NAMES)):
        while mark in template:
            template = template.replace(mark, words[int(rng.integers(len(words)))], 1)
    return template


def pause_places(text: str) -> tuple[str, list[float]]:
    """The text to be spoken, and where the marked pauses lie in it as shares of its letters."""
    parts = text.split("|")
    spoken = " ".join(part.strip() for part in parts)
    lengths = np.cumsum([len(part) for part in parts])
    return spoken, [float(length / lengths[-1]) for length in lengths[:-1]]
