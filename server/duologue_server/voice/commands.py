"""What users say to the product itself: never taken for names of the same words."""

import re

COMMANDS = (
    "hey Duologue", "stop talking", "be quiet", "shut up", "never mind", "hold on", "hang on", "wait a second",
    "one moment", "apply the fix", "apply it", "accept it", "do it", "fix it", "take it", "go ahead", "go for it",
    "sounds good", "not now", "no thanks", "leave it", "ignore it", "skip it", "dismiss it", "forget it", "maybe later",
    "what did you say", "come again", "say it again", "repeat that", "once more", "where am I", "which file is this",
    "why now", "why did you say that", "what is wrong", "what is broken", "is there a problem", "are there any errors",
    "read the error", "read the last error", "say the error again", "are the tests green", "are the tests passing",
    "which tests are failing", "what is this", "what does this do", "what am I looking at", "help me",
    "what can you do", "thank you", "good job", "good morning", "are you there", "can you hear me",
    "be quiet for ten minutes", "snooze for five minutes", "no more suggestions", "leave me alone",
)  # fmt: skip
"""Single words are not among them: alone they are recognised anyway, and in a sentence they would pull others in."""


def is_command(text: str) -> bool:
    """Whether an utterance is one of the commands and nothing else."""
    return _plain(text) in _KNOWN


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", "", text.lower()).split())


_KNOWN = frozenset(_plain(command) for command in COMMANDS)
