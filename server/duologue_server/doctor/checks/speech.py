"""The voice says a sentence, the ear reads it back; echo canceller, voice activity and engine are tried on it."""

import re
import time
from collections.abc import Callable, Iterator

import numpy as np

from duologue_model.slices import SLICE_SAMPLES, Slice
from duologue_server.audio.echo import DoubleTalkEchoCanceller
from duologue_server.audio.levels import level_dbfs
from duologue_server.audio.resample import resample
from duologue_server.doctor.result import Result
from duologue_server.options import Options
from duologue_server.voice.assembly import load_engine
from duologue_server.voice.choose_listener import SHIPPED, choose_listener
from duologue_server.voice.gate import SpeechGate
from duologue_server.voice.hibari import HibariSpeaker
from duologue_server.voice.moonshine_weights import WeightsTrouble
from duologue_server.voice.speaker import Samples, Speaker, SpeakerUnavailable
from duologue_server.voice.system_voice import SystemSpeaker, SystemVoice

RATE_HZ = 16_000
SENTENCE = "Please read the second error in this file."
ENOUGH_WORDS = 0.75
"""Share of the words that must be recognised; a system voice is not always understood."""
ENOUGH_ERLE_DB = 15.0
ECHO_DELAY_MS = 60
SYSTEM_VOICES: tuple[SystemVoice, ...] = ("flite", "espeak-ng")


def check(options: Options) -> Iterator[Result]:
    spoken: list[Samples] = []
    yield from _voices(options, spoken)
    if not spoken:
        remedy = "Repair the voice first; the ear is then tried on what it says"
        yield Result("Ear", "warning", "not tried: no voice speaks", remedy)
        return
    yield from _ear(options, spoken[0])
    yield _canceller(spoken[0])
    yield _activity(spoken[0])
    yield _engine(options, spoken[0])


def _voices(options: Options, spoken: list[Samples]) -> Iterator[Result]:
    """The default voice and those that stand in for it; `spoken` gets what each said, at 16 kHz."""
    best = _voice("hibari", lambda: HibariSpeaker(options.speed), options, spoken)
    yield best
    for name in SYSTEM_VOICES:
        result = _voice(name, lambda name=name: SystemSpeaker(name, options.speed), options, spoken)  # type: ignore[misc]
        needed = options.voice == name or best.status == "failed"
        if result.status == "failed" and not needed:
            result = Result(result.part, "info", f"not installed; only needed if hibari fails. {result.what}")
        yield result


def _voice(name: str, make: Callable[[], Speaker], options: Options, spoken: list[Samples]) -> Result:
    chosen = " (chosen)" if options.voice == name or (options.voice == "auto" and name == "hibari") else ""
    part = f"Voice {name}"
    try:
        began_s = time.monotonic()
        speaker = make()
        if isinstance(speaker, HibariSpeaker):
            speaker.load()
        loaded_s = time.monotonic() - began_s
        began_s = time.monotonic()
        clause = speaker.speak(SENTENCE)
        took_s = time.monotonic() - began_s
    except SpeakerUnavailable as trouble:
        return Result(part, "failed", trouble.what, trouble.remedy)
    level = level_dbfs(clause.samples)
    if level < -60:
        return Result(part, "failed", "it says nothing that could be heard", "Choose another voice in the settings")
    spoken.append(resample(clause.samples, speaker.rate_hz, RATE_HZ))
    weights = "weights verified, " if name == "hibari" else ""
    length_s = len(clause.samples) / speaker.rate_hz
    what = f"{speaker.name}{chosen}: {weights}{length_s:.1f} s of speech in {took_s:.2f} s"
    return Result(part, "ok", what, took_s=round(loaded_s, 2))


def _ear(options: Options, spoken: Samples) -> Iterator[Result]:
    began_s = time.monotonic()
    try:
        chosen = choose_listener(options.recogniser)
    except WeightsTrouble as trouble:
        yield Result("Ear", "failed", f"{trouble.what}: {trouble.where}", trouble.remedy)
        return
    listener = chosen.listener
    took_s = round(time.monotonic() - began_s, 2)
    if chosen.problem:
        yield Result("Ear", "failed", chosen.problem, chosen.remedy, took_s)
    else:
        verified = "weights verified" if options.recogniser == SHIPPED else "opened"
        note = "" if getattr(listener, "folded", True) else ", not optimised, so slower"
        yield Result("Ear", "ok", f"{listener.name}: {verified}{note}", took_s=took_s)
    for part, recognise in (("Ear, partial", listener.partial), ("Ear, final", listener.final)):
        began_s = time.monotonic()
        text = recognise(spoken)
        took_s = round(time.monotonic() - began_s, 2)
        wanted, got = _words(SENTENCE), _words(text)
        share = sum(word in got for word in wanted) / len(wanted)
        what = f"understood “{text}”"
        if share >= ENOUGH_WORDS:
            yield Result(part, "ok", what, took_s=took_s)
        else:
            remedy = (
                "Install again: pip install --force-reinstall moonshine-cpp==0.1.4 moonshine-voice==0.1.0 onnxruntime"
            )
            yield Result(part, "failed", f"{what}, not “{SENTENCE}”", remedy, took_s)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def _canceller(spoken: Samples) -> Result:
    """How much of the partner's own voice is left in a microphone that hears nothing else."""
    far = np.tile(spoken, 3)[: len(spoken) * 3 // 160 * 160]
    late = ECHO_DELAY_MS * RATE_HZ // 1000
    near = np.float32(0.25) * np.concatenate([np.zeros(late, np.float32), far[:-late]])
    canceller = DoubleTalkEchoCanceller()
    began_s = time.monotonic()
    left = canceller.process(near, far)
    took_s = time.monotonic() - began_s
    last = slice(-len(spoken), None)
    erle_db = level_dbfs(near[last]) - level_dbfs(left[last])
    what = f"{canceller.name}: takes {erle_db:.0f} dB off the own voice, {took_s / len(far) * RATE_HZ:.1%} of one core"
    if erle_db < ENOUGH_ERLE_DB:
        remedy = "Install again: pip install --force-reinstall pywebrtc-audio; wear headphones meanwhile"
        return Result("Echo canceller", "failed", what, remedy)
    return Result("Echo canceller", "ok", what)


def _activity(spoken: Samples) -> Result:
    noise = np.random.default_rng(1).standard_normal(2 * RATE_HZ).astype(np.float32) * 0.003
    quiet, loud = SpeechGate(), SpeechGate()
    false_alarms = [edge for edge in quiet.hear(noise) if edge.kind == "onset"]
    onsets = [edge for edge in loud.hear(np.concatenate([noise, spoken])) if edge.kind == "onset"]
    if false_alarms or not onsets:
        what = "takes noise for speech" if false_alarms else "does not notice speech"
        return Result("Voice activity", "failed", what, "Install again: pip install --force-reinstall earshot")
    begins = len(noise) + int(np.argmax(np.abs(spoken) > 0.02))
    after_ms = 1000 * (onsets[0].sample - begins) / RATE_HZ
    return Result(
        "Voice activity", "ok", f"earshot: speech noticed, dated {after_ms:+.0f} ms from its first loud sample"
    )


def _engine(options: Options, spoken: Samples) -> Result:
    engine, trouble = load_engine(options.engine)
    if trouble is not None:
        return Result("Engine", "warning", trouble.what, trouble.remedy)
    state = engine.start()
    silence = np.zeros(SLICE_SAMPLES, np.float32)
    began_s, steps = time.monotonic(), 0
    for at in range(0, len(spoken) - SLICE_SAMPLES + 1, SLICE_SAMPLES):
        state, _ = engine.step(state, Slice(spoken[at : at + SLICE_SAMPLES], silence))
        steps += 1
    step_ms = 1000 * (time.monotonic() - began_s) / max(1, steps)
    return Result("Engine", "ok", f"{engine.name}: {step_ms:.1f} ms for each slice of 80 ms")
