"""Notices devices that come and go, and the system's choice when it changes, without disturbing what sounds."""

import sys
from pathlib import Path

from duologue_server.audio.choice import Choice, choose
from duologue_server.audio.device import DeviceInfo, DeviceTrouble
from duologue_server.audio.pulse import server_devices
from duologue_server.audio.soundcard import list_devices_anew

_ALSA = (Path("/proc/asound/cards"), Path("/proc/asound/pcm"))


class DeviceWatch:
    """Looks at the system's devices; for a lane of slow work, one look at a time."""

    def __init__(self, input_name: str = "", output_name: str = "") -> None:
        self._names = (input_name, output_name)
        self._seen = self._signature()

    def look(self, listed: list[DeviceInfo]) -> Choice | None:
        """What would be chosen now; None when that cannot be told, or nothing can have changed.

        `listed`: what PortAudio saw when the card was opened. Where a sound server runs, that one is asked, which
        takes some milliseconds; else ALSA's files tell whether a look is worth while; elsewhere PortAudio is started
        anew in a process of its own.
        """
        devices = server_devices(listed)
        if devices:
            devices += listed
        else:
            signature = self._signature()
            if signature is not None and signature == self._seen:
                return None
            devices = list_devices_anew()
            if devices:  # a look that failed is taken again
                self._seen = signature
        try:
            return choose(devices, *self._names)
        except DeviceTrouble:
            return None  # there is nothing: the stream will say so itself

    def _signature(self) -> str | None:
        """ALSA's list of cards; None where there is none."""
        if sys.platform != "linux":
            return None
        try:
            return "".join(path.read_text() for path in _ALSA)
        except OSError:
            return ""
