"""The interaction tokens: one vocabulary for what is decided, what is perceived and what is forced.

The names are part of the session format (`turn.action`, `turn.user`): renaming one breaks recorded sessions.
"""

from enum import StrEnum


class Action(StrEnum):
    """What the partner does in one micro-turn."""

    SILENT = "SILENT"
    """Listen and say nothing: the default."""
    BACKCHANNEL = "BACKCHANNEL"
    """Acknowledge without taking the floor."""
    TAKE = "TAKE"
    """Take the floor with what waits on the agenda."""
    KEEP = "KEEP"
    """Go on speaking."""
    DUCK = "DUCK"
    """Lower the voice: somebody may be starting to speak."""
    YIELD = "YIELD"
    """Stop speaking and give the floor away."""
    RESUME = "RESUME"
    """Raise a ducked voice again, or go on at the word where a yield turned out to be unneeded."""
    DEFER = "DEFER"
    """Something waits, the moment is wrong: hold it."""
    DELEGATE = "DELEGATE"
    """The user's turn is complete: hand it to whoever answers, and speak when the answer comes."""


class UserState(StrEnum):
    """What the user is doing in one micro-turn."""

    QUIET = "QUIET"
    SPEAKING_TO_PARTNER = "SPEAKING_TO_PARTNER"
    BACKCHANNEL = "BACKCHANNEL"
    CLARIFICATION = "CLARIFICATION"
    """An interruption that wants an answer: stop and answer me."""
    STOP_REQUEST = "STOP_REQUEST"
    """An interruption that wants silence: stop and be quiet."""
    SPEAKING_TO_OTHERS = "SPEAKING_TO_OTHERS"
    NOISE = "NOISE"
    TYPING = "TYPING"
    ECHO = "ECHO"
    """The partner's own voice, come back through the room."""


class ForcedToken(StrEnum):
    """What a rule outside the model did, written into the model's own stream so that it knows."""

    YIELDED_TO_KEY = "YIELDED_TO_KEY"
    YIELDED_TO_CONTROL = "YIELDED_TO_CONTROL"
    LOST_DEVICE = "LOST_DEVICE"
    BEGAN_TO_SAY = "BEGAN_TO_SAY"
    """A `say` of the session put the partner on the floor without a decision."""
