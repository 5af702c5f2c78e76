"""Devices that come, go and move at a real sound server, as the voice process tells of them."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from duologue_server.link.channel import Channel
from duologue_server.link.messages import LINK_VERSION, Hello, Message, Ready, Say, Trouble
from support.sound_server import RATE_HZ, SoundServer, require_sound_server

pytestmark = pytest.mark.e2e
LOADING_S = 60.0
NOTICED_S = 20.0
"""Looked for every 5 s, and then only once nobody speaks."""
DESK = "module-remap-source master=micsink.monitor source_name=desk source_properties=device.description=Desk"


class Voice:
    """A voice process with its real sound card, and what it tells."""

    def __init__(self, server: SoundServer, **options: object) -> None:
        command = [sys.executable, "-m", "duologue_server", "voice"]
        self.process = subprocess.Popen(
            command, env=server.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._news = threading.Condition()
        self._told: list[Message] = []
        self._channel = Channel(
            self.process.stdout,  # type: ignore[arg-type]
            self.process.stdin,  # type: ignore[arg-type]
            on_message=self._hear,
            on_closed=lambda error: None,
            hello=Hello(LINK_VERSION, "test", options),
        )
        self._channel.start()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def ready(self) -> str:
        """The name of the devices in use."""
        message = self._wait(lambda message: isinstance(message, Ready), "Ready", LOADING_S)
        assert isinstance(message, Ready)
        return str(message.parts["device"])

    def say(self, text: str) -> None:
        self._channel.send(Say("said", text))

    def expect(self, code: str, *words: str) -> str:
        """The text of the next trouble of that code with these words; what came before it is forgotten."""

        def wanted(message: Message) -> bool:
            return isinstance(message, Trouble) and message.code == code and all(w in message.what for w in words)

        message = self._wait(wanted, f"{code} {words}", NOTICED_S)
        assert isinstance(message, Trouble)
        print(f"{message.code}: {message.what}. {message.remedy}")
        return message.what

    def troubles(self) -> list[str]:
        """What was told and not asked for yet."""
        with self._news:
            return [f"{message.code}: {message.what}" for message in self._told if isinstance(message, Trouble)]

    def _wait(self, wanted: Callable[[Message], bool], what: str, timeout_s: float) -> Message:
        with self._news:
            found = self._news.wait_for(lambda: any(map(wanted, self._told)), timeout_s)
            assert found, f"no {what} in {timeout_s} s; told: {self._told}"
            at = [wanted(message) for message in self._told].index(True)
            message = self._told[at]
            if not isinstance(message, Ready):  # what is amiss with the devices is told before
                del self._told[:at]
            self._told.remove(message)
            return message

    def _hear(self, message: Message) -> None:
        with self._news:
            self._told.append(message)
            self._news.notify_all()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    require_sound_server()
    with SoundServer(tmp_path) as running:
        yield running


def pactl(server: SoundServer, words: str) -> str:
    answer = subprocess.run(
        ["pactl", *words.split()], env=server.environment, capture_output=True, text=True, check=True, timeout=10
    )
    return answer.stdout.strip()


def test_a_microphone_that_was_asked_for_is_used_as_soon_as_it_is_there(server: SoundServer) -> None:
    noise = np.random.default_rng(1).standard_normal(90 * RATE_HZ) * 0.001
    voice = Voice(server, inputDevice="desk")
    try:
        with server.speaking(noise.astype(np.float32)):
            assert voice.ready() == "from Remapped Monitor of Null Output to Null Output"
            told = voice.expect("not_there", "No microphone is called 'desk'")
            assert "'Remapped Monitor of Null Output' is used until there is one" in told
            desk = pactl(server, f"load-module {DESK}")
            voice.expect("found", "from Desk to Null Output")
            # The sound server itself moves the stream to another microphone; the watch tells of it.
            pactl(server, f"unload-module {desk}")
            voice.expect("found", "from Remapped Monitor of Null Output")
            voice.expect("not_there", "No microphone is called 'desk'")
    finally:
        voice.end()


def test_the_systems_choice_is_followed(server: SoundServer) -> None:
    noise = np.random.default_rng(1).standard_normal(90 * RATE_HZ) * 0.001
    voice = Voice(server)
    try:
        with server.speaking(noise.astype(np.float32)):
            assert voice.ready() == "from Remapped Monitor of Null Output to Null Output"
            pactl(server, "load-module module-null-sink sink_name=desk sink_properties=device.description=Desk")
            pactl(server, "set-default-sink desk")
            voice.expect("found", "to Desk")
            pactl(server, "set-default-sink spk")
            voice.expect("found", "to Null Output")
            assert not [told for told in voice.troubles() if told.startswith(("lost", "silent_input"))]
    finally:
        voice.end()


def test_a_loudspeaker_of_another_rate_is_taken_on_and_speaks(server: SoundServer) -> None:
    voice = Voice(server, outputDevice="slow")
    try:
        assert voice.ready().endswith(" to Null Output")
        pactl(server, "load-module module-null-sink sink_name=slow rate=16000 sink_properties=device.description=Slow")
        voice.expect("found", "to Slow")
        voice.expect("wrong_rate", "'Slow' runs at 16000 Hz")
        voice.say("The index starts at one, so the first byte is never checked.")
        assert loudest(server, "slow.monitor", 12.0) > 0.02
        assert not [told for told in voice.troubles() if told.startswith("lost")]
    finally:
        voice.end()


def loudest(server: SoundServer, source: str, limit_s: float) -> float:
    """Level of the loudest tenth of a second there, as RMS; as soon as something is heard."""
    command = ["parec", f"--device={source}", "--format=float32le", "--rate=16000", "--channels=1", "--latency-msec=20"]
    until_s, most = time.monotonic() + limit_s, 0.0
    with subprocess.Popen(command, env=server.environment, stdout=subprocess.PIPE) as recorder:
        assert recorder.stdout is not None
        while time.monotonic() < until_s and most < 0.02:
            piece = np.frombuffer(recorder.stdout.read(6400), np.float32)
            most = max(most, float(np.sqrt(np.mean(piece**2))))
        recorder.kill()
    return most


def test_a_muted_microphone_is_told_and_when_it_is_over(server: SoundServer) -> None:
    voice = Voice(server)
    noise = np.random.default_rng(1).standard_normal(90 * RATE_HZ) * 0.001
    try:
        voice.ready()
        voice.expect("silent_input", "nothing but zeros for 2 s, as if it were muted")
        with server.speaking(noise.astype(np.float32)):
            voice.expect("found", "gives sound again")
            pactl(server, "set-source-mute mic 1")
            voice.expect("silent_input", "as if it were muted")
            pactl(server, "set-source-mute mic 0")
            voice.expect("found", "gives sound again")
    finally:
        voice.end()
