"""PortAudio, the devices, and whether the microphone is one."""

import queue
import time
from collections.abc import Iterator

import numpy as np

from duologue_server.audio.device import DeviceInfo, DeviceTrouble, Samples
from duologue_server.audio.levels import level_dbfs
from duologue_server.audio.soundcard import SoundCard, list_devices
from duologue_server.doctor.result import Result
from duologue_server.options import Options

LISTEN_S = 1.0
FIRST_BLOCK_S = 3.0
QUIET_DBFS = -75.0
"""The noise of any real room lies above this."""
LOUD_PEAK = 0.99
UNMUTE = (
    "Unmute it, allow this terminal to use it in the system's privacy settings, or choose another one with --set "
    "inputDevice=NAME"
)


def check(options: Options) -> Iterator[Result]:
    try:
        devices = list_devices()
    except DeviceTrouble as trouble:
        yield Result("PortAudio", "failed", trouble.what, trouble.remedy)
        return
    hosts = sorted({device.host for device in devices})
    yield Result(
        "PortAudio", "ok", f"{len(devices)} devices of {', '.join(hosts)}" if devices else "loaded, no devices"
    )
    yield _listed("Microphones", [d for d in devices if d.input_channels], [d for d in devices if d.default_input])
    yield _listed("Loudspeakers", [d for d in devices if d.output_channels], [d for d in devices if d.default_output])
    try:
        card = SoundCard(options.input_device, options.output_device)
    except DeviceTrouble as trouble:
        yield Result("Sound card", "failed", trouble.what, trouble.remedy)
        return
    yield Result("Sound card", "ok", f"{card.description}, {card.input_rate_hz} Hz in, {card.output_rate_hz} Hz out")
    for doubt in card.troubles:
        yield Result("Sound card", "warning", doubt.what, doubt.remedy)
    yield from _opened(card)


def _listed(part: str, devices: list[DeviceInfo], default: list[DeviceInfo]) -> Result:
    if not devices:
        return Result(part, "info", "the system offers none")
    names = [f"{device.name} (default)" if device in default else device.name for device in devices]
    return Result(part, "ok", ", ".join(names))


def _opened(card: SoundCard) -> Iterator[Result]:
    """Opens both streams and listens; what is played is silence."""
    blocks: queue.SimpleQueue[Samples] = queue.SimpleQueue()
    asked: list[int] = []
    lost: list[DeviceTrouble] = []

    def fill(n: int) -> Samples:
        asked.append(n)
        return np.zeros(n, np.float32)

    began_s = time.monotonic()
    try:
        card.start(blocks.put, fill, lost.append)
    except DeviceTrouble as trouble:
        yield Result("Streams", "failed", trouble.what, trouble.remedy)
        return
    heard = _listen(blocks, card.input_rate_hz)
    took_s = round(time.monotonic() - began_s, 2)
    card.stop()
    if lost:
        yield Result("Streams", "failed", lost[0].what, lost[0].remedy, took_s)
    if card.has_output and not asked:
        remedy = "Choose another one with --set outputDevice=NAME, or restart the sound server"
        yield Result("Loudspeaker", "failed", "it opens, but never asks for sound", remedy, took_s)
    elif card.has_output:
        glitches = f", {card.glitches} glitches" if card.glitches else ""
        yield Result("Loudspeaker", "ok", f"opens and takes sound{glitches}")
    if card.has_input:
        yield _judged(heard, took_s)


def _listen(blocks: "queue.SimpleQueue[Samples]", rate_hz: int) -> Samples:
    """About a second of the microphone, `[N]`; less when it delivers less."""
    heard: list[Samples] = []
    until_s = time.monotonic() + FIRST_BLOCK_S
    while sum(map(len, heard)) < LISTEN_S * rate_hz:
        try:
            heard.append(blocks.get(timeout=max(0.0, until_s - time.monotonic())))
        except queue.Empty:
            break
    return np.concatenate(heard) if heard else np.zeros(0, np.float32)


def _judged(heard: Samples, took_s: float) -> Result:
    if not len(heard):
        remedy = "Choose another one with --set inputDevice=NAME, or restart the sound server"
        return Result("Microphone", "failed", "it opens, but delivers no sound", remedy, took_s)
    if not heard.any():
        return Result("Microphone", "failed", "it delivers nothing but zeros", UNMUTE, took_s)
    level, peak = level_dbfs(heard), float(np.abs(heard).max())
    what = f"hears the room at {level:.0f} dBFS, peak {20 * np.log10(peak):.0f} dBFS"
    if level < QUIET_DBFS:
        return Result("Microphone", "warning", f"{what}: very quiet", f"Raise its level. {UNMUTE}", took_s)
    if peak > LOUD_PEAK:
        return Result("Microphone", "warning", f"{what}: it is overdriven", "Lower its level", took_s)
    return Result("Microphone", "ok", what, took_s=took_s)
