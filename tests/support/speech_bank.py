"""A small utterance bank of real speech: the product's own voice, quicker, and recorded single words."""

from functools import cache

import numpy as np

from duologue_model.training.phrases import TEMPLATES, pause_places
from duologue_model.training.voices import Bank, Clip, ClipFacts, break_near, trim
from duologue_server.audio.resample import resample
from duologue_server.voice.hibari import HibariSpeaker
from support.clips import RATE_HZ, clip

RECORDED = {"stop": "stop", "backchannel": "yes", "answer": "no"}
WORDS = {"{t}": "loop", "{n}": "config"}


@cache
def speech_bank() -> Bank:
    """Two phrases of each kind; of single words a recording."""
    speaker = HibariSpeaker(1.15)
    clips = []
    for kind, templates in TEMPLATES.items():
        for number, template in enumerate(templates[:2]):
            text = template
            for mark, word in WORDS.items():
                text = text.replace(mark, word)
            spoken, places = pause_places(text)
            sound = resample(speaker.speak(spoken).samples, speaker.rate_hz, RATE_HZ)
            samples = trim(clip(RECORDED[kind]) if kind in RECORDED else np.asarray(sound, np.float32))
            breaks = tuple(break_near(samples, place) for place in places)
            facts = ClipFacts(f"{kind}/{number}", kind, spoken, "someone", "hibari", "Apache-2.0", "held-out", breaks)
            clips.append(Clip(facts, samples))
    return Bank(clips)
