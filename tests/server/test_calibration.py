"""`doctor --mic` in rooms of which all is known: time passes block by block, ear and voice are the real ones."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from duologue_server.audio.device import DeviceTrouble, FillBlock, OnBlock, Samples
from duologue_server.audio.echo import DoubleTalkEchoCanceller
from duologue_server.audio.resample import resample
from duologue_server.audio.sound import RATE_HZ
from duologue_server.audio.virtual import INPUT_RATE_HZ, OUTPUT_RATE_HZ, VirtualRoom
from duologue_server.cli import main
from duologue_server.doctor.booth import SETTLE_S, Booth, Take
from duologue_server.doctor.checks import calibration
from duologue_server.doctor.checks.calibration import SILENCE_S, SPEECH_S
from duologue_server.doctor.result import ASK, Result
from duologue_server.options import Options
from duologue_server.voice.hibari import HibariSpeaker
from duologue_server.voice.moonshine import MoonshineListener

SENTENCE = "What is wrong in line twenty three?"


class SteppedDevice:
    """A virtual room as a sound device; `step` is 20 ms."""

    input_rate_hz, output_rate_hz = INPUT_RATE_HZ, OUTPUT_RATE_HZ
    description = "a room"

    def __init__(self, room: VirtualRoom, has_output: bool = True, breaks_after: int = 10**9) -> None:
        self.has_input, self.has_output = True, has_output
        self._room = room
        self._left = breaks_after

    def start(self, on_block: OnBlock, fill_block: FillBlock, on_lost: Callable[[DeviceTrouble], None]) -> None:
        self._calls = (on_block, fill_block)
        self._on_lost = on_lost

    def step(self, _seconds: float) -> bool:
        self._left -= 1
        if self._left < 0:
            self._on_lost(DeviceTrouble("lost", "The microphone 'USB' went away", "Connect it again"))
        else:
            self._room.step(*self._calls)
        return True

    def stop(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def voice() -> HibariSpeaker:
    return HibariSpeaker()


@pytest.fixture(scope="module")
def ear() -> MoonshineListener:
    return MoonshineListener()


@pytest.fixture(scope="module")
def sentence(voice: HibariSpeaker) -> Samples:
    """The user's, at −26 dBFS."""
    return resample(voice.speak(SENTENCE).samples, voice.rate_hz, RATE_HZ)


def heard(said: Samples, noise_dbfs: float, duration_s: float = 60.0) -> Samples:
    """A microphone in a room with that noise; `said` when it is asked for."""
    room = np.random.default_rng(5).standard_normal(round(duration_s * RATE_HZ)) * 10 ** (noise_dbfs / 20)
    begins = round((SETTLE_S + SILENCE_S + 0.5) * RATE_HZ)
    room[begins : begins + len(said)] += said
    return np.clip(room, -1.0, 1.0).astype(np.float32)


def measured(device: SteppedDevice, ear: MoonshineListener, voice: HibariSpeaker | None) -> Iterator[Result]:
    booth = Booth(device, DoubleTalkEchoCanceller(), wait=device.step)
    booth.start()
    own = None if voice is None else (voice.speak(calibration.OWN_WORDS).samples, voice.rate_hz)
    yield from calibration.measure(booth, ear, own)


def check(results: Iterator[Result] | list[Result], **expected: str) -> dict[str, str]:
    """These parts, with these statuses and no others; whatever is not well says what to do. Gives what was found."""
    told = [result for result in results if result.part != ASK]
    assert {result.part.replace(", ", "_").replace(" ", "_"): result.status for result in told} == expected, told
    assert all(result.remedy or result.status in ("ok", "info") for result in told), told
    return {result.part: result.what for result in told}


def figures(what: str) -> list[int]:
    return [int(number) for number in re.findall(r"-?\d+", what)]


def test_a_good_microphone_with_a_loudspeaker(sentence: Samples, ear: MoonshineListener, voice: HibariSpeaker) -> None:
    room = VirtualRoom(heard(sentence, -62), echo_delay_ms=60, echo_gain_db=-20)
    results = list(measured(SteppedDevice(room), ear, voice))
    found = check(results, Noise="ok", Your_voice="ok", Words="ok", Played_back="info", Echo="ok", Echo_cancelled="ok")
    print(found)
    assert figures(found["Noise"]) == [-62]
    level, above, _ = figures(found["Your voice"])
    assert level == pytest.approx(-25, abs=2)
    assert above == pytest.approx(37, abs=2)
    assert "wrong in line" in found["Words"]
    loss, delay_ms = figures(found["Echo"])
    assert loss == pytest.approx(20, abs=1)
    assert delay_ms == pytest.approx(60, abs=4), "both ways through a resampler take 2 ms"
    assert figures(found["Echo, cancelled"])[0] > 34
    assert "as quiet as the room" in found["Echo, cancelled"]
    assert [result.what.split()[0] for result in results if result.part == ASK] == [
        "Please",
        "Now",
        "This",
        "Please",
        "Thank",
    ]


def test_headphones(sentence: Samples, ear: MoonshineListener, voice: HibariSpeaker) -> None:
    found = check(
        measured(SteppedDevice(VirtualRoom(heard(sentence, -62))), ear, voice),
        Noise="ok", Your_voice="ok", Words="ok", Played_back="info", Echo="ok",
    )  # fmt: skip
    assert "headphones" in found["Echo"]


def test_an_echo_as_loud_as_the_voice(sentence: Samples, ear: MoonshineListener, voice: HibariSpeaker) -> None:
    room = VirtualRoom(heard(sentence, -62), echo_delay_ms=90, echo_gain_db=3)
    results = [result for result in measured(SteppedDevice(room), ear, voice) if result.part == "Echo"]
    check(results, Echo="warning")
    assert results[0].remedy.startswith("Lower the loudspeaker")


def test_a_muted_microphone_ends_it_at_once(ear: MoonshineListener, voice: HibariSpeaker) -> None:
    found = check(measured(SteppedDevice(VirtualRoom()), ear, voice), Noise="failed")
    assert "muted" in found["Noise"]


def test_nobody_speaks_and_there_is_no_loudspeaker(ear: MoonshineListener) -> None:
    device = SteppedDevice(VirtualRoom(heard(np.zeros(0, np.float32), -60)), has_output=False)
    found = check(measured(device, ear, None), Noise="ok", Your_voice="failed", Words="warning", Played_back="warning")
    assert "no voice was heard" in found["Your voice"]


def test_a_device_that_goes_away_meanwhile(ear: MoonshineListener) -> None:
    device = SteppedDevice(VirtualRoom(heard(np.zeros(0, np.float32), -60)), breaks_after=100)
    with pytest.raises(DeviceTrouble, match="went away"):
        list(measured(device, ear, None))


@pytest.mark.parametrize(("dbfs", "status"), [(-80, "ok"), (-50, "ok"), (-40, "warning")])
def test_noise_is_judged(dbfs: float, status: str) -> None:
    check([calibration.judged_noise(dbfs)], Noise=status)


@pytest.mark.parametrize(
    ("gain_db", "noise_dbfs", "understood", "status", "says"),
    [
        (0, -62, True, "ok", "above the noise"),
        (-25, -75, True, "warning", "quiet"),
        (40, -62, True, "warning", "cut off"),
        (0, -32, True, "warning", "hardly stands out"),
        (-40, -60, False, "failed", "no voice was heard"),
    ],
)
def test_speech_is_judged(
    sentence: Samples, gain_db: float, noise_dbfs: float, understood: bool, status: str, says: str
) -> None:
    near = heard(sentence * np.float32(10 ** (gain_db / 20)), noise_dbfs, SETTLE_S + SILENCE_S + SPEECH_S)
    spoken = near[-round(SPEECH_S * RATE_HZ) :]
    result = calibration.judged_speech(Take(spoken, np.zeros_like(spoken), spoken), noise_dbfs, understood)
    found = check([result], Your_voice=status)
    assert says in found["Your voice"]


def test_no_microphone_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    from duologue_server.audio.device import DeviceInfo

    only_speaker = [DeviceInfo(0, "Speaker", "ALSA", 0, 2, 48_000, False, True)]
    monkeypatch.setattr("duologue_server.audio.soundcard.list_devices", lambda: only_speaker)
    found = check(calibration.check(Options()), Sound_card="failed")
    assert found["Sound card"] == "The system offers no microphone"


def test_a_device_that_another_program_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    from duologue_server.audio.device import DeviceInfo
    from duologue_server.audio.soundcard import SoundCard

    def refused(self: SoundCard, *calls: object) -> None:
        raise DeviceTrouble("no_input", "The microphone 'USB' cannot be opened at 48000 Hz: busy", "Close the program")

    both = [DeviceInfo(0, "USB", "ALSA", 1, 2, 48_000, True, True)]
    monkeypatch.setattr("duologue_server.audio.soundcard.list_devices", lambda: both)
    monkeypatch.setattr(SoundCard, "start", refused)
    results = list(calibration.check(Options(voice="none")))
    assert [(result.part, result.status) for result in results if result.part != ASK] == [
        ("Sound card", "ok"),
        ("Sound card", "failed"),
    ]
    assert results[-1].remedy == "Close the program"


def test_it_is_a_measurement_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--mic", "--only", "sound"]) == 2
    assert "leave --only out" in capsys.readouterr().err
