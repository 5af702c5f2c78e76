"""Decoding Moonshine's text from encoded audio: greedily, or by a beam search that favours known names."""

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from duologue_server.voice.moonshine_weights import Opened

Samples = NDArray[np.float32]
Logits = NDArray[np.float32]

BEGIN, END = 1, 2
NARROW, WIDE = 4, 6
"""Hypotheses of a beam: for names alone, and where there are phrases too."""
BONUS = 2.0
"""Added to a hypothesis for each token of a known name, and taken back if the name breaks off."""
_NOTHING_LOGPROB = -0.1
"""The base model is surer than this that there is nothing in room noise, and less sure when it misses a short word:
then the end of the text may not be its first token."""


class Decoding:
    """One utterance under decoding: its encoded audio, and what the decoder remembers of the text so far `[B, ...]`."""

    def __init__(self, model: Opened, audio: Samples, states: NDArray[np.float32]) -> None:
        self._decoder = model.decoder
        mask = np.ones((1, len(audio)), np.int64)
        inputs = {i.name: i for i in self._decoder.get_inputs()}
        self._fixed: dict[str, NDArray[np.float32] | NDArray[np.int64]] = {"encoder_hidden_states": states}
        if "encoder_attention_mask" in inputs:
            self._fixed["encoder_attention_mask"] = mask
        self._past: dict[str, NDArray[np.float32]] = {
            name: np.zeros((0, i.shape[1], 1, i.shape[3]), np.float32)
            for name, i in inputs.items()
            if name.startswith("past_key_values.")
        }
        self._first = True

    def step(self, tokens: NDArray[np.int64]) -> Logits:
        """Takes the newest token of each hypothesis `[B, 1]`; gives the log probabilities of the next `[B, V]`."""
        moving = [name for name in self._past if self._first or ".decoder." in name]
        outputs = [name.replace("past_key_values", "present") for name in moving]
        feeds = {"input_ids": tokens, "use_cache_branch": np.array([not self._first]), **self._fixed, **self._past}
        logits, *present = self._decoder.run(["logits", *outputs], feeds)
        self._past.update(zip(moving, present, strict=True))
        last: Logits = logits[:, -1]
        top = last.max(axis=-1, keepdims=True)
        normalised: Logits = last - top - np.log(np.exp(last - top).sum(axis=-1, keepdims=True))
        if self._first and float(normalised[0, END]) < _NOTHING_LOGPROB:
            normalised[:, END] = -np.inf
        self._first = False
        return normalised

    def keep(self, rows: list[int]) -> None:
        """Goes on with these hypotheses, by their row; a row may be kept several times."""
        if rows == list(range(len(next(iter(self._past.values()))))):
            return
        index = np.array(rows)
        same_audio = len(rows) == len(next(iter(self._past.values())))
        for name, value in self._past.items():
            if ".decoder." in name or not same_audio:
                self._past[name] = value[index]
        if not same_audio:
            self._fixed = {name: value[np.zeros(len(rows), int)] for name, value in self._fixed.items()}


@dataclass(slots=True)
class Node:
    """A place in the tree of known names: which tokens go on from here, and whether a name ends here."""

    children: dict[int, "Node"] = field(default_factory=dict)
    ends: bool = False

    def add(self, tokens: list[int]) -> None:
        """Adds a name below this node."""
        node = self
        for token in tokens:
            node = node.children.setdefault(token, Node())
        node.ends = True


def tree_of(names: Iterable[list[int]]) -> Node:
    """The tree of names by their tokens. One that is a single token is left out: the model knows it anyway."""
    tree = Node()
    for tokens in names:
        if len(tokens) > 1:
            tree.add(tokens)
    return tree


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A text under way; `owed` is the bonus of a name that has not ended yet and is taken back if it breaks off."""

    tokens: tuple[int, ...]
    logprob: float
    bonus: float
    owed: float
    node: Node

    @property
    def score(self) -> float:
        """What hypotheses of different lengths are compared by."""
        return (self.logprob + self.bonus) / math.pow(len(self.tokens) + 1, 0.6)

    def bonus_with(self, token: int, root: Node) -> float:
        """The bonus of this text with one more token."""
        if token in self.node.children:
            return self.bonus + BONUS
        return self.bonus - self.owed + (BONUS if token in root.children else 0.0)

    def followed_by(self, token: int, logprob: float, root: Node) -> "Hypothesis":
        """This text with one more token."""
        goes_on = self.node.children.get(token)
        below = goes_on or root.children.get(token)
        owed = 0.0 if below is None or below.ends else BONUS + (self.owed if goes_on is not None else 0.0)
        bonus = self.bonus_with(token, root)
        return Hypothesis((*self.tokens, token), self.logprob + logprob, bonus, owed, below or root)

    def favoured_by(self, root: Node) -> "Hypothesis":
        """The same text with the bonus of other names."""
        again = Hypothesis((), self.logprob, 0.0, 0.0, root)
        for token in self.tokens:
            again = again.followed_by(token, 0.0, root)
        return again


def beam(decoding: Decoding, limit: int, root: Node, width: int = NARROW) -> list[Hypothesis]:
    """The texts that a search with a bonus for known names ends with, the best first; at least one."""
    alive = [Hypothesis((), 0.0, 0.0, 0.0, root)]
    ended: list[Hypothesis] = []
    openings = np.fromiter(root.children, np.int64, len(root.children))
    for length in range(limit + 1):
        newest = np.array([[h.tokens[-1] if h.tokens else BEGIN] for h in alive])
        logprobs = decoding.step(newest)
        grown: list[tuple[float, int, int]] = []
        for row, hypothesis in enumerate(alive):
            likely = np.argpartition(logprobs[row], -2 * width)[-2 * width :]
            # Of hundreds of names, only those count whose bonus lifts them to the likely tokens.
            lifted = openings[logprobs[row, openings] + BONUS >= logprobs[row, likely].min()]
            for token in {*likely.tolist(), *lifted.tolist(), *hypothesis.node.children}:
                logprob = float(logprobs[row, token])
                if token == END:
                    ended.append(hypothesis.followed_by(token, logprob, root))
                else:
                    grown.append((hypothesis.logprob + logprob + hypothesis.bonus_with(token, root), row, token))
        best = heapq.nlargest(width, grown)
        next_ones = [alive[row].followed_by(token, float(logprobs[row, token]), root) for _, row, token in best]
        best_end = max((h.score for h in ended), default=-math.inf)
        if length == limit or all(h.score < best_end for h in next_ones):
            break
        alive = next_ones
        decoding.keep([row for _, row, _ in best])
    return sorted(ended or alive, key=lambda h: h.score, reverse=True)


def greedy(decoding: Decoding, limit: int) -> Hypothesis:
    """The likeliest token, one after the other, up to `limit`."""
    tokens: list[int] = []
    total = 0.0
    newest = BEGIN
    while newest != END and len(tokens) < limit:
        logprobs = decoding.step(np.array([[newest]]))[0]
        newest = int(logprobs.argmax())
        total += float(logprobs[newest])
        tokens.append(newest)
    return Hypothesis(tuple(tokens), total, 0.0, 0.0, Node())
