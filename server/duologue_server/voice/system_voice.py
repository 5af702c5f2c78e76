"""Voices of the system, `flite` and `espeak-ng`, as subprocesses: the floor when the better voice cannot be had."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile

from duologue_server.voice.speaker import Samples, SpeakerUnavailable, SpokenClause, SpokenWord
from duologue_server.voice.spoken import spoken_words

SystemVoice = Literal["flite", "espeak-ng"]

_TIMEOUT_S = 10.0
_SILENCE = 0.004
"""Samples below this at the ends of the audio are silence."""
_LEAD_MS = 20
_PAUSE_MS = 120
_ESPEAK_WORDS_PER_MINUTE = 165
_RATE_HZ: dict[SystemVoice, int] = {"flite": 16_000, "espeak-ng": 22_050}


class SystemSpeaker:
    """A synthesiser of the system; one process a clause. Deterministic.

    The times of words are ESTIMATED, in proportion to their spoken letters between the first and the last sound: the
    programs do not tell. `speed` is 0.5 to 2. Raises SpeakerUnavailable when the program is missing, fails, or takes
    more than ten seconds for a clause.
    """

    def __init__(self, voice: SystemVoice, speed: float = 1.0) -> None:
        if not 0.5 <= speed <= 2.0:
            raise ValueError(f"speed must be between 0.5 and 2, not {speed!r}")
        program = shutil.which(voice)
        if program is None:
            raise SpeakerUnavailable(voice, f"The program {voice} was not found", _remedy(voice))
        self._voice: SystemVoice = voice
        self._program = program
        self.speed = speed
        self._version = _version(program)

    @property
    def name(self) -> str:
        return f"{self._voice} {self._version}".strip()

    @property
    def rate_hz(self) -> int:
        return _RATE_HZ[self._voice]

    def speak(self, clause: str) -> SpokenClause:
        written = clause.split()
        spoken = spoken_words(written)
        text = " ".join(word for word in spoken if word)
        if not any(character.isalnum() for character in text):
            return SpokenClause(" ".join(written), np.zeros(0, np.float32), _no_words(written))
        audio = self._run(text)
        loud = np.flatnonzero(np.abs(audio) > _SILENCE)
        if len(loud) == 0:
            return SpokenClause(" ".join(written), np.zeros(0, np.float32), _no_words(written))
        begin = max(0, int(loud[0]) - _LEAD_MS * self.rate_hz // 1000)
        end = int(loud[-1]) + 1
        pause = np.zeros(_PAUSE_MS * self.rate_hz // 1000, np.float32)
        samples = np.concatenate([audio[begin:end], pause])
        return SpokenClause(" ".join(written), samples, _estimate(written, spoken, int(loud[0]) - begin, end - begin))

    def _run(self, text: str) -> Samples:
        """The program's audio for a text, at its own rate."""
        with tempfile.TemporaryDirectory(prefix="duologue-voice-") as folder:
            source, target = Path(folder, "clause.txt"), Path(folder, "clause.wav")
            source.write_text(text + "\n", "utf-8")
            command = self._command(source, target)
            try:
                subprocess.run(
                    command, check=True, timeout=_TIMEOUT_S, stdin=subprocess.DEVNULL, capture_output=True, text=True
                )
                audio, rate_hz = soundfile.read(target, dtype="float32")
            except subprocess.TimeoutExpired:
                what = f"{self._voice} took more than {_TIMEOUT_S:g} s for a clause"
                raise SpeakerUnavailable(self._voice, what, "Try another voice in the settings") from None
            except (subprocess.CalledProcessError, OSError, soundfile.LibsndfileError) as error:
                said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
                what = f"{self._voice} could not speak ({said[-1] if said else 'it gave no reason'})"
                raise SpeakerUnavailable(self._voice, what, _remedy(self._voice)) from error
        assert rate_hz == self.rate_hz, f"{self._voice} gave {rate_hz} Hz"
        mono: Samples = np.asarray(audio, np.float32)
        return mono

    def _command(self, source: Path, target: Path) -> list[str]:
        if self._voice == "flite":
            stretch = f"duration_stretch={1 / self.speed:.3f}"
            return [self._program, "-voice", "rms", "--setf", stretch, "-f", str(source), "-o", str(target)]
        pace = str(round(_ESPEAK_WORDS_PER_MINUTE * self.speed))
        return [self._program, "-v", "en-us", "-s", pace, "-f", str(source), "-w", str(target)]


def _version(program: str) -> str:
    """The program's version, such as 2.2; empty when it does not tell."""
    try:
        told = subprocess.run(
            [program, "--version"], timeout=_TIMEOUT_S, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    number = re.search(r"\d+(?:\.\d+)+", told.stdout + told.stderr)
    return number.group() if number else ""


def _remedy(voice: str) -> str:
    return f"Install it (Debian, Ubuntu: `sudo apt install {voice}`), or choose another voice in the settings"


def _no_words(written: list[str]) -> tuple[SpokenWord, ...]:
    return tuple(SpokenWord(word, 0, 0) for word in written)


def _estimate(written: list[str], spoken: list[str], start: int, end: int) -> tuple[SpokenWord, ...]:
    """Words between two samples, each as long as its share of the spoken letters; a space counts as one."""
    letters = np.array([sum(c.isalnum() for c in word) + 1 if word else 0 for word in spoken], np.float64)
    edges = start + np.concatenate([[0.0], np.cumsum(letters)]) / letters.sum() * (end - start)
    return tuple(SpokenWord(word, round(edges[index]), round(edges[index + 1])) for index, word in enumerate(written))
