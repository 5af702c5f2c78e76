"""The sound card's choices and messages. What needs a sound server is in the e2e tests."""

import ctypes.util
import subprocess
import sys
from pathlib import Path

import pytest

from duologue_server.audio import soundcard
from duologue_server.audio.choice import choose
from duologue_server.audio.device import DeviceInfo, DeviceTrouble
from duologue_server.audio.soundcard import SoundCard, list_devices

BUILT_IN = DeviceInfo(0, "Built-in Audio", "ALSA", 2, 2, 48_000, False, False)
HEADSET = DeviceInfo(1, "Headset", "ALSA", 1, 2, 44_100, True, True)
WEBCAM = DeviceInfo(2, "Webcam", "ALSA", 1, 0, 16_000, False, False)
HANDS_FREE = DeviceInfo(3, "Headset HFP", "ALSA", 1, 1, 16_000, True, True)
SPEAKERS = DeviceInfo(4, "Speakers", "ALSA", 0, 2, 48_000, False, True)


def check(
    devices: list[DeviceInfo],
    names: tuple[str, str],
    chosen: tuple[DeviceInfo | None, DeviceInfo | None],
    codes: list[str],
) -> tuple[DeviceTrouble, ...]:
    """Of these devices, those names choose this microphone and that loudspeaker, with these troubles."""
    choice = choose(devices, *names)
    ends = (choice.microphone, choice.loudspeaker)
    assert tuple(end.device if end else None for end in ends) == chosen
    assert [trouble.code for trouble in choice.troubles] == codes
    return choice.troubles


def test_the_systems_choice_comes_first_and_any_device_is_better_than_none() -> None:
    check([BUILT_IN, HEADSET, WEBCAM], ("", ""), (HEADSET, HEADSET), [])
    check([BUILT_IN, WEBCAM], ("", ""), (BUILT_IN, BUILT_IN), [])


def test_part_of_a_name_in_any_case_is_enough_and_the_whole_name_wins() -> None:
    check([BUILT_IN, HEADSET, WEBCAM], ("webc", "built-in"), (WEBCAM, BUILT_IN), [])
    check([HANDS_FREE, HEADSET], ("Headset", "Headset"), (HEADSET, HEADSET), [])


@pytest.mark.parametrize("names", [("zoom", ""), ("", "webcam")])
def test_a_name_that_fits_nothing_lists_those_that_would(
    names: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (trouble,) = check([BUILT_IN, HEADSET, WEBCAM], names, (HEADSET, HEADSET), ["not_there"])
    assert "there are: 'Built-in Audio', 'Headset'" in trouble.what
    assert "'Headset' is used until there is one" in trouble.what
    assert "leave it empty" in trouble.remedy
    monkeypatch.setattr(soundcard, "list_devices", lambda: [BUILT_IN, HEADSET, WEBCAM])
    with pytest.raises(DeviceTrouble, match="is called"):
        SoundCard(*names)
    card = SoundCard(*names, make_do=True)
    assert card.description == "from Headset to Headset"
    assert [str(told) for told in card.troubles] == [str(trouble)]


def test_it_goes_on_with_what_there_is() -> None:
    (trouble,) = check([SPEAKERS], ("", ""), (None, SPEAKERS), ["no_input"])
    assert "cannot hear you" in trouble.remedy
    (trouble,) = check([WEBCAM], ("", ""), (WEBCAM, None), ["no_output"])
    assert "as text" in trouble.remedy
    with pytest.raises(DeviceTrouble, match="neither a microphone nor a loudspeaker"):
        choose([])


def test_hands_free_mode_is_told() -> None:
    troubles = check([HANDS_FREE], ("", ""), (HANDS_FREE, HANDS_FREE), ["hands_free", "wrong_rate"])
    assert all("Bluetooth" in trouble.what for trouble in troubles)


def test_without_the_portaudio_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(DeviceTrouble, match="PortAudio library not found") as caught:
        list_devices()
    assert caught.value.code == "no_portaudio"
    assert "apt-get install libportaudio2" in caught.value.remedy


def test_without_a_sound_server_there_is_a_plain_message_and_nothing_on_stdout(tmp_path: Path) -> None:
    script = (
        "from duologue_server.audio.device import DeviceTrouble\n"
        "from duologue_server.audio.soundcard import SoundCard, list_devices_anew\n"
        "try: SoundCard()\n"
        "except DeviceTrouble as trouble: print(trouble.code, len(list_devices_anew()))\n"
    )
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    # A machine with a sound card prints nothing at all.
    assert ended.stdout in ("no_output 0\n", "no_portaudio 0\n", "")


def test_only_this_module_knows_the_sound_library() -> None:
    assert "sounddevice" not in vars(soundcard)
