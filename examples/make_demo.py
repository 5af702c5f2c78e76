"""Writes `examples/demo` again: a developer at work for three quarters of a minute, as a session folder.

    python examples/make_demo.py [FOLDER]

Needs the program `flite` (its voice `rms` reads the developer's questions) and the clips beside this file. Everything
else follows from the text below and one seed, so that the same flite gives the same folder to the byte.
"""

import argparse
import json
import random
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from duologue_server.trace.folder import read_session

Samples = NDArray[np.float32]

HERE = Path(__file__).parent
RATE_HZ = 16_000
DURATION_S = 44.0
SEED = 20_260_512
FLOOR_DBFS = -60.0
SPEECH_DBFS = -23.0
"""RMS of the loud half of what the developer says."""
KEY_PEAK_DBFS = -27.0
URI = "file:///invoices/invoices.py"
DESCRIPTION = (
    "A developer changes invoices.py: hears of a slip at a pause, asks about it, says stop, silences the next remark "
    "with a key, asks what it was, and mends it"
)

SOURCE = '''\
"""Invoices: what customers owe, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

VAT = Decimal("0.19")
DAYS_TO_PAY = 30


@dataclass
class Item:
    """Something that was sold: how many, and at what price each."""

    name: str
    quantity: int
    price: Decimal


@dataclass
class Invoice:
    """What one customer has to pay."""

    number: int
    issued: date
    items: list[Item] = field(default_factory=list)

    def net(self) -> Decimal:
        return sum((item.quantity * item.price for item in self.items), Decimal(0))

    def total(self, discount: int = 0) -> Decimal:
        """The amount with tax; the discount is in percent."""
        return self.net() * (1 + VAT)

    def due(self) -> date:
        return self.issued + timedelta(days=DAYS_TO_PAY)


def overdue(invoices: Sequence[Invoice], today: date) -> list[Invoice]:
    """Those that should have been paid by now."""
    return [invoice for invoice in invoices if invoice.due() < today]
'''


class Desk:
    """The developer at the editor: what is done becomes events, and sound in the microphone."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._text = SOURCE
        self._version = 1
        self._at = 0
        self.events: list[dict[str, Any]] = []
        floor = np.random.default_rng(seed).standard_normal(round(DURATION_S * RATE_HZ))
        # A quiet room hums more than it hisses: one pole takes the edge off the noise.
        hum = np.convolve(floor, 0.8 ** np.arange(24), mode="same")
        self.microphone: Samples = (hum * 10 ** (FLOOR_DBFS / 20) / np.sqrt(np.mean(hum**2))).astype(np.float32)
        self._clips = {path.stem: _scaled(_read(path), KEY_PEAK_DBFS, _peak) for path in HERE.glob("clips/*.flac")}
        self._event(0.0, "open", uri=URI, language_id="python", version=1, text=SOURCE)
        self._event(0.0, "focus", focused=True)

    def look(self, t: float, text: str) -> None:
        """Clicks behind the first `text`."""
        self._at = self._text.index(text) + len(text)
        line, character = self._place(self._at)
        self._event(t, "cursor", uri=URI, line=line, character=character)

    def type(self, t: float, text: str, faster: float = 1.0) -> float:
        """Types from `t` on, at about nine keys a second; gives the time after the last key."""
        for n, character in enumerate(text):
            self._press(t, "press_space" if character == " " else f"press_key{self._random.randint(1, 5)}")
            self._change(t, self._at, self._at, character)
            self._at += 1
            pause_s = min(0.34, self._random.lognormvariate(-2.28, 0.38)) / faster
            hesitates = character in " (" and n + 1 < len(text) and self._random.random() < 0.35
            t += max(0.045, pause_s) + (0.12 if hesitates else 0.0)
        return t

    def erase(self, t: float, count: int) -> float:
        """Backspaces over the `count` characters before the cursor."""
        for _ in range(count):
            self._press(t, "press_back")
            self._change(t, self._at - 1, self._at, "")
            self._at -= 1
            t += 0.15 + 0.04 * self._random.random()
        return t

    def save(self, t: float) -> None:
        """Two keys at once, and the file is saved."""
        self._press(t, "press_key2")
        self._event(t + 0.012, "save", uri=URI)

    def say(self, t: float, speech: Samples) -> float:
        """Says something; gives the time at which it ends."""
        self._add(t, speech)
        return t + len(speech) / RATE_HZ

    def clip(self, name: str) -> Samples:
        return _read(HERE / "clips" / f"{name}.flac")

    def _press(self, t: float, clip: str) -> None:
        self._event(t, "keys", count=1)
        loudness = 10 ** (self._random.uniform(-4.0, 0.0) / 20)
        self._add(t, self._clips[clip] * np.float32(loudness))
        self._add(t + self._random.uniform(0.06, 0.09), self._clips["release_key"] * np.float32(0.35 * loudness))

    def _change(self, t: float, start: int, end: int, text: str) -> None:
        """The editor applies the key and tells the language server 4 ms later."""
        self._version += 1
        places = [dict(zip(("line", "character"), self._place(at), strict=True)) for at in (start, end)]
        span = {"start": places[0], "end": places[1]}
        self._event(t + 0.004, "change", uri=URI, version=self._version, changes=[{"range": span, "text": text}])
        self._text = self._text[:start] + text + self._text[end:]

    def _place(self, at: int) -> tuple[int, int]:
        before = self._text[:at]
        return before.count("\n"), at - (before.rfind("\n") + 1)

    def _add(self, t: float, sound: Samples) -> None:
        start = round(t * RATE_HZ)
        heard = sound[: len(self.microphone) - start]
        self.microphone[start : start + len(heard)] += heard

    def _event(self, t: float, kind: str, **fields: Any) -> None:
        self.events.append({"t": round(t, 4), "kind": kind, **fields})


def perform(desk: Desk) -> None:
    """What happens, from the first key to the last save."""
    desk.look(0.4, "(1 + VAT)")
    end_s = desk.type(1.0, " * (100 - discounts) / 100", faster=1.15)
    desk.save(end_s + 0.35)  # at the pause the partner names the slip

    desk.say(11.3, _speak("What is wrong here?"))
    desk.say(17.0, _speak("Where am I?"))
    desk.say(20.3, _trimmed(desk.clip("stop")))

    desk.look(22.5, "discounts")
    desk.erase(22.9, 1)
    desk.look(23.6, "today: date")
    end_s = desk.type(24.0, ", skip=[]")
    desk.save(end_s + 0.3)  # at the pause the partner begins the second remark

    desk.look(29.2, "< today")
    desk.type(29.4, " and invoice.number not in skip", faster=1.2)  # the first key silences it

    desk.say(33.4, _speak("What did you say?"))
    desk.look(42.1, "skip=[]")
    desk.erase(42.4, 2)
    end_s = desk.type(42.8, "()")
    desk.save(end_s + 0.2)


def _speak(text: str) -> Samples:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["flite", "-voice", "rms", "-t", text, "-o", file.name], check=True, timeout=30)
        return _trimmed(_read(Path(file.name)))


def _trimmed(speech: Samples) -> Samples:
    """Without the silence around it, faded at both ends, at the developer's level."""
    level = np.sqrt(np.convolve(speech**2, np.ones(320) / 320, mode="same"))
    loud = np.flatnonzero(level > 0.02 * level.max())
    part = speech[max(0, loud[0] - 800) : loud[-1] + 1600].copy()
    part[:160] *= np.linspace(0, 1, 160, dtype=np.float32)
    part[-480:] *= np.linspace(1, 0, 480, dtype=np.float32)
    return _scaled(part, SPEECH_DBFS, _loudness)


def _peak(sound: Samples) -> float:
    return float(np.max(np.abs(sound)))


def _loudness(sound: Samples) -> float:
    """RMS of the loud half."""
    return float(np.sqrt(np.mean(np.sort(sound**2)[len(sound) // 2 :])))


def _scaled(sound: Samples, dbfs: float, measure: Callable[[Samples], float]) -> Samples:
    return sound * np.float32(10 ** (dbfs / 20) / measure(sound))


def _read(path: Path) -> Samples:
    sound, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == RATE_HZ, f"{path}: {rate_hz} Hz"
    return np.asarray(sound, np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=HERE / "demo")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    desk = Desk(SEED)
    perform(desk)
    meta = {
        "format": 1,
        "description": DESCRIPTION,
        "duration_s": DURATION_S,
        "options": {},
        "echo": {"delay_ms": 60, "gain_db": -25},
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", "utf-8")
    events = sorted(desk.events, key=lambda event: float(event["t"]))
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
    soundfile.write(folder / "mic.flac", np.clip(desk.microphone, -1, 1), RATE_HZ, subtype="PCM_16")
    session = read_session(folder)
    print(f"{folder}: {len(session.events)} events, {session.duration_s:g} s")


if __name__ == "__main__":
    main()
