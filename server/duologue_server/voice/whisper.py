"""A Whisper model of the user's own, in CTranslate2's format, for the words of a complete utterance.

The engine is the optional package `ctranslate2`, imported when a folder is opened. Features and text are made here.
"""

import importlib
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from duologue_server.voice.moonshine import RATE_HZ, MoonshineListener, Samples, prepare, spoken_name
from duologue_server.voice.moonshine_weights import WeightsTrouble

MODEL, CONFIG = "model.bin", "config.json"
VOCABULARY = ("vocabulary.json", "vocabulary.txt")
EXTRA = "pip install 'duologue[whisper]'"
_WINDOW, _HOP = 400, 160
_FRAMES = 3000
"""Thirty seconds, whatever is said: with 5 s of silence after the speech instead, its end was repeated."""
_MOST_PROMPT_TOKENS = 160
_MOST_TOKENS_PER_S = 8
_BEAM = 4
_MIN_MEAN_LOGPROB = -1.0
"""Whisper's own limit: text that it believes less is made up."""
_MOST_NO_SPEECH = 0.6
"""Also Whisper's own: surer than that, nobody spoke."""
_SPECIAL = "<|"


def missing_whisper_files(folder: Path) -> list[str]:
    """What a folder of CTranslate2's Whisper must hold and this one does not."""
    missing = [name for name in (MODEL, CONFIG) if not (folder / name).is_file()]
    return missing if _vocabulary_path(folder) else [*missing, " or ".join(VOCABULARY)]


class WhisperListener:
    """The protocol `Listener`: Whisper for final words, Moonshine tiny for those that come while they are spoken."""

    def __init__(self, folder: Path) -> None:
        """Raises WeightsTrouble when a file or the engine is missing, or the files are no Whisper model."""
        if missing := missing_whisper_files(folder):
            raise WeightsTrouble(
                f"the Whisper model '{folder.name}' is incomplete",
                f"{folder} holds no {', no '.join(missing)}",
                "Copy the missing files of the same model there",
            )
        self._folder = folder
        self._engine = _engine(folder)
        self._model = self._opened()
        self._tokens = _tokens(folder)
        self._filters = mel_filters(self._model.n_mels)
        self._quick = MoonshineListener()
        self._prompt: list[str] = []
        self._begin = ["<|startoftranscript|>"]
        if self._model.is_multilingual:
            self._begin += ["<|en|>", "<|transcribe|>"]
        self._begin.append("<|notimestamps|>")

    @property
    def name(self) -> str:
        return f"whisper {self._folder}"

    def load(self) -> None:
        """Runs both once, so that the first words do not wait. Raises WeightsTrouble."""
        self._quick.load(final=False)
        self._text(np.zeros(RATE_HZ // 2, np.float32))

    def partial(self, audio: Samples) -> str:
        """The words so far, by the small model that is installed."""
        return self._quick.partial(audio)

    def final(self, audio: Samples) -> str:
        """The words of a complete utterance."""
        speech = prepare(audio)
        return "" if speech is None else self._text(speech)

    def texts(self, audio: Samples) -> tuple[str, ...]:
        """The same: it has no second thoughts."""
        return (self.final(audio),)

    def bias(self, words: tuple[str, ...], phrases: tuple[str, ...] = ()) -> None:
        """Tells the model these names as what was said before; the first count, as far as there is room."""
        prompt: list[str] = []
        for phrase in filter(None, map(spoken_name, words)):
            tokens = self._encoded(f" {phrase},")
            if len(prompt) + len(tokens) > _MOST_PROMPT_TOKENS:
                break
            prompt += tokens
        self._prompt = ["<|startofprev|>", *prompt] if prompt else []

    def _text(self, speech: Samples) -> str:
        most = _FRAMES * _HOP
        pieces = [speech[at : at + most] for at in range(0, len(speech), most)]
        return " ".join(text for piece in pieces if (text := self._piece(piece)))

    def _piece(self, speech: Samples) -> str:
        """The words of `[N]`, at most thirty seconds."""
        features = log_mel(speech, self._filters)
        features = np.pad(features, ((0, 0), (0, _FRAMES - features.shape[1])), constant_values=float(features.min()))
        (result,) = self._model.generate(
            self._engine.StorageView.from_array(np.ascontiguousarray(features[None], np.float32)),
            [[*self._prompt, *self._begin]],
            beam_size=_BEAM,
            max_length=len(self._prompt) + 8 + math.ceil(_MOST_TOKENS_PER_S * len(speech) / RATE_HZ),
            return_scores=True,
            return_no_speech_prob=True,
        )
        made_up = result.scores[0] < _MIN_MEAN_LOGPROB
        if made_up or (result.no_speech_prob > _MOST_NO_SPEECH and result.scores[0] < _MIN_MEAN_LOGPROB / 2):
            return ""
        return decoded(result.sequences[0])

    def _encoded(self, text: str) -> list[str]:
        """The longest tokens from left to right: not always those that the model would choose, but the same text."""
        letters = "".join(_LETTERS[byte] for byte in text.encode())
        tokens: list[str] = []
        while letters:
            end = next((n for n in range(len(letters), 1, -1) if letters[:n] in self._tokens), 1)
            tokens.append(letters[:end])
            letters = letters[end:]
        return tokens

    def _opened(self) -> Any:
        remedy = "Copy the files again, or convert the model again with ct2-transformers-converter"
        threads = max(1, (os.cpu_count() or 1) // 2)  # the other half is for sound, decisions and the editor
        try:
            model = self._engine.models.Whisper(
                str(self._folder), device="cpu", compute_type="int8", inter_threads=1, intra_threads=threads
            )
        except (RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0][:200]
            raise WeightsTrouble("the Whisper model cannot be read", f"{self._folder}: {reason}", remedy) from error
        return model


def _engine(folder: Path) -> Any:
    try:
        return importlib.import_module("ctranslate2")
    except ImportError as error:
        where = f"{folder} holds a Whisper model, which needs the package ctranslate2 ({error})"
        raise WeightsTrouble("the engine for the model is missing", where, f"Install it: {EXTRA}") from error


def _vocabulary_path(folder: Path) -> Path | None:
    return next((folder / name for name in VOCABULARY if (folder / name).is_file()), None)


def _tokens(folder: Path) -> frozenset[str]:
    path = _vocabulary_path(folder)
    assert path is not None
    try:
        text = path.read_text("utf-8")
        return frozenset(json.loads(text) if path.suffix == ".json" else text.split("\n"))
    except ValueError as error:
        raise WeightsTrouble("the Whisper vocabulary cannot be read", f"{path}: {error}", "Copy it again") from error


def log_mel(speech: Samples, filters: NDArray[np.float32]) -> NDArray[np.float32]:
    """Whisper's features `[M, N/160]` of `[N]` at 16 kHz: log power in M mel bands, 8 decades deep, about −1 to 1."""
    padded = np.pad(speech, _WINDOW // 2, mode="reflect" if len(speech) > _WINDOW else "constant")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][: len(speech) // _HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    power = np.abs(np.fft.rfft(frames * window)) ** 2  # [T, 201]
    log = np.log10(np.maximum(filters @ power.T, 1e-10))
    return np.asarray((np.maximum(log, log.max() - 8.0) + 4.0) / 4.0, np.float32)


def mel_filters(bands: int) -> NDArray[np.float32]:
    """Triangles `[M, 201]` on Slaney's mel scale, linear to 1 kHz and logarithmic above, each of the same area."""
    top = 15 + 27 * math.log(RATE_HZ / 2 / 1000) / math.log(6.4)
    mels = np.linspace(0, top, bands + 2)
    hertz = np.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))
    bins = np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)
    rising = (bins - hertz[:-2, None]) / np.diff(hertz)[:-1, None]
    falling = (hertz[2:, None] - bins) / np.diff(hertz)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(triangles * (2 / (hertz[2:] - hertz[:-2]))[:, None], np.float32)


def _byte_letters() -> dict[int, str]:
    """How byte-level tokens write each byte: printable ones as they are, the others as letters from 256 on."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {**{byte: chr(byte) for byte in plain}, **{byte: chr(256 + at) for at, byte in enumerate(others)}}


_LETTERS = _byte_letters()
_BYTES = {letter: byte for byte, letter in _LETTERS.items()}


def decoded(tokens: list[str]) -> str:
    """The text of tokens, without special ones."""
    letters = "".join(token for token in tokens if not token.startswith(_SPECIAL))
    return bytes(_BYTES[letter] for letter in letters).decode(errors="replace").strip()
