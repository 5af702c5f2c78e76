"""Slices in which nothing came by one of the streams: to explain a decision, and to see what a stream is worth.

What the partner itself does, and what rules did, is left as it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from duologue_model.slices import Clocks, EditorStream, Slice

Blank = Callable[[Slice], Slice]


def without_microphone(heard: Slice) -> Slice:
    return replace(heard, microphone=np.zeros_like(heard.microphone))


def without_playback(heard: Slice) -> Slice:
    """Not told what the loudspeaker plays; that something plays is still on the agenda."""
    return replace(heard, playback=np.zeros_like(heard.playback))


def without_editor(heard: Slice) -> Slice:
    """Not told of keys, tools and the time since the last key."""
    return replace(heard, editor=EditorStream(), clocks=replace(heard.clocks, since_key_s=Clocks.CAP_S))


def without_agenda(heard: Slice) -> Slice:
    """Not told what waits to be said."""
    return replace(heard, agenda=replace(heard.agenda, waiting=None, urgency=0.0, waiting_s=0.0))


def without_words(heard: Slice) -> Slice:
    """Not told what was recognised."""
    return replace(heard, words="")


def without_user_clock(heard: Slice) -> Slice:
    """Not told how long ago the user spoke."""
    return replace(heard, clocks=replace(heard.clocks, since_user_s=Clocks.CAP_S))


BLANKS: Mapping[str, Blank] = {
    "microphone": without_microphone,
    "playback": without_playback,
    "editor": without_editor,
    "agenda": without_agenda,
    "words": without_words,
    "user clock": without_user_clock,
}
"""By the name of the stream."""
