"""Gathers what is perceived until it fills a slice: sound, fingers, what waits, and how long ago things happened."""

from collections import deque
from dataclasses import replace

import numpy as np

from duologue_model.slices import (
    SLICE_SAMPLES,
    AgendaStream,
    Clocks,
    EditorStream,
    Samples,
    Slice,
    WaitingKind,
)  # fmt: skip
from duologue_model.vocabulary import ForcedToken
from duologue_server.audio.player import Player
from duologue_server.link.messages import EditorEvent
from duologue_server.voice.floor import FloorState
from duologue_server.voice.mouth import Mouth

SPEECH_CHARACTERS_PER_S = 15.0
"""For estimates of what is not synthesised yet."""


class Perception:
    """Owned by the voice thread."""

    def __init__(self, mouth: Mouth, player: Player) -> None:
        self._mouth = mouth
        self._player = player
        self._microphone: deque[Samples] = deque()
        self._playback: deque[Samples] = deque()
        self._editor = EditorStream()
        self._complete = True
        self._focused = True
        self._forced: list[ForcedToken] = []
        self._end_of_turn = False

    def sound(self, microphone: Samples, playback: Samples) -> bool:
        """Takes a block of each; whether a slice is full."""
        self._microphone.append(microphone)
        self._playback.append(playback)
        return sum(map(len, self._microphone)) >= SLICE_SAMPLES

    def keys(self, count: int) -> None:
        self._editor = replace(self._editor, keys=self._editor.keys + count)

    def see(self, event: EditorEvent) -> None:
        """Something that the model sees of the editor."""
        match event.what:
            case "complete":
                self._complete = bool(event.value)
            case "focus":
                self._focused = bool(event.value)
            case what:
                name = {"save": "saves", "cursor_jump": "cursor_jumps"}.get(what, what)
                self._editor = replace(self._editor, **{name: getattr(self._editor, name) + event.value})

    def force(self, token: ForcedToken) -> None:
        """A rule stepped in; the model is told with the next slice."""
        self._forced.append(token)

    def end_turn(self) -> None:
        """The user ended the turn by hand."""
        self._end_of_turn = True

    def take(self, t: float, floor: FloorState, words: str, microphone_open: bool) -> Slice:
        """The slice that is full; the next one begins. What was decided before it is for the caller to fill in."""
        microphone, playback = np.concatenate(self._microphone), np.concatenate(self._playback)
        self._microphone = deque([microphone[SLICE_SAMPLES:]])
        self._playback = deque([playback[SLICE_SAMPLES:]])
        heard = Slice(
            microphone=microphone[:SLICE_SAMPLES],
            playback=playback[:SLICE_SAMPLES],
            editor=replace(self._editor, statement_complete=self._complete, focused=self._focused),
            agenda=self._agenda(floor),
            clocks=_clocks(floor, t),
            words=words,
            forced=tuple(self._forced),
            microphone_open=microphone_open,
            end_of_turn=self._end_of_turn,
        )
        self._editor, self._forced, self._end_of_turn = EditorStream(), [], False
        return heard

    def _agenda(self, floor: FloorState) -> AgendaStream:
        waiting = floor.reply or floor.offer
        kind = None if waiting is None else WaitingKind.REPLY if waiting is floor.reply else WaitingKind.OFFER
        rate_hz, heard = self._player.rate_hz, self._player.heard_samples
        script = self._mouth.script(floor.sounding.id) if floor.sounding else None
        return AgendaStream(
            waiting=kind,
            urgency=waiting.urgency if waiting else 0.0,
            waiting_s=len(waiting.text) / SPEECH_CHARACTERS_PER_S if waiting else 0.0,
            sounding=floor.sounding is not None,
            heard_s=heard / rate_hz if floor.sounding else 0.0,
            remaining_s=self._mouth.left_samples(script, heard) / rate_hz if script else 0.0,
            ducked=floor.ducked,
            resumable=floor.yielded is not None and floor.sounding is None,
        )


def something_came(heard: Slice) -> bool:
    """Whether anything but sound came in the slice: fingers, tools, a rule, the end of a turn by hand."""
    still = replace(heard.editor, statement_complete=True, focused=True) == EditorStream()
    return not still or bool(heard.forced) or heard.end_of_turn


def _clocks(floor: FloorState, t: float) -> Clocks:
    cap_s = Clocks.CAP_S
    since_own_s = 0.0 if floor.sounding else t - floor.last_own_s
    return Clocks(min(cap_s, t - floor.last_user_s), min(cap_s, t - floor.last_key_s), min(cap_s, since_own_s))
