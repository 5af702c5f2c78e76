"""A Moonshine model of the user's own: a folder in the layout of the official exports, checked before it is used."""

import json
import re
import time
from pathlib import Path
from typing import Any

import numpy as np

from duologue_server.voice.moonshine_weights import (
    Opened,
    WeightsTrouble,
    give_memory_back,
    open_folded,
    open_session,
    read_tokens,
)

ENCODER = ("encoder_model.ort", "encoder_model.onnx")
DECODER = ("decoder_model_merged.ort", "decoder_model_merged.onnx")
TOKENS = ("tokenizer.bin", "tokenizer.json")
FILES = (ENCODER, DECODER, TOKENS)
"""The three files, each in either of two formats: as Moonshine's packages hold them, or as its ONNX export does."""
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_RATE_HZ = 16_000


def missing_files(folder: Path) -> list[str]:
    """What a Moonshine folder must hold and this one does not."""
    return [" or ".join(names) for names in FILES if _first(folder, names) is None]


def open_folder(folder: Path) -> Opened:
    """Opens the model and lets it run once; there is no hash of it to check. Raises WeightsTrouble."""
    began = time.perf_counter()
    paths = [_first(folder, names) for names in FILES]
    if missing := missing_files(folder):
        raise WeightsTrouble(
            f"the Moonshine model '{folder.name}' is incomplete",
            f"{folder} holds no {', no '.join(missing)}",
            "Copy the missing files of the same model there",
        )
    encoder_path, decoder_path, tokens_path = (path for path in paths if path is not None)
    encoder = _opened(encoder_path, {"input_values"})
    decoder = _opened(decoder_path, {"input_ids", "encoder_hidden_states", "use_cache_branch"})
    tokens = _tokens(tokens_path, decoder)
    _try_out(folder, encoder, decoder)
    folded = True  # onnxruntime optimises the ONNX format by itself
    if decoder_path.suffix == ".ort":
        better, folded = open_folded(decoder_path)
        decoder = better or decoder
    give_memory_back()
    return Opened(folder.name, encoder, decoder, tokens, folded, time.perf_counter() - began)


def read_tokens_json(data: bytes) -> tuple[bytes, ...]:
    """The tokens of a `tokenizer.json` of the package `tokenizers`, by id. Raises ValueError for other content."""
    try:
        body = json.loads(data)
        numbers: dict[str, int] = dict(body["model"]["vocab"])
        numbers.update({added["content"]: added["id"] for added in body["added_tokens"]})
        tokens = [b""] * (max(numbers.values()) + 1)
        for text, number in numbers.items():
            byte = _BYTE.fullmatch(text)
            tokens[number] = bytes([int(byte[1], 16)]) if byte else text.encode()
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"no vocabulary of tokens: {error!r}") from error
    return tuple(tokens)


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _opened(path: Path, wanted: set[str]) -> Any:
    """A session on the file, which must take the inputs that Moonshine's does."""
    try:
        session = open_session(str(path))
    except Exception as error:  # onnxruntime has a class of its own for every way in which a file can be bad
        reason = str(error).splitlines()[0][:200]
        raise WeightsTrouble(
            "the recogniser's model cannot be read", f"{path}: {reason}", "Copy the file again, or take another export"
        ) from error
    if absent := wanted - {i.name for i in session.get_inputs()}:
        raise WeightsTrouble(
            "the recogniser's model is no Moonshine model",
            f"{path} takes no {', no '.join(sorted(absent))}",
            "Take Moonshine's encoder and merged decoder",
        )
    return session


def _tokens(path: Path, decoder: Any) -> tuple[bytes, ...]:
    """The tokens, as many as the decoder can give: those without a text are empty."""
    remedy = "Copy the tokenizer that belongs to the model"
    try:
        data = path.read_bytes()
        tokens = read_tokens_json(data) if path.suffix == ".json" else read_tokens(data)
    except (OSError, ValueError, IndexError) as error:
        raise WeightsTrouble("the recogniser's tokenizer cannot be read", f"{path}: {error}", remedy) from error
    most = next((o.shape[-1] for o in decoder.get_outputs() if o.name == "logits"), None)
    fewest = 1000  # a file that is no tokenizer may still be read as a few pieces of bytes
    if len(tokens) < fewest or (isinstance(most, int) and len(tokens) > most):
        told = f"{path} has {len(tokens)} tokens, and the decoder {most}"
        raise WeightsTrouble("the recogniser's tokenizer is that of another model", told, remedy)
    return tokens + (b"",) * (most - len(tokens) if isinstance(most, int) else 0)


def _try_out(folder: Path, encoder: Any, decoder: Any) -> None:
    """Encoder and decoder must fit each other: the size of what is encoded is the same in both."""
    feeds: dict[str, Any] = {"input_values": np.zeros((1, _RATE_HZ // 2), np.float32)}
    if any(i.name == "attention_mask" for i in encoder.get_inputs()):
        feeds["attention_mask"] = np.ones((1, _RATE_HZ // 2), np.int64)
    try:
        width = encoder.run(None, feeds)[0].shape[-1]
    except Exception as error:  # as above
        reason = str(error).splitlines()[0][:200]
        raise WeightsTrouble(
            "the recogniser's model does not run", f"{folder}: {reason}", "Take another export of it"
        ) from error
    takes = next(i.shape[-1] for i in decoder.get_inputs() if i.name == "encoder_hidden_states")
    if isinstance(takes, int) and takes != width:
        raise WeightsTrouble(
            "the recogniser's encoder and decoder are of two models",
            f"in {folder} the encoder gives {width} numbers a step and the decoder takes {takes}",
            "Copy both files of the same model",
        )
