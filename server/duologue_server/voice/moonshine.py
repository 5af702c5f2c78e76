"""The recogniser: Moonshine tiny for words as they come, Moonshine base for a complete utterance; decoding is ours."""

import itertools
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import earshot
import numpy as np
from numpy.typing import NDArray

from duologue_server.voice.decoding import BEGIN, END, WIDE, Decoding, Hypothesis, Node, beam, greedy, tree_of
from duologue_server.voice.listener import bare
from duologue_server.voice.moonshine_folder import open_folder
from duologue_server.voice.moonshine_weights import BASE_EN, TINY_EN, WORD_START, Opened, Pack, open_pack
from duologue_server.voice.readings import favoured
from duologue_server.voice.short_words import load as load_short_words

Samples = NDArray[np.float32]

RATE_HZ = 16_000
TOKENS_PER_S = 6.5
"""Nobody says more in a second; a decoder that gives more has begun to loop."""
SPARE_TOKENS = 4
"""Short words are spelt with several tokens, and the end of the text is one too."""
MAX_AUDIO_S = 60
SILENCE_BEFORE_MS, SILENCE_AFTER_MS = 100, 300
"""Digital silence around the speech. Without it, single words come back several times ("right, right, right")."""
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
_MADE_UP = "You"
"""What the tiny model, which never says "nothing", makes of a knock or of room noise, and both make of music."""
_MUSIC = "♪"
MOST_NAMES = 400
LONGEST_PHRASE_S = 8
"""Whoever speaks for longer says more than a phrase, and second thoughts would take their time."""
MOST_BEHIND = 5.0
"""Of the log probability of the first text: a text that is less likely is none that may have been said."""


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
        self._phrases: tuple[str, ...] = ()
        self._phrase_tokens: list[list[int]] = []
        self._ids: dict[str, int] = {}
        self._tree: Node | None = None
        self._wide_tree: Node | None = None
        """Of the phrases, too; None without any."""
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
            Decoding(model, nothing, encoded(model, nothing)).step(np.array([[BEGIN]]))
            reports.append(LoadReport(model.name, time.perf_counter() - began, model.folded))
        return tuple(reports)

    def partial(self, audio: Samples) -> str:
        """The words so far, by the tiny model, greedily."""
        return self._texts(TINY_EN, audio)[0]

    def final(self, audio: Samples) -> str:
        """The words of a complete utterance, by the base model; a beam search favours the names given to `bias`."""
        return self._texts(BASE_EN, audio, self._tree)[0]

    def texts(self, audio: Samples) -> tuple[str, ...]:
        """What a complete utterance may be, found with the names and phrases given to `bias`, the likeliest first.

        The first text is chosen by its names alone: favoured phrases would make commands of what is none. Favoured in
        `final`, "What does this do?" came to nothing.
        """
        return self._texts(BASE_EN, audio, self._tree, self._wide_tree)

    def bias(self, words: tuple[str, ...], phrases: tuple[str, ...] = ()) -> None:
        """Favours these names, as they are spoken, in `final` and `texts`, and phrases in what else `texts` gives. The
        first 400 names count.

        A name that is one token is a word that the model knows anyway: favoured, `end` would be heard for "red".
        """
        if (words, phrases) == (self._names, self._phrases):
            return
        self._ids = self._ids or token_ids(self._model(BASE_EN).tokens)
        if phrases != self._phrases:  # thousands, which stay the same while names come and go
            sentences = {phrase[0].upper() + phrase[1:] for phrase in phrases}
            self._phrase_tokens = [encode(phrase, self._ids) for phrase in {*phrases, *sentences}]
        names = {phrase for word in words[:MOST_NAMES] for phrase in (spoken_name(word), *favoured(word)) if phrase}
        name_tokens = [encode(name, self._ids) for name in names]
        self._tree = tree_of(name_tokens) if names else None
        self._wide_tree = tree_of([*name_tokens, *self._phrase_tokens]) if phrases else None
        self._names, self._phrases = words, phrases

    def _model(self, pack: Pack) -> Opened:
        if pack.name not in self._opened:
            own = self._own if pack is BASE_EN else None
            self._opened[pack.name] = open_pack(pack) if own is None else open_folder(own)
        return self._opened[pack.name]

    def _texts(
        self, pack: Pack, audio: Samples, tree: Node | None = None, wide_tree: Node | None = None
    ) -> tuple[str, ...]:
        """One text at least, which may be empty."""
        speech = prepare(audio)
        if speech is None:
            return ("",)
        model = self._model(pack)
        states = encoded(model, speech)
        if pack is BASE_EN and self._short_words is not None:
            word = self._short_words.word(states[0], len(speech) / RATE_HZ)
            if word:
                return (f"{word.capitalize()}.",)
        limit = math.ceil(TOKENS_PER_S * len(speech) / RATE_HZ) + SPARE_TOKENS
        found: list[list[int]] = []
        if wide_tree is not None and len(speech) <= LONGEST_PHRASE_S * RATE_HZ:
            ranked = beam(Decoding(model, speech, states), limit, wide_tree, WIDE)
            names = tree if tree is not None else Node()
            first = max(ranked, key=lambda one: one.favoured_by(names).score)
            found = [_believed(one) for one in (first, *ranked) if one.logprob >= first.logprob - MOST_BEHIND]
        elif tree is not None:
            found = [_believed(beam(Decoding(model, speech, states), limit, tree)[0])]
        if not found or not found[0]:  # what the names led astray may still be plain words
            found = [_believed(greedy(Decoding(model, speech, states), limit)), *found[1:]]
        first_text, *others = [self._text(tokens, model) for tokens in found]
        return unlike((first_text, *filter(None, others))) if first_text else ("",)

    def _text(self, tokens: list[int], model: Opened) -> str:
        text = to_text(tokens, model.tokens)
        return "" if text.strip(".,?! ") == _MADE_UP or _MUSIC in text else text


def _believed(one: Hypothesis) -> list[int]:
    """The tokens, or none if the decoder itself hardly believes them."""
    tokens = [token for token in one.tokens if token != END]
    return tokens if tokens and one.logprob / (len(tokens) + 1) >= _MIN_MEAN_LOGPROB else []


def unlike(texts: Sequence[str]) -> tuple[str, ...]:
    """The texts without those that differ from an earlier one in signs and capitals only."""
    found: dict[tuple[str, ...], str] = {}
    for text in texts:
        found.setdefault(tuple(bare(text).split()), text)
    return tuple(found.values())


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
    pieces = [tokens[token] for token in chosen if token > END and not tokens[token].startswith(b"<<")]
    return b"".join(pieces).decode(errors="replace").replace(WORD_START, " ").strip()
