"""A real microphone and a real loudspeaker through PortAudio: two streams, each at its device's own rate.

Never one duplex stream: on PulseAudio it dies silently (seen in 5 of 9 runs). `sounddevice` is imported when a card is
made, because its import fails where the PortAudio library is missing.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from duologue_server.audio.choice import NAMES, SETTINGS, Choice, End, choose
from duologue_server.audio.device import BLOCK_MS, DeviceInfo, DeviceTrouble, FillBlock, Kind, OnBlock
from duologue_server.audio.pulse import routed, server_devices

_SILENT_RATE_HZ = 16_000
"""Rate of the silence that stands in for a missing microphone."""
_LIST_TIMEOUT_S = 10.0
_LIST = (
    "import json, sys, sounddevice as sd; "
    "json.dump([list(sd.query_devices()), list(sd.query_hostapis()), list(sd.default.device)], sys.stdout)"
)


def list_devices() -> list[DeviceInfo]:
    """What the sound server offers, then what PortAudio saw when it was initialised.

    Raises DeviceTrouble `no_portaudio`.
    """
    sd = _load_portaudio()
    devices = _described(sd.query_devices(), sd.query_hostapis(), sd.default.device)
    return server_devices(devices) + devices


def list_devices_anew() -> list[DeviceInfo]:
    """What there is now, without disturbing streams that are open: PortAudio looks only when it is initialised, which
    ends them, and so it is initialised in a process of its own. Takes a tenth of a second; [] when nothing is found."""
    try:
        listed = subprocess.run(
            [sys.executable, "-P", "-c", _LIST],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIST_TIMEOUT_S,
            check=True,
        )
        devices = _described(*json.loads(listed.stdout))
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
    return server_devices(devices) + devices


def _described(listed: Sequence[Any], apis: Sequence[Any], defaults: Sequence[int]) -> list[DeviceInfo]:
    hosts = [host["name"] for host in apis]
    default_input, default_output = defaults
    return [
        DeviceInfo(
            index=index,
            name=device["name"],
            host=hosts[device["hostapi"]],
            input_channels=device["max_input_channels"],
            output_channels=device["max_output_channels"],
            rate_hz=round(device["default_samplerate"]),
            default_input=index == default_input,
            default_output=index == default_output,
        )
        for index, device in enumerate(listed)
    ]


def refresh_devices() -> None:
    """Reads the system's list of devices anew; PortAudio does so only when it is initialised.

    Only while no card is open: it would end without notice. Raises DeviceTrouble `no_portaudio`.
    """
    sd = _load_portaudio()
    sd._terminate()
    sd._initialize()


class SoundCard:
    """A microphone and a loudspeaker of this machine; goes on with what there is.

    Without a microphone, `has_input` is false and `on_block` is given silence at 16 kHz, so that whatever counts time
    in blocks goes on. Without a loudspeaker, `has_output` is false, and `fill_block` is asked as ever, at the
    microphone's rate, but nobody hears it: whoever speaks must look at `has_output`. What is missing or doubtful is in
    `troubles`.
    """

    def __init__(self, input_name: str = "", output_name: str = "", make_do: bool = False) -> None:
        """Parts of device names, in any case; empty: the system's choice. `make_do`: use that, too, as long as a name
        fits nothing.

        Raises DeviceTrouble: `no_portaudio`; `not_there` when a name fits no device; `no_output` when there is neither
        a microphone nor a loudspeaker.
        """
        self._names = (input_name, output_name)
        self._make_do = make_do
        self._streams: list[Any] = []
        self._unlost: list[Callable[[DeviceTrouble], None]] = []
        self._calls: tuple[OnBlock, FillBlock, Callable[[DeviceTrouble], None]] | None = None
        self.choice: Choice
        """What is used; renewed when a sound server has moved a stream."""
        self.listed: list[DeviceInfo]
        """What PortAudio itself saw when the card was made."""
        self.glitches = 0
        """Blocks that PortAudio reported as overflowed or underflowed since the start."""
        self._sd = _load_portaudio()
        self._choose()

    @property
    def troubles(self) -> tuple[DeviceTrouble, ...]:
        """What is missing, what will sound badly, and what was decided because of it; for a person."""
        return self.choice.troubles

    @property
    def has_input(self) -> bool:
        return self.choice.microphone is not None

    @property
    def has_output(self) -> bool:
        return self.choice.loudspeaker is not None

    @property
    def input_rate_hz(self) -> int:
        """Rate of the blocks that arrive; may be another one after `reopen`."""
        return self._rates_hz[0]

    @property
    def output_rate_hz(self) -> int:
        """Rate of the blocks that are asked for; may be another one after `reopen`."""
        return self._rates_hz[1]

    @property
    def microphone_name(self) -> str:
        end = self.choice.microphone
        return end.device.name if end is not None else "no microphone"

    @property
    def description(self) -> str:
        microphone, loudspeaker = self.choice.microphone, self.choice.loudspeaker
        names = (
            microphone.device.name if microphone else "no microphone",
            loudspeaker.device.name if loudspeaker else "no loudspeaker",
        )
        return f"from {names[0]} to {names[1]}"

    def start(self, on_block: OnBlock, fill_block: FillBlock, on_lost: Callable[[DeviceTrouble], None]) -> None:
        """Opens the streams. `on_lost` comes once, on PortAudio's thread, and must only pass the news on.

        Raises DeviceTrouble when a device is there but cannot be opened; then nothing is left open.
        """
        self._calls = (on_block, fill_block, on_lost)
        self._unlost = [on_lost]
        try:
            # The loudspeaker first: its echo must not be heard before what it plays is known.
            if (end := self.choice.loudspeaker) is not None:
                self._streams.append(self._open(end, "output", self._output_callback(on_block, fill_block)))
            if (end := self.choice.microphone) is not None:
                self._streams.append(self._open(end, "input", self._input_callback(on_block, fill_block)))
        except DeviceTrouble:
            self.stop()
            raise

    def stop(self) -> None:
        """Closes what is open, without waiting for what was not played yet; idempotent."""
        self._unlost = []
        streams, self._streams = self._streams, []
        for stream in streams:
            with contextlib.suppress(self._sd.PortAudioError):  # a lost device cannot be closed properly
                stream.abort(ignore_errors=True)
                stream.close(ignore_errors=True)

    def reopen(self) -> None:
        """Closes everything, reads the system's list of devices anew, and starts again with the same calls.

        Not from a callback. Rates and names may have changed. Raises DeviceTrouble as the constructor and `start` do,
        and may then be called again.
        """
        self.stop()
        refresh_devices()
        self._choose()
        if self._calls is not None:
            self.start(*self._calls)

    def _choose(self) -> None:
        devices = list_devices()
        self.listed = [device for device in devices if not device.route]
        choice = choose(devices, *self._names)
        absent = [trouble for trouble in choice.troubles if trouble.code == "not_there"]
        if absent and not self._make_do:
            raise absent[0]
        self.choice = choice
        microphone, loudspeaker = choice.microphone, choice.loudspeaker or choice.microphone
        assert loudspeaker is not None
        # Kept, because a sound server may move a stream to a device of another rate, and the stream does not notice.
        self._rates_hz = (microphone.device.rate_hz if microphone else _SILENT_RATE_HZ, loudspeaker.device.rate_hz)

    def _open(self, end: End, kind: Kind, callback: Callable[..., None]) -> Any:
        """Opens and starts one stream: mono, or all channels where mono is refused."""
        sd, device = self._sd, end.device
        stream_type = sd.InputStream if kind == "input" else sd.OutputStream
        most = device.input_channels if kind == "input" else device.output_channels
        route = "" if end.follows else device.route
        refused: Exception | None = None
        for channels in sorted({1, min(2, most), most}):
            try:
                with routed(kind, route):
                    stream = stream_type(
                        device=device.index,
                        channels=channels,
                        samplerate=device.rate_hz,
                        blocksize=device.rate_hz * BLOCK_MS // 1000,
                        dtype="float32",
                        latency="low",
                        callback=callback,
                        finished_callback=lambda: self._finished(device, kind),
                    )
                stream.start()
            except sd.PortAudioError as error:
                refused = error
            else:
                return stream
        raise DeviceTrouble(
            "no_input" if kind == "input" else "no_output",
            f"The {NAMES[kind]} '{device.name}' cannot be opened at {device.rate_hz} Hz: {refused}",
            f"Close the program that holds it, or choose another one with the setting {SETTINGS[kind]}",
        )

    def _input_callback(self, on_block: OnBlock, fill_block: FillBlock) -> Callable[..., None]:
        alone = not self.has_output

        def callback(indata: Any, frames: int, _time: Any, status: Any) -> None:
            if status:
                self.glitches += 1
            on_block(np.array(indata[:, 0]))
            if alone:
                fill_block(frames)

        return callback

    def _output_callback(self, on_block: OnBlock, fill_block: FillBlock) -> Callable[..., None]:
        alone = not self.has_input
        silence = np.zeros(_SILENT_RATE_HZ * BLOCK_MS // 1000, np.float32)

        def callback(outdata: Any, frames: int, _time: Any, status: Any) -> None:
            if status:
                self.glitches += 1
            outdata[:] = fill_block(frames)[:, None]
            if alone:
                on_block(silence)

        return callback

    def _finished(self, device: DeviceInfo, kind: Kind) -> None:
        """Called by PortAudio when a stream ends, whoever ended it."""
        try:
            # Both streams may end at the same time on two threads: `pop` lets one of them through.
            on_lost = self._unlost.pop()
        except IndexError:
            return
        on_lost(
            DeviceTrouble(
                "lost",
                f"The {NAMES[kind]} '{device.name}' went away",
                "Connect it again or choose another one; it is tried again by itself",
            )
        )


def _load_portaudio() -> ModuleType:
    try:
        import sounddevice
    except OSError as error:
        remedies = {
            "linux": "Install it: apt-get install libportaudio2 (Debian, Ubuntu), dnf install portaudio (Fedora), "
            "pacman -S portaudio (Arch)",
            "darwin": "Install it: brew install portaudio, or pip install --force-reinstall sounddevice",
        }
        raise DeviceTrouble(
            "no_portaudio",
            f"The sound library PortAudio cannot be loaded: {error}",
            remedies.get(sys.platform, "Install it again: pip install --force-reinstall sounddevice"),
        ) from error
    module: ModuleType = sounddevice
    return module
