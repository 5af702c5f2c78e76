"""A real PulseAudio without hardware: sink `spk` can be recorded, and what is fed into `micsink` is heard."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest
from numpy.typing import NDArray

RATE_HZ = 48_000
PACKAGES = "pulseaudio pulseaudio-utils libportaudio2 libasound2-plugins"
_PROGRAMS = ("pulseaudio", "pactl", "parec", "pacat")
_READY_S = 15.0
_FIRST = ("nice", "-n", "-10")
"""Where that is allowed: what carries the sound goes before what uses it, as in a sound card. Elsewhere no harm."""


def missing_programs() -> list[str]:
    """Which of the sound server's programs this machine lacks."""
    return [program for program in _PROGRAMS if shutil.which(program) is None]


def require_sound_server() -> None:
    """Fails the test where the programs are missing, or leaves it out where DUOLOGUE_NO_SOUND_SERVER=1 is set."""
    missing = missing_programs()
    if not missing:
        return
    if os.environ.get("DUOLOGUE_NO_SOUND_SERVER") == "1":
        pytest.skip("no sound server here, and DUOLOGUE_NO_SOUND_SERVER=1 says that this is known")
    pytest.fail(
        f"{', '.join(missing)} not found: apt-get install --no-install-recommends {PACKAGES}, "
        "or set DUOLOGUE_NO_SOUND_SERVER=1 to go without this test"
    )


class SoundServer:
    """Started and ended by `with`; `environment` points programs at it. Raises RuntimeError if it does not start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        runtime, home = folder / "runtime", folder / "home"
        runtime.mkdir(mode=0o700, parents=True)
        home.mkdir()
        (home / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
        self.environment = {
            **os.environ,
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(runtime),
            "PULSE_SERVER": f"unix:{runtime}/pulse/native",
        }

    def __enter__(self) -> "SoundServer":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        modules = (
            "module-native-protocol-unix",
            f"module-null-sink sink_name=spk rate={RATE_HZ}",
            f"module-null-sink sink_name=micsink rate={RATE_HZ}",
            "module-remap-source master=micsink.monitor source_name=mic",
            "module-always-sink",
        )
        command = ["pulseaudio", "-n", "--exit-idle-time=-1", "--daemonize=no"]
        command += [word for module in modules for word in ("-L", module)]
        with (self._folder / "pulseaudio.log").open("ab") as log:
            self._server = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        give_up = time.monotonic() + _READY_S
        while self._ask("info") != 0:
            if self._server.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"PulseAudio does not start: {(self._folder / 'pulseaudio.log').read_text()}")
            time.sleep(0.05)
        assert self._ask("set-default-sink", "spk") == 0
        assert self._ask("set-default-source", "mic") == 0

    def kill(self) -> None:
        """Ends the server as a crash would; idempotent."""
        if self._server is not None:
            self._server.send_signal(signal.SIGKILL)
            self._server.wait()
            self._server = None
            (self._folder / "runtime/pulse/pid").unlink(missing_ok=True)

    @contextlib.contextmanager
    def echoing(self, gain_db: float) -> Iterator[None]:
        """Lets what is played into `spk` be heard in the microphone, quieter and some 60 ms later.

        Not by `module-loopback`: with it, PortAudio's output stalls for seconds.
        """
        form = ["--format=s16le", f"--rate={RATE_HZ}", "--channels=1", "--latency-msec=60"]
        volume = round(65536 * 10 ** (gain_db / 60))  # PulseAudio's volumes are cubic
        hear = [*_FIRST, "parec", "--device=spk.monitor", *form]
        say = [*_FIRST, "pacat", "--playback", "--device=micsink", f"--volume={volume}", *form]
        with (
            subprocess.Popen(say, env=self.environment, stdin=subprocess.PIPE, bufsize=0) as player,
            subprocess.Popen(hear, env=self.environment, stdout=subprocess.PIPE) as recorder,
        ):
            threading.Thread(target=_pass_on, args=(recorder, player), daemon=True).start()
            try:
                yield
            finally:
                recorder.kill()
                player.kill()

    @contextlib.contextmanager
    def recording(self) -> Iterator["Recording"]:
        """Records what is played into `spk`."""
        command = [*_FIRST, "parec", "--device=spk.monitor", "--format=s16le", f"--rate={RATE_HZ}", "--channels=1"]
        with subprocess.Popen(
            [*command, "--latency-msec=20"], env=self.environment, stdout=subprocess.PIPE
        ) as recorder:
            recording = Recording(recorder)
            yield recording
            recorder.kill()
            recording.join()

    @contextlib.contextmanager
    def speaking(self, samples: NDArray[np.float32]) -> Iterator[None]:
        """Feeds `[N]` at 48 kHz into the microphone, from now on."""
        form = ["--format=float32le", f"--rate={RATE_HZ}", "--channels=1"]
        command = [*_FIRST, "pacat", "--playback", "--device=micsink", *form]
        with subprocess.Popen(command, env=self.environment, stdin=subprocess.PIPE) as player:
            assert player.stdin is not None
            threading.Thread(target=_feed, args=(player, samples.astype(np.float32).tobytes()), daemon=True).start()
            try:
                yield
            finally:
                player.kill()

    def _ask(self, *words: str) -> int:
        return subprocess.run(["pactl", *words], env=self.environment, capture_output=True, check=False).returncode


def _pass_on(recorder: "subprocess.Popen[bytes]", player: "subprocess.Popen[bytes]") -> None:
    """What is recorded is played, from a second after the first on: what piles up before would be a lasting delay."""
    assert recorder.stdout is not None
    assert player.stdin is not None
    begins_s: float | None = None
    with contextlib.suppress(OSError):  # one end is closed as soon as the echo ends
        while piece := recorder.stdout.read(2 * RATE_HZ // 100):
            begins_s = time.monotonic() + 1.0 if begins_s is None else begins_s
            if time.monotonic() >= begins_s:
                player.stdin.write(piece)


def _feed(player: "subprocess.Popen[bytes]", data: bytes) -> None:
    assert player.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        player.stdin.write(data)
        player.stdin.flush()


class Recording:
    """Levels of a running recording, each with the time at which it arrived."""

    def __init__(self, recorder: "subprocess.Popen[bytes]") -> None:
        self._recorder = recorder
        self.levels: list[tuple[float, float]] = []
        """`time.monotonic()` of arrival and root mean square of each piece of 10 ms, in order."""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def wait_for(self, level: float, timeout_s: float) -> float:
        """When something as loud as that has been heard for 50 ms. Raises AssertionError when it is not."""
        give_up = time.monotonic() + timeout_s
        while time.monotonic() < give_up:
            recent = self.levels[-5:]
            if len(recent) == 5 and min(loud for _, loud in recent) >= level:
                return recent[0][0]
            time.sleep(0.005)
        loudest = max((loud for _, loud in self.levels), default=0.0)
        raise AssertionError(
            f"nothing as loud as {level} in {timeout_s} s; the loudest of {len(self.levels)}: {loudest}"
        )

    def last_louder_than(self, level: float) -> float:
        """When the last piece as loud as that arrived."""
        return max(at for at, loud in self.levels if loud >= level)

    def _read(self) -> None:
        assert self._recorder.stdout is not None
        while piece := self._recorder.stdout.read(2 * RATE_HZ // 100):
            samples = np.frombuffer(piece, np.int16) / 32768
            self.levels.append((time.monotonic(), float(np.sqrt(np.mean(samples**2)))))
