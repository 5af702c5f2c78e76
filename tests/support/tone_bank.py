"""A tiny utterance bank of tones, so that the simulator can be tested without any synthesiser or recording."""

import numpy as np

from duologue_model.slices import RATE_HZ
from duologue_model.training.phrases import TEMPLATES, pause_places
from duologue_model.training.voices import Bank, Clip, ClipFacts


def tone_bank(split: str = "train") -> Bank:
    """One clip of each kind, a tone for every word, with breaks where the template has them."""
    clips = []
    for number, (kind, templates) in enumerate(TEMPLATES.items()):
        for voice in ("low", "high"):
            text, places = pause_places(templates[0])
            length = int(0.22 * RATE_HZ * max(2, len(text.split())))
            pitch_hz = 150 + 10 * number + (200 if voice == "high" else 0)
            sound = 0.5 * np.sin(2 * np.pi * pitch_hz * np.arange(length) / RATE_HZ)
            facts = ClipFacts(
                f"tone/{voice}/{kind}", kind, text, f"tone/{voice}", "tone", "CC0-1.0", split,
                tuple(int(place * length) for place in places),
            )  # fmt: skip
            clips.append(Clip(facts, sound.astype(np.float32)))
    return Bank(clips)
