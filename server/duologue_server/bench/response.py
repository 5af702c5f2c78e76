"""From the end of a spoken question to the first sound of the answer, on a virtual clock with compute charged.

The questions are synthetic, so this says how fast the chain is, not how patient it is: how often it cuts in while
people pause is measured elsewhere, on people.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duologue_model.vocabulary import Action
from duologue_server.audio.resample import resample
from duologue_server.bench.rows import Row, row
from duologue_server.options import EngineChoice, Options
from duologue_server.replay.virtual import replay_virtual
from duologue_server.trace.facts import Command, Fact, Heard, SoundOn, Turn
from duologue_server.trace.folder import Event, SessionFolder
from duologue_server.voice.assembly import load_voice
from duologue_server.voice.hibari import HibariSpeaker
from duologue_server.voice.speaker import Speaker, SpeakerUnavailable
from duologue_server.voice.system_voice import SystemSpeaker, SystemVoice

Samples = NDArray[np.float32]

RATE_HZ = 16_000
WHAT = "end of question → first sound of the answer"
AUDIBLE = 0.001
SPEECH = 0.02
"""Of a voice whose peak is 0.5: softer samples are breath and fade."""
EVERY_S = 11.0
"""Long enough for every answer to end before the next question."""
LEAD_S = 2.0
SYSTEM_VOICES: tuple[SystemVoice, ...] = ("flite", "espeak-ng")
PITCH = 0.88
"""The partner's own voice, when there is no other, is lowered by this factor: another speaker to any ear."""
QUESTIONS = (
    "Where am I?",
    "What is this?",
    "What is wrong here?",
    "What did you say?",
    "Read the error.",
    "Where am I now?",
    "What is this function?",
    "Is anything wrong here?",
    "What did you just say?",
    "Please read the error.",
    "Tell me where I am.",
    "What does this do?",
)
URI = "file:///bench/store.py"
TEXT = """import json


class Store:
    def __init__(self, path):
        self.path = path

    def load(self):
        with open(self.path) as file:
            return json.load(file)

    def save(self, items):
        with open(self.path, "w") as file:
            json.dump(itmes, file)
"""


@dataclass(frozen=True, slots=True)
class Question:
    """When it ends in the microphone's track."""

    text: str
    ends_s: float


def measure(n: int, engine: EngineChoice = "model") -> list[Row]:
    """Asks `n` questions."""
    options = Options(unprompted_per_hour=0, engine=engine)
    asker, name = other_voice()
    microphone, questions = ask(asker, n)
    duration_s = len(microphone) / RATE_HZ
    events = (
        Event(0.0, "open", {"uri": URI, "language_id": "python", "version": 1, "text": TEXT}),
        Event(0.0, "cursor", {"uri": URI, "line": 12, "character": 8}),
    )
    folder = SessionFolder("response bench", duration_s, {}, None, events, microphone)
    voice = load_voice(options, lambda percent, text: None)
    replayed = replay_virtual(folder, voice, options, free_compute=False)
    audible = np.flatnonzero(np.abs(replayed.partner) > AUDIBLE) / replayed.rate_hz
    judged_ms: list[float] = []
    stages: list[Stages] = []
    for question in questions:
        until_s = question.ends_s + EVERY_S - 3.0
        sounded = audible[(audible > question.ends_s) & (audible < until_s)]
        if len(sounded):
            judged_ms.append(1000 * float(sounded[0] - question.ends_s))
        if found := stages_of(question, [fact for fact in replayed.facts if question.ends_s < fact.t < until_s]):
            stages.append(found)
    by_rule = sum(found.by_rule for found in stages)
    note = f"{len(judged_ms)} of {n} answered; asked by {name}; built-in answers, compute charged; from the audio"
    of_stage = f"from the trace; {by_rule} of {len(stages)} by rule; false cut-ins are not measured here"
    engine_name, traced = voice.engine.name, "from the trace"
    return [
        row(WHAT, engine_name, "ms", judged_ms, note),
        row("  until the turn is over", engine_name, "ms", [one.decided_ms for one in stages], of_stage),
        row("  then until its words are known", engine_name, "ms", [one.words_ms for one in stages], traced),
        row("  then until the answer sounds", engine_name, "ms", [one.sound_ms for one in stages], traced),
    ]


@dataclass(frozen=True, slots=True)
class Stages:
    """What an answer took, one after the other."""

    decided_ms: float
    """From the end of the question until its turn was called over, by decision or by rule."""
    words_ms: float
    sound_ms: float
    by_rule: bool


def stages_of(question: Question, facts: Sequence[Fact]) -> Stages | None:
    """The stages of the first answer among the facts after a question; None when there is none."""
    sound = next((fact for fact in facts if isinstance(fact, SoundOn) and fact.cause == "reply"), None)
    words = [fact for fact in facts if isinstance(fact, Heard) and fact.final and sound and fact.t <= sound.t]
    if sound is None or not words:
        return None
    ends = [fact for fact in facts if calls_over(fact) and fact.t <= words[-1].t]
    over = ends[0]
    return Stages(
        1000 * (over.t - question.ends_s),
        1000 * (words[-1].t - over.t),
        1000 * (sound.t - words[-1].t),
        isinstance(over, Command),
    )


def calls_over(fact: Fact) -> bool:
    if isinstance(fact, Command):
        return fact.name == "end_turn"
    return isinstance(fact, Turn) and fact.action == Action.DELEGATE


def other_voice() -> tuple[Speaker, str]:
    """A voice that is not the partner's, and its name."""
    for name in SYSTEM_VOICES:
        try:
            speaker = SystemSpeaker(name)
        except SpeakerUnavailable:
            continue
        return speaker, speaker.name
    hibari = HibariSpeaker(1 / PITCH)
    return hibari, f"{hibari.name}, lowered"


def ask(speaker: Speaker, n: int) -> tuple[Samples, list[Question]]:
    """A microphone's track `[N]` with `n` questions in a quiet room."""
    chance = np.random.default_rng(3)
    track = (chance.standard_normal(round((LEAD_S + n * EVERY_S) * RATE_HZ)) * 3e-4).astype(np.float32)
    questions: list[Question] = []
    for number in range(n):
        text = QUESTIONS[number % len(QUESTIONS)]
        said = speaker.speak(text).samples
        rate_hz = speaker.rate_hz * PITCH if isinstance(speaker, HibariSpeaker) else speaker.rate_hz
        speech = resample(said, round(rate_hz), RATE_HZ)
        speech = speech * np.float32(0.5 / max(1e-6, float(np.abs(speech).max())))
        start = round((LEAD_S + number * EVERY_S + chance.uniform(0, 0.08)) * RATE_HZ)
        track[start : start + len(speech)] += speech
        last = int(np.flatnonzero(np.abs(speech) > SPEECH)[-1])
        questions.append(Question(text, (start + last) / RATE_HZ))
    return track, questions
