"""What the network should have said about a session: labels as tensors, for every head."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from duologue_model.config import FUTURE_EDGES_S, FUTURES, HAZARD_EDGES_S, LETTERS, VOICE_MS, VOICES
from duologue_model.slices import SLICE_MS
from duologue_model.training.example import IGNORED, SessionExample

SLICE_S = SLICE_MS / 1000
ACTIVE_SHARE = 0.5
"""A bin of the future counts as voice when at least this much of it is. Source: Ekstedt and Skantze, 2022."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Labels of `T` slices; IGNORED where no loss should look. Stacked, they have a batch in front."""

    action: Tensor
    """`[T]` int64"""
    user: Tensor
    """`[T]` int64"""
    hazard: Tensor
    """`[T]` int64: bin of `HAZARD_EDGES_S`"""
    futures: Tensor
    """`[T]` int64: index of the joint future"""
    voice: Tensor
    """`[T, 4, 2]` float32: voice of user and partner in each 20 ms"""
    letters: Tensor
    """`[N]` int64: what the user says in these slices, in symbols of the CTC"""

    def part(self, first: int, last: int, letters: Tensor) -> "Targets":
        """Slices `first` to before `last`, with the letters that fall there."""
        cut = slice(first, last)
        return Targets(self.action[cut], self.user[cut], self.hazard[cut], self.futures[cut], self.voice[cut], letters)


def targets_of(example: SessionExample) -> Targets:
    """Labels of a whole session."""
    voice = np.stack([example.user_voice, example.own_voice], axis=-1)
    return Targets(
        action=torch.from_numpy(example.action.astype(np.int64)),
        user=torch.from_numpy(example.user.astype(np.int64)),
        hazard=torch.from_numpy(hazard_bins(example.turn_end)),
        futures=torch.from_numpy(future_bins(example.user_voice, example.own_voice)),
        voice=torch.from_numpy(voice.astype(np.float32)),
        letters=letters_between(example.transcript, 0, len(example.action)),
    )


def hazard_bins(turn_end_s: NDArray[np.float32]) -> NDArray[np.int64]:
    """`[T]` seconds to the end of the turn to `[T]` bins: 0 ended, then within 0.2, 0.5, 1 s, or later."""
    open_ = ~np.isnan(turn_end_s)
    bins = np.full(len(turn_end_s), IGNORED, np.int64)
    bins[open_] = np.searchsorted(np.asarray(HAZARD_EDGES_S), turn_end_s[open_], side="left")
    return bins


def future_bins(user_voice: NDArray[np.bool_], own_voice: NDArray[np.bool_]) -> NDArray[np.int64]:
    """`[T, 4]` voice of both in each 20 ms to `[T]` joint futures; IGNORED where the future is not known."""
    slices = len(user_voice)
    edges = [round(1000 * edge_s / VOICE_MS) for edge_s in FUTURE_EDGES_S]
    futures = np.zeros(slices, np.int64)
    known = slices - edges[-1] // VOICES
    for speaker, voice in enumerate((user_voice, own_voice)):
        active = np.concatenate([[0], np.cumsum(voice.reshape(-1))])
        now = np.minimum((np.arange(slices) + 1) * VOICES, len(active) - 1)
        for index, (start, stop) in enumerate(itertools.pairwise(edges)):
            first, last = np.minimum(now + start, len(active) - 1), np.minimum(now + stop, len(active) - 1)
            share = (active[last] - active[first]) / (stop - start)
            futures |= (share >= ACTIVE_SHARE).astype(np.int64) << (speaker * (len(edges) - 1) + index)
    futures[max(0, known) :] = IGNORED
    assert futures.max(initial=0) < FUTURES, futures.max()
    return futures


def letters_between(transcript: Iterable[tuple[float, float, str]], first: int, last: int) -> Tensor:
    """Symbols of the user's words that begin and end in slices `first` to before `last`, words apart by a space."""
    start_s, end_s = first * SLICE_S, last * SLICE_S
    words = [text.lower() for from_s, to_s, text in transcript if from_s >= start_s and to_s <= end_s]
    return torch.tensor(
        [LETTERS.index(letter) + 1 for letter in " ".join(words) if letter in LETTERS], dtype=torch.int64
    )
