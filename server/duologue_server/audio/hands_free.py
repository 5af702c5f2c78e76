"""Bluetooth headsets: whether a microphone would switch its headset to hands-free mode, and which one to take instead.

A Bluetooth headset plays music (A2DP) or has a microphone (HFP, HSP), never both: as soon as its microphone is opened,
its loudspeakers sound like a telephone.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from duologue_server.audio.device import DeviceInfo

MME_NAME = 31
"""Windows cuts the names of its oldest interface, which PortAudio prefers, to so many characters."""
HANDS_FREE_RATES_HZ = (8_000, 16_000, 24_000)
"""CVSD, mSBC, and what Apple's headsets show."""
_MUSIC_RATE_HZ = 44_100
_MARKED = re.compile(
    r"hands?[\s_-]?free|\bhfp\b|\bhsp\b|headset[_-]head[_-]unit|handsfree|bthhfenum"
    r"|freisprech|mains[\s-]libres|manos[\s-]libres|m[ãa]os[\s-]livres|vivavoce",
    re.IGNORECASE,
)
_CUT_MARK = re.compile(r"\bhands(-(f(re?)?)?)?$", re.IGNORECASE)
_NO_PERSON = re.compile(
    r"monitor of|\.monitor$|stereo ?mix|what u hear|loopback|blackhole|soundflower|zoomaudio|teams audio|voicemeeter"
    r"|cable (output|input)|virtual|aggregate|hdmi|displayport|s/?pdif|digital output|line[ -]?in"
    r"|sound mapper|primary sound|^(sys|up|v)?default$|^pulse$|^pipewire$|^jack$|^null$|dmix|dsnoop|surround|camo\b",
    re.IGNORECASE,
)
_MICROPHONE = re.compile(
    r"mic|built-in|internal|array|analog|webcam|camera|headset|usb|eingebaut|interne|intégré", re.IGNORECASE
)
_DECORATION = re.compile(
    r"^\d+-\s*|\b(ag audio|stereo|a2dp|headset|headphones?|hands?[\s_-]?free|handsfree|hfp|hsp|le audio|audio)\b",
    re.IGNORECASE,
)
_BLUEZ = re.compile(r"^bluez_(?:source|sink|input|output)\.([0-9a-f]{2}(?:[_:][0-9a-f]{2}){5})", re.IGNORECASE)


def whole_names(devices: Sequence[DeviceInfo]) -> list[DeviceInfo]:
    """The same devices; a name that Windows cut is the whole one, which its newer interfaces tell."""
    return [_whole(device, devices) for device in devices]


def _whole(device: DeviceInfo, devices: Sequence[DeviceInfo]) -> DeviceInfo:
    if device.host != "MME" or len(device.name) < MME_NAME - 2:  # a blank at the cut is lost on the way
        return device
    side = device.input_channels > 0
    whole = [
        d for d in devices if d.host != "MME" and d.name.startswith(device.name) and (d.input_channels > 0) == side
    ]
    best = max(whole, key=lambda d: (d.host == "Windows WASAPI", len(d.name)), default=None)
    return device if best is None else replace(device, name=best.name)


def is_hands_free(device: DeviceInfo, devices: Sequence[DeviceInfo]) -> bool:
    """Whether opening this microphone or loudspeaker puts a Bluetooth headset into hands-free mode.

    `devices`: all that there are, because some systems call both halves of a headset by one name: then the low rate of
    its microphone beside a loudspeaker that plays music tells. A USB headset with so low a rate looks the same where
    the system does not tell the bus, unless USB is in its name.
    """
    name = device.name
    if _MARKED.search(name) or _MARKED.search(device.route) or (_unclosed(name) and _CUT_MARK.search(name)):
        return True
    if device.bluetooth:
        # An A2DP sink is at a rate for music; every microphone of a headset is hands-free until LE Audio.
        return device.input_channels > 0 or device.rate_hz in HANDS_FREE_RATES_HZ
    if device.route or not device.input_channels or "usb" in name.casefold():
        return False
    plays_music = any(
        d.output_channels > 1 and d.rate_hz >= _MUSIC_RATE_HZ and d.host == device.host and same_headset(device, d)
        for d in devices
        if d != device
    )
    return plays_music and device.input_channels == 1 and _rate_of(device, devices) in HANDS_FREE_RATES_HZ


def same_headset(one: DeviceInfo, other: DeviceInfo) -> bool:
    """Whether both are halves of one Bluetooth headset, judged by address, or by the name without its decoration."""
    addresses = [_BLUEZ.match(device.route) for device in (one, other)]
    if addresses[0] and addresses[1]:
        first, second = (re.sub("[_:]", "", match[1]).casefold() for match in addresses if match)
        return first == second
    if one.name == other.name:
        return True
    names = sorted((base_name(one.name), base_name(other.name)), key=len)
    cut = any(_unclosed(device.name) for device in (one, other))
    return bool(names[0]) and (names[0] == names[1] or (cut and len(names[0]) > 2 and names[1].startswith(names[0])))


def base_name(name: str) -> str:
    """'Headset (2- WH-1000XM4 Hands-Free AG Audio)' is 'wh-1000xm4'."""
    if "(" in name:
        inside = name.split("(", 1)[1]
        name = inside.rsplit(")", 1)[0] if ")" in inside else inside
        if re.match(r"hw:\d|plughw:\d", name):
            name = inside
    if _CUT_MARK.search(name):
        name = _CUT_MARK.sub("", name)
    return " ".join(_DECORATION.sub(" ", name.strip()).casefold().split()).strip(" -,()")


def another_microphone(device: DeviceInfo, devices: Sequence[DeviceInfo]) -> DeviceInfo | None:
    """The best microphone of the same host that is none of a headset in hands-free mode; None when there is none."""
    fitting = [
        d
        for d in devices
        if d.input_channels > 0
        and d.host == device.host
        and d != device
        and not _NO_PERSON.search(d.name)
        and not _NO_PERSON.search(d.route)
        and not same_headset(d, device)
        and not is_hands_free(d, devices)
    ]
    # An analogue input of a desktop is listed whether or not a microphone is in it: a name that says one goes first.
    return max(fitting, key=lambda d: (bool(_MICROPHONE.search(d.name)), d.input_channels <= 2), default=None)


def music_half(device: DeviceInfo, devices: Sequence[DeviceInfo]) -> DeviceInfo | None:
    """The loudspeaker of the same headset that is not hands-free, where the system lists both."""
    halves = [
        d
        for d in devices
        if d.output_channels > 0 and d.host == device.host and d != device and same_headset(d, device)
    ]
    return next((d for d in halves if not is_hands_free(d, devices)), None)


def _rate_of(device: DeviceInfo, devices: Sequence[DeviceInfo]) -> int:
    """Windows' oldest interface says 44100 Hz of everything."""
    if device.host != "MME":
        return device.rate_hz
    true = [d.rate_hz for d in devices if d.host == "Windows WASAPI" and d.name.startswith(device.name)]
    return true[0] if true else device.rate_hz


def _unclosed(name: str) -> bool:
    return name.count("(") > name.count(")")
