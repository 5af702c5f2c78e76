"""Which voice is used, and why."""

from dataclasses import dataclass
from typing import Literal

from duologue_server.voice.hibari import HibariSpeaker
from duologue_server.voice.speaker import Speaker, SpeakerUnavailable
from duologue_server.voice.system_voice import SystemSpeaker

VoiceName = Literal["auto", "hibari", "flite", "espeak-ng", "none"]

_BEST_FIRST: tuple[VoiceName, ...] = ("hibari", "flite", "espeak-ng")


@dataclass(frozen=True, slots=True)
class ChosenSpeaker:
    """The voice, or None when everything stays text, and one sentence for the user that says why."""

    speaker: Speaker | None
    message: str
    degraded: bool
    """Not what was asked for: worth a warning."""


def choose_speaker(name: VoiceName, speed: float = 1.0) -> ChosenSpeaker:
    """Makes and loads the voice that was asked for; `auto` is the best that works here. Takes up to a few seconds."""
    if name == "none":
        return ChosenSpeaker(None, "No voice, as the settings ask: everything stays text.", degraded=False)
    problems: list[str] = []
    for candidate in _BEST_FIRST if name == "auto" else (name,):
        try:
            speaker = _load(candidate, speed)
        except SpeakerUnavailable as problem:
            problems.append(str(problem))
            continue
        if not problems:
            return ChosenSpeaker(speaker, f"Voice: {speaker.name}.", degraded=False)
        return ChosenSpeaker(speaker, f"Voice: {speaker.name}. {' '.join(problems)}", degraded=True)
    return ChosenSpeaker(None, f"No voice: everything stays text. {' '.join(problems)}", degraded=True)


def _load(name: VoiceName, speed: float) -> Speaker:
    """The voice of that name, proven by a word."""
    if name == "hibari":
        hibari = HibariSpeaker(speed)
        hibari.load()
        return hibari
    assert name in ("flite", "espeak-ng"), f"{name!r} is no synthesiser"
    system = SystemSpeaker(name, speed)
    system.speak("ready")
    return system
