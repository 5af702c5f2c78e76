"""Builds the parts of the voice: what is missing is replaced by something that says less, and told to the user."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from earshot import Detector

from duologue_model.baseline import BaselineEngine
from duologue_model.engine import Engine
from duologue_model.slices import SLICE_SAMPLES, Slice
from duologue_server.audio.echo import DoubleTalkEchoCanceller, EchoCanceller, NoEchoCanceller
from duologue_server.audio.player import Player
from duologue_server.link.messages import FromVoice, Trouble
from duologue_server.options import EngineChoice, Options
from duologue_server.trace.clock import Clock
from duologue_server.voice.choose_listener import choose_listener
from duologue_server.voice.choose_speaker import choose_speaker
from duologue_server.voice.ear import Ear
from duologue_server.voice.floor import Microphone
from duologue_server.voice.floor_events import Rules
from duologue_server.voice.listener import Listener
from duologue_server.voice.loop import Parts, VoiceLoop
from duologue_server.voice.mouth import Mouth
from duologue_server.voice.speaker import Samples, Speaker, SpokenClause

SILENT_RATE_HZ = 24_000
_SILENCE = np.zeros(SLICE_SAMPLES, np.float32)


class SilentSpeaker:
    """No voice: every clause is over at once and stays text."""

    name = "none"
    rate_hz = SILENT_RATE_HZ
    speed = 1.0

    def speak(self, clause: str) -> SpokenClause:
        return SpokenClause(clause, np.zeros(0, dtype=np.float32), ())


class DeafListener:
    """No ear: hears that somebody speaks, and no words."""

    name = "none"

    def partial(self, audio: Samples) -> str:
        return ""

    def final(self, audio: Samples) -> str:
        return ""

    def texts(self, audio: Samples) -> tuple[str, ...]:
        return ()

    def bias(self, words: tuple[str, ...], phrases: tuple[str, ...] = ()) -> None:
        """Nothing to be biased."""


@dataclass(slots=True)
class Voice:
    """Everything that was loaded, before a device is known."""

    engine: Engine[Any]
    speaker: Speaker
    listener: Listener
    canceller: EchoCanceller
    rules: Rules
    microphone: Microphone
    """What it does when the session begins."""
    volume: float = 1.0
    """What the player multiplies everything by."""
    troubles: list[Trouble] = field(default_factory=list)

    def names(self) -> dict[str, str]:
        """Name of each part in use, for reports; of a trained engine also its weights and what they are made of."""
        parts = {
            "engine": self.engine.name,
            "ear": self.listener.name,
            "voice": self.speaker.name,
            "canceller": self.canceller.name,
        }
        for part in ("weights_sha256", "numbers"):
            if told := getattr(self.engine, part, ""):
                parts[part] = str(told)
        return parts

    def loop(self, player: Player, clock: Clock, emit: Callable[[FromVoice], None]) -> VoiceLoop:
        """The loop over these parts, on a player and a clock."""

        def failed(error: Exception) -> None:
            emit(Trouble("voice", f"a clause could not be spoken: {error}", "It stays as text"))

        def deaf(error: Exception) -> None:
            emit(Trouble("ear", f"a turn could not be recognised: {error}", "Say it again, or type it"))

        player.volume = self.volume
        ear = Ear(self.listener, clock, lambda text, final: loop.words(text, final), deaf)
        mouth = Mouth(self.speaker, player, clock, failed)
        loop: VoiceLoop = VoiceLoop(Parts(self.engine, ear, mouth, player), clock, emit, self.rules, self.microphone)
        return loop


def load_voice(options: Options, progress: Callable[[int, str], None]) -> Voice:
    """Loads every part, all side by side; takes seconds. `progress` is told how far it is."""
    troubles: list[Trouble] = []
    progress(5, "loading the voice, the ear and the model")
    with ThreadPoolExecutor(max_workers=3, thread_name_prefix="load") as pool:
        ear = pool.submit(choose_listener, options.recogniser)
        model = pool.submit(load_engine, options.engine)
        chosen = pool.submit(choose_speaker, options.voice, options.speed).result()
        progress(40, "the voice is loaded")
        listener: Listener = DeafListener()
        try:
            heard_by = ear.result()
            listener = heard_by.listener
            if heard_by.problem:
                troubles.append(Trouble("ear", heard_by.problem, heard_by.remedy))
        except Exception as error:  # whatever is wrong with the ear, the partner can still speak
            what = f"the recogniser cannot be loaded: {error}"
            troubles.append(Trouble("ear", what, "Reinstall duologue; type meanwhile"))
        progress(70, "the ear is loaded")
        engine, trouble = model.result()
        if trouble is not None:
            troubles.append(trouble)
    if chosen.degraded:
        troubles.append(Trouble("voice", chosen.message, "Reinstall duologue, or choose another voice in the settings"))
    progress(90, "the model is loaded")
    return Voice(
        engine=engine,
        speaker=chosen.speaker or SilentSpeaker(),
        listener=listener,
        canceller=DoubleTalkEchoCanceller() if options.echo_canceller else NoEchoCanceller(),
        microphone=options.microphone,
        rules=Rules(),
        volume=options.volume,
        troubles=troubles,
    )


def load_engine(wanted: EngineChoice) -> tuple[Engine[Any], Trouble | None]:
    """The engine that is wanted; where the trained one cannot be had, the baseline, and why."""
    baseline = BaselineEngine(Detector)
    if wanted == "baseline":
        return baseline, None
    remedy = "Reinstall duologue, or choose engine=baseline in the settings"
    try:
        # Here and not above: torch takes longer to come than all the rest, and the baseline needs none of it.
        from duologue_model.quantize import BadWeights
        from duologue_model.weights import load_engine as load_trained

        use_one_thread()
        engine = load_trained()
        engine.step(engine.start(), Slice(_SILENCE, _SILENCE))  # the first step of all takes several times as long
        return engine, None
    except ImportError as error:
        what = f"the trained model cannot run here ({error})"
    except BadWeights as error:
        what = str(error).split(". ", 1)[0]
    return baseline, Trouble("engine", f"{what}; {baseline.name} decides instead", remedy)


def use_one_thread() -> None:
    """For this whole process: two threads of torch wait for each other, up to 48 times as long on a busy machine."""
    import torch

    torch.set_num_threads(1)
    with suppress(RuntimeError):  # it can be set once only, and a second voice in this process finds it done
        torch.set_num_interop_threads(1)
