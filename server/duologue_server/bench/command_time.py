"""From the end of a spoken command's last word to what the editor is told to show, on a virtual clock.

What is computed in lanes is charged as it takes; reading and planning the command runs on the session's own thread,
which the clock does not charge: it has a row of its own. The way to the editor, and the editor, come on top.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from duologue_server.audio.resample import resample
from duologue_server.bench.response import PITCH, RATE_HZ, SPEECH, TEXT, URI, calls_over
from duologue_server.bench.rows import Row, row
from duologue_server.bench.speakers import named_speaker
from duologue_server.commands import Place, parse, plan
from duologue_server.context.documents import Documents, TextChange
from duologue_server.context.positions import Position, Range
from duologue_server.context.trees import parse as parse_tree
from duologue_server.context.view import View
from duologue_server.options import EngineChoice, Options
from duologue_server.replay.quiet import QuietClient
from duologue_server.replay.virtual import Samples, replay_virtual
from duologue_server.session.session import Session
from duologue_server.suggest.findings import Fix
from duologue_server.trace.clock import Clock
from duologue_server.trace.facts import Fact, Heard
from duologue_server.trace.folder import Event, SessionFolder
from duologue_server.voice.assembly import load_voice
from duologue_server.voice.hibari import HibariSpeaker
from duologue_server.voice.speaker import Speaker

WHAT = "end of the last word → shown or changed"
EVERY_S = 6.0
LEAD_S = 2.0
LONGEST_S = 4.0
"""What is done later than this after a command was not done because of it."""
PUT_BACK_S = 1.0
"""After an edit, so that every command meets the same text."""
CURSOR = Position(9, 12)
Kind = Literal["harmless", "edit"]
KINDS: tuple[Kind, ...] = ("harmless", "edit")
HARMLESS = (
    "Go to line four.",
    "Go to the next function.",
    "Go to function save.",
    "Save the file.",
    "Go to the top of the file.",
    "Select this line.",
    "Go to the end of the line.",
    "Run the tests.",
    "Scroll down.",
    "Select the function.",
)
EDITS = (
    "Duplicate this line.",
    "Comment out this line.",
    "Delete this line.",
    "Move this line up.",
    "Indent this line.",
    "Wrap this in a try.",
    "Delete line twelve.",
    "Insert a line below.",
    "Add parameter timeout.",
    "Rename store to storage.",
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command, and when its last word ends in the microphone's track."""

    text: str
    kind: Kind
    ends_s: float


class Editor(QuietClient):
    """Does what it is asked for, notes when, and puts the text back after an edit."""

    def __init__(self) -> None:
        super().__init__()
        self.done_s: list[float] = []
        self._version = 1

    def attach(self, clock: Clock, session: Session) -> None:
        self._clock, self._session = clock, session

    def apply(self, uri: str, fix: Fix, done: Callable[[str], None]) -> None:
        self.done_s.append(self._clock.now_s())
        edits = sorted(fix.edits, reverse=True)
        self._change(
            [TextChange(Range(Position(*edit.span[:2]), Position(*edit.span[2:])), edit.text) for edit in edits]
        )
        self._clock.call_later(PUT_BACK_S, lambda: self._change([TextChange(None, TEXT)]))
        done("")

    def show(self, uri: str, selection: Range) -> None:
        self.done_s.append(self._clock.now_s())

    def perform(self, name: str, argument: str, done: Callable[[str], None]) -> None:
        self.done_s.append(self._clock.now_s())
        done("")

    def _change(self, changes: Sequence[TextChange]) -> None:
        self._version += 1
        self._session.change(URI, self._version, changes)


def measure(voices: Sequence[str], free_compute: bool = False, engine: EngineChoice = "model") -> list[Row]:
    """Has every voice say every command once, harmless ones and edits by turns, and times what the editor is told.

    `free_compute` charges nothing: what is left is waiting, the same on every machine.
    """
    told = [said for voice in voices for said in _replayed(named_speaker(voice), free_compute, engine)]
    return [
        *_rows("all", told, engine),
        *(one for kind in KINDS for one in _rows(kind, [said for said in told if said.spoken.kind == kind], engine)),
        row("  to read and plan, not on the clock", "", "ms", [_planned_ms(one.spoken.text) for one in told]),
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a spoken command, in milliseconds from its last word; None for what never came."""

    voice: str
    spoken: Spoken
    heard: str
    over_ms: float | None
    """Until its turn was called over, by decision or by rule."""
    done_ms: float | None


def _replayed(speaker: Speaker, free_compute: bool, engine: EngineChoice) -> list[Told]:
    """The whole path without an editor."""
    speaker = HibariSpeaker(1 / PITCH) if isinstance(speaker, HibariSpeaker) else speaker
    options = Options(unprompted_per_hour=0, engine=engine)
    microphone, commands = track(speaker)
    place = {"uri": URI, "line": CURSOR.line, "character": CURSOR.character}
    opened = Event(0.0, "open", {"uri": URI, "language_id": "python", "version": 1, "text": TEXT})
    cursors = [Event(one.ends_s - EVERY_S / 2, "cursor", place) for one in commands]
    folder = SessionFolder("command bench", len(microphone) / RATE_HZ, {}, None, (opened, *cursors), microphone)
    editor = Editor()
    voice = load_voice(options, lambda percent, text: None)
    facts = replay_virtual(folder, voice, options, free_compute, client=editor).facts
    return [_told(speaker.name, one, facts, editor.done_s) for one in commands]


def _told(voice: str, one: Spoken, facts: Sequence[Fact], done_s: Sequence[float]) -> Told:
    near = [fact for fact in facts if _is_near(one, fact.t)]
    over_s = next((fact.t for fact in near if calls_over(fact)), None)
    at_s = next((at for at in done_s if _is_near(one, at)), None)
    heard = next((fact.text for fact in near if isinstance(fact, Heard) and fact.final), "")
    over_ms, done_ms = (None if at is None else 1000 * (at - one.ends_s) for at in (over_s, at_s))
    return Told(voice, one, heard, over_ms, done_ms)


def _is_near(one: Spoken, t: float) -> bool:
    return one.ends_s - 0.5 < t < one.ends_s + LONGEST_S


def _rows(what: str, told: Sequence[Told], engine: str) -> list[Row]:
    done_ms = [one.done_ms for one in told if one.done_ms is not None]
    over_ms = [one.over_ms for one in told if one.over_ms is not None and one.done_ms is not None]
    missed = "; ".join(f"{one.voice}: {one.spoken.text} → {one.heard}" for one in told if one.done_ms is None)
    note = f"{len(done_ms)} of {len(told)} done" + (f"; not done: {missed}" if missed and what == "all" else "")
    return [
        row(f"{WHAT}, {what}", engine, "ms", done_ms, note),
        row("  until the turn is over", engine, "ms", over_ms, "from the trace"),
    ]


def track(speaker: Speaker) -> tuple[Samples, list[Spoken]]:
    """A microphone's track `[N]` with all of the commands in a quiet room."""
    chance = np.random.default_rng(3)
    turns = [(text, kind) for pair in zip(HARMLESS, EDITS, strict=True) for text, kind in zip(pair, KINDS, strict=True)]
    samples = (chance.standard_normal(round((LEAD_S + len(turns) * EVERY_S) * RATE_HZ)) * 3e-4).astype(np.float32)
    spoken: list[Spoken] = []
    for number, (text, kind) in enumerate(turns):
        rate_hz = speaker.rate_hz * PITCH if isinstance(speaker, HibariSpeaker) else speaker.rate_hz
        speech = resample(speaker.speak(text).samples, round(rate_hz), RATE_HZ)
        speech = speech * np.float32(0.5 / max(1e-6, float(np.abs(speech).max())))
        start = round((LEAD_S + number * EVERY_S + chance.uniform(0, 0.08)) * RATE_HZ)
        samples[start : start + len(speech)] += speech
        spoken.append(Spoken(text, kind, (start + int(np.flatnonzero(np.abs(speech) > SPEECH)[-1])) / RATE_HZ))
    return samples, spoken


def _planned_ms(text: str) -> float:
    """What it takes to understand a command and to plan it, warm."""
    snapshot = Documents().open(URI, "python", 1, TEXT).snapshot()
    view = View(snapshot, parse_tree(snapshot))
    took_ms = 0.0
    for _ in range(2):
        began_s = time.perf_counter()
        place = Place(view, Range(CURSOR, CURSOR))
        reading = parse(text, place)
        if reading is not None:
            plan(reading, place)
        took_ms = 1000 * (time.perf_counter() - began_s)
    return took_ms
