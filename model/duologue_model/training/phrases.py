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
    "on click", "send mail", "price list", "current user", "file name", "start date", "item count", "render page",
)  # fmt: skip
THINGS = (
    "function", "class", "test", "loop", "method", "branch", "variable", "module", "decorator", "exception", "fixture",
    "constructor", "lock", "query", "regex", "import", "comment", "parser", "button", "table", "script", "log",
)  # fmt: skip

TEMPLATES: Final[dict[str, tuple[str, ...]]] = {
    "turn": (
        "Why does the {t} fail?", "What does {n} return?", "Rename it to {n}.", "Can you explain this {t}?",
        "Is there a test for {n}?", "Where is {n} called?", "Show me the last {t} again.", "Which {t} is slow?",
        "Do we still need that {t}?", "Please write a test for {n}.", "What changed in the {t}?", "Move {n} up.",
        "How many callers does {n} have?", "Should this {t} be private?", "Extract that into a {t}.",
        "Run the tests.", "Go to {n}.", "Undo that.", "Open the {t}.", "Next one.", "Explain that again, please.",
        "What is this?", "Why not?", "Is that right?", "What do you think?", "Any idea?", "Does it work now?",
        "I think the {t} should take the {n}.", "We have the {n} here.", "The {t} is never closed.",
        "I would like to rename the {t}.", "It works for the first {t}.", "So when do we call {n}?",
        "Could you look at the {t}?", "What if I put the {t} first?", "Let us keep the {t}.",
        "The problem is the {n}.", "Before that, check the {n}.", "I want to split this {t}.",
        "Add a {t} here, please.", "Delete the {t}.", "Make {n} optional, thanks.", "Put the {n} into the {t}, please.",
        "Can we drop the {t} and use {n}?", "Tell me what the {t} does.", "What happens if {n} is empty?",
        "Who wrote this {t}?", "And the {t}?", "Then the other {t}.", "That one.", "Yes, do it.", "Go on with the {t}.",
        "Find every use of {n}.", "How long does the {t} take?", "Would you write the {t} for me?",
        "There is a bug in the {t}.", "I do not understand the {t}.", "It should say {n}, not the {t}.",
        "Is the {t} thread safe?", "How about {n}?", "Check the {t} once more, please.", "Sort them by {n}.",
        "Read me the error.", "What does the {t} say about {n}?", "Show me where the {t} ends.",
    ),
    "pausing": (
        "I think the {t} should| take the {n} as an argument.", "So when we call {n},| what happens to the {t}?",
        "Could you look at the {t}| and tell me if it leaks?", "We have the {n} here,| and the {t} is over there.",
        "What if I put the {t}| before we read the {n}?", "The problem is that,| the {n} is never set in the {t}.",
        "Let us keep the {t}| but rename the {n}.", "I want to,| split this {t} into two, and keep {n} in the first.",
        "Before that,| can we check the {n} in the {t}?", "It works for the first {t},| but not with an empty {n}.",
        "Rename it to| {n}.", "Can you explain| why the {t} is there?", "Is there a test| for {n}?",
        "Run the tests| in the {t}.", "Go to {n}| and delete it.", "Open the {t},| and then {n}.",
        "What does {n}| do with the {t}?", "The {t} is never closed,| is it?", "Please write a test| for the {t}.",
        "So, um,| what does {n} return?", "Okay, so,| I would move the {t}.", "And then, uh,| we need the {n}.",
        "Well,| it depends on the {t}.", "I mean,| the {n} is fine.", "Let me think,| maybe a {t}.",
        "Where is,| um, {n} called?", "Can we drop the {t}| and use {n} instead?",
        "I do not understand| the second {t}.",
        "Show me the {t}| that sets {n}.", "If the {n} is empty,| return early.", "How about| a {t} with {n} in it?",
        "When the {t} fails,| I would like to see the {n}, please.", "There is a bug| in the {t}, I think.",
        "Add a {t},| and call it {n}, please.", "Because the {t} is slow,| we cache the {n}.",
        "What happens| if {n} is empty?", "Put the {n}| into the {t}.", "I was wondering,| is the {t} still in use?",
        "You know,| the {t} from yesterday.", "Make {n} optional,| and then run it again.",
        "Tell me| what the {t} does.", "The {n},| the {t},| and the other one.",
        "First the {t},| then {n},| then the rest.",
        "I would like to| rename the {t}.", "It should,| um,| return the {n}.",
        "Would you,| when you have the {n}, write the {t}?",
    ),
    "repair": (
        "Call the {t},| no wait, call {n} first.", "Take the second,| I mean the third {t}.",
        "Put the {n},| sorry, the {t} above it.", "We could use,| um, a {t} for the {n}.",
        "Rename it to,| to, uh, {n}.", "It should be a {t},| or rather, a {t} around {n}.",
        "Can you,| can you open the {t}?", "The {n} is,| well, it is not in the {t}.",
        "Delete the {t},| no, the {n}.", "In the first,| uh,| in the second {t}.", "Move it up,| I mean,| down.",
        "What is the,| what does the {t} return?", "We should,| we could drop the {t}.",
        "Not the {t},| well, yes, the {t}.",
        "Is {n},| sorry, is the {t} slow?", "I thought,| no, never mind, open the {t}.",
    ),
    "dictation": (
        "Name it {n},| underscore,| {n}.", "Type {n},| open bracket,| {n},| close bracket.",
        "Set {n},| equals,| {n},| plus one.", "Import {n},| from,| {n}.", "The path is,| slash {n},| slash {n}.",
        "Define {n},| with {n},| and {n}.", "If {n},| is not,| {n}.", "Return {n},| dot,| {n}.",
        "For {n},| in,| {n}.", "Class {n},| with {n}.", "Call {n},| with {n},| and {n}.", "Plus,| {n},| minus one.",
    ),
    "account": (
        "So this {t} gets the {n},| then it calls the {t},| and after that it writes the {n},| which I do not like.",
        "Yesterday the {t} was green,| then I changed the {n},| and now the {t} is red,| but only on that machine.",
        "First we read the {n},| then we loop over it,| the {t} drops what is empty,| and the rest goes to the {t}.",
        "I was thinking about the {t},| because the {n} comes late,| so the {t} has to wait,| and that costs a second.",
        "There are two ways,| one is to lock the {t},| the other is to copy the {n},| and I would rather copy it.",
        "I looked at the {t},| um,| and it calls {n} twice,| so I took one out,| and now it is fast.",
        "What I want is a {t},| that reads the {n},| keeps the last ten,| and forgets the others.",
        "The customer sees the {t},| clicks on it,| and then nothing happens,| because the {n} is missing.",
        "Okay, so,| the {n} is set here,| then the {t} changes it,| and nobody puts it back.",
        "We tried that last year,| it was slow,| and the {t} was full of special cases,| can we do better?",
    ),
    "answer": ("Yes.", "No.", "Sure.", "Go.", "The second.", "Left.", "Tomorrow.", "Both.", "Nope.", "Later.",
        "The first.", "Right.", "Yes please.", "No thanks.", "Maybe.", "Ten.", "Not yet.",),
    "backchannel": ("Uh-huh.", "Yeah.", "Right.", "Okay.", "Mm-hm.", "I see.", "Oh.", "Oh yeah.", "Yes.", "Got it."),
    "stop": (
        "Stop.", "Be quiet.", "Stop talking.", "Not now.", "Okay stop.", "Hush.", "Enough.", "Never mind.", "Shut up.",
        "Stop it.", "Okay, enough.", "That is enough, thanks.", "Quiet please.", "Wait, stop.", "Not now, please.",
    ),
    "question": (
        "Wait, what is the {t} for?", "Which {t} do you mean?", "Hold on, why {n}?", "Sorry, what was that about {n}?",
        "Does that also break the {t}?", "And what about {n}?", "In which file?", "How do you know that?",
        "But is the {t} not closed?", "Wait, where does {n} come from?",
        "Why is that?", "What do you mean?", "Sorry, which one?", "Wait, is that in the {t}?", "Does {n} need it?",
        "Hang on, who calls it?", "Why not {n}?", "Is it the same {t}?", "Can you say that again?",
        "And if {n} is empty?",
    ),
    "correction": (
        "No, I meant the {t}.", "No, not {n}, the {t}.", "That is not what I asked.", "No, the other {t}.",
        "Actually it is {n}.", "Not the {t}, I said {n}.", "Wrong, {n} is a {t}.", "No no, {n}.",
        "No, the first one.", "I said {n}.", "No, after the {t}.", "Wait, that is wrong.", "Not that one.",
        "No, it is in the {t}.", "You mean {n}.",
    ),
    "redirection": (
        "Let us look at the {t} instead.", "Forget that, open {n}.", "Okay, run the {t} first.",
        "Do the {t} first, please.", "Hang on, fix {n} before that.", "Different question, who calls {n}?",
        "Leave it, go to the {t}.", "Rather write the {t}.",
        "Later, show me {n} first.", "Okay, next {t}.", "Skip that.", "Go to {n} now.", "Never mind the {t}, fix {n}.",
        "Actually, run the tests.", "Start with the {t}.",
    ),
    "colleague": (
        "Sam, are you coming to lunch?", "Yes, I will send it to you this afternoon.", "Anna, do you have a minute?",
        "I am on a call, I will be there in five.", "Could you close the window please?", "No, he is not in today.",
        "The meeting was moved to three.", "Tom, did you see the mail from the customer?", "Thanks, just put it there.",
        "I think she took the train.", "Have you seen my charger?", "We can talk about the holidays later.",
        "Hi, yes, I can hear you.", "Did you eat already?", "I will call you back.", "Sure, take it.",
        "Which room is it?", "She is on holiday until Monday.", "Could you sign this for me?", "Good morning, Peter.",
    ),
    "timed": (
        "Remind me in ten seconds.", "Tell me when the tests go red.", "Speak up when the build is done.",
        "Say something when the {t} passes.", "Wake me in half a minute.", "Let me know when {n} is saved.",
        "Tell me as soon as the tests are green.", "In twenty seconds, remind me of {n}.",
        "Ping me in five minutes.", "When {n} is green, say so.", "Remind me to fix {n}.", "In a minute, tell me.",
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
    # A voice that says few of them says others than the next voice does.
    first = int(rng.integers(len(templates)))
    templates = templates[first:] + templates[:first]
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
