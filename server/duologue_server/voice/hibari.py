"""The default voice: hibari "heart" on onnxruntime, one thread, with word times from the network's own durations.

Source: the package `hibari-tts` 0.2.1 (Apache-2.0), of which only the phonemiser and the signal processing are called:
its `Hibari` class and its `voices` module can download, so neither is ever used.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from duologue_server.voice.speaker import Samples, SpeakerUnavailable, SpokenClause, SpokenWord
from duologue_server.voice.spoken import spoken_words

RATE_HZ = 24_000
FRAME_SAMPLES = 300
"""One frame of the network's output, 12.5 ms."""
SILENCE_RMS = 0.002
"""A frame below this is silence; the voice's level is fixed, its vowels lie near 0.1."""

_SHA256 = {
    "hibari.onnx": "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8",
    "oov.onnx": "d3cfd8122c5f172a98c8de38268bf1213ee09f2c2ae4df6e055fc6532590fe76",
}
_REMEDY = "Run `pip install --force-reinstall hibari-tts==0.2.1`, or choose another voice in the settings"
_DURATIONS = "/Clip_output_0"
"""Tensor `[L]` inside the graph: how long each phoneme sounds, in units of two frames."""
_FRAMES_PER_DURATION = 2
_LEAD_FRAMES = 4
"""How much earlier than its slot in the plan a phoneme sounds: the lag of best correlation between planned and sounding
sibilants and vowels, at speeds 0.7 to 1.3 alike."""
_SEED = 117
_MOST_PHONEMES = 380
"""The network was trained on at most 400 at once."""
_GAP_FRAMES = 6
"""Silence of this length between words is a pause, not the closure of a consonant."""
_LEAD_MS = 20
_PAUSE_MS = {",": 120, ";": 150, ":": 150, "—": 150, ".": 200, "!": 200, "?": 200, "…": 200}
_PAUSE_WITHIN_SENTENCE_MS = 60
_PAUSE_MARKS = frozenset(';:,.!?—…"“”() ')


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What takes time to load."""

    network: Any
    phonemiser: Any
    normalise: Any
    synthesise: Any
    vocabulary: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Phoneme:
    """A symbol for the network and the written word that it belongs to."""

    symbol: str
    word: int


class HibariSpeaker:
    """The voice "heart", American English, 24 kHz. Deterministic. Loads with the first clause, or with `load`.

    `speed` is 0.5 to 2. Raises SpeakerUnavailable when the package is missing or its weights are not the known ones.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if not 0.5 <= speed <= 2.0:
            raise ValueError(f"speed must be between 0.5 and 2, not {speed!r}")
        self.speed = speed
        self._assets = _find_assets()
        self._loaded: _Loaded | None = None

    @property
    def name(self) -> str:
        return f"hibari {importlib.metadata.version('hibari-tts')} heart"

    @property
    def rate_hz(self) -> int:
        return RATE_HZ

    def load(self) -> None:
        """Loads everything that the first clause would otherwise wait for; idempotent."""
        if self._loaded is None:
            self._loaded = _load(self._assets)
            self.speak("Duologue is warm.")

    def speak(self, clause: str) -> SpokenClause:
        """One clause, a little silence before it and a pause after it that fits its last sign."""
        if self._loaded is None:
            self._loaded = _load(self._assets)
        written = clause.split()
        spans: list[tuple[int, int]] = [(0, 0)] * len(written)
        parts: list[Samples] = []
        offset = 0
        for part in _portions(self._phonemes(written)):
            samples, part_spans = self._synthesise(part, _pause_after(written[part[-1].word]))
            for word, (start, end) in part_spans.items():
                first = spans[word][0] if spans[word][1] else start + offset
                spans[word] = (first, end + offset)
            parts.append(samples)
            offset += len(samples)
        audio = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        return SpokenClause(" ".join(written), audio, _words(written, spans))

    def _phonemes(self, written: list[str]) -> list[_Phoneme]:
        """Phonemes of the clause, each with its word. The phonemiser sees the whole clause, for stress and context.

        Its tokens never cross a space, and how many spoken words each written word became is known, so the owner of a
        phoneme is exact and not an alignment.
        """
        assert self._loaded is not None
        spoken = [self._loaded.normalise(said).split() for said in spoken_words(written)]
        owners = [index for index, words in enumerate(spoken) for _ in words]
        text = " ".join(word for words in spoken for word in words)
        phonemes: list[_Phoneme] = []
        chunk = 0
        for token in self._loaded.phonemiser.phonemize_tokens(self._loaded.phonemiser.tokenize(text)):
            symbols = [symbol for symbol in token.phonemes or "" if symbol in self._loaded.vocabulary]
            phonemes.extend(_Phoneme(symbol, owners[chunk]) for symbol in symbols)
            if token.whitespace:
                if phonemes and phonemes[-1].symbol != " ":
                    phonemes.append(_Phoneme(" ", owners[chunk]))
                chunk += 1
        assert not owners or chunk == len(owners) - 1, f"{chunk + 1} chunks of phonemes for {len(owners)} spoken words"
        return phonemes

    def _synthesise(self, phonemes: list[_Phoneme], pause_ms: int) -> tuple[Samples, dict[int, tuple[int, int]]]:
        """Audio of one run of the network, trimmed, and the samples of each word in it."""
        assert self._loaded is not None
        ids = [0, *(self._loaded.vocabulary[phoneme.symbol] for phoneme in phonemes), 0]
        feed = {"ids": np.array([ids], np.int64), "speed": np.array([self.speed], np.float32)}
        *spectra, durations = self._loaded.network.run(None, feed)
        audio = self._loaded.synthesise(*(part[0] for part in spectra), np.random.default_rng(_SEED))
        ends = np.cumsum(durations.astype(np.int64)) * _FRAMES_PER_DURATION
        frames = len(audio) // FRAME_SAMPLES
        assert ends[-1] == frames, f"durations of {ends[-1]} frames for {frames} frames of audio"
        rms = np.sqrt((audio.reshape(frames, FRAME_SAMPLES) ** 2).mean(axis=1))
        spans = _settle(_planned_spans(phonemes, ends - _LEAD_FRAMES), rms > SILENCE_RMS)
        return _trim(audio, rms > SILENCE_RMS, spans, round(pause_ms / self.speed))


def _find_assets() -> Path:
    """Where the package keeps its weights, without importing it."""
    package = importlib.util.find_spec("hibari")
    if package is None or package.origin is None:
        raise SpeakerUnavailable("hibari", "The voice package hibari-tts is not installed", _REMEDY)
    assets = Path(package.origin).parent / "assets"
    missing = [name for name in _SHA256 if not (assets / name).is_file()]
    if missing:
        raise SpeakerUnavailable("hibari", f"The voice package hibari-tts lacks {', '.join(missing)}", _REMEDY)
    return assets


def _load(assets: Path) -> _Loaded:
    import onnxruntime  # half a second: only who speaks pays for it
    from hibari import dsp
    from hibari.g2p import G2P
    from hibari.g2p.normalize import normalize

    weights = {name: (assets / name).read_bytes() for name in _SHA256}
    for name, content in weights.items():
        found = hashlib.sha256(content).hexdigest()
        if found != _SHA256[name]:
            what = f"The voice's file {name} is not the known one (SHA-256 {found[:12]}…, not {_SHA256[name][:12]}…)"
            raise SpeakerUnavailable("hibari", what, _REMEDY)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    network = onnxruntime.InferenceSession(
        _with_output(weights["hibari.onnx"], _DURATIONS), options, providers=["CPUExecutionProvider"]
    )
    vocabulary = json.loads((assets / "vocab.json").read_text("utf-8"))
    return _Loaded(network, G2P(), normalize, dsp.synth, vocabulary)


def _with_output(model: bytes, tensor: str) -> bytes:
    """An ONNX model with one of its inner tensors as a further output.

    Protocol buffers merge when they are concatenated, so a model of nothing but a graph (field 7) of nothing but an
    output (field 12) with a name (field 1), appended, adds that output. Lengths below 128 are one byte.
    """
    name = tensor.encode()
    assert len(name) < 120, f"{tensor!r} needs a longer length"
    value = b"\x0a" + bytes([len(name)]) + name
    graph = b"\x62" + bytes([len(value)]) + value
    return model + b"\x3a" + bytes([len(graph)]) + graph


def _portions(phonemes: list[_Phoneme]) -> list[list[_Phoneme]]:
    """Runs that the network can take, cut between words, each without spaces at its ends and with something to say."""
    portions: list[list[_Phoneme]] = []
    start = 0
    while start < len(phonemes):
        end = len(phonemes)
        if end - start > _MOST_PHONEMES:
            spaces = [i for i in range(start + 1, start + _MOST_PHONEMES) if phonemes[i].symbol == " "]
            end = spaces[-1] if spaces else start + _MOST_PHONEMES
        portion = phonemes[start:end]
        while portion and portion[0].symbol == " ":
            portion = portion[1:]
        while portion and portion[-1].symbol == " ":
            portion = portion[:-1]
        if any(phoneme.symbol not in _PAUSE_MARKS for phoneme in portion):
            portions.append(portion)
        start = end
    return portions


def _pause_after(word: str) -> int:
    """Length in ms of the pause after a clause that ends with this word, at normal speed."""
    last = word.rstrip(")]}\"'`”’»")[-1:]
    return _PAUSE_MS.get(last, _PAUSE_WITHIN_SENTENCE_MS)


def _planned_spans(phonemes: list[_Phoneme], ends: NDArray[np.int64]) -> dict[int, tuple[int, int]]:
    """First and last frame of each word by the network's plan; the space between words is shared between them.

    `ends` `[L + 2]` is where each symbol ends, with the pads before and after.
    """
    frames: dict[int, tuple[int, int]] = {}
    for position, phoneme in enumerate(phonemes):
        if phoneme.symbol in _PAUSE_MARKS:
            continue
        start, end = max(0, int(ends[position])), max(0, int(ends[position + 1]))
        frames[phoneme.word] = (frames[phoneme.word][0] if phoneme.word in frames else start, end)
    spans = dict(frames)
    for left, right in pairwise(frames):
        middle = (frames[left][1] + frames[right][0]) // 2
        spans[left] = (spans[left][0], middle)
        spans[right] = (middle, spans[right][1])
    return spans


def _settle(spans: dict[int, tuple[int, int]], sounding: NDArray[np.bool_]) -> dict[int, tuple[int, int]]:
    """Moves the edges of words to the pauses that are really there. `sounding` `[F]` says which frames are audible."""
    settled = dict(spans)
    voiced = np.flatnonzero(sounding)
    if len(voiced) == 0:
        return settled
    order = list(spans)
    settled[order[0]] = (int(voiced[0]), spans[order[0]][1])
    for left, right in pairwise(order):
        edge = spans[right][0]
        gap = _silence_near(sounding, edge, settled[left][0] + 1, spans[right][1] - 1)
        if gap is not None:
            settled[left] = (settled[left][0], gap[0])
            settled[right] = (gap[1], spans[right][1])
    last = order[-1]
    settled[last] = (settled[last][0], max(settled[last][0] + 1, int(voiced[-1]) + 1))
    return settled


def _silence_near(sounding: NDArray[np.bool_], edge: int, lowest: int, highest: int) -> tuple[int, int] | None:
    """The longest run of silent frames that comes within a few frames of `edge` and stays inside the two words."""
    best: tuple[int, int] | None = None
    frame = lowest
    while frame < highest:
        if sounding[frame]:
            frame += 1
            continue
        start = frame
        while frame < highest and not sounding[frame]:
            frame += 1
        near = start - _GAP_FRAMES <= edge <= frame + _GAP_FRAMES
        if near and frame - start >= _GAP_FRAMES and (best is None or frame - start > best[1] - best[0]):
            best = (start, frame)
    return best


def _trim(
    audio: Samples, sounding: NDArray[np.bool_], spans: dict[int, tuple[int, int]], pause_ms: int
) -> tuple[Samples, dict[int, tuple[int, int]]]:
    """Cuts the silence at both ends to a short lead and the wanted pause; spans become samples of the result."""
    voiced = np.flatnonzero(sounding)
    first = int(voiced[0]) * FRAME_SAMPLES if len(voiced) else 0
    last = (int(voiced[-1]) + 1) * FRAME_SAMPLES if len(voiced) else 0
    begin = max(0, first - _LEAD_MS * RATE_HZ // 1000)
    wanted = last + pause_ms * RATE_HZ // 1000 - begin
    kept = audio[begin : begin + wanted]
    trimmed = np.zeros(wanted, np.float32)
    trimmed[: len(kept)] = kept
    limit = last - begin
    in_samples = {
        word: (
            min(max(0, start * FRAME_SAMPLES - begin), limit),
            min(max(0, end * FRAME_SAMPLES - begin), limit),
        )
        for word, (start, end) in spans.items()
    }
    return np.clip(trimmed, -1.0, 1.0), in_samples


def _words(written: list[str], spans: list[tuple[int, int]]) -> tuple[SpokenWord, ...]:
    """The written words with their samples; one that is not said lies, without length, where the one before ended."""
    words: list[SpokenWord] = []
    reached = 0
    for text, (start, end) in zip(written, spans, strict=True):
        start, end = max(start, reached), max(end, start, reached)
        words.append(SpokenWord(text, start, end))
        reached = end
    return tuple(words)
