"""A real microphone and a real loudspeaker through PortAudio: two streams, each at its device's own rate.

Never one duplex stream: on PulseAudio it dies silently (seen in 5 of 9 runs). `sounddevice` is imported when a card is
made, because its import fails where the PortAudio library is missing.
"""

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import numpy as np

from duologue_server.audio.device import BLOCK_MS, DeviceTrouble, FillBlock, OnBlock

_Kind = Literal["input", "output"]
_NAMES: dict[_Kind, str] = {"input": "microphone", "output": "loudspeaker"}
_SETTINGS: dict[_Kind, str] = {"input": "duologue.inputDevice", "output": "duologue.outputDevice"}
_SILENT_RATE_HZ = 16_000
"""Rate of the silence that stands in for a missing microphone."""
_HANDS_FREE_BELOW_HZ = 24_000


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One entry of the system's list."""

    index: int
    name: str
    host: str
    input_channels: int
    output_channels: int
    rate_hz: int
    default_input: bool
    default_output: bool


def list_devices() -> list[DeviceInfo]:
    """What PortAudio sees, in its order. Raises DeviceTrouble `no_portaudio`."""
    sd = _load_portaudio()
    hosts = [host["name"] for host in sd.query_hostapis()]
    default_input, default_output = sd.default.device
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
        for index, device in enumerate(sd.query_devices())
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

    def __init__(self, input_name: str = "", output_name: str = "") -> None:
        """Parts of device names, in any case; empty: the system's choice.

        Raises DeviceTrouble: `no_portaudio`; `no_input` or `no_output` when a name fits no device; `no_output` when
        there is neither a microphone nor a loudspeaker.
        """
        self._names: dict[_Kind, str] = {"input": input_name, "output": output_name}
        self._ends: dict[_Kind, DeviceInfo | None] = {}
        self._streams: list[Any] = []
        self._unlost: list[Callable[[DeviceTrouble], None]] = []
        self._calls: tuple[OnBlock, FillBlock, Callable[[DeviceTrouble], None]] | None = None
        self.troubles: tuple[DeviceTrouble, ...] = ()
        """What is missing, and what will sound badly; for a person."""
        self.glitches = 0
        """Blocks that PortAudio reported as overflowed or underflowed since the start."""
        self._sd = _load_portaudio()
        self._choose()

    @property
    def has_input(self) -> bool:
        return self._ends["input"] is not None

    @property
    def has_output(self) -> bool:
        return self._ends["output"] is not None

    @property
    def input_rate_hz(self) -> int:
        """Rate of the blocks that arrive; may be another one after `reopen`."""
        end = self._ends["input"]
        return end.rate_hz if end is not None else _SILENT_RATE_HZ

    @property
    def output_rate_hz(self) -> int:
        """Rate of the blocks that are asked for; may be another one after `reopen`."""
        end = self._ends["output"] or self._ends["input"]
        assert end is not None
        return end.rate_hz

    @property
    def description(self) -> str:
        names = {kind: end.name if end is not None else f"no {_NAMES[kind]}" for kind, end in self._ends.items()}
        return f"from {names['input']} to {names['output']}"

    def start(self, on_block: OnBlock, fill_block: FillBlock, on_lost: Callable[[DeviceTrouble], None]) -> None:
        """Opens the streams. `on_lost` comes once, on PortAudio's thread, and must only pass the news on.

        Raises DeviceTrouble when a device is there but cannot be opened; then nothing is left open.
        """
        self._calls = (on_block, fill_block, on_lost)
        self._unlost = [on_lost]
        try:
            # The loudspeaker first: its echo must not be heard before what it plays is known.
            if (end := self._ends["output"]) is not None:
                self._streams.append(self._open(end, "output", self._output_callback(on_block, fill_block)))
            if (end := self._ends["input"]) is not None:
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
        microphone, loudspeaker, troubles = choose_ends(list_devices(), self._names["input"], self._names["output"])
        self._ends = {"input": microphone, "output": loudspeaker}
        self.troubles = tuple(troubles)

    def _open(self, end: DeviceInfo, kind: _Kind, callback: Callable[..., None]) -> Any:
        """Opens and starts one stream: mono, or all channels where mono is refused."""
        sd = self._sd
        stream_type = sd.InputStream if kind == "input" else sd.OutputStream
        most = end.input_channels if kind == "input" else end.output_channels
        refused: Exception | None = None
        for channels in sorted({1, min(2, most), most}):
            try:
                stream = stream_type(
                    device=end.index,
                    channels=channels,
                    samplerate=end.rate_hz,
                    blocksize=end.rate_hz * BLOCK_MS // 1000,
                    dtype="float32",
                    latency="low",
                    callback=callback,
                    finished_callback=lambda: self._finished(end, kind),
                )
                stream.start()
            except sd.PortAudioError as error:
                refused = error
            else:
                return stream
        name = _NAMES[kind]
        raise DeviceTrouble(
            "no_input" if kind == "input" else "no_output",
            f"The {name} '{end.name}' cannot be opened at {end.rate_hz} Hz: {refused}",
            f"Close the program that holds it, or choose another one with the setting {_SETTINGS[kind]}",
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

    def _finished(self, end: DeviceInfo, kind: _Kind) -> None:
        """Called by PortAudio when a stream ends, whoever ended it."""
        try:
            # Both streams may end at the same time on two threads: `pop` lets one of them through.
            on_lost = self._unlost.pop()
        except IndexError:
            return
        on_lost(
            DeviceTrouble(
                "lost",
                f"The {_NAMES[kind]} '{end.name}' went away",
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


def choose_ends(
    devices: list[DeviceInfo], input_name: str, output_name: str
) -> tuple[DeviceInfo | None, DeviceInfo | None, list[DeviceTrouble]]:
    """The microphone, the loudspeaker, and what is missing or will sound badly. Raises as `SoundCard`."""
    microphone, loudspeaker = _find(devices, "input", input_name), _find(devices, "output", output_name)
    if microphone is None and loudspeaker is None:
        raise DeviceTrouble(
            "no_output",
            "The system offers neither a microphone nor a loudspeaker",
            "Connect one or start the sound server; until then everything goes on as text",
        )
    troubles = []
    if microphone is None:
        remedy = "Connect one; until then the partner speaks but cannot hear you"
        troubles.append(DeviceTrouble("no_input", "The system offers no microphone", remedy))
    if loudspeaker is None:
        remedy = "Connect one; until then the partner's words appear as text"
        troubles.append(DeviceTrouble("no_output", "The system offers no loudspeaker", remedy))
    elif loudspeaker.rate_hz < _HANDS_FREE_BELOW_HZ:
        name, rate_hz = loudspeaker.name, loudspeaker.rate_hz
        remedy = "It sounds well again with a microphone outside the headset: choose one with duologue.inputDevice"
        what = f"The loudspeaker '{name}' runs at {rate_hz} Hz, as in Bluetooth's hands-free mode"
        troubles.append(DeviceTrouble("wrong_rate", what, remedy))
    return microphone, loudspeaker, troubles


def _find(devices: list[DeviceInfo], kind: _Kind, name: str) -> DeviceInfo | None:
    """The device of that name, or the system's choice, or the first; None when there is none at all."""
    usable = [d for d in devices if (d.input_channels if kind == "input" else d.output_channels) > 0]
    if name:
        exact = [d for d in usable if d.name == name]
        fitting = exact or [d for d in usable if name.casefold() in d.name.casefold()]
        if not fitting:
            names = ", ".join(f"'{d.name}'" for d in usable) or "none"
            raise DeviceTrouble(
                "no_input" if kind == "input" else "no_output",
                f"No {_NAMES[kind]} is called '{name}'; there are: {names}",
                f"Change the setting {_SETTINGS[kind]}, or leave it empty for the system's choice",
            )
        return fitting[0]
    default = [d for d in usable if (d.default_input if kind == "input" else d.default_output)]
    return next(iter(default or usable), None)
