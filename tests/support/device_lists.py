"""Lists of sound devices as real systems give them: one device a line, as `python -m sounddevice` writes them, with
the rate. `>` is the default microphone, `<` the default loudspeaker.

The names of Windows' interfaces follow a list with a headset "M01 Pro" and one of "WH-1000XM4", those of macOS a list
with AirPods and BlackHole; all were published by their owners. MME cuts at 31 characters.
"""

import re

from duologue_server.audio.device import DeviceInfo

_LINE = re.compile(r"([> ])([< ]) (.+), ([^,]+) \((\d+) in, (\d+) out\) (\d+)")


def listed(text: str) -> list[DeviceInfo]:
    """The devices of such a list."""
    devices = []
    for index, line in enumerate(text.strip("\n").splitlines()):
        found = _LINE.fullmatch(line)
        assert found, line
        microphone, loudspeaker, name, host, inputs, outputs, rate = found.groups()
        devices.append(
            DeviceInfo(index, name, host, int(inputs), int(outputs), int(rate), microphone == ">", loudspeaker == "<")
        )
    return devices


WINDOWS_HEADSET = """
   Microsoft Sound Mapper - Input, MME (2 in, 0 out) 44100
>  Headset (M01 Pro_F444 Hands-Free, MME (1 in, 0 out) 44100
   Microphone (Realtek(R) Audio), MME (2 in, 0 out) 44100
   Stereo Mix (Realtek(R) Audio), MME (2 in, 0 out) 44100
   Microsoft Sound Mapper - Output, MME (0 in, 2 out) 44100
 < Headphones (M01 Pro_F444 Stereo, MME (0 in, 2 out) 44100
   Headset (M01 Pro_F444 Hands-Free, MME (0 in, 1 out) 44100
   Speakers (Realtek(R) Audio), MME (0 in, 2 out) 44100
   Headset (M01 Pro_F444 Hands-Free AG Audio), Windows WASAPI (0 in, 1 out) 16000
   Headphones (M01 Pro_F444 Stereo), Windows WASAPI (0 in, 2 out) 48000
   Speakers (Realtek(R) Audio), Windows WASAPI (0 in, 2 out) 48000
   Headset (M01 Pro_F444 Hands-Free AG Audio), Windows WASAPI (1 in, 0 out) 16000
   Microphone (Realtek(R) Audio), Windows WASAPI (2 in, 0 out) 48000
   Headset (@System32\\drivers\\bthhfenum.sys), Windows WDM-KS (1 in, 0 out) 16000
"""
"""Windows 10: two endpoints for a headset, the default one cut by MME."""

WINDOWS_11 = """
   Microsoft Sound Mapper - Input, MME (2 in, 0 out) 44100
>  Headset (WH-1000XM4), MME (1 in, 0 out) 44100
   Microphone Array (Intel Smart, MME (4 in, 0 out) 44100
 < Headphones (WH-1000XM4), MME (0 in, 2 out) 44100
   Speakers (Realtek(R) Audio), MME (0 in, 2 out) 44100
   Headphones (WH-1000XM4), Windows WASAPI (0 in, 2 out) 44100
   Headset (WH-1000XM4), Windows WASAPI (1 in, 0 out) 16000
   Microphone Array (Intel Smart Sound Technology), Windows WASAPI (4 in, 0 out) 48000
"""
"""Windows 11: no mark in the name; the rate that WASAPI knows tells."""

WINDOWS_USB = """
   Microsoft Sound Mapper - Input, MME (2 in, 0 out) 44100
>  Headset Microphone (Corsair HS4, MME (2 in, 0 out) 44100
   FrontMic (Realtek High Definiti, MME (2 in, 0 out) 44100
   Microsoft Sound Mapper - Output, MME (0 in, 2 out) 44100
 < Headset Earphone (Corsair HS45 , MME (0 in, 2 out) 44100
   Realtek Digital Output (Realtek, MME (0 in, 2 out) 44100
   Headset Microphone (Corsair HS45 Surround USB Sound), Windows WASAPI (2 in, 0 out) 48000
   Headset Earphone (Corsair HS45 Surround USB Sound), Windows WASAPI (0 in, 2 out) 48000
"""
"""A headset with a cable: nothing to avoid."""

MACOS_AIRPODS = """
>  AirPods, Core Audio (1 in, 0 out) 24000
 < AirPods, Core Audio (0 in, 2 out) 48000
   BlackHole 16ch, Core Audio (16 in, 16 out) 48000
   BlackHole 2ch, Core Audio (2 in, 2 out) 48000
   MacBook Pro Microphone, Core Audio (1 in, 0 out) 48000
   MacBook Pro Speakers, Core Audio (0 in, 2 out) 48000
   ZoomAudioDevice, Core Audio (2 in, 2 out) 48000
   in mac + B2 program, Core Audio (3 in, 2 out) 48000
"""

MACOS_MINI = """
>  AirPods, Core Audio (1 in, 0 out) 16000
 < AirPods, Core Audio (0 in, 2 out) 48000
   Mac mini Speakers, Core Audio (0 in, 2 out) 48000
   ZoomAudioDevice, Core Audio (2 in, 2 out) 48000
"""
"""A Mac without a microphone of its own; what another program installed is none."""

ALSA_ONLY = """
   HDA Intel PCH: ALC295 Analog (hw:0,0), ALSA (2 in, 2 out) 44100
   HDA Intel PCH: HDMI 0 (hw:0,3), ALSA (0 in, 8 out) 44100
   Desk Digital Audio: USB Audio (hw:1,0), ALSA (1 in, 2 out) 48000
   sysdefault, ALSA (128 in, 128 out) 48000
   dmix, ALSA (0 in, 2 out) 48000
>< default, ALSA (128 in, 128 out) 48000
"""

DOORS = """
   HDA Intel PCH: ALC295 Analog (hw:0,0), ALSA (2 in, 2 out) 44100
   pulse, ALSA (32 in, 32 out) 44100
>< default, ALSA (32 in, 32 out) 44100
"""
"""What PortAudio sees where a sound server runs."""


def pactl_entry(name: str, description: str, specification: str, **properties: str) -> dict[str, object]:
    """A source or sink as `pactl -f json` gives it, with what is read of it; `device_bus` stands for `device.bus`."""
    return {
        "name": name,
        "description": description,
        "sample_specification": specification,
        "monitor_source": "",
        "properties": {key.replace("_", ".", 1): value for key, value in properties.items()},
    }


PULSE_INFO = {
    "server_name": "pulseaudio",
    "default_source_name": "bluez_source.4C_87_5D_58_8B_C2.headset_head_unit",
    "default_sink_name": "bluez_sink.4C_87_5D_58_8B_C2.headset_head_unit",
}
PULSE_SOURCES = [
    pactl_entry(
        "alsa_output.pci-0000_00_1f.3.analog-stereo.monitor",
        "Monitor of Built-in Audio Analog Stereo",
        "s16le 2ch 44100Hz",
        device_class="monitor",
    ),
    pactl_entry(
        "alsa_input.pci-0000_00_1f.3.analog-stereo",
        "Built-in Audio Analog Stereo",
        "s16le 2ch 44100Hz",
        device_bus="pci",
    ),
    pactl_entry(
        "bluez_source.4C_87_5D_58_8B_C2.headset_head_unit", "QC35", "s16le 1ch 16000Hz", device_bus="bluetooth"
    ),
]
PULSE_SINKS = [
    pactl_entry(
        "alsa_output.pci-0000_00_1f.3.analog-stereo",
        "Built-in Audio Analog Stereo",
        "s16le 2ch 44100Hz",
        device_bus="pci",
    ),
    pactl_entry("bluez_sink.4C_87_5D_58_8B_C2.headset_head_unit", "QC35", "s16le 1ch 16000Hz", device_bus="bluetooth"),
]
PIPEWIRE_INFO = {
    "server_name": "PulseAudio (on PipeWire 1.0.5)",
    "default_source_name": "bluez_input.1C:0E:C2:CB:FC:6A",
    "default_sink_name": "bluez_output.1C_0E_C2_CB_FC_6A.1",
}
PIPEWIRE_SOURCES = [
    pactl_entry(
        "alsa_input.usb-046d_HD_Pro_Webcam_C920-02.analog-stereo",
        "HD Pro Webcam C920 Analog Stereo",
        "s16le 2ch 32000Hz",
        device_bus="usb",
    ),
    pactl_entry("bluez_input.1C:0E:C2:CB:FC:6A", "AirPods Pro", "float32le 1ch 48000Hz", device_api="bluez5"),
]
PIPEWIRE_SINKS = [
    pactl_entry("alsa_output.pci-0000_07_00.6.pro-output-0", "Family 17h/19h HD Audio", "s32le 2ch 48000Hz"),
    pactl_entry("bluez_output.1C_0E_C2_CB_FC_6A.1", "AirPods Pro", "s16le 2ch 48000Hz", device_api="bluez5"),
]
"""WirePlumber keeps a microphone for every headset, and goes into hands-free mode when a stream comes to it."""
