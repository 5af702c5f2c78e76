"""Drives a SoundCard and a Player in a process of their own, whose environment says where the sound server is.

Commands come on stdin, one a line: play SECONDS, hush, level, reopen, quit. Answers go to stdout as JSON, one a line.
"""

import json
import sys
import threading
import time
from typing import Any

import numpy as np

from duologue_server.audio.device import DeviceTrouble
from duologue_server.audio.levels import level_dbfs
from duologue_server.audio.player import Player, Track
from duologue_server.audio.ring import SampleRing
from duologue_server.audio.soundcard import SoundCard

_LINES = threading.Lock()


def tell(**what: Any) -> None:
    with _LINES:
        print(json.dumps({"t": time.monotonic(), **what}), flush=True)


def tone(track_id: str, rate_hz: int, duration_s: float) -> Track:
    track = Track(track_id, rate_hz)
    track.append(
        np.asarray(0.3 * np.sin(2 * np.pi * 440 * np.arange(round(duration_s * rate_hz)) / rate_hz), np.float32)
    )
    track.close()
    return track


def main() -> None:
    card = SoundCard()
    player = Player(card.output_rate_hz)
    microphone = SampleRing(card.input_rate_hz)
    card.start(microphone.write, player.fill, lambda trouble: tell(event="lost", code=trouble.code, text=str(trouble)))
    tell(event="ready", description=card.description, input_hz=card.input_rate_hz, output_hz=card.output_rate_hz)
    for line in sys.stdin:
        command, *words = line.split()
        if command == "play":
            player.play(tone("tone", player.rate_hz, float(words[0])))
            tell(event="playing")
        elif command == "hush":
            player.hush()
            tell(event="hushed")
        elif command == "level":
            heard = microphone.take()
            tell(event="level", dbfs=level_dbfs(heard), samples=len(heard), glitches=card.glitches)
        elif command == "reports":
            tell(event="reports", reports=[repr(report) for report in player.drain_reports()])
        elif command == "reopen":
            try:
                card.reopen()
                tell(event="reopened", description=card.description)
            except DeviceTrouble as trouble:
                tell(event="refused", code=trouble.code)
        else:
            break
    card.stop()
    tell(event="stopped")


if __name__ == "__main__":
    main()
