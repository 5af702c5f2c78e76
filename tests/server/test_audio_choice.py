"""Which devices are used: of lists that real systems give, by name, and away from Bluetooth's hands-free mode."""

import os
from dataclasses import replace

import pytest

from duologue_server.audio.choice import Choice, choose, must_reopen
from duologue_server.audio.device import DeviceInfo, DeviceTrouble
from duologue_server.audio.hands_free import base_name
from duologue_server.audio.pulse import read_answers, routed
from support import device_lists
from support.device_lists import listed

PULSE = read_answers(1, device_lists.PULSE_INFO, device_lists.PULSE_SOURCES, device_lists.PULSE_SINKS)
PIPEWIRE = read_answers(1, device_lists.PIPEWIRE_INFO, device_lists.PIPEWIRE_SOURCES, device_lists.PIPEWIRE_SINKS)
DOORS = listed(device_lists.DOORS)


def check(
    devices: list[DeviceInfo], used: tuple[str | None, str | None], codes: list[str], names: tuple[str, str] = ("", "")
) -> list[str]:
    """Of these devices these are used, with these troubles, whose texts are given back."""
    choice = choose(devices, *names)
    ends = [end.device.name if end else None for end in (choice.microphone, choice.loudspeaker)]
    assert (ends, [trouble.code for trouble in choice.troubles]) == (list(used), codes)
    return [str(trouble) for trouble in choice.troubles]


@pytest.mark.parametrize(
    ("devices", "used"),
    [
        (listed(device_lists.WINDOWS_HEADSET), ("Microphone (Realtek(R) Audio)", "Headphones (M01 Pro_F444 Stereo)")),
        (
            listed(device_lists.WINDOWS_11),
            ("Microphone Array (Intel Smart Sound Technology)", "Headphones (WH-1000XM4)"),
        ),
        (listed(device_lists.MACOS_AIRPODS), ("MacBook Pro Microphone", "AirPods")),
        (PULSE + DOORS, ("Built-in Audio Analog Stereo", "QC35")),
        (PIPEWIRE + DOORS, ("HD Pro Webcam C920 Analog Stereo", "AirPods Pro")),
    ],
    ids=["Windows 10", "Windows 11", "macOS", "PulseAudio", "PipeWire"],
)
def test_the_microphone_of_the_headset_that_one_listens_to_is_avoided(
    devices: list[DeviceInfo], used: tuple[str, str]
) -> None:
    codes = ["found", "wrong_rate"] if devices[: len(PULSE)] == PULSE else ["found"]
    told = check(devices, used, codes)
    assert f"'{used[0]}' is used, not '" in told[0]
    assert "would go into hands-free mode and sound like a telephone" in told[0]
    assert "duologue.inputDevice" in told[0]


def test_a_headset_that_sounds_like_a_telephone_gets_its_music_half_back() -> None:
    devices = [
        replace(device, default_output="Hands-Free" in device.name and device.host == "MME")
        for device in listed(device_lists.WINDOWS_HEADSET)
        if device.host != "Windows WDM-KS"
    ]
    check(devices, ("Microphone (Realtek(R) Audio)", "Headphones (M01 Pro_F444 Stereo)"), ["found"])


def test_without_another_microphone_it_is_used_and_told() -> None:
    (told,) = check(listed(device_lists.MACOS_MINI), ("AirPods", "AirPods"), ["hands_free"])
    assert "sounds like a telephone, and there is no other one" in told


def test_who_names_the_headset_gets_it_with_a_warning() -> None:
    check(listed(device_lists.MACOS_AIRPODS), ("AirPods", "AirPods"), ["hands_free"], ("airpods", ""))


@pytest.mark.parametrize("loudspeaker", ["MacBook Pro Speakers", "BlackHole 2ch"])
def test_a_headset_that_one_does_not_listen_to_may_listen(loudspeaker: str) -> None:
    check(listed(device_lists.MACOS_AIRPODS), ("AirPods", loudspeaker), [], ("", loudspeaker))


@pytest.mark.parametrize(
    ("text", "used"),
    [
        (
            device_lists.WINDOWS_USB,
            (
                "Headset Microphone (Corsair HS45 Surround USB Sound)",
                "Headset Earphone (Corsair HS45 Surround USB Sound)",
            ),
        ),
        (device_lists.ALSA_ONLY, ("default", "default")),
    ],
)
def test_a_headset_with_a_cable_is_left_alone(text: str, used: tuple[str, str]) -> None:
    check(listed(text), used, [])


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("Headset (2- WH-1000XM4 Hands-Free AG Audio)", "wh-1000xm4"),
        ("Headphones (WH-1000XM4 Stereo)", "wh-1000xm4"),
        ("Headset (M01 Pro_F444 Hands-Fr", "m01 pro_f444"),
        ("AirPods", "airpods"),
        ("Desk Digital Audio: USB Audio (hw:1,0)", "hw:1,0"),
    ],
)
def test_names_without_decoration(name: str, base: str) -> None:
    assert base_name(name) == base


def test_a_name_that_fits_nothing_is_told_and_something_is_used_meanwhile() -> None:
    names = ("Blue Yeti", "")
    (told,) = check(
        listed(device_lists.MACOS_MINI)[2:] + PIPEWIRE[:1],
        ("ZoomAudioDevice", "Mac mini Speakers"),
        ["not_there"],
        names,
    )
    assert "No microphone is called 'Blue Yeti'" in told
    assert "there are: 'ZoomAudioDevice', 'HD Pro Webcam C920 Analog Stereo'" in told
    assert "'ZoomAudioDevice' is used until there is one" in told


def test_a_name_that_fits_several_is_told() -> None:
    (told,) = check(
        listed(device_lists.MACOS_AIRPODS),
        ("BlackHole 16ch", "MacBook Pro Speakers"),
        ["ambiguous"],
        ("blackh", "macbook"),
    )
    assert "'blackh' fits 2 microphones: 'BlackHole 16ch', 'BlackHole 2ch'. 'BlackHole 16ch' is used" in told
    # The system's own choice goes before the first, and the whole name before a part of it.
    check(listed(device_lists.ALSA_ONLY), ("default", "default"), ["ambiguous"], ("defau", ""))
    check(listed(device_lists.ALSA_ONLY), ("default", "default"), [], ("Default", ""))


def test_one_interface_of_windows_is_enough_and_its_whole_name_counts() -> None:
    devices = listed(device_lists.WINDOWS_HEADSET)
    names = ("Microphone (Realtek", "Hands-Free AG Audio")
    check(devices, ("Microphone (Realtek(R) Audio)", "Headset (M01 Pro_F444 Hands-Free AG Audio)"), [], names)
    assert choose(devices, *names).microphone == choose(devices, "realtek(r) audio)").microphone


def test_behind_a_sound_server_each_of_its_devices_has_a_name() -> None:
    check(PULSE + DOORS, ("Built-in Audio Analog Stereo", "Built-in Audio Analog Stereo"), [], ("built-in", "built-in"))
    check(PULSE + DOORS, ("Built-in Audio Analog Stereo", "QC35"), ["wrong_rate"], ("alsa_input.pci", ""))
    assert not any("Monitor" in device.name for device in PULSE)
    # What only ALSA has can still be asked for, past the server.
    check(PULSE + DOORS, ("HDA Intel PCH: ALC295 Analog (hw:0,0)", "QC35"), ["wrong_rate"], ("hw:0,0", ""))


def test_a_route_is_in_the_environment_only_while_a_stream_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SINK", "mine")
    with routed("output", "spk"):
        assert (os.environ["PULSE_SINK"], os.environ["PIPEWIRE_NODE"]) == ("spk", "spk")
    with routed("output", ""):
        assert os.environ["PULSE_SINK"] == "mine"
    assert os.environ["PULSE_SINK"] == "mine"
    assert "PIPEWIRE_NODE" not in os.environ


def used(devices: list[DeviceInfo], *names: str) -> Choice:
    return choose(devices, *names)


def test_a_device_that_was_asked_for_and_comes_is_a_reason_to_open_anew() -> None:
    mac = listed(device_lists.MACOS_AIRPODS)[2:]
    desk = replace(mac[0], index=9, name="Desk Microphone", output_channels=0)
    before, after = used(mac, "desk"), used([*mac, desk], "desk")
    assert must_reopen(before, after)
    assert must_reopen(after, before)
    assert not must_reopen(before, used([*mac, replace(desk, name="Other")], "desk"))
    renumbered = [replace(device, index=device.index + 1) for device in mac]
    assert not must_reopen(before, used(renumbered, "desk"))


def test_another_default_is_a_reason_unless_a_sound_server_moves_the_stream() -> None:
    mac = listed(device_lists.MACOS_AIRPODS)[2:]
    other = [replace(device, default_output=device.name == "BlackHole 2ch") for device in mac]
    assert must_reopen(used(mac), used(other))
    without = [device for device in PULSE if not device.bluetooth]
    headset = [
        replace(device, default_output=device.name == "QC35")
        for device in PULSE
        if not (device.bluetooth and device.input_channels)
    ]
    assert not must_reopen(used(without), used(headset))
    # But when the server's default became a hands-free microphone, another one is opened.
    assert must_reopen(used(without), used(PULSE))


def test_a_rate_that_changed_is_none() -> None:
    mac = listed(device_lists.MACOS_AIRPODS)[2:]
    assert not must_reopen(used(mac), used([replace(device, rate_hz=24_000) for device in mac]))


def test_a_lost_end_is_one() -> None:
    mac = listed(device_lists.MACOS_AIRPODS)[2:]
    silent = [device for device in mac if device.output_channels == 0]
    assert must_reopen(used(mac), used(silent))
    with pytest.raises(DeviceTrouble, match="neither a microphone nor a loudspeaker"):
        choose([])
