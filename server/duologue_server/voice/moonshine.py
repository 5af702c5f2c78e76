"""The recogniser: Moonshine tiny for words as they come, Moonshine base for a complete utterance; decoding is ours."""

import itertools
import math
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import earshot
import numpy as np
from numpy.typing import NDArray

from duologue_server.voice.moonshine_folder import open_folder
from duologue_server.voice.moonshine_weights import BASE_EN, TINY_EN, WORD_START, Opened, Pack, open_pack
from duologue_server.voice.readings import favoured
from duologue_server.voice.short_words import load as load_short_words

Samples = NDArray[np.float32]
Logits = NDArray[np.float32]

RATE_HZ = 16_000
TOKENS_PER_S = 6.5
"""Nobody says more in a second; a decoder that gives more has begun to loop."""
SPARE_TOKENS = 4
"""Short words are spelt with several tokens, and the end of the text is one too."""
MAX_AUDIO_S = 60
SILENCE_BEFORE_MS, SILENCE_AFTER_MS = 100, 300
"""Digital silence around the speech. Without it, single words come back several times ("right, right, right")."""
_BEGIN, _END = 1, 2
_FRAME = 256
_SPEECH = 0.5
_MIN_SPEECH_FRAMES = 7
"""The shortest word lasts longer than 112 ms; of 169 recorded keys none does to the detector."""
_MARGIN_MS = 150
"""What is left around the speech when silence is cut away: consonants are quieter than the detector's threshold."""
_PEAK = 0.7
_MOST_GAIN = 30.0
"""Room noise is not raised to speech: beyond this gain there was nothing to hear."""
_MIN_MEAN_LOGPROB = -1.2
"""Text that the decoder itself believes less than this per token is made up."""
_NOTHING_LOGPROB = -0.1
"""The base model is surer than this that there is nothing in room noise, and less sure when it misses a short word:
then the end of the text may not be its first token."""
_MADE_UP = "You"
"""What the tiny model, which never says "nothing", makes of a knock or of room noise, and both make of music."""
_MUSIC = "♪"
BEAM = 4
BONUS = 2.0
"""Added to a hypothesis for each token of a known name, and taken back if the name breaks off."""
MOST_NAMES = 400


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What opening one model took."""

    model: str
    took_s: float
    folded: bool


class MoonshineListener:
    """The protocol `Listener` on Moonshine's weights, with onnxruntime on one thread.

    A model is opened when it is first needed, or by `load`. Raises WeightsTrouble when its weights are not there.
    """

    def __init__(self, own: Path | None = None) -> None:
        """`own`: a folder with a model of the user's, which then takes the place of Moonshine base in `final`."""
        self._own = own
        self._opened: dict[str, Opened] = {}
        self._names: tuple[str, ...] = ()
        self._tree: Node | None = None
        self._short_words = load_short_words() if own is None else None

    @property
    def name(self) -> str:
        final = f"{BASE_EN.requirement} {BASE_EN.name}" if self._own is None else str(self._own)
        return f"{TINY_EN.requirement} {TINY_EN.name} + {final}"

    @property
    def folded(self) -> bool:
        """Whether the opened model for final words is optimised; without, it is slower."""
        return BASE_EN.name not in self._opened or self._opened[BASE_EN.name].folded

    def load(self, final: bool = True) -> tuple[LoadReport, ...]:
        """Opens both models, or only the one for `partial`, and runs each once, so that the first words do not wait.

        Raises WeightsTrouble.
        """
        reports: list[LoadReport] = []
        for pack in (TINY_EN, BASE_EN) if final else (TINY_EN,):
            began = time.perf_counter()
            model = self._model(pack)
            nothing = np.zeros(RATE_HZ // 2, np.float32)
            _Decoding(model, nothing, encoded(model, nothing)).step(np.array([[_BEGIN]]))
            reports.append(LoadReport(model.name, time.perf_counter() - began, model.folded))
        return tuple(reports)

    def partial(self, audio: Samples) -> str:
        """The words so far, by the tiny model, greedily."""
        return self._text(TINY_EN, audio, None)

    def final(self, audio: Samples) -> str:
        """The words of a complete utterance, by the base model; a beam search favours the names given to `bias`."""
        return self._text(BASE_EN, audio, self._tree)

    def bias(self, words: tuple[str, ...]) -> None:
        """Favours these names, as they are spoken, in `final`. The first 400 count.

        A name that is one token is a word that the model knows anyway: favoured, `end` would be heard for "red". So are
        the product's own commands: favoured, "What does this do?" came to nothing and "Where am I?" lost its mark.
        """
        if words == self._names:
            return
        phrases = {phrase for word in words[:MOST_NAMES] for phrase in (spoken_name(word), *favoured(word)) if phrase}
        tree: Node | None = None
        if phrases:
            ids = token_ids(self._model(BASE_EN).tokens)
            tree = Node()
            for phrase in phrases:
                tokens = encode(phrase, ids)
                if len(tokens) > 1:
                    tree.add(tokens)
        self._names, self._tree = words, tree

    def _model(self, pack: Pack) -> Opened:
        if pack.name not in self._opened:
            own = self._own if pack is BASE_EN else None
            self._opened[pack.name] = open_pack(pack) if own is None else open_folder(own)
        return self._opened[pack.name]

    def _text(self, pack: Pack, audio: Samples, tree: "Node | None") -> str:
        speech = prepare(audio)
        if speech is None:
            return ""
        model = self._model(pack)
        states = encoded(model, speech)
        if pack is BASE_EN and self._short_words is not None:
            word = self._short_words.word(states[0], len(speech) / RATE_HZ)
            if word:
                return f"{word.capitalize()}."
        limit = math.ceil(TOKENS_PER_S * len(speech) / RATE_HZ) + SPARE_TOKENS
        tokens: list[int] = []
        if tree is not None:
            tokens = _believed(*beam(_Decoding(model, speech, states), limit, tree))
        # What the names led astray may still be plain words.
        tokens = tokens or _believed(*greedy(_Decoding(model, speech, states), limit))
        text = to_text(tokens, model.tokens)
        return "" if text.strip(".,?! ") == _MADE_UP or _MUSIC in text else text


def _believed(tokens: list[int], logprob: float) -> list[int]:
    """The tokens, or none if the decoder itself hardly believes them."""
    return tokens if tokens and logprob / (len(tokens) + 1) >= _MIN_MEAN_LOGPROB else []


def prepare(audio: Samples) -> Samples | None:
    """Audio `[N]` at 16 kHz cut to its speech and raised to full level; None when there is no speech in it.

    Moonshine gives nothing at all after a long silence or at a low level, and makes words up where there are none.
    """
    audio = audio[-MAX_AUDIO_S * RATE_HZ :]
    peak = float(np.abs(audio).max(initial=0.0))
    if peak * _MOST_GAIN < _PEAK:
        return None
    raised = np.clip(audio * (_PEAK / peak), -1.0, 1.0).astype(np.float32)
    detector = earshot.Detector()
    first: int | None = None
    last = longest = run = 0
    for at in range(0, len(raised) - _FRAME + 1, _FRAME):
        run = run + 1 if detector.predict_f32(raised[at : at + _FRAME]) >= _SPEECH else 0
        longest = max(longest, run)
        if run:
            first = at if first is None else first
            last = at + _FRAME
    if first is None or longest < _MIN_SPEECH_FRAMES:
        return None
    margin = _MARGIN_MS * RATE_HZ // 1000
    speech = raised[max(0, first - margin) : last + margin]
    return np.pad(speech, (SILENCE_BEFORE_MS * RATE_HZ // 1000, SILENCE_AFTER_MS * RATE_HZ // 1000))


def encoded(model: Opened, audio: Samples) -> NDArray[np.float32]:
    """`[1, T, D]`: what the encoder makes of prepared audio `[N]`."""
    feeds: dict[str, object] = {"input_values": audio[None]}
    if any(i.name == "attention_mask" for i in model.encoder.get_inputs()):
        feeds["attention_mask"] = np.ones((1, len(audio)), np.int64)
    states: NDArray[np.float32] = model.encoder.run(None, feeds)[0]
    return states


class _Decoding:
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
        if self._first and float(normalised[0, _END]) < _NOTHING_LOGPROB:
            normalised[:, _END] = -np.inf
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


def greedy(decoding: _Decoding, limit: int) -> tuple[list[int], float]:
    """The likeliest token, one after the other, up to `limit`: the tokens and their log probability."""
    tokens: list[int] = []
    total = 0.0
    newest = _BEGIN
    while len(tokens) < limit:
        logprobs = decoding.step(np.array([[newest]]))[0]
        newest = int(logprobs.argmax())
        total += float(logprobs[newest])
        if newest == _END:
            break
        tokens.append(newest)
    return tokens, total


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


@dataclass(frozen=True, slots=True)
class _Hypothesis:
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

    def followed_by(self, token: int, logprob: float, root: Node) -> "_Hypothesis":
        """This text with one more token."""
        below = self.node.children.get(token)
        bonus, owed = self.bonus, self.owed
        if below is None:
            bonus, owed = bonus - owed, 0.0
            below = root.children.get(token)
        if below is None:
            return _Hypothesis((*self.tokens, token), self.logprob + logprob, bonus, 0.0, root)
        owed = 0.0 if below.ends else owed + BONUS
        return _Hypothesis((*self.tokens, token), self.logprob + logprob, bonus + BONUS, owed, below)


def beam(decoding: _Decoding, limit: int, root: Node) -> tuple[list[int], float]:
    """The best of `BEAM` hypotheses, with a bonus for known names: its tokens and its log probability without bonus."""
    alive = [_Hypothesis((), 0.0, 0.0, 0.0, root)]
    ended: list[_Hypothesis] = []
    for length in range(limit + 1):
        newest = np.array([[h.tokens[-1] if h.tokens else _BEGIN] for h in alive])
        logprobs = decoding.step(newest)
        grown: list[tuple[_Hypothesis, int]] = []
        for row, hypothesis in enumerate(alive):
            favoured = [*hypothesis.node.children, *root.children]
            likely = np.argpartition(logprobs[row], -2 * BEAM)[-2 * BEAM :].tolist()
            for token in {*likely, *favoured}:
                next_one = hypothesis.followed_by(token, float(logprobs[row, token]), root)
                if token == _END:
                    ended.append(next_one)
                else:
                    grown.append((next_one, row))
        grown.sort(key=lambda pair: pair[0].logprob + pair[0].bonus, reverse=True)
        grown = grown[:BEAM]
        best_end = max((h.score for h in ended), default=-math.inf)
        if length == limit or all(h.score < best_end for h, _ in grown):
            break
        alive = [h for h, _ in grown]
        decoding.keep([row for _, row in grown])
    best = max(ended or alive, key=lambda h: h.score)
    return [token for token in best.tokens if token != _END], best.logprob


def spoken_name(identifier: str) -> str:
    """An identifier as it is said and written in a sentence: `parseHTTPConfig_v2` is `parse HTTP config v2`."""
    parts = re.findall(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+\d*|[A-Z]|\d+", identifier)
    words = [part if part.isupper() and len(part) > 1 else part.lower() for part in parts]
    phrase = " ".join(words)
    return phrase if len(phrase) > 2 else ""


def token_ids(tokens: tuple[bytes, ...]) -> dict[str, int]:
    """The tokens that are text, without the single bytes at the front and the special ones at the end."""
    return {
        text: number
        for number, token in enumerate(tokens)
        if number >= 259 and not (text := token.decode(errors="replace")).startswith("<<")
    }


def encode(text: str, ids: dict[str, int]) -> list[int]:
    """The tokens of a text: pairs are merged in the order of their ids, which is the order they were learnt in."""
    parts = list(WORD_START + text.replace(" ", WORD_START))
    while True:
        merges = [(ids[a + b], at) for at, (a, b) in enumerate(itertools.pairwise(parts)) if a + b in ids]
        if not merges:
            break
        _, at = min(merges)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return [ids[part] for part in parts if part in ids]


def to_text(chosen: list[int], tokens: tuple[bytes, ...]) -> str:
    """The text of tokens, without special ones."""
    pieces = [tokens[token] for token in chosen if token > _END and not tokens[token].startswith(b"<<")]
    return b"".join(pieces).decode(errors="replace").replace(WORD_START, " ").strip()
