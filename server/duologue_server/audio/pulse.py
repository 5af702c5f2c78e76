"""What a sound server behind ALSA offers: PulseAudio, or PipeWire in its place. PortAudio sees of it one device only.

`pactl` is asked, in JSON, as of version 16. Without it nothing is known, and the system's choice is used.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

from duologue_server.audio.device import DeviceInfo, Kind

_ASK_TIMEOUT_S = 2.0
_ROUTES: dict[Kind, tuple[str, ...]] = {
    "input": ("PULSE_SOURCE", "PIPEWIRE_NODE"),
    "output": ("PULSE_SINK", "PIPEWIRE_NODE"),
}
"""Variables by which libpulse and PipeWire's own ALSA plugin are told which device a new stream is for."""
_DOORS = ("pulse", "pipewire", "default")
"""Devices of PortAudio that lead to the sound server, best first."""
_SPECIFICATION = re.compile(r"(\d+)ch (\d+)Hz")
_RATES_HZ = (8_000, 192_000)


def server_devices(doors: list[DeviceInfo]) -> list[DeviceInfo]:
    """What the sound server offers, each to be opened through one of PortAudio's devices `doors`; [] without one."""
    door = next((d for name in _DOORS for d in doors if d.name == name and d.host == "ALSA"), None)
    if door is None or shutil.which("pactl") is None:
        return []
    answers = [_ask("info"), _ask("list", "sources"), _ask("list", "sinks")]
    if any(answer is None for answer in answers):
        return []
    return read_answers(door.index, *answers)


def read_answers(door: int, info: dict[str, Any], sources: list[Any], sinks: list[Any]) -> list[DeviceInfo]:
    """The devices of three answers of `pactl -f json`; recordings of what is played are none."""
    host = "PipeWire" if "pipewire" in str(info.get("server_name", "")).casefold() else "PulseAudio"
    kinds: tuple[tuple[Kind, list[Any], Any], ...] = (
        ("input", sources, info.get("default_source_name")),
        ("output", sinks, info.get("default_sink_name")),
    )
    return [
        _described(door, host, kind, entry, default)
        for kind, entries, default in kinds
        for entry in entries
        if not (kind == "input" and _is_monitor(entry) and entry["name"] != default)
    ]


@contextlib.contextmanager
def routed(kind: Kind, route: str) -> Iterator[None]:
    """While a stream is opened: to this device of the sound server, or to its own choice for ''.

    A variable that the user has set is left as it is when there is no route.
    """
    if not route:
        yield
        return
    before = {name: os.environ.get(name) for name in _ROUTES[kind]}
    os.environ.update(dict.fromkeys(_ROUTES[kind], route))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _described(door: int, host: str, kind: Kind, entry: dict[str, Any], default: object) -> DeviceInfo:
    properties = entry.get("properties") or {}
    found = _SPECIFICATION.search(str(entry.get("sample_specification")))
    channels, rate_hz = (int(found[1]), int(found[2])) if found else (2, 48_000)
    route = str(entry["name"])
    return DeviceInfo(
        index=door,
        name=str(entry.get("description") or route),
        host=host,
        input_channels=channels if kind == "input" else 0,
        output_channels=channels if kind == "output" else 0,
        rate_hz=min(max(rate_hz, _RATES_HZ[0]), _RATES_HZ[1]),
        default_input=kind == "input" and route == default,
        default_output=kind == "output" and route == default,
        route=route,
        bluetooth=route.startswith("bluez_") or properties.get("device.bus") == "bluetooth",
    )


def _is_monitor(entry: dict[str, Any]) -> bool:
    properties = entry.get("properties") or {}
    return properties.get("device.class") == "monitor" or bool(entry.get("monitor_source"))


def _ask(*words: str) -> Any:
    """An answer of `pactl`, or None."""
    try:
        # In other languages some versions write numbers with a comma, which is no JSON.
        answer = subprocess.run(
            ["pactl", "-f", "json", *words],
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            timeout=_ASK_TIMEOUT_S,
            check=True,
        )
        return json.loads(answer.stdout.decode(errors="replace"))
    except (OSError, subprocess.SubprocessError, json.JSONDecodeError):
        return None
