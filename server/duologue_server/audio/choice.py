"""Which microphone and which loudspeaker are used, and what there is to say about it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from duologue_server.audio.device import DeviceInfo, DeviceTrouble, Kind
from duologue_server.audio.hands_free import (
    another_microphone,
    is_hands_free,
    music_half,
    same_headset,
    whole_names,
)

NAMES: dict[Kind, str] = {"input": "microphone", "output": "loudspeaker"}
SETTINGS: dict[Kind, str] = {"input": "duologue.inputDevice", "output": "duologue.outputDevice"}
_NONE: dict[Kind, str] = {"input": "no_input", "output": "no_output"}
_HANDS_FREE_BELOW_HZ = 24_000


@dataclass(frozen=True, slots=True)
class End:
    """One of the two devices in use."""

    device: DeviceInfo
    follows: bool
    """Left to a sound server, which moves the stream when its default changes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is used."""

    microphone: End | None
    loudspeaker: End | None
    troubles: tuple[DeviceTrouble, ...]
    """What is missing, or sounds badly; of the code `found`: what was decided for the user, and why."""


def choose(devices: Sequence[DeviceInfo], input_name: str = "", output_name: str = "") -> Choice:
    """By name where one is given, in any case and in part; else the system's choice, but for hands-free microphones.

    A name that fits nothing, or several, is told as a trouble (`not_there`, `ambiguous`), and something is used
    meanwhile. Raises DeviceTrouble `no_output` when there is neither a microphone nor a loudspeaker.
    """
    devices = whole_names(devices)
    troubles: list[DeviceTrouble] = []
    microphone, named = _find(devices, "input", input_name, troubles)
    loudspeaker, output_named = _find(devices, "output", output_name, troubles)
    if microphone is None and loudspeaker is None:
        raise DeviceTrouble(
            "no_output",
            "The system offers neither a microphone nor a loudspeaker",
            "Connect one or start the sound server; until then everything goes on as text",
        )
    if microphone is None:
        remedy = "Connect one; until then the partner speaks but cannot hear you"
        troubles.append(DeviceTrouble("no_input", "The system offers no microphone", remedy))
    if loudspeaker is None:
        remedy = "Connect one; until then the partner's words appear as text"
        troubles.append(DeviceTrouble("no_output", "The system offers no loudspeaker", remedy))
    if microphone is not None and loudspeaker is not None:
        microphone, loudspeaker = _spared(devices, (microphone, named), (loudspeaker, output_named), troubles)
    if loudspeaker is not None and loudspeaker.device.rate_hz < _HANDS_FREE_BELOW_HZ:
        name, rate_hz = loudspeaker.device.name, loudspeaker.device.rate_hz
        remedy = "It sounds well again with a microphone outside the headset: choose one with duologue.inputDevice"
        what = f"The loudspeaker '{name}' runs at {rate_hz} Hz, as in Bluetooth's hands-free mode"
        troubles.append(DeviceTrouble("wrong_rate", what, remedy))
    return Choice(microphone, loudspeaker, tuple(troubles))


def must_reopen(present: Choice, wanted: Choice) -> bool:
    """Whether other devices are wanted than those in use. What a sound server moves by itself stays open.

    A changed rate is no reason: Bluetooth headsets change theirs because they are opened, and would be again.
    """
    pairs = ((present.microphone, wanted.microphone), (present.loudspeaker, wanted.loudspeaker))
    return any(_other(before, after) for before, after in pairs)


def moved(before: Choice, now: Choice) -> bool:
    """Whether a sound server has moved a stream to another device."""
    pairs = ((before.microphone, now.microphone), (before.loudspeaker, now.loudspeaker))
    return any(one and other and _identity(one.device) != _identity(other.device) for one, other in pairs)


def _other(before: End | None, after: End | None) -> bool:
    if before is None or after is None:
        return before is not after
    if before.follows:
        return not after.follows  # by now the server may have moved it to anything
    return _identity(before.device) != _identity(after.device)


def _identity(device: DeviceInfo) -> tuple[str, str]:
    return device.host, device.route or device.name


def _find(
    devices: Sequence[DeviceInfo], kind: Kind, name: str, troubles: list[DeviceTrouble]
) -> tuple[End | None, bool]:
    """The device of that name, or the system's choice, or the first; and whether it was found by its name."""
    usable = [d for d in devices if (d.input_channels if kind == "input" else d.output_channels) > 0]
    default = next((d for d in usable if _is_default(d, kind)), next(iter(usable), None))
    own = End(default, follows=bool(default.route)) if default is not None else None
    if not name or default is None:
        return own, False
    wanted = name.casefold()
    fitting = [d for d in usable if wanted in (d.name.casefold(), d.route.casefold())]
    fitting = fitting or [d for d in usable if wanted in d.name.casefold() or wanted in d.route.casefold()]
    if not fitting:
        troubles.append(
            DeviceTrouble(
                "not_there",
                f"No {NAMES[kind]} is called '{name}'; there are: {_listed(usable)}. "
                f"'{default.name}' is used until there is one",
                f"Connect it, change the setting {SETTINGS[kind]}, or leave it empty for the system's choice",
            )
        )
        return own, False
    # Windows lists every device once for each of its interfaces: one of them is enough.
    hosts = [d.host for d in fitting]
    host = default.host if default.host in hosts else hosts[0]
    fitting = [d for d in fitting if d.host == host]
    chosen = next((d for d in fitting if _is_default(d, kind)), fitting[0])
    if len({d.name for d in fitting}) > 1:
        troubles.append(
            DeviceTrouble(
                "ambiguous",
                f"'{name}' fits {len(fitting)} {NAMES[kind]}s: {_listed(fitting)}. '{chosen.name}' is used",
                f"Give more of its name in the setting {SETTINGS[kind]}",
            )
        )
    return End(chosen, follows=False), True


def _spared(
    devices: Sequence[DeviceInfo],
    microphone: tuple[End, bool],
    loudspeaker: tuple[End, bool],
    troubles: list[DeviceTrouble],
) -> tuple[End, End]:
    """The same, but the microphone of another device where it would put the headset that is listened to in hands-free
    mode. Who asked for it by its name gets it, with a warning."""
    (mic, mic_named), (out, out_named) = microphone, loudspeaker
    if not is_hands_free(mic.device, devices) or not same_headset(mic.device, out.device):
        return mic, out
    name = mic.device.name
    other = another_microphone(mic.device, devices)
    if mic_named or other is None:
        why = "" if mic_named else ", and there is no other one"
        troubles.append(
            DeviceTrouble(
                "hands_free",
                f"The microphone '{name}' puts its Bluetooth headset into hands-free mode, "
                f"in which everything sounds like a telephone{why}",
                f"Use a microphone outside the headset, with {SETTINGS['input']}",
            )
        )
        return mic, out
    troubles.append(
        DeviceTrouble(
            "found",
            f"The microphone '{other.name}' is used, not '{name}': with that one, the Bluetooth headset would go into "
            "hands-free mode and sound like a telephone",
            f"To have it nevertheless, name it in the setting {SETTINGS['input']}",
        )
    )
    better = None if out_named or not is_hands_free(out.device, devices) else music_half(out.device, devices)
    return End(other, follows=False), out if better is None else End(better, follows=False)


def _is_default(device: DeviceInfo, kind: Kind) -> bool:
    return device.default_input if kind == "input" else device.default_output


def _listed(devices: Sequence[DeviceInfo]) -> str:
    return ", ".join(dict.fromkeys(f"'{d.name}'" for d in devices)) or "none"
