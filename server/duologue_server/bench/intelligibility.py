"""How well our own voice is understood when it says code, by a recogniser that is not ours.

A hundred lines with code in five languages, and ten without any, are spoken by the default voice on the product's own
way (clauses, spoken code, synthesis) and written down by Whisper, which knows nothing of the lines. Whisper is no
dependency: `pip install faster-whisper`, and a folder of a model in CTranslate2's format, such as Systran's
faster-whisper-tiny.en.

    python -m duologue_server.bench.intelligibility --model FOLDER [--held-out] [--json FILE]

With `--json`, what was heard is kept, and lines that are still said the same are not recognised again.
"""

import argparse
import hashlib
import importlib
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from duologue_server.audio.resample import resample
from duologue_server.bench.hearing import Score, Sound, plain_words, score
from duologue_server.voice.clauses import split_clauses
from duologue_server.voice.hibari import HibariSpeaker
from duologue_server.voice.speaker import Samples
from duologue_server.voice.spoken import speakable

RATE_HZ = 16_000
PROSE = "prose"
GOAL_PERCENT = 3.0
_MARGIN_S = 0.3
"""Silence around a line, so that no word lies on the edge."""
_MISSING = (
    "The recogniser for this measurement is not installed. "
    "Run `pip install faster-whisper`, and name the folder of a Whisper model in CTranslate2's format with --model."
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line to say and the language of the code in it; `prose` has none."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A line, what was said for it, and what the recogniser wrote."""

    language: str
    text: str
    said: str
    heard: str


def read_lines(name: str = "code_lines.txt") -> list[Line]:
    """The lines that come with the product, or those held out, `code_lines_held_out.txt`."""
    content = resources.files("duologue_server.bench").joinpath(name).read_text("utf-8")
    return [Line(*row.split("\t")) for row in content.splitlines() if row and not row.startswith("#")]


def say(speaker: HibariSpeaker, text: str) -> Samples:
    """A text as the product says it, clause by clause, `[N]` at 16 kHz with a little silence around it."""
    clauses = [speaker.speak(clause).samples for clause in split_clauses(text)]
    margin = np.zeros(round(_MARGIN_S * RATE_HZ), np.float32)
    return np.concatenate([margin, resample(np.concatenate(clauses), speaker.rate_hz, RATE_HZ), margin])


def load_whisper(folder: Path) -> tuple[Callable[[Samples], str], str]:
    """A recogniser and its name. Exits with what to install when it is missing; never downloads."""
    try:
        whisper: Any = importlib.import_module("faster_whisper")
    except ImportError:
        sys.exit(_MISSING)
    if not (folder / "model.bin").is_file():
        sys.exit(f"There is no model.bin in {folder}. Name the folder of a Whisper model in CTranslate2's format.")
    digest = hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()
    model = whisper.WhisperModel(
        str(folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1, local_files_only=True
    )

    def recognise(samples: Samples) -> str:
        segments, _ = model.transcribe(
            samples, language="en", beam_size=5, temperature=0.0, condition_on_previous_text=False
        )
        return " ".join(segment.text.strip() for segment in segments)

    return recognise, f"faster-whisper {whisper.__version__}, model {digest[:12]}"


def load_sound() -> Sound:
    """How words sound, by the voice's own phonemiser, without stress; the two reduced vowels are one."""
    from hibari.g2p import G2P
    from hibari.g2p.normalize import normalize

    phonemiser = G2P()

    def sound(words: str) -> str:
        tokens = phonemiser.phonemize_tokens(phonemiser.tokenize(normalize(words)))
        return re.sub(r"[ˈˌ\s]", "", "".join(token.phonemes or "?" for token in tokens)).replace("ɐ", "ə")

    return sound


def measure(lines: Sequence[Line], recognise: Callable[[Samples], str], known: dict[str, str]) -> list[Heard]:
    """Says and recognises each line; `known` holds what was heard before, by what was said."""
    speaker = HibariSpeaker()
    results: list[Heard] = []
    for line in lines:
        said = " / ".join(speakable(clause) for clause in split_clauses(line.text))
        heard = known[said] if said in known else recognise(say(speaker, line.text))
        results.append(Heard(line.language, line.text, said, heard))
    return results


def judge(results: Sequence[Heard], sound: Sound | None = None) -> list[tuple[Heard, Score]]:
    """Every line with its word errors, against what our rules say for it."""
    return [
        (result, score(plain_words(result.said.replace(" / ", " ")), plain_words(result.heard), sound))
        for result in results
    ]


def percent(scores: Sequence[Score]) -> float:
    """Word errors in 100 words said."""
    return 100.0 * sum(one.errors for one in scores) / max(1, sum(one.words for one in scores))


def report(results: Sequence[Heard], sound: Sound) -> list[str]:
    """The figures by language, and every line with an error."""
    strict, heard = judge(results), judge(results, sound)
    out = ["word errors in %: as written, and with words that sound the same counted as the same"]
    for language in dict.fromkeys(result.language for result in results):
        out.append(_figures(language, [language], strict, heard))
    code = [name for name in dict.fromkeys(result.language for result in results) if name != PROSE]
    out.append(_figures("all with code", code, strict, heard) + f"  (wanted: at most {GOAL_PERCENT:g})")
    for result, one in heard:
        if one.errors:
            wrong = "; ".join(f"{said or '-'} > {other or '-'}" for said, other in one.wrong)
            out.append(f"  {result.text}\n    said  {result.said}\n    heard {result.heard}\n    wrong {wrong}")
    return out


def _figures(
    title: str, languages: Sequence[str], strict: list[tuple[Heard, Score]], heard: list[tuple[Heard, Score]]
) -> str:
    first, second = ([one for result, one in part if result.language in languages] for part in (strict, heard))
    words = sum(one.words for one in first)
    return f"{title:14} {len(first):4} lines {words:5} words {percent(first):6.2f} {percent(second):6.2f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m duologue_server.bench.intelligibility", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of a Whisper model in CTranslate2's format")
    parser.add_argument("--json", type=Path, help="keep what was heard here, and use what is there")
    parser.add_argument("--held-out", action="store_true", help="the lines that the rules were not written for")
    chosen = parser.parse_args(arguments)
    known: dict[str, str] = {}
    if chosen.json and chosen.json.is_file():
        known = {row["said"]: row["heard"] for row in json.loads(chosen.json.read_text("utf-8"))["lines"]}
    recognise, name = load_whisper(chosen.model)
    lines = read_lines("code_lines_held_out.txt" if chosen.held_out else "code_lines.txt")
    results = measure(lines, recognise, known)
    if chosen.json:
        rows = [asdict(result) for result in results]
        chosen.json.write_text(json.dumps({"recogniser": name, "lines": rows}, indent=1, ensure_ascii=False), "utf-8")
    print(name)
    print("\n".join(report(results, load_sound())))


if __name__ == "__main__":
    main()
