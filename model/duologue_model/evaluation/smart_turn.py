"""Silero VAD and smart-turn v3.2 as a rival: read from a wheel of `pipecat-ai`, run as that package runs them.

For comparison only; nothing of it is in our package. Get the wheel with `pip download pipecat-ai==1.14.0 --no-deps`
(BSD-2-Clause, Daily; Silero VAD: MIT). Its logic: speech begins after 0.2 s of voice and stops the partner at once;
0.2 s after the voice the network hears the last 8 s and says whether the turn is complete; if not, it is asked again at
the next silence, and after 3 s of silence the turn is complete anyway. Two things differ, both in its favour: the
volume gate is left out (our microphones differ by 24 dB), and the 0.1 s or more of a judgement are not charged.
"""

import hashlib
import importlib
import importlib.util
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from duologue_model.engine import Decision
from duologue_model.slices import RATE_HZ, SLICE_MS, Samples, Slice, WaitingKind
from duologue_model.vocabulary import Action, UserState

SMART_TURN = "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx"
FEATURES = "pipecat/audio/turn/smart_turn/_whisper_features.py"
SILERO = "pipecat/audio/vad/data/silero_vad.onnx"
THRESHOLDS = (0.05, 0.2, 0.5, 0.8, 0.95)
"""Probabilities of completeness from which the turn is taken; the package itself uses 0.5."""

WINDOW = 512
CONTEXT = 64
VOICE_PROBABILITY = 0.7
START_WINDOWS = round(0.2 * RATE_HZ / WINDOW)
STOP_WINDOWS = round(0.2 * RATE_HZ / WINDOW)
GIVE_UP_MS = 3000
MEMORY_SAMPLES = 8 * RATE_HZ
BEFORE_SAMPLES = RATE_HZ * 700 // 1000
"""So much before the onset was noticed is judged with it: 0.5 s and the 0.2 s of noticing."""
RESET_WINDOWS, RESET_QUIET_WINDOWS, RESET_PROBABILITY = 2 * RATE_HZ // WINDOW, 5, 0.1


class Network(Protocol):
    """An ONNX network, such as `onnxruntime.InferenceSession`."""

    def run(self, names: None, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]: ...


class Features(Protocol):
    """The wheel's own log-mel features."""

    def __call__(self, audio: Samples, *, do_normalize: bool) -> NDArray[np.float32]: ...


class NoWheel(Exception):
    """The wheel or onnxruntime is not here; says what to do."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What is taken from the wheel."""

    silero: Network
    smart_turn: Network
    features: Features
    judged: dict[bytes, float] = field(default_factory=dict)
    """What smart-turn said about sound that it has heard already: thresholds are tried on the same sessions."""


def open_wheel(wheel: Path) -> Parts:
    """Reads the two networks and the features from a wheel; one thread each. Raises NoWheel."""
    try:
        # By name, not as an import: the package knows no onnxruntime, and its import rules say so.
        runtime = importlib.import_module("onnxruntime")
        with zipfile.ZipFile(wheel) as files, tempfile.TemporaryDirectory() as folder:
            silero, smart_turn = files.read(SILERO), files.read(SMART_TURN)
            features = _module(Path(files.extract(FEATURES, folder))).compute_whisper_log_mel_features
    except (ImportError, OSError, KeyError, zipfile.BadZipFile) as trouble:
        raise NoWheel(
            f"smart-turn cannot be read from {wheel} ({trouble}). Run `pip download pipecat-ai==1.14.0 --no-deps` and "
            "give the file that it leaves; onnxruntime must be installed."
        ) from trouble
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    made = [runtime.InferenceSession(one, options, providers=["CPUExecutionProvider"]) for one in (silero, smart_turn)]
    return Parts(made[0], made[1], features)


def _module(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location("duologue_rival_features", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True)
class VoiceState:
    """The voice-activity detector between two windows."""

    memory: NDArray[np.float32] = field(default_factory=lambda: np.zeros((2, 1, 128), np.float32))
    context: Samples = field(default_factory=lambda: np.zeros(CONTEXT, np.float32))
    rest: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    speaking: bool = False
    run: int = 0
    """Windows in a row that say otherwise."""
    since_reset: int = 0
    quiet: int = 0


@dataclass(frozen=True, slots=True)
class SmartTurnState:
    """Everything that it remembers."""

    voice: VoiceState = VoiceState()
    heard: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    """The last 8 s and a little more."""
    turn_samples: int = 0
    """How much of it belongs to the present turn; 0 when there is none."""
    silence_ms: int = 60_000
    over_partner: bool = False
    """The turn interrupted the partner."""


class SmartTurnEngine:
    """The rival behind our door. It acknowledges nothing and ducks nothing: a voice stops the partner."""

    def __init__(self, parts: Parts, threshold: float = 0.5) -> None:
        self._parts, self._threshold = parts, threshold
        self.judgements_ms: list[float] = []
        """Processor time of every judgement so far."""

    @property
    def name(self) -> str:
        return f"Silero + smart-turn v3.2 at {self._threshold:.2f}"

    def start(self) -> SmartTurnState:
        return SmartTurnState()

    def step(self, state: SmartTurnState, heard: Slice) -> tuple[SmartTurnState, Decision]:
        before = state.voice.speaking
        voice = self._listen(state.voice, heard.microphone)
        kept = np.concatenate([state.heard, heard.microphone])[-MEMORY_SAMPLES:]
        onset, offset = voice.speaking and not before, before and not voice.speaking
        # Silence counts from the first window without voice, which lies before the stop.
        silence_ms = 0 if voice.speaking else 200 if offset else state.silence_ms + SLICE_MS
        turn = state.turn_samples + len(heard.microphone) if state.turn_samples else 0
        if onset and not turn:
            turn = BEFORE_SAMPLES
        state = SmartTurnState(voice, kept, turn, silence_ms, state.over_partner)
        user = UserState.SPEAKING_TO_PARTNER if voice.speaking else UserState.QUIET
        if heard.agenda.sounding:
            action = Action.YIELD if voice.speaking else Action.KEEP
            return replace(state, over_partner=voice.speaking), self._decision(action, user, voice)
        action = Action.SILENT
        if turn and not voice.speaking and (silence_ms >= GIVE_UP_MS or (offset and self._complete(state))):
            action, state = Action.DELEGATE, replace(state, turn_samples=0)
        elif not state.turn_samples and not voice.speaking:
            action = self._speak_up(state, heard)
        return state, self._decision(action, user, voice)

    def _decision(self, action: Action, user: UserState, voice: VoiceState) -> Decision:
        return Decision(action=action, user=user, speech=voice.speaking)

    def _speak_up(self, state: SmartTurnState, heard: Slice) -> Action:
        """It knows answers only; for offers it is given the rule of the timers: a long enough lull."""
        if heard.agenda.waiting is WaitingKind.REPLY:
            return Action.TAKE
        if heard.agenda.waiting is WaitingKind.OFFER:
            hold_ms = 4000 - heard.agenda.urgency * 2800
            quiet_ms = min(state.silence_ms, 1000 * heard.clocks.since_key_s, 1000 * heard.clocks.since_own_s)
            return Action.TAKE if quiet_ms >= hold_ms and heard.editor.statement_complete else Action.DEFER
        return Action.SILENT

    def _complete(self, state: SmartTurnState) -> bool:
        audio = state.heard[-state.turn_samples :]
        audio = np.pad(audio, (MEMORY_SAMPLES - len(audio), 0)).astype(np.float32)
        key = hashlib.sha256(audio.tobytes()).digest()
        if key not in self._parts.judged:
            self._parts.judged[key] = self._judge(audio)
        return self._parts.judged[key] > self._threshold

    def _judge(self, audio: Samples) -> float:
        began_s = time.process_time()
        features = self._parts.features(audio, do_normalize=True)[None].astype(np.float32)
        (probability,) = self._parts.smart_turn.run(None, {"input_features": features})[:1]
        self.judgements_ms.append(1000 * (time.process_time() - began_s))
        return float(np.ravel(probability)[0])

    def _listen(self, state: VoiceState, samples: Samples) -> VoiceState:
        rest = np.concatenate([state.rest, samples])
        while len(rest) >= WINDOW:
            state = self._window(state, rest[:WINDOW])
            rest = rest[WINDOW:]
        return replace(state, rest=rest)

    def _window(self, state: VoiceState, window: Samples) -> VoiceState:
        inputs: dict[str, NDArray[Any]] = {
            "input": np.concatenate([state.context, window])[None].astype(np.float32),
            "state": state.memory,
            "sr": np.array(RATE_HZ, np.int64),
        }
        probability, memory = self._parts.silero.run(None, inputs)
        p = float(np.ravel(probability)[0])
        run = state.run + 1 if (p >= VOICE_PROBABILITY) != state.speaking else 0
        speaking = state.speaking
        if run >= (STOP_WINDOWS if speaking else START_WINDOWS):
            speaking, run = not speaking, 0
        quiet = state.quiet + 1 if p < RESET_PROBABILITY else 0
        if state.since_reset + 1 >= RESET_WINDOWS and not speaking and quiet >= RESET_QUIET_WINDOWS:
            return VoiceState(speaking=speaking, run=run, quiet=quiet)
        return VoiceState(memory, window[-CONTEXT:], state.rest, speaking, run, state.since_reset + 1, quiet)
