"""From what is perceived to what the network reads: the same function for live slices and for training sessions.

`Streams` holds plain arrays, whoever made them; `encode` is the only way from them to the network's inputs, so that
training and life cannot differ.
"""

import functools
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from duologue_model.features import AudioState, dmel
from duologue_model.slices import SLICE_SAMPLES, Samples, Slice, WaitingKind
from duologue_model.vocabulary import Action, ForcedToken, UserState

_SECONDS = tuple(float(s) for s in np.geomspace(0.06, 55.0, 20))
_FLAG = (0.5,)
_COUNT = (1.5, 3.5)
_PART = (0.125, 0.375, 0.625, 0.875)

EDITOR_BORDERS = {
    "keys": _COUNT, "saves": _COUNT, "cursor_jumps": _COUNT, "diagnostics_up": _COUNT, "diagnostics_down": _COUNT,
    "tests_passed": _COUNT, "tests_failed": _COUNT, "focused": _FLAG, "statement_complete": _FLAG,
}  # fmt: skip
"""The numbers of the editor, in the order of their columns, and the borders at which each is cut into levels."""
AGENDA_BORDERS = {
    "waiting_offer": _FLAG, "waiting_reply": _FLAG, "urgency": _PART, "waiting_s": _SECONDS, "sounding": _FLAG,
    "heard_s": _SECONDS, "remaining_s": _SECONDS, "ducked": _FLAG, "resumable": _FLAG,
}  # fmt: skip
CLOCK_BORDERS = {"since_user_s": _SECONDS, "since_key_s": _SECONDS, "since_own_s": _SECONDS}
WORD_COUNT_BORDERS = {"words": (0.5, 1.5, 2.5, 4.5, 8.5, 16.5)}

EDITOR_EVENTS = ("KEYS", "SAVED", "CURSOR_JUMPED", "DIAGNOSTIC_UP", "DIAGNOSTIC_DOWN", "TEST_PASSED", "TEST_FAILED")
"""The events of the editor, in the order of the first columns of its stream."""
INTERACTION_TOKENS = (
    *(f"action:{action}" for action in Action),
    *(f"user:{state}" for state in UserState),
    *(f"forced:{token}" for token in ForcedToken),
    *(f"event:{name}" for name in EDITOR_EVENTS),
    "event:END_OF_TURN",
    "event:MICROPHONE_CLOSED",
)
"""One vocabulary for what is decided (actions, user states) and for what happens (the rest, and the last action)."""
FIRST_USER = len(Action)
FIRST_FORCED = FIRST_USER + len(UserState)
FIRST_EVENT = FIRST_FORCED + len(ForcedToken)

WORDS = 6
"""Words at the end of the user's present turn that are read."""
PIECES = 8
"""Sub-words of a word: the word itself and its first groups of three letters."""
PIECE_BUCKETS = 2048
_ACTIONS = {action: index for index, action in enumerate(Action)}
_FORCED = {token: index for index, token in enumerate(ForcedToken)}


def borders_count(*groups: Mapping[str, tuple[float, ...]]) -> int:
    """How many numbers `encode` makes of these streams."""
    return sum(len(borders) for group in groups for borders in group.values())


class Session(Protocol):
    """Arrays of a whole session, as training and evaluation hold them (`training.example.SessionExample`)."""

    @property
    def microphone(self) -> Samples: ...
    @property
    def playback(self) -> Samples: ...
    @property
    def editor(self) -> NDArray[np.float32]: ...
    @property
    def agenda(self) -> NDArray[np.float32]: ...
    @property
    def clocks(self) -> NDArray[np.float32]: ...
    @property
    def words(self) -> tuple[str, ...]: ...
    @property
    def own(self) -> NDArray[np.int64]: ...
    @property
    def forced(self) -> NDArray[np.bool_] | None: ...
    @property
    def end_of_turn(self) -> NDArray[np.bool_] | None: ...
    @property
    def microphone_open(self) -> NDArray[np.bool_] | None: ...


@dataclass(frozen=True, slots=True)
class Streams:
    """`T` slices as arrays, columns in the order of the tables above."""

    microphone: Samples
    """`[T·S]`"""
    playback: Samples
    """`[T·S]`"""
    editor: NDArray[np.float32]
    """`[T, 9]`"""
    agenda: NDArray[np.float32]
    """`[T, 9]`"""
    clocks: NDArray[np.float32]
    """`[T, 3]`, seconds"""
    words: tuple[str, ...]
    own: NDArray[np.int64]
    """`[T]`, the action of the slice before, as an index into `list(Action)`"""
    forced: NDArray[np.bool_]
    """`[T, 4]`, in the order of `ForcedToken`"""
    end_of_turn: NDArray[np.bool_]
    """`[T]`"""
    microphone_open: NDArray[np.bool_]
    """`[T]`"""

    @staticmethod
    def of_slices(slices: Sequence[Slice]) -> "Streams":
        """What the product perceived."""
        forced = np.zeros((len(slices), len(ForcedToken)), np.bool_)
        for row, heard in zip(forced, slices, strict=True):
            row[[_FORCED[token] for token in heard.forced]] = True
        return Streams(
            microphone=np.concatenate([heard.microphone for heard in slices]),
            playback=np.concatenate([heard.playback for heard in slices]),
            editor=np.array([_editor_row(heard) for heard in slices], np.float32),
            agenda=np.array([_agenda_row(heard) for heard in slices], np.float32),
            clocks=np.array([_clocks_row(heard) for heard in slices], np.float32),
            words=tuple(heard.words for heard in slices),
            own=np.array([_ACTIONS[heard.own] for heard in slices], np.int64),
            forced=forced,
            end_of_turn=np.array([heard.end_of_turn for heard in slices], np.bool_),
            microphone_open=np.array([heard.microphone_open for heard in slices], np.bool_),
        )

    @staticmethod
    def of_session(session: Session, first: int = 0, count: int | None = None) -> "Streams":
        """`count` slices of a session from slice `first` on."""
        last = len(session.own) if count is None else first + count
        assert 0 <= first < last <= len(session.own), (first, last, len(session.own))
        length = last - first
        return Streams(
            microphone=session.microphone[first * SLICE_SAMPLES : last * SLICE_SAMPLES],
            playback=session.playback[first * SLICE_SAMPLES : last * SLICE_SAMPLES],
            editor=session.editor[first:last],
            agenda=session.agenda[first:last],
            clocks=session.clocks[first:last],
            words=session.words[first:last],
            own=session.own[first:last],
            forced=_or_all(session.forced, np.zeros((length, len(ForcedToken)), np.bool_), first),
            end_of_turn=_or_all(session.end_of_turn, np.zeros(length, np.bool_), first),
            microphone_open=_or_all(session.microphone_open, np.ones(length, np.bool_), first),
        )


def _or_all(known: NDArray[np.bool_] | None, otherwise: NDArray[np.bool_], first: int) -> NDArray[np.bool_]:
    return otherwise if known is None else known[first : first + len(otherwise)]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the network reads, for `B` sessions and `T` slices. Small integers: an hour takes 60 MB."""

    microphone: Tensor
    """`[B, T, 8, 64]` uint8, levels"""
    playback: Tensor
    """`[B, T, 8, 64]` uint8, levels"""
    desk: Tensor
    """`[B, T, desk]` uint8, 0 or 1: editor and clocks"""
    talk: Tensor
    """`[B, T, talk]` uint8, 0 or 1: agenda and how many words were recognised"""
    pieces: Tensor
    """`[B, T, 6, 8]` int16: sub-words of the last words, the last word first, 0 where there is none"""
    events: Tensor
    """`[B, T, V]` uint8, 0 or 1: which interaction tokens are in the slice"""

    def __len__(self) -> int:
        return self.events.shape[1]

    def part(self, first: int, last: int) -> "Inputs":
        """Slices `first` to before `last`."""
        return Inputs(*(tensor[:, first:last] for tensor in self._tensors()))

    def to(self, device: torch.device | str) -> "Inputs":
        return Inputs(*(tensor.to(device, non_blocking=True) for tensor in self._tensors()))

    @staticmethod
    def stack(sessions: Sequence["Inputs"]) -> "Inputs":
        """One batch of sessions that are equally long."""
        return Inputs(*(torch.cat(tensors) for tensors in zip(*(one._tensors() for one in sessions), strict=True)))

    def _tensors(self) -> tuple[Tensor, ...]:
        return self.microphone, self.playback, self.desk, self.talk, self.pieces, self.events


def encode(streams: Streams, audio: AudioState) -> tuple[AudioState, Inputs]:
    """The network's inputs for `[1, T]` slices, and the state of hearing after them."""
    microphone, playback, audio = _sounds(streams, audio, 1)
    return audio, Inputs(microphone, playback, *_rest(streams))


def encode_together(slices: Sequence[Slice], audio: AudioState) -> tuple[AudioState, Inputs]:
    """The network's inputs `[B, 1]` for the next slice of each of `B` sessions, as `encode` makes them of each."""
    streams = Streams.of_slices(slices)
    microphone, playback, audio = _sounds(streams, audio, len(slices))
    return audio, Inputs(microphone, playback, *(tensor.transpose(0, 1) for tensor in _rest(streams)))


def _sounds(streams: Streams, audio: AudioState, sessions: int) -> tuple[Tensor, Tensor, AudioState]:
    """Levels of both sounds, `[B, T, 8, 64]` each, and the state of hearing after them."""
    microphone, microphone_tail = dmel(torch.from_numpy(streams.microphone).view(sessions, -1), audio.microphone)
    playback, playback_tail = dmel(torch.from_numpy(streams.playback).view(sessions, -1), audio.playback)
    return microphone, playback, AudioState(microphone_tail, playback_tail)


def _rest(streams: Streams) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Desk, talk, pieces and events, `[1, T, …]` each."""
    counts = np.array([[len(words.split())] for words in streams.words], np.float32)
    desk = [_levels(streams.editor, EDITOR_BORDERS), _levels(streams.clocks, CLOCK_BORDERS)]
    talk = [_levels(streams.agenda, AGENDA_BORDERS), _levels(counts, WORD_COUNT_BORDERS)]
    return (
        torch.from_numpy(np.concatenate(desk, axis=1))[None],
        torch.from_numpy(np.concatenate(talk, axis=1))[None],
        torch.tensor([[word_pieces(words) for words in streams.words]], dtype=torch.int16),
        torch.from_numpy(_events(streams))[None],
    )


def _events(streams: Streams) -> NDArray[np.uint8]:
    """`[T, V]`: which interaction tokens are in each slice."""
    events = np.zeros((len(streams.own), len(INTERACTION_TOKENS)), np.uint8)
    events[np.arange(len(streams.own)), streams.own] = 1
    events[:, FIRST_FORCED:FIRST_EVENT] = streams.forced
    events[:, FIRST_EVENT : FIRST_EVENT + len(EDITOR_EVENTS)] = streams.editor[:, : len(EDITOR_EVENTS)] > 0
    events[:, -2] = streams.end_of_turn
    events[:, -1] = ~streams.microphone_open
    return events


def _levels(values: NDArray[np.float32], borders: Mapping[str, tuple[float, ...]]) -> NDArray[np.uint8]:
    """`[T, fields]` to `[T, borders]`: 1 for every border that the value lies above."""
    assert values.shape[1] == len(borders), (values.shape, list(borders))
    columns = [values[:, [index]] > np.array(edges, np.float32) for index, edges in enumerate(borders.values())]
    return np.concatenate(columns, axis=1).astype(np.uint8)


@functools.lru_cache(maxsize=4096)
def word_pieces(words: str) -> tuple[tuple[int, ...], ...]:
    """Buckets of the sub-words of the last words, the last first: 6 rows of 8; 0 where there is nothing."""
    last = re.findall(r"[^\W_]+(?:'\w+)?", words.lower())[: -WORDS - 1 : -1]
    rows = [_buckets(word) for word in last]
    return tuple(rows + [(0,) * PIECES] * (WORDS - len(rows)))


def _buckets(word: str) -> tuple[int, ...]:
    marked = f"<{word}>"
    pieces = [marked, *(marked[at : at + 3] for at in range(len(marked) - 2))][:PIECES]
    # A checksum, because Python's own hash of a string differs between runs.
    buckets = [1 + zlib.crc32(piece.encode()) % (PIECE_BUCKETS - 1) for piece in pieces]
    return tuple(buckets + [0] * (PIECES - len(buckets)))


def _editor_row(heard: Slice) -> tuple[float, ...]:
    return tuple(float(getattr(heard.editor, name)) for name in EDITOR_BORDERS)


def _agenda_row(heard: Slice) -> tuple[float, ...]:
    waiting = heard.agenda.waiting
    rest = (float(getattr(heard.agenda, name)) for name in list(AGENDA_BORDERS)[2:])
    return (float(waiting is WaitingKind.OFFER), float(waiting is WaitingKind.REPLY), *rest)


def _clocks_row(heard: Slice) -> tuple[float, ...]:
    return tuple(float(getattr(heard.clocks, name)) for name in CLOCK_BORDERS)
