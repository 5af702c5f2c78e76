"""The virtual device: its room block by block, its files, its name on the command line. Its pace is an e2e test's."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from duologue_server.audio.device import DeviceTrouble, SoundDevice
from duologue_server.audio.resample import resample
from duologue_server.audio.virtual import VirtualDevice, VirtualRoom, parse_device

Samples = NDArray[np.float32]
HALF = 1 / 32768
"""Half a step of 16 bits."""


def write(path: Path, samples: Samples, rate_hz: int = 16_000) -> Path:
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")
    return path


def noise(seconds: float, rate_hz: int = 16_000) -> Samples:
    return np.asarray(0.1 * np.random.default_rng(1).standard_normal(round(seconds * rate_hz)), np.float32)


def run(room: VirtualRoom, blocks: int, played: Samples | None = None) -> Samples:
    """Steps the room so often, playing `played` and then silence; gives what its microphone heard."""
    heard: list[Samples] = []
    rest = np.concatenate([np.zeros(0, np.float32) if played is None else played, np.zeros(blocks * 480, np.float32)])
    room.open()
    for number in range(blocks):
        room.step(heard.append, lambda n, at=number * 480: rest[at : at + n])  # type: ignore[misc]
    room.close()
    return np.concatenate(heard)


def check_trouble(make: Callable[[], object], code: str, words: str) -> None:
    """Making it fails with that code, and the message says these words."""
    with pytest.raises(DeviceTrouble, match=words) as caught:
        make()
    assert caught.value.code == code
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["mic.flac", "mic.wav"])
def test_the_microphone_is_the_file_and_then_silence(tmp_path: Path, name: str) -> None:
    samples = noise(0.05)
    heard = run(VirtualRoom(write(tmp_path / name, samples)), blocks=6)
    assert len(heard) == 5 * 320
    np.testing.assert_allclose(heard[:800], samples, atol=HALF)
    assert not heard[800:].any()


def test_an_array_will_do_and_so_will_nothing() -> None:
    np.testing.assert_array_equal(run(VirtualRoom(noise(0.1)), blocks=6), noise(0.1))
    assert not run(VirtualRoom(), blocks=6).any()


@pytest.mark.parametrize("name", ["out.flac", "out.WAV"])
def test_what_is_played_is_written_from_the_microphones_first_sample_on(tmp_path: Path, name: str) -> None:
    played = noise(0.2, 24_000)
    run(VirtualRoom(output_path=tmp_path / name), blocks=12, played=played)
    written, rate_hz = soundfile.read(tmp_path / name, dtype="float32")
    assert (rate_hz, len(written)) == (24_000, 12 * 480)
    np.testing.assert_allclose(written[: len(played)], played, atol=HALF)
    assert not written[len(played) :].any()


@pytest.mark.parametrize("delay_ms", [0, 5, 60, 250])
def test_the_echo_is_what_was_played_so_much_later_and_softer(delay_ms: int) -> None:
    played = resample(noise(0.5), 16_000, 24_000)
    heard = run(VirtualRoom(None, None, delay_ms, -20), blocks=60, played=played)
    expected = np.zeros_like(heard)
    delay = delay_ms * 16
    expected[delay : delay + 8000] = 0.1 * resample(played, 24_000, 16_000)
    middle = slice(delay + 800, delay + 7200)
    spoilt = np.sum((heard - expected)[middle] ** 2) / np.sum(expected[middle] ** 2)
    # White noise: the two resamplers differ in the last kilohertz only.
    assert spoilt < 0.05
    assert np.corrcoef(heard[middle], expected[middle])[0, 1] > 0.97
    assert np.abs(heard[:delay]).max(initial=0) < 0.01


def test_echo_and_user_are_heard_together_within_full_scale() -> None:
    loud = np.full(24_000, 0.9, np.float32)
    user = np.full(16_000, 0.9, np.float32)
    heard = run(VirtualRoom(user, None, 60, 0), blocks=40, played=loud)
    np.testing.assert_allclose(heard[:900], 0.9, atol=1e-6)
    assert heard.max() == 1.0


def test_a_microphone_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.flac"
    check_trouble(lambda: VirtualDevice(missing), "no_input", "There is no microphone file '.*none.flac'")
    check_trouble(lambda: VirtualDevice(tmp_path), "no_input", "There is no microphone file")
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"fLaC and then nothing")
    check_trouble(lambda: VirtualDevice(broken), "no_input", "broken.flac' cannot be read")
    fast = write(tmp_path / "fast.wav", noise(0.1), 48_000)
    check_trouble(lambda: VirtualDevice(fast), "wrong_rate", "fast.wav' has 48000 Hz with 1 channel, not 16000 Hz mono")
    stereo = write(tmp_path / "stereo.wav", np.zeros((100, 2), np.float32))
    check_trouble(lambda: VirtualDevice(stereo), "wrong_rate", "2 channels")


def truncated(path: Path) -> Path:
    """The first half of a file of two seconds."""
    whole = write(path, noise(2)).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def test_a_truncated_microphone_file_is_named_where_it_can_be_seen(tmp_path: Path) -> None:
    check_trouble(lambda: run(VirtualRoom(truncated(tmp_path / "cut.flac")), blocks=110), "lost", "cut.flac' broke off")
    heard = run(VirtualRoom(truncated(tmp_path / "cut.wav")), blocks=110)
    assert heard[:15_000].any()
    assert not heard[16_000:].any()


def test_an_output_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    room = VirtualRoom(output_path=tmp_path / "no folder" / "out.flac")
    check_trouble(room.open, "no_output", "no folder/out.flac' cannot be written")
    with pytest.raises(ValueError, match=r"ends in \.flac or \.wav"):
        VirtualRoom(output_path=tmp_path / "out.mp3")
    with pytest.raises(ValueError, match="0 to 10000 ms"):
        VirtualRoom(echo_delay_ms=-1)


@pytest.mark.parametrize("name", ["out.flac", "out.wav"])
def test_the_output_of_a_killed_process_can_be_read_up_to_the_last_second(tmp_path: Path, name: str) -> None:
    script = (
        "import os, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from duologue_server.audio.virtual import VirtualRoom\n"
        "room = VirtualRoom(output_path=Path(sys.argv[1]))\n"
        "room.open()\n"
        "for number in range(170): room.step(lambda block: None, lambda n: np.full(n, number / 256, np.float32))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path / name)], check=False, timeout=60)
    assert ended.returncode == -9
    written, _ = soundfile.read(tmp_path / name, dtype="float32")
    # 3.4 s were played; it is saved every second, in FLAC by whole frames of 4,096 samples.
    assert 3 * 24_000 - 4096 <= len(written) <= 170 * 480
    np.testing.assert_allclose(written, np.repeat(np.arange(170) / 256, 480)[: len(written)], atol=HALF)


def test_devices_on_the_command_line(tmp_path: Path) -> None:
    microphone = write(tmp_path / "a, b.flac", noise(0.1))
    plain: SoundDevice = parse_device("virtual:")
    assert plain.description == "virtual device, from silence to nowhere"
    full = parse_device(f"virtual:mic={microphone},out={tmp_path}/out.wav,echo_ms=60,echo_db=-12.5")
    assert full.description == "virtual device, from a, b.flac to out.wav"
    assert (full.input_rate_hz, full.output_rate_hz) == (16_000, 24_000)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("pulse", "'pulse' is not a virtual device; write virtual:"),
        ("virtual:speaker=x", "cannot read 'speaker=x'"),
        ("virtual:mic=", "cannot read 'mic='"),
        ("virtual:out=a.wav,out=b.wav", "cannot read 'out=b.wav'"),
        ("virtual:echo_ms=soon", "'echo_ms' .* must be a number, not 'soon'"),
        ("virtual:echo_ms=-5", "0 to 10000 ms"),
        ("virtual:echo_ms=nan", "0 to 10000 ms"),
        ("virtual:out=x.mp3", r"\.flac or \.wav"),
    ],
)
def test_what_cannot_be_a_virtual_device(spec: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_device(spec)
