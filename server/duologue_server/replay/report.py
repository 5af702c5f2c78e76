"""What a replay leaves behind: `partner.flac`, `trace.jsonl`, `summary.json`."""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from duologue_server import __version__
from duologue_server.link.messages import Ask, FromVoice, Happened
from duologue_server.options import Options, to_wire
from duologue_server.trace.facts import Fact, SoundOff, SoundOn, Turn, to_json


class Responses:
    """From the end of each turn of the user to the first sound of its answer."""

    def __init__(self) -> None:
        self._ended_s: dict[str, float] = {}
        self.latencies_ms: list[float] = []

    def take(self, message: FromVoice) -> None:
        """Sees every message of the voice."""
        match message:
            case Ask(turn=turn, ended_s=ended_s):
                self._ended_s[f"reply-{turn}"] = ended_s
            case Happened(fact=SoundOn(cause="reply", utterance=utterance, t=t)) if utterance in self._ended_s:
                self.latencies_ms.append(1000 * (t - self._ended_s.pop(utterance)))
            case _:
                pass


def write_partner(out: Path, samples: NDArray[np.float32], rate_hz: int) -> None:
    """The partner's sound `[N]`, aligned with the microphone's first sample."""
    soundfile.write(str(out / "partner.flac"), samples, rate_hz, subtype="PCM_16", format="FLAC")


def write_trace(out: Path, facts: Sequence[Fact]) -> list[Fact]:
    """The facts in order of time; gives them back so."""
    ordered = sorted(facts, key=lambda fact: fact.t)
    with (out / "trace.jsonl").open("w", encoding="utf-8") as file:
        for fact in ordered:
            file.write(json.dumps(to_json(fact), ensure_ascii=False) + "\n")
    return ordered


def write_summary(out: Path, summary: Mapping[str, Any]) -> None:
    (out / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", "utf-8")


def summarise(
    facts: Sequence[Fact],
    keys_s: Sequence[float],
    latencies_ms: Sequence[float],
    options: Options,
    parts: Mapping[str, str],
    clock: str,
) -> dict[str, Any]:
    """Counts and latencies of a run. `keys_s`: when keys were pressed; `latencies_ms`: from the end of a user's turn to
    the first sound of its answer."""
    turns = [fact for fact in facts if isinstance(fact, Turn)]
    stops = [fact for fact in facts if isinstance(fact, SoundOff) and fact.cause == "key"]
    key_ms = [1000 * (stop.t - max((key for key in keys_s if key <= stop.t), default=stop.t)) for stop in stops]
    counts: dict[str, int] = {}
    for fact in facts:
        counts[fact.kind] = counts.get(fact.kind, 0) + 1
    causes: dict[str, int] = {}
    for fact in facts:
        if isinstance(fact, SoundOn):
            causes[fact.cause] = causes.get(fact.cause, 0) + 1
    return {
        "version": __version__,
        "engine": parts.get("engine", ""),
        "parts": dict(parts),
        "weights_sha256": parts.get("weights_sha256"),
        "numbers": parts.get("numbers"),
        "clock": clock,
        "options": to_wire(options),
        "counts": counts,
        "sound_on_by_cause": causes,
        "response_ms": _spread(latencies_ms),
        "key_to_silence_ms": _spread(key_ms),
        "step_ms": _spread([turn.compute_ms for turn in turns]),
    }


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    """Number, median and 95th percentile; None of nothing."""
    if not values:
        return None
    return {
        "n": len(values),
        "p50": round(statistics.median(values), 2),
        "p95": round(float(np.percentile(np.asarray(values), 95)), 2),
    }
